"""The route of nets that can be stacked."""

from functools import partial

import numpy as np
from skorch.callbacks import EarlyStopping, PassthroughScoring
from torch import nn

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._callbacks import KeepBest
from sklnoise.engine._device import mixed_precision, n_weights, thread_limit
from sklnoise.engine._lean_gate import is_lean
from sklnoise.engine._mapped_stack import try_mapped
from sklnoise.engine._member import Member, is_schedule
from sklnoise.engine._optimizers import ELEMENTWISE_OPTIMIZERS
from sklnoise.engine._stack import stack_chains
from sklnoise.engine._stacked_training import train_stack
from sklnoise.engine._training import run_alone
from sklnoise.engine._workers import attempt, workers

LARGEST_STACKED = {"cpu": 2**20, "mps": 2**22, "cuda": 2**24}
"""Weights of a net above which a stack takes more memory than it saves time."""


STACKED_CALLBACKS = (KeepBest, EarlyStopping, PassthroughScoring)


def may_stack(training):
    """Tell whether nets like this one are worth to be stacked, if they can."""
    net, device = training.net, training.setting.device
    return (
        isinstance(training.dataset.all_X, np.ndarray)
        and n_weights(net.module_) <= LARGEST_STACKED.get(device.type, 0)
        and is_lean(net, training.fit_params)
        and can_stack(net)
    )


def can_stack(net):
    """Tell whether what surrounds the module of a net can be stacked."""
    return (
        type(net.optimizer_) in ELEMENTWISE_OPTIMIZERS
        and not net.criterion_.from_probabilities
        and all(
            type(callback) in STACKED_CALLBACKS or is_schedule(callback)
            for _, callback in net.callbacks_
        )
    )


def stacked_groups(trainings, n_groups, small):
    """Stack the nets that can take their steps together."""
    if any(isinstance(training, Exception) for training in trainings):
        return []
    members = [Member(training) for training in trainings]
    if not all(isinstance(member.batches, BatchIterator) for member in members):
        return []
    mapped = small or trainings[0].setting.device.type != "cpu"
    kinds = (chain_of, mapping_of) if mapped else (chain_of,)
    for kind in kinds:
        groups = []
        for numbers in alike(members, kind is mapping_of, n_groups):
            group = [members[number] for number in numbers]
            stack = kind(group)
            if stack is None:
                break
            groups.append((numbers, group, stack))
        else:
            return groups
    return []


def chain_of(members):
    """Stack nets that are made of known layers."""
    modules = [member.net.module_ for member in members]
    return stack_chains(modules, [member.generator() for member in members])


def mapping_of(members):
    """Stack nets of any kind."""
    modules = [member.net.module_ for member in members]
    device = next(modules[0].parameters()).device
    return try_mapped(modules, members[0].dataset.probe().to(device))


def alike(members, mapped, n_groups):
    """Find the nets that can take their steps together."""
    by_shape = {}
    for number, member in enumerate(members):
        net, batches = member.net, member.batches
        parts = net.module_.modules()
        meet = mapped or any(isinstance(part, nn.BatchNorm1d) for part in parts)
        n_rows = batches.n_rows if meet else 0
        shape = len(batches), net.max_epochs, n_rows
        by_shape.setdefault(shape, []).append(number)
    return [
        part
        for numbers in by_shape.values()
        for part in np.array_split(numbers, min(n_groups, len(numbers)))
    ]


def fit_stacked(groups, plans, setting, n_workers, finish):
    """Fit nets in stacks."""

    def train(group):
        numbers, members, stack = group
        try:
            with mixed_precision(setting):
                errors = train_stack(members, stack)
        except Exception:  # of one net, but which?
            return {}
        nets = [error or member.net for error, member in zip(errors, members)]
        return dict(zip(numbers, nets))

    def alone(number):
        return run_alone(plans[number](setting))

    def finish_one(outcome, number):
        return outcome if isinstance(outcome, Exception) else finish(outcome, number)

    nets = {}
    with thread_limit(setting.n_threads), workers(n_workers) as do:
        for trained in do(train, groups):
            nets |= trained
        groups.clear()  # the stacks take memory
        for number in set(range(len(plans))) - set(nets):
            nets[number] = attempt(alone, number)  # not beside: it may draw
        in_order = [nets[number] for number in range(len(plans))]
        nets.clear()
        yield from do(partial(attempt, finish_one), in_order, range(len(plans)))
