"""Statistics of predicted labels, as functions of the corrected weights."""

import numpy as np

from sklnoise._text import list_some
from sklnoise.metrics._corrected_weights import UndefinedScoreError

AVERAGES = ("binary", "micro", "macro", "weighted", None)


def accuracy(samples, y_pred):
    """Return the statistic of the accuracy."""
    predicted = samples.encode(y_pred)
    return lambda weights: weights.mean_of(predicted)


def pair_scores(samples, y_pred, scores):
    """Return the statistic of the mean score of clean classes and predictions."""
    scores_of_samples = scores.T[samples.encode(y_pred)]
    return lambda weights: weights.mean(scores_of_samples)


def balanced_accuracy(samples, y_pred):
    """Return the statistic of the mean recall of the clean classes."""
    predicted = samples.encode(y_pred)

    def statistic(weights):
        confusion = weights.confusion(predicted)
        counts = confusion.sum(axis=1)
        # Rounding leaves a class that is absent a tiny count.
        present = counts > 1e-12 * weights.weight.sum()
        return np.mean(confusion.diagonal()[present] / counts[present])

    return statistic


def f1(samples, y_pred, average="binary", pos_label=None):
    """Return the statistic of the F1 score."""
    if not isinstance(average, str | None) or average not in AVERAGES:
        raise ValueError(f"average must be one of {list(AVERAGES)}; got {average!r}.")
    positive = position_of(pos_label, samples) if average == "binary" else None
    predicted = samples.encode(y_pred)

    def statistic(weights):
        confusion = weights.confusion(predicted)
        hits, counts = confusion.diagonal(), confusion.sum(axis=1)
        sizes = counts + confusion.sum(axis=0)
        if average == "micro":
            return 2 * hits.sum() / sizes.sum()
        scores = np.divide(2 * hits, sizes, out=np.zeros_like(hits), where=sizes > 0)
        return average_classes(scores, average, counts, positive)

    return statistic


def average_classes(scores, average, counts, positive=None):
    """Average the scores of the clean classes."""
    if positive is not None:
        return scores[positive]
    if average is None:
        return scores
    return np.average(scores, weights=counts if average == "weighted" else None)


def position_of(pos_label, samples):
    """Return the code of the positive class, the second of two by default."""
    classes = samples.classes.tolist()
    if len(classes) != 2:
        raise ValueError(
            f'average="binary" needs two classes, but T has {len(classes)} rows. Pass '
            'average="macro", "weighted", "micro" or None.'
        )
    if pos_label is None:
        return 1
    if pos_label not in classes:
        raise ValueError(
            f"pos_label must be one of the classes {list_some(classes)}; got "
            f"{pos_label!r}."
        )
    return classes.index(pos_label)


def check_counts(counts, classes, total):
    """Raise an error unless the estimated counts of clean classes are above 0."""
    lacking = ~(counts > 1e-12 * total)
    if lacking.any():
        raise UndefinedScoreError(
            "the estimated numbers of clean samples of each class, and of pairs with "
            f"others, must be above 0; for {list_some(np.asarray(classes)[lacking])} "
            "they are not. Score on more samples, or leave these classes out of the "
            "samples and of T."
        )
