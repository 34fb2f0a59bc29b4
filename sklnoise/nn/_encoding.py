"""Encodings of table columns, which make scale and outliers harmless."""

from numbers import Integral

import numpy as np
import torch
from scipy.sparse import issparse
from torch import nn

from sklnoise._text import list_some, shorten
from sklnoise._validation import check_numbers, check_shares

# Interquartile range of the standard normal distribution.
NORMAL_IQR = 1.349

# Columns that are sorted together: a copy of few columns stays in the cache.
N_SORTED_TOGETHER = 8


class ColumnEncoding(nn.Module):
    """Base of the encodings: subclasses encode floating tensors of valid width."""

    def __init__(self, n_features):
        super().__init__()
        self.n_features = n_features

    def forward(self, X):
        """Encode samples.

        Parameters
        ----------
        X : torch.Tensor of shape (..., n_features)
            Samples; the last axis holds the columns.

        Returns
        -------
        codes : torch.Tensor of shape (..., n_outputs)
            The encoded columns, finite wherever `X` is.

        Raises
        ------
        TypeError
            If X is not a dense tensor.
        ValueError
            If X has another number of columns.
        """
        if not torch.is_tensor(X) or X.layout is not torch.strided:
            kind = "sparse samples" if issparse(X) else type(X).__name__
            raise TypeError(
                f"X must be a dense tensor, as each column is encoded; got {kind}. "
                "Pass torch.as_tensor(X), of a sparse matrix X.toarray()."
            )
        if X.shape[-1:] != (self.n_features,):
            raise ValueError(
                f"X must have n_features={self.n_features} columns on its last axis, as "
                f"the encoding has; got shape {tuple(X.shape)}."
            )
        dtype = next(self.buffers()).dtype
        return self._encode(X if X.is_floating_point() else X.to(dtype))

    def _encode(self, X):
        """Encode a floating tensor."""
        raise NotImplementedError

    def extra_repr(self):
        """Return the sizes, for `repr`.

        Returns
        -------
        sizes : str
            Number of columns and of codes.
        """
        return f"n_features={self.n_features}, n_outputs={self.n_outputs}"


