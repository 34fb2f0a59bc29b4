"""From labels to the columns that they belong to, or the rows of T."""

import numpy as np


def match_labels(y, n_classes, labels=None):
    """Find the column of each label, and the label of each column."""
    y = check_labels(y, "y")
    if labels is None:
        classes = occurring_classes(n_classes, y)
    else:
        classes = check_classes(labels, n_classes)
    return encode(y, classes, "y"), classes


def check_labels(y, name):
    """Validate labels and return them as a one-dimensional array."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or not len(y):
        raise ValueError(
            f"{name} must hold one label a row, shape (n_samples,); got shape {y.shape}. "
            "Pass the labels of at least one row, not probabilities."
        )
    if y.dtype.kind in "fO":
        missing = [row for row, label in enumerate(y.tolist()) if is_missing(label)]
        if missing:
            raise ValueError(
                f"{name} must have a label in every row; row {missing[0]} has "
                f"{y.tolist()[missing[0]]!r}. Leave rows without a label out."
            )
    return y


def is_missing(label):
    """Tell whether an entry is no label."""
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA says neither
        return True


def check_classes(labels, n_classes):
    """Validate the classes that columns, or rows of T, belong to."""
    classes = check_labels(labels, "labels").copy()
    n_different = len(set(classes.tolist()))
    if len(classes) != n_classes or n_different != n_classes:
        raise ValueError(
            f"labels must name {n_classes} different classes, one a row of T or a "
            f"column of y_proba; got {len(classes)}, of which {n_different} differ: "
            f"{listed(classes)}."
        )
    return classes


def occurring_classes(n_classes, *labels):
    """Find the classes where only labels that occur are known."""
    if all(are_codes(y, n_classes) for y in labels):
        return np.arange(n_classes)
    found = set().union(*(y.tolist() for y in labels))
    try:
        classes = np.array(sorted(found))
    except TypeError as error:
        raise ValueError(
            f"labels must be of one kind; got both numbers and others: {listed(found)}. "
            "Predictions and noisy labels must name the classes alike."
        ) from error
    if len(classes) != n_classes:
        raise ValueError(
            f"the columns of y_proba, or rows of T, are {n_classes} classes, but "
            f"{len(classes)} different labels occur: {listed(classes)}. Pass all of "
            "them, in the order of the columns, as labels."
        )
    return classes


def are_codes(y, n_classes):
    """Tell whether labels are the numbers of columns."""
    return y.dtype.kind in "iu" and y.min() >= 0 and y.max() < n_classes


def encode(y, classes, name):
    """Turn labels into the numbers of the columns that they belong to."""
    if are_codes(y, len(classes)) and np.array_equal(classes, np.arange(len(classes))):
        return y.astype(np.int64)
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    codes = np.array([code_of.get(label, -1) for label in y.tolist()], dtype=np.int64)
    if codes.min() < 0:
        raise ValueError(
            f"{name} must hold the classes {listed(classes)}; got "
            f"{listed(set(y[codes < 0].tolist()))} too. Pass all classes as labels, or "
            "leave these rows out."
        )
    return codes


def listed(labels):
    """Return the first few labels as text."""
    shown = labels.tolist() if isinstance(labels, np.ndarray) else sorted(labels, key=str)
    return str(shown[:8])[:-1] + (", ...]" if len(shown) > 8 else "]")
