"""Real data sets, split into training and test samples, with flipped training labels."""

import lzma
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from skrub import TableVectorizer

from sklnoise.datasets import make_noisy_labels, make_transition_matrix

# The default net was chosen on the first half of the data sets, and shown on the second.
CHOSEN_ON = (
    "letters",
    "dry_bean",
    "crop",
    "wheat_seeds",
    "german",
    "mushrooms",
    "breast_cancer",
    "sms",
)
CONFIRMED_ON = (
    "accelerometer",
    "ecoli",
    "adult",
    "bank",
    "digits",
    "wine",
    "banking77",
    "imdb",
)
TEXTS = "sms", "banking77", "imdb"
NOISES = "none", "symmetric .2", "symmetric .4", "pair .3"
MAX_TRAIN, MAX_TEST, MAX_TRAIN_TEXTS = 2000, 4000, 5000
MIN_CLASS = 6  # samples of a class, so that each of five folds can learn it
SKLEARN = {"breast_cancer": load_breast_cancer, "digits": load_digits, "wine": load_wine}


class Split(NamedTuple):
    """Training samples with noisy labels, and test samples with clean ones."""

    X: object
    y_noisy: np.ndarray
    X_test: object
    y_test: np.ndarray
    y: np.ndarray


@cache
def load_frame(name):
    """Load the samples of a data set and the codes of their labels."""
    if name in SKLEARN:
        X, y = SKLEARN[name](return_X_y=True)
        return pd.DataFrame(X), y
    folder = Path(os.environ["SKLNOISE_DATA"])
    if name == "imdb":
        with lzma.open(folder / "imdb.jsonl.xz", "rt", encoding="utf-8") as file:
            frame = pd.read_json(file, lines=True)
        frame = frame.groupby("split", group_keys=False).sample(5000, random_state=0)
        return frame[["text"]].reset_index(drop=True), frame["y"].to_numpy()
    frame = pd.read_csv(folder / "tables" / f"{name}.csv.xz", dtype={"label": str})
    labels = frame.pop("label")
    kept = labels.map(labels.value_counts()) >= MIN_CLASS
    y = np.unique(labels[kept], return_inverse=True)[1]
    return frame[kept].reset_index(drop=True), y


def load_split(name, noise, seed):
    """Split a data set, encode it once for all systems, and flip training labels."""
    frame, y = load_frame(name)
    is_text = name in TEXTS
    max_train = MAX_TRAIN_TEXTS if is_text else MAX_TRAIN
    n_train = min(max_train, round(0.7 * len(y)))
    train, test = train_test_split(
        np.arange(len(y)), train_size=n_train, stratify=y, random_state=seed
    )
    test = test[:MAX_TEST]
    if is_text:
        encoder = TfidfVectorizer(min_df=2, sublinear_tf=True, dtype=np.float32)
        texts = frame.iloc[:, 0].astype(str)
        X, X_test = encoder.fit_transform(texts[train]), encoder.transform(texts[test])
    else:
        encoder = TableVectorizer()
        X = np.nan_to_num(encoder.fit_transform(frame.iloc[train]).to_numpy(float))
        X_test = np.nan_to_num(encoder.transform(frame.iloc[test]).to_numpy(float))
        scaler = StandardScaler().fit(X)
        X, X_test = scaler.transform(X), scaler.transform(X_test)
    return Split(X, flip(y[train], noise, 100 + seed), X_test, y[test], y[train])


def flip(y, noise, seed):
    """Flip labels; `noise` is a kind and a rate, as in "pair .3"."""
    if noise == "none":
        return y
    kind, rate = noise.split()
    T = make_transition_matrix(kind, y.max() + 1, float(rate))
    return make_noisy_labels(y, T, random_state=seed)
