"""Nets of any kind as one, by `torch.func.vmap`."""

import warnings
from copy import deepcopy

import torch
from torch import nn

from sklnoise.engine._device import watched
from sklnoise.engine._stack import has_hooks
from sklnoise.engine._stacked_layers import Draws, stacked


class MappedStack(nn.Module):
    """Nets of any kind as one, by `torch.func.vmap`."""

    def __init__(self, modules):
        super().__init__()
        self.names = [name for name, _ in modules[0].named_parameters()]
        self.values = nn.ParameterList(
            stacked([module.get_parameter(name) for module in modules])
            for name in self.names
        )
        self.kept = {
            name: torch.stack([module.get_buffer(name) for module in modules])
            for name, _ in modules[0].named_buffers()
        }
        self.one = (modules[0],)  # in a tuple, so that it is no part of this module
        self.draws = Draws([])

    def named_parameters(self, *args, **kwargs):
        """List the parameters by their names in one net."""
        yield from zip(self.names, self.values)

    def forward(self, X):
        """Apply each net to its own part of X of shape (n_nets, n_rows, ...)."""
        net = self.one[0].train(self.training)

        def apply(values, kept, X):
            values = dict(zip(self.names, values))
            return torch.func.functional_call(net, (values, kept), (X,))

        return torch.func.vmap(apply)(list(self.values), self.kept, X)

    def keep(self, goes_on):
        """Let go of the buffers of nets that have stopped."""
        self.kept = {n: b[torch.tensor(goes_on)] for n, b in self.kept.items()}

    def views(self, number):
        """Return the parameters of one net, as views."""
        for name, value in zip(self.names, self.values):
            yield name, value[number]


def try_mapped(modules, batch):
    """Stack nets of any kind, if a trial gives what they give one by one."""
    if has_hooks(modules[0]):
        return None
    together = batch.expand(len(modules), *batch.shape)
    try:
        modules = [deepcopy(module).train() for module in modules]
        buffers = [buffer.clone() for buffer in modules[0].buffers()]
        with watched(batch.device) as drew, warnings.catch_warnings():
            warnings.simplefilter("error")  # torch warns where it maps by a loop
            first, again = (
                torch.stack([module(batch) for module in modules]) for _ in range(2)
            )
            stack = MappedStack(modules)
            output = stack.train()(together)
            output.square().sum().backward()
            repeats = torch.equal(first, again) and not drew()
            kept = all(map(torch.equal, buffers, modules[0].buffers()))
    except Exception:  # whatever a module raises that vmap does not know
        return None
    same = torch.allclose(output, first, rtol=1e-3, atol=1e-4)
    graded = all(value.grad is not None for value in stack.values if value.requires_grad)
    return stack if same and repeats and kept and graded else None
