"""The inverse of T, which turns a score under noisy labels into an unbiased one."""

import numpy as np

from sklnoise._validation import SINGULAR_CONDITION, check_transition_matrix


def inverse_transition(transition_matrix):
    """Validate T and invert it."""
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
