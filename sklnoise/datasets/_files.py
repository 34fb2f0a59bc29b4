"""Files of real data: where they are, and images from OpenML or as JPEG."""

import os
from contextlib import contextmanager
from http.client import HTTPException
from io import BytesIO
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml

from sklnoise._compat import StrOptions, validate_params

# Environment variable that names the folder of the files.
VARIABLE = "SKLNOISE_DATA"


def find_file(name, data_home):
    """Find a file in `data_home`, or else in the folder of the environment variable."""
    for folder in (data_home, os.environ.get(VARIABLE)):
        if folder:
            path = Path(folder).expanduser() / name
            if path.is_file():
                return path
    return None


def tell_where(name, data_home):
    """Tell where a file was looked for in vain, and where to put it."""
    homes = f"data_home={data_home!r}", f"{VARIABLE}={os.environ.get(VARIABLE)!r}"
    return (
        f"The file {name} is in no folder that was named; got {' and '.join(homes)}. "
        f"Pass data_home, or set the environment variable {VARIABLE}, to a folder with "
        "the file"
    )


@contextmanager
def explain_broken(path, expected):
    """Turn whatever goes wrong while a file is read into a ValueError about the file."""
    try:
        yield
    except MemoryError:
        raise
    # Zip, xz, JSON and JPEG have errors of their own, without a common base.
    except Exception as error:
        raise ValueError(
            f"{path} must hold {expected}; reading it failed with "
            f"{type(error).__name__}: {error}. Replace the file by an intact one."
        ) from error


def fetch_images(title, data_id, *, file, shape, data_home):
    """Fetch images and labels from OpenML, or tell what to do instead."""
    source = f"https://www.openml.org/d/{data_id}"
    try:
        X, y = fetch_openml(
            data_id=data_id,
            data_home=data_home,
            as_frame=False,
            return_X_y=True,
            # Bytes take an eighth of the memory. And as categories, which they are by
            # default, numbers break scikit-learn 1.9 with pandas 3.1.
            read_csv_kwargs={"dtype": np.uint8},
        )
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{title} is read from {source} with pandas. Install it by: "
            f'pip install "sklnoise[frames]". {tell_where(file, data_home)}, and '
            "nothing is downloaded.",
            name="pandas",
        ) from error
    # A download that breaks off has a wrong checksum, which is a ValueError.
    except (OSError, EOFError, HTTPException, ValueError) as error:
        raise OSError(
            f"{title} could not be fetched from {source}: {error}. "
            f"{tell_where(file, data_home)}, or try again with a network."
        ) from error
    if X.shape != shape:
        raise ValueError(f"{title} must have shape {shape}; {source} has {X.shape}.")
    return X, y.astype(np.int64)


# The marker that ends a JPEG image.
END = b"\xff\xd9"


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
    """Decode images that are stored without their common header and end."""
    X = np.empty((len(scans), 3, size, size), dtype=np.uint8)
    for pixels, scan in zip(X, scans):
        with Image.open(BytesIO(header + scan + END), formats=["JPEG"]) as image:
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


def rows_of(subset, n_train):
    """Find the rows of a subset where the training rows come first."""
    return {
        "train": slice(n_train),
        "test": slice(n_train, None),
        "all": slice(None),
    }[subset]
