"""Statistics of rankings, by pairs of samples, as functions of the corrected weights.

With clean labels, no sample is paired with itself: it has one class. Noisy labels give it
a weight in every class, and the product of two of them has not the clean product, 0, as
its expectation. So pairs of a sample with itself are left out. Those of two samples stay,
as their noise is independent.
"""

import numpy as np

from sklnoise.metrics._label_statistics import average_classes, check_counts, position_of

AVERAGES = ("macro", "weighted", None)
SCHEMES = ("raise", "ovr", "ovo")


class Rankings:
    """The order of each column of scores, highest first, and where ties start and end."""

    def __init__(self, scores):
        n_samples = len(scores)
        self.order = np.argsort(-scores, axis=0, kind="stable")
        ranked = np.take_along_axis(scores, self.order, 0)
        differs = ranked[1:] != ranked[:-1]
        edge = np.ones((1, scores.shape[1]), dtype=bool)
        at = np.arange(n_samples)[:, np.newaxis]
        first, last = np.concatenate([edge, differs]), np.concatenate([differs, edge])
        self.start = np.maximum.accumulate(np.where(first, at, 0), axis=0)
        end = np.where(last, at + 1, n_samples)[::-1]
        self.end = np.minimum.accumulate(end, axis=0)[::-1]

    def sort(self, weights):
        """Sort a column of weights by each score."""
        return np.take_along_axis(weights, self.order, 0)

    def count_pairs(self, higher, lower):
        """Sum the products of weights over pairs that are ranked right; a tie is half."""
        before = cumulate(self.sort(lower))
        half = np.take_along_axis(before, self.start, 0)
        half += np.take_along_axis(before, self.end, 0)
        return np.einsum("nk,nk->k", self.sort(higher), before[-1] - half / 2)


def cumulate(weights):
    """Return the sums of the first 0, 1, 2, ... weights."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums


def roc_auc(samples, y_score, average="macro", multi_class="raise"):
    """Return the statistic of the area under the ROC curve."""
    check_average(average)
    if multi_class not in SCHEMES:
        raise ValueError(f"multi_class must be one of {SCHEMES}; got {multi_class!r}.")
    y_score, classes = samples.check_scores(y_score), samples.classes
    if len(classes) == 2:
        rankings = Rankings(column_of(y_score, 1))
        return lambda weights: one_vs_rest_auc(rankings, weights, [1], classes)[0]
    if multi_class == "raise":
        raise ValueError(
            f'multi_class must be "ovr" or "ovo" for the {len(classes)} classes of T; '
            'got "raise", the default.'
        )
    if multi_class == "ovo":
        if average is None:
            raise ValueError(
                'average must be "macro" or "weighted" of multi_class="ovo".'
            )
        rankings = [Rankings(column[:, np.newaxis]) for column in y_score.T]
        return lambda weights: one_vs_one_auc(rankings, weights, average, classes)
    rankings, each = Rankings(y_score), np.arange(len(classes))

    def statistic(weights):
        scores = one_vs_rest_auc(rankings, weights, each, classes)
        return average_classes(scores, average, weights.of_classes.sum(axis=0))

    return statistic


def one_vs_rest_auc(rankings, weights, columns, classes):
    """Return the share of pairs of a class and others in which it is ranked higher."""
    share = weights.inverse[weights.noisy][:, columns]
    weight, total = weights.weight[:, np.newaxis], weights.weight.sum()
    inside, outside = weight * share, weight * (1 - share)
    own = weights.self_weight @ (share * (1 - share))
    count = inside.sum(axis=0)
    n_pairs = count * (total - count) - own
    check_counts(np.minimum(count, n_pairs / total), classes[columns], total)
    return (rankings.count_pairs(inside, outside) - own / 2) / n_pairs


def one_vs_one_auc(rankings, weights, average, classes):
    """Average the areas of all pairs of classes (Hand and Till, 2001)."""
    of_classes, total = weights.of_classes, weights.weight.sum()
    count = of_classes.sum(axis=0)
    shares = weights.inverse[weights.noisy]
    own = shares.T @ (weights.self_weight[:, np.newaxis] * shares)
    right = np.stack([count_by_class(r, k, of_classes) for k, r in enumerate(rankings)])
    right -= own / 2
    n_pairs = np.outer(count, count) - own
    np.fill_diagonal(n_pairs, np.inf)
    check_counts(np.minimum(count, n_pairs.min(axis=1) / total), classes, total)
    first, second = np.triu_indices(len(classes), k=1)
    areas = (right + right.T)[first, second] / (2 * n_pairs[first, second])
    sizes = count[first] + count[second]
    return np.average(areas, weights=sizes if average == "weighted" else None)


def count_by_class(ranking, k, of_classes):
    """Sum pairs of class k and each class that one score ranks right; a tie is half."""
    ranked = of_classes[ranking.order[:, 0]]
    before = cumulate(ranked)
    half = before[ranking.start[:, 0]] + before[ranking.end[:, 0]]
    return ranked[:, k] @ (before[-1] - half / 2)


def average_precision(samples, y_score, average="macro", pos_label=None):
    """Return the statistic of the average precision."""
    check_average(average)
    y_score, classes = samples.check_scores(y_score), samples.classes
    if len(classes) == 2:
        positive = position_of(pos_label, samples)
        rankings = Rankings(column_of(y_score, positive))
        return lambda weights: mean_precision(rankings, weights, [positive], classes)[0]
    if pos_label is not None:
        raise ValueError(
            "pos_label must be None for more than two classes, each of which is the "
            f"positive one in turn; got {pos_label!r}."
        )
    rankings, each = Rankings(y_score), np.arange(len(classes))

    def statistic(weights):
        scores = mean_precision(rankings, weights, each, classes)
        return average_classes(scores, average, weights.of_classes.sum(axis=0))

    return statistic


def mean_precision(rankings, weights, columns, classes):
    """Average the precision at each sample of a class, by columns."""
    share = weights.inverse[weights.noisy][:, columns]
    weight = weights.weight[:, np.newaxis]
    inside = weight * share
    count = inside.sum(axis=0)
    check_counts(count, classes[columns], weights.weight.sum())
    inside, every = rankings.sort(inside), np.broadcast_to(weight, share.shape)
    hits = np.take_along_axis(cumulate(inside), rankings.end, 0)
    sizes = np.take_along_axis(cumulate(rankings.sort(every)), rankings.end, 0)
    # A sample precedes itself once: with its weight, not with the square of it.
    own = rankings.sort(weights.self_weight[:, np.newaxis] * share * (share - 1))
    pairs = inside * hits - own
    precisions = np.divide(pairs, sizes, out=np.zeros_like(pairs), where=sizes > 0)
    return precisions.sum(axis=0) / count


def column_of(y_score, k):
    """Return the score of one of two classes, where that of the second may be all."""
    if y_score.ndim == 2:
        return y_score[:, [k]]
    return (y_score if k == 1 else -y_score)[:, np.newaxis]


def check_average(average):
    """Raise a ValueError for an average that rankings do not have."""
    if not isinstance(average, str | None) or average not in AVERAGES:
        raise ValueError(f"average must be one of {list(AVERAGES)}; got {average!r}.")
