"""Blocks of samples."""

import numpy as np
import pytest

from sklnoise._blocks import MAX_BLOCK_VALUES, sample_blocks


@pytest.mark.parametrize("n_samples", [1, MAX_BLOCK_VALUES // 100])
@pytest.mark.parametrize("n_columns", [1, 100, 2 * MAX_BLOCK_VALUES])
def test_blocks_hold_each_sample_once_in_order(n_samples, n_columns):
    samples = np.arange(n_samples)
    blocks = [samples[block] for block in sample_blocks(n_samples, n_columns)]
    assert np.concatenate(blocks).tolist() == samples.tolist()


@pytest.mark.parametrize("n_columns", [3, MAX_BLOCK_VALUES])
def test_block_holds_no_more_values_than_it_may(n_columns):
    for block in sample_blocks(3 * MAX_BLOCK_VALUES // n_columns, n_columns):
        assert (block.stop - block.start) * n_columns <= MAX_BLOCK_VALUES


def test_sample_that_is_longer_than_a_block_is_a_block():
    assert list(sample_blocks(2, 2 * MAX_BLOCK_VALUES)) == [slice(0, 1), slice(1, 2)]
