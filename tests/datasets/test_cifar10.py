"""CIFAR-10, from its file and from OpenML."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.datasets import fetch_cifar10

JPEG_ERROR = 3 / 255


@pytest.fixture(params=["file", "openml"])
def home(request):
    """A folder with the file, or none, so that OpenML is asked."""
    return request.getfixturevalue("folder") if request.param == "file" else None


@pytest.fixture
def rewrite(folder):
    """A function that writes the file anew with other arrays; None leaves one out."""
    path = folder / "cifar10_jpeg.npz"

    def rewrite(**functions):
        with np.load(path) as arrays:
            arrays = dict(arrays)
        for name, function in functions.items():
            arrays[name] = function(arrays[name])
        kept = {name: array for name, array in arrays.items() if array is not None}
        np.savez_compressed(path, **kept)

    return rewrite


def test_pixels_are_channels_first_and_between_zero_and_one(home, photographs):
    X = fetch_cifar10(subset="all", data_home=home).data
    assert (X.shape, X.dtype) == ((30, 3, 32, 32), np.float32)
    assert_allclose(X, photographs[0] / 255, atol=JPEG_ERROR)


def test_original_pixels_come_from_openml(photographs):
    X = fetch_cifar10(subset="all").data
    assert_array_equal(X, photographs[0].astype(np.float32) / 255)


def test_rows_stay_in_their_order(home, photographs):
    bunch = fetch_cifar10(subset="all", data_home=home)
    assert_array_equal(bunch.target, photographs[1])


def test_last_rows_are_those_to_test_on(home, photographs):
    bunch = fetch_cifar10(subset="test", data_home=home)
    assert_array_equal(bunch.target, photographs[1][20:])
    assert_allclose(bunch.data, photographs[0][20:] / 255, atol=JPEG_ERROR)


def test_pixels_are_contiguous(home):
    assert fetch_cifar10(data_home=home).data.flags.c_contiguous


def test_names_are_in_the_order_of_the_classes(home):
    names = fetch_cifar10(data_home=home).target_names.tolist()
    expected = "airplane automobile bird cat deer dog frog horse ship truck"
    assert names == expected.split()


@pytest.mark.parametrize("missing", ["header", "body", "sizes", "y"])
def test_missing_array_is_named(folder, rewrite, missing):
    rewrite(**{missing: lambda array: None})
    with pytest.raises(
        ValueError, match=rf"cifar10_jpeg\.npz must hold .*'{missing} is not"
    ):
        fetch_cifar10(data_home=folder)


@pytest.mark.parametrize(
    ("name", "function", "message"),
    [
        ("y", lambda y: y[1:], r"shape \(30,\), .* y has \(29,\)"),
        ("sizes", lambda sizes: sizes[1:], r"sizes has shape \(29,\)"),
        ("body", lambda body: body[1:], "body has .* bytes, sizes add up to"),
        ("header", lambda header: header[100:], "UnidentifiedImageError"),
    ],
    ids=["few labels", "few sizes", "short body", "cut header"],
)
def test_arrays_that_do_not_fit_are_told(folder, rewrite, name, function, message):
    rewrite(**{name: function})
    with pytest.raises(ValueError, match=f"must hold .*{message}"):
        fetch_cifar10(data_home=folder)


def test_sizes_may_be_integers_of_any_kind(folder, rewrite):
    expected = fetch_cifar10(data_home=folder).data
    rewrite(sizes=lambda sizes: sizes.astype(np.uint64))
    assert_array_equal(fetch_cifar10(data_home=folder).data, expected)


def test_download_whose_training_rows_are_not_first_is_refused(openml):
    X, y = openml.answers[40927]
    openml.answers[40927] = X[::-1], y[::-1]
    with pytest.raises(ValueError, match=r"got \[1, 1, 1, 1, 1, 3, 3, 3, 3, 3\]"):
        fetch_cifar10()
