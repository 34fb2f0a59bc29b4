"""JPEG images that share a header."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from sklnoise.datasets import fetch_cifar10
from sklnoise.datasets._files import decode_jpegs


@pytest.fixture
def parts(folder):
    """The header and the scans of the file."""
    with np.load(folder / "cifar10_jpeg.npz") as arrays:
        scans = np.split(arrays["body"], np.cumsum(arrays["sizes"], dtype=int)[:-1])
        return arrays["header"].tobytes(), [scan.tobytes() for scan in scans]


def test_image_does_not_depend_on_its_neighbours(parts):
    header, scans = parts
    every = decode_jpegs(Image, header, scans, 32)
    alone = decode_jpegs(Image, header, scans[3:4], 32)
    assert_array_equal(alone, every[3:4])


def test_no_scans_are_no_images(parts):
    assert decode_jpegs(Image, parts[0], [], 32).shape == (0, 3, 32, 32)


def test_image_of_another_size_is_refused(parts):
    with pytest.raises(ValueError, match=r"has size \(32, 32\)"):
        decode_jpegs(Image, *parts, 16)


def test_missing_pillow_is_told_with_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[images\]"') as caught:
        fetch_cifar10(data_home=folder)
    assert caught.value.name == "PIL"


def test_download_needs_no_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert len(fetch_cifar10().data) == 20
