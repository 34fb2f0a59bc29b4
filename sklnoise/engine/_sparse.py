"""Sparse rows, multiplied as they are by the first linear layer of a net."""

from contextlib import contextmanager
from copy import deepcopy

import torch
from scipy.sparse import issparse
from torch import nn

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._criterion import first_output
from sklnoise.engine._data import row_shape
from sklnoise.engine._device import seeded
from sklnoise.engine._replaced import Replaced


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
    if issparse(dataset.all_X) and all(
        isinstance(net.get_iterator(dataset, training=training), BatchIterator)
        for training in (True, False)
    ):
        layer = first_layer(net, row_shape(dataset.all_X)[0], trained=True)
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
    layer.forward = Replaced(layer, "forward", sparse_rows.multiply)
    try:
        yield sparse_rows
    finally:
        del layer.forward


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
    rows = torch.randn(4, layer.in_features, generator=generator, dtype=dtype)
    inputs = []

    def of_the_rows(X):
        inputs.append((X.data_ptr(), X.shape, X.stride(), X._version))
        return nn.functional.linear(rows, layer.weight, layer.bias)

    def outputs_for(X):
        with seeded(0, X.device), torch.no_grad():
            output = first_output(module(X))
        return output, inputs.pop() == (X.data_ptr(), X.shape, X.stride(), 0)

    layer.forward = of_the_rows
    try:
        expected, as_it_is = outputs_for(rows.clone())
        blind, _ = outputs_for(torch.full_like(rows, torch.nan))
    except Exception:  # whatever a module raises that has not met such rows
        return False
    finally:
        del layer.forward
    return as_it_is and not inputs and torch.equal(blind, expected)
