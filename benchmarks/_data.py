"""Data for the benchmarks: files named by SKLNOISE_DATA, otherwise public loaders."""

import json
import lzma
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


def load_imdb():
    """Load the IMDB film reviews of Maas et al. (2011).

    Returns
    -------
    texts_train, y_train, texts_test, y_test : list of str and ndarray
        25 000 reviews each, int64 labels: 0 negative, 1 positive.

    Raises
    ------
    FileNotFoundError
        If SKLNOISE_DATA names no folder with the file; no public loader has it.
    """
    folder = os.environ.get("SKLNOISE_DATA")
    if not folder or not Path(folder, "imdb.jsonl.xz").is_file():
        raise FileNotFoundError(
            "IMDB is read from imdb.jsonl.xz in the folder that the environment "
            f"variable SKLNOISE_DATA names; got SKLNOISE_DATA={folder!r}. Each line of "
            'the file is one review as JSON: {"split": "train" or "test", "y": 0 for '
            'negative or 1 for positive, "text": the review}. The reviews are at '
            "https://ai.stanford.edu/~amaas/data/sentiment/"
        )
    with lzma.open(Path(folder, "imdb.jsonl.xz"), "rt", encoding="utf-8") as file:
        reviews = [json.loads(line) for line in file]
    parts = []
    for split in ("train", "test"):
        part = [review for review in reviews if review["split"] == split]
        texts = [review["text"] for review in part]
        parts += [texts, np.array([review["y"] for review in part], dtype=np.int64)]
    return tuple(parts)
