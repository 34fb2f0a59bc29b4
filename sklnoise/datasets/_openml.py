"""Images from OpenML, where no file of ours has them."""

from http.client import HTTPException

import numpy as np
from sklearn.datasets import fetch_openml

from sklnoise.datasets._files import tell_where


def fetch_images(title, data_id, *, file, shape, data_home):
    """Fetch images and labels from OpenML, or tell what to do instead.

    Parameters
    ----------
    title : str
        Name of the data set, for errors.

    data_id : int
        Number of the data set on OpenML.

    file : str
        Name of the file that makes the download needless.

    shape : tuple of int
        Number of rows and of pixels.

    data_home : str, path-like or None
        Folder where scikit-learn keeps what it has downloaded. None is its own.

    Returns
    -------
    X : ndarray of shape (n_samples, n_pixels)
        Pixels between 0 and 255.

    y : ndarray of shape (n_samples,)
        Labels, int64.

    Raises
    ------
    ImportError
        If pandas, which reads OpenML's files, is not installed.

    OSError
        If the download fails.

    ValueError
        If the download has another shape.
    """
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
