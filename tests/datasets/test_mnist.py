"""MNIST, from its file and from OpenML."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklnoise.datasets import fetch_mnist


@pytest.fixture(params=["file", "openml"])
def home(request):
    """A folder with the file, or none, so that OpenML is asked."""
    return request.getfixturevalue("folder") if request.param == "file" else None


def rewrite(folder, **changes):
    """Write the file anew with other arrays; None leaves one out."""
    with np.load(folder / "mnist.npz") as arrays:
        arrays = {**arrays, **changes}
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez_compressed(folder / "mnist.npz", **kept)


def test_pixels_are_flat_and_between_zero_and_one(home, digits):
    X = fetch_mnist(subset="all", data_home=home).data
    assert_array_equal(X, digits[0].reshape(6, 784).astype(np.float32) / 255)
    assert X.dtype == np.float32


def test_digits_stay_in_their_order(home, digits):
    assert_array_equal(fetch_mnist(subset="all", data_home=home).target, digits[1])


def test_last_rows_are_those_to_test_on(home, digits):
    assert_array_equal(fetch_mnist(subset="test", data_home=home).target, digits[1][4:])


def test_images_are_a_view_of_the_data(home):
    bunch = fetch_mnist(data_home=home)
    assert bunch.images.shape == (4, 28, 28)
    assert np.shares_memory(bunch.images, bunch.data)


def test_images_are_upright(home, digits):
    images = fetch_mnist(subset="all", data_home=home).images
    assert_array_equal(images, digits[0].astype(np.float32) / 255)


def test_names_are_the_digits(home):
    assert_array_equal(fetch_mnist(data_home=home).target_names, np.arange(10))


@pytest.mark.parametrize("missing", ["X", "y"])
def test_missing_array_is_named(folder, missing):
    rewrite(folder, **{missing: None})
    with pytest.raises(ValueError, match=rf"mnist\.npz must hold .*'{missing} is not"):
        fetch_mnist(data_home=folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"X": np.zeros((6, 784), np.uint8)},
        {"X": np.zeros((6, 28, 28), np.float32)},
        {"X": np.zeros((5, 28, 28), np.uint8)},
        {"y": np.zeros(5, np.uint8)},
        {"y": np.zeros((6, 1), np.uint8)},
    ],
    ids=["flat", "floats", "few images", "few labels", "a column of labels"],
)
def test_array_of_another_kind_is_told_with_the_expected_one(folder, changes):
    rewrite(folder, **changes)
    with pytest.raises(ValueError, match=r"X, uint8 of shape \(6, 28, 28\), .*: X is "):
        fetch_mnist(data_home=folder)


def test_file_is_read_without_pillow(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert len(fetch_mnist(data_home=folder).data) == 4
