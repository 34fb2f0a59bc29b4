"""Flips of low rank: a non-negative product fitted to T beside its diagonal."""

import numpy as np

N_UPDATES = 500
FLOOR = 1e-12


def low_rank_flips(transition_matrix, allowed, rank):
    """Replace the flips of T by a non-negative product of low rank."""
    observed = allowed & ~np.eye(len(allowed), dtype=bool)
    flips = np.where(observed, transition_matrix, 0)
    rate = flips.sum(axis=1, keepdims=True)
    if not rate.any():
        return transition_matrix
    left, right = start(flips, observed, min(rank, len(flips)))
    for _ in range(N_UPDATES):  # Lee and Seung's, with the missing entries masked
        left *= (flips / (left @ right + FLOOR)) @ right.T
        left /= observed @ right.T + FLOOR
        right *= left.T @ (flips / (left @ right + FLOOR))
        right /= left.T @ observed + FLOOR
    product = np.where(observed, left @ right, 0)
    mass = product.sum(axis=1, keepdims=True)
    product *= rate / np.where(mass > 0, mass, 1)
    return product + np.diag(transition_matrix.diagonal())


def start(flips, observed, rank):
    """Return factors to start from: the leading singular vectors made non-negative."""
    rows, columns = flips.sum(axis=1), flips.sum(axis=0)
    filled = np.where(observed, flips, np.outer(rows, columns) / flips.sum())
    left, scale, right = np.linalg.svd(filled)
    left, right = left[:, :rank] * scale[:rank], right[:rank]
    # Of each pair of vectors, the signs do not matter but the magnitudes do.
    floor = filled.mean()
    return np.abs(left) + floor, np.abs(right) + floor
