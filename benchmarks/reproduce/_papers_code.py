"""What the released code of Patrini et al. (2017) does, and their text does not say."""

import math

import numpy as np
from torch import nn

from sklnoise.losses import ClippedCrossEntropyLoss, SigmoidLoss, UnhingedLoss
from sklnoise.nn import MLP

# Of the probabilities in the cross-entropy of Keras.
FLOOR = 1e-7

# Losses before which logits are normalised.
NORMALIZED = {"unhinged": UnhingedLoss, "sigmoid": SigmoidLoss}


def floored_cross_entropy():
    """Make the cross-entropy of Keras."""
    return ClippedCrossEntropyLoss(max_loss=-np.log(FLOOR))


def losses_of_raw_logits():
    """Make the losses before which the network normalises the logits itself."""
    losses = {system: loss() for system, loss in NORMALIZED.items()}
    for loss in losses.values():
        loss.wants_normalized_logits = False
    return losses


def start_as_keras(layer):
    """Draw the weights of a layer as He et al. (2015) and Keras do."""
    deviation = math.sqrt(2 / layer.in_features)
    limit = 2 * deviation
    nn.init.trunc_normal_(layer.weight, std=deviation, a=-limit, b=limit)
    nn.init.zeros_(layer.bias)


class PapersCodeMLP(MLP):
    """Multilayer perceptron as in the released code.

    Parameters
    ----------
    n_features, n_classes : int
        Those of `MLP`.

    normalized : bool, default=False
        Whether the logits are normalised over a batch, with a scale and a shift that
        are learned, and the constants of Keras.

    **params : dict
        Those of `MLP`.
    """

    def __init__(self, n_features, n_classes, *, normalized=False, **params):
        super().__init__(n_features, n_classes, **params)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                start_as_keras(layer)
        if normalized:
            self.layers.add_module("normalization", keras_normalization(n_classes))


class PapersCodeTextNet(nn.Module):
    """Linear model of the embeddings of all positions, as in the released code.

    Of the embeddings whole columns are dropped, the same at all positions; then negative
    values become zero. No token has an embedding too.

    Parameters
    ----------
    n_classes : int
        Number of logits.

    n_tokens : int
        Ids that there are.

    n_positions : int
        Tokens of a text.

    embedding_dim : int, default=50
        Length of an embedding.

    dropout : float, default=0.8
        Probability that a column is dropped while training.

    normalized : bool, default=False
        As in `PapersCodeMLP`.
    """

    def __init__(
        self,
        n_classes,
        *,
        n_tokens,
        n_positions,
        embedding_dim=50,
        dropout=0.8,
        normalized=False,
    ):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, embedding_dim)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.dropout = dropout
        self.logits = nn.Linear(n_positions * embedding_dim, n_classes)
        start_as_keras(self.logits)
        self.normalization = (
            keras_normalization(n_classes) if normalized else nn.Identity()
        )

    def forward(self, X):
        """Compute the logits."""
        # A factor that is not negative may follow the ReLU, which then has few rows.
        rows = nn.functional.embedding(X.long(), self.embedding.weight.relu())
        kept = rows.new_ones(len(X), 1, rows.shape[2])
        kept = nn.functional.dropout(kept, self.dropout, self.training)
        return self.normalization(self.logits((rows * kept).flatten(1)))


def keras_normalization(n_classes):
    """Make a batch normalisation with the constants of Keras."""
    return nn.BatchNorm1d(n_classes, eps=1e-3, momentum=0.01)
