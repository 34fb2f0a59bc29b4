"""Checks of the arrays that all packages share: T, probabilities, weights, masks."""

from numbers import Real

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import (
    assert_all_finite,
    check_array,
    check_random_state,
    column_or_1d,
)

from sklnoise._names import align_columns, align_square, frame_classes
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import RescaledWeightsWarning

SUM_TOLERANCE = 1e-6
# Of rows in half precision, which hold two or three digits.
HALF_SUM_TOLERANCE = 2e-2
# What arithmetic in double precision leaves, and is taken away without a word.
ROUNDING = 1e-12
# Predicted in single precision, over many classes.
PROBA_SUM_TOLERANCE = 1e-3
SINGULAR_CONDITION_THRESHOLD = 1e12
# Weights of a smaller mean are no counts of samples.
MIN_MEAN_COUNT = 0.5
# The square of a larger number of samples would overflow.
MAX_TOTAL_WEIGHT = 1e150


def check_numbers(array, name, **checks):
    """Validate an array as scikit-learn does, and say so if it holds no numbers."""
    array = as_numpy(array)
    if issparse(array) and array.ndim != 2:
        raise ValueError(
            f"{name} as a sparse array must have rows and columns; got shape "
            f"{array.shape}. Pass it dense, or reshape it to (n_samples, n_features)."
        )
    columns = list(getattr(array, "columns", ()))
    if len(set(columns)) < len(columns):
        raise ValueError(
            f"{name} must have columns whose names differ; got {list_some(columns)}. "
            "Rename them."
        )
    try:
        if is_complex(array):  # the imaginary part would be dropped with a warning
            raise ValueError("complex numbers have no order")
        return check_array(array, input_name=name, **checks)
    except (TypeError, ValueError, OverflowError) as error:
        if is_numeric(array):
            raise
        raise ValueError(
            f"{name} must be an array of numbers; got {shorten(repr(array))}. Turn "
            "missing values and text into numbers, or leave these samples or columns out."
        ) from error


def is_complex(array):
    """Return whether something is an array, or a list of lists, of complex numbers."""
    if isinstance(array, list | tuple):
        try:
            array = np.asarray(array)
        except ValueError:  # of several lengths
            return False
    dtypes = array.dtypes if hasattr(array, "columns") else [np.asarray(array).dtype]
    return any(str(dtype).lower().startswith("complex") for dtype in dtypes)


def is_numeric(array):
    """Return whether something can be turned into an array of real numbers."""
    if is_complex(array):
        return False
    if issparse(array):
        return array.dtype.kind in "biuf"
    try:
        array = np.asarray(array)
        return array.dtype.kind in "biuf" or array.astype(np.float64).ndim > 0
    except (TypeError, ValueError, OverflowError):
        return False


def check_transition_matrix(transition_matrix, n_classes=None, classes=None):
    """Validate a transition matrix and return it as float64.

    The rows and columns of a frame are sorted as `classes`, by name.
    """
    check_is_matrix(transition_matrix)
    T = check_numbers(transition_matrix, "transition_matrix", dtype=np.float64, copy=True)
    if T.shape[0] != T.shape[1] or n_classes not in (None, len(T)):
        expected = "square" if n_classes is None else f"of shape {(n_classes,) * 2}"
        raise ValueError(
            f"transition_matrix must be {expected}, one row and one column for each "
            f"class; got shape {T.shape}. Rows and columns are in the order of "
            "classes_, the sorted labels; a table that lacks a label is completed by "
            "table.reindex(index=classes, columns=classes, fill_value=0)."
        )
    if classes is None:
        classes = frame_classes(transition_matrix)
    T = align_square(T, transition_matrix, classes, "transition_matrix")
    if T.min() < -ROUNDING:
        i, j = np.unravel_index(T.argmin(), T.shape)
        raise ValueError(
            f"transition_matrix must hold probabilities; entry [{i}, {j}] is "
            f"{T[i, j]:.3g}. Clip and renormalise the rows before passing it."
        )
    T = T.clip(min=0)
    row_sums, column_sums = T.sum(axis=1), T.sum(axis=0)
    worst = np.abs(row_sums - 1).argmax()
    is_half = str(getattr(transition_matrix, "dtype", "")).endswith("float16")
    if abs(row_sums[worst] - 1) > (HALF_SUM_TOLERANCE if is_half else SUM_TOLERANCE):
        if np.allclose(column_sums, 1, atol=SUM_TOLERANCE):
            remedy = "Its columns do sum to 1: it is transposed, so pass its transpose"
        else:
            remedy = "Divide each row by its sum, or transpose a column-stochastic matrix"
        raise ValueError(
            f"transition_matrix must have rows summing to 1; row {worst} sums to "
            f"{row_sums[worst]:.4g}. {remedy}: T[i, j] = P(noisy=j | clean=i)."
        )
    # A matrix that is right in double precision stays as it is, to the bit.
    T[np.abs(row_sums - 1) > ROUNDING] /= row_sums[np.abs(row_sums - 1) > ROUNDING, None]
    return T


