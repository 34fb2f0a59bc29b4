"""Blocks of rows that a processor's cache holds."""

from sklearn.utils import gen_batches

BLOCK_VALUES = 2**18


def row_blocks(n_samples, n_columns):
    """Cut rows into blocks, so that what is computed from one takes little memory.

    Parameters
    ----------
    n_samples : int
        Number of rows.

    n_columns : int
        Number of values in each.

    Returns
    -------
    blocks : iterator of slice
        Of rows, in order.
    """
    return gen_batches(n_samples, max(1, BLOCK_VALUES // n_columns))
