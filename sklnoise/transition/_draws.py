"""Random transition matrices that show how uncertain an estimate of T is."""

from numbers import Integral

import numpy as np

from sklnoise._compat import Interval, validate_params
from sklnoise._validation import (
    check_rng,
    check_transition_matrix,
)

# Steps of the fixed-point iteration for the number of samples behind a row.
N_STEPS = 20

# A row read off fewer samples than this is as uncertain as one of this many.
MIN_ROW_SAMPLES = 1e-3


@validate_params(
    {
        "transition_matrix": ["array-like"],
        "standard_error": ["array-like"],
        "n_draws": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def draw_transition_matrices(
    transition_matrix, standard_error, n_draws=200, *, random_state=None
):
    r"""Draw transition matrices around an estimate, as far apart as its error says.

    Each row is drawn from the posterior of a multinomial distribution, a Dirichlet
    distribution of parameters :math:`m T_{ij} + 1 / K` with :math:`K` classes. The number
    of samples :math:`m` is chosen such that the variances of the row sum to its squared
    standard errors. A row whose standard errors are 0 is known, and stays.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        The estimate, T[i, j] = P(noisy = j | clean = i).

    standard_error : array-like of shape (n_classes, n_classes)
        Standard error of each entry, such as the `standard_error_` of an estimator of T.

    n_draws : int, default=200
        Number of matrices.

    random_state : int, RandomState instance or None, default=None
        Draws the matrices.

    Returns
    -------
    draws : ndarray of shape (n_draws, n_classes, n_classes)
        Transition matrices, whose spread is the uncertainty of the estimate.

    Raises
    ------
    ValueError
        If T is no transition matrix, or a standard error is negative, not known, or
        missing.

    See Also
    --------
    bootstrap_transition : Intervals of an estimate of T, by resampling.

    Examples
    --------
    >>> from sklnoise.transition import draw_transition_matrices
    >>> T, standard_error = [[0.9, 0.1], [0.2, 0.8]], [[0.03, 0.03], [0, 0]]
    >>> draws = draw_transition_matrices(T, standard_error, 1000, random_state=0)
    >>> draws.std(axis=0).round(2)
    array([[0.03, 0.03],
           [0.  , 0.  ]])
    """
    T = check_transition_matrix(transition_matrix)
    error = np.asarray(standard_error, dtype=np.float64)
    if error.shape != T.shape or not (error >= 0).all():
        raise ValueError(
            "standard_error must hold one number of at least 0 for each entry of "
            f"transition_matrix, shape {T.shape}; got shape {error.shape} and "
            f"{np.sum(~(error >= 0))} entries that are negative or NaN. An estimator "
            "without standard_error_ has draws by bootstrap_transition."
        )
    rng = check_rng(random_state)
    return draw_rows(T, error, n_draws, rng, prior=1.0)


def draw_rows(shares, standard_error, n_draws, rng, *, prior):
    """Draw rows of shares around estimates, to which as many samples are added evenly."""
    draws = np.repeat(shares[np.newaxis], n_draws, axis=0)
    for row in np.flatnonzero(standard_error.any(axis=1)):
        variance = np.square(standard_error[row]).sum()
        parameters = dirichlet_parameters(shares[row], variance, prior)
        draws[:, row] = draw_dirichlet(parameters, n_draws, rng)
    return draws


def dirichlet_parameters(row, variance, prior):
    """Return the Dirichlet parameters of a row whose variances have a given sum."""
    n_samples, even = MIN_ROW_SAMPLES, prior / len(row)
    for _ in range(N_STEPS):
        mean = (n_samples * row + even) / (n_samples + prior)
        n_samples = max((mean @ (1 - mean)) / variance - 1 - prior, MIN_ROW_SAMPLES)
    return n_samples * row + even


def draw_dirichlet(parameters, n_draws, rng):
    """Draw from a Dirichlet distribution, some of whose parameters may be tiny."""
    drawn = rng.standard_gamma(parameters, (n_draws, len(parameters)))
    total = drawn.sum(axis=1, keepdims=True)
    # All of them underflow where the parameters are tiny: one class then has it all.
    lost = np.flatnonzero(total[:, 0] <= 0)
    chosen = rng.choice(len(parameters), len(lost), p=parameters / parameters.sum())
    drawn[lost, chosen] = total[lost, 0] = 1
    return drawn / total
