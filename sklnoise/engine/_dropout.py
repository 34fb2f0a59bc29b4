"""Dropout from a generator of its own, so that nets can be trained side by side."""

from contextlib import contextmanager
from functools import partial

import torch
from torch import nn

from sklnoise.engine._replaced import Replaced

LEVELS = 2**16
"""Probabilities that a 16-bit draw can have."""


def keep_mask(shape, p, generator):
    """Draw which units are kept, four of them from one number of the generator."""
    n_numbers = -(-shape.numel() // 4)
    numbers = torch.empty(n_numbers, dtype=torch.int64, device=generator.device)
    numbers.random_(-(2**63), None, generator=generator)
    draws = numbers.view(torch.int16)[: shape.numel()].view(shape)
    return draws <= kept_levels(p) - LEVELS // 2 - 1  # the bound must fit 16 bits too


def kept_levels(p):
    """Count the draws, of all 65536, that keep a unit."""
    return max(1, round((1 - p) * LEVELS))


def drop(layer, generator, X):
    """Apply a dropout layer to one batch."""
    if not layer.training or not 0 < layer.p < 1:
        return nn.functional.dropout(X, layer.p, layer.training)
    scale = LEVELS / kept_levels(layer.p)
    return X * (keep_mask(X.shape, layer.p, generator) * X.new_tensor(scale))


def dropout_layers(module):
    """List the layers that can draw from a generator of their own."""
    return [layer for layer in module.modules() if is_plain(layer)]


def is_plain(layer):
    """Tell whether a layer is dropout that gives a new tensor."""
    return type(layer) is nn.Dropout and not layer.inplace


@contextmanager
def own_dropout(module, seed, device):
    """Let the dropout layers of a net draw from a generator of their own."""
    generator = torch.Generator(device).manual_seed(seed)
    layers = dropout_layers(module)
    for layer in layers:
        layer.forward = Replaced(layer, "forward", partial(drop, layer, generator))
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
