"""The clean posterior, from the noisy posterior and T."""

from functools import partial

import numpy as np

from sklnoise._blocks import sample_blocks
from sklnoise._names import frame_classes
from sklnoise._validation import check_proba, check_transition_matrix

# Gain of a sample's log-likelihood, in nats, below which its solution is good enough.
TOLERANCE = 1e-3

MAX_STEPS = 1000

# A class that falls to 0 in an early step could never come back.
MIN_PROBABILITY = 1e-10

# Share of that of an even distribution from which a class starts.
START_SHARE = 0.1

# Below zero by less than this is zero, computed in single precision.
ROUNDING = 1e-5

# Labels that say less than this of their class say nothing but rounding.
MIN_SYMMETRIC_LEAD = 1e-5
MAX_INVERSE = 1e5

# Share of the samples in work that must be done before the others are copied together.
DONE_THRESHOLD = 0.2


def clean_posterior(y_proba, transition_matrix):
    """Solve for the clean posterior that T turns into the noisy one.

    For each row p of `y_proba` that is the q of the simplex that minimises KL(p ‖ q T).
    Where `p @ inv(T)` is a distribution it is that; elsewhere it is the nearest there is.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples, n_classes)
        Noisy posterior: probabilities of a classifier that learned the noisy labels,
        of samples that it has not seen.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i).

    Returns
    -------
    clean_proba : ndarray of shape (n_samples, n_classes)
        Clean posterior. The log-likelihood of each sample is less than 1e-3 nats below
        the greatest that there is; a little more where an ill-conditioned T asks for
        more than 1000 steps. Labels that T calls impossible, columns of zeros, say
        nothing.

    Raises
    ------
    ValueError
        If the probabilities or T are not valid.

    Notes
    -----
    Where `p @ inv(T)` is no distribution the solution is found in steps: those of
    expectation maximisation for the weights of a mixture, raised to the power of 1.5,
    which also converges [1]_ and does so sooner. For a T that
    treats all classes alike, as symmetric noise, the solution is computed at once.

    References
    ----------
    .. [1] Peters, Walker. An iterative procedure for obtaining maximum-likelihood
       estimates of the parameters for a mixture of normal distributions. SIAM Journal on
       Applied Mathematics 1978.

    Examples
    --------
    >>> from sklnoise.issues import clean_posterior
    >>> T = [[0.9, 0.1], [0.3, 0.7]]
    >>> clean_posterior([[0.99, 0.01], [0.6, 0.4], [0.2, 0.8]], T).round(2)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    classes = frame_classes(y_proba)
    y_proba = check_proba(y_proba)
    T = check_transition_matrix(transition_matrix, y_proba.shape[1], classes)
    return solve_clean(y_proba, T)


def solve_clean(y_proba, transition_matrix, max_steps=None):
    """Solve for the clean posterior of valid probabilities, block by block."""
    clean = np.empty_like(y_proba)
    solve = make_solver(transition_matrix, y_proba.dtype, max_steps)
    for block in sample_blocks(*y_proba.shape):
        clean[block] = solve(y_proba[block])
    return clean


def make_solver(transition_matrix, dtype, max_steps=None):
    """Return the function that solves for the clean posterior of some samples."""
    T = transition_matrix
    stays, flips = T[0, 0], T[0, -1]
    if is_symmetric_noise(T) and stays - flips > MIN_SYMMETRIC_LEAD:
        return partial(solve_symmetric, offset=flips / (stays - flips))
    T = T.astype(dtype)
    return partial(
        solve_possible, transition_matrix=T, inverse=invert(T), max_steps=max_steps
    )


def is_symmetric_noise(transition_matrix):
    """Return whether T treats all classes alike."""
    off_diagonal = np.abs(transition_matrix - transition_matrix[0, -1])
    diagonal = transition_matrix.diagonal()
    np.fill_diagonal(off_diagonal, np.abs(diagonal - diagonal[0]))
    return off_diagonal.max() <= 1e-12


def invert(transition_matrix):
    """Invert T, or return None if it is singular."""
    try:
        inverse = np.linalg.inv(transition_matrix)
    except np.linalg.LinAlgError:
        return None
    return inverse if np.abs(inverse).max() < MAX_INVERSE else None


def solve_symmetric(y_proba, offset):
    """Solve for the clean posterior where T is `a I + b`, in closed form."""
    largest_first = np.sort(y_proba, axis=1)[:, ::-1]
    n_positive = np.arange(1, y_proba.shape[1] + 1, dtype=y_proba.dtype)
    scales = largest_first.cumsum(axis=1) / (1 + n_positive * offset)
    is_positive = largest_first > scales * offset
    last = is_positive.sum(axis=1) - 1
    scale = scales[np.arange(len(scales)), last, np.newaxis]
    clean = np.maximum(y_proba / scale - y_proba.dtype.type(offset), 0)
    return clean / clean.sum(axis=1, keepdims=True)


def solve_possible(y_proba, transition_matrix, inverse, max_steps):
    """Solve for the clean posterior, leaving out labels that T calls impossible."""
    possible = transition_matrix.any(axis=0)
    if not possible.all():
        y_proba = y_proba * possible
        mass = y_proba.sum(axis=1, keepdims=True)
        y_proba = np.divide(y_proba, mass, out=y_proba, where=mass > 0)
    return solve_by_steps(y_proba, transition_matrix, inverse, max_steps)


def solve_by_steps(y_proba, transition_matrix, inverse, max_steps):
    """Solve for the clean posterior in steps, leaving out samples that are done."""
    T = transition_matrix
    tiny = np.finfo(y_proba.dtype).tiny
    clean = np.empty_like(y_proba)
    samples = np.arange(len(y_proba))
    q = starting_posterior(y_proba, inverse)
    max_steps = max_steps or MAX_STEPS
    for step in range(max_steps):
        ratio = q @ T
        np.divide(y_proba, np.maximum(ratio, tiny, out=ratio), out=ratio)
        gain = ratio @ T.T
        # The log-likelihood is concave: no q gains more than the largest slope says.
        done = gain.max(axis=1) < 1 + TOLERANCE
        if done.all() or step == max_steps - 1:
            clean[samples] = q
            return clean
        gain[done] = 1  # so that no sample depends on how long others take
        q *= gain
        q *= np.sqrt(gain, out=gain)
        np.maximum(q, MIN_PROBABILITY, out=q)
        q /= q.sum(axis=1, keepdims=True)
        if done.mean() > DONE_THRESHOLD:
            clean[samples[done]] = q[done]
            left = ~done
            samples, q, y_proba = samples[left], q[left], y_proba[left]
    return clean


def starting_posterior(y_proba, inverse):
    """Return the inverse solution where it is a distribution, elsewhere one near it."""
    n_classes = y_proba.shape[1]
    if inverse is None:
        q = y_proba + y_proba.dtype.type(0.01 / n_classes)
    else:
        exact = y_proba @ inverse
        is_solved = exact.min(axis=1, keepdims=True) > -ROUNDING
        # From lower than this, a class would take many steps to rise.
        lowest = np.where(is_solved, MIN_PROBABILITY, START_SHARE / n_classes)
        q = np.maximum(exact, lowest.astype(exact.dtype))
    q /= q.sum(axis=1, keepdims=True)
    return q
