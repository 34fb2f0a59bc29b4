"""The choice between corrections, by labels that were held out."""

from functools import partial

import numpy as np
from sklearn.utils import Bunch

from sklnoise._compat import check_method_params
from sklnoise._transition_matrix import clean_prior, mix_with_identity, shrink_towards
from sklnoise._validation import SINGULAR_CONDITION_THRESHOLD
from sklnoise.classifiers._correction import least_identity_weight
from sklnoise.classifiers._door import draw_seeds
from sklnoise.classifiers._refit import refit
from sklnoise.classifiers._transition import standard_error_of
from sklnoise.engine import predict_proba
from sklnoise.issues._quality import self_confidence

CANDIDATES = "none", "forward", "adaptation"
CHANCE = 2
"""Standard errors that a difference must exceed to be more than chance."""

SMALLEST_LIKELIHOOD = np.finfo(np.float32).eps


def draw_to_identity(transition_matrix, estimator, is_weak):
    """Draw an estimate of T to the identity as far as it is uncertain."""
    T, identity = transition_matrix, np.eye(len(transition_matrix))
    if is_weak:
        return identity, 1.0
    return shrink_towards(T, standard_error_of(estimator, len(T)), identity)


def leaves_choice(transition_matrix, splits):
    """Tell whether candidates can differ, and be compared."""
    is_identity = np.array_equal(transition_matrix, np.eye(len(transition_matrix)))
    return bool(splits) and not is_identity


def select_correction(
    train, transition_matrix, estimator, data, trusted, splits, reused, report
):
    """Judge each candidate by rows that it has not seen, and choose one."""
    T, y, weight = transition_matrix, data.y, data.sample_weight
    identity_weight = 0.0
    if estimator is not None or not np.linalg.cond(T) < SINGULAR_CONDITION_THRESHOLD:
        identity_weight = least_identity_weight(T)
    inverse = np.linalg.inv(mix_with_identity(T, identity_weight))
    # The warm-up of the refit, too, goes by what is known of the names of the classes.
    named = estimator is None or trusted.any()
    scores = []
    for name in CANDIDATES:
        if name == "none" and reused is not None:
            rows = np.flatnonzero(~np.isnan(reused.y_proba).any(axis=1))
            predictions = [(rows, reused.y_proba[rows], np.eye(len(T)))]
        else:
            report(f'"{name}" on {len(splits)} folds')
            predictions = hold_out(train, name, T, data, splits, named, report)
        scores.append(judge(predictions, y, trusted, inverse))
    held_out = ~np.isnan(scores[0][0])
    error = standard_error_of(estimator, len(T))
    lost_by_error = expected_loss(T, error, y[held_out], weight[held_out])
    selection = choose(np.array(scores)[:, :, held_out], weight[held_out], lost_by_error)
    selection.identity_weight = identity_weight
    report(f'"{selection.correction}" is chosen')
    return selection


def hold_out(train, correction, transition_matrix, data, splits, named, report):
    """Fit a net a split with a correction, and predict the rows that it did not see."""
    fit_params, seed = train.keywords["fit_params"], train.keywords["seed"]
    start, nobody = transition_matrix, np.zeros(len(data.y), dtype=bool)
    if correction == "none":
        start = np.eye(len(start))
    for (rows, test), fold_seed in zip(splits, draw_seeds(seed, len(splits))):
        params = check_method_params(data.X, fit_params, indices=rows)
        fit = partial(train, rows=rows, seed=fold_seed, fit_params=params, observed=False)
        net, _, T = refit(
            fit, correction, start, data, rows, nobody, estimated=not named, report=report
        )
        yield test, predict_proba(net, data.X, test), T


def judge(predictions, y, trusted, inverse):
    """Score held-out predictions by labels of which some are wrong."""
    clean, likelihood = np.zeros((len(y), len(inverse))), np.zeros(len(y))
    times = np.zeros(len(y))
    for rows, y_proba, T in predictions:
        label = y[rows]
        noisy = (y_proba * T.T[label]).sum(axis=1)
        likelihood[rows] += np.where(
            trusted[rows], self_confidence(y_proba, label), noisy
        )
        clean[rows] += y_proba
        times[rows] += 1
    scores, held_out = np.full((2, len(y)), np.nan), np.flatnonzero(times)
    mean = likelihood[held_out] / times[held_out]
    label, predicted = y[held_out], clean[held_out].argmax(axis=1)
    scores[0, held_out] = np.log(mean.clip(min=SMALLEST_LIKELIHOOD))
    scores[1, held_out] = np.where(
        trusted[held_out], label == predicted, inverse[label, predicted]
    )
    return scores


def expected_loss(transition_matrix, standard_error, y, sample_weight):
    """Return the log-likelihood that the sampling error of T is expected to cost."""
    T = transition_matrix
    mass = np.bincount(y, weights=sample_weight, minlength=len(T))
    prior, _ = clean_prior(T, mass / mass.sum(), mass.sum())
    variance = np.square(standard_error)
    relative = np.divide(variance, T, out=np.zeros_like(T), where=T > 0)
    return prior @ relative.sum(axis=1) / 2


def choose(scores, sample_weight, lost_by_error):
    """Choose the candidate of the greatest accuracy that is more than chance."""
    gains, errors = mean_with_error(scores - scores[0], sample_weight)
    ruled_out = gains[:, 0] < -CHANCE * errors[:, 0] - lost_by_error
    gained = gains[:, 1] > CHANCE * errors[:, 1]
    eligible = np.where(gained & ~ruled_out, gains[:, 1], 0)
    chosen = eligible.argmax()  # 0, the first, is "none"
    means, _ = mean_with_error(scores, sample_weight)
    return Bunch(
        correction=CANDIDATES[chosen],
        candidates=list(CANDIDATES),
        log_likelihood=means[:, 0],
        log_likelihood_gain=gains[:, 0],
        log_likelihood_gain_error=errors[:, 0],
        accuracy=means[:, 1],
        accuracy_gain=gains[:, 1],
        accuracy_gain_error=errors[:, 1],
        ruled_out=ruled_out,
    )


def mean_with_error(values, sample_weight):
    """Return the weighted mean over the last axis, with its standard error."""
    mean = np.average(values, axis=-1, weights=sample_weight)
    deviation = np.square(values - mean[..., np.newaxis])
    variance = np.average(deviation, axis=-1, weights=sample_weight)
    return mean, np.sqrt(variance / sample_weight.sum())
