"""Blocks of samples that fit a processor's cache."""

from sklearn.utils import gen_batches

MAX_BLOCK_VALUES = 2**18


def sample_blocks(n_samples, n_columns):
    """Cut samples into blocks, so that what is computed from one takes little memory."""
    if not n_samples:
        return []
    return gen_batches(n_samples, max(1, MAX_BLOCK_VALUES // n_columns))
