"""Coverage and size of prediction sets that are calibrated on noisy labels.

The out-of-fold probabilities of a cheap model are computed once for each data set and
draw of the noise. Each seed divides their samples into some that calibrate the sets and
others, whose clean labels they are to cover.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neural_network import MLPClassifier

from benchmarks._guarantee_metrics import load_samples
from benchmarks._labelled_data import (
    ANNOTATORS,
    flipped_labels,
    human_labels,
    predict_held_out,
)
from sklnoise import NoiseRobustConformalClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

try:
    from mapie.classification import SplitConformalClassifier
except ImportError:
    SplitConformalClassifier = None

DATA = "digits", "letters", "dry_bean", "mnist"
NOISES = "symmetric .2", "pair .3"
CELLS = [
    *((data, noise) for data in DATA for noise in NOISES),
    *((annotator, "human") for annotator in ANNOTATORS),
]
SCORES = "lac", "aps"
N_NOISE_DRAWS = 4
MAX_SAMPLES, MAX_CALIBRATION = 6000, 2000
LEVEL, SLACK = 0.9, 0.01


class Pool(NamedTuple):
    """Samples that a model has not seen, with clean and noisy labels."""

    y_proba: np.ndarray
    y: np.ndarray
    y_noisy: np.ndarray


class StoredProbabilities(ClassifierMixin, BaseEstimator):
    """A classifier whose samples are the probabilities that it predicts."""

    def fit(self, X, y):
        self.classes_ = np.arange(X.shape[1])
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return X.argmax(axis=1)


def load_labels(data, noise, seed):
    """Return samples, their clean labels and noisy ones."""
    if noise == "human":
        X, y, y_noisy = human_labels(data)
    elif data in ("digits", "mnist"):
        X, y = load_digits(return_X_y=True) if data == "digits" else load_samples(data)
        kind, rate = noise.split()
        T = make_transition_matrix(kind, 10, float(rate))
        X, y_noisy = X / X.max(), make_noisy_labels(y, T, random_state=seed)
    else:
        X, y, y_noisy = flipped_labels(data, noise, seed)
    kept = np.random.default_rng(seed).permutation(len(y))[:MAX_SAMPLES]
    return X[kept], y[kept], y_noisy[kept]


@cache
def load_pool(data, noise, model, seed):
    """Predict all samples by models that have not seen them."""
    X, y, y_noisy = load_labels(data, noise, seed)
    if model == "linear":
        return Pool(predict_held_out(X, y_noisy, model, seed), y, y_noisy)
    net = MLPClassifier(
        alpha=0.01, early_stopping=True, max_iter=60, n_iter_no_change=5, random_state=0
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    y_proba = cross_val_predict(net, X, y_noisy, cv=folds, method="predict_proba")
    return Pool(y_proba, y, y_noisy)


def true_transition(pool):
    """Return the frequencies of the noisy labels of each clean class."""
    counts = np.zeros((pool.y_proba.shape[1],) * 2)
    np.add.at(counts, (pool.y, pool.y_noisy), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def measure_sets(data, noise, seed, scores=SCORES):
    """Measure coverage of clean test labels and mean size of the sets of each method."""
    # A linear model of pixels learns the noise of so few samples by heart.
    model = "mlp" if data == "mnist" else "linear"
    pool = load_pool(data, noise, model, seed % N_NOISE_DRAWS)
    order = np.random.default_rng(seed).permutation(len(pool.y))
    n_calibration = min(MAX_CALIBRATION, len(order) // 2)
    fitted, tested = order[:n_calibration], order[n_calibration:]
    X, y_noisy = pool.y_proba[fitted], pool.y_noisy[fitted]
    frozen = FrozenEstimator(StoredProbabilities().fit(X, y_noisy))
    known = {"T known": true_transition(pool), "T estimated": None, "uncorrected": 0.0}
    found = []
    for score in scores:
        sets = {}
        for method, transition in known.items():
            clf = NoiseRobustConformalClassifier(
                frozen,
                confidence_level=LEVEL,
                transition=transition,
                conformity_score=score,
                random_state=seed,
            ).fit(X, y_noisy)
            sets[method] = clf.predict_set(pool.y_proba[tested])
        if SplitConformalClassifier is not None:
            mapie = SplitConformalClassifier(
                frozen, confidence_level=LEVEL, conformity_score=score, random_state=seed
            ).conformalize(X, y_noisy)
            sets["MAPIE"] = mapie.predict_set(pool.y_proba[tested])[1][:, :, 0]
        for method, y_set in sets.items():
            covered = y_set[np.arange(len(tested)), pool.y[tested]].mean()
            row = {"data": data, "noise": noise, "seed": seed, "method": method}
            row |= {"score": score, "coverage": covered}
            found.append(row | {"size": y_set.sum(axis=1).mean()})
    return found


def summarize_sets(rows):
    """Tabulate the coverage, how often it is nearly the level, and the sizes."""
    frame = pd.DataFrame(rows)
    frame["holds"] = frame.coverage >= LEVEL - SLACK
    by = ["data", "noise", "seed", "score"]
    plain = frame[frame.method == "uncorrected"].set_index(by)["size"]
    frame["relative size"] = (
        frame["size"] / plain.loc[pd.MultiIndex.from_frame(frame[by])].to_numpy()
    )
    columns = ["coverage", "holds", "size", "relative size"]
    return frame.groupby(["data", "noise", "score", "method"], sort=False)[columns].mean()
