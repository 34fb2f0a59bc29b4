"""Checks of the arrays that all floors pass around: T, probabilities, weights, labels."""

from numbers import Real

import numpy as np
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.validation import check_consistent_length

SUM_TOLERANCE = 1e-6
SINGULAR_CONDITION = 1e12


def check_transition_matrix(transition_matrix, n_classes=None):
    """Validate a transition matrix and return it as float64."""
    T = check_array(
        transition_matrix, dtype=np.float64, copy=True, input_name="transition_matrix"
    )
    if T.shape[0] != T.shape[1] or n_classes not in (None, len(T)):
        expected = "square" if n_classes is None else f"of shape {(n_classes,) * 2}"
        raise ValueError(
            f"transition_matrix must be {expected}, one row and one column for each "
            f"class; got shape {T.shape}. Rows and columns are in the order of "
            "classes_, the sorted labels."
        )
    if T.min() < 0:
        i, j = np.unravel_index(T.argmin(), T.shape)
        raise ValueError(
            f"transition_matrix must hold probabilities; entry [{i}, {j}] is "
            f"{T[i, j]:.3g}. Clip and renormalise the rows before passing it."
        )
    row_sums, column_sums = T.sum(axis=1), T.sum(axis=0)
    worst = np.abs(row_sums - 1).argmax()
    if abs(row_sums[worst] - 1) > SUM_TOLERANCE:
        if np.allclose(column_sums, 1, atol=SUM_TOLERANCE):
            remedy = "Its columns do sum to 1: it is transposed, so pass its transpose"
        else:
            remedy = "Divide each row by its sum, or transpose a column-stochastic matrix"
        raise ValueError(
            f"transition_matrix must have rows summing to 1; row {worst} sums to "
            f"{row_sums[worst]:.4g}. {remedy}: T[i, j] = P(noisy=j | clean=i)."
        )
    return T


def check_invertible(transition_matrix):
    """Raise a ValueError with the condition number if T cannot be inverted."""
    condition = np.linalg.cond(transition_matrix)
    if not condition < SINGULAR_CONDITION:
        raise ValueError(
            "The backward correction needs an invertible transition_matrix; the "
            f"condition number of this one is {condition:.3g}. Mix it with the identity "
            "first, (1 - a) T + a I, as BackwardLoss(T, identity_weight=a) does (the "
            'loss is then biased), or use the correction "forward", which needs no '
            "inverse."
        )


def check_proba(y_proba):
    """Validate class probabilities and return them as a floating array."""
    y_proba = check_array(y_proba, dtype=[np.float64, np.float32], input_name="y_proba")
    error = np.abs(y_proba.sum(axis=1) - 1)
    if y_proba.min() < 0 or error.max() > 1e-3:
        row = error.argmax() if error.max() > 1e-3 else y_proba.min(axis=1).argmin()
        raise ValueError(
            "y_proba must hold one probability distribution a row (non-negative, sum "
            f"1); row {row} is {np.array2string(y_proba[row], precision=3)}. "
            "Pass predict_proba's output, not logits or log-probabilities."
        )
    return y_proba


def check_weight(sample_weight, n_samples):
    """Validate sample weights, which count as frequencies."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = check_array(
        sample_weight,
        dtype=np.float64,
        ensure_2d=False,
        copy=True,
        input_name="sample_weight",
    )
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight a row, shape ({n_samples},); got "
            f"sample_weight.shape == {weight.shape}."
        )
    if weight.min() < 0:
        raise ValueError(
            "sample_weight must not be negative: weights count as frequencies; entry "
            f"{weight.argmin()} is {weight.min():.3g}. Use 0 to leave a row out."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must have a positive entry; all are zero, so no row is left."
        )
    return weight


def encode_labels(y, n_classes):
    """Turn labels into column indices of an (n_samples, n_classes) array."""
    y = column_or_1d(y)
    assert_all_finite(y, input_name="y")
    if y.dtype.kind in "iu" and y.size and y.min() >= 0 and y.max() < n_classes:
        return y.astype(np.int64)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) != n_classes:
        raise ValueError(
            f"y must hold the codes 0..{n_classes - 1}, or exactly {n_classes} different "
            f"labels (one a column of y_proba, in sorted order); got {len(classes)} "
            f"different labels: {np.array2string(classes, threshold=8)}."
        )
    return codes.astype(np.int64)


def check_proba_and_labels(y_proba, y, sample_weight=None):
    """Validate held-out probabilities with the noisy labels and weights of their rows."""
    y_proba = check_proba(y_proba)
    check_consistent_length(y_proba, y)
    codes = encode_labels(y, y_proba.shape[1])
    weight = check_weight(sample_weight, len(codes))
    kept = weight > 0
    if kept.all():
        return y_proba, codes, weight
    return y_proba[kept], codes[kept], weight[kept]


def check_trusted(trusted, n_samples):
    """Validate the mask of the rows whose label is known to be right."""
    mask = np.asarray(trusted)
    if mask.shape != (n_samples,):
        raise ValueError(
            "trusted must be a boolean mask with one entry a row, shape "
            f"({n_samples},); got shape {mask.shape}. From row indices, make it with "
            "mask = np.zeros(n_samples, dtype=bool); mask[indices] = True."
        )
    if mask.dtype == bool:
        return mask
    for row, value in enumerate(mask.tolist()):
        if not isinstance(value, Real) or value not in (0, 1):
            raise ValueError(
                "trusted must be a boolean mask, True where the label is known to be "
                f"right; entry {row} is {value!r}. Pass booleans, or 0 and 1, and turn "
                "missing values into False."
            )
    return mask.astype(bool)


def check_features(features, n_samples):
    """Validate the features that neighbours are searched in."""
    features = check_array(
        features,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        allow_nd=True,
        input_name="features",
    )
    if features.shape[0] != n_samples:
        raise ValueError(
            f"features must have one row for each of the {n_samples} labels; got "
            f"features.shape == {features.shape}. Pass the features of the same rows."
        )
    return features if features.ndim == 2 else features.reshape(n_samples, -1)


def check_folds(folds, n_samples):
    """Validate the folds that rows were held out in."""
    folds = column_or_1d(folds)
    assert_all_finite(folds, input_name="folds")
    if len(folds) != n_samples:
        raise ValueError(
            f"folds must have one entry a row, shape ({n_samples},); got shape "
            f"{folds.shape}. Pass the number of the fold that held each row out."
        )
    return np.unique(folds, return_inverse=True)[1]
