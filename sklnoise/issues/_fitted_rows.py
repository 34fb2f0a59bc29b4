"""A warning where labels are judged by a classifier that was fitted to them.

A fitted classifier keeps a digest of its samples. When it predicts these again, a digest
of the probabilities is noted in this process, and looked up where labels are judged.
"""

from collections import deque
from hashlib import blake2b
from threading import Lock

import numpy as np
from scipy.sparse import issparse

from sklnoise._compat import safe_indexing
from sklnoise._tensors import as_numpy
from sklnoise._transition_matrix import is_identity
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import FittedSamplesWarning

# Samples, and columns of dense ones, that a digest reads at most: a fraction of what it
# takes to predict them.
MAX_SAMPLES, MAX_COLUMNS = 64, 256

# With fewer different ones among them, other samples may look the same by chance, as may
# probabilities of trees that are 0 or 1.
MIN_DIFFERENT = 16

# Bits of float32 that are rounded away, so that neither another type nor the rounding
# errors of a transformer, whose fit_transform and transform may differ, change a digest.
N_ROUNDED_BITS = 13

# The latest probabilities that were predicted for samples of a fit.
_noted, _lock = deque(maxlen=16), Lock()


def digest_samples(X):
    """Return the number and a digest of samples, or None where they tell too little."""
    X = as_numpy(X)
    is_table = hasattr(X, "columns") or issparse(X)
    if not is_table and not isinstance(X, np.ndarray | list | tuple):
        return None  # a Dataset or a dict
    n_samples = count_samples(X)
    rows = np.linspace(0, n_samples - 1, min(n_samples, MAX_SAMPLES)).astype(int)
    keys = list(keys_of(safe_indexing(X.tocsr() if issparse(X) else X, rows)))
    if len(set(keys)) < MIN_DIFFERENT:
        return None
    return n_samples, blake2b(b"|".join(keys), digest_size=16).hexdigest()


def count_samples(X):
    """Return the number of samples."""
    return X.shape[0] if getattr(X, "shape", ()) else len(X)


def keys_of(samples):
    """Yield the rounded values of each sample as bytes."""
    if issparse(samples):
        samples.sort_indices()
        values = rounded(samples.data).astype(np.int64)
        for start, end in zip(samples.indptr, samples.indptr[1:]):
            yield samples.indices[start:end].tobytes() + values[start:end].tobytes()
        return
    is_ragged = False
    try:
        array = np.asarray(samples)
    except ValueError:  # lists of several lengths
        is_ragged = True
    if is_ragged or array.dtype.kind not in "biuf":
        for sample in samples if is_ragged else array.tolist():
            yield repr(sample).encode("utf-8", "replace")
        return
    array = array.reshape(len(array), -1)
    n_columns = array.shape[1]
    kept = np.linspace(0, n_columns - 1, min(n_columns, MAX_COLUMNS)).astype(int)
    for values in rounded(array[:, kept]):
        yield values.tobytes()


def rounded(values):
    """Return numbers as integers that are alike for those that are nearly so."""
    with np.errstate(over="ignore"):
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return (bits + np.uint32(2 ** (N_ROUNDED_BITS - 1))) >> np.uint32(N_ROUNDED_BITS)


def is_fitted_to(classifier, X):
    """Return whether a classifier was fitted to samples, as far as their digest tells."""
    known = getattr(classifier, "_fitted_samples", None)
    return (
        known is not None and known[0] == count_samples(X) and known == digest_samples(X)
    )


def note_fitted(classifier, X, y_proba):
    """Note probabilities of samples that a classifier was fitted to, and return them."""
    if is_fitted_to(classifier, X):
        digest = digest_samples(y_proba)
        if digest is not None:
            with _lock:
                _noted.append((digest, remedy_of(classifier)))
    return y_proba


def warn_of_fitted_proba(y_proba):
    """Warn if probabilities are of samples that the classifier was fitted to."""
    with _lock:
        noted = dict(_noted)
    if noted and any(digest[0] == len(y_proba) for digest in noted):
        remedy = noted.get(digest_samples(y_proba))
        if remedy is not None:
            warn("y_proba holds probabilities of samples", remedy)


def warn_of_fitted_samples(classifier, X):
    """Warn if labels are to be judged of samples that a classifier was fitted to."""
    if is_fitted_to(classifier, X):
        warn("X holds the samples", remedy_of(classifier))


def warn(what, remedy):
    """Warn that labels are judged by what has learned them."""
    warn_caller(
        f"{what} that the classifier was fitted to. It has learned the labels of the "
        f"fit, so that wrong ones look right. {remedy}",
        FittedSamplesWarning,
    )


def remedy_of(classifier):
    """Say how the labels of the samples of a fit are judged by others than itself."""
    name = type(classifier).__name__
    if not hasattr(classifier, "out_of_fold_proba_"):
        return (
            "No fold was fitted, so none of them was held out. With clf the "
            f"{name}: clone(clf).set_params(refit=False).fit(X, y).find_label_issues()."
        )
    T = getattr(classifier, "transition_matrix_", None)
    # By a T without noise no label would be wrong: it is then estimated anew.
    knows_noise = T is not None and not is_identity(T)
    given = ", transition_matrix=clf.transition_matrix_" if knows_noise else ""
    by_arrays = f"find_label_issues(y, clf.out_of_fold_proba_{given})"
    own = ""
    if hasattr(type(classifier), "find_label_issues"):
        own = "clf.find_label_issues() or "
    elif "label_issues_" in vars(classifier):
        own = "clf.label_issues_ or "
    return f"With clf the {name}, use {own}{by_arrays} instead."
