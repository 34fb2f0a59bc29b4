"""The linear layer that alone looks at the rows of a net."""

from copy import deepcopy

import torch
from torch import nn

from sklnoise.engine._criterion import first_output
from sklnoise.engine._device import seeded

TRIAL_ROWS = 4


def first_layer(net, n_features, *, trained=False):
    """Find the linear layer that alone looks at the rows.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised, on the CPU or elsewhere.

    n_features : int
        Values of a row.

    trained : bool, default=False
        Whether it must be the only one in training too.

    Returns
    -------
    layer : torch.nn.Linear or None
        None where there is no such layer, or the net is not on the CPU.
    """
    if torch.device(net.device).type != "cpu":
        return None
    for name, layer in net.module_.named_modules():
        if type(layer) is nn.Linear and layer.in_features == n_features:
            alone = sees_rows_alone(net.module_.eval(), name)
            if alone and trained:
                try:
                    alone = sees_rows_alone(deepcopy(net.module_).train(), name)
                except Exception:  # whatever cannot be copied
                    alone = False
            return layer if alone else None
    return None


def sees_rows_alone(module, name):
    """Try whether a layer gets the very rows that a module gets, and nothing else does.

    Parameters
    ----------
    module : torch.nn.Module
        The net, in the mode that is of interest.

    name : str
        Name of its linear layer.

    Returns
    -------
    alone : bool
        False also for a layer with hooks, which see the rows too.
    """
    layer = module.get_submodule(name)
    if layer._forward_pre_hooks or layer._forward_hooks:
        return False
    dtype, generator = layer.weight.dtype, torch.Generator().manual_seed(0)
    rows = torch.randn(TRIAL_ROWS, layer.in_features, generator=generator, dtype=dtype)
    inputs = []

    def of_the_rows(X):
        inputs.append((X.data_ptr(), X.shape, X.stride(), X._version))
        return nn.functional.linear(rows, layer.weight.detach(), layer.bias)

    def outputs_for(X):
        with seeded(0, X.device):
            output = first_output(module(X))
        return output, inputs.pop() == (X.data_ptr(), X.shape, X.stride(), 0)

    layer.forward = of_the_rows
    try:
        expected, as_it_is = outputs_for(rows.clone())
        blind, _ = outputs_for(torch.full_like(rows, torch.nan))
        used_elsewhere = reaches(expected, layer.weight)
    except Exception:  # whatever a module raises that has not met such rows
        return False
    finally:
        del layer.forward
    alone = as_it_is and not inputs and not used_elsewhere
    return alone and torch.equal(blind, expected)


def reaches(output, weight):
    """Tell whether an output depends on a weight.

    Parameters
    ----------
    output : torch.Tensor
        Computed with gradients.

    weight : torch.nn.Parameter
        The weight.

    Returns
    -------
    reaches : bool
        False for a weight that is not trained.
    """
    if not (output.requires_grad and weight.requires_grad):
        return False
    (gradient,) = torch.autograd.grad(output.sum(), weight, allow_unused=True)
    return gradient is not None
