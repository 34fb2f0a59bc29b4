"""The door of the classifiers: X, y and weights are checked and encoded once."""

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, validate_data
from torch.utils.data import Dataset, IterableDataset

from sklnoise._labels import encode_kept_labels
from sklnoise._validation import check_trusted, check_weight
from sklnoise.engine import LabelledData, row_shape

CHECKS = {"accept_sparse": "csr", "allow_nd": True}
LARGEST_SEED = np.iinfo(np.int32).max


def check_fit_input(estimator, X, y, sample_weight, trusted):
    """Validate what `fit` was given and encode the labels."""
    if getattr(y, "hasnans", False):
        raise ValueError(
            "y contains missing values. Drop the rows without a label: "
            "X[y.notna()], y[y.notna()]."
        )
    if isinstance(X, Dataset):
        if not hasattr(X, "__len__") or isinstance(X, IterableDataset):
            raise ValueError(
                "X is a torch Dataset without a length or without indices, so that no "
                f"folds can be made of it; got {type(X).__name__}. Give it __len__ and "
                "__getitem__, or read its rows into an array."
            )
        y = validate_data(estimator, y=y)
        check_consistent_length(X, y)
        estimator.n_features_in_ = (*row_shape(X), 1)[0]
    else:
        X, y = validate_data(estimator, X, y, **CHECKS)
    estimator._row_shape = row_shape(X)
    weight = check_weight(sample_weight, len(y))
    rows = np.flatnonzero(weight)
    codes, classes = encode_kept_labels(y, rows)
    if trusted is None:
        trusted = np.zeros(len(y), dtype=bool)
    trusted = check_trusted(trusted, len(y)) & (weight > 0)
    return LabelledData(X, codes, weight), rows, classes, trusted


def check_predict_input(estimator, X):
    """Validate rows to predict against those of `fit`."""
    if not isinstance(X, Dataset):
        X = validate_data(estimator, X, reset=False, **CHECKS)
    if row_shape(X) != estimator._row_shape:
        raise ValueError(
            f"X must have rows of shape {estimator._row_shape}, as in fit; got rows of "
            f"shape {row_shape(X)}. Reshape X to (n_samples, ...) of that shape."
        )
    return X


def draw_seeds(random_state, n_seeds):
    """Draw seeds, leaving numpy's global random state alone."""
    if random_state is None:
        rng = np.random.RandomState()
    else:
        rng = check_random_state(random_state)
    return rng.randint(LARGEST_SEED, size=n_seeds).tolist()