class PiecewiseLinearEncoding(ColumnEncoding):
    """Piecewise-linear encoding of the columns of a table.

    The range of each column is cut into bins `[b[t-1], b[t]]`, and there is one code for
    each bin: how much of it lies below the value x,
    `clip((x - b[t-1]) / (b[t] - b[t-1]), 0, 1)`. With quantiles as edges, the scale of a
    column and its skewness hardly matter, and a linear layer of the codes is a
    piecewise-linear function of each column.

    In the paper the first and the last code are not clipped on the outer side. Here they
    are, so that all codes are between 0 and 1, and an outlier beyond the edges is encoded
    as the nearest edge.

    Parameters
    ----------
    edges : sequence of array-like of shape (n_edges,)
        Edges of the bins of each column, in ascending order. Bins of zero width are
        dropped: a column with two distinct edges has one code, and a column with one has
        none. If no column has a bin, there is a single code, which is always 0.

    Attributes
    ----------
    n_features : int
        Number of columns.

    n_outputs : int
        Number of codes.

    Raises
    ------
    ValueError
        If edges are missing, not finite, not one-dimensional or not in ascending order.

    See Also
    --------
    RobustScaling : One value per column, scaled and smoothly clipped.

    Notes
    -----
    The edges are buffers in torch's default dtype: they are not trained, and follow the
    module to other devices and dtypes. Columns whose values are equal in that dtype still
    have finite codes.

    References
    ----------
    Gorishniy, Rubachev, Babenko. On embeddings for numerical features in tabular deep
    learning. NeurIPS 2022.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import PiecewiseLinearEncoding
    >>> encoding = PiecewiseLinearEncoding([[0, 1, 3], [0, 1]])
    >>> encoding(torch.tensor([[2.0, 1.0], [99.0, 0.0]]))
    tensor([[1.0000, 0.5000, 1.0000],
            [1.0000, 1.0000, 0.0000]])

    Edges at the quartiles of a sample:

    >>> X = torch.tensor([[1.0], [2.0], [4.0], [1000.0]])
    >>> encoding = PiecewiseLinearEncoding.from_samples(X, n_bins=4)
    >>> encoding(torch.tensor([[3.0]]))
    tensor([[1.0000, 0.5000, 0.0000]])
    """

    def __init__(self, edges):
        edges = check_edges(edges)
        super().__init__(len(edges))
        with np.errstate(over="ignore"):  # a width may exceed the largest number
            widths = [np.diff(e) for e in edges]
        lower = np.concatenate(
            [e[:-1][w > 0] for e, w in zip(edges, widths, strict=True)]
        )
        column = np.repeat(np.arange(len(edges)), [np.count_nonzero(w) for w in widths])
        width = np.concatenate([w[w > 0] for w in widths])
        if not len(width):  # no value reaches a bin that begins at infinity
            lower, width, column = np.array([np.inf]), np.ones(1), np.zeros(1, int)
        self.register_buffer("lower", as_buffer(lower))
        self.register_buffer("width", as_buffer(width))
        self.register_buffer("column", torch.from_numpy(column.astype(np.int64)))
        self.n_outputs = len(width)

    @classmethod
    def from_samples(cls, X, n_bins=8, *, sample_weight=None):
        """Make an encoding whose edges are quantiles of samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. All of them are used.

        n_bins : int, default=8
            Bins per column, of equal weight; fewer where quantiles coincide.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, which count as frequencies: a weight of 2 is a sample given twice,
            and one of 0 a sample left out.

        Returns
        -------
        encoding : PiecewiseLinearEncoding
            An encoding whose first edges are the minima, and whose last are the maxima.
            Each edge is a value of the samples (the inverse of the distribution
            function).

        Raises
        ------
        ValueError
            If `n_bins` is below 1, or X holds NaN or infinity.
        """
        if not isinstance(n_bins, Integral) or n_bins < 1:
            raise ValueError(
                "n_bins must be the number of bins per column, an integer from 1 on; "
                f"got {shorten(repr(n_bins))}."
            )
        return cls(list(map(np.unique, column_quantiles(X, int(n_bins), sample_weight))))

    def _encode(self, X):
        lower, width = as_finite(self.lower), as_finite(self.width, positive=True)
        X = X.to(torch.result_type(X, lower))
        # In place, as the codes take several times the memory of X.
        return X.index_select(-1, self.column).sub_(lower).div_(width).clamp_(0, 1)


class RobustScaling(ColumnEncoding):
    """Robust scaling and smooth clipping of the columns of a table.

    Each column becomes `z / sqrt(1 + (z / 4)**2)` with `z = (x - center) / scale`: nearly
    z for ordinary values, and between -4 and 4 for any outlier.

    Parameters
    ----------
    center : array-like of shape (n_features,)
        What is subtracted from each column.

    scale : array-like of shape (n_features,)
        What each column is divided by. A column of scale 0 becomes 0.

    Attributes
    ----------
    n_features : int
        Number of columns.

    n_outputs : int
        Number of codes, `n_features`.

    Raises
    ------
    ValueError
        If `center` or `scale` is not finite or not one-dimensional, if their lengths
        differ, or a scale is negative.

    See Also
    --------
    PiecewiseLinearEncoding : Several values per column, which say in which bin it is.

    Notes
    -----
    Center and scale are buffers in torch's default dtype: they are not trained, and
    follow the module to other devices and dtypes.

    References
    ----------
    Holzmüller, Grinsztajn, Steinwart. Better by default: strong pre-tuned MLPs and
    boosted trees on tabular data. NeurIPS 2024.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import RobustScaling
    >>> X = torch.tensor([[1.0], [2.0], [3.0], [4.0], [1e10]])
    >>> RobustScaling.from_samples(X)(X).flatten()
    tensor([-1.2783, -0.6651,  0.0000,  0.6651,  4.0000])
    """

    def __init__(self, center, scale):
        center, scale = check_vector(center, "center"), check_vector(scale, "scale")
        if len(center) != len(scale) or not len(scale) or scale.min() < 0:
            raise ValueError(
                "center and scale must have one value per column, and no scale may be "
                f"negative; got {len(center)} centers and {len(scale)} scales, the least "
                f"{scale.min(initial=np.inf):.3g}."
            )
        super().__init__(len(center))
        self.register_buffer("center", as_buffer(center))
        # Divided by infinity, whatever is in a constant column becomes 0.
        self.register_buffer("scale", as_buffer(np.where(scale > 0, scale, np.inf)))
        self.n_outputs = self.n_features

    @classmethod
    def from_samples(cls, X, *, sample_weight=None):
        """Make a scaling from the quartiles of samples.

        The center is the median, and the scale is the interquartile range divided by
        1.349, so that a normal column keeps its standard deviation as its unit. Where
        the quartiles coincide, the scale is half of the range.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. All of them are used.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, which count as frequencies: a weight of 2 is a sample given twice,
            and one of 0 a sample left out.

        Returns
        -------
        scaling : RobustScaling
            A scaling of the columns of X.

        Raises
        ------
        ValueError
            If X holds NaN or infinity.
        """
        # Halves, as a difference may exceed the largest number.
        low, q1, median, q3, high = column_quantiles(X, 4, sample_weight).T / 2
        iqr = q3 - q1
        return cls(2 * median, np.where(iqr > 0, iqr / (NORMAL_IQR / 2), high - low))

    def _encode(self, X):
        X = as_finite(X - as_finite(self.center))
        z = X / self.scale.clamp(min=torch.finfo(self.scale.dtype).tiny)
        # The sine of the arctangent of z / 4: the square of z could overflow.
        return 4 * torch.sin(torch.atan(z / 4))


