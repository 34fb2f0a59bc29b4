"""Losses of held-out batches, and whether they differ by more than chance."""

import numpy as np

MIN_BATCHES = 8  # that a standard error is computed from


def validation_batches(epoch):
    """Return the losses and the sizes of the validation batches of an epoch."""
    batches = [batch for batch in epoch["batches"] if "valid_loss" in batch]
    losses = np.array([batch["valid_loss"] for batch in batches])
    return losses, np.array([batch["valid_batch_size"] for batch in batches])


def is_within_error(losses, lowest, sizes, min_batches=MIN_BATCHES):
    """Return whether losses exceed the lowest by at most a standard error."""
    if lowest is None or not len(losses) == len(lowest) >= min_batches:
        return False
    shares = sizes / sizes.sum()
    excess = losses - lowest
    mean = shares @ excess
    correction = len(losses) / (len(losses) - 1)
    return mean <= np.sqrt(correction * np.sum((shares * (excess - mean)) ** 2))
