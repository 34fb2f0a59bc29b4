"""Errors that torch and skorch raise in the middle of a training, explained."""

from contextlib import contextmanager

import numpy as np
from torch import nn

from sklnoise._text import enumerate_names

EMBEDDINGS = nn.Embedding, nn.EmbeddingBag
# Of the kernels of embeddings, which differ by the number of samples.
OUT_OF_RANGE = "not in the valid range", "scalar types", "index_size"


@contextmanager
def explained(net, X=None):
    """Raise a ValueError that explains an error, where its cause is known."""
    try:
        yield
    except Exception as error:
        better = explain(error, net, X)
        if better is error:
            raise
        raise better from error


def explain(error, net, X=None):
    """Return a ValueError that explains an error, or the error itself."""
    text = str(error)
    if isinstance(error, IndexError) and "iterator_train__sampler" in vars(net):
        better = explain_sampler(text)
    elif embeddings_of(net) and is_out_of_range(error):
        better = explain_token_ids(net, X)
    elif "found in history" in text:
        better = explain_monitor(net, text)
    elif isinstance(error, RuntimeError) and "same dtype" in text:
        better = ValueError(
            f"a batch of another floating type than the weights of "
            f"{type(net.module_).__name__} ({dtype_of_weights(net)}) reached them: "
            f"{text}. Set dtype to that of all samples, also those that train_split "
            "brings, or let the module cast what it makes itself."
        )
    elif "more than 1 value per channel" in text:
        better = ValueError(
            f"{type(net.module_).__name__} normalises over batches, which then need two "
            f"samples; got a batch of one. Raise batch_size, now {net.batch_size}, or "
            "pass more samples."
        )
    else:
        return error
    better.__cause__ = error
    return better


def dtype_of_weights(net):
    """Return the type of the first weight of a net."""
    return next((parameter.dtype for parameter in net.module_.parameters()), None)


def is_out_of_range(error):
    """Return whether torch has looked up what an embedding does not have."""
    return isinstance(error, IndexError) or (
        isinstance(error, RuntimeError)
        and any(text in str(error) for text in OUT_OF_RANGE)
    )


def embeddings_of(net):
    """Return the embeddings of the module of a net."""
    return [layer for layer in net.module_.modules() if isinstance(layer, EMBEDDINGS)]


def explain_token_ids(net, X):
    """Explain an id that no embedding has."""
    sizes = sorted({layer.num_embeddings for layer in embeddings_of(net)})
    found = ""
    if isinstance(X, np.ndarray) and X.size:
        found = f"; got values from {X.min()} to {X.max()}"
    return ValueError(
        f"X must hold ids from 0 to {sizes[0] - 1}, as an embedding of "
        f"{type(net.module_).__name__} has {enumerate_names(map(str, sizes))} of them"
        f"{found}. Make the embedding larger, or give rare and new words one id."
    )


def explain_sampler(text):
    """Explain a sampler that was made for other samples."""
    return ValueError(
        f"iterator_train__sampler gives positions that a training set has not: {text}. "
        "Folds and validation splits train on fewer samples than X has; pass "
        "sample_weight to fit instead, or shuffle by iterator_train__shuffle."
    )


def explain_monitor(net, text):
    """Explain a score that a callback monitors and nothing records."""
    epoch = net.history[-1] if len(net.history) else {}
    known = [name for name in epoch if name.endswith(("_loss", "_acc"))]
    recorded = f" Recorded are: {enumerate_names(known)}." if known else ""
    return ValueError(
        f"a callback monitors a score that is not recorded: {text}{recorded} Scores "
        "named valid_... need samples that are held out: set train_split=ValidSplit(5) "
        "of skorch.dataset, or monitor train_loss."
    )
