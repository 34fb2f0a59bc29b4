"""Predict with a fitted net."""

from math import prod

import numpy as np
import torch
from scipy.sparse import issparse
from skorch.utils import to_numpy

from sklnoise.engine._criterion import first_output
from sklnoise.engine._data import gather, n_samples_of, row_shape
from sklnoise.engine._first_layer import TRIAL_ROWS
from sklnoise.engine._hidden import HiddenFeatures
from sklnoise.engine._lean_gate import overridden
from sklnoise.engine._net import wants_floats
from sklnoise.engine._sparse import multiplying_copy

LEAST_ROWS, PREDICT_ROWS = 256, 4096
PREDICT_VALUES = 2**19
"""Rows that a net is applied to at once, between two bounds, by the values in them."""


def predict_proba(net, X, rows=None):
    """Predict class probabilities in chunks."""
    n_rows, n_done = count(X, rows), 0
    for output in map(first_output, outputs_in_chunks(net, X, rows)):
        part = to_numpy(net.predict_nonlinearity(output))
        if not n_done:
            y_proba = np.empty((n_rows, *part.shape[1:]), part.dtype)
        y_proba[n_done : n_done + len(part)] = part
        n_done += len(part)
    return y_proba


def hidden_features(net, X, rows=None):
    """Compute the hidden features that a net sees in the rows."""
    probe = next(batches(net, X, np.arange(1)))
    with HiddenFeatures(net, probe) as hidden:
        outputs = outputs_in_chunks(net, X, rows)
        return np.concatenate([to_numpy(hidden.of(output)) for output in outputs])


def mean_transition(net, loss, X, rows, sample_weight):
    """Average the T of each row of a loss whose T depends on the hidden features."""
    total = 0.0
    probe = next(batches(net, X, rows[:1]))
    n_done = 0
    with HiddenFeatures(net, probe) as hidden, torch.inference_mode():
        for output in outputs_in_chunks(net, X, rows):
            of_each_row = to_numpy(loss.transition_matrices(hidden.of(output)))
            weight = sample_weight[n_done:][: len(of_each_row)]
            total = total + np.tensordot(weight, of_each_row.astype(np.float64), axes=1)
            n_done += len(weight)
    return total / sample_weight.sum()


def outputs_in_chunks(net, X, rows):
    """Apply a net to some rows, a chunk at a time."""
    module, sparse_rows = net.module_, None
    stock = not {"infer", "evaluation_step"} & overridden(net)
    if stock and issparse(X) and count(X, rows) > TRIAL_ROWS:
        module, sparse_rows = multiplying_copy(net, X.shape[1])
    module.eval()
    for batch in batches(net, X, rows, sparse_rows):
        with torch.inference_mode():
            output = (
                module(batch.to(net.device))
                if stock
                else net.evaluation_step((batch, None))
            )
        yield output


def batches(net, X, rows, sparse_rows=None):
    """Gather rows for a net, a chunk at a time."""
    dtype = next(net.module_.parameters(), torch.empty(0)).dtype
    cast = wants_floats(net)
    size = chunk_rows(X) if sparse_rows is None else PREDICT_ROWS
    for chunk in chunks(X, rows, size):
        if sparse_rows is None:
            yield gather(X, chunk, dtype, cast)
        else:
            yield sparse_rows.take(X, chunk)


def chunks(X, rows, size):
    """Cut rows into chunks."""
    for start in range(0, max(1, count(X, rows)), size):
        part = slice(start, start + size)
        yield part if rows is None else rows[part]


def count(X, rows):
    """Count the rows to predict."""
    return n_samples_of(X) if rows is None else len(rows)


def chunk_rows(X):
    """Choose the number of rows that become a dense chunk."""
    n_rows = PREDICT_VALUES // max(1, prod(row_shape(X)))
    return max(LEAST_ROWS, min(PREDICT_ROWS, n_rows))


def weights_of(net):
    """Copy the weights of a fitted net."""
    return {name: to_numpy(value) for name, value in net.module_.state_dict().items()}
