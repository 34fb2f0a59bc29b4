"""The choice between corrections, by labels that were held out."""

from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.utils import Bunch

from sklnoise._compat import check_method_params
from sklnoise._held_out import CHANCE, MIN_LIKELIHOOD, mean_with_error
from sklnoise._transition_matrix import clean_prior, mix_with_identity
from sklnoise._validation import SINGULAR_CONDITION_THRESHOLD
from sklnoise.classifiers._correction import min_identity_weight
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.classifiers._net_selection import (
    compared_splits,
)
from sklnoise.classifiers._refit import refit
from sklnoise.classifiers._transition import Transition
from sklnoise.issues._quality import self_confidence
from sklnoise.training import predict_proba

CANDIDATES = "none", "forward", "forward-elr", "elr", "adaptation"
WITHOUT_T = "none", "elr"
# Their likelihood says nothing: it is the accuracy by which they gain or lose.
WITHOUT_LIKELIHOOD = "forward-elr", "elr"


def select_correction(
    trainer, transition, data, splits, first_pass, *, choose_steps, warm_up, report
):
    """Judge each candidate by samples that it has not seen, and choose one.

    `choose_steps` chooses the steps of a refit; those of the candidate that is chosen are
    returned too.
    """
    T, y = transition.matrix, data.y
    inverse, identity_weight = invert(transition)
    trainer = trainer.replace(observed=False)
    if data.trusted.any():  # they name the classes: the warm-up may go by T then
        transition = replace(transition, is_known=True)
    splits = compared_splits(splits)
    held_out = np.unique(np.concatenate([test for _, test in splits]))
    scores, choices = [], {}
    for name in CANDIDATES:
        start = Transition.identity(len(T)) if name in WITHOUT_T else transition
        if name == "none" and first_pass is not None:
            rows = held_out[first_pass.is_held_out[held_out]]
            predictions = [(rows, first_pass.y_proba[rows], np.eye(len(T)))]
        else:
            report(f'"{name}" on {len(splits)} folds')
            choose = partial(choose_steps, trainer, correction=name, transition=start)
            if name == "adaptation":  # which starts from T
                choice = choices["forward"]
            elif name == "forward-elr":
                choice = choose(plain=choices["forward"])
            else:
                choice = choose()
            choices[name] = choice
            if name in ("forward", "forward-elr") and choice.fitted:
                predictions = predict_trials(choice.fitted, data, splits, T)
            else:
                predictions = hold_out(
                    choice.trainer,
                    name,
                    start,
                    data,
                    splits,
                    warm_up=warm_up,
                    delay_steps=choice.delay_steps,
                    report=report,
                )
        scores.append(judge(predictions, y, data.trusted, inverse))
    selection = compare(CANDIDATES, scores, transition, data)
    selection.identity_weight = identity_weight
    report(f'"{selection.correction}" is chosen')
    return selection, choices.get(selection.correction)


def judge_correction(transition, data, splits, y_proba, fitted):
    """Compare nets with T, of the first splits, with a first pass without one."""
    inverse, _ = invert(transition)
    splits = splits[: len(fitted)]
    rows = np.unique(np.concatenate([test for _, test in splits]))
    rows = rows[~np.isnan(y_proba[rows, 0])]
    plain = [(rows, y_proba[rows], np.eye(data.n_classes))]
    corrected = predict_trials(fitted, data, splits, transition.matrix)
    scores = [judge(p, data.y, data.trusted, inverse) for p in (plain, corrected)]
    return compare(("none", "forward"), scores, transition, data)


def is_gain(selection):
    """Return whether a correction gains more than chance by one measure of the two.

    By the other it must not lose more than chance.
    """
    accuracy, error = selection.accuracy_gain[1], selection.accuracy_gain_error[1]
    likelihood = selection.log_likelihood_gain[1]
    gains = likelihood > CHANCE * selection.log_likelihood_gain_error[1]
    gains |= accuracy > CHANCE * error
    return bool(gains and not selection.ruled_out[1] and accuracy > -CHANCE * error)


def is_undecided(selection):
    """Return whether a correction gains likelihood, but maybe by chance."""
    return bool(selection.log_likelihood_gain[1] > 0)


def invert(transition):
    """Return the inverse of T, with as much of the identity in it as it needs.

    Weighted by it, accuracy on noisy labels is an unbiased estimate of that on clean
    labels.
    """
    T, identity_weight = transition.matrix, 0.0
    if not transition.is_known or not np.linalg.cond(T) < SINGULAR_CONDITION_THRESHOLD:
        identity_weight = min_identity_weight(T)
    return np.linalg.inv(mix_with_identity(T, identity_weight)), identity_weight


