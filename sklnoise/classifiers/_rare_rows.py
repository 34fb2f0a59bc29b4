"""Rows of an estimate of T that rest on too few samples."""

import numpy as np

from sklnoise._transition_matrix import pooled_rows
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import RareClassWarning
from sklnoise.transition._base import TIE, multinomial_standard_error

# Samples below which a row of its own says less than that of all classes together.
MIN_SAMPLES = 10


def replace_rare_rows(transition_matrix, standard_error, noisy_mass, exempt):
    """Pool the rows that rest on few samples; return the classes that they belong to."""
    T, error = transition_matrix, standard_error
    rare = rests_on_few(T, error, noisy_mass) & ~exempt
    sound = ~rare & (noisy_mass > 0)
    if not rare.any():
        return T, np.flatnonzero(rare)
    if sound.any():
        # What the estimator rules out, as constraints do, stays impossible.
        possible = (T > 0) | (error > 0)
        substitute = pooled_rows(T, noisy_mass, sound, possible)
    else:
        substitute = np.eye(len(T))
        warn_of_too_few()
    return np.where(rare[:, np.newaxis], substitute, T), np.flatnonzero(rare)


def rests_on_few(transition_matrix, standard_error, noisy_mass):
    """Return for each row whether it rests on fewer than `MIN_SAMPLES` samples."""
    T, error = transition_matrix, standard_error
    of_few = multinomial_standard_error(MIN_SAMPLES * T)
    worst = (1 + TIE) * np.square(of_few).sum(axis=1)
    is_rough = np.square(error).sum(axis=1) > worst
    # An estimator may not know its error; but a row that it is told is no estimate.
    is_told = (T.diagonal() == 1) & ~error.any(axis=1)
    return is_rough | ((noisy_mass < MIN_SAMPLES) & ~is_told)


def warn_of_too_few():
    """Warn that there is no estimate of T for lack of samples."""
    warn_caller(
        f"no row of T would rest on {MIN_SAMPLES} samples or more, so the labels are "
        "taken as they are: T is the identity. Collect more samples, mark some of each "
        "class as trusted, or pass a known transition.",
        RareClassWarning,
    )
