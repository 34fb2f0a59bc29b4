"""Transition matrices, by kind or from papers, and noisy labels drawn with them."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import assert_all_finite, check_random_state

from sklnoise._compat import Interval, StrOptions, validate_params
from sklnoise._labels import check_labels, encode_labels, sort_classes
from sklnoise._tensors import as_numpy
from sklnoise._text import shorten
from sklnoise._transition_matrix import mix_with_identity, normalize_rows, uniform_flips
from sklnoise._validation import check_transition_matrix

# Superclass of each of CIFAR-100's fine classes; each superclass has five.
# fmt: off
CIFAR100_SUPERCLASSES = (
    4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11,
    6, 11, 5, 10, 7, 6, 13, 15, 3, 15, 0, 11, 1, 10, 12, 14, 16, 9, 11, 5,
    5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4, 2, 0, 17, 4, 18, 17,
    10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13,
    16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13,
)
# fmt: on


def next_in_group(groups):
    """Return the next class within the group of each class, the first after the last."""
    groups = np.asarray(groups)
    targets = np.empty_like(groups)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        targets[members] = np.roll(members, -1)
    return targets


# Where each class flips to; a class that flips to itself keeps its labels.
TARGETS = {
    "mnist-asymmetric": (0, 1, 7, 8, 4, 6, 5, 1, 8, 9),  # 2→7, 3→8, 5↔6, 7→1
    # truck → automobile, bird → airplane, deer → horse, cat ↔ dog
    "cifar10-asymmetric": (0, 1, 0, 5, 7, 3, 6, 7, 8, 1),
    "cifar100-superclass": next_in_group(CIFAR100_SUPERCLASSES),
    "imdb-asymmetric": (1, 0),
    "goldberger-permutation": (7, 9, 0, 4, 2, 1, 3, 5, 6, 8),
}

# Classes whose flip rate does not depend on `noise_rate`.
FIXED_RATES = {"imdb-asymmetric": {0: 0.05}}


def make_named_matrix(name, n_classes, noise_rate):
    """Make the transition matrix of a paper."""
    targets = np.asarray(TARGETS[name])
    if n_classes != len(targets):
        raise ValueError(
            f"n_classes must be {len(targets)} for the kind {name!r}; got {n_classes}. "
            f"Pass n_classes={len(targets)}, or another kind."
        )
    flips = np.eye(n_classes)[targets]
    T = mix_with_identity(flips, 1 - noise_rate)
    for i, rate in FIXED_RATES.get(name, {}).items():
        T[i] = mix_with_identity(flips, 1 - rate)[i]
    return T


KINDS = ("uniform", "symmetric", "pair", "permutation", "random")

# T of more classes would take more than 8 GB.
MAX_CLASSES = 2**15

PROBABILITY = Interval(Real, 0, 1, closed="both")


@validate_params(
    {
        "kind": [StrOptions({*KINDS, *TARGETS})],
        "n_classes": [Interval(Integral, 1, MAX_CLASSES, closed="both")],
        "noise_rate": [PROBABILITY],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_transition_matrix(
    kind, n_classes, noise_rate, *, permutation=None, random_state=None
):
    """Make a transition matrix T[i, j] = P(noisy = j | clean = i).

    Parameters
    ----------
    kind : str
        Where the labels go. "uniform": with probability `noise_rate` the label is drawn
        again from all classes, including the right one, so that fewer labels end up
        wrong. "symmetric": to every other class with the same probability. "pair": to
        the next class, the last to the first. "permutation": to the class that
        `permutation` names. "random": to the other classes in random shares. Or the name
        of a paper's matrix, whose other classes keep their labels:

        - "mnist-asymmetric" [1]_: 2→7, 3→8, 5↔6, 7→1.
        - "cifar10-asymmetric" [1]_: truck→automobile, bird→airplane, deer→horse,
          cat↔dog, in CIFAR-10's order of the classes.
        - "cifar100-superclass" [1]_: each of CIFAR-100's fine classes to the next one
          of its superclass, the last to the first.
        - "imdb-asymmetric" [1]_: 1→0, and 0→1 with probability 0.05 whatever `noise_rate`
          is.
        - "goldberger-permutation" [2]_: the digits 0, 1, ..., 9 flip to 7, 9, 0, 4, 2,
          1, 3, 5, 6, 8.

    n_classes : int
        Number of classes. A paper's matrix has its own: 10 for MNIST, for CIFAR-10 and
        for the permutation, 100 for CIFAR-100, 2 for IMDB.

    noise_rate : float
        Probability of a flip, in [0, 1].

    permutation : array-like of shape (n_classes,), default=None
        Class that each class flips to, for the kind "permutation". A class that flips
        to itself keeps its labels.

    random_state : int, RandomState instance or None, default=None
        Decides the shares of the kind "random".

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        Rows are clean classes and sum to 1.

    Raises
    ------
    ValueError
        If the kind is unknown or has another number of classes, the rate is not a
        probability, or the permutation does not name one class for each class.

    References
    ----------
    .. [1] Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label
       noise: a loss correction approach. CVPR 2017.

    .. [2] Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
       layer. ICLR 2017.

    Examples
    --------
    >>> from sklnoise.datasets import make_transition_matrix
    >>> make_transition_matrix("symmetric", 3, 0.5)
    array([[0.5 , 0.25, 0.25],
           [0.25, 0.5 , 0.25],
           [0.25, 0.25, 0.5 ]])
    >>> make_transition_matrix("imdb-asymmetric", 2, 0.4)
    array([[0.95, 0.05],
           [0.4 , 0.6 ]])
    """
    n_classes, noise_rate = int(n_classes), float(noise_rate)
    if kind in TARGETS:
        return make_named_matrix(kind, n_classes, noise_rate)
    if kind == "symmetric":
        return uniform_flips(n_classes, noise_rate)
    if kind == "uniform":
        flips = np.full((n_classes, n_classes), 1 / n_classes)
    elif kind == "random":
        flips = check_random_state(random_state).random_sample((n_classes, n_classes))
        np.fill_diagonal(flips, 0)
        flips = normalize_rows(flips)
    else:
        if kind == "pair":
            permutation = np.roll(np.arange(n_classes), -1)
        flips = np.eye(n_classes)[check_permutation(permutation, n_classes)]
    return mix_with_identity(flips, 1 - noise_rate)


def check_permutation(permutation, n_classes):
    """Validate the class that each class flips to."""
    try:
        targets = np.asarray(as_numpy(permutation))
        order = np.arange(n_classes)
        if targets.shape == order.shape and (np.sort(targets) == order).all():
            return targets.astype(np.int64)
    except (TypeError, ValueError):  # lists of several lengths, or of several kinds
        pass
    raise ValueError(
        f"permutation must hold each of 0..{n_classes - 1} once, the class that each "
        f"class flips to; got {shorten(repr(permutation))}."
    )


@validate_params({"random_state": ["random_state"]}, prefer_skip_nested_validation=True)
def make_noisy_labels(y, transition_matrix, *, random_state=None):
    """Flip clean labels at random, by a transition matrix.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Clean labels of any kind.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i), rows and columns in the sorted order of the
        labels that occur in `y`.

    random_state : int, RandomState instance or None, default=None
        Decides the flips.

    Returns
    -------
    y_noisy : ndarray of shape (n_samples,)
        Noisy labels of the same kind.

    Raises
    ------
    ValueError
        If T does not have one row for each class of `y`, or is not stochastic.

    Examples
    --------
    >>> from sklnoise.datasets import make_noisy_labels
    >>> y = ["cat"] * 5 + ["dog"] * 5
    >>> make_noisy_labels(y, [[1.0, 0.0], [0.5, 0.5]], random_state=0).tolist()
    ['cat', 'cat', 'cat', 'cat', 'cat', 'dog', 'cat', 'dog', 'dog', 'cat']
    """
    codes, classes = encode_clean_labels(y)
    T = check_transition_matrix(transition_matrix, len(classes), classes)
    draws = check_random_state(random_state).random_sample(len(codes))
    noisy = np.empty_like(codes)
    for i, row in enumerate(T):
        members = codes == i
        reached = np.cumsum(row)
        # Rounded, the last may lie below 1, and a draw above it would be in no class.
        reached /= reached[-1]
        noisy[members] = np.searchsorted(reached, draws[members], side="right")
    return classes[noisy]


def encode_clean_labels(y):
    """Validate labels of any kind; return the code of each, and the sorted classes."""
    y = check_labels(y, "y")
    assert_all_finite(y, input_name="y")
    classes = sort_classes(y)
    return encode_labels(y, classes, "y"), classes
