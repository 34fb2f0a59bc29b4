"""From labels to codes: the numbers of their columns in y_proba, or rows in T."""

from collections.abc import Hashable
from numbers import Real

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from sklnoise._tensors import as_numpy
from sklnoise._text import list_some

# More labels that all differ are not taken for classes.
MAX_ALL_DIFFERENT = 20


def match_labels(y, n_classes, labels=None):
    """Return the column of each label, and the label of each column."""
    y = check_labels(y, "y")
    classes = resolve_classes(labels, n_classes, y)
    return encode_labels(y, classes, "y"), classes


def encode_kept_labels(y, kept):
    """Return the code of each label, -1 where it is missing, and the sorted classes.

    A class stays one if none of its samples is kept; only labels to fit to must be there.
    """
    codes, named = np.full(len(y), -1, dtype=np.int64), np.ones(len(y), dtype=bool)
    if y.dtype == object:
        named = np.array([is_label(label) for label in y.tolist()])
        unnamed = kept[~named[kept]]
        if len(unnamed):
            raise ValueError(
                "y must hold labels of one kind, without missing values; sample "
                f"{unnamed[0]} has {list_some([y[unnamed[0]]])}. Leave samples without "
                "a label out."
            )
    labels = y[named]
    if y.dtype == object and all(isinstance(label, Real) for label in labels):
        labels = np.array(labels.tolist())  # numbers in a column of objects
    classes = sort_classes(labels)
    codes[named] = encode_labels(labels, classes, "y")
    check_classification_targets(labels)
    n_kept = len(kept)
    if n_kept > MAX_ALL_DIFFERENT and len(np.unique(codes[kept])) == n_kept:
        raise ValueError(
            f"y must hold classes, of which some have several samples; all {n_kept} "
            f"labels differ: {list_some(classes)}. They look like a regression target or "
            "an identifier: use a regressor, or pass the column that holds the classes."
        )
    return codes, classes


def is_label(entry):
    """Return whether an entry can be a label."""
    return isinstance(entry, Hashable) and not is_missing(entry)


def check_labels(y, name):
    """Validate labels and return them as a one-dimensional array."""
    if hasattr(y, "predict"):
        raise TypeError(
            f"{name} must hold labels; got the estimator {type(y).__name__}. Pass the "
            "labels, or what it predicts."
        )
    if np.ma.is_masked(y):
        raise ValueError(
            f"{name} must have a label for every sample; some are masked. Leave these "
            "samples out."
        )
    try:
        y = np.asarray(as_numpy(y))
    except ValueError as error:  # lists of several lengths
        raise ValueError(
            f"{name} must hold one label per sample, shape (n_samples,); got a "
            f"{type(y).__name__} that is no array: {error}"
        ) from error
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or not len(y):
        raise ValueError(
            f"{name} must hold one label per sample, shape (n_samples,); got shape "
            f"{y.shape}. Pass the labels of at least one sample, not probabilities."
        )
    missing = np.flatnonzero(missing_labels(y))
    if len(missing):
        raise ValueError(
            f"{name} must have a label for every sample; sample {missing[0]} has "
            f"{y[missing[0]]}. Leave samples without a label out."
        )
    if y.dtype == object and not all(map(is_label, y.tolist())):
        raise TypeError(
            f"{name} must hold labels that can be compared, such as strings and numbers; "
            f"got {list_some(y)}. Turn them into strings."
        )
    return y


def missing_labels(y):
    """Return which entries of an array are no label."""
    if y.dtype.kind in "mM":
        return np.isnat(y)
    if y.dtype.kind not in "fO":
        return np.zeros(y.shape, dtype=bool)
    missing = [is_missing(label) for label in y.ravel().tolist()]
    return np.reshape(np.array(missing, dtype=bool), y.shape)


def is_missing(label):
    """Return whether an entry is no label."""
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA is neither equal to itself nor not
        return True
    except (ValueError, RuntimeError):  # an array or a tensor has many values
        return False


def resolve_classes(labels, n_classes, *occurring):
    """Return the class of each column: those given, or those that occur."""
    if labels is None:
        return infer_classes(n_classes, *occurring)
    return check_classes(labels, n_classes)


def check_classes(labels, n_classes):
    """Validate the classes that columns, or rows of T, belong to."""
    classes = check_labels(labels, "labels").copy()
    n_different = len(set(classes.tolist()))
    if len(classes) != n_classes or n_different != n_classes:
        raise ValueError(
            f"labels must name {n_classes} different classes, one for each row of T or "
            f"column of y_proba; got {len(classes)}, of which {n_different} differ: "
            f"{list_some(classes)}."
        )
    return classes


def infer_classes(n_classes, *labels):
    """Return the class of each column where only the labels that occur are known."""
    if all(are_codes(y, n_classes) for y in labels):
        if min(y.min() for y in labels) == 0:
            return np.arange(n_classes)
        raise ValueError(
            f"the labels {list_some(sort_classes(*labels))} may be codes that start at "
            f"0 or at 1: y_proba has columns, or T rows, for {n_classes} classes, and 0 "
            "does not occur. Pass all classes as labels, in the order of the columns: "
            f"labels=range({n_classes}) for codes that start at 0."
        )
    classes = sort_classes(*labels)
    if len(classes) != n_classes:
        if len(classes) < n_classes:
            remedy = "Pass all classes as labels, in the order of the columns."
        else:
            remedy = "Leave out the samples of classes that have no column or row."
        raise ValueError(
            f"The columns of y_proba, or rows of T, are {n_classes} classes, but "
            f"{len(classes)} different labels occur: {list_some(classes)}. {remedy}"
        )
    return classes


def sort_classes(*labels):
    """Return the different labels in sorted order."""
    found = set().union(*(y.tolist() for y in labels))
    try:
        classes = sorted(found)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in found})
        raise ValueError(
            "y must hold labels of one kind, without missing values, and predictions "
            f"must name the classes as y does; got {kinds}. Drop samples without a "
            "label, or turn all labels into strings."
        ) from error
    return np.array(classes, dtype=labels[0].dtype if len(labels) == 1 else None)


def are_codes(y, n_classes):
    """Return whether labels are the numbers of columns."""
    return y.dtype.kind in "iu" and y.min() >= 0 and y.max() < n_classes


def encode_fitted_labels(y, classes):
    """Return the code of each label of samples that a fitted classifier judges."""
    return encode_labels(
        check_labels(y, "y"),
        classes,
        "y",
        "The classifier was not fitted to these classes: leave their samples out, or fit "
        "it again with samples of them.",
    )


def encode_labels(
    y,
    classes,
    name,
    remedy="Pass all classes as labels, or leave these samples out.",
):
    """Return the column of each label."""
    if are_codes(y, len(classes)) and np.array_equal(classes, np.arange(len(classes))):
        return y.astype(np.int64)
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    codes = np.array([code_of.get(label, -1) for label in y.tolist()], dtype=np.int64)
    if codes.min() < 0:
        raise ValueError(
            f"{name} must hold the classes {list_some(classes)}; got "
            f"{list_some(set(y[codes < 0].tolist()))} too. {remedy}"
        )
    return codes
