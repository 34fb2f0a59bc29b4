"""Loaders of real data: MNIST, CIFAR-10, IMDB and digits with noisy labels."""

import json
import lzma

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from sklnoise._compat import validate_params
from sklnoise.datasets._files import (
    Source,
    decode_jpegs,
    describe_search,
    explain_broken,
    fetch_images,
    find_file,
    import_pillow,
    validate_loader,
)
from sklnoise.datasets._noise import (
    PROBABILITY,
    make_noisy_labels,
    make_transition_matrix,
)

MNIST = Source("MNIST", "mnist.npz", n_train=60_000, n_test=10_000, data_id=554)
CIFAR10 = Source(
    "CIFAR-10", "cifar10_jpeg.npz", n_train=50_000, n_test=10_000, data_id=40927
)
IMDB = Source("IMDB", "imdb.jsonl.xz", n_train=25_000, n_test=25_000)

CIFAR10_SIZE = 32
# fmt: off
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)
# fmt: on

IMDB_LINE = '{"split": "train" or "test", "y": 0 or 1, "text": the review}'


@validate_loader
def fetch_mnist(*, subset="train", data_home=None, return_X_y=False):
    """Load the handwritten digits of MNIST, with clean labels.

    They are read from the file `mnist.npz`, and without it fetched from OpenML.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 60 000 training samples, the 10 000 test samples, or both in this order.

    data_home : str, path-like or None, default=None
        Folder with the file; searched before the folder that the environment variable
        `SKLNOISE_DATA` names. scikit-learn stores downloads there; None means its
        default folder.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

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
    (70000,), training samples first. :func:`numpy.savez_compressed` writes it.

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
    path = find_file(MNIST.file, data_home)
    X, y = fetch_images(MNIST, 28 * 28, data_home) if path is None else read_mnist(path)
    samples = MNIST.slice_of(subset)
    # The columns of a frame from OpenML are contiguous. In C order the images below are
    # a view of the data.
    pixels = X[samples].reshape(-1, 28 * 28)
    data = np.divide(pixels, 255, dtype=np.float32, order="C")
    target = y[samples]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=np.arange(10),
        images=data.reshape(-1, 28, 28),
    )


def read_mnist(path):
    """Read the digits from `mnist.npz`."""
    shape = MNIST.n_samples, 28, 28
    expected = f"the arrays X, uint8 of shape {shape}, and y of shape {shape[:1]}"
    with path.open("rb") as file, explain_broken(path, expected):
        with np.load(file) as arrays:
            X, y = arrays["X"], arrays["y"]
        if X.dtype != np.uint8 or X.shape != shape or y.shape != shape[:1]:
            raise ValueError(f"X is {X.dtype} of shape {X.shape}, y of shape {y.shape}")
        return X, y.astype(np.int64)


@validate_loader
def fetch_cifar10(*, subset="train", data_home=None, return_X_y=False):
    """Load the photographs of CIFAR-10, with clean labels.

    They are read from the file `cifar10_jpeg.npz`, which needs Pillow, and without it
    fetched from OpenML.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 50 000 training samples, the 10 000 test samples, or both in this order.

    data_home : str, path-like or None, default=None
        Folder with the file; searched before the folder that the environment variable
        `SKLNOISE_DATA` names. scikit-learn stores downloads there; None means its
        default folder.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

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
        If the file is broken, or the training samples of the download do not come
        first.

    Notes
    -----
    OpenML has the original pixels and order. The file has each image as a JPEG, which
    is a tenth of the size and slightly lossy, and may be sorted by class: shuffle the
    samples before you take a part of them.

    The arrays of the file are `header`, the bytes before the scan, which the images
    share; `body`, the concatenated scans, each without the marker that ends it;
    `sizes` of shape (60000,), the bytes of each scan; and `y` of shape (60000,),
    training samples first.

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
    samples = CIFAR10.slice_of(subset)
    path = find_file(CIFAR10.file, data_home)
    X, y = (
        fetch_cifar10_pixels(samples, data_home)
        if path is None
        else read_cifar10(path, samples)
    )
    data = np.divide(X, 255, dtype=np.float32, order="C")
    if return_X_y:
        return data, y
    return Bunch(data=data, target=y, target_names=np.array(CIFAR10_CLASSES))


