"""X and y of a fit or a prediction, checked and brought into few forms."""

from collections.abc import Iterator
from numbers import Number

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data
from torch.utils.data import DataLoader, Dataset

from sklnoise._labels import missing_labels
from sklnoise._tensors import as_numpy
from sklnoise._text import enumerate_names, shorten
from sklnoise.classifiers._estimator_calls import (
    ENCODE,
    check_no_texts,
    columns_without_numbers,
)
from sklnoise.training import (
    as_dataset,
    as_labels,
    check_parts,
    is_sequential,
    sample_shape,
)

CHECKS = {"accept_sparse": "csr", "allow_nd": True}
MAX_CAUSE_LENGTH = 200
TIME_TYPES = "date", "time", "duration"


def check_samples(estimator, X, y=None, *, reset=True):
    """Return X as an array, a CSR matrix, a dict of arrays or a Dataset, and y."""
    X = as_dataset(as_numpy(X))
    if reset:
        y = check_target(estimator, y)
    if isinstance(X, Dataset) or is_sequential(X):
        check_dataset(X)
    elif isinstance(X, dict) and not issparse(X):  # scipy's DOK matrices are dicts
        X = check_parts(X)
    else:
        X = check_samples_array(estimator, X, y, reset=reset)
    return X, y


def check_target(estimator, y):
    """Validate labels as `check_one_label_each` does, and return them as an array."""
    # A pandas Series: the message of `validate_data` would name no remedy.
    if getattr(y, "hasnans", False):
        raise ValueError(
            "y contains missing values. Drop the samples without a label: "
            "X[y.notna()], y[y.notna()]."
        )
    y = check_one_label_each(estimator, y)
    labels = np.asarray(y, dtype=None if hasattr(y, "dtype") else object)
    missing = np.flatnonzero(missing_labels(labels)) if labels.dtype == object else ()
    if len(missing):
        raise ValueError(
            f"y must have a label for every sample; sample {missing[0]} has none. Leave "
            "samples without a label out."
        )
    return validate_data(estimator, y=y)


