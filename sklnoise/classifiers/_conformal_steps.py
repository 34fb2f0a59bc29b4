"""The steps of `NoiseRobustConformalClassifier`: held-out scores, T and its draws."""

from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from sklnoise._compat import safe_indexing, set_random_states
from sklnoise._containers import innermost
from sklnoise._held_out import measure_gain
from sklnoise._labels import match_labels
from sklnoise._parallel import run_parallel
from sklnoise._transition_matrix import noise_rate_of
from sklnoise._validation import check_proba
from sklnoise.classifiers._confident_steps import fit_rows, torch_seeded
from sklnoise.classifiers._conformal_threshold import (
    calibrate,
    choose_threshold,
)
from sklnoise.classifiers._correction import as_loss, needs_transition
from sklnoise.classifiers._estimator_calls import (
    failure_explained,
    nets_of,
    predict_all,
)
from sklnoise.classifiers._first_pass import FoldOutcome, collect_folds
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.classifiers._noise_robust import NoiseRobustClassifier
from sklnoise.classifiers._transition import (
    can_draw,
    feature_space,
    fit_to_occurring,
    known_transition,
    new_estimator,
)
from sklnoise.issues import clean_posterior
from sklnoise.training import as_features

N_DRAWS = 200

# Refits of an estimator of T that does not know its standard error.
N_REFITS = 50

# Shares of the noisy posterior in the probabilities that are scored. The clean posterior
# alone has zeros, among which classes that may be right have no order; and where the
# noisy one is far from exact, the noisy one alone gives smaller sets.
NOISY_SHARES = 0.2, 1.0

# Times the errors of the model that T implies are the most that the noise may hold.
MODEL_ERROR_FACTOR = 0.6


class HeldOut(NamedTuple):
    """Samples that the classifier has not seen, and what it predicts for them."""

    rows: np.ndarray
    y_proba: np.ndarray
    noisy_proba: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray
    trusted: np.ndarray


class DrawnTransition(NamedTuple):
    """T, draws that show how uncertain it is, and why it cannot be relied on, if so."""

    matrix: np.ndarray
    draws: np.ndarray
    estimator: object = None
    doubt: str = ""


def predicts_clean(fitted):
    """Return whether the probabilities of a classifier are those of clean classes."""
    return hasattr(innermost(fitted), "predict_noisy_proba")


def match_frozen_classes(source, fitted):
    """Give the labels the codes of a classifier that is fitted already."""
    known = getattr(fitted, "classes_", None)
    if known is None or nets_of(fitted):
        return source
    known = np.asarray(known)
    codes = source.data.y.copy()
    labelled = codes >= 0
    codes[labelled], _ = match_labels(
        source.classes[codes[labelled]], len(known), known.tolist()
    )
    return source._replace(data=source.data._replace(y=codes), classes=known, names=known)


def predict_both(fitted, X, names):
    """Predict the probabilities of the clean and of the noisy classes side by side."""
    noisy = y_proba = predict_all(fitted, X, names)
    if predicts_clean(fitted):
        T = innermost(fitted).transition_matrix_
        if len(T) == len(names):  # a fold may lack a class
            noisy = y_proba @ T.astype(y_proba.dtype)
    return np.concatenate([y_proba, noisy], axis=1)


def fit_fold(estimator, source, split, seed, *, keeps=True):
    """Fit a clone to the samples of a fold and predict the others."""
    train, test = split
    fitted = fit_rows(estimator, source, train, None, seed)
    X = safe_indexing(source.data.X, test)
    with torch_seeded(fitted, seed), failure_explained(estimator, X):
        outcome = FoldOutcome(predict_both(fitted, X, source.names))
    return (outcome, fitted) if keeps else outcome


def predict_held_out(estimator, source, splits, seed, n_jobs):
    """Return what is predicted for each sample, and the model of a single split."""
    n_samples, n_classes = len(source.data.y), len(source.names)
    if not splits:
        return np.full((n_samples, 2 * n_classes), np.nan), None
    seeds = draw_seeds(seed, len(splits))
    if len(splits) == 1:
        outcome, fitted = fit_fold(estimator, source, splits[0], seeds[0])
        outcomes = [outcome]
        return collect_folds(outcomes, splits, n_samples, 2 * n_classes).y_proba, fitted
    fit, common = partial(fit_fold, keeps=False), (estimator, source)
    outcomes = run_parallel(fit, common, splits, seeds, n_jobs=n_jobs)
    with closing(outcomes):
        return collect_folds(outcomes, splits, n_samples, 2 * n_classes).y_proba, None


def predict_frozen(estimator, source):
    """Return what a fitted classifier predicts for all samples of positive weight."""
    X = safe_indexing(source.data.X, source.rows)
    both = np.full((len(source.data.y), 2 * len(source.names)), np.nan)
    with failure_explained(estimator, X):
        both[source.rows] = predict_both(estimator, X, source.names)
    return both


def as_clean(y_proba, transition_matrix):
    """Turn the noisy posterior into the clean one."""
    return clean_posterior(check_proba(y_proba), transition_matrix)


def hold_out(both, source, trusted):
    """Select the samples that were held out."""
    rows = source.rows[~np.isnan(both[source.rows, 0])]
    y_proba, noisy = np.split(both[rows].astype(np.float64), 2, axis=1)
    data = source.data
    return HeldOut(
        rows, y_proba, noisy, data.y[rows], data.sample_weight[rows], trusted[rows]
    )


