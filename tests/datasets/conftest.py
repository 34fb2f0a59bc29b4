"""Tiny files in the formats of the real data, and no network."""

import json
import lzma
import tarfile
from hashlib import sha256
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sklnoise.datasets import (
    _cifar100,
    _files,
    _loaders,
    fetch_cifar10,
    fetch_cifar100,
    fetch_imdb,
    fetch_mnist,
)

SIZES = {"MNIST": (4, 2), "IMDB": (4, 2), "CIFAR10": (20, 10)}
# What the last 14 bytes of a JPEG header begin with.
SCAN = b"\xff\xda\x00\x0c"


@pytest.fixture(params=[fetch_mnist, fetch_imdb, fetch_cifar10, fetch_cifar100])
def loader(request):
    """Each loader of real data in turn."""
    return request.param


@pytest.fixture
def digits():
    """Six images in place of MNIST: X, y."""
    X = np.random.RandomState(0).randint(256, size=(6, 28, 28)).astype(np.uint8)
    return X, np.array([5, 0, 4, 1, 9, 2], dtype=np.uint8)


@pytest.fixture
def reviews():
    """Four training and two test reviews in place of IMDB."""
    splits = "train", "test", "train", "train", "test", "train"
    return [
        {"split": split, "id": f"{i}_3", "y": i % 2, "text": f"film no. {i}, très bon"}
        for i, split in enumerate(splits)
    ]


@pytest.fixture
def photographs():
    """Images of one colour each, two per class to train on and one to test on: X, y."""
    colours = np.random.RandomState(0).randint(256, size=(30, 3, 1, 1)).astype(np.uint8)
    y = np.r_[np.repeat(np.arange(10), 2), np.arange(10)]
    return np.broadcast_to(colours, (30, 3, 32, 32)), y.astype(np.uint8)


def encode_jpeg(pixels):
    """Return the header of an encoded image, and its scan without the end marker."""
    buffer = BytesIO()
    Image.fromarray(pixels.transpose(1, 2, 0)).save(buffer, "JPEG", quality=75)
    jpeg = buffer.getvalue()
    start = jpeg.index(SCAN) + 14
    return jpeg[:start], jpeg[start:-2]


@pytest.fixture
def records():
    """Images in place of CIFAR-100, five to train on and three to test on: X, y."""
    rng = np.random.RandomState(0)
    X = rng.randint(256, size=(8, 3, 32, 32)).astype(np.uint8)
    return X, rng.randint(100, size=8)


def write_archive(path, X, y, n_train=5):
    """Write the archive of CIFAR-100, where a superclass is not the class."""
    labels = np.stack([y // 5, y], axis=1).astype(np.uint8)
    rows = np.hstack([labels, X.reshape(len(X), -1)])
    parts = {
        "train.bin": rows[:n_train].tobytes(),
        "test.bin": rows[n_train:].tobytes(),
        "fine_label_names.txt": "".join(f"class_{i}\n" for i in range(100)).encode(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(f"cifar-100-binary/{name}")
            info.size = len(content)
            archive.addfile(info, BytesIO(content))


@pytest.fixture
def folder(tmp_path, digits, reviews, photographs, records, monkeypatch):
    """A folder with the four files."""
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez_compressed(folder / "mnist.npz", X=digits[0], y=digits[1])
    with lzma.open(folder / "imdb.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(review) + "\n" for review in reviews)
    archive = folder / "cifar-100-binary.tar.gz"
    write_archive(archive, *records)
    monkeypatch.setattr(_cifar100, "SHA256", sha256(archive.read_bytes()).hexdigest())
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
    """Replace OpenML, and let the loaders expect few samples and no folder.

    It records its `calls`, has `answers` by number, and raises its `error` if there is
    one.
    """
    for name, (n_train, n_test) in SIZES.items():
        source = getattr(_loaders, name)._replace(n_train=n_train, n_test=n_test)
        monkeypatch.setattr(_loaders, name, source)
    few = _cifar100.CIFAR100._replace(n_train=5, n_test=3)
    monkeypatch.setattr(_cifar100, "CIFAR100", few)
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
