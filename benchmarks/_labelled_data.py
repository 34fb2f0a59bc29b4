"""Human labels and public tables with flipped labels, from the folder SKLNOISE_DATA."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklnoise.datasets import make_noisy_labels, make_transition_matrix

ANNOTATORS = "annotator 1", "annotator 2", "annotator 3", "majority", "worst"
TABLES = (
    "letters",
    "dry_bean",
    "accelerometer",
    "crop",
    "ecoli",
    "wheat_seeds",
    "adult",
    "bank",
    "german",
    "mushrooms",
    "banking77",
    "sms",
)
TEXTS = "banking77", "sms"
FLIPS = "symmetric .2", "symmetric .4", "pair .2", "pair .4"
MAX_SAMPLES, MIN_CLASS = 4000, 20


def folder():
    """Return the folder of the data."""
    return Path(os.environ["SKLNOISE_DATA"])


@cache
def load_images():
    """Load images as features, their clean labels and those of three annotators."""
    with np.load(folder() / "cifar10n_features.npz") as file:
        labels = [file[f"annotator{i}"].astype(int) for i in (1, 2, 3)]
        X, y = file["X"].astype(np.float32), file["clean"].astype(int)
    return StandardScaler().fit_transform(X), y, np.stack(labels, axis=1)


def human_labels(name):
    """Return images, clean labels and the labels of people."""
    X, y, labels = load_images()
    rng = np.random.default_rng(0)
    if name == "worst":  # a wrong label wherever somebody gave one
        at = (rng.random(labels.shape) + (labels != y[:, np.newaxis])).argmax(axis=1)
        return X, y, labels[np.arange(len(y)), at]
    if name == "majority":
        votes = np.stack([(labels == k).sum(axis=1) for k in range(10)], axis=1)
        return X, y, (votes + rng.random(votes.shape) / 2).argmax(axis=1)
    return X, y, labels[:, int(name[-1]) - 1]


@cache
def load_table(name):
    """Load a table as numbers, with the codes of its labels."""
    path = folder() / "tables" / f"{name}.csv.xz"
    frame = pd.read_csv(path, dtype={"label": str})
    labels = frame.pop("label")
    kept = np.flatnonzero(labels.map(labels.value_counts()) >= MIN_CLASS)
    kept = np.random.default_rng(0).permutation(kept)[:MAX_SAMPLES]
    frame, labels = frame.iloc[kept].reset_index(drop=True), labels.iloc[kept]
    y = np.unique(labels, return_inverse=True)[1]
    if name in TEXTS:
        encoder = TfidfVectorizer(min_df=2, sublinear_tf=True)
        return encoder.fit_transform(frame.iloc[:, 0].astype(str)), y
    encoder = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (
            OneHotEncoder(max_categories=20, sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    return np.nan_to_num(encoder.fit_transform(frame)), y


def flipped_labels(name, flips, seed):
    """Return samples of a table, clean labels and labels that are flipped."""
    X, y = load_table(name)
    kind, rate = flips.split()
    T = make_transition_matrix(kind, y.max() + 1, float(rate))
    return X, y, make_noisy_labels(y, T, random_state=seed)


def predict_held_out(X, y_noisy, model, seed):
    """Return the out-of-fold probabilities of a model, five folds."""
    if model == "boosting":
        estimator = HistGradientBoostingClassifier(
            max_iter=30, max_leaf_nodes=15, early_stopping=False, random_state=0
        )
    else:
        C = 10 if hasattr(X, "tocsr") else 1
        estimator = LogisticRegression(C=C, max_iter=200)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return cross_val_predict(estimator, X, y_noisy, cv=folds, method="predict_proba")
