"""Images from OpenML, where no file has them."""

from http.client import IncompleteRead
from urllib.error import URLError

import numpy as np
import pytest

from sklnoise.datasets import fetch_cifar10, fetch_mnist

NUMBERS = {fetch_mnist: 554, fetch_cifar10: 40927}


@pytest.fixture(params=NUMBERS)
def loader(request):
    """Each loader that can do without a file."""
    return request.param


def test_openml_is_asked_where_there_is_no_file(loader, openml):
    loader()
    assert [call["data_id"] for call in openml.calls] == [NUMBERS[loader]]


def test_openml_is_asked_where_the_folders_lack_the_file(
    loader, openml, tmp_path, monkeypatch
):
    monkeypatch.setenv("SKLNOISE_DATA", str(tmp_path))
    loader(data_home=tmp_path)
    assert len(openml.calls) == 1


@pytest.mark.parametrize("data_home", [None, "folder"])
def test_download_is_kept_in_data_home(loader, openml, data_home):
    loader(data_home=data_home)
    assert openml.calls[0]["data_home"] == data_home


def test_numbers_are_read_as_bytes(loader, openml):
    loader()
    assert openml.calls[0]["read_csv_kwargs"] == {"dtype": np.uint8}


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_type_of_the_download_does_not_matter(loader, openml, dtype):
    expected = loader()
    X, y = openml.answers[NUMBERS[loader]]
    openml.answers[NUMBERS[loader]] = X.astype(dtype), y.astype(str).astype(object)
    bunch = loader()
    np.testing.assert_array_equal(bunch.data, expected.data)
    np.testing.assert_array_equal(bunch.target, expected.target)
    assert (bunch.data.dtype, bunch.target.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize(
    "error",
    [
        URLError("no route to host"),
        TimeoutError("timed out"),
        IncompleteRead(b""),
        EOFError("compressed file ended"),
        ValueError("md5 checksum does not match"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failed_download_is_told_with_what_to_do(loader, openml, error):
    openml.error = error
    with pytest.raises(OSError, match=r"from https://www\.openml\.org/d/") as caught:
        loader()
    told = str(caught.value)
    assert str(error) in told
    assert "got data_home=None and SKLNOISE_DATA=None" in told
    assert "set the environment variable SKLNOISE_DATA, to a folder with the file" in told


def test_missing_pandas_is_told_with_how_to_install_it(loader, openml):
    openml.error = ImportError("explicitly set `parser='liac-arff'`")
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[frames\]"') as caught:
        loader()
    assert caught.value.name == "pandas"


def test_download_of_another_shape_is_refused(loader, openml):
    X, y = openml.answers[NUMBERS[loader]]
    openml.answers[NUMBERS[loader]] = X[1:], y[1:]
    with pytest.raises(ValueError, match=rf"must have shape \({len(X)}, .* has \("):
        loader()
