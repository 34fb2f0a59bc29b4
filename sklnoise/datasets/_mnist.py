"""MNIST, the handwritten digits."""

import numpy as np
from sklearn.utils import Bunch

from sklnoise.datasets._files import (
    explain_broken,
    fetch_images,
    find_file,
    rows_of,
    validate_loader,
)

FILE, DATA_ID = "mnist.npz", 554
N_TRAIN, N_TEST = 60_000, 10_000


@validate_loader
def fetch_mnist(*, subset="train", data_home=None, return_X_y=False):
    """Load the handwritten digits of MNIST, with clean labels.

    They are read from the file `mnist.npz`, and without it fetched from OpenML.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 60 000 rows to train on, the 10 000 to test on, or all, those to test on
        last.

    data_home : str, path-like or None, default=None
        Folder with the file. It goes before the folder that the environment variable
        `SKLNOISE_DATA` names. scikit-learn keeps a download there; None is its own
        folder.

    return_X_y : bool, default=False
        Whether to return `(data, target)` alone.

    Returns
    -------
    digits : Bunch
        `data` of shape (n_samples, 784), float32 pixels between 0 and 1, in the
        original order; `target` of shape (n_samples,), int64 digits; `target_names`,
        the ten digits; `images` of shape (n_samples, 28, 28), a view of the data. Or a
        tuple of `data` and `target`.

    Raises
    ------
    ImportError
        If there is no file, and pandas, which reads the download, is not installed.

    OSError
        If there is no file, and the download fails.

    ValueError
        If the file is broken.

    Notes
    -----
    The file holds the arrays `X`, uint8 of shape (70000, 28, 28), and `y` of shape
    (70000,), training rows first. :func:`numpy.savez_compressed` writes it.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio, Haffner. Gradient-based learning applied to document
       recognition. Proceedings of the IEEE, 1998.

    Examples
    --------
    This needs the file or a network:

    >>> from sklnoise.datasets import fetch_mnist
    >>> X, y = fetch_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 784)
    """
    path = find_file(FILE, data_home)
    if path is None:
        shape = N_TRAIN + N_TEST, 28 * 28
        X, y = fetch_images("MNIST", DATA_ID, file=FILE, shape=shape, data_home=data_home)
    else:
        X, y = read_file(path)
    rows = rows_of(subset, N_TRAIN)
    pixels = X[rows].reshape(-1, 28 * 28)
    # OpenML's rows are columns of a frame; in C order the images are a view.
    data = np.divide(pixels, 255, dtype=np.float32, order="C")
    target = y[rows]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=np.arange(10),
        images=data.reshape(-1, 28, 28),
    )


def read_file(path):
    """Read the digits from `mnist.npz`."""
    shape = N_TRAIN + N_TEST, 28, 28
    expected = f"the arrays X, uint8 of shape {shape}, and y of shape {shape[:1]}"
    with path.open("rb") as file, explain_broken(path, expected):
        with np.load(file) as arrays:
            X, y = arrays["X"], arrays["y"]
        if X.dtype != np.uint8 or X.shape != shape or y.shape != shape[:1]:
            raise ValueError(f"X is {X.dtype} of shape {X.shape}, y of shape {y.shape}")
        return X, y.astype(np.int64)