def check_is_matrix(transition_matrix):
    """Raise an error that says how to make a matrix of what others pass instead."""
    if isinstance(transition_matrix, dict):
        remedy = (
            "Turn it into a frame with the names of the classes: "
            "pd.Series(T).unstack(fill_value=0) of {(clean, noisy): p}, or "
            "pd.DataFrame(T).T.fillna(0) of {clean: {noisy: p}}. Each row must sum to 1, "
            "so that it needs P(noisy = i | clean = i) too."
        )
    elif hasattr(transition_matrix, "fit"):
        remedy = "Pass the transition_matrix_ that it has when it is fitted."
    elif isinstance(transition_matrix, Real):
        remedy = (
            "Of a share of wrong labels make one by sklnoise.datasets."
            'make_transition_matrix("symmetric", n_classes, share).'
        )
    else:
        return
    raise ValueError(
        "transition_matrix must be a square matrix of P(noisy = j | clean = i) in row i "
        f"and column j; got {shorten(repr(transition_matrix))}. {remedy}"
    )


def check_matrix_of_codes(transition_matrix):
    """Validate a transition matrix of classes that are known by their codes alone."""
    if not hasattr(transition_matrix, "columns"):
        return check_transition_matrix(transition_matrix)
    return check_transition_matrix(
        transition_matrix, classes=range(len(transition_matrix))
    )


def check_invertible(transition_matrix, remedy):
    """Raise a ValueError with the condition number and a remedy if T is singular."""
    condition = np.linalg.cond(transition_matrix)
    if not condition < SINGULAR_CONDITION_THRESHOLD:
        raise ValueError(
            "transition_matrix must be invertible; the condition number of this one is "
            f"{condition:.3g}: noisy labels do not tell some of its classes apart. "
            f"{remedy}"
        )


def check_proba(y_proba, classes=None):
    """Validate class probabilities and return them as a floating array.

    The columns of a frame are sorted as `classes`, by name.
    """
    frame = y_proba
    y_proba = check_numbers(y_proba, "y_proba", dtype=[np.float64, np.float32])
    if classes is None:
        classes = frame_classes(frame)
    y_proba = align_columns(y_proba, frame, classes, "y_proba")
    error = np.abs(y_proba.sum(axis=1) - 1)
    off_sum = error.max() > PROBA_SUM_TOLERANCE
    if y_proba.min() < -SUM_TOLERANCE or off_sum:
        sample = error.argmax() if off_sum else y_proba.min(axis=1).argmin()
        found = np.array2string(y_proba[sample], precision=3)
        raise ValueError(
            "y_proba must hold one probability distribution per sample (non-negative, "
            f"sum 1); sample {sample} has {found}. Pass the output of "
            "predict_proba, not logits or log-probabilities."
        )
    return y_proba if y_proba.min() >= 0 else y_proba.clip(min=0)


