"""Columns that repeat the label, with which every label looks right."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise.cli._labels import label_text

# In fewer rows, a column may fit the labels by chance.
MIN_ROWS = 30

# Of more rows, as many are looked at.
MAX_ROWS = 20_000

# Rows of each class, on average, from which on a column without overlap is suspect.
MIN_ROWS_PER_CLASS = 10

# A column with so many values for each class does more than repeat it.
MAX_VALUES_PER_CLASS = 2

# Of the gaps between the numbers of a class, that the gap at a threshold is as wide as.
MAX_GAP_QUANTILE = 0.98

# Of the rows, that a column must agree with the label in to be an older version of it.
MIN_AGREEMENT = 0.97


class Twins(NamedTuple):
    """Columns that copy the label, and those that nearly do, or decide it."""

    copies: list
    close: list


def find_twins(X, labels):
    """Find the columns that tell the label by themselves."""
    rows = np.unique(np.linspace(0, len(X) - 1, min(len(X), MAX_ROWS)).astype(int))
    codes, classes = pd.factorize(labels[rows])
    copies, close = [], []
    if len(codes) < MIN_ROWS:
        return Twins(copies, close)
    for name in X.columns:
        texts = X[name].iloc[rows].astype(object).map(label_text)
        share = share_told(texts, codes, len(classes))
        if share == 1:
            copies.append(name)
        elif share >= MIN_AGREEMENT or separates(texts, codes, len(classes)):
            close.append(name)
    return Twins(copies, close)


def share_told(texts, codes, n_classes):
    """Return the share of the rows whose label a column of few values tells."""
    values, distinct = pd.factorize(texts)
    if not n_classes <= len(distinct) <= MAX_VALUES_PER_CLASS * n_classes:
        return 0
    table = np.zeros((len(distinct), n_classes), dtype=np.int64)
    np.add.at(table, (values, codes), 1)
    # Each class must have a value of its own, so that the label tells the column too.
    if len(set(table.argmax(axis=1))) < n_classes:
        return 0
    return table.max(axis=1).sum() / len(codes)


def separates(texts, codes, n_classes):
    """Return whether thresholds on the numbers of a column make the classes."""
    if len(codes) < MIN_ROWS_PER_CLASS * n_classes:
        return False
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)
    if np.isnan(numbers).any():
        return False
    order = np.argsort(numbers, kind="stable")
    is_border = np.diff(codes[order]) != 0
    gaps = np.diff(numbers[order])
    if is_border.sum() != n_classes - 1:
        return False
    # Classes that only lie apart have wide gaps between them; a threshold has none.
    widest = np.quantile(gaps[~is_border], MAX_GAP_QUANTILE)
    at_border = gaps[is_border]
    return bool(((at_border > 0) & (at_border <= widest)).all())
