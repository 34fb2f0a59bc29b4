"""Images from OpenML, where no file of ours has them."""

from http.client import HTTPException

import numpy as np
from sklearn.datasets import fetch_openml

from sklnoise.datasets._files import tell_where


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
