"""Predict with a fitted net."""

import numpy as np
import torch
from skorch.utils import to_numpy

from sklnoise.engine._criterion import first_output
from sklnoise.engine._data import gather
from sklnoise.engine._hidden import HiddenFeatures
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
    outputs = map(first_output, outputs_in_chunks(net, X, rows))
    return np.concatenate([to_numpy(net.predict_nonlinearity(z)) for z in outputs])


def hidden_features(net, X, rows=None):
    """Compute the hidden features that a net sees in the rows.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted by `fit_net`.

    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        The data.

    rows : ndarray of shape (n_rows,), default=None
        Rows to look at; None means all.

    Returns
    -------
    features : ndarray of shape (n_rows, n_features)
        What the module returns beside the logits, or the input of its last linear layer.
    """
    probe = next(batches(net, X, np.arange(1)))
    with HiddenFeatures(net, probe) as hidden:
        outputs = outputs_in_chunks(net, X, rows)
        return np.concatenate([to_numpy(hidden.of(output)) for output in outputs])


def mean_transition(net, loss, X, rows, sample_weight):
    """Average the T of each row of a loss whose T depends on the hidden features.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted by `fit_net`.

    loss : torch.nn.Module
        That `wants_features`, as it was trained with the net.

    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        The data.

    rows : ndarray of shape (n_rows,)
        Rows to average over.

    sample_weight : ndarray of shape (n_rows,)
        Their weights.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes), dtype=float64
        Rows sum to 1.
    """
    total = 0.0
    probe = next(batches(net, X, rows[:1]))
    weights = np.split(sample_weight, range(PREDICT_ROWS, len(rows), PREDICT_ROWS))
    with HiddenFeatures(net, probe) as hidden:
        for output, weight in zip(outputs_in_chunks(net, X, rows), weights):
            of_each_row = to_numpy(loss.transition_matrices(hidden.of(output)))
            total = total + np.tensordot(weight, of_each_row.astype(np.float64), axes=1)
    return total / sample_weight.sum()


def outputs_in_chunks(net, X, rows):
    """Apply a net to some rows, a chunk at a time.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted.

    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        The data.

    rows : ndarray of shape (n_rows,) or None
        None means all.

    Yields
    ------
    output : torch.Tensor or tuple
        What the module gives for the chunk.
    """
    rows = np.arange(X.shape[0]) if rows is None else rows
    for batch in batches(net, X, rows):
        yield net.evaluation_step((batch, None))


def batches(net, X, rows):
    """Gather rows for a net, a chunk at a time.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Fitted.

    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        The data.

    rows : ndarray of shape (n_rows,)
        The rows.

    Yields
    ------
    batch : torch.Tensor of shape (n_chunk, ...)
        Of the type of the net's weights.
    """
    dtype = next(net.module_.parameters(), torch.empty(0)).dtype
    for start in range(0, len(rows), PREDICT_ROWS):
        chunk = rows[start : start + PREDICT_ROWS]
        yield gather(X, chunk, dtype, wants_floats(net))


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
