"""X and y of a fit or a prediction, checked and brought into few forms."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data
from torch.utils.data import DataLoader, Dataset, IterableDataset

from sklnoise._tensors import as_numpy
from sklnoise._text import enumerate_names, shorten
from sklnoise.classifiers._estimator_calls import columns_without_numbers
from sklnoise.training import as_dataset, as_labels, check_parts, sample_shape

CHECKS = {"accept_sparse": "csr", "allow_nd": True}
MAX_CAUSE_LENGTH = 200


def check_samples(estimator, X, y=None, *, reset=True):
    """Return X as an array, a CSR matrix, a dict of arrays or a Dataset, and y."""
    X = as_dataset(as_numpy(X))
    if reset:
        y = check_target(estimator, y)
    if isinstance(X, Dataset):
        check_dataset(X)
    elif isinstance(X, dict):
        X = check_parts(X)
    else:
        X = check_samples_array(estimator, X, y, reset=reset)
    return X, y


def check_target(estimator, y):
    """Raise a ValueError unless y holds one label per sample."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None. Pass the noisy label of each sample; those of a Dataset, too, are "
            "given beside it."
        )
    # A pandas Series: the message of `validate_data` would name no remedy.
    if getattr(y, "hasnans", False):
        raise ValueError(
            "y contains missing values. Drop the samples without a label: "
            "X[y.notna()], y[y.notna()]."
        )
    y = as_labels(as_numpy(y))
    shape = shape_of(y)
    if issparse(y) or len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
        kind = "a sparse matrix " if issparse(y) else ""
        raise ValueError(
            f"y must hold one label per sample, shape (n_samples,); got {kind}of shape "
            f"{shape}. Soft labels, or one column per class, are no target of a "
            "classifier: pass the most probable class, y.argmax(axis=1), and its "
            "probability as sample_weight."
        )
    return validate_data(estimator, y=y)


def shape_of(y):
    """Return the shape of labels, which may be a list."""
    if hasattr(y, "shape"):
        return tuple(y.shape)
    try:
        return np.shape(y)
    except ValueError:  # lists of several lengths, which `validate_data` explains
        return ()


def check_dataset(X):
    """Raise a ValueError if no folds can be made of a Dataset."""
    if not hasattr(X, "__len__") or isinstance(X, IterableDataset):
        raise ValueError(
            "X is a torch Dataset without a length or without indices, so that no "
            f"folds can be made of it; got {type(X).__name__}. Give it __len__ and "
            "__getitem__, or read its samples into an array."
        )
    if not len(X):
        raise ValueError(
            f"X must have at least one sample; got a {type(X).__name__} of length 0."
        )


def check_samples_array(estimator, X, y, *, reset):
    """Validate anything that can be an array or a sparse matrix of numbers."""
    if X is None or isinstance(X, DataLoader | Iterator):
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
    try:
        data = (X,) if y is None else (X, y)
        checked = validate_data(estimator, *data, reset=reset, **CHECKS)
    except (TypeError, ValueError, OverflowError) as error:
        raise_if_not_numeric(X, error)
        raise
    checked = checked if y is None else checked[0]
    raise_if_not_numeric(checked)
    if not issparse(checked) and not checked.size:
        raise ValueError(
            f"X must have samples of at least one value; got an array of shape "
            f"{checked.shape}. No axis may have the length 0."
        )
    return checked


def raise_if_not_numeric(X, cause=None):
    """Raise an error if X, or some columns of a frame, hold no numbers."""
    if cause is not None and not is_of_conversion(cause):
        return
    if not hasattr(X, "dtype") and not hasattr(X, "columns"):
        try:
            X = np.asarray(X)
        except ValueError:  # lists of several lengths
            return
    columns = columns_without_numbers(X)
    if columns:
        found = f" ({shorten(cause, MAX_CAUSE_LENGTH)})" if cause else ""
        kind = TypeError if isinstance(cause, TypeError) else ValueError
        raise kind(
            f"X must hold numbers; these columns do not: {enumerate_names(columns)}"
            f"{found}. Encode them, for instance with skrub.TableVectorizer."
        ) from cause


def is_of_conversion(error):
    """Return whether an error says that something is no number."""
    texts = "could not convert", "could not be promoted", "not compatible with"
    return isinstance(error, TypeError) or any(text in str(error) for text in texts)


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
