"""The route by which the nets of all folds are trained: stacked, on threads, in turn."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from functools import partial

import numpy as np
import torch
from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed
from torch import nn

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._device import (
    is_small_step,
    mixed_precision,
    n_weights,
    seeded,
    thread_limit,
)
from sklnoise.engine._dropout import own_dropout
from sklnoise.engine._lean import is_lean
from sklnoise.engine._stack import stack_chains, try_mapped
from sklnoise.engine._stacked_training import Member, can_stack, train_stack
from sklnoise.engine._training import prepare, run, run_alone

LARGEST_STACKED = {"cpu": 2**20, "mps": 2**22, "cuda": 2**24}
"""Weights of a net above which a stack takes more memory than it saves time."""

LARGEST_BESIDE = 2**23
"""Weights of a net above which two at a time take too much memory."""


def fit_nets(
    net, data, row_sets, loss, setting, seeds, finish, *, fit_params, observed, n_jobs
):
    """Fit clones of a net, each to its own rows, by the quickest route there is.

    The route depends on the net, the shapes and the device, never on a clock or on
    `n_jobs`, so that a seed always gives the same bits.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        The template; not changed.

    data : LabelledData
        All the data.

    row_sets : list of ndarray
        The rows of each fit.

    loss : torch.nn.Module
        `loss(logits, target)`, one value a row, without parameters.

    setting : Setting
        Classes, device, types and threads, which the fits share.

    seeds : list of int
        One a fit.

    finish : callable
        `finish(net, number)` takes what is wanted from each fitted net.

    fit_params : list of dict
        Passed on to the training loop of each fit.

    observed : bool
        Whether callbacks that only look at the training are called.

    n_jobs : int or None
        Processes, or what else joblib has, for nets that are not stacked.

    Returns
    -------
    outcomes : iterator of object
        What `finish` returns, or the exception that a fit failed with, in order.
    """
    plans = [
        partial(prepare, net, data, rows, loss, seed=seed, fit_params=params)
        for rows, seed, params in zip(row_sets, seeds, fit_params)
    ]
    plans = [partial(plan, observed=observed) for plan in plans]
    share = setting._replace(n_threads=max(1, setting.n_threads // len(plans)))
    first = attempt(plans[0], share)
    if isinstance(first, Exception):
        return iter([first])
    small = is_small_step(first.net.module_, first.batch_shape())
    n_workers = 1 if small else min(setting.n_threads, len(plans))
    if not small and not may_be_beside(first):
        share, n_workers = setting, 1
    if may_stack(first):
        groups = stacked_groups(plans, share, n_workers, small)
        if groups:
            return fit_stacked(groups, plans, share, n_workers, finish)
    if effective_n_jobs(n_jobs) > 1 or n_workers == 1:
        return Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(attempt)(fit_alone, plan, share, finish, number)
            for number, plan in enumerate(plans)
        )
    return fit_beside(plans, share, n_workers, finish)


def attempt(function, *args):
    """Return what a function gives, or the exception that it fails with.

    Parameters
    ----------
    function : callable
        What may fail.

    *args
        Its arguments.

    Returns
    -------
    outcome : object or Exception
        An error keeps its cause better as a value than through another process.
    """
    try:
        return function(*args)
    except Exception as error:
        return error


def fit_alone(plan, setting, finish, number):
    """Fit a net while no other is fitted in this process.

    Parameters
    ----------
    plan : callable
        Gives the training.

    setting : Setting
        Classes, device, types and threads.

    finish : callable
        Takes what is wanted from the net.

    number : int
        Of the fit.

    Returns
    -------
    outcome : object
        What `finish` returns.
    """
    net = run_alone(plan(setting))
    with thread_limit(setting.n_threads):
        return finish(net, number)


def fit_beside(plans, setting, n_workers, finish):
    """Fit nets that draw nothing from torch's random state on Python threads.

    Parameters
    ----------
    plans : list of callable
        Give the trainings.

    setting : Setting
        Classes, device, types and the threads of one net.

    n_workers : int
        Nets at the same time.

    finish : callable
        Takes what is wanted from each net.

    Yields
    ------
    outcome : object or Exception
        What `finish` returns, in order.
    """

    def fit(training, number):
        if isinstance(training, Exception):
            return training
        run(training)
        return finish(training.net, number)

    trainings = (attempt(plan, setting) for plan in plans)
    with thread_limit(setting.n_threads), workers(n_workers) as do:
        yield from do(partial(attempt, fit), trainings, range(len(plans)))


def may_be_beside(training):
    """Tell whether a net can be trained on a thread beside others.

    Parameters
    ----------
    training : Training
        Ready to be run.

    Returns
    -------
    may_be_beside : bool
        Whether it is on the CPU, not too large, and its module draws nothing from
        torch's random state.
    """
    net, setting = training.net, training.setting
    if setting.device.type != "cpu" or n_weights(net.module_) > LARGEST_BESIDE:
        return False
    module = deepcopy(net.module_).train()
    with (
        seeded(training.seed, setting.device),
        torch.no_grad(),
        own_dropout(module, training.seed, setting.device),
    ):
        before = torch.get_rng_state()
        module(training.dataset.probe())
        return torch.equal(before, torch.get_rng_state())


def may_stack(training):
    """Tell whether nets like this one are worth to be stacked, if they can.

    Parameters
    ----------
    training : Training
        Ready to be run.

    Returns
    -------
    may_stack : bool
        Whether all but the module can be stacked.
    """
    net, device = training.net, training.setting.device
    return (
        isinstance(training.dataset.all_X, np.ndarray)
        and n_weights(net.module_) <= LARGEST_STACKED.get(device.type, 0)
        and is_lean(net, training.fit_params)
        and can_stack(net)
    )


def stacked_groups(plans, setting, n_groups, small):
    """Stack the nets that have the same numbers of batches and epochs.

    Parameters
    ----------
    plans : list of callable
        Give the trainings.

    setting : Setting
        Classes, device, types and threads.

    n_groups : int
        Parts, for as many threads, of what could be one stack.

    small : bool
        Whether a step is small.

    Returns
    -------
    groups : list of (numbers, members, stack)
        Empty where a net cannot be prepared or stacked.
    """
    trainings = [attempt(plan, setting) for plan in plans]
    if any(isinstance(training, Exception) for training in trainings):
        return []
    members = [Member(training) for training in trainings]
    alike = {}
    for number, member in enumerate(members):
        if not isinstance(member.batches, BatchIterator):
            return []
        alike.setdefault(shape_of_training(member), []).append(number)
    groups = []
    for numbers in alike.values():
        for part in np.array_split(numbers, min(n_groups, len(numbers))):
            group = [members[number] for number in part]
            modules = [member.net.module_ for member in group]
            stack = stack_chains(modules, [member.generator() for member in group])
            if stack is None and (small or setting.device.type != "cpu"):
                stack = try_mapped(modules, group[0].dataset.probe().to(setting.device))
            if stack is None:
                return []
            groups.append((part, group, stack))
    return groups


def shape_of_training(member):
    """Tell what nets must have in common to take their steps together.

    Parameters
    ----------
    member : Member
        One net.

    Returns
    -------
    shape : tuple of int
        Batches, epochs, and for batch normalisation rows, since padding would count.
    """
    net = member.net
    normalized = any(isinstance(part, nn.BatchNorm1d) for part in net.module_.modules())
    n_rows = len(member.batches.positions) if normalized else 0
    return len(member.batches), net.max_epochs, n_rows


def fit_stacked(groups, plans, setting, n_workers, finish):
    """Fit nets in stacks.

    Parameters
    ----------
    groups : list of (numbers, members, stack)
        What is stacked with what.

    plans : list of callable
        Give the trainings again, for nets whose stack fails.

    setting : Setting
        Classes, device, types and the threads of one stack.

    n_workers : int
        Stacks at the same time.

    finish : callable
        Takes what is wanted from each net.

    Yields
    ------
    outcome : object or Exception
        What `finish` returns, in order.
    """

    def train(group):
        numbers, members, stack = group
        try:
            with mixed_precision(setting):
                errors = train_stack(members, stack)
        except Exception:  # of one net, but which?
            return [attempt(run_alone, plans[number](setting)) for number in numbers]
        return [error or member.net for error, member in zip(errors, members)]

    def finish_one(outcome, number):
        return outcome if isinstance(outcome, Exception) else finish(outcome, number)

    nets = [None] * len(plans)
    with thread_limit(setting.n_threads), workers(n_workers) as do:
        for (numbers, *_), trained in zip(groups, do(train, groups)):
            for number, net in zip(numbers, trained):
                nets[number] = net
        yield from do(partial(attempt, finish_one), nets, range(len(plans)))


@contextmanager
def workers(n_workers):
    """Work on some tasks at the same time.

    Parameters
    ----------
    n_workers : int
        Number of threads; 1 is this one.

    Yields
    ------
    do : callable
        Like `map`, except that a task is taken up only when a thread is free for it.
    """
    if n_workers == 1:
        yield map
        return
    with ThreadPoolExecutor(n_workers) as pool:

        def do(function, *iterables):
            results = deque()
            for args in zip(*iterables):
                if len(results) == n_workers:
                    yield results.popleft().result()
                results.append(pool.submit(function, *args))
            while results:
                yield results.popleft().result()

        yield do
