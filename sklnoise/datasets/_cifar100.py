"""Loader of CIFAR-100, from the archive of its authors."""

import hashlib
import tarfile
from http.client import HTTPException
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from sklnoise.datasets._files import (
    Source,
    describe_search,
    explain_broken,
    find_file,
    validate_loader,
)

CIFAR100 = Source("CIFAR-100", "cifar-100-binary.tar.gz", n_train=50_000, n_test=10_000)
URL = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
SHA256 = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
TIMEOUT = 60  # seconds without an answer

IMAGE_SHAPE = 3, 32, 32
N_LABELS = 2  # bytes before the pixels of an image: superclass, class


@validate_loader
def fetch_cifar100(*, subset="train", data_home=None, return_X_y=False):
    """Load the photographs of CIFAR-100, with clean labels.

    They are read from the archive `cifar-100-binary.tar.gz`, which is downloaded where
    there is none. Its checksum must be right.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 50 000 training samples, the 10 000 test samples, or both in this order.

    data_home : str, path-like or None, default=None
        Folder with the archive; searched before the folder that the environment variable
        `SKLNOISE_DATA` names. A download is stored there; None means scikit-learn's
        default folder.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    photographs : Bunch
        `data` of shape (n_samples, 3, 32, 32), float32 between 0 and 1, channels (red,
        green, blue) first; `target` of shape (n_samples,), int64, the 100 fine classes;
        `target_names`, from "apple" to "worm". Or a tuple of `data` and `target`.

    Raises
    ------
    OSError
        If there is no archive, and the download fails.

    ValueError
        If the archive has another checksum.

    Notes
    -----
    The archive, 161 MB, is the "binary version" of
    https://www.cs.toronto.edu/~kriz/cifar.html. Of its labels only the fine ones are
    returned.

    References
    ----------
    .. [1] Krizhevsky. Learning multiple layers of features from tiny images. Technical
       report, University of Toronto, 2009.

    Examples
    --------
    This needs the archive or a network:

    >>> from sklnoise.datasets import fetch_cifar100
    >>> X, y = fetch_cifar100(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (10000, 3, 32, 32)
    """
    path = find_file(CIFAR100.file, data_home) or download(data_home)
    pixels, target, names = read_cifar100(path)
    samples = CIFAR100.slice_of(subset)
    data = np.divide(pixels[samples], 255, dtype=np.float32, order="C")
    target = target[samples].astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=names)


def read_cifar100(path):
    """Read pixels, classes and their names from the archive."""
    expected = f"the {CIFAR100.n_samples} images of {URL}, of SHA-256 {SHA256}"
    with path.open("rb") as file, explain_broken(path, expected):
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != SHA256:
            raise ValueError(f"its SHA-256 is {found}")
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            train, test, names = (
                archive.extractfile(f"cifar-100-binary/{name}").read()
                for name in ("train.bin", "test.bin", "fine_label_names.txt")
            )
        records = np.frombuffer(train + test, dtype=np.uint8)
        records = records.reshape(-1, N_LABELS + np.prod(IMAGE_SHAPE))
        if len(records) != CIFAR100.n_samples:
            raise ValueError(f"it has {len(records)} images")
        pixels = records[:, N_LABELS:].reshape(-1, *IMAGE_SHAPE)
        return pixels, records[:, N_LABELS - 1], np.array(names.decode().split())


def download(data_home):
    """Download the archive, unless scikit-learn's folder has it; return its path."""
    folder = Path(get_data_home(data_home))
    path = folder / CIFAR100.file
    if path.is_file():
        return path
    try:
        with (
            urlopen(URL, timeout=TIMEOUT) as answer,
            TemporaryDirectory(dir=folder) as unfinished,
        ):
            part = Path(unfinished) / CIFAR100.file
            with part.open("wb") as file:
                copyfileobj(answer, file)
            return part.replace(path)
    except (OSError, HTTPException) as error:
        raise OSError(
            f"{CIFAR100.title} could not be fetched from {URL}: {error}. "
            f"{describe_search(CIFAR100.file, data_home)}, or try again with a network."
        ) from error
