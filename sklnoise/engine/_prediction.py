"""Predict with a fitted net."""

import numpy as np
import torch
from skorch.utils import to_numpy

from sklnoise.engine._criterion import first_output
from sklnoise.engine._data import gather
from sklnoise.engine._net import wants_floats

PREDICT_ROWS = 1024


def predict_proba(net, X, rows=None):
    """Predict class probabilities in chunks.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted by `fit_net`.

    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        The data.

    rows : ndarray of shape (n_rows,), default=None
        Rows to predict; None means all.

    Returns
    -------
    y_proba : ndarray of shape (n_rows, n_classes)
        Rows sum to 1.
    """
    rows = np.arange(X.shape[0]) if rows is None else rows
    parameter = next(net.module_.parameters(), torch.empty(0))
    nonlinearity = net.predict_nonlinearity
    chunks = []
    for start in range(0, len(rows), PREDICT_ROWS):
        batch = gather(
            X, rows[start : start + PREDICT_ROWS], parameter.dtype, wants_floats(net)
        )
        output = first_output(net.evaluation_step((batch, None)))
        chunks.append(to_numpy(nonlinearity(output)))
    return np.concatenate(chunks)


def weights_of(net):
    """Copy the weights of a fitted net.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted.

    Returns
    -------
    weights : dict of ndarray
        The module's state, by name.
    """
    return {name: to_numpy(value) for name, value in net.module_.state_dict().items()}
