"""Where files are searched, what is said of broken ones, OpenML and JPEG."""

import shutil
import sys
from http.client import IncompleteRead
from urllib.error import URLError

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklnoise.datasets import _loaders, fetch_cifar10, fetch_mnist

FILES = {
    "fetch_mnist": "mnist.npz",
    "fetch_imdb": "imdb.jsonl.xz",
    "fetch_cifar10": "cifar10_jpeg.npz",
    "fetch_cifar100": "cifar-100-binary.tar.gz",
}
OPENML_IDS = {fetch_mnist: 554, fetch_cifar10: 40927}


@pytest.fixture
def file(loader, folder):
    """The loader's file."""
    return folder / FILES[loader.__name__]


@pytest.fixture(params=OPENML_IDS)
def image_loader(request):
    """Each loader that can do without a file."""
    return request.param


def test_variable_names_the_folder(loader, folder, monkeypatch):
    expected = loader(data_home=folder)
    monkeypatch.setenv("SKLNOISE_DATA", str(folder))
    assert_array_equal(loader().data, expected.data)


def test_folder_may_begin_at_home(loader, folder, monkeypatch):
    expected = loader(data_home=folder)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert_array_equal(loader(data_home="~/data").data, expected.data)


def test_data_home_is_searched_before_the_variable(loader, file, tmp_path, monkeypatch):
    (tmp_path / file.name).write_bytes(b"broken")
    monkeypatch.setenv("SKLNOISE_DATA", str(tmp_path))
    assert len(loader(data_home=file.parent).data)


def test_variable_is_used_where_data_home_lacks_the_file(
    loader, folder, tmp_path, monkeypatch
):
    expected = loader(data_home=folder)
    monkeypatch.setenv("SKLNOISE_DATA", str(folder))
    assert_array_equal(loader(data_home=tmp_path).data, expected.data)


def test_nothing_is_downloaded_where_there_is_a_file(loader, folder, openml):
    loader(data_home=folder)
    assert openml.calls == []


def test_other_files_of_the_folder_are_not_needed(loader, file, tmp_path):
    shutil.copy(file, tmp_path)
    assert len(loader(data_home=tmp_path).data)


def test_file_stays_as_it_is(loader, file):
    before = file.read_bytes()
    loader(data_home=file.parent)
    assert file.read_bytes() == before


@pytest.mark.parametrize("share", [0, 0.99])
def test_truncated_file_is_named(loader, file, share):
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=f"{file.name} must hold .* reading it failed"):
        loader(data_home=file.parent)


def test_file_of_another_kind_is_named(loader, file):
    file.write_bytes(b"no such data" * 100)
    with pytest.raises(ValueError, match=f"{file.name} must hold .* by an intact one"):
        loader(data_home=file.parent)


def test_corrupted_bytes_are_detected(loader, file):
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(255 - b for b in content[middle : middle + 8])
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"{file.name} must hold"):
        loader(data_home=file.parent)


def test_number_of_samples_must_be_that_of_the_data(loader, folder, monkeypatch):
    name = loader.__name__.removeprefix("fetch_").upper()
    module = sys.modules[loader.__module__]
    monkeypatch.setattr(module, name, getattr(module, name)._replace(n_test=7))
    with pytest.raises(ValueError, match="must hold"):
        loader(data_home=folder)


def test_openml_is_used_where_there_is_no_file(image_loader, openml):
    image_loader()
    assert [call["data_id"] for call in openml.calls] == [OPENML_IDS[image_loader]]


def test_openml_is_used_where_the_folders_lack_the_file(
    image_loader, openml, tmp_path, monkeypatch
):
    monkeypatch.setenv("SKLNOISE_DATA", str(tmp_path))
    image_loader(data_home=tmp_path)
    assert len(openml.calls) == 1


@pytest.mark.parametrize("data_home", [None, "folder"])
def test_download_is_kept_in_data_home(image_loader, openml, data_home):
    image_loader(data_home=data_home)
    assert openml.calls[0]["data_home"] == data_home


def test_numbers_are_read_as_bytes(image_loader, openml):
    image_loader()
    assert openml.calls[0]["read_csv_kwargs"] == {"dtype": np.uint8}


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_type_of_the_download_does_not_matter(image_loader, openml, dtype):
    expected = image_loader()
    X, y = openml.answers[OPENML_IDS[image_loader]]
    openml.answers[OPENML_IDS[image_loader]] = (
        X.astype(dtype),
        y.astype(str).astype(object),
    )
    bunch = image_loader()
    assert_array_equal(bunch.data, expected.data)
    assert_array_equal(bunch.target, expected.target)
    assert (bunch.data.dtype, bunch.target.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize(
    "error",
    [
        URLError("no route to host"),
        IncompleteRead(b""),
        EOFError("compressed file ended"),
        ValueError("md5 checksum does not match"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failed_download_says_what_to_do(image_loader, openml, error):
    openml.error = error
    with pytest.raises(OSError, match=r"from https://www\.openml\.org/d/") as caught:
        image_loader()
    message = str(caught.value)
    assert str(error) in message
    assert "got data_home=None and SKLNOISE_DATA=None" in message
    assert (
        "set the environment variable SKLNOISE_DATA, to a folder with the file" in message
    )


def test_missing_pandas_says_how_to_install_it(image_loader, openml):
    openml.error = ImportError("explicitly set `parser='liac-arff'`")
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[frames\]"') as caught:
        image_loader()
    assert caught.value.name == "pandas"


def test_download_of_another_shape_is_refused(image_loader, openml):
    X, y = openml.answers[OPENML_IDS[image_loader]]
    openml.answers[OPENML_IDS[image_loader]] = X[1:], y[1:]
    with pytest.raises(ValueError, match=rf"must have shape \({len(X)}, .* has \("):
        image_loader()


def test_image_of_another_size_is_refused(folder, monkeypatch):
    monkeypatch.setattr(_loaders, "CIFAR10_SIZE", 16)
    with pytest.raises(ValueError, match=r"has size \(32, 32\)"):
        fetch_cifar10(data_home=folder)


def test_missing_pillow_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[images\]"') as caught:
        fetch_cifar10(data_home=folder)
    assert caught.value.name == "PIL"


def test_download_needs_no_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert len(fetch_cifar10().data) == 20
