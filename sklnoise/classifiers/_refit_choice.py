"""The choice of the refit: its steps, and whether to correct by an estimated T."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

from sklnoise._transition_matrix import shrink_towards, uniform_flips
from sklnoise.classifiers._correction import (
    as_loss,
    bind_loss,
    delay_memory,
    has_memory,
    needs_features,
    needs_transition,
)
from sklnoise.classifiers._net_selection import (
    LEAST_STEPS,
    MIN_COMPARED,
    choose_steps,
    compared_splits,
    fit_nets,
    without_fold,
)
from sklnoise.classifiers._refit import (
    clean_loss_for,
    needs_warm_up,
    plan_refit,
    takes_one_training,
)
from sklnoise.classifiers._selection import is_gain, is_undecided
from sklnoise.losses import ForwardLoss
from sklnoise.training import (
    chooses_steps,
    ends_trials,
    is_deep,
    is_unfinished,
    lengthen_training,
    longest_training,
    prolong_training,
)

# Steps before which a training by plain descent is not ended: the more noise, the
# flatter is its loss.
LEAST_SPARSE_STEPS = 200

# Networks of a refit, where they are worth their time.
SEVERAL = 5

# Held-out samples by which T is judged where fewer do not tell.
MIN_JUDGED = 4 * MIN_COMPARED

# Squared standard errors of T over its squared distance to even flips, up to which it
# is uneven beyond doubt.
MIN_SHARE = 0.2

# Noise rate up to which a correction gains nothing.
MIN_NOISE_RATE = 0.02


class RefitChoice(NamedTuple):
    """A trainer with the steps of the refit, and the nets by which they were chosen.

    `delay_steps` are those before a loss uses its memory of the samples, if they have
    been chosen.
    """

    trainer: object
    fitted: tuple = ()
    delay_steps: int | None = None


def default_correction(trainer, data, is_chosen):
    """Return the correction of the default: with a memory where its start can be chosen.

    A network that has not learned enough by then would not learn it any more.
    """
    n_samples = data.sample_weight[data.rows].sum()
    knows_start = chooses_steps(trainer.net) and ends_trials(data.X, n_samples)
    return "forward-elr" if is_chosen and knows_start else "forward"


def choose_refit_steps(
    trainer,
    data,
    splits,
    *,
    correction,
    transition,
    warm_up,
    n_jobs,
    n_held_out=MIN_COMPARED,
    plain=None,
):
    """Choose the steps of the lowest held-out corrected loss.

    The corrected loss takes more steps than cross-entropy, which soon learns wrong
    labels by heart. A memory of the samples is used from where a training without it is
    best; `plain` is the choice for that, where it is known.
    """
    net, loss = trainer.net, as_loss("forward" if correction == "em" else correction)
    is_plain = correction == "none" and not data.trusted.any()
    n_samples = data.sample_weight[data.rows].sum()
    if not splits or not chooses_steps(net):
        return RefitChoice(trainer)
    if has_memory(loss):
        if plain is None:
            plain = choose_refit_steps(
                trainer,
                data,
                splits,
                correction="forward" if needs_transition(loss) else "none",
                transition=transition,
                warm_up=warm_up,
                n_jobs=n_jobs,
            )
        choice = with_memory(plain, n_samples)
        has_t = needs_transition(loss) or data.of_answers is not None
        if not plain.fitted or not has_t:  # no temperature would be fitted
            return choice
        fitted = fit_trials(
            choice.trainer,
            data,
            splits[: len(plain.fitted)],
            delay_memory(loss, choice.delay_steps),
            correction=correction,
            transition=transition,
            warm_up=warm_up,
            n_jobs=n_jobs,
        )
        return choice._replace(fitted=fitted)
    longest = longest_training(net, n_samples)
    ends = ends_trials(data.X, n_samples)
    if is_plain and (ends or not is_unfinished(net, longest)):
        return RefitChoice(trainer)  # the choice of the net has told them
    if not is_plain and not ends:
        net = lengthen_training(net, n_samples)
        return RefitChoice(trainer.replace(net=net))
    if needs_features(loss):
        loss = as_loss("forward")
    splits = compared_splits(splits, n_held_out)
    fitted = fit_trials(
        trainer.replace(net=longest),
        data,
        splits,
        loss,
        correction=correction,
        transition=transition,
        # Known is only how long cross-entropy takes.
        warm_up=warm_up * net.n_steps / longest.n_steps,
        n_jobs=n_jobs,
        least_steps=LEAST_SPARSE_STEPS if issparse(data.X) else LEAST_STEPS,
    )
    net = choose_steps(longest, fitted, splits, data)
    return RefitChoice(trainer.replace(net=net), fitted)


def fit_trials(
    trainer,
    data,
    splits,
    loss,
    *,
    correction,
    transition,
    warm_up,
    n_jobs,
    least_steps=None,
):
    """Fit nets with a loss to folds, as the refit does to all samples."""
    loss = bind_loss(loss, transition, clean_loss_for(trainer, data))
    if next(loss.parameters(), None) is not None:  # it starts from the estimated T
        loss = ForwardLoss(transition.matrix, reduction="none")
    share = warm_up if needs_warm_up(loss) else 0.0
    plan = plan_refit(trainer, correction, transition, data, share, None)
    with without_fold():
        return fit_nets(
            trainer.replace(observed=False),
            splits,
            plan.wrap(loss),
            n_jobs,
            least_steps=least_steps,
            **plan.start,
        )


def with_memory(plain, n_samples):
    """Return the choice for a loss with a memory, by that for the loss without it."""
    net = plain.trainer.net
    longer = plain.trainer.replace(net=prolong_training(net, n_samples))
    return RefitChoice(longer, delay_steps=net.n_steps)


def count_nets(trainer, correction, transition, data):
    """Count the networks of a refit: several deep ones, if the data chose the steps."""
    net = trainer.net
    is_small = ends_trials(data.X, data.sample_weight[data.rows].sum())
    if not is_small or not is_deep(net, data.X) or net.callbacks:
        return 1
    if not chooses_steps(net) or not takes_one_training(correction):
        return 1
    # Not bound to T, of which it may warn.
    identity = replace(transition, matrix=np.eye(data.n_classes))
    loss = bind_loss(as_loss(correction), identity, clean_loss_for(trainer, data))
    # Nets with a T of their own are trained one after another.
    return SEVERAL if next(loss.parameters(), None) is None else 1


def choose_transition(choose, judge, correction, estimate, data, n_splits, summary):
    """Return the choice and the T, of an estimate, that predict labels best.

    Hardly any noise is left as it is, and so is noise whose correction does not gain
    more than chance over a first pass without a T, unless the flips are uneven beyond
    doubt, which hard data do not make them. `choose` chooses the steps for a T; `judge`
    compares the nets of such a trial with the first pass, or is None where they cannot
    be compared; `summary` gets the share of the identity.

    The likelihood of a loss with a memory of its samples would be no evidence: its T is
    judged by forward correction.
    """
    remembers = has_memory(as_loss(correction))
    if summary.noise_rate >= MIN_NOISE_RATE:
        if judge is None or is_uneven(estimate, summary.noise_rate, data):
            return choose(correction=correction, transition=estimate), estimate
        choose_trial = partial(
            choose,
            correction="forward" if remembers else correction,
            transition=estimate,
        )
        trial = find_gain(choose_trial, judge, n_splits)
        if trial is not None:
            if remembers:
                trial = choose(correction=correction, transition=estimate, plain=trial)
            return trial, estimate
    summary.identity_share = 1.0
    identity = replace(estimate, matrix=np.eye(data.n_classes))
    return choose(correction="none", transition=identity), identity


def find_gain(choose, judge, n_splits):
    """Return a trial of a correction if it gains more than chance, or None.

    More samples are held out where few do not tell.
    """
    for n_held_out in (MIN_COMPARED, MIN_JUDGED):
        trial = choose(n_held_out=n_held_out)
        if not trial.fitted:
            return trial
        found = judge(trial.fitted)
        if is_gain(found):
            return trial
        if len(trial.fitted) == n_splits or not is_undecided(found):
            return None
    return None


def is_uneven(transition, noise_rate, data):
    """Return whether T differs from even flips by far more than its standard error."""
    occurring = np.unique(data.y[data.rows])
    among = np.ix_(occurring, occurring)
    even = uniform_flips(len(occurring), noise_rate)
    _, share = shrink_towards(
        transition.matrix[among], transition.standard_error[among], even
    )
    return share < MIN_SHARE
