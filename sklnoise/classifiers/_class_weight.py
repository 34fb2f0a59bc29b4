"""The parameter `class_weight`: weights of the clean classes in what is predicted."""

from numbers import Real

import numpy as np

from sklnoise._text import list_some, shorten
from sklnoise._transition_matrix import solve_prior


def check_class_weight(class_weight, classes, criterion_weight):
    """Raise a ValueError if the weights of the classes are not valid."""
    if class_weight is None:
        return
    if criterion_weight is not None:
        raise ValueError(
            f"class_weight={shorten(repr(class_weight))} and the criterion__weight of "
            "the net would weight the classes twice; set one of them."
        )
    if isinstance(class_weight, str):
        return
    unknown = [label for label in class_weight if label not in classes.tolist()]
    if unknown:
        raise ValueError(
            "class_weight must be a dict from classes to weights; the classes are "
            f"{list_some(classes)}, got {list_some(unknown)}."
        )
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 < weight < np.inf:
            raise ValueError(
                "class_weight must hold finite weights above 0; got "
                f"{shorten(repr(weight))} for class {shorten(label)}."
            )


def resolve_class_weight(class_weight, transition_matrix, data):
    """Return the weight of each clean class, of mean 1 over the samples, or None."""
    if class_weight is None:
        return None
    counts = clean_counts(transition_matrix, data)
    if isinstance(class_weight, str):
        # A class that T leaves no sample of is weighted as if it had one.
        weight = 1 / counts.clip(min=1)
    else:
        weight = [class_weight.get(label, 1.0) for label in data.classes.tolist()]
    return np.multiply(weight, counts.sum() / np.dot(weight, counts))


def clean_counts(transition_matrix, data):
    """Return the number of samples of each clean class that T and the labels imply."""
    if getattr(data, "posterior", None) is not None:  # by several annotators
        return data.sample_weight @ data.posterior
    is_trusted = data.trusted[data.rows]
    labels, mass = data.y[data.rows], data.sample_weight[data.rows]
    noisy, trusted = (
        np.bincount(labels[part], mass[part], minlength=data.n_classes)
        for part in (~is_trusted, is_trusted)
    )
    if not noisy.any():
        return trusted
    return trusted + noisy.sum() * solve_prior(transition_matrix, noisy / noisy.sum())


def put_in_class_weight(y_proba, class_weight):
    """Return the probabilities that weighted cross-entropy would have learned."""
    if class_weight is None:
        return y_proba
    weighted = y_proba * (class_weight / class_weight.max())
    weighted /= weighted.sum(axis=1, keepdims=True)
    return weighted.astype(y_proba.dtype)
