"""Fit T and the clean prior to how often the labels of three neighbours agree."""

import numpy as np
from scipy.optimize import Bounds, linear_sum_assignment, minimize

from sklnoise._matrix import uniform_flips

START_DIAGONALS = (0.9, 0.7, 0.5)
SMALLEST_MASS = 1e-12


def consensus(triples):
    """Return how often one label, two and three labels of neighbours occur together."""
    share = triples / triples.sum()
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    third = sum(share.transpose(order) for order in orders) / len(orders)
    return share.sum(axis=(1, 2)), third.sum(axis=2), third


def misfit(parameters, first, second, third):
    """Return half the squared error of the agreement that T and the prior imply."""
    n_classes = len(first)
    T, prior, row_mass, prior_mass = unpack(parameters, n_classes)
    pairs = (T[:, :, np.newaxis] * T[:, np.newaxis]).reshape(n_classes, -1)
    weighted = prior[:, np.newaxis] * T
    error_1 = weighted.sum(axis=0) - first
    error_2 = weighted.T @ T - second
    error_3 = (weighted.T @ pairs - third.reshape(n_classes, -1)).ravel()

    by_pair = T @ error_2
    by_triple = pairs @ error_3.reshape(-1, n_classes)
    by_rows = prior[:, np.newaxis] * (error_1 + 2 * by_pair + 3 * by_triple)
    by_prior = T @ error_1 + ((by_pair + by_triple) * T).sum(axis=1)
    by_rows = (by_rows - (by_rows * T).sum(axis=1, keepdims=True)) / row_mass
    by_prior = (by_prior - by_prior @ prior) / prior_mass
    value = (error_1 @ error_1 + (error_2**2).sum() + error_3 @ error_3) / 2
    return value, np.append(by_rows.ravel(), by_prior)


def fit_consensus(observed, start, prior, *, tolerance=1e-9):
    """Fit T and the prior from one start."""
    # Masses at a bound reach the zeros of T, which softmax would approach for ever.
    found = minimize(
        misfit,
        np.append(start.ravel(), prior),
        args=observed,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(lb=0),
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": tolerance},
    )
    return found.fun, *unpack(found.x, len(prior))[:2]


def fit_from_best_start(observed, confusion):
    """Fit T and the prior from several starts and give the rows their names."""
    n_classes = len(confusion)
    starts = [uniform_flips(n_classes, 1 - diagonal) for diagonal in START_DIAGONALS]
    fits = [fit_consensus(observed, T, observed[0]) for T in [*starts, confusion]]
    _, T, prior = min(fits, key=lambda fit: fit[0])
    T[prior == 0] = 0  # nothing is known of a class without rows, not even its name
    order = linear_sum_assignment(T.T, maximize=True)[1]
    return T[order], prior[order]


def unpack(parameters, n_classes):
    """Return T and the prior, with what they were divided by."""
    rows, prior = parameters[:-n_classes].reshape(n_classes, -1), parameters[-n_classes:]
    row_mass = rows.sum(axis=1, keepdims=True).clip(min=SMALLEST_MASS)
    prior_mass = prior.sum().clip(min=SMALLEST_MASS)
    return rows / row_mass, prior / prior_mass, row_mass, prior_mass
