"""Transition matrices that papers on noisy labels share, by name."""

import numpy as np

from sklnoise._transition_matrix import mix_with_identity

# fmt: off
CIFAR100_SUPERCLASSES = (
    4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11,
    6, 11, 5, 10, 7, 6, 13, 15, 3, 15, 0, 11, 1, 10, 12, 14, 16, 9, 11, 5,
    5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4, 2, 0, 17, 4, 18, 17,
    10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13,
    16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13,
)
# fmt: on
"""Superclass of each of CIFAR-100's fine classes; each superclass has five."""


def next_in_group(groups):
    """Find the next class of each class's group; the last leads to the first."""
    groups = np.asarray(groups)
    targets = np.empty_like(groups)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        targets[members] = np.roll(members, -1)
    return targets


TARGETS = {
    "mnist-asymmetric": (0, 1, 7, 8, 4, 6, 5, 1, 8, 9),  # 2→7, 3→8, 5↔6, 7→1
    # truck → automobile, bird → airplane, deer → horse, cat ↔ dog
    "cifar10-asymmetric": (0, 1, 0, 5, 7, 3, 6, 7, 8, 1),
    "cifar100-superclass": next_in_group(CIFAR100_SUPERCLASSES),
    "imdb-asymmetric": (1, 0),
    "goldberger-permutation": (7, 9, 0, 4, 2, 1, 3, 5, 6, 8),
}
"""Where each class flips to; a class that names itself keeps its labels."""

FIXED_RATES = {"imdb-asymmetric": {0: 0.05}}
"""Classes that flip at a rate of their own, whatever the `noise_rate`."""


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
