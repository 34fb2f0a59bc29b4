"""The distance of an estimate of T from the true one."""

import numpy as np

from sklnoise._names import frame_classes
from sklnoise._validation import check_transition_matrix


def transition_error(transition_matrix_true, transition_matrix_pred):
    """Compute the L1 distance of an estimate of T, relative to the true T.

    Parameters
    ----------
    transition_matrix_true : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    transition_matrix_pred : array-like of shape (n_classes, n_classes)
        The estimate, with rows and columns in the same order; those of two frames are
        matched by name.

    Returns
    -------
    error : float
        `abs(true - pred).sum() / true.sum()`, from 0 to 2: twice the probability that
        is misplaced, averaged over the rows.

    Raises
    ------
    ValueError
        If one of them is no transition matrix, or their shapes differ.

    Examples
    --------
    >>> from sklnoise.metrics import transition_error
    >>> print(transition_error([[0.75, 0.25], [0, 1]], [[0.5, 0.5], [0, 1]]))
    0.25
    """
    classes = frame_classes(transition_matrix_true)
    true = check_transition_matrix(transition_matrix_true)
    pred = check_transition_matrix(transition_matrix_pred, len(true), classes)
    return float(np.abs(true - pred).sum() / true.sum())
