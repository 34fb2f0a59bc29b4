"""What the loaders share: files, images from OpenML and JPEG images."""

import os
import zlib
from contextlib import contextmanager
from http.client import HTTPException
from io import BytesIO
from lzma import LZMAError
from pathlib import Path
from struct import error as StructError
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from sklearn.datasets import fetch_openml

from sklnoise._compat import StrOptions, validate_params

# Environment variable that names the folder of the files.
DATA_VARIABLE = "SKLNOISE_DATA"

# What zip, xz, JSON and JPEG readers raise at broken files; there is no common base.
READ_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    RuntimeError,
    BadZipFile,
    LZMAError,
    StructError,
    zlib.error,
)


class Source(NamedTuple):
    """A data set, as a file or by its number at OpenML; training samples come first."""

    title: str
    file: str
    n_train: int
    n_test: int
    data_id: int | None = None

    @property
    def n_samples(self):
        """Return the number of all samples."""
        return self.n_train + self.n_test

    @property
    def url(self):
        """Return the page at OpenML."""
        return f"https://www.openml.org/d/{self.data_id}"

    def slice_of(self, subset):
        """Return the slice of the samples of a subset."""
        return {
            "train": slice(self.n_train),
            "test": slice(self.n_train, None),
            "all": slice(None),
        }[subset]


def find_file(name, data_home):
    """Find a file in `data_home`, or else in the folder of the environment variable."""
    for folder in (data_home, os.environ.get(DATA_VARIABLE)):
        if folder:
            path = Path(folder).expanduser() / name
            if path.is_file():
                return path
    return None


def describe_search(name, data_home):
    """Describe where a missing file was looked for, and where to put it."""
    value = os.environ.get(DATA_VARIABLE)
    homes = f"data_home={data_home!r}", f"{DATA_VARIABLE}={value!r}"
    return (
        f"The file {name} is in none of the given folders; got {' and '.join(homes)}. "
        f"Pass data_home, or set the environment variable {DATA_VARIABLE}, to a folder "
        "with the file"
    )


@contextmanager
def explain_broken(path, expected):
    """Raise a ValueError about the file for any error while it is read."""
    try:
        yield
    except READ_ERRORS as error:
        raise ValueError(
            f"{path} must hold {expected}; reading it failed with "
            f"{type(error).__name__}: {error}. Replace the file by an intact one."
        ) from error


def fetch_images(source, n_pixels, data_home):
    """Fetch images and labels from OpenML, or say what to do instead."""
    try:
        X, y = fetch_openml(
            data_id=source.data_id,
            data_home=data_home,
            as_frame=False,
            return_X_y=True,
            # Bytes take an eighth of the memory. The default, categories, fails with
            # scikit-learn 1.9 and pandas 3.1.
            read_csv_kwargs={"dtype": np.uint8},
        )
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{source.title} is read from {source.url} with pandas. Install it by: "
            f'pip install "sklnoise[frames]". {describe_search(source.file, data_home)}, '
            "to read it without a download.",
            name="pandas",
        ) from error
    # An interrupted download has a wrong checksum, which is a ValueError.
    except (OSError, EOFError, HTTPException, ValueError) as error:
        raise OSError(
            f"{source.title} could not be fetched from {source.url}: {error}. "
            f"{describe_search(source.file, data_home)}, or try again with a network."
        ) from error
    shape = source.n_samples, n_pixels
    if X.shape != shape:
        raise ValueError(
            f"{source.title} must have shape {shape}; {source.url} has {X.shape}."
        )
    return X, y.astype(np.int64)


# The marker that ends a JPEG image.
JPEG_END = b"\xff\xd9"


def import_pillow(caller):
    """Import Pillow, an extra, or say how to install it."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ModuleNotFoundError(
            f'{caller} needs Pillow. Install it by: pip install "sklnoise[images]"',
            name="PIL",
        ) from error
    return Image


def decode_jpegs(Image, header, scans, size):
    """Decode images that are stored without their common header and end marker."""
    X = np.empty((len(scans), 3, size, size), dtype=np.uint8)
    for pixels, scan in zip(X, scans):
        with Image.open(BytesIO(header + scan + JPEG_END), formats=["JPEG"]) as image:
            if image.size != (size, size):
                raise ValueError(f"an image has size {image.size}")
            pixels[:] = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    return X


validate_loader = validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
