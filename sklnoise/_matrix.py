"""Algebra of the transition matrix T, with T[i, j] = P(noisy j | clean i)."""

import numpy as np
from scipy.optimize import nnls

LARGEST_CONDITION = 5
"""Condition number above which the inverse of an estimate blows up its noise."""

FREQUENT_FLIP = 0.25
"""Flips in both directions above this could as well be a swap of the two names."""


def normalize_rows(counts):
    """Scale each row to sum to 1; a row without mass becomes a row of the identity."""
    mass = counts.sum(axis=1, keepdims=True)
    return np.where(mass > 0, counts / np.where(mass > 0, mass, 1), np.eye(len(counts)))


def uniform_flips(n_classes, noise_rate):
    """Spread `noise_rate` evenly over the other classes."""
    if n_classes == 1:
        return np.ones((1, 1))
    off_diagonal = noise_rate / (n_classes - 1)
    T = np.full((n_classes, n_classes), off_diagonal)
    np.fill_diagonal(T, 1 - noise_rate)
    return T


def mix_with_identity(transition_matrix, identity_weight):
    """Return `(1 - a) T + a I`, the T of labels of which a share `a` is kept clean."""
    identity = np.eye(len(transition_matrix))
    return (1 - identity_weight) * transition_matrix + identity_weight * identity


def shrink(transition_matrix, standard_error, target):
    """Draw an estimate of T to a target as far as its sampling error asks for."""
    distance = np.square(transition_matrix - target).sum()
    error = np.square(standard_error).sum()
    share = 1.0 if distance <= error else float(error / distance)
    return (1 - share) * transition_matrix + share * target, share


def without_domination(transition_matrix, standard_error=np.inf):
    """Draw rows of an estimated T to the identity until no other class dominates them."""
    T, error = transition_matrix, np.broadcast_to(standard_error, transition_matrix.shape)
    lead = T.max(axis=1) - T.diagonal()
    of_leader = error[np.arange(len(T)), T.argmax(axis=1)]
    lead = np.where(lead <= 2 * np.hypot(error.diagonal(), of_leader), lead, 0)
    share = (lead / (1 + lead))[:, np.newaxis]
    return (1 - share) * T + share * np.eye(len(T))


def noise_rate_of(transition_matrix, noisy_frequencies, n_samples):
    """Return the share of wrong labels that T implies."""
    prior, _ = clean_prior(transition_matrix, noisy_frequencies, n_samples)
    return float(1 - prior @ transition_matrix.diagonal())


def swappable_pairs(transition_matrix):
    """Find pairs of classes that flip into each other so often that names may swap."""
    both_ways = np.minimum(transition_matrix, transition_matrix.T) > FREQUENT_FLIP
    return np.argwhere(np.triu(both_ways, k=1))


def clean_prior(transition_matrix, noisy_frequencies, n_samples):
    """Solve `Tᵀ π = noisy frequencies` for the clean prior on the simplex."""
    prior, _ = nnls(transition_matrix.T, noisy_frequencies)
    if not prior.any():  # T calls all the labels that occur impossible
        return noisy_frequencies, np.full(len(prior), np.inf)
    try:
        inverse = np.linalg.inv(transition_matrix)
    except np.linalg.LinAlgError:
        return prior / prior.sum(), np.full(len(prior), np.inf)
    variance = noisy_frequencies @ inverse**2 - prior**2
    return prior / prior.sum(), np.sqrt(variance.clip(min=0) / n_samples)
