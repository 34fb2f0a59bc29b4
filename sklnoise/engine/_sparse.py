"""Sparse rows, multiplied as they are by the first linear layer of a net."""

from contextlib import contextmanager

import torch
from scipy.sparse import issparse
from torch import nn
from torch.nn.functional import embedding_bag

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._data import row_shape
from sklnoise.engine._first_layer import first_layer
from sklnoise.engine._lean_gate import is_lean
from sklnoise.engine._optimizers import ELEMENTWISE_OPTIMIZERS
from sklnoise.engine._replaced import Replaced


class SparseRows:
    """The sparse rows that a net is applied to next.

    Parameters
    ----------
    layer : torch.nn.Linear
        The layer that multiplies them.

    turned : torch.Tensor of shape (n_features, n_units)
        Its weight, turned so that neither products nor gradients need a transposition.
    """

    def __init__(self, layer, turned):
        self.layer = layer
        self.turned = turned
        self.rows = None

    def take(self, X, rows):
        """Keep some rows for the layer.

        Parameters
        ----------
        X : CSR matrix of shape (n_samples, n_features)
            The data.

        rows : ndarray of shape (n_rows,)
            Indices.

        Returns
        -------
        stand_in : torch.Tensor of shape (n_rows, n_features)
            To apply the net to: NaN, and hardly any memory.
        """
        dtype = self.turned.dtype
        numpy_dtype = torch.empty(0, dtype=dtype).numpy().dtype
        self.rows = X[rows].astype(numpy_dtype, copy=False)
        return torch.full((1, 1), torch.nan, dtype=dtype).expand(self.rows.shape)

    def multiply(self, stand_in):
        """Apply the layer to the rows that were taken last.

        Parameters
        ----------
        stand_in : torch.Tensor of shape (n_rows, n_features)
            What stands for them.

        Returns
        -------
        output : torch.Tensor of shape (n_rows, n_units)
            What the layer gives.
        """
        output = SparseProduct.apply(self.rows, self.turned)
        return output if self.layer.bias is None else output + self.layer.bias


class SparseProduct(torch.autograd.Function):
    """The product of sparse rows, which need no gradient, and dense weights."""

    @staticmethod
    def forward(ctx, rows, weight):
        """Compute the product.

        Parameters
        ----------
        ctx : object
            Where torch keeps what the gradient needs.

        rows : CSR matrix of shape (n_rows, n_features)
            Sparse rows.

        weight : torch.Tensor of shape (n_features, n_units)
            Dense weights.

        Returns
        -------
        output : torch.Tensor of shape (n_rows, n_units)
            `rows @ weight`.
        """
        ctx.rows = rows
        values, columns, starts = map(
            torch.from_numpy, (rows.data, rows.indices, rows.indptr[:-1])
        )
        return embedding_bag(
            columns, weight, starts, mode="sum", per_sample_weights=values
        )

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        """Compute the gradient by the weights.

        Parameters
        ----------
        ctx : object
            What `forward` kept.

        gradient : torch.Tensor of shape (n_rows, n_units)
            Gradient by the output.

        Returns
        -------
        gradients : tuple
            None for the rows, and that by the weights.
        """
        return None, torch.from_numpy(ctx.rows.T @ gradient.numpy())


@contextmanager
def sparse_rows_for(net, dataset, fit_params):
    """Let the net of a training multiply sparse rows as they are, where it can.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised, and not trained yet.

    dataset : RowDataset
        Its rows.

    fit_params : dict
        Parameters of the training loop.
    """
    layer = None
    if (
        issparse(dataset.all_X)
        and is_lean(net, fit_params)
        and type(net.optimizer_) in ELEMENTWISE_OPTIMIZERS
        and isinstance(net.get_iterator(dataset, training=True), BatchIterator)
        and isinstance(net.get_iterator(dataset), BatchIterator)
    ):
        layer = first_layer(net, row_shape(dataset.all_X)[0], trained=True)
    if layer is None:
        yield
        return
    weight = layer.weight
    turned = nn.Parameter(weight.data.t().contiguous(), weight.requires_grad)
    weight.data = turned.data.t()
    with steps_on(net.optimizer_, weight, turned), multiplied_by(layer, turned) as rows:
        dataset.sparse_rows = rows
        yield
    dataset.sparse_rows = None


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
def multiplied_by(layer, turned=None):
    """Let a linear layer multiply sparse rows.

    Parameters
    ----------
    layer : torch.nn.Linear
        The first layer of a net; as it was, afterwards.

    turned : torch.Tensor of shape (n_features, n_units), default=None
        Its weight, turned; None makes it.

    Yields
    ------
    sparse_rows : SparseRows
        What has to be told of the rows.
    """
    if turned is None:
        turned = layer.weight.detach().t().contiguous()
    sparse_rows = SparseRows(layer, turned)
    layer.forward = Replaced(layer, "forward", sparse_rows.multiply)
    try:
        yield sparse_rows
    finally:
        del layer.forward
