"""Algebra of the transition matrix T, with T[i, j] = P(noisy j | clean i)."""

import numpy as np
from scipy.optimize import nnls
from scipy.sparse import csr_array

# Above this condition number the inverse of an estimate blows up its sampling noise.
MAX_CONDITION = 5

# Exact least squares of more classes take minutes.
MAX_LEAST_SQUARES_CLASSES = 200

# Above this condition number rounding decides what a solution is.
SINGULAR_CONDITION = 1e10

# Gain of the log-likelihood per label, in nats, below which a prior is good enough.
PRIOR_TOLERANCE = 1e-4
MAX_PRIOR_STEPS = 300

# Share of entries above 0 below which a matrix is multiplied faster as a sparse one.
MAX_SPARSE_SHARE = 0.1

# Flips in both directions above this could as well be a swap of the two names.
FREQUENT_FLIP_THRESHOLD = 0.25


def is_identity(transition_matrix):
    """Return whether T says that there is no noise."""
    return np.array_equal(transition_matrix, np.eye(len(transition_matrix)))


def normalize_rows(counts):
    """Scale each row to sum to 1; a row without mass becomes a row of the identity."""
    mass = counts.sum(axis=1, keepdims=True)
    rows = counts / np.where(mass > 0, mass, 1)
    empty = np.flatnonzero(mass <= 0)
    rows[empty, empty] = 1
    return rows


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


def shrink_towards(transition_matrix, standard_error, target):
    """Shrink an estimate of T towards a target as James and Stein (1961) do."""
    distance = np.square(transition_matrix - target).sum()
    error = np.nansum(np.square(standard_error))  # NaN where it is not known
    share = 1.0 if distance <= error else float(error / distance)
    return (1 - share) * transition_matrix + share * target, share


def leads_of_flips(transition_matrix):
    """Return by how much another class exceeds the diagonal of each row of T."""
    return transition_matrix.max(axis=1) - transition_matrix.diagonal()


def is_dominated(transition_matrix, standard_error):
    """Return whether another class leads each row by more than two standard errors."""
    T, error = transition_matrix, np.broadcast_to(standard_error, transition_matrix.shape)
    leads = T.max(axis=1, keepdims=True) == T
    of_leader = np.where(leads, error, 0).max(axis=1)
    return leads_of_flips(T) > 2 * np.hypot(error.diagonal(), of_leader)


def shrink_dominated_rows(transition_matrix, standard_error=np.inf):
    """Shrink rows towards the identity until no other class exceeds the diagonal."""
    T, lead = transition_matrix, leads_of_flips(transition_matrix)
    lead = np.where(is_dominated(T, standard_error), 0, lead)
    share = (lead / (1 + lead))[:, np.newaxis]  # the least that makes the two equal
    return (1 - share) * T + share * np.eye(len(T))


def pooled_rows(transition_matrix, noisy_mass, sound, possible):
    """Return for each class the row that the sound rows of all classes give it.

    Its label is right as often as those of the sound classes together are; wrong ones
    are spread like the labels of the other classes that are possible.
    """
    T = transition_matrix
    right = np.average(T.diagonal()[sound], weights=noisy_mass[sound])
    flips = np.where(possible, noisy_mass, 0)
    np.fill_diagonal(flips, 0)
    rows = (1 - right) * normalize_rows(flips)
    rows[np.diag_indices(len(T))] += right
    return shrink_dominated_rows(rows)


def noise_rate_of(transition_matrix, noisy_frequencies):
    """Return the share of wrong labels that T implies."""
    prior = solve_prior(transition_matrix, noisy_frequencies)
    return float(1 - prior @ transition_matrix.diagonal())


def swappable_pairs(transition_matrix):
    """Find pairs of classes that flip into each other so often that names may swap."""
    both_ways = np.minimum(transition_matrix, transition_matrix.T)
    return np.argwhere(np.triu(both_ways > FREQUENT_FLIP_THRESHOLD, k=1))


def clean_prior(transition_matrix, noisy_frequencies, n_samples, standard_error=None):
    """Solve `Tᵀ π = noisy frequencies` for the clean prior, with its standard error."""
    prior = solve_prior(transition_matrix, noisy_frequencies)
    try:
        inverse = np.linalg.inv(transition_matrix)
    except np.linalg.LinAlgError:
        return prior, np.full(len(prior), np.inf)
    variance = (noisy_frequencies @ inverse**2 - prior**2).clip(min=0) / n_samples
    if standard_error is not None:
        # To first order, an error of T acts as one of the frequencies `Tᵀ π`.
        variance = variance + prior**2 @ standard_error**2 @ inverse**2
    return prior, np.sqrt(variance)


def solve_prior(transition_matrix, noisy_frequencies):
    """Solve `Tᵀ π = noisy frequencies` for the clean prior."""
    if len(transition_matrix) > MAX_LEAST_SQUARES_CLASSES:
        return solve_prior_of_many(transition_matrix, noisy_frequencies)
    # Of the many solutions for a singular T, least squares would pick one by the order
    # of the classes; all classes start alike in the steps.
    if not np.linalg.cond(transition_matrix) < SINGULAR_CONDITION:
        return solve_prior_by_steps(transition_matrix, noisy_frequencies)
    # Least squares under π >= 0: the inverse alone may leave the simplex.
    prior, _ = nnls(transition_matrix.T, noisy_frequencies)
    if not prior.any():  # T calls all the labels that occur impossible
        return noisy_frequencies
    return prior / prior.sum()


def solve_prior_of_many(transition_matrix, noisy_frequencies):
    """Solve for the clean prior of many classes, exactly where that is possible."""
    try:
        exact = np.linalg.solve(transition_matrix.T, noisy_frequencies)
    except np.linalg.LinAlgError:
        exact = np.full_like(noisy_frequencies, -1)
    if exact.min() >= 0:
        return exact / exact.sum()
    return solve_prior_by_steps(transition_matrix, noisy_frequencies)


def solve_prior_by_steps(transition_matrix, noisy_frequencies):
    """Solve for the clean prior of most likelihood by expectation maximisation."""
    T, frequencies = transition_matrix, noisy_frequencies
    if np.count_nonzero(T) < MAX_SPARSE_SHARE * T.size:
        T = csr_array(T)
    columns = T.T
    prior = (frequencies + 1 / len(frequencies)) / 2
    for _ in range(MAX_PRIOR_STEPS):
        noisy = columns @ prior
        gain = T @ np.divide(
            frequencies, noisy, out=np.zeros_like(noisy), where=noisy > 0
        )
        if gain.max() < 1 + PRIOR_TOLERANCE:
            break
        prior = prior * gain
    # T calls all the labels that occur impossible
    return prior / prior.sum() if gain.any() else frequencies
