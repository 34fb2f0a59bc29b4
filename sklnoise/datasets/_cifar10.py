"""CIFAR-10, small photographs of animals and vehicles."""

import numpy as np
from sklearn.utils import Bunch

from sklnoise.datasets._files import (
    decode_jpegs,
    explain_broken,
    fetch_images,
    find_file,
    import_pillow,
    rows_of,
    validate_loader,
)

FILE, DATA_ID = "cifar10_jpeg.npz", 40927
N_TRAIN, N_TEST, SIZE = 50_000, 10_000, 32
# fmt: off
CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)
# fmt: on


@validate_loader
def fetch_cifar10(*, subset="train", data_home=None, return_X_y=False):
    """Load the photographs of CIFAR-10, with clean labels.

    They are read from the file `cifar10_jpeg.npz`, which needs Pillow, and without it
    fetched from OpenML.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 50 000 rows to train on, the 10 000 to test on, or all, those to test on
        last.

    data_home : str, path-like or None, default=None
        Folder with the file. It goes before the folder that the environment variable
        `SKLNOISE_DATA` names. scikit-learn keeps a download there; None is its own
        folder.

    return_X_y : bool, default=False
        Whether to return `(data, target)` alone.

    Returns
    -------
    photographs : Bunch
        `data` of shape (n_samples, 3, 32, 32), float32 between 0 and 1, channels (red,
        green, blue) first; `target` of shape (n_samples,), int64; `target_names`, from
        "airplane" to "truck". Or a tuple of `data` and `target`.

    Raises
    ------
    ImportError
        If Pillow, which decodes the file, is not installed. Or if there is no file, and
        pandas, which reads the download, is not installed.

    OSError
        If there is no file, and the download fails.

    ValueError
        If the file is broken, or the training rows of the download do not come first.

    Notes
    -----
    OpenML has the original pixels and order. The file has each image as a JPEG, which
    is a tenth of the size and a little less exact, and may be sorted by class: shuffle
    the rows before you take some of them.

    The arrays of the file are `header`, the bytes before the scan, which the images
    share; `body`, the scans one after another, each without the marker that ends it;
    `sizes` of shape (60000,), the bytes of each scan; and `y` of shape (60000,),
    training rows first.

    References
    ----------
    .. [1] Krizhevsky. Learning multiple layers of features from tiny images. Technical
       report, University of Toronto, 2009.

    Examples
    --------
    This needs the file or a network:

    >>> from sklnoise.datasets import fetch_cifar10
    >>> X, y = fetch_cifar10(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (10000, 3, 32, 32)
    """
    rows = rows_of(subset, N_TRAIN)
    path = find_file(FILE, data_home)
    X, y = fetch_rows(rows, data_home) if path is None else read_file(path, rows)
    data = np.divide(X, 255, dtype=np.float32, order="C")
    if return_X_y:
        return data, y
    return Bunch(data=data, target=y, target_names=np.array(CLASSES))


def fetch_rows(rows, data_home):
    """Fetch the photographs from OpenML."""
    shape = N_TRAIN + N_TEST, 3 * SIZE**2
    X, y = fetch_images("CIFAR-10", DATA_ID, file=FILE, shape=shape, data_home=data_home)
    # OpenML does not say that the training rows come first, but their classes do.
    counts = np.bincount(y[:N_TRAIN], minlength=len(CLASSES))
    if (counts != N_TRAIN // len(CLASSES)).any():
        raise ValueError(
            f"The first {N_TRAIN} rows of https://www.openml.org/d/{DATA_ID} must be the "
            f"training rows, as many of each class; got {counts.tolist()}. Pass "
            f"data_home, a folder with {FILE}, instead."
        )
    return X[rows].reshape(-1, 3, SIZE, SIZE), y[rows]


def read_file(path, rows):
    """Read the photographs from `cifar10_jpeg.npz`."""
    Image = import_pillow(f"Reading {path}")
    shape = (N_TRAIN + N_TEST,)
    expected = (
        f"the arrays header, body, sizes and y, the last two of shape {shape}, with "
        f"JPEG images of {SIZE} times {SIZE} pixels"
    )
    with path.open("rb") as file, explain_broken(path, expected):
        with np.load(file) as arrays:
            header, body = arrays["header"].tobytes(), arrays["body"].tobytes()
            sizes, y = arrays["sizes"].astype(np.int64), arrays["y"].astype(np.int64)
        if sizes.shape != shape or y.shape != shape:
            raise ValueError(f"sizes has shape {sizes.shape}, y has {y.shape}")
        ends = np.cumsum(sizes)
        if ends[-1] != len(body):
            raise ValueError(f"body has {len(body)} bytes, sizes add up to {ends[-1]}")
        bounds = zip((ends - sizes)[rows], ends[rows])
        scans = [body[start:end] for start, end in bounds]
        return decode_jpegs(Image, header, scans, SIZE), y[rows]
