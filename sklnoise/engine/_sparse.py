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
    """Choose the layer that multiplies sparse rows in a training."""
    if not issparse(dataset.all_X) or not nobody_sees_weights(net, dataset, fit_params):
        return None
    return first_layer(net, row_shape(dataset.all_X)[0], trained=True)


@contextmanager
def sparse_rows_for(net, dataset):
    """Let the net of a training multiply sparse rows as they are, where it can."""
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
    """Tell whether nothing in a training but the net looks at weights and gradients."""
    return (
        is_lean(net, fit_params)
        and type(net.optimizer_) in ELEMENTWISE_OPTIMIZERS
        and all(type(callback) in BLIND for _, callback in net.callbacks_)
        and isinstance(net.get_iterator(dataset, training=True), BatchIterator)
        and isinstance(net.get_iterator(dataset), BatchIterator)
    )


@contextmanager
def steps_on(optimizer, weight, turned):
    """Let an optimizer step on the transpose of a weight, which lies in one piece."""
    exchange(optimizer, weight, turned)
    try:
        yield
    finally:
        exchange(optimizer, turned, weight)


def exchange(optimizer, old, new):
    """Put a parameter, and what is kept of its transpose, in the place of another."""
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
    """Let a linear layer multiply sparse rows in a training."""
    sparse_rows = SparseRows(layer, turned)
    layer.forward = Replaced(layer, "forward", sparse_rows.multiply)
    try:
        yield sparse_rows
    finally:
        del layer.forward


def multiplying_copy(net, n_features):
    """Copy the module of a net so that it multiplies sparse rows."""
    hooked = has_hooks(net.module_)  # a copy would not call those of this net
    name = None if hooked else first_layer(net, n_features)
    if name is None:
        return net.module_, None
    module = sharing_copy(net.module_)
    layer = module.get_submodule(name)
    sparse_rows = SparseRows(layer, layer.weight.detach().t().contiguous())
    layer.forward = sparse_rows.multiply
    return module, sparse_rows
