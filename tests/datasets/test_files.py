"""Which file is read, and what is said of a broken one."""

import shutil
import sys

import pytest
from numpy.testing import assert_array_equal

FILES = {
    "fetch_mnist": "mnist.npz",
    "fetch_imdb": "imdb.jsonl.xz",
    "fetch_cifar10": "cifar10_jpeg.npz",
}


@pytest.fixture
def file(loader, folder):
    """The loader's file."""
    return folder / FILES[loader.__name__]


def test_variable_names_the_folder(loader, folder, monkeypatch):
    expected = loader(data_home=folder)
    monkeypatch.setenv("SKLNOISE_DATA", str(folder))
    assert_array_equal(loader().data, expected.data)


def test_folder_may_be_a_string(loader, folder):
    expected = loader(data_home=folder)
    assert_array_equal(loader(data_home=str(folder)).data, expected.data)


def test_folder_may_begin_at_home(loader, folder, monkeypatch):
    expected = loader(data_home=folder)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert_array_equal(loader(data_home="~/data").data, expected.data)


def test_data_home_goes_before_the_variable(loader, file, tmp_path, monkeypatch):
    (tmp_path / file.name).write_bytes(b"broken")
    monkeypatch.setenv("SKLNOISE_DATA", str(tmp_path))
    assert len(loader(data_home=file.parent).data)


def test_variable_is_asked_where_data_home_lacks_the_file(
    loader, folder, tmp_path, monkeypatch
):
    expected = loader(data_home=folder)
    monkeypatch.setenv("SKLNOISE_DATA", str(folder))
    assert_array_equal(loader(data_home=tmp_path).data, expected.data)


def test_file_makes_a_download_needless(loader, folder, openml):
    loader(data_home=folder)
    assert openml.calls == []


def test_other_files_of_the_folder_are_not_needed(loader, file, tmp_path):
    shutil.copy(file, tmp_path)
    assert len(loader(data_home=tmp_path).data)


def test_file_stays_as_it_is(loader, file):
    before = file.read_bytes()
    loader(data_home=file.parent)
    assert file.read_bytes() == before


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_truncated_file_is_named(loader, file, share):
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=f"{file.name} must hold .* reading it failed"):
        loader(data_home=file.parent)


def test_file_of_another_kind_is_named(loader, file):
    file.write_bytes(b"no such data" * 100)
    with pytest.raises(ValueError, match=f"{file.name} must hold .* by an intact one"):
        loader(data_home=file.parent)


def test_flipped_bytes_are_noticed(loader, file):
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(255 - b for b in content[middle : middle + 8])
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"{file.name} must hold"):
        loader(data_home=file.parent)


def test_number_of_rows_must_be_that_of_the_data(loader, folder, monkeypatch):
    monkeypatch.setattr(sys.modules[loader.__module__], "N_TEST", 7)
    with pytest.raises(ValueError, match="must hold"):
        loader(data_home=folder)
