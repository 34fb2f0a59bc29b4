"""The choice of the default network, by the noisy labels of held-out samples."""

from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import Bunch
from torch import nn

from sklnoise._compat import check_method_params
from sklnoise._held_out import MIN_LIKELIHOOD, mean_with_error
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.exceptions import FoldFitError
from sklnoise.training import (
    best_checkpoint,
    chooses_net,
    chooses_steps,
    chosen_net,
    chosen_params,
    describe_candidate,
    ends_trials,
    is_unfinished,
    is_wide,
    list_candidates,
    predict_proba,
    shorten_training,
    trajectory_of,
)

# Held-out samples by which networks are compared, in as few folds as have them.
MIN_COMPARED = 800

# Standard errors within which two networks are equally good, and the cheaper is taken.
TIE = 0.5

# Steps before which a training is not ended.
LEAST_STEPS = 60


class ChosenNet(NamedTuple):
    """A network that the data have chosen, with those that its folds have trained."""

    net: object
    net_selection: Bunch | None = None
    fitted: tuple = ()


class NetChoice(NamedTuple):
    """What the data have chosen of a network: its parameters, and by what."""

    params: dict
    selection: Bunch | None = None


def choice_of(net, chosen):
    """Return what the data have chosen, without the module, which a cache cannot keep."""
    return NetChoice(chosen_params(net, chosen.net), chosen.net_selection)


def select_net(trainer, splits, n_jobs=None, loss=None, tie=TIE):
    """Choose what the user has left open of the network of a trainer.

    Without a `loss` it is cross-entropy with the labels. Of networks within `tie`
    standard errors of the best the cheapest is taken.
    """
    net, data = trainer.net, trainer.data
    if not splits or not chooses_net(net, data.X, trainer.fit_params):
        return ChosenNet(net)
    splits = compared_splits(splits)
    rows = np.unique(np.concatenate([part for split in splits for part in split]))
    candidates = list_candidates(net, data, rows)
    n_samples = data.sample_weight[rows].sum()
    longest = [chosen_net(net, params, n_samples) for params in candidates]
    if len(candidates) == 1 and not chooses_steps(longest[0]):
        return ChosenNet(longest[0])
    if loss is None:
        loss = nn.CrossEntropyLoss(reduction="none")
    compare = partial(fit_candidate, trainer, splits, loss, n_jobs)
    ends = ends_trials(data.X, n_samples)
    if len(candidates) == 1 and ends:
        found = [compare(longest[0])]
    else:
        found = [compare(shorten_training(one)) for one in longest]
    likelihoods = [held_out_likelihood(one.fitted, data, splits) for one in found]
    held_out = ~np.isnan(likelihoods[0])
    scores, weight = np.array(likelihoods)[:, held_out], data.sample_weight[held_out]
    means, errors = mean_with_error(scores, weight)
    gains, gain_errors = mean_with_error(scores - scores[means.argmax()], weight)
    chosen = int(np.flatnonzero(gains >= -tie * gain_errors)[0])  # the cheapest is first
    n_steps = [getattr(one.net, "n_steps", None) for one in found]
    selection = Bunch(
        candidates=[describe_candidate(params) for params in candidates],
        n_steps=n_steps,
        log_likelihood=means,
        log_likelihood_error=errors,
        log_likelihood_gain=gains,
        log_likelihood_gain_error=gain_errors,
        chosen=chosen,
    )
    result = found[chosen]
    is_compared = len(candidates) > 1 and ends
    if is_compared and is_unfinished(result.net, longest[chosen]):
        result = compare(longest[chosen])
        n_steps[chosen] = result.net.n_steps
    return result._replace(net_selection=selection)


def fit_candidate(trainer, splits, loss, n_jobs, net):
    """Fit a candidate to the folds, and choose its steps."""
    fitted = fit_nets(
        trainer.replace(net=net),
        splits,
        loss,
        n_jobs,
        least_steps=LEAST_STEPS if chooses_steps(net) else None,
    )
    if chooses_steps(net):
        net = choose_steps(net, fitted, splits, trainer.data)
    return ChosenNet(net, None, fitted)


def compared_splits(splits, n_compared=MIN_COMPARED):
    """Return the first splits, as many as hold out enough samples."""
    n_held_out = np.cumsum([len(test) for _, test in splits])
    return splits[: 1 + int(np.searchsorted(n_held_out, n_compared))]


def fit_nets(trainer, splits, loss, n_jobs=None, **how):
    """Fit one net per split, and return them."""
    seeds = draw_seeds(trainer.seed, len(splits))
    fit_params = [
        check_method_params(trainer.data.X, trainer.fit_params, indices=train)
        for train, _ in splits
    ]
    outcomes = trainer.fit_folds(
        splits, loss, seeds, fit_params, return_net, n_jobs=n_jobs, **how
    )
    nets = list(outcomes)
    for number, outcome in enumerate(nets):
        if isinstance(outcome, Exception):
            raise FoldFitError(
                f"the first pass failed in fold {number + 1} of {len(splits)}: {outcome}"
            ) from outcome
    return nets


@contextmanager
def without_fold():
    """Raise the cause of a FoldFitError alone: the user knows of no folds."""
    try:
        yield
    except FoldFitError as error:
        raise error.__cause__ from None


def return_net(net, number):
    """Return a net that a fold has trained."""
    return net


def choose_steps(net, fitted, splits, data):
    """Return a net with the steps of the lowest held-out loss, and set its folds back.

    On images and embeddings, of which there are more, the last steps that are not worse
    by more than chance: the accuracy grows for longer than the likelihood.
    """
    trajectories = [trajectory_of(one) for one in fitted]
    sizes = [data.sample_weight[test].sum() for _, test in splits]
    number = best_checkpoint(trajectories, sizes, takes_last=is_wide(data.X))
    for one, trajectory in zip(fitted, trajectories, strict=True):
        trajectory.set_back(one, number)
    # Not that of a net that has stopped before.
    n_steps = max(trajectory.n_steps(number) for trajectory in trajectories)
    return clone(net).set_params(n_steps=n_steps)


def held_out_likelihood(nets, data, splits):
    """Return the log-likelihood of the labels of held-out samples; NaN for the others.

    Several annotators have told the likelihood of all classes of a sample.
    """
    total, times = np.zeros(len(data.y)), np.zeros(len(data.y))
    for net, (_, test) in zip(nets, splits, strict=True):
        y_proba = predict_proba(net, data.X, test)
        if data.extra is None:
            total[test] += y_proba[np.arange(len(test)), data.y[test]]
        else:
            total[test] += (y_proba * np.exp(data.extra[test])).sum(axis=1)
        times[test] += 1
    with np.errstate(invalid="ignore"):
        return np.log((total / times).clip(min=MIN_LIKELIHOOD))
