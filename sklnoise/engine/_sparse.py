"""Sparse rows, multiplied as they are by the first linear layer of a net."""

from contextlib import contextmanager
from functools import partial

import torch
from scipy.sparse import issparse
from torch import nn

from sklnoise.engine._criterion import first_output


class SparseRows:
    """The sparse rows that a net is applied to next.

    Parameters
    ----------
    layer : torch.nn.Linear
        The layer that multiplies them.

    dtype : torch.dtype
        Type of its weights.
    """

    def __init__(self, layer, dtype):
        self.layer = layer
        self.dtype = dtype
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
        numpy_dtype = torch.empty(0, dtype=self.dtype).numpy().dtype
        self.rows = X[rows].astype(numpy_dtype, copy=False)
        return torch.full((1, 1), torch.nan, dtype=self.dtype).expand(self.rows.shape)

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
        layer = self.layer
        output = SparseProduct.apply(self.rows, layer.weight)
        return output if layer.bias is None else output + layer.bias


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

        weight : torch.Tensor of shape (n_units, n_features)
            Dense weights.

        Returns
        -------
        output : torch.Tensor of shape (n_rows, n_units)
            `rows @ weight.T`.
        """
        ctx.rows = rows
        return torch.from_numpy(rows @ weight.detach().t().numpy())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        """Compute the gradient by the weights, input first as they are kept.

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
        return None, torch.from_numpy(ctx.rows.T @ gradient.numpy()).t()


@contextmanager
def sparse_rows_for(net, dataset):
    """Let the net of a training multiply sparse rows as they are, where it can.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised, and not trained yet.

    dataset : RowDataset
        Its rows.
    """
    layer = None
    if issparse(dataset.all_X):
        layer = first_layer(net, dataset.probe())
    if layer is None:
        yield
        return
    # Input first, so that gradients need no transposition.
    layer.weight.data = layer.weight.data.t().contiguous().t()
    with multiplied_by(layer, dataset.dtype) as dataset.sparse_rows:
        yield
    dataset.sparse_rows = None


@contextmanager
def multiplied_by(layer, dtype):
    """Let a linear layer multiply sparse rows.

    Parameters
    ----------
    layer : torch.nn.Linear
        The first layer of a net; as it was, afterwards.

    dtype : torch.dtype
        Type of its weights.

    Yields
    ------
    sparse_rows : SparseRows
        What has to be told of the rows.
    """
    sparse_rows = SparseRows(layer, dtype)
    layer.forward = sparse_rows.multiply
    try:
        yield sparse_rows
    finally:
        del layer.forward


def first_layer(net, batch):
    """Find the linear layer that alone looks at the rows.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised, on the CPU or elsewhere.

    batch : torch.Tensor of shape (n_rows, n_features)
        A few rows.

    Returns
    -------
    layer : torch.nn.Linear or None
        None where there is no such layer, or the net is not on the CPU.
    """
    if torch.device(net.device).type != "cpu":
        return None
    expected = first_output(net.evaluation_step((batch, None)))
    for layer in net.module_.modules():
        if type(layer) is nn.Linear and layer.in_features == batch.shape[1]:
            layer.forward = partial(only_this, layer, batch)
            try:
                blind = net.evaluation_step((torch.full_like(batch, torch.nan), None))
            finally:
                del layer.forward
            return layer if torch.allclose(first_output(blind), expected) else None
    return None


def only_this(layer, batch, _):
    """Apply a linear layer to a batch, whatever it is given.

    Parameters
    ----------
    layer : torch.nn.Linear
        The layer.

    batch : torch.Tensor of shape (n_rows, n_features)
        What it is applied to.

    _ : torch.Tensor
        What it is not applied to.

    Returns
    -------
    output : torch.Tensor of shape (n_rows, n_units)
        What the layer gives.
    """
    return nn.functional.linear(batch, layer.weight, layer.bias)
