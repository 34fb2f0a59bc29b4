"""Layers of several nets as one layer, whose parameters have an axis for the nets."""

from itertools import compress

import torch
from torch import nn
from torch.nn import functional

from sklnoise.engine._dropout import LEVELS, keep_mask, kept_levels


def stacked(parts):
    """Stack detached tensors into a parameter."""
    whole = torch.stack([part.detach() for part in parts]).contiguous()
    return nn.Parameter(whole, requires_grad=parts[0].requires_grad)


class StackedLinear(nn.Module):
    """Linear layers, applied each to its own part of a batch."""

    def __init__(self, layers):
        super().__init__()
        self.weight = stacked([layer.weight.t() for layer in layers])
        self.bias = None
        if layers[0].bias is not None:
            self.bias = stacked([layer.bias[None] for layer in layers])

    def forward(self, X):
        """Compute `X @ weight + bias`, for X of shape (n_nets, ..., n_features)."""
        flat = X.flatten(1, -2)
        if self.bias is None:
            output = torch.bmm(flat, self.weight)
        else:
            output = torch.baddbmm(self.bias, flat, self.weight)
        return output.view(*X.shape[:-1], -1)

    def views(self, number):
        """Return the weight and bias of one net, as views."""
        yield "weight", self.weight[number].t()
        if self.bias is not None:
            yield "bias", self.bias[number, 0]


class StackedBatchNorm(nn.Module):
    """Batch normalisations, of each net over its own part of a batch."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers
        self.weight = self.bias = None
        if layers[0].affine:
            self.weight = stacked([layer.weight[None] for layer in layers])
            self.bias = stacked([layer.bias[None] for layer in layers])

    def forward(self, X):
        """Normalise X of shape (n_nets, n_rows, n_features) or with one more axis."""
        parts = [
            functional.batch_norm(
                part,
                layer.running_mean,
                layer.running_var,
                training=self.training or layer.running_mean is None,
                momentum=layer.momentum,
                eps=layer.eps,
            )
            for layer, part in zip(self.layers, X.unbind(), strict=True)
        ]
        if self.training and self.layers[0].num_batches_tracked is not None:
            for layer in self.layers:
                layer.num_batches_tracked += 1
        X = torch.stack(parts)
        if self.weight is None:
            return X
        weight, bias = self.weight, self.bias
        if X.dim() == 4:
            weight, bias = weight[..., None], bias[..., None]
        return X * weight + bias

    def keep(self, goes_on):
        """Let go of the layers of nets that have stopped."""
        self.layers = list(compress(self.layers, goes_on))

    def views(self, number):
        """Return the weight and bias of one net, as views."""
        if self.weight is not None:
            yield "weight", self.weight[number, 0]
            yield "bias", self.bias[number, 0]


class StackedDropout(nn.Module):
    """Dropout, of each net from its own generator."""

    def __init__(self, layer, draws):
        super().__init__()
        self.p = layer.p
        self.draws = draws

    def forward(self, X):
        """Drop units of X of shape (n_nets, n_rows, ...)."""
        if not self.training or not 0 < self.p < 1:
            return functional.dropout(X, self.p, self.training)
        scale = LEVELS / kept_levels(self.p)
        mask = torch.zeros(X.shape, dtype=torch.bool, device=X.device)
        for kept, size, generator in zip(
            mask, self.draws.sizes, self.draws.generators, strict=True
        ):
            kept[:size] = keep_mask(kept[:size].shape, self.p, generator)
        return X * (mask * X.new_tensor(scale))


class StackedFlatten(nn.Module):
    """Flattening that leaves the axes of nets and rows alone."""

    def __init__(self, start_dim, end_dim):
        super().__init__()
        self.start_dim = start_dim + (start_dim >= 0)
        self.end_dim = end_dim + (end_dim >= 0)

    def forward(self, X):
        """Flatten X of shape (n_nets, n_rows, ...)."""
        return X.flatten(self.start_dim, self.end_dim)


class Draws:
    """Where the dropout of a stack draws from."""

    def __init__(self, generators):
        self.generators = generators
        self.sizes = []

    def keep(self, goes_on):
        """Let go of the generators of nets that have stopped."""
        self.generators = list(compress(self.generators, goes_on))
