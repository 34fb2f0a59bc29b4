"""A multilayer perceptron for tables, sparse text and small images."""

import math
from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
import torch
from scipy.sparse import issparse
from torch import nn
from torch.nn.functional import embedding_bag

from sklnoise._text import shorten
from sklnoise.nn._encoding import PiecewiseLinearEncoding, RobustScaling


class MLP(nn.Module):
    """Multilayer perceptron with ReLU units, which gives logits.

    On the CPU it also takes sparse samples, as a CSR matrix, and multiplies them
    without making them dense.

    Parameters
    ----------
    n_features : int
        Number of input values per sample; more dimensions are flattened.

    n_classes : int
        Number of logits.

    hidden : int or tuple of int, default=(64, 32)
        Width of each hidden layer.

    dropout : float, default=0.0
        Probability that a hidden unit is dropped while training, in [0, 1), rounded to
        a multiple of 1/65536.

    encoding : torch.nn.Module, default=None
        What encodes the flattened samples before the first layer, such as a
        `PiecewiseLinearEncoding`; a copy of it is used. Its attribute `n_outputs` is the
        number of values that it gives per sample. Sparse samples cannot be encoded.

    Raises
    ------
    TypeError
        If `encoding` is not a module.
    ValueError
        If `hidden` or `dropout` is not valid, if `encoding` has no `n_outputs`, or its
        `n_features` is another.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import MLP
    >>> MLP(4, 3, hidden=(16, 8))(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self, n_features, n_classes, *, hidden=(64, 32), dropout=0.0, encoding=None
    ):
        widths = [n_features, *check_widths(hidden)]
        check_dropout(dropout)
        check_encoding(encoding, n_features)
        super().__init__()
        # Named, so that weights can be loaded into an MLP with another dropout.
        self.layers = nn.Sequential()
        self.layers.add_module("flatten", Flatten())
        if encoding is not None:
            self.layers.add_module("encoding", deepcopy(encoding))
            widths[0] = encoding.n_outputs
        for i, (n_in, n_out) in enumerate(pairwise(widths)):
            self.layers.add_module(f"hidden{i}", Linear(n_in, n_out))
            self.layers.add_module(f"relu{i}", nn.ReLU())
            if dropout:
                self.layers.add_module(f"dropout{i}", SeededDropout(dropout))
        self.layers.add_module("logits", Linear(widths[-1], n_classes))

    def forward(self, X):
        """Compute the logits.

        Parameters
        ----------
        X : torch.Tensor of shape (n_samples, ...) or CSR matrix of shape \
                (n_samples, n_features)
            Samples of `n_features` floating values; sparse ones in the dtype of the
            weights, which must be on the CPU.

        Returns
        -------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax.

        Raises
        ------
        ValueError
            If X is sparse and there is an encoding.
        """
        if issparse(X) and hasattr(self.layers, "encoding"):
            raise ValueError(
                "X must be dense, as the encoding of an MLP takes no sparse samples; got "
                f"a sparse array of shape {X.shape}. Pass X.toarray(), or leave the "
                "encoding out."
            )
        return self.layers(X)


def check_widths(hidden):
    """Return the widths of the hidden layers as a list."""
    widths = [hidden] if isinstance(hidden, Integral) else hidden
    is_list = isinstance(widths, Sequence | np.ndarray) and not isinstance(widths, str)
    if not is_list or not all(isinstance(n, Integral) and n > 0 for n in widths):
        raise ValueError(
            "hidden must be the width of a layer, or a tuple of the widths of several, "
            f"integers from 1 on; got {hidden!r}. () is a linear model."
        )
    return list(widths)


def check_dropout(dropout):
    """Raise a ValueError unless a probability of dropout is valid."""
    if not isinstance(dropout, Real) or not 0 <= dropout < 1:
        raise ValueError(
            f"dropout must be a number in [0, 1), the share of units that are dropped; "
            f"got {dropout!r}. 0 drops none."
        )


def check_encoding(encoding, n_features):
    """Raise an error unless an encoding is None or a module for so many columns."""
    if encoding is None:
        return
    if not isinstance(encoding, nn.Module):
        raise TypeError(
            "encoding must be None or a torch module, such as "
            f"PiecewiseLinearEncoding.from_samples(X); got {shorten(repr(encoding))}."
        )
    n_outputs = getattr(encoding, "n_outputs", None)
    if not isinstance(n_outputs, Integral) or n_outputs < 1:
        raise ValueError(
            "encoding must have an attribute n_outputs, the number of values that it "
            f"gives per sample, from 1 on; {type(encoding).__name__} has "
            f"{shorten(repr(n_outputs))}."
        )
    if getattr(encoding, "n_features", n_features) != n_features:
        raise ValueError(
            "encoding must be made for the n_features of the MLP; it has "
            f"n_features={encoding.n_features}, and the MLP {n_features}."
        )


def has_known_layers(module):
    """Return whether a module is an MLP with no encoding, or one of this package."""
    if type(module) is not MLP:
        return False
    encoding = getattr(module.layers, "encoding", None)
    return encoding is None or type(encoding) in (PiecewiseLinearEncoding, RobustScaling)


class Flatten(nn.Flatten):
    """Flatten all but the first axis; leave sparse samples as they are."""

    def forward(self, X):
        """Flatten `X`."""
        return X if issparse(X) else super().forward(X)


class Linear(nn.Module):
    """A linear layer that takes dense or sparse samples.

    The weight has shape (n_in, n_out), the transpose of `torch.nn.Linear`'s: a product
    with sparse samples and its gradient then need no transposition.
    """

    def __init__(self, in_features, out_features):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features)  # as torch.nn.Linear is initialised
        weight = torch.empty(out_features, in_features).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight.t().contiguous())
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, X):
        """Compute `X @ weight + bias`."""
        if issparse(X):
            return SparseProduct.apply(X, self.weight) + self.bias
        return torch.addmm(self.bias, X, self.weight)

    def extra_repr(self):
        """Return the sizes, for `repr`."""
        return f"in_features={self.in_features}, out_features={self.out_features}"


class SparseProduct(torch.autograd.Function):
    """The product of a CSR matrix, which needs no gradient, and dense weights."""

    # scipy's transposed product is 3 to 5 times as fast as torch's sparse gradients.

    @staticmethod
    def forward(ctx, X, weight):
        """Compute `X @ weight`."""
        X = X.astype(weight.numpy(force=True).dtype, copy=False)
        ctx.X = X
        values, columns, starts = map(
            torch.from_numpy, (X.data, X.indices, X.indptr[:-1])
        )
        return embedding_bag(
            columns, weight, starts, mode="sum", per_sample_weights=values
        )

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        """Compute the gradient with respect to the weights."""
        return None, torch.from_numpy(ctx.X.T @ gradient.numpy())


class SeededDropout(nn.Dropout):
    """Dropout from a generator of its own, or from torch's where it has none.

    Four units share one number of the generator: drawing takes a quarter of the time.
    """

    N_LEVELS = 2**16
    generator = None

    def forward(self, X):
        """Drop units of `X` and scale the others so that the mean stays."""
        if not self.training or not 0 < self.p < 1:
            return super().forward(X)
        n_kept = max(1, round((1 - self.p) * self.N_LEVELS))
        numbers = torch.empty(-(-X.numel() // 4), dtype=torch.int64, device=X.device)
        numbers.random_(-(2**63), None, generator=self.generator)
        draws = numbers.view(torch.int16)[: X.numel()].view(X.shape)
        # Levels run from -2**15: so shifted, the bound fits 16 bits too.
        is_kept = draws <= n_kept - self.N_LEVELS // 2 - 1
        return X * is_kept.to(X.dtype).mul_(self.N_LEVELS / n_kept)

    def __getstate__(self):
        return super().__getstate__() | {"generator": None}


def set_generator(module, generator):
    """Let the dropout of an MLP draw from a generator; None is torch's own."""
    for layer in module.modules():
        if isinstance(layer, SeededDropout):
            layer.generator = generator
