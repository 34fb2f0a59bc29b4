"""IMDB, film reviews that like the film or do not."""

import json
import lzma

import numpy as np
from sklearn.utils import Bunch

from sklnoise.datasets._files import (
    explain_broken,
    find_file,
    rows_of,
    tell_where,
    validate_loader,
)

FILE = "imdb.jsonl.xz"
N_TRAIN, N_TEST = 25_000, 25_000
LINE = '{"split": "train" or "test", "y": 0 or 1, "text": the review}'


@validate_loader
def fetch_imdb(*, subset="train", data_home=None, return_X_y=False):
    """Load the film reviews of IMDB, with clean labels.

    They are read from the file `imdb.jsonl.xz`. scikit-learn has no loader of them.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 25 000 reviews to train on, the 25 000 to test on, or all, those to test on
        last.

    data_home : str, path-like or None, default=None
        Folder with the file. It goes before the folder that the environment variable
        `SKLNOISE_DATA` names.

    return_X_y : bool, default=False
        Whether to return `(data, target)` alone.

    Returns
    -------
    reviews : Bunch
        `data`, the reviews, a list of str in the order of the file; `target` of shape
        (n_samples,), int64, 0 for negative and 1 for positive; `target_names`. Or a
        tuple of `data` and `target`.

    Raises
    ------
    FileNotFoundError
        If there is no file.

    ValueError
        If the file is broken.

    Notes
    -----
    Each line of the file is one review as JSON: `split`, "train" or "test"; `y`, 0 for
    negative or 1 for positive; `text`. Other keys are ignored. The reviews are at
    https://ai.stanford.edu/~amaas/data/sentiment/

    References
    ----------
    .. [1] Maas, Daly, Pham, Huang, Ng, Potts. Learning word vectors for sentiment
       analysis. ACL 2011.

    Examples
    --------
    This needs the file:

    >>> from sklnoise.datasets import fetch_imdb
    >>> texts, y = fetch_imdb(return_X_y=True)  # doctest: +SKIP
    >>> len(texts)  # doctest: +SKIP
    25000
    """
    path = find_file(FILE, data_home)
    if path is None:
        raise FileNotFoundError(
            f"{tell_where(FILE, data_home)}. Each line of it is one review as JSON: "
            f"{LINE}. The reviews are at https://ai.stanford.edu/~amaas/data/sentiment/"
        )
    texts, y = read_file(path)
    rows = rows_of(subset, N_TRAIN)
    data, target = texts[rows], y[rows]
    if return_X_y:
        return data, target
    target_names = np.array(["negative", "positive"])
    return Bunch(data=data, target=target, target_names=target_names)


def read_file(path):
    """Read the reviews from `imdb.jsonl.xz`."""
    expected = (
        f"{N_TRAIN} reviews to train on and {N_TEST} to test on, a line each: {LINE}"
    )
    parts = {"train": [], "test": []}
    with path.open("rb") as file, explain_broken(path, expected):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                review = json.loads(line)
                parts[review["split"]].append((review["text"], review["y"]))
        lengths = len(parts["train"]), len(parts["test"])
        if lengths != (N_TRAIN, N_TEST):
            raise ValueError(f"it has {lengths[0]} and {lengths[1]}")
        texts, y = zip(*parts["train"], *parts["test"])
        return list(texts), np.array(y, dtype=np.int64)
