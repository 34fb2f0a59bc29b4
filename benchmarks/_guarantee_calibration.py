"""Calibration error of models that are fitted on noisy labels, on clean test labels."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks._labelled_data import human_labels, load_table
from sklnoise import NoiseCalibratedClassifier, NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

DATA = "digits", "dry_bean", "letters"
NOISES = "symmetric .2", "pair .3"
CELLS = [("images", "human"), *((data, noise) for data in DATA for noise in NOISES)]
MAX_TRAIN, N_BINS, FLOOR = 1500, 15, 1e-7
METHODS = "temperature", "vector", "isotonic"
BASES = "linear", "trees"


def load_labels(data, noise, seed):
    """Return samples with their clean and noisy labels, and the T of the noise."""
    if noise == "human":
        X, y, y_noisy = human_labels(f"annotator {1 + seed % 3}")
        counts = np.stack([np.bincount(y_noisy[y == k], minlength=10) for k in range(10)])
        return X, y, y_noisy, counts / counts.sum(axis=1, keepdims=True)
    X, y = load_digits(return_X_y=True) if data == "digits" else load_table(data)
    kind, rate = noise.split()
    T = make_transition_matrix(kind, y.max() + 1, float(rate))
    return X, y, make_noisy_labels(y, T, random_state=seed), T


def measure_calibration(data, noise, seed):
    """Measure all systems on one data set; return one dict per system."""
    X, y, y_noisy, T = load_labels(data, noise, seed)
    train, test = train_test_split(
        np.arange(len(y)),
        train_size=min(MAX_TRAIN, round(0.6 * len(y))),
        stratify=y,
        random_state=seed,
    )
    scaler = StandardScaler().fit(X[train])
    X, X_test = scaler.transform(X[train]), scaler.transform(X[test])
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for system, model in list_systems(T, seed).items():
            y_proba = clone(model).fit(X, y_noisy[train]).predict_proba(X_test)
            scores = score_clean(np.asarray(y_proba, dtype=float), y[test])
            cell = {"data": data, "noise": noise, "seed": seed, "system": system}
            rows.append(cell | scores)
    return rows


def make_base(base, seed):
    """Make the classifier that is calibrated."""
    if base == "linear":
        return LogisticRegression(max_iter=200)
    return HistGradientBoostingClassifier(
        max_iter=20, max_leaf_nodes=15, early_stopping=False, random_state=seed
    )


def list_systems(T, seed):
    """Return the models to compare, by name."""
    models = {"net": NoiseRobustClassifier(random_state=seed, device="cpu")}
    for base in BASES:
        models |= calibrate_base(base, T, seed)
    return models


def calibrate_base(base, T, seed):
    """Return a classifier and what calibrates it, by name."""
    model = make_base(base, seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    models = {base: model}
    for method in "sigmoid", "isotonic", "temperature":
        models[f"{base}, CalibratedClassifierCV {method}"] = CalibratedClassifierCV(
            model, method=method, cv=folds
        )
    for method in METHODS:
        for name, transition in ("known", T), ("auto", "auto"):
            models[f"{base}, NoiseCalibratedClassifier {method}, T {name}"] = (
                NoiseCalibratedClassifier(
                    model,
                    method=method,
                    transition=transition,
                    cv=folds,
                    random_state=seed,
                )
            )
    return models


def score_clean(y_proba, y):
    """Score probabilities by clean labels that are codes of their columns."""
    floored = y_proba.clip(FLOOR)
    floored /= floored.sum(axis=1, keepdims=True)
    hits = np.eye(y_proba.shape[1])[y]
    return {
        "calibration_error": calibration_error(y_proba, y),
        "log_loss": log_loss(y, floored, labels=range(y_proba.shape[1])),
        "brier": np.square(y_proba - hits).sum(axis=1).mean(),
        "accuracy": np.mean(y_proba.argmax(axis=1) == y),
    }


def calibration_error(y_proba, y):
    """Return the calibration error of the predicted class, in bins of equal mass."""
    top, is_right = y_proba.max(axis=1), y_proba.argmax(axis=1) == y
    bins = np.array_split(np.argsort(top, kind="stable"), N_BINS)
    return sum(abs(top[b].sum() - is_right[b].sum()) for b in bins) / len(y)


def summarize_calibration(rows):
    """Return the means by noise and system, and how calibration changes each data set."""
    scores = ["calibration_error", "log_loss", "brier", "accuracy"]
    frame = pd.DataFrame(rows)
    by_cell = frame.groupby(["data", "noise", "system"], sort=False)[scores].mean()
    cells = by_cell.reset_index()
    base = cells.system.str.split(",").str[0]
    before = by_cell.calibration_error.loc[[*zip(cells.data, cells.noise, base)]]
    cells["largest_increase"] = cells.calibration_error - before.to_numpy()
    kind = np.where(cells.noise == "human", "human labels", "flips")
    by_kind = cells.groupby([kind, "system"], sort=False)
    return by_kind[scores].mean().join(by_kind.largest_increase.max())
