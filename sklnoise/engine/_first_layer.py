"""The linear layer that alone looks at the rows of a net."""

from copy import deepcopy

import torch
from torch import nn

from sklnoise.engine._criterion import first_output
from sklnoise.engine._dropout import own_dropout
from sklnoise.engine._stack import has_hooks

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
        Whether it must be the only one in training too; not beside other threads.

    Returns
    -------
    name : str or None
        Name of the layer; None where there is no such layer, or the net is not on the
        CPU.
    """
    if torch.device(net.device).type != "cpu":
        return None
    for name, layer in net.module_.named_modules():
        if type(layer) is nn.Linear and layer.in_features == n_features:
            modes = (False, True) if trained else (False,)
            alone = all(sees_rows_alone(net.module_, name, mode) for mode in modes)
            return name if alone else None
    return None


def sees_rows_alone(module, name, training):
    """Try whether a layer gets the very rows that a module gets, and nothing else does.

    In the mode of prediction no lock is taken and no random state is touched, since other
    threads may train and predict.

    Parameters
    ----------
    module : torch.nn.Module
        The net.

    name : str
        Name of its linear layer.

    training : bool
        In which mode.

    Returns
    -------
    alone : bool
        False also for a layer with hooks, which see the rows or the gradients too.
    """
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
    """Copy a module, but not its weights.

    Parameters
    ----------
    module : torch.nn.Module
        The net.

    Returns
    -------
    module : torch.nn.Module
        Whose layers can be changed unseen.
    """
    return deepcopy(module, {id(weight): weight for weight in module.parameters()})


def trial_rows(layer):
    """Make rows that look like sparse ones, one of them empty.

    Parameters
    ----------
    layer : torch.nn.Linear
        The layer.

    Returns
    -------
    rows : torch.Tensor of shape (n_rows, n_features)
        Always the same.
    """
    generator = torch.Generator().manual_seed(0)
    shape = TRIAL_ROWS, layer.in_features
    rows = torch.randn(shape, generator=generator, dtype=layer.weight.dtype)
    rows[0] = 0
    rows[1:, ::2] = 0
    return rows


def trial(module, X, inputs):
    """Apply a net to a batch, always with the same draws.

    Parameters
    ----------
    module : torch.nn.Module
        The net.

    X : torch.Tensor of shape (n_rows, n_features)
        The batch.

    inputs : list
        What the layer has noted of its inputs; the last one is taken out.

    Returns
    -------
    output : torch.Tensor of shape (n_rows, n_classes)
        Logits.

    as_it_is : bool
        Whether the layer got the batch itself.
    """
    random_state = torch.get_rng_state() if module.training else None
    with own_dropout(module, 0, X.device):
        output = first_output(module(X))
    if random_state is not None:
        torch.set_rng_state(random_state)
    return output, inputs.pop() == (X.data_ptr(), X.shape, X.stride(), 0)


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
