"""Statistics of rankings, by pairs of samples, as functions of the corrected weights.

With clean labels, no sample is paired with itself: it has one class. Noisy labels give it
a weight in every class, and the product of two of them has not the clean product, 0, as
its expectation. So pairs of a sample with itself are left out. Those of two samples stay,
as their noise is independent.
"""

import numpy as np

from sklnoise.metrics._label_statistics import average_classes, check_count, position_of

AVERAGES = ("macro", "weighted", None)
SCHEMES = ("raise", "ovr", "ovo")


class Ranking:
    """The order of a score, with the samples of one value together."""

    def __init__(self, scores):
        self.order = np.argsort(-scores, kind="stable")
        ranked = scores[self.order]
        self.starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])

    def group(self, weights):
        """Sum weights over the samples of each value, highest first."""
        return np.add.reduceat(weights[self.order], self.starts, axis=0)

    def count_pairs(self, higher, lower):
        """Sum the products of weights over pairs that are ranked right; a tie is half."""
        higher, lower = self.group(higher), self.group(lower)
        below = lower.sum(axis=0) - np.cumsum(lower, axis=0) + lower / 2
        return higher @ below


def roc_auc(samples, y_score, average="macro", multi_class="raise"):
    """Return the statistic of the area under the ROC curve."""
    check_average(average)
    if multi_class not in SCHEMES:
        raise ValueError(f"multi_class must be one of {SCHEMES}; got {multi_class!r}.")
    y_score, n_classes = samples.check_scores(y_score), len(samples.classes)
    if n_classes == 2:
        ranking = Ranking(column_of(y_score, 1))
        return lambda weights: one_vs_rest_auc(ranking, weights, 1, samples.classes)
    if multi_class == "raise":
        raise ValueError(
            f'multi_class must be "ovr" or "ovo" for the {n_classes} classes of T; got '
            '"raise", the default.'
        )
    if multi_class == "ovo" and average is None:
        raise ValueError('average must be "macro" or "weighted" with multi_class="ovo".')
    rankings = [Ranking(column) for column in y_score.T]

    def statistic(weights):
        counts = weights.of_classes.sum(axis=0)
        if multi_class == "ovo":
            return one_vs_one_auc(rankings, weights, average, samples.classes)
        scores = np.array(
            [
                one_vs_rest_auc(ranking, weights, k, samples.classes)
                for k, ranking in enumerate(rankings)
            ]
        )
        return average_classes(scores, average, counts)

    return statistic


def one_vs_rest_auc(ranking, weights, k, classes):
    """Return the share of pairs of class k and others in which it is ranked higher."""
    share = weights.inverse[weights.noisy, k]
    inside, outside = weights.weight * share, weights.weight * (1 - share)
    total = weights.weight.sum()
    check_count(inside.sum(), classes[k], total)
    check_count(outside.sum(), f"other than {classes[k]}", total)
    own = weights.self_weight @ (share * (1 - share))
    right = ranking.count_pairs(inside, outside) - own / 2
    return right / positive_pairs(inside.sum() * outside.sum() - own, classes[k], total)


def one_vs_one_auc(rankings, weights, average, classes):
    """Average the areas of all pairs of classes (Hand and Till, 2001)."""
    of_classes, total = weights.of_classes, weights.weight.sum()
    counts = of_classes.sum(axis=0)
    for count, label in zip(counts, classes, strict=True):
        check_count(count, label, total)
    shares = weights.inverse[weights.noisy]
    own = shares.T @ (weights.self_weight[:, np.newaxis] * shares)
    right = np.stack(
        [r.count_pairs(of_classes[:, k], of_classes) for k, r in enumerate(rankings)]
    )
    first, second = np.triu_indices(len(classes), k=1)
    pairs = np.outer(counts, counts) - own
    for a, b in zip(first, second, strict=True):
        positive_pairs(pairs[a, b], (classes[a], classes[b]), total)
    right -= own / 2
    areas = (right + right.T)[first, second] / (2 * pairs[first, second])
    return np.average(
        areas, weights=(counts[first] + counts[second]) if average == "weighted" else None
    )


def positive_pairs(n_pairs, label, total):
    """Return an estimated number of pairs, which must be above 0."""
    check_count(n_pairs / total, label, total)
    return n_pairs


def average_precision(samples, y_score, average="macro", pos_label=None):
    """Return the statistic of the average precision."""
    check_average(average)
    y_score, classes = samples.check_scores(y_score), samples.classes
    if len(classes) == 2:
        positive = position_of(pos_label, samples)
        ranking = Ranking(column_of(y_score, positive))
        return lambda weights: precision_of_class(ranking, weights, positive, classes)
    if pos_label is not None:
        raise ValueError(
            "pos_label must be None for more than two classes, each of which is the "
            f"positive one in turn; got {pos_label!r}."
        )
    rankings = [Ranking(column) for column in y_score.T]

    def statistic(weights):
        scores = np.array(
            [
                precision_of_class(ranking, weights, k, classes)
                for k, ranking in enumerate(rankings)
            ]
        )
        return average_classes(scores, average, weights.of_classes.sum(axis=0))

    return statistic


def precision_of_class(ranking, weights, k, classes):
    """Average the precision at each sample of a class."""
    share = weights.inverse[weights.noisy, k]
    inside = weights.weight * share
    check_count(inside.sum(), classes[k], weights.weight.sum())
    hits, sizes = ranking.group(inside), np.cumsum(ranking.group(weights.weight))
    # A sample precedes itself once: with its weight, not with the square of it.
    own = ranking.group(weights.self_weight * share * (share - 1))
    pairs = hits * np.cumsum(hits) - own
    precisions = np.divide(pairs, sizes, out=np.zeros_like(pairs), where=sizes > 0)
    return precisions.sum() / inside.sum()


def column_of(y_score, k):
    """Return the score of one of two classes, where that of the second may be all."""
    if y_score.ndim == 2:
        return y_score[:, k]
    return y_score if k == 1 else -y_score


def check_average(average):
    """Raise a ValueError for an average that rankings do not have."""
    if not isinstance(average, str | None) or average not in AVERAGES:
        raise ValueError(f"average must be one of {list(AVERAGES)}; got {average!r}.")
