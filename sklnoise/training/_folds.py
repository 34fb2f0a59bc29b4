"""Splits of the first pass: stratified, shuffled, fit for tiny and rare classes."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils.validation import check_consistent_length

from sklnoise._warnings import warn_caller
from sklnoise.exceptions import RareClassWarning

DEFAULT_FOLDS = 5


def make_splits(cv, y, rows, classes, seed, split_params):
    """Make the splits once, as indices into all the data."""
    split_params = {name: v for name, v in split_params.items() if v is not None}
    check_consistent_length(y, *split_params.values())
    if not len(rows):
        return []
    cv = DEFAULT_FOLDS if cv is None else cv
    if isinstance(cv, Integral):
        if "groups" in split_params:
            raise ValueError(
                f"groups were passed, but cv={cv} makes folds that ignore them. Pass a "
                f"splitter that keeps groups together, cv=StratifiedGroupKFold({cv})."
            )
        return stratified_splits(cv, y[rows], rows, classes, seed)
    if hasattr(cv, "split"):
        params = {name: np.asarray(v)[rows] for name, v in split_params.items()}
        placeholder = np.zeros((len(rows), 1))
        pairs = cv.split(placeholder, y[rows], **params)
        splits = [(rows[train], rows[test]) for train, test in pairs]
    else:
        takes_part = np.zeros(len(y), dtype=bool)
        takes_part[rows] = True
        splits = [
            tuple(indices[takes_part[indices]] for indices in as_indices(pair, len(y)))
            for pair in check_cv(cv).split()
        ]
    if not splits:
        raise ValueError(
            "cv gave no split. A generator can be used only once: pass a list of splits."
        )
    for number, (train, _) in enumerate(splits, start=1):
        if not len(train):
            raise ValueError(
                f"split {number} of cv leaves no sample of positive weight to train on."
            )
    return splits


def as_indices(pair, n_samples):
    """Turn a pair of masks or index lists into index arrays."""
    everything = np.arange(n_samples)
    return tuple(everything[np.asarray(part)] for part in pair)


def stratified_splits(n_splits, y, rows, classes, seed):
    """Split into stratified, shuffled folds, as many as the smallest class allows."""
    present, counts = np.unique(y, return_counts=True)
    if len(present) < 2:
        return []
    rarest = counts.argmin()
    if counts[rarest] < n_splits:
        fewer = max(2, counts[rarest])
        name = classes[present].tolist()[rarest]
        warn_caller(
            f"class {name!r} has {counts[rarest]} samples, fewer than "
            f"the {n_splits} folds of cv: {fewer} folds are made instead. Estimates for "
            "such a class are rough; merge it with another or collect more samples.",
            RareClassWarning,
        )
        n_splits = fewer
    if counts.max() < n_splits:
        return [(np.delete(rows, i), rows[i : i + 1]) for i in range(len(rows))]
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        return [(rows[a], rows[b]) for a, b in folds.split(np.zeros((len(y), 1)), y)]