def fetch_cifar10_pixels(samples, data_home):
    """Fetch the photographs from OpenML."""
    X, y = fetch_images(CIFAR10, 3 * CIFAR10_SIZE**2, data_home)
    # OpenML does not say that the training samples come first. If they do, each class
    # has the same number of them.
    n_train, n_classes = CIFAR10.n_train, len(CIFAR10_CLASSES)
    counts = np.bincount(y[:n_train], minlength=n_classes)
    if (counts != n_train // n_classes).any():
        raise ValueError(
            f"The first {n_train} rows of {CIFAR10.url} must be the training samples, "
            f"the same number of each class; got {counts.tolist()}. Pass data_home, a "
            f"folder with {CIFAR10.file}, instead."
        )
    return X[samples].reshape(-1, 3, CIFAR10_SIZE, CIFAR10_SIZE), y[samples]


def read_cifar10(path, samples):
    """Read the photographs from `cifar10_jpeg.npz`."""
    Image = import_pillow(f"Reading {path}")
    shape = (CIFAR10.n_samples,)
    expected = (
        f"the arrays header, body, sizes and y, the last two of shape {shape}, with "
        f"JPEG images of {CIFAR10_SIZE} times {CIFAR10_SIZE} pixels"
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
        bounds = zip((ends - sizes)[samples], ends[samples])
        scans = [body[start:end] for start, end in bounds]
        return decode_jpegs(Image, header, scans, CIFAR10_SIZE), y[samples]


@validate_loader
def fetch_imdb(*, subset="train", data_home=None, return_X_y=False):
    """Load the movie reviews of IMDB, with clean labels.

    They are read from the file `imdb.jsonl.xz`. scikit-learn has no loader of them.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 25 000 training reviews, the 25 000 test reviews, or both in this order.

    data_home : str, path-like or None, default=None
        Folder with the file; searched before the folder that the environment variable
        `SKLNOISE_DATA` names.

    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

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
    path = find_file(IMDB.file, data_home)
    if path is None:
        raise FileNotFoundError(
            f"{describe_search(IMDB.file, data_home)}. Each line of it is one review as "
            f"JSON: {IMDB_LINE}. The reviews are at "
            "https://ai.stanford.edu/~amaas/data/sentiment/"
        )
    texts, y = read_imdb(path)
    samples = IMDB.slice_of(subset)
    data, target = texts[samples], y[samples]
    if return_X_y:
        return data, target
    target_names = np.array(["negative", "positive"])
    return Bunch(data=data, target=target, target_names=target_names)


def read_imdb(path):
    """Read the reviews from `imdb.jsonl.xz`."""
    expected = (
        f"{IMDB.n_train} training reviews and {IMDB.n_test} test reviews, one per line: "
        f"{IMDB_LINE}"
    )
    parts = {"train": [], "test": []}
    with path.open("rb") as file, explain_broken(path, expected):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                review = json.loads(line)
                parts[review["split"]].append((review["text"], review["y"]))
        lengths = len(parts["train"]), len(parts["test"])
        if lengths != (IMDB.n_train, IMDB.n_test):
            raise ValueError(f"it has {lengths[0]} and {lengths[1]}")
        texts, y = zip(*parts["train"], *parts["test"])
        return list(texts), np.array(y, dtype=np.int64)


# Where each digit flips to, 0→6→5→8→3→9→4→1→7→2→0. One cycle and no pair that swaps, so
# that each noisy class is a mixture of two clean ones.
LOOK_ALIKES = (6, 7, 0, 9, 1, 8, 5, 2, 3, 4)


@validate_params(
    {"noise_rate": [PROBABILITY], "random_state": ["random_state"]},
    prefer_skip_nested_validation=True,
)
def load_noisy_digits(*, noise_rate=0.4, random_state=None):
    """Load scikit-learn's handwritten digits with labels flipped to a look-alike.

    Each digit flips to one other digit that looks like it, along the cycle
    0→6→5→8→3→9→4→1→7→2→0.

    Parameters
    ----------
    noise_rate : float, default=0.4
        Probability that a label is wrong, in [0, 1].

    random_state : int, RandomState instance or None, default=None
        Decides which labels flip.

    Returns
    -------
    digits : Bunch
        `data` of shape (1797, 64), pixels between 0 and 1; `target`, the noisy labels;
        `clean_target`; `transition_matrix` of shape (10, 10); `target_names`, the digits
        0 to 9.

    Raises
    ------
    ValueError
        If `noise_rate` is not a probability.

    Examples
    --------
    >>> from sklnoise.datasets import load_noisy_digits
    >>> digits = load_noisy_digits(random_state=0)
    >>> print(f"{(digits.target != digits.clean_target).mean():.2f}")
    0.43
    """
    X, y = load_digits(return_X_y=True)
    T = make_transition_matrix("permutation", 10, noise_rate, permutation=LOOK_ALIKES)
    return Bunch(
        data=X / X.max(),
        target=make_noisy_labels(y, T, random_state=random_state),
        clean_target=y,
        transition_matrix=T,
        target_names=np.unique(y),
    )
