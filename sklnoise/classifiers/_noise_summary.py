"""What a fit has found out about the noise, and how far that can be trusted."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.utils import Bunch

from sklnoise._held_out import measure_gain
from sklnoise._transition_matrix import clean_prior, swappable_pairs
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._noise_text import BOUND, ESTIMATED, NOTHING, weakness_sentence
from sklnoise.classifiers._scale import scale_of_first_pass
from sklnoise.classifiers._transition import fit_to_occurring
from sklnoise.exceptions import WeakFirstPassWarning
from sklnoise.issues._clean_posterior import solve_clean
from sklnoise.transition import AgreementEstimator

NORMAL_95 = 1.96

# Total variation below which two rows of T are too alike to tell the classes apart.
MIN_DISTANCE = 0.1

# Width of a 95 % interval up to which a noise rate counts as estimated. Chosen on one
# half of the public tables: where an estimate is off by more than .06 it is wider.
MAX_WIDTH = 0.125

# Noise rate that is worth a warning, if it may be error.
MIN_CLAIM = 0.02

# Accuracy above that of the most frequent label, up to which a model has learned little.
MAX_GAIN_OF_POOR = 0.1

# Probabilities of the samples that the anchors are counted in, as of 100 classes if they
# have fewer, and the steps in which their clean posterior comes near enough.
MAX_VALUES, MIN_CLASSES, MAX_STEPS = 1_000_000, 100, 30

# Clean posterior from which a sample counts as an anchor of its class.
ANCHOR_THRESHOLD = 0.95


def summarize_fit(transition, first_pass, data):
    """Summarize the noise that a fit has found, and warn if it may be error."""
    summary = summarize_held_out(transition, first_pass, data)
    if summary.weak_first_pass:
        warn_caller(
            weakness_sentence(summary) + " Use a stronger network or first_pass, mark "
            "trusted samples, pass a known transition, or compare with "
            'correction="none", as "auto" does.'
            + scale_of_first_pass(first_pass, data.X),
            WeakFirstPassWarning,
        )
    return summary


def summarize_held_out(transition, first_pass, data):
    """Summarize the noise that the samples held out by a first pass show."""
    # Trusted labels are right: the noise is that of the other samples.
    judged, y_proba = data.untrusted_rows, None
    if first_pass is not None:
        judged = judged[first_pass.is_held_out[judged]]
        y_proba = first_pass.y_proba[judged]
    says_nothing = transition.estimator is None and not transition.is_known
    if says_nothing or not len(judged):
        return empty_summary()
    return summarize(
        transition,
        data.classes,
        data.y[judged],
        data.sample_weight[judged],
        y_proba=y_proba,
        classes_are_named=data.trusted.any(),
    )


def summarize(
    transition, classes, y, sample_weight, *, y_proba=None, classes_are_named=False
):
    """Summarize the noise of samples, by T and the probabilities of a first pass."""
    T = transition.matrix
    mass = np.bincount(y, weights=sample_weight, minlength=len(T))
    prior, prior_error = clean_prior(T, mass / mass.sum(), mass.sum())
    wrong = (1 - T.diagonal()).clip(0, 1)  # rows sum to 1 but for rounding
    rate = float(prior @ wrong)
    below = above = error_by_prior(T, prior_error)
    class_error = np.zeros(len(T))
    diagnostics = anchors = None
    verdict, class_verdicts = "known", ["known"] * len(T)
    if y_proba is not None:
        anchors = count_anchors(y_proba, sample_weight, T)
        gain = measure_gain(y_proba, y, sample_weight)
        diagnostics = Bunch(
            impurity=None,
            accuracy_over_majority=gain.accuracy,
            accuracy_over_majority_error=gain.accuracy_error,
            log_likelihood_gain=gain.log_likelihood,
            log_likelihood_gain_error=gain.log_likelihood_error,
        )
    if not transition.is_known:
        curve = transition.estimator
        if not isinstance(curve, AgreementEstimator):
            curve = fit_to_occurring(
                AgreementEstimator(), y_proba, y, sample_weight, np.unique(y)
            )
        diagnostics.impurity = curve.impurity_
        below, above, class_error = errors_of_estimate(
            transition, curve, prior, rate, classes_are_named
        )
        if not gain.is_beyond_chance:
            verdict, class_verdicts = NOTHING, [NOTHING] * len(T)
        else:
            verdict = judge(below + above)
            class_verdicts = [judge(2 * error) for error in class_error]
    interval = support(rate - below, rate + above, verdict)
    class_interval = [
        support(*ends, answer)
        for *ends, answer in zip(wrong - class_error, wrong + class_error, class_verdicts)
    ]
    is_weak = None
    if y_proba is not None:
        may_be_error = verdict == BOUND and diagnostics.impurity > rate
        # With few samples nothing can be said of the model either.
        most = gain.accuracy + NORMAL_95 * gain.accuracy_error
        is_poor = verdict == NOTHING and most < MAX_GAIN_OF_POOR
        is_weak = rate > MIN_CLAIM and (may_be_error or is_poor)
    return Bunch(
        noise_rate=rate,
        noise_rate_interval=interval,
        noise_rate_per_class=wrong,
        noise_rate_per_class_interval=np.array(class_interval),
        verdict=verdict,
        verdict_per_class=class_verdicts,
        condition_number=float(np.linalg.cond(T)),
        dominated_classes=dominated_classes(T, classes),
        indistinguishable_classes=indistinguishable_classes(T, classes),
        pooled_classes=classes[transition.pooled].tolist(),
        anchors_per_class=anchors,
        weak_first_pass=is_weak,
        diagnostics=diagnostics,
        identity_share=0.0,
    )


def empty_summary():
    """Return the summary where a loss without T says nothing about the noise."""
    return Bunch(
        noise_rate=None,
        noise_rate_interval=None,
        noise_rate_per_class=None,
        noise_rate_per_class_interval=None,
        verdict=None,
        verdict_per_class=None,
        condition_number=1.0,
        dominated_classes=[],
        indistinguishable_classes=[],
        pooled_classes=[],
        anchors_per_class=None,
        weak_first_pass=None,
        diagnostics=None,
        identity_share=None,
    )


def judge(width):
    """Return the verdict on a noise rate whose 95 % interval has a width."""
    return ESTIMATED if width <= MAX_WIDTH else BOUND


def support(low, high, verdict):
    """Return the interval that a verdict leaves: without a lower end, or none at all."""
    if verdict == NOTHING:
        return 0.0, 1.0
    return (0.0 if verdict == BOUND else max(0.0, float(low))), min(1.0, float(high))


def agreement_behind(estimator):
    """Return the agreement curve that an estimate of T is built on, if it is."""
    while not isinstance(estimator, AgreementEstimator | None):
        estimator = getattr(estimator, "estimator_", None)
    return estimator


def errors_of_estimate(transition, curve, prior, rate, classes_are_named):
    """Return how far the noise rate may be below and above, and those of the classes.

    These are 95 % limits, of the interval of the agreement curve and, if T is another
    estimate, its sampling error and the distance of the two.
    """
    T, other = transition.matrix, curve.transition_matrix_
    low, high = curve.noise_rate_interval_
    below, above = curve.noise_rate_ - low, high - curve.noise_rate_
    class_error = NORMAL_95 * curve.standard_error_.diagonal()
    # Estimates from noisy labels alone may have the names of classes swapped.
    if classes_are_named:
        order = linear_sum_assignment(cdist(T, other, "cityblock"))[1]
        other, class_error = other[order], class_error[order]
    sampling = NORMAL_95 * transition.standard_error.diagonal()
    if agreement_behind(transition.estimator) is not None:
        sampling = np.zeros(len(T))  # it is that of the curve
    of_rate = np.linalg.norm(prior * sampling)
    difference = curve.noise_rate_ - rate
    below = np.linalg.norm([below, of_rate, min(difference, 0)])
    above = np.linalg.norm([above, of_rate, max(difference, 0)])
    distance = np.abs(T - other).diagonal()
    return below, above, np.sqrt(class_error**2 + sampling**2 + distance**2)


def error_by_prior(transition_matrix, prior_error):
    """Return the 95 % limit of the noise rate that comes from the clean prior."""
    diagonal = transition_matrix.diagonal()
    # With the same rate in each class the prior does not matter, however uncertain.
    uneven = diagonal - diagonal.mean()
    matters = np.abs(uneven) > 1e-12
    return NORMAL_95 * np.linalg.norm(uneven[matters] * prior_error[matters])


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


def count_anchors(y_proba, sample_weight, transition_matrix):
    """Return the weight of the samples that surely belong to each class."""
    weight, n_classes = sample_weight, len(transition_matrix)
    max_samples = MAX_VALUES // max(n_classes, MIN_CLASSES)
    if len(weight) > max_samples:
        # Not every k-th one: data are often ordered by class.
        drawn = np.sort(np.random.RandomState(0).permutation(len(weight))[:max_samples])
        y_proba, weight = y_proba[drawn], weight[drawn]
    clean = solve_clean(y_proba, transition_matrix, MAX_STEPS)
    is_anchor = clean.max(axis=1) >= ANCHOR_THRESHOLD
    anchors = np.bincount(
        clean.argmax(axis=1)[is_anchor],
        weights=weight[is_anchor],
        minlength=n_classes,
    )
    return anchors * (sample_weight.sum() / weight.sum())