def check_one_label_each(estimator, y):
    """Return y as what can be an array, or raise a ValueError unless it is a column."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None. Pass the noisy label of each sample; those of a Dataset, too, are "
            "given beside it."
        )
    if isinstance(y, str):
        name = repr(shorten(y))
        raise ValueError(
            "y must hold one label per sample, shape (n_samples,), not the name of a "
            f"column; got {name}. Pass the columns of a frame separately: "
            f"fit(df.drop(columns={name}), df[{name}])."
        )
    y = as_labels(as_numpy(y))
    try:
        if not hasattr(y, "shape") and not isinstance(y, list):
            y = np.asarray(y)
        shape = tuple(np.shape(y))
    except ValueError:  # lists of several lengths
        shape = "that differs from one sample to the next"
    if issparse(y) or (len(shape) != 1 and shape[1:] != (1,)):
        kind = "a sparse matrix of " if issparse(y) else ""
        raise ValueError(
            f"y must hold one label per sample, shape (n_samples,); got {kind}shape "
            f"{shape}. Soft labels, or one column per class, are no target of a "
            "classifier: pass the most probable class, y.argmax(axis=1), and its "
            "probability as sample_weight."
        )
    if getattr(getattr(y, "dtype", None), "kind", None) == "c":
        raise ValueError(
            "Complex data not supported: y must hold labels, not complex numbers."
        )
    return y


def check_dataset(X):
    """Raise a ValueError if no folds can be made of a Dataset."""
    if is_sequential(X):
        raise ValueError(
            "X must have a length and indices, of which folds are made; the samples of "
            f"{type(X).__name__} can only be read one after another. Write them to a "
            "file once, and pass that:\n"
            '    X = np.lib.format.open_memmap("X.npy", "w+", "float32", shape)\n'
            "    for row, sample in enumerate(dataset):\n"
            "        X[row] = sample\n"
            'Then np.load("X.npy", mmap_mode="r") is read batch by batch. The shape is '
            "(n_samples, *sample.shape)."
        )
    if not len(X):
        raise ValueError(
            f"X must have at least one sample; got a {type(X).__name__} of length 0."
        )
    sizes = getattr(X, "block_sizes", None)
    if sizes is not None and np.sum(sizes) != len(X):
        raise ValueError(
            "block_sizes of a Dataset must be the numbers of samples of its blocks, "
            f"{len(X)} in all; got {shorten(repr(sizes))}, in all {np.sum(sizes)}."
        )


def check_samples_array(estimator, X, y, *, reset):
    """Validate anything that can be an array or a sparse matrix of numbers."""
    check_container(X)
    check_columns(X)
    try:
        data = (X,) if y is None else (X, y)
        checked = validate_data(estimator, *data, reset=reset, **CHECKS)
    except (TypeError, ValueError) as error:
        explain_failure(X, error)
        raise
    checked = checked if y is None else checked[0]
    if checked.dtype.kind not in "biuf":  # categories and dates pass the validation
        raise_not_numeric(X if hasattr(X, "columns") else checked)
    if not issparse(checked) and not checked.size:
        raise ValueError(
            f"X must have samples of at least one value; got an array of shape "
            f"{checked.shape}. No axis may have the length 0."
        )
    return checked


def check_container(X):
    """Raise an error if X is of a type that holds no samples."""
    if X is None or isinstance(X, DataLoader | Iterator | str | bytes | Number):
        raise TypeError(
            "X must hold the samples: an array, a data frame, a sparse matrix, a dict of "
            f"arrays or a torch Dataset; got {type(X).__name__}. Of a DataLoader pass "
            "its dataset."
        )
    if issparse(X) and X.ndim != 2:
        raise ValueError(
            "sparse X must be of shape (n_samples, n_features); got a sparse array of "
            f"shape {X.shape}. Reshape it, or pass a dense array."
        )


def check_columns(X):
    """Raise a ValueError if columns of a frame have one name, or hold times."""
    if not hasattr(X, "columns") or not hasattr(X, "dtypes"):
        return
    names, counts = np.unique(list(map(str, X.columns)), return_counts=True)
    if counts.max(initial=1) > 1:
        raise ValueError(
            "the columns of X must have names that differ; got several called "
            f"{enumerate_names(map(shorten, names[counts > 1]))}. Rename them."
        )
    # Of which polars makes numbers, in a unit of its own.
    if any(str(dtype).lower().startswith(TIME_TYPES) for dtype in X.dtypes):
        raise_not_numeric(X)


def explain_failure(X, error):
    """Raise an error that says more, where scikit-learn's does not tell what to do."""
    text = str(error)
    if "inhomogeneous" in text:
        raise ValueError(
            "X must have samples of one shape; got lists of several lengths. Pad or cut "
            "them to one length."
        ) from error
    check_no_texts(X, error)
    if "Complex data" in text:
        raise ValueError(
            "Complex data not supported: X must hold real numbers. Pass real and "
            "imaginary parts as values of their own."
        ) from error
    conversions = "could not convert", "could not be promoted", "not compatible with"
    if isinstance(error, TypeError) or any(words in text for words in conversions):
        try:
            X = X if hasattr(X, "dtype") or hasattr(X, "columns") else np.asarray(X)
        except (TypeError, ValueError):
            return
        raise_not_numeric(X, error)


def raise_not_numeric(X, cause=None):
    """Raise an error that names the columns of X that hold no numbers."""
    columns = columns_without_numbers(X)
    if columns or cause is None:
        text = shorten(cause or "", MAX_CAUSE_LENGTH)
        found = f" ({text})" if "argument" in text or "convert" in text else ""
        kind = TypeError if isinstance(cause, TypeError) else ValueError
        raise kind(
            f"X must hold numbers; these columns do not: {enumerate_names(columns)}"
            f"{found}. {ENCODE}"
        ) from cause


def check_like_fit(estimator, X):
    """Return X with samples of the shape and kind of those of fit, or raise an error."""
    expected, found = estimator._sample_shape, sample_shape(X)
    if isinstance(expected, dict) and (
        not isinstance(found, dict) or expected.keys() != found.keys()
    ):
        names = found if isinstance(found, dict) else {type(X).__name__}
        raise ValueError(
            f"X must be a dict of the arrays {enumerate_names(expected)}, as in fit; got "
            f"{enumerate_names(map(shorten, names))}."
        )
    if found != expected:
        raise ValueError(
            f"X must have samples of shape {expected}, as in fit; got samples of shape "
            f"{found}. Reshape X to (n_samples, ...) of that shape."
        )
    if isinstance(X, Dataset):
        return X
    if isinstance(X, dict):
        kinds = estimator._sample_kind
        return type(X)(**{name: as_kind(X[name], kinds[name]) for name in kinds})
    return as_kind(X, estimator._sample_kind)


def as_kind(X, kind):
    """Return integers as floats where fit had floats, and whole floats as integers."""
    if kind == "f" and X.dtype.kind in "biu":
        return X.astype(np.float32 if X.dtype.itemsize <= 2 else np.float64)
    if kind not in ("i", "u") or X.dtype.kind != "f" or issparse(X):
        return X
    return X.astype(np.int64) if np.array_equal(X, np.rint(X)) else X
