"""Checks after the refit: was anything learned, are classes lost or exchanged?"""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import entropy, poisson
from sklearn.exceptions import ConvergenceWarning

from sklnoise._text import enumerate_names, shorten
from sklnoise._transition_matrix import clean_prior
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._scale import scale_of_refit
from sklnoise.exceptions import ClassCollapseWarning, PermutedClassesWarning
from sklnoise.training import predict_proba, stops_by_itself, take_out_class_weight

# A class that is predicted for less than this share of the samples that T implies has
# collapsed, unless it keeps its probability: a rare class that overlaps with others need
# not be the most probable one anywhere.
COLLAPSED_SHARE = 0.1

# Share for a class that is hardly predicted at all, which needs less evidence. Without T
# only this is told, as most labels of a rare class may then be noise.
VANISHED_SHARE = 0.01

# Factor by which the total probability of a class that has kept it may be off.
MAX_PROBABILITY_RATIO = 2

# Probability by which chance may predict so few samples.
MAX_CHANCE = 0.01

# Samples that are predicted again: each more would cost as much as a step of training.
MIN_JUDGED = 1000
MIN_JUDGED_PER_CLASS = 100

# Of the loss of guessing, from which a network has learned next to nothing.
MAX_OF_GUESSING = 0.97

# Gain in total variation from which rows of T count as permuted, not as alike.
MIN_DRIFT = 0.1


def check_refit(result, start, data, class_weight=None):
    """Warn if the refit has permuted or lost classes."""
    warn_of_permutation(result.transition_matrix, start.matrix, data.classes)
    # Trusted samples need not be drawn like the others: they imply no prior.
    rows = data.untrusted_rows
    if not len(rows):
        return
    drawn, stands_for = draw_judged(data.y[rows], data.n_classes)
    judged = rows[drawn]
    y_proba = take_out_class_weight(
        predict_proba(result.net, data.X, judged), class_weight
    )
    weight = stands_for * data.sample_weight[judged]
    scale = scale_of_refit(result.net, data.X)
    if not stops_by_itself(result.net, data.sample_weight[data.rows].sum()):
        warn_of_guessing(
            y_proba @ result.transition_matrix, data.y[judged], weight, scale
        )
    warn_of_collapse(
        y_proba,
        data.y[judged],
        weight,
        replace(start, matrix=result.transition_matrix),
        data.classes,
        scale,
    )


def draw_judged(y, n_classes):
    """Draw some samples of each noisy label, so that no rare class is missed."""
    most = max(MIN_JUDGED_PER_CLASS, MIN_JUDGED // n_classes)
    shuffled = np.random.default_rng(0).permutation(len(y))
    by_label = shuffled[np.argsort(y[shuffled], kind="stable")]
    counts = np.bincount(y, minlength=n_classes)
    # Of each label the first `most`, in random order.
    rank = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    positions = np.sort(by_label[rank < most])
    return positions, (counts / np.clip(counts, 1, most))[y[positions]]


def warn_of_guessing(y_proba, y, sample_weight, scale=""):
    """Warn if the noisy labels are predicted hardly better than by their frequencies."""
    share = np.bincount(y, sample_weight, minlength=y_proba.shape[1])
    guessing = entropy(share)
    likelihood = y_proba[np.arange(len(y)), y].clip(min=np.finfo(np.float32).tiny)
    loss = -np.average(np.log(likelihood), weights=sample_weight)
    if guessing > 0 and loss > MAX_OF_GUESSING * guessing:
        warn_caller(
            f"the network has hardly learned: its loss on the labels is {loss:.3g} where "
            f"that of guessing is {guessing:.3g}, when its steps ran out. Raise the "
            f"learning rate or the number of epochs, or scale X.{scale}",
            ConvergenceWarning,
        )


def warn_of_collapse(y_proba, y, sample_weight, transition, classes, scale=""):
    """Warn if a class that the labels imply has vanished from the predictions."""
    implied, deviation = implied_counts(transition, y, sample_weight)
    predicted = np.bincount(y_proba.argmax(axis=1), sample_weight, minlength=len(classes))
    vanished = predicted <= np.maximum(1, VANISHED_SHARE * implied)
    vanished &= 2 * deviation <= implied
    vanished &= poisson.cdf(predicted, implied) < MAX_CHANCE
    few = predicted <= COLLAPSED_SHARE * implied
    few &= chance_of(predicted, implied, deviation) < MAX_CHANCE
    if transition.is_known or transition.estimator is not None:
        vanished |= few
    is_lost = vanished & ~keeps_probability(y_proba, y, sample_weight, implied)
    lost = np.flatnonzero(is_lost)
    if len(lost):
        names = [shorten(name) for name in classes[lost].tolist()]
        named = enumerate_names(
            f"{name} ({predicted[i]:.3g} samples predicted, {implied[i]:.3g} implied)"
            for i, name in zip(lost, names)
        )
        warn_caller(
            f"the refit has lost {len(lost)} of {len(classes)} classes: {named}. Implied "
            "is what solves Tᵀ prior = frequencies of the noisy labels; without T, the "
            "labels themselves. Train longer, lower the learning rate, raise warm_up, "
            'start from refit="first-pass", use another correction, or check T.' + scale,
            ClassCollapseWarning,
        )


def implied_counts(transition, y, sample_weight):
    """Return how many samples of each class the labels imply, with a standard error."""
    T = transition.matrix
    mass = np.bincount(y, sample_weight, minlength=len(T))
    n_samples = mass.sum()
    prior, error = clean_prior(T, mass / n_samples, n_samples, transition.standard_error)
    # A class that no label names may be one without samples.
    return n_samples * np.where(mass > 0, prior, 0), n_samples * error


def chance_of(predicted, implied, deviation):
    """Return the probability of so few samples of a class where so many are implied."""
    # Counts that vary more than Poisson's, as those behind noise do, are worth fewer.
    variance = np.square(deviation)
    spread = np.divide(variance, implied, out=np.ones(len(implied)), where=implied > 0)
    spread = spread.clip(min=1)
    return poisson.cdf(predicted / spread, implied / spread)


def keeps_probability(y_proba, y, sample_weight, implied):
    """Return for each class whether its probability is that of a calibrated net."""
    total = sample_weight @ y_proba
    mass, on_its_label = np.zeros((2, len(implied)))
    np.add.at(mass, y, sample_weight)
    np.add.at(on_its_label, y, sample_weight * y_proba[np.arange(len(y)), y])
    # Samples that bear the label should not be less probable than all samples.
    is_ranked = on_its_label * mass.sum() >= total * mass
    ratio = MAX_PROBABILITY_RATIO
    return is_ranked & (total * ratio >= implied) & (total <= ratio * implied)


def warn_of_permutation(learned, start, classes):
    """Warn if rows of a learned T have changed places since the start."""
    distance = cdist(learned, start, "cityblock") / 2
    rows, places = linear_sum_assignment(distance)
    gain = distance.trace() - distance[rows, places].sum()
    moved = np.flatnonzero(rows != places)
    if gain > MIN_DRIFT and len(moved):
        named = ", ".join(
            f"{shorten(classes[i])} → {shorten(classes[places[i]])}" for i in moved
        )
        warn_caller(
            "the learned T no longer names the classes: rows have come to look like "
            f"those that other classes started with ({named}), so that predictions of "
            "these classes are likely exchanged. Start from a better transition, lower "
            "the learning rate, or mark a few samples as trusted.",
            PermutedClassesWarning,
        )
