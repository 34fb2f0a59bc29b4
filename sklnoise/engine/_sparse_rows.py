"""Sparse rows that a linear layer multiplies as they are."""

import torch
from torch.nn.functional import embedding_bag, linear


class SparseRows:
    """The sparse rows that a net is applied to next."""

    def __init__(self, layer, turned):
        self.layer = layer
        self.turned = turned
        self.rows = self.stand_in = None

    def take(self, X, rows):
        """Keep some rows for the layer."""
        dtype = self.turned.dtype
        numpy_dtype = torch.empty(0, dtype=dtype).numpy().dtype
        self.rows = X[rows].astype(numpy_dtype, copy=False)
        nothing = torch.full((1, 1), torch.nan, dtype=dtype)
        self.stand_in = nothing.expand(self.rows.shape)
        return self.stand_in

    def multiply(self, stand_in):
        """Apply the layer to the rows that were taken last."""
        if stand_in.data_ptr() != self.stand_in.data_ptr():
            return linear(stand_in, self.layer.weight, self.layer.bias)
        output = SparseProduct.apply(self.rows, self.turned)
        return output if self.layer.bias is None else output + self.layer.bias


class SparseProduct(torch.autograd.Function):
    """The product of sparse rows, which need no gradient, and dense weights."""

    @staticmethod
    def forward(ctx, rows, weight):
        """Compute the product."""
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
        """Compute the gradient by the weights."""
        return None, torch.from_numpy(ctx.rows.T @ gradient.numpy())
