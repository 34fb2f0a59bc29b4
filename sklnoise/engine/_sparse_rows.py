"""Sparse rows that a linear layer multiplies as they are."""

import torch
from torch.nn.functional import embedding_bag, linear


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
        self.rows = self.stand_in = None

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
        nothing = torch.full((1, 1), torch.nan, dtype=dtype)
        self.stand_in = nothing.expand(self.rows.shape)
        return self.stand_in

    def multiply(self, stand_in):
        """Apply the layer to the rows that were taken last.

        Parameters
        ----------
        stand_in : torch.Tensor of shape (n_rows, n_features)
            What stands for them. Other rows are their own: a callback may predict some.

        Returns
        -------
        output : torch.Tensor of shape (n_rows, n_units)
            What the layer gives.
        """
        if stand_in.data_ptr() != self.stand_in.data_ptr():
            return linear(stand_in, self.layer.weight, self.layer.bias)
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
