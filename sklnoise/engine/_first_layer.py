"""The linear layer that alone looks at the rows of a net."""

from copy import deepcopy

import torch
from torch import nn

from sklnoise.engine._criterion import first_output
from sklnoise.engine._dropout import own_dropout
from sklnoise.engine._stack import has_hooks

TRIAL_ROWS = 4


def first_layer(net, n_features, *, trained=False):
    """Find the linear layer that alone looks at the rows."""
    if torch.device(net.device).type != "cpu":
        return None
    for name, layer in net.module_.named_modules():
        if type(layer) is nn.Linear and layer.in_features == n_features:
            modes = (False, True) if trained else (False,)
            alone = all(sees_rows_alone(net.module_, name, mode) for mode in modes)
            return name if alone else None
    return None


def sees_rows_alone(module, name, training):
    """Try whether a layer gets the very rows of a module, and nothing else does."""
    if has_hooks(module.get_submodule(name)):
        return False
    inputs = []
    try:
        module = sharing_copy(module).train(training)
        layer = module.get_submodule(name)
        rows = trial_rows(layer)

        def of_the_rows(X):
            inputs.append((X.data_ptr(), X.shape, X.stride(), X._version))
            return nn.functional.linear(rows, layer.weight.detach(), layer.bias)

        layer.forward = of_the_rows
        expected, as_it_is = trial(module, rows.clone(), inputs)
        blind, _ = trial(module, torch.full_like(rows, torch.nan), inputs)
        used_elsewhere = reaches(expected, layer.weight)
    except Exception:  # whatever a module raises that has not met such rows
        return False
    alone = as_it_is and not inputs and not used_elsewhere
    return alone and torch.equal(blind, expected)


def sharing_copy(module):
    """Copy a module, but not its weights."""
    return deepcopy(module, {id(weight): weight for weight in module.parameters()})


def trial_rows(layer):
    """Make rows that look like sparse ones, one of them empty."""
    generator = torch.Generator().manual_seed(0)
    shape = TRIAL_ROWS, layer.in_features
    rows = torch.randn(shape, generator=generator, dtype=layer.weight.dtype)
    rows[0] = 0
    rows[1:, ::2] = 0
    return rows


def trial(module, X, inputs):
    """Apply a net to a batch, always with the same draws."""
    random_state = torch.get_rng_state() if module.training else None
    with own_dropout(module, 0, X.device):
        output = first_output(module(X))
    if random_state is not None:
        torch.set_rng_state(random_state)
    return output, inputs.pop() == (X.data_ptr(), X.shape, X.stride(), 0)


def reaches(output, weight):
    """Tell whether an output depends on a weight."""
    if not (output.requires_grad and weight.requires_grad):
        return False
    (gradient,) = torch.autograd.grad(output.sum(), weight, allow_unused=True)
    return gradient is not None