def resolve_draws(transition, fitted, held_out, source, seed):
    """Return T and its draws: known, read off the classifier, or estimated."""
    inner, classes = innermost(fitted), source.classes
    if transition is None and isinstance(inner, NoiseRobustClassifier):
        found = transition_of(inner, seed)
        if found is not None:
            return found
    known = known_transition(
        "auto" if transition is None else transition, as_loss("forward"), classes
    )
    if known is not None:
        if can_draw(getattr(transition, "estimator", None)):  # of one that is frozen
            draws = transition.estimator.draw(N_DRAWS, seed)
            return DrawnTransition(known.matrix, draws)
        return DrawnTransition(known.matrix, known.matrix[np.newaxis])
    if len(classes) == 1 or not len(held_out.y):
        identity = np.eye(len(classes))
        return DrawnTransition(identity, identity[np.newaxis])
    return estimate(transition or "auto", held_out, source, seed)


def transition_of(classifier, seed):
    """Return the T of a fitted classifier with its draws, None where it knows none."""
    T, estimator = classifier.transition_matrix_, classifier.transition_estimator_
    if can_draw(estimator):
        doubt = "first pass" if classifier.noise_summary_.weak_first_pass else ""
        draws = estimator.draw(N_DRAWS, seed)
        return DrawnTransition(estimator.transition_matrix_, draws, estimator, doubt)
    given = classifier.transition
    is_given = not isinstance(given, str) and not (
        hasattr(given, "fit") and not isinstance(given, FrozenEstimator)
    )
    selects = isinstance(classifier.correction, str) and classifier.correction == "auto"
    if is_given and (selects or needs_transition(as_loss(classifier.correction))):
        return DrawnTransition(T, T[np.newaxis])
    return None


def estimate(transition, held_out, source, seed):
    """Estimate T from held-out noisy probabilities, and draw around it."""
    estimator = new_estimator(transition)
    set_random_states(estimator, seed)
    known = {}
    if held_out.trusted.any():
        known["trusted"] = held_out.trusted
    if feature_space(estimator):
        known["features"] = as_features(safe_indexing(source.data.X, held_out.rows))
    fitted = fit_transition(estimator, held_out, held_out.sample_weight, known)
    if can_draw(fitted):
        draws = fitted.draw(N_DRAWS, seed)
    else:
        draws = refit_resampled(estimator, held_out, known, seed)
    doubt = "" if is_informative(held_out) else "first pass"
    return DrawnTransition(fitted.transition_matrix_, draws, fitted, doubt)


def draw_model_errors(transition, clean_proba, held_out, seed):
    """Let the draws of an estimate take away noise that may be errors of the model.

    What the model mistakes among the samples that T is read off adds to the noise, but it
    is less often mistaken there than elsewhere. Its errors as T implies them are the
    disagreement with the labels less the noise; a noise that is too large hides some.
    """
    if transition.estimator is None or not len(held_out.y):
        return transition
    noisy, T = ~held_out.trusted, transition.matrix
    y, weight = held_out.y[noisy], held_out.sample_weight[noisy]
    if not len(y):
        return transition
    frequencies = np.bincount(y, weight, minlength=len(T)) / weight.sum()
    disagrees = clean_proba[noisy].argmax(axis=1) != y
    noise_rate = noise_rate_of(T, frequencies)
    errors = weight @ disagrees / weight.sum() - noise_rate
    if errors <= 0 or noise_rate <= 0:
        return transition
    largest = min(1, MODEL_ERROR_FACTOR * errors / noise_rate)
    shares = np.random.RandomState(seed).uniform(0, largest, len(transition.draws))
    shares = shares[:, np.newaxis, np.newaxis]
    draws = (1 - shares) * transition.draws + shares * np.eye(len(T))
    return transition._replace(draws=draws)


def fit_transition(estimator, held_out, sample_weight, known):
    """Fit an estimator of T to samples of given weights."""
    return fit_to_occurring(
        clone(estimator),
        held_out.noisy_proba,
        held_out.y,
        sample_weight,
        np.unique(held_out.y),
        **known,
    )


def refit_resampled(estimator, held_out, known, seed):
    """Draw matrices by the bootstrap of samples."""
    rng = np.random.RandomState(seed)
    weight = held_out.sample_weight
    resampled = (rng.poisson(weight) for _ in range(N_REFITS))
    draws = [
        fit_transition(estimator, held_out, drawn.astype(float), known).transition_matrix_
        for drawn in resampled
        if drawn.any()
    ]
    return np.array(draws)


def is_informative(held_out):
    """Return whether held-out predictions say more than the frequencies of labels."""
    noisy = ~held_out.trusted
    y, weight = held_out.y[noisy], held_out.sample_weight[noisy]
    if not len(y):
        return True
    return measure_gain(held_out.noisy_proba[noisy], y, weight).is_beyond_chance


def calibrate_sets(held_out, scores, transition):
    """Put together what thresholds are found from, and the doubt about T, if any."""
    samples = scores, held_out.y, held_out.sample_weight, held_out.trusted
    doubt, calibration = transition.doubt, None
    if not doubt:
        calibration = calibrate(*samples, transition.matrix, transition.draws)
        doubt = "singular" if calibration is None else ""
    if calibration is None:
        identity = np.eye(len(transition.matrix))
        calibration = calibrate(*samples, identity, identity[np.newaxis])
    return calibration, doubt


def mean_size(calibration, thresholds):
    """Return the mean number of classes in the sets of the samples that calibrate."""
    y_set = calibration.scores <= np.array([found.value for found in thresholds])
    return y_set.sum(axis=1) @ calibration.sample_weight


def choose_thresholds(calibration, level, coverage):
    """Return the thresholds for the classes, of which "marginal" coverage has one."""
    if coverage == "marginal":
        return [choose_threshold(calibration, level)]
    n_classes = calibration.centre.shape[1]
    return [choose_threshold(calibration.of_class(k), level) for k in range(n_classes)]