def compare(candidates, scores, transition, data):
    """Choose a candidate by the scores of all, the first of which is "none"."""
    # Axes of the scores: candidate, (log-likelihood, accuracy), sample.
    kept = ~np.isnan(scores[0][0])
    T, error = transition.matrix, transition.standard_error
    y, weight = data.y[kept], data.sample_weight[kept]
    likelihood_tolerance = expected_loss(T, error, y, weight)
    scores = np.array(scores)[:, :, kept]
    return choose(candidates, scores, weight, likelihood_tolerance)


def predict_trials(fitted, data, splits, transition_matrix):
    """Predict samples by the nets that the steps were chosen by."""
    for net, (_, test) in zip(fitted, splits):
        yield test, predict_proba(net, data.X, test), transition_matrix


def skip_selection(reason):
    """Return the selection where there is nothing to compare, and why."""
    return Bunch(correction="none", candidates=["none"], reason=reason)


def hold_out(
    trainer, correction, transition, data, splits, *, warm_up, delay_steps, report
):
    """Fit a net per split with a correction and predict the samples it did not see."""
    # All folds hold out the trusted samples, which judge the candidates.
    none_trusted = np.zeros(len(data.y), dtype=bool)
    for (train, test), seed in zip(splits, draw_seeds(trainer.seed, len(splits))):
        params = check_method_params(data.X, trainer.fit_params, indices=train)
        fold = refit(
            trainer.replace(seed=seed, fit_params=params),
            correction,
            transition,
            replace(data, rows=train, trusted=none_trusted),
            warm_up=warm_up,
            delay_steps=delay_steps,
            report=report,
        )
        yield test, predict_proba(fold.net, data.X, test), fold.transition_matrix


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
    scores[0, held_out] = np.log(mean.clip(min=MIN_LIKELIHOOD))
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


def choose(candidates, scores, sample_weight, likelihood_tolerance):
    """Choose the candidate of the greatest accuracy that is more than chance.

    The likelihood shows it too: it is more certain than the accuracy, which the inverse
    of T makes uncertain.
    """
    # Gains per sample: what is hard for all candidates cancels out of the error.
    gains, errors = mean_with_error(scores - scores[0], sample_weight)
    ruled_out = gains[:, 0] < -CHANCE * errors[:, 0] - likelihood_tolerance
    gained = (gains > CHANCE * errors).any(axis=1)
    remembers = np.isin(candidates, WITHOUT_LIKELIHOOD)
    ruled_out[remembers] = False
    gained[remembers] = (gains > CHANCE * errors)[remembers, 1]
    # What has shown that T is of use has shown it for both losses with it.
    if "forward-elr" in candidates:
        gained[candidates.index("forward-elr")] |= gained[candidates.index("forward")]
    eligible = np.where(gained & ~ruled_out, gains[:, 1], 0)
    chosen = eligible.argmax()  # 0, the first, is "none"
    means, _ = mean_with_error(scores, sample_weight)
    return Bunch(
        correction=candidates[chosen],
        reason=explain(candidates, chosen, gains[:, 1], errors[:, 1], ruled_out),
        candidates=list(candidates),
        log_likelihood=means[:, 0],
        log_likelihood_gain=gains[:, 0],
        log_likelihood_gain_error=errors[:, 0],
        accuracy=means[:, 1],
        accuracy_gain=gains[:, 1],
        accuracy_gain_error=errors[:, 1],
        ruled_out=ruled_out,
    )


def explain(candidates, chosen, gains, errors, ruled_out):
    """Say why a candidate is chosen."""
    if not chosen:
        best = 1 + gains[1:].argmax()
        cause = (
            "noisy labels of held-out samples are less likely by it"
            if ruled_out[best]
            else "which may be chance"
        )
        return (
            f'"{candidates[best]}" is estimated to change the accuracy by '
            f"{100 * gains[best]:+.1f} ± {100 * errors[best]:.1f} points: {cause}"
        )
    reason = (
        f'"{candidates[chosen]}" is estimated to raise the accuracy by '
        f"{100 * gains[chosen]:.1f} ± {100 * errors[chosen]:.1f} points"
    )
    if gains[chosen] <= CHANCE * errors[chosen]:
        reason += ", and noisy labels of held-out samples are more likely by it"
    return reason
