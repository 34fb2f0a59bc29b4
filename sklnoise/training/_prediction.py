"""Predict with a fitted net."""

import numpy as np
import torch
from scipy.sparse import issparse
from skorch.hf import AccelerateMixin
from skorch.utils import to_numpy
from torch.utils.data import Dataset

from sklnoise._tensors import as_numpy
from sklnoise.nn import MLP
from sklnoise.training._config import full_precision, has_computed
from sklnoise.training._data import (
    as_arrays,
    count_samples,
    count_values,
    gather,
    make_dataset,
)
from sklnoise.training._explanations import explained
from sklnoise.training._hidden import HiddenFeatures
from sklnoise.training._net import is_stock, wants_floats
from sklnoise.training._net_checks import makes_datasets
from sklnoise.training._output import proba_of
from sklnoise.training._processes import is_accelerated

# Samples that a net is applied to at once, between two bounds, by the values in them.
MIN_CHUNK, MAX_CHUNK = 256, 4096
CHUNK_VALUES = 2**19


def predict_proba(net, X, rows=None):
    """Predict class probabilities of some samples, or of all, in chunks."""
    n_samples, n_done = count(X, rows), 0
    for output in outputs_in_chunks(net, X, rows):
        part = proba_of(net, output)
        if not n_done:
            y_proba = np.empty((n_samples, *part.shape[1:]), part.dtype)
        y_proba[n_done : n_done + len(part)] = part
        n_done += len(part)
    return y_proba


def hidden_features(net, X, rows=None):
    """Compute the hidden features of some samples, or of all.

    They are what the module returns along with the logits, or the input of its last
    linear layer.
    """
    probe = next(batches(net, X, np.arange(1)))
    with HiddenFeatures(net, probe) as hidden:
        outputs = outputs_in_chunks(net, X, rows)
        return np.concatenate([as_numpy(hidden.of(output)) for output in outputs])


def mean_transition(net, loss, X, rows, sample_weight):
    """Average the T of each sample of a loss whose T depends on the hidden features."""
    total = 0.0
    probe = next(batches(net, X, rows[:1]))
    n_done = 0
    with HiddenFeatures(net, probe) as hidden, torch.inference_mode():
        for output in outputs_in_chunks(net, X, rows):
            of_each_sample = to_numpy(loss.transition_matrices(hidden.of(output)))
            weight = sample_weight[n_done:][: len(of_each_sample)]
            total = total + np.tensordot(
                weight, of_each_sample.astype(np.float64), axes=1
            )
            n_done += len(weight)
    return total / sample_weight.sum()


def outputs_in_chunks(net, X, rows):
    """Yield what the module gives for each chunk of some samples."""
    has_computed.set()
    module = net.module_
    module.eval()
    stock = is_stock(net)
    keep_sparse = stock and type(module) is MLP and str(net.device) == "cpu"
    for batch in batches(net, X, rows, keep_sparse=keep_sparse):
        with torch.inference_mode(), full_precision(net.device), explained(net, X):
            if not stock or isinstance(batch, dict):
                output = evaluate(net, batch)
            else:
                output = module(batch if issparse(batch) else batch.to(net.device))
        yield output


def evaluate(net, batch):
    """Apply a net by its own step, in this process alone."""
    if is_accelerated(net):  # the step of the mixin repeats what all processes predict
        return super(AccelerateMixin, net).evaluation_step((batch, None))
    return net.evaluation_step((batch, None))


def batches(net, X, rows, *, keep_sparse=False):
    """Gather samples for a net, a chunk at a time, in the dtype of its weights."""
    dtype = next(net.module_.parameters(), torch.empty(0)).dtype
    if makes_datasets(net) and not isinstance(X, Dataset):
        rows = slice(None) if rows is None else rows
        X = as_arrays(gather(X, rows, dtype, cast_integers=wants_floats(net)))
        X, rows = make_dataset(net, X), None
    keep_sparse = keep_sparse and issparse(X)
    size = MAX_CHUNK if keep_sparse else chunk_size(X)
    for start in range(0, max(1, count(X, rows)), size):
        chunk = slice(start, start + size)
        yield gather(
            X,
            chunk if rows is None else rows[chunk],
            dtype,
            cast_integers=wants_floats(net),
            keep_sparse=keep_sparse,
        )


def count(X, rows):
    """Count the samples to predict; rows of None mean all."""
    return count_samples(X) if rows is None else len(rows)


def chunk_size(X):
    """Choose the number of samples in a dense chunk, fewer where they are long."""
    n_samples = CHUNK_VALUES // max(1, count_values(X))
    return max(MIN_CHUNK, min(MAX_CHUNK, n_samples))


def weights_of(net):
    """Copy the weights of a fitted net, by name."""
    state = net.module_.state_dict()
    return {name: to_numpy(value).copy() for name, value in state.items()}