def check_weight(sample_weight, n_samples):
    """Validate sample weights, which count as frequencies.

    Weights that cannot be counts, as their mean is below 0.5, are scaled to mean 1 over
    the samples that have one.
    """
    return scale_relative(check_shares(sample_weight, n_samples))


def check_shares(sample_weight, n_samples):
    """Validate sample weights whose scale does not matter."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = check_numbers(
        sample_weight, "sample_weight", dtype=np.float64, ensure_2d=False, copy=True
    )
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight per sample, shape ({n_samples},); got "
            f"sample_weight.shape == {weight.shape}."
        )
    if weight.min() < 0:
        raise ValueError(
            "sample_weight must not be negative: weights count as frequencies; entry "
            f"{weight.argmin()} is {weight.min():.3g}. Use 0 to leave a sample out."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must have a positive entry; all are zero, so no sample is "
            "left."
        )
    if weight.max() > MAX_TOTAL_WEIGHT / n_samples:
        raise ValueError(
            "sample_weight must count samples, at most 1e150 in all; got weights up to "
            f"{weight.max():.3g}. Divide them by their mean."
        )
    return weight


def scale_relative(weight):
    """Scale weights that are no counts to mean 1, over the samples that have one."""
    has_weight = weight > 0
    if weight.sum() >= MIN_MEAN_COUNT * has_weight.sum():
        return weight
    warn_caller(
        "sample_weight counts samples as frequencies, but the mean of the weights is "
        f"{weight[has_weight].mean():.3g}. They are scaled to mean 1; weights of mean "
        f"{MIN_MEAN_COUNT} and above stay as they are.",
        RescaledWeightsWarning,
    )
    relative = weight / weight.max()  # the reciprocal of a tiny mean would overflow
    return relative / relative[has_weight].mean()


def check_trusted(trusted, n_samples):
    """Validate the mask of the samples whose label is known to be right."""
    mask = np.asarray(as_numpy(trusted))
    from_indices = (
        "From indices, make it with mask = np.zeros(n_samples, dtype=bool); "
        "mask[indices] = True."
    )
    if mask.shape != (n_samples,):
        raise ValueError(
            "trusted must be a boolean mask with one entry per sample, shape "
            f"({n_samples},); got shape {mask.shape}. {from_indices}"
        )
    if mask.dtype == bool:
        return mask
    for sample, value in enumerate(mask.tolist()):
        if not isinstance(value, Real) or value not in (0, 1):
            raise ValueError(
                "trusted must be a boolean mask, True where the label is known to be "
                f"right; entry {sample} is {value!r}. Pass booleans, or 0 and 1, and "
                f"turn missing values into False. {from_indices}"
            )
    return mask.astype(bool)


def check_features(features, n_samples):
    """Validate the features that neighbours are searched in."""
    features = check_numbers(
        features,
        "features",
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        allow_nd=True,
    )
    if features.shape[0] != n_samples:
        raise ValueError(
            f"features must have one sample for each of the {n_samples} labels; got "
            f"features.shape == {features.shape}. Pass the features of the same samples."
        )
    return features if features.ndim == 2 else features.reshape(n_samples, -1)


def check_folds(folds, n_samples):
    """Validate the folds that samples were held out in."""
    try:
        folds = column_or_1d(as_numpy(folds))
        assert_all_finite(folds, input_name="folds")
        codes = np.unique(folds, return_inverse=True)[1]
    except (TypeError, ValueError) as error:
        raise ValueError(
            "folds must be the number of the fold that held each sample out, shape "
            f"({n_samples},), without missing values: {shorten(error, 200)}"
        ) from error
    if len(folds) != n_samples:
        raise ValueError(
            f"folds must have one entry per sample, shape ({n_samples},); got shape "
            f"{folds.shape}. Pass the number of the fold that held each sample out."
        )
    return codes


def check_rng(random_state):
    """Return a generator of random numbers that is never numpy's global one."""
    if random_state is None:
        return np.random.RandomState()
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            "random_state must be None, an integer from 0 to 2**32 - 1 or a RandomState; "
            f"got {shorten(repr(random_state))}."
        ) from error
