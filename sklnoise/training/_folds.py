"""Splits of the first pass: stratified, shuffled, fit for tiny and rare classes."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.validation import check_consistent_length

from sklnoise._tensors import as_numpy
from sklnoise._text import shorten
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import RareClassWarning

DEFAULT_FOLDS = 5

# Folds of samples whose labels all differ; with fewer samples each is held out alone.
MAX_FOLDS_OF_SINGLES = 20

MAX_CAUSE_LENGTH = 200


def make_splits(cv, y, rows, classes, seed, split_params, *, warns=True):
    """Make the splits once, as indices into all the data.

    `warns` is whether a class with fewer samples than folds is warned of.
    """
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
        return stratified_splits(cv, y[rows], rows, classes, seed, warns=warns)
    # A splitter sees the samples of positive weight alone; given splits index them all.
    if hasattr(cv, "split"):
        params = {name: np.asarray(v)[rows] for name, v in split_params.items()}
        pairs, seen = run_splitter(cv, y[rows], params), rows
    else:
        pairs, seen = list_splits(cv), np.arange(len(y))
    if not pairs:
        raise ValueError(
            "cv gave no split. A generator can be used only once: pass a list of splits."
        )
    splits = [
        check_split(pair, f"split {number} of cv", seen, y, rows, classes)
        for number, pair in enumerate(pairs, start=1)
    ]
    splits = [(train, test) for train, test in splits if len(test)]
    if not splits:
        raise ValueError(
            "no split of cv holds out a sample of positive weight, so that nothing can "
            "be learned about the noise. Pass splits that cover these samples."
        )
    return splits


def list_splits(cv):
    """Return given splits as a list."""
    try:
        return list(cv)
    except TypeError as error:
        raise TypeError(
            "cv must be a number of folds, a splitter or an iterable of splits; got "
            f"{shorten(repr(cv))}."
        ) from error


def run_splitter(cv, y, split_params):
    """Let a splitter make its splits of some samples."""
    pairs, placeholder = [], np.zeros((len(y), 1))
    try:
        for pair in cv.split(placeholder, y, **split_params):
            pairs.append(pair)
    except Exception as error:
        remedy = "Use another splitter or fewer folds, or an int as cv."
        if "groups" not in split_params and "group" in str(error):
            remedy = (
                "Pass groups to fit. In a search or cross-validation they reach it only "
                "by metadata routing, sklearn.set_config(enable_metadata_routing=True)."
            )
        raise ValueError(
            f"cv={shorten(cv)} failed at split {len(pairs) + 1} of {len(y)} samples of "
            f"positive weight: {shorten(error, MAX_CAUSE_LENGTH).rstrip('.')}. {remedy}"
        ) from error
    return pairs


def check_split(pair, name, seen, y, rows, classes):
    """Return a split as two index arrays into all the data, without weights of 0."""
    try:
        train, test = pair
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be a pair of index arrays or masks, (train, test); got "
            f"{shorten(repr(pair))}. Pass a list of such pairs, a splitter or an int."
        ) from None
    train, test = (
        seen[as_indices(part, f"the {kind} part of {name}", len(seen))]
        for kind, part in (("training", train), ("test", test))
    )
    both = np.intersect1d(train, test)
    if len(both):
        raise ValueError(
            f"{name} must hold out samples that it does not train on; {len(both)} are in "
            f"both of its parts, sample {both[0]} among them. Leave them out of one."
        )
    if not len(test):
        raise ValueError(f"{name} holds out no sample. Leave it out, or give it some.")
    train, test = (part[np.isin(part, rows)] for part in (train, test))
    if not len(train):
        raise ValueError(f"{name} leaves no sample of positive weight to train on.")
    check_occurrence(train, name, y, rows, classes)
    return train, test


def as_indices(part, name, n_samples):
    """Return a mask or a list of indices as an index array."""
    try:
        indices = np.asarray(as_numpy(part))
    except ValueError:  # nested lists of several lengths
        indices = np.empty((), dtype=object)
    if indices.shape == (0,):
        return np.empty(0, dtype=np.intp)
    if indices.dtype == bool and indices.shape == (n_samples,):
        return np.flatnonzero(indices)
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be indices of samples, integers in one dimension, or a mask of "
            f"shape ({n_samples},); got {indices.dtype} of shape {indices.shape}."
        )
    outside = indices[(indices < 0) | (indices >= n_samples)]
    if len(outside):
        raise ValueError(
            f"{name} must be indices from 0 to {n_samples - 1}; got {outside[0]}. A "
            "splitter is given the samples of positive weight alone; as a list of "
            "splits, cv may hold the indices of all samples."
        )
    return indices


def check_occurrence(train, name, y, rows, classes):
    """Raise a ValueError if a class has samples, but none that a model is fitted to."""
    n_samples = np.bincount(y[rows], minlength=len(classes))
    n_train = np.bincount(y[train], minlength=len(classes))
    # The only sample of a class cannot be held out otherwise.
    unseen = np.flatnonzero((n_samples > 1) & (n_train == 0))
    if len(unseen):
        label = shorten(repr(classes.tolist()[unseen[0]]))
        more = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
        raise ValueError(
            f"{name} leaves no sample of class {label}{more} to train on, so that the "
            "model of this fold could never predict it. Shuffle and stratify the folds, "
            "as an int does, or cv=StratifiedKFold(5, shuffle=True)."
        )


def stratified_splits(n_splits, y, rows, classes, seed, *, warns):
    """Split into stratified, shuffled folds, as many as the smallest class allows."""
    present, counts = np.unique(y, return_counts=True)
    if len(present) < 2:
        return []
    rarest = counts.argmin()
    if counts[rarest] < n_splits:
        fewer = max(2, counts[rarest])
        if warns:
            name = shorten(repr(classes[present].tolist()[rarest]))
            warn_caller(
                f"class {name} has {counts[rarest]} samples, fewer than the {n_splits} "
                f"folds of cv: {fewer} folds are made instead. Estimates for such a "
                "class are rough; merge it with another or collect more samples.",
                RareClassWarning,
            )
        n_splits = fewer
    if counts.max() < n_splits:
        n_folds = min(len(rows), MAX_FOLDS_OF_SINGLES)
        parts = np.array_split(np.arange(len(rows)), n_folds)
        return [(np.delete(rows, part), rows[part]) for part in parts]
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        return [(rows[a], rows[b]) for a, b in folds.split(np.zeros((len(y), 1)), y)]
