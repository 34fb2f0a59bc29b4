"""What a fit has found out about the noise, and how far that can be trusted."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.utils import Bunch

from sklnoise._transition_matrix import clean_prior, swappable_pairs
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._transition import fit_to_occurring
from sklnoise.exceptions import WeakFirstPassWarning
from sklnoise.issues import clean_posterior
from sklnoise.transition import ConfidentJointEstimator, LabelFrequencyEstimator

NORMAL_95 = 1.96

# Total variation below which two rows of T are too alike to tell the classes apart.
MIN_DISTANCE = 0.1

# Other estimates, whose distance is a measure of bias: standard errors do not show it.
REFERENCES = LabelFrequencyEstimator(share=0.05), ConfidentJointEstimator()

# Weakness above which noise and errors of the first pass look alike. Chosen on
# nine hard data sets without noise, of whose runs 93 % lie above, and on six easier ones
# with noise of .2 to .4, of whose runs 98 % lie below.
MAX_WEAKNESS = 0.27

# Samples that the diagnostics, which are means, are computed from.
MAX_SAMPLES = 10_000

# Clean posterior from which a sample counts as an anchor of its class.
ANCHOR_THRESHOLD = 0.95


def summarize_fit(transition, first_pass, data):
    """Summarize the noise that a fit has found, and warn if it may be error."""
    # Trusted labels are right: the noise is that of the other samples.
    judged, y_proba = data.untrusted_rows, None
    if first_pass is not None:
        judged = judged[first_pass.is_held_out[judged]]
        y_proba = first_pass.y_proba[judged]
    says_nothing = transition.estimator is None and not transition.is_known
    if says_nothing or not len(judged):
        return empty_summary()
    summary = summarize(
        transition,
        data.classes,
        data.y[judged],
        data.sample_weight[judged],
        y_proba=y_proba,
        classes_are_named=data.trusted.any(),
    )
    if summary.weak_first_pass:
        warn_of_weakness(summary)
    return summary


def summarize(
    transition, classes, y, sample_weight, *, y_proba=None, classes_are_named=False
):
    """Summarize the noise of samples, by T and the probabilities of a first pass."""
    T = transition.matrix
    mass = np.bincount(y, weights=sample_weight, minlength=len(T))
    prior, prior_error = clean_prior(T, mass / mass.sum(), mass.sum())
    rates = noise_rates(T, prior)
    sampling, bias = np.zeros((2, len(rates)))
    if not transition.is_known:
        of_diagonal = transition.standard_error.diagonal()
        sampling = np.append(of_diagonal, np.linalg.norm(prior * of_diagonal))
        bias = disagreement(T, prior, y_proba, y, sample_weight, classes_are_named)
    error = np.hypot(sampling, bias)
    error[-1] = np.hypot(error[-1], error_by_prior(T, prior_error))
    interval = np.clip(rates + np.outer([-NORMAL_95, NORMAL_95], error), 0, 1).T

    diagnostics = anchors = is_weak = None
    if y_proba is not None:
        diagnostics, anchors = diagnose(y_proba, y, sample_weight, T)
        # Where T claims no noise, errors are not taken for it.
        claims_noise = rates[-1] > 2 * sampling[-1]
        is_weak = not transition.is_known and bool(
            claims_noise and shows_weakness(diagnostics)
        )
    return Bunch(
        noise_rate=float(rates[-1]),
        noise_rate_interval=tuple(interval[-1].tolist()),
        noise_rate_per_class=rates[:-1],
        noise_rate_per_class_interval=interval[:-1],
        condition_number=float(np.linalg.cond(T)),
        dominated_classes=dominated_classes(T, classes),
        indistinguishable_classes=indistinguishable_classes(T, classes),
        pooled_classes=classes[transition.pooled].tolist(),
        anchors_per_class=anchors,
        weak_first_pass=is_weak,
        diagnostics=diagnostics,
        identity_share=0.0,
        even_share=0.0,
    )


def empty_summary():
    """Return the summary where a loss without T says nothing about the noise."""
    return Bunch(
        noise_rate=None,
        noise_rate_interval=None,
        noise_rate_per_class=None,
        noise_rate_per_class_interval=None,
        condition_number=1.0,
        dominated_classes=[],
        indistinguishable_classes=[],
        pooled_classes=[],
        anchors_per_class=None,
        weak_first_pass=None,
        diagnostics=None,
        identity_share=None,
        even_share=None,
    )


def noise_rates(transition_matrix, prior):
    """Return the share of wrong labels of each clean class, and of all samples."""
    # Rows of a learned or given T sum to 1 but for rounding.
    wrong = (1 - transition_matrix.diagonal()).clip(0, 1)
    return np.append(wrong, prior @ wrong)


def disagreement(transition_matrix, prior, y_proba, y, sample_weight, classes_are_named):
    """Return how far the noise rates are from those of other estimates of T."""
    rates = noise_rates(transition_matrix, prior)
    distances = []
    for reference in map(clone, REFERENCES):
        fitted = fit_to_occurring(reference, y_proba, y, sample_weight, np.unique(y))
        other = fitted.transition_matrix_
        # References from noisy labels alone may have the names of classes swapped.
        if classes_are_named:
            distance = cdist(transition_matrix, other, "cityblock")
            other = other[linear_sum_assignment(distance)[1]]
        distances.append(np.abs(noise_rates(other, prior) - rates))
    return np.max(distances, axis=0)


def error_by_prior(transition_matrix, prior_error):
    """Return the error of the noise rate that comes from that of the clean prior."""
    diagonal = transition_matrix.diagonal()
    # With the same rate in each class the prior does not matter, however uncertain.
    uneven = diagonal - diagonal.mean()
    matters = np.abs(uneven) > 1e-12
    return np.linalg.norm(uneven[matters] * prior_error[matters])


def dominated_classes(transition_matrix, classes):
    """Find the classes that are labelled as another class more often than correctly."""
    is_dominated = transition_matrix.diagonal() < transition_matrix.max(axis=1)
    return classes[is_dominated].tolist()


def indistinguishable_classes(transition_matrix, classes):
    """Find the classes that noisy labels alone cannot tell apart."""
    T = transition_matrix
    distance = cdist(T, T, "cityblock") / 2
    alike = np.argwhere(np.triu(distance < MIN_DISTANCE, k=1))
    pairs = {*map(tuple, swappable_pairs(T).tolist()), *map(tuple, alike.tolist())}
    names = classes.tolist()
    return [(names[i], names[j]) for i, j in sorted(pairs)]


def diagnose(y_proba, y, sample_weight, transition_matrix):
    """Compute what shows whether a first pass is weak, and count its anchors."""
    weight = sample_weight
    if len(y) > MAX_SAMPLES:
        # Not every k-th one: data are often ordered by class.
        drawn = np.sort(np.random.RandomState(0).permutation(len(y))[:MAX_SAMPLES])
        y_proba, y, weight = y_proba[drawn], y[drawn], weight[drawn]
    clean = clean_posterior(y_proba, transition_matrix)
    certainty, clean_class = clean.max(axis=1), clean.argmax(axis=1)
    is_anchor = certainty >= ANCHOR_THRESHOLD
    anchors = np.bincount(
        clean_class[is_anchor], weights=weight[is_anchor], minlength=len(clean[0])
    )
    agrees = y_proba.argmax(axis=1) == y
    ambiguity = 1 - np.average(certainty, weights=weight)
    gain, gain_error = top_agreement_gain(y_proba, agrees, weight)
    accuracy, accuracy_error = accuracy_over_majority(agrees, y, weight)
    numbers = {
        "ambiguity": ambiguity,
        "top_agreement_gain": gain,
        "top_agreement_gain_error": gain_error,
        "accuracy_over_majority": accuracy,
        "accuracy_over_majority_error": accuracy_error,
        # The gain as far as it exceeds its error.
        "weakness": ambiguity + max(0.0, gain - gain_error),
    }
    diagnostics = Bunch(**{name: float(value) for name, value in numbers.items()})
    return diagnostics, anchors * (sample_weight.sum() / weight.sum())


def shows_weakness(diagnostics):
    """Return whether the noise that T claims may be the first pass' own error."""
    hardly_better = (
        diagnostics.accuracy_over_majority <= 2 * diagnostics.accuracy_over_majority_error
    )
    return diagnostics.weakness > MAX_WEAKNESS or hardly_better


