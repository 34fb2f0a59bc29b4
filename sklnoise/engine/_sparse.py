"""Nets whose first linear layer multiplies sparse rows as they are."""

from contextlib import contextmanager

import torch
from scipy.sparse import issparse
from torch import nn

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._callbacks import BLIND
from sklnoise.engine._data import row_shape
from sklnoise.engine._first_layer import first_layer, sharing_copy
from sklnoise.engine._lean_gate import is_lean
from sklnoise.engine._optimizers import ELEMENTWISE_OPTIMIZERS
from sklnoise.engine._replaced import Replaced
from sklnoise.engine._sparse_rows import SparseRows
from sklnoise.engine._stack import has_hooks


def layer_for_sparse_rows(net, dataset, fit_params):
    """Choose the layer that multiplies sparse rows in a training.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised, and not trained yet.

    dataset : RowDataset
        Its rows.

    fit_params : dict
        Parameters of the training loop.

    Returns
    -------
    name : str or None
        Name of the layer; None where rows must become dense, or are.
    """
    if not issparse(dataset.all_X) or not nobody_sees_weights(net, dataset, fit_params):
        return None
    return first_layer(net, row_shape(dataset.all_X)[0], trained=True)


@contextmanager
def sparse_rows_for(net, dataset):
    """Let the net of a training multiply sparse rows as they are, where it can.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised, and not trained yet.

    dataset : RowDataset
        Its rows, which know the layer.
    """
    layer = None
    if dataset.first_layer is not None:
        layer = net.module_.get_submodule(dataset.first_layer)
    if layer is None or has_hooks(layer):  # one may look at hidden features by now
        yield
        return
    weight = layer.weight
    turned = nn.Parameter(weight.data.t().contiguous(), weight.requires_grad)
    weight.data = turned.data.t()
    try:
        with (
            steps_on(net.optimizer_, weight, turned),
            multiplied_by(layer, turned) as dataset.sparse_rows,
        ):
            yield
    finally:
        dataset.sparse_rows = None
        weight.data = weight.data.contiguous()


def nobody_sees_weights(net, dataset, fit_params):
    """Tell whether nothing in a training but the net looks at weights and gradients.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised.

    dataset : RowDataset
        Its rows.

    fit_params : dict
        Parameters of the training loop.

    Returns
    -------
    nobody_does : bool
        Whether one weight can be another tensor for a while.
    """
    return (
        is_lean(net, fit_params)
        and type(net.optimizer_) in ELEMENTWISE_OPTIMIZERS
        and all(type(callback) in BLIND for _, callback in net.callbacks_)
        and isinstance(net.get_iterator(dataset, training=True), BatchIterator)
        and isinstance(net.get_iterator(dataset), BatchIterator)
    )


@contextmanager
def steps_on(optimizer, weight, turned):
    """Let an optimizer step on the transpose of a weight, which lies in one piece.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        One that treats each value alone.

    weight : torch.nn.Parameter
        The weight that it has.

    turned : torch.nn.Parameter
        Its transpose, in the same memory.
    """
    exchange(optimizer, weight, turned)
    try:
        yield
    finally:
        exchange(optimizer, turned, weight)


def exchange(optimizer, old, new):
    """Put a parameter, and what is kept of its transpose, in the place of another.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Changed in place.

    old, new : torch.nn.Parameter
        Each the transpose of the other.
    """
    for group in optimizer.param_groups:
        group["params"] = [new if p is old else p for p in group["params"]]
    if old in optimizer.state:
        state = optimizer.state.pop(old)
        optimizer.state[new] = {
            name: value.t() if torch.is_tensor(value) and value.ndim == 2 else value
            for name, value in state.items()
        }


@contextmanager
def multiplied_by(layer, turned):
    """Let a linear layer multiply sparse rows in a training.

    Parameters
    ----------
    layer : torch.nn.Linear
        The first layer of a net; as it was, afterwards.

    turned : torch.nn.Parameter of shape (n_features, n_units)
        Its weight, turned.

    Yields
    ------
    sparse_rows : SparseRows
        What has to be told of the rows.
    """
    sparse_rows = SparseRows(layer, turned)
    layer.forward = Replaced(layer, "forward", sparse_rows.multiply)
    try:
        yield sparse_rows
    finally:
        del layer.forward


def multiplying_copy(net, n_features):
    """Copy the module of a net so that it multiplies sparse rows.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted; not changed, since other threads may predict with it too.

    n_features : int
        Values of a row.

    Returns
    -------
    module : torch.nn.Module
        The module itself, where it cannot.

    sparse_rows : SparseRows or None
        What has to be told of the rows.
    """
    hooked = has_hooks(net.module_)  # a copy would not call those of this net
    name = None if hooked else first_layer(net, n_features)
    if name is None:
        return net.module_, None
    module = sharing_copy(net.module_)
    layer = module.get_submodule(name)
    sparse_rows = SparseRows(layer, layer.weight.detach().t().contiguous())
    layer.forward = sparse_rows.multiply
    return module, sparse_rows
