"""The inverse of T, which turns a score under noisy labels into an unbiased one."""

import numpy as np

from sklnoise._validation import SINGULAR_CONDITION, check_transition_matrix


def inverse_transition(transition_matrix):
    """Validate T and invert it.

    With `S[i, j]` the score of predicting j for a row of clean class i, the expectation
    of `(T⁻¹ S)[noisy, j]` over the noisy label is `S[clean, j]`.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i).

    Returns
    -------
    inverse : ndarray of shape (n_classes, n_classes)
        The inverse of T.

    Raises
    ------
    ValueError
        If T is no transition matrix, or singular.
    """
    T = check_transition_matrix(transition_matrix)
    condition = np.linalg.cond(T)
    if not condition < SINGULAR_CONDITION:
        raise ValueError(
            "transition_matrix must be invertible to correct a score for the noise; the "
            f"condition number of this one is {condition:.3g}: its noisy labels do not "
            "tell some classes apart. Merge classes with the same row, or score on rows "
            "whose labels are known to be right."
        )
    return np.linalg.inv(T)
