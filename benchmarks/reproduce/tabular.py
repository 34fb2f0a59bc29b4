"""Tables: our default against what scikit-learn, cleanlab and skorch offer.

Every system stands behind a `StandardScaler`; a quarter of the rows, with clean labels,
is the test set.
"""

from itertools import product

import numpy as np
import torch
from cleanlab.classification import CleanLearning
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
)
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from benchmarks.reproduce._cells import Cell
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP

SEEDS = 3
DATA = "digits", "breast cancer", "wine", "forest", "many clusters"
NOISES = "none", "symmetric .2", "symmetric .4", "asymmetric .3"
OURS = "sklnoise"
RIVALS = (
    "logistic regression",
    "boosted trees",
    "cleanlab, logistic regression",
    "cleanlab, boosted trees",
    "MLPClassifier",
    "skorch",
)
# Our network without a correction: no rival, it tells what the correction does.
NONE = "sklnoise, none"


def cells(seeds):
    """List all cells."""
    return [
        Cell(data, noise, (OURS, NONE, *RIVALS), seed)
        for seed, data, noise in product(range(seeds), DATA, NOISES)
    ]


def load(data, seed):
    """Load or make rows with clean labels."""
    if data == "forest":
        sizes = np.array([211840, 283301, 35754, 2747, 9493, 17367, 20510])
        return make_classification(
            5810,
            n_features=54,
            n_informative=10,
            n_redundant=10,
            n_classes=7,
            n_clusters_per_class=2,
            weights=sizes / sizes.sum(),
            flip_y=0,
            random_state=seed,
        )
    if data == "many clusters":
        return make_classification(
            3000,
            n_features=20,
            n_informative=8,
            n_classes=4,
            n_clusters_per_class=4,
            class_sep=1.5,
            flip_y=0,
            random_state=seed,
        )
    loaders = {
        "digits": load_digits,
        "breast cancer": load_breast_cancer,
        "wine": load_wine,
    }
    return loaders[data](return_X_y=True)


def make_system(system, seed):
    """Make a classifier with the defaults of its library, where it has a network."""
    linear = LogisticRegression(max_iter=1000)
    trees = HistGradientBoostingClassifier(random_state=seed)
    if system in (OURS, NONE):
        correction = "forward" if system == OURS else "none"
        return NoiseRobustClassifier(
            correction=correction, device="cpu", random_state=seed
        )
    return {
        "logistic regression": linear,
        "boosted trees": trees,
        "cleanlab, logistic regression": CleanLearning(linear, seed=seed),
        "cleanlab, boosted trees": CleanLearning(trees, seed=seed),
        "MLPClassifier": MLPClassifier(random_state=seed),
        # As many would write it; skorch's own defaults, SGD for 10 epochs, learn little.
        "skorch": NeuralNetClassifier(
            MLP,
            criterion=torch.nn.CrossEntropyLoss,
            module__hidden=(100,),
            optimizer=torch.optim.Adam,
            lr=1e-3,
            batch_size=200,
            max_epochs=60,
            iterator_train__shuffle=True,
            train_split=None,
            verbose=0,
        ),
    }[system]


def run(cell):
    """Fit the systems of a cell."""
    X, y = load(cell.model, cell.seed)
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=cell.seed)
    n_classes = len(np.unique(y))
    kind, rate = cell.noise.split() if cell.noise != "none" else ("symmetric", 0)
    kind = {"asymmetric": "pair"}.get(kind, kind)
    T = make_transition_matrix(kind, n_classes, float(rate))
    y_noisy = make_noisy_labels(y, T, random_state=cell.seed)
    scaler = StandardScaler().fit(X)
    X, X_test = (scaler.transform(part).astype(np.float32) for part in (X, X_test))
    for system in cell.systems:
        clf = make_system(system, cell.seed)
        torch.manual_seed(cell.seed)  # for skorch, which has no random_state
        if system == "skorch":
            clf.set_params(module__n_features=X.shape[1], module__n_classes=n_classes)
        clf.fit(X, y_noisy)
        yield {"system": system, "accuracy": 100 * np.mean(clf.predict(X_test) == y_test)}