def as_buffer(values):
    """Return an array as a tensor of torch's default dtype."""
    return torch.as_tensor(values, dtype=torch.float64).to(torch.get_default_dtype())


def as_finite(tensor, *, positive=False):
    """Clip a tensor to the finite, or finite and positive, numbers of its dtype."""
    limits = torch.finfo(tensor.dtype)
    return tensor.clamp(limits.tiny if positive else limits.min, limits.max)


def column_quantiles(X, n_parts, sample_weight):
    """Return values that cut each column into parts of equal weight, one row each.

    A quantile is the least value at or below which there is enough weight.
    """
    X = check_numbers(X, "X", dtype=[np.float64, np.float32])
    weight = None
    if sample_weight is not None:
        weight = check_shares(sample_weight, len(X))
        X, weight = X[weight > 0], weight[weight > 0]
    quantiles = np.empty((X.shape[1], n_parts + 1))
    for start in range(0, X.shape[1], N_SORTED_TOGETHER):
        block = slice(start, start + N_SORTED_TOGETHER)
        columns = np.ascontiguousarray(X[:, block].T)
        if weight is None:
            below = np.arange(1, len(X) + 1)
            quantiles[block] = np.sort(columns)[:, quantile_ranks(below, n_parts)]
            continue
        for row, column in zip(quantiles[block], columns, strict=True):
            order = np.argsort(column)
            row[:] = column[order[quantile_ranks(np.cumsum(weight[order]), n_parts)]]
    return quantiles


def quantile_ranks(below, n_parts):
    """Return the ranks of the quantiles, from the weight at or below each rank."""
    # Compared as products, which are exact where the weights are counts.
    ranks = np.searchsorted(below * n_parts, np.arange(n_parts + 1) * below[-1])
    ranks[-1] = len(below) - 1  # the maximum, even if its weight is lost in the sum
    return ranks


def check_edges(edges):
    """Validate the edges of the bins of each column; return a list of float64 arrays."""
    if not hasattr(edges, "__iter__") or not len(edges := list(edges)):
        raise ValueError(
            "edges must be a sequence with the edges of the bins of each column, such as "
            f"[[0, 1, 3], [0, 1]]; got {shorten(repr(edges))}."
        )
    edges = [check_vector(e, f"edges[{column}]") for column, e in enumerate(edges)]
    for column, e in enumerate(edges):
        if (e[1:] < e[:-1]).any():
            raise ValueError(
                f"edges must be in ascending order; those of column {column} are "
                f"{list_some(e)}. Sort them."
            )
    return edges


def check_vector(values, name):
    """Validate an array of finite numbers of one dimension; return it as float64."""
    values = check_numbers(
        values,
        name,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
    )
    if values.ndim != 1:
        raise ValueError(
            f"{name} must be one-dimensional; got shape {values.shape}. edges hold an "
            "array per column, and center and scale a number."
        )
    return values
