"""Blocks of rows that a processor's cache holds."""

BLOCK_VALUES = 2**18


def row_blocks(n_samples, n_columns):
    """Cut rows into blocks, so that what is computed from one takes little memory."""
    n_rows = max(1, BLOCK_VALUES // n_columns)
    for start in range(0, n_samples, n_rows):
        yield slice(start, min(start + n_rows, n_samples))
