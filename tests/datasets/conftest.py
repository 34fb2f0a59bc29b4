"""Tiny files in the formats of the real data, and no network."""

import json
import lzma
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sklnoise.datasets import (
    _cifar10,
    _files,
    _imdb,
    _mnist,
    fetch_cifar10,
    fetch_imdb,
    fetch_mnist,
)

SIZES = {_mnist: (4, 2), _imdb: (4, 2), _cifar10: (20, 10)}
SCAN = b"\xff\xda\x00\x0c"
"""What the last 14 bytes of a JPEG header begin with."""


@pytest.fixture(params=[fetch_mnist, fetch_imdb, fetch_cifar10])
def loader(request):
    """Each loader of real data in turn."""
    return request.param


@pytest.fixture
def digits():
    """Rows in the place of MNIST's: X, y."""
    X = np.random.RandomState(0).randint(256, size=(6, 28, 28)).astype(np.uint8)
    return X, np.array([5, 0, 4, 1, 9, 2], dtype=np.uint8)


@pytest.fixture
def reviews():
    """Reviews in the place of IMDB's, four to train on and two to test on."""
    splits = "train", "test", "train", "train", "test", "train"
    return [
        {"split": split, "id": f"{i}_3", "y": i % 2, "text": f"film no. {i}, très bon"}
        for i, split in enumerate(splits)
    ]


@pytest.fixture
def photographs():
    """Images of one colour each, two a class to train on and one to test on: X, y."""
    colours = np.random.RandomState(0).randint(256, size=(30, 3, 1, 1)).astype(np.uint8)
    y = np.r_[np.repeat(np.arange(10), 2), np.arange(10)]
    return np.broadcast_to(colours, (30, 3, 32, 32)), y.astype(np.uint8)


def encode_jpeg(pixels):
    """Encode an image as all before its scan, and the scan without its end."""
    buffer = BytesIO()
    Image.fromarray(pixels.transpose(1, 2, 0)).save(buffer, "JPEG", quality=75)
    jpeg = buffer.getvalue()
    start = jpeg.index(SCAN) + 14
    return jpeg[:start], jpeg[start:-2]


@pytest.fixture
def folder(tmp_path, digits, reviews, photographs):
    """A folder with the three files."""
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez_compressed(folder / "mnist.npz", X=digits[0], y=digits[1])
    with lzma.open(folder / "imdb.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(review) + "\n" for review in reviews)
    X, y = photographs
    headers, scans = zip(*map(encode_jpeg, X))
    (header,) = set(headers)
    np.savez_compressed(
        folder / "cifar10_jpeg.npz",
        header=np.frombuffer(header, dtype=np.uint8),
        body=np.frombuffer(b"".join(scans), dtype=np.uint8),
        sizes=np.array([len(scan) for scan in scans], dtype=np.uint16),
        y=y,
    )
    return folder


@pytest.fixture(autouse=True)
def openml(monkeypatch, digits, photographs):
    """Let the loaders expect few rows and no folder, and ask a stand-in for OpenML.

    It keeps its `calls`, has `answers` by number, and raises an `error` if it has one.
    """
    for module, (n_train, n_test) in SIZES.items():
        monkeypatch.setattr(module, "N_TRAIN", n_train)
        monkeypatch.setattr(module, "N_TEST", n_test)
    monkeypatch.delenv("SKLNOISE_DATA", raising=False)
    # The arrays come from a frame, whose columns are contiguous.
    flat = {
        number: (np.asfortranarray(X.reshape(len(X), -1)), y)
        for number, (X, y) in {554: digits, 40927: photographs}.items()
    }
    server = SimpleNamespace(calls=[], answers=flat, error=None)

    def fetch_openml(**kwargs):
        server.calls.append(kwargs)
        if server.error is not None:
            raise server.error
        return server.answers[kwargs["data_id"]]

    monkeypatch.setattr(_files, "fetch_openml", fetch_openml)
    return server
