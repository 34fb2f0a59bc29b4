"""T of labels that are known both clean and noisy."""

import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.utils.multiclass import unique_labels

from sklnoise._matrix import normalize_rows


def transition_matrix_from_labels(y_clean, y_noisy, *, labels=None, sample_weight=None):
    """Count how clean labels turned into noisy ones.

    Parameters
    ----------
    y_clean : array-like of shape (n_samples,)
        Clean labels, of any kind.

    y_noisy : array-like of shape (n_samples,)
        Noisy labels of the same rows.

    labels : array-like of shape (n_classes,), default=None
        The classes, in the order of the rows and columns. None takes all labels that
        occur, sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        T[i, j], the share of the rows of clean class i that are labelled j. A class
        that no clean label names gets its row of the identity.

    Raises
    ------
    ValueError
        If a label occurs that is not among `labels`, or the labels are no classes.

    Examples
    --------
    >>> from sklnoise.transition import transition_matrix_from_labels
    >>> y_clean = ["ant", "ant", "bee", "bee"]
    >>> y_noisy = ["ant", "bee", "bee", "bee"]
    >>> transition_matrix_from_labels(y_clean, y_noisy)
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    found = unique_labels(y_clean, y_noisy)
    labels = found if labels is None else np.asarray(labels)
    unknown = np.setdiff1d(found, labels)
    if len(unknown):
        raise ValueError(
            f"labels must name every label that occurs; got {labels.tolist()}, but "
            f"{unknown.tolist()} occur too. Add them, or leave their rows out."
        )
    if len(labels) == 1:
        return np.ones((1, 1))
    counts = confusion_matrix(
        y_clean, y_noisy, labels=labels, sample_weight=sample_weight
    )
    return normalize_rows(counts)
