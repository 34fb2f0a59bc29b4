"""The route by which the nets of all folds are trained: stacked, on threads, in turn."""

from copy import deepcopy
from functools import partial

import torch
from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed
from skorch.dataset import ValidSplit

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._data import HoldOut, without_small_sparsity
from sklnoise.engine._device import (
    is_small_step,
    n_weights,
    thread_limit,
    watched,
)
from sklnoise.engine._dropout import own_dropout
from sklnoise.engine._lean_gate import HARMLESS, overridden
from sklnoise.engine._preparation import prepare
from sklnoise.engine._stacked_route import fit_stacked, may_stack, stacked_groups
from sklnoise.engine._training import run, run_alone
from sklnoise.engine._workers import attempt, workers

LARGEST_BESIDE = 2**23
"""Weights of a net above which two at a time take too much memory."""


def fit_nets(
    net,
    data,
    row_sets,
    loss,
    setting,
    seeds,
    finish,
    *,
    fit_params,
    observed,
    n_jobs,
    watch=None,
):
    """Fit clones of a net, each to its own rows, by the quickest route there is."""
    data = without_small_sparsity(data)
    plans = [
        partial(prepare, net, data, rows, loss, seed=seed, fit_params=params)
        for rows, seed, params in zip(row_sets, seeds, fit_params)
    ]
    plans = [partial(plan, observed=observed, of_fold=True) for plan in plans]
    if watch is not None:
        plans = [partial(p, watch=partial(watch, k)) for k, p in enumerate(plans)]
    share = setting._replace(n_threads=max(1, setting.n_threads // len(plans)))
    first = attempt(plans[0], share)
    if isinstance(first, Exception):
        return (failure for failure in [first])
    small = is_small_step(first.net.module_, first.batch_shape())
    n_workers = 1 if small else min(setting.n_threads, len(plans))
    if not small and not may_be_beside(first):
        share, n_workers = setting, 1
    if may_stack(first):
        first = first._replace(setting=share)
        trainings = [first, *(attempt(plan, share) for plan in plans[1:])]
        groups = stacked_groups(trainings, n_workers, small)
        if groups:
            return fit_stacked(groups, plans, share, n_workers, finish)
    if effective_n_jobs(n_jobs) > 1 or n_workers == 1:
        return Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(attempt)(fit_alone, plan, share, finish, number)
            for number, plan in enumerate(plans)
        )
    return fit_beside(plans, share, n_workers, finish)


def fit_alone(plan, setting, finish, number):
    """Fit a net while no other is fitted in this process."""
    net = run_alone(plan(setting))
    with thread_limit(setting.n_threads):
        return finish(net, number)


def fit_beside(plans, setting, n_workers, finish):
    """Fit nets that draw nothing from torch's random state on Python threads."""

    def fit(training, number):
        if isinstance(training, Exception):
            return training
        run(training)
        return finish(training.net, number)

    trainings = (attempt(plan, setting) for plan in plans)
    with thread_limit(setting.n_threads), workers(n_workers) as do:
        yield from do(partial(attempt, fit), trainings, range(len(plans)))


def may_be_beside(training):
    """Tell whether a net can be trained on a thread beside others."""
    net, device = training.net, training.setting.device
    return (
        device.type == "cpu"
        and n_weights(net.module_) <= LARGEST_BESIDE
        and overridden(net) <= HARMLESS
        and isinstance(net.get_iterator(training.dataset, training=True), BatchIterator)
        and (net.train_split is None or type(net.train_split) in (HoldOut, ValidSplit))
        and all(is_known(callback) for _, callback in net.callbacks_)
        and module_draws_nothing(training)
    )


def is_known(callback):
    """Tell whether a callback is skorch's own or ours."""
    return type(callback).__module__.split(".")[0] in ("skorch", "sklnoise")


def module_draws_nothing(training):
    """Try whether a step of a net leaves torch's random state alone."""
    device = training.setting.device
    try:
        module = deepcopy(training.net.module_).train()
        with watched(device) as drew, own_dropout(module, 0, device), torch.no_grad():
            module(training.dataset.probe())
            return not drew()
    except Exception:  # whatever the code of a user raises
        return False
