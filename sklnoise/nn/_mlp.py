"""A multilayer perceptron for tables, sparse text and small images."""

from itertools import pairwise
from numbers import Integral

from torch import nn


class MLP(nn.Module):
    """Multilayer perceptron with ReLU units, which gives logits.

    Parameters
    ----------
    n_features : int
        Number of input values a row; more dimensions are flattened.

    n_classes : int
        Number of logits.

    hidden : int or tuple of int, default=(64, 32)
        Width of each hidden layer.

    dropout : float, default=0.0
        Probability that a hidden unit is dropped while training, in [0, 1).

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import MLP
    >>> MLP(4, 3, hidden=(16, 8))(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(self, n_features, n_classes, *, hidden=(64, 32), dropout=0.0):
        widths = [n_features, *([hidden] if isinstance(hidden, Integral) else hidden)]
        super().__init__()
        # Named layers: weights fit a net of another dropout too.
        self.layers = nn.Sequential()
        self.layers.add_module("flatten", nn.Flatten())
        for i, (n_in, n_out) in enumerate(pairwise(widths)):
            self.layers.add_module(f"hidden{i}", nn.Linear(n_in, n_out))
            self.layers.add_module(f"relu{i}", nn.ReLU())
            if dropout:
                self.layers.add_module(f"dropout{i}", nn.Dropout(dropout))
        self.layers.add_module("logits", nn.Linear(widths[-1], n_classes))

    def forward(self, X):
        """Compute the logits.

        Parameters
        ----------
        X : torch.Tensor of shape (n_samples, ...)
            Floating rows of `n_features` values.

        Returns
        -------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax.
        """
        return self.layers(X)
