"""Data for the benchmarks: files named by SKLNOISE_DATA, otherwise public loaders."""

import os
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml


def load_mnist():
    """Load MNIST, pixels between 0 and 1, in its original order.

    Returns
    -------
    X_train, y_train, X_test, y_test : ndarray
        60 000 and 10 000 rows of 784 float32 pixels, int64 labels.
    """
    folder = os.environ.get("SKLNOISE_DATA")
    if folder:
        with np.load(Path(folder) / "mnist.npz") as file:
            X, y = file["X"].reshape(-1, 784), file["y"]
    else:
        X, y = fetch_openml("mnist_784", return_X_y=True, as_frame=False)
    X, y = X.astype(np.float32) / 255, y.astype(np.int64)
    return X[:60000], y[:60000], X[60000:], y[60000:]
