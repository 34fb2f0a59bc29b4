"""CIFAR-100 is read from the archive of its authors, which is downloaded once."""

from io import BytesIO
from urllib.error import URLError

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklnoise.datasets import _cifar100, fetch_cifar100


@pytest.fixture
def server(folder, monkeypatch, tmp_path):
    """A network that has the archive, and a folder for downloads."""
    content, asked = (folder / "cifar-100-binary.tar.gz").read_bytes(), []

    def urlopen(url, timeout):
        asked.append(url)
        return BytesIO(content)

    monkeypatch.setattr(_cifar100, "urlopen", urlopen)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "downloads"))
    return asked


def test_pixels_are_channels_first_and_between_zero_and_one(folder, records):
    X = fetch_cifar100(subset="all", data_home=folder).data
    assert X.flags.c_contiguous
    assert_array_equal(X, records[0].astype(np.float32) / 255)


def test_labels_are_the_fine_classes(folder, records):
    bunch = fetch_cifar100(subset="test", data_home=folder)
    assert_array_equal(bunch.target, records[1][5:])
    assert bunch.target_names[[0, 99]].tolist() == ["class_0", "class_99"]


def test_the_archive_is_downloaded_once(server, records):
    for _ in range(2):
        assert_array_equal(fetch_cifar100().target, records[1][:5])
    assert len(server) == 1


def test_a_download_is_stored_in_data_home_and_leaves_nothing_else(server, tmp_path):
    home = tmp_path / "home"
    fetch_cifar100(data_home=home)
    assert [path.name for path in home.iterdir()] == ["cifar-100-binary.tar.gz"]


def test_another_checksum_is_named(folder, monkeypatch):
    monkeypatch.setattr(_cifar100, "SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"of SHA-256 0{64}; .* its SHA-256 is \w{64}"):
        fetch_cifar100(data_home=folder)


def test_failed_download_says_where_to_put_the_archive(monkeypatch, tmp_path):
    def urlopen(url, timeout):
        raise URLError("no network")

    monkeypatch.setattr(_cifar100, "urlopen", urlopen)
    with pytest.raises(
        OSError, match=r"no network.*cifar-100-binary\.tar\.gz is in none"
    ):
        fetch_cifar100(data_home=tmp_path)
    assert not any(tmp_path.iterdir())
