"""Data sets, kinds of label noise and first passes that the benchmarks share."""

from functools import cache

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_blobs,
    make_classification,
    make_moons,
)
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import (
    fetch_imdb,
    fetch_mnist,
    make_instance_dependent_labels,
    make_noisy_labels,
    make_transition_matrix,
)
from sklnoise.nn import MLP

TABLES = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer}
EASY = "mnist", "digits", "imdb", *TABLES
NOISES = "symmetric .2", "asymmetric .2", "asymmetric .4", "instance .2"
HARD = "four classes", "three classes", "digits in 2-D", "overlapping blobs", "clouds"


@cache
def load_easy(data):
    """Load one of `EASY`: samples, clean labels and a good first pass."""
    if data == "mnist":
        X, y = fetch_mnist(return_X_y=True)
        return X[:20_000], y[:20_000], MLP
    if data == "digits":
        X, y = load_digits(return_X_y=True)
        return (X / 16).astype(np.float32), y, MLP
    if data == "imdb":
        texts, y = fetch_imdb(return_X_y=True)
        X = TfidfVectorizer(max_features=5000, sublinear_tf=True, dtype=np.float32)
        return X.fit_transform(texts), y, LogisticRegression(max_iter=1000)
    X, y = TABLES[data](return_X_y=True)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return X, y, linear


def load_hard(data, seed):
    """Make one of `HARD`, standardised: a linear model learns it badly."""
    if data == "four classes":
        X, y = make_classification(
            3000,
            n_informative=6,
            n_classes=4,
            n_clusters_per_class=3,
            class_sep=0.6,
            flip_y=0,
            random_state=seed,
        )
    elif data == "three classes":
        X, y = make_classification(
            3000, n_informative=3, n_classes=3, class_sep=0.5, flip_y=0, random_state=seed
        )
    elif data == "digits in 2-D":
        X, y = load_digits(return_X_y=True)
        X = PCA(2, random_state=0).fit_transform(X)
    elif data == "overlapping blobs":
        X, y = make_blobs(3000, 2, centers=5, cluster_std=4, random_state=seed)
    elif data == "clouds":
        centers = np.eye(4, 10)
        X, y = make_blobs(3000, centers=centers, cluster_std=1, random_state=seed)
    else:  # "moons", on which hardly any noise is found
        X, y = make_moons(2000, noise=0.5, random_state=seed)
    return StandardScaler().fit_transform(X).astype(np.float32), y


def transition_of(noise, n_classes):
    """Return T of noise such as "symmetric .2", None where it depends on the sample."""
    if noise == "none":
        return np.eye(n_classes)
    kind, rate = noise.split()
    if kind == "instance":
        return None
    if kind == "asymmetric":
        kind = {2: "imdb-asymmetric", 10: "mnist-asymmetric"}.get(n_classes, "pair")
    return make_transition_matrix(kind, n_classes, float(rate))


def add_noise(X, y, noise, seed):
    """Flip labels by noise such as "symmetric .2"."""
    T = transition_of(noise, len(np.unique(y)))
    if T is None:
        rate = float(noise.split()[1])
        return make_instance_dependent_labels(X, y, rate, random_state=seed)
    return make_noisy_labels(y, T, random_state=seed)


def hold_out(X, y_noisy, first_pass, seed):
    """Return the out-of-fold probabilities of a first pass, five folds."""
    refit_does_not_matter = NeuralNetClassifier(MLP, max_epochs=1, verbose=0)
    clf = NoiseRobustClassifier(
        refit_does_not_matter, first_pass=first_pass, random_state=seed, device="cpu"
    )
    return clf.fit(X, y_noisy).out_of_fold_proba_
