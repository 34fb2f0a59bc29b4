"""What Keras, with which Patrini et al. (2017) was made, does otherwise than torch."""

import numpy as np
from torch import nn

from sklnoise.losses import ClippedCrossEntropyLoss
from sklnoise.nn import MLP

FLOOR = 1e-7
"""Of the probabilities in the cross-entropy of Keras."""


def floored_cross_entropy():
    """Make the cross-entropy of Keras.

    Returns
    -------
    loss : ClippedCrossEntropyLoss
        No loss exceeds 16.1.
    """
    return ClippedCrossEntropyLoss(max_loss=-np.log(FLOOR))


class KerasMLP(MLP):
    """Multilayer perceptron with the initial weights of Keras.

    They are uniform, as Glorot and Bengio (2010) draw them, and the biases are zero.

    Parameters
    ----------
    n_features, n_classes : int
        Those of `MLP`.

    **params : dict
        Those of `MLP`.
    """

    def __init__(self, n_features, n_classes, **params):
        super().__init__(n_features, n_classes, **params)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