def top_agreement_gain(y_proba, agrees, sample_weight):
    """Compare the labels of the top scores with those of the scores below."""
    predicted, score = y_proba.argmax(axis=1), y_proba.max(axis=1)
    order = np.lexsort((-score, predicted))
    mass = np.bincount(predicted, weights=sample_weight, minlength=y_proba.shape[1])
    start = np.cumsum(mass) - mass
    within = predicted[order]
    reached = np.cumsum(sample_weight[order]) - sample_weight[order] / 2
    # Quarters within each predicted class, as scores of classes differ.
    rank = (reached - start[within]) / mass[within]
    parts = [order[rank < 0.25], order[(rank >= 0.25) & (rank < 0.5)]]
    if not all(len(part) for part in parts):
        return 0.0, 1.0  # nothing is known of a difference of two shares
    top, second = (np.average(agrees[p], weights=sample_weight[p]) for p in parts)
    variance = sum(
        share * (1 - share) / sample_weight[part].sum()
        for share, part in zip((top, second), parts)
    )
    return top - second, np.sqrt(variance)


def accuracy_over_majority(agrees, y, sample_weight):
    """Compare the first pass with a classifier that predicts the most frequent label."""
    by_chance = np.bincount(y, weights=sample_weight).argmax() == y
    gain = agrees.astype(float) - by_chance
    mean = np.average(gain, weights=sample_weight)
    variance = np.average(np.square(gain - mean), weights=sample_weight)
    return mean, np.sqrt(variance / sample_weight.sum())


def warn_of_weakness(summary):
    """Warn that the noise that was found may be error."""
    diagnostics = summary.diagnostics
    warn_caller(
        f"the first pass cannot tell label noise from its own errors: T claims that "
        f"{summary.noise_rate:.0%} of the labels are wrong, but its weakness is "
        f"{diagnostics.weakness:.2f} (noise with a strong first pass: below "
        f"{MAX_WEAKNESS}), and its accuracy on the noisy labels is "
        f"{diagnostics.accuracy_over_majority:.0%} above that of the most frequent "
        "label. Clean but hard data look the same. Use a stronger network or "
        "first_pass, mark trusted samples, pass a known transition, or use "
        'correction="none"; "auto" takes that then.',
        WeakFirstPassWarning,
    )
