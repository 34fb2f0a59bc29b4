"""The route of nets that can be stacked."""

from functools import partial

import numpy as np
import torch
from skorch.callbacks import EarlyStopping, PassthroughScoring
from torch import nn

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._callbacks import KeepBest
from sklnoise.engine._device import mixed_precision, n_weights, thread_limit
from sklnoise.engine._lean import is_lean
from sklnoise.engine._mapped_stack import try_mapped
from sklnoise.engine._stack import stack_chains
from sklnoise.engine._stacked_training import Member, is_schedule, train_stack
from sklnoise.engine._training import run_alone
from sklnoise.engine._workers import attempt, workers

LARGEST_STACKED = {"cpu": 2**20, "mps": 2**22, "cuda": 2**24}
"""Weights of a net above which a stack takes more memory than it saves time."""

ELEMENTWISE_OPTIMIZERS = (
    torch.optim.SGD,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.Adagrad,
    torch.optim.Adadelta,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
)
"""Optimizers that treat each value alone, so that stacked nets do not meet in them."""

STACKED_CALLBACKS = (KeepBest, EarlyStopping, PassthroughScoring)


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


def can_stack(net):
    """Tell whether what surrounds the module of a net can be stacked.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised; one that `is_lean`.

    Returns
    -------
    can_stack : bool
        Whether its optimizer treats each value alone, and its callbacks act on the
        net alone or on the learning rate of all nets alike.
    """
    return (
        type(net.optimizer_) in ELEMENTWISE_OPTIMIZERS
        and not net.criterion_.from_probabilities
        and all(
            type(callback) in STACKED_CALLBACKS or is_schedule(callback)
            for _, callback in net.callbacks_
        )
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
        groups.clear()  # the stacks take memory
        yield from do(partial(attempt, finish_one), nets, range(len(plans)))
