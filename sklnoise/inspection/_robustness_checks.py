"""Checks of what a robustness curve is drawn from."""

import numpy as np


def check_named(named, parameter, values):
    """Raise an error if something is no dict by name, or an empty one.

    Parameters
    ----------
    named : dict of str to object
        What was passed.

    parameter : str
        What an error calls it.

    values : str
        What it should hold.

    Raises
    ------
    TypeError
        If it is no dict.

    ValueError
        If it is empty.
    """
    if not isinstance(named, dict):
        raise TypeError(
            f"{parameter} must be a dict from names to {values}; got "
            f"{type(named).__name__}. Give each a name, as in a legend."
        )
    if not named:
        raise ValueError(f"{parameter} must hold {values}; got an empty dict.")


def check_rates(noise_rates):
    """Validate noise rates.

    Parameters
    ----------
    noise_rates : array-like of shape (n_rates,)
        Noise rates.

    Returns
    -------
    noise_rates : ndarray of shape (n_rates,)
        The same.

    Raises
    ------
    ValueError
        If there is none, or one is no probability.
    """
    rates = np.asarray(noise_rates, dtype=float)
    if rates.ndim != 1 or not rates.size:
        raise ValueError(
            "noise_rates must be a list of at least one rate; got shape "
            f"{rates.shape}. Pass for example [0, 0.2, 0.4]."
        )
    wrong = rates[~((rates >= 0) & (rates <= 1))]
    if len(wrong):
        raise ValueError(
            f"noise_rates must be probabilities; got {wrong[0]}. Divide percentages by "
            "100."
        )
    return rates


def check_accuracies(name, accuracies, n_rates):
    """Validate the accuracies of one classifier.

    Parameters
    ----------
    name : str
        Its name.

    accuracies : array-like of shape (n_rates,) or (n_rates, n_repeats)
        Accuracies.

    n_rates : int
        Number of noise rates.

    Returns
    -------
    accuracies : ndarray of shape (n_rates, n_repeats)
        The same.

    Raises
    ------
    ValueError
        If they are not one row a rate.
    """
    values = np.asarray(accuracies, dtype=float)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != n_rates or not values.size:
        raise ValueError(
            f"accuracies must have one row for each of the {n_rates} noise_rates, shape "
            f"(n_rates, n_repeats); those of {name!r} have shape {np.shape(accuracies)}. "
            "Transpose them where repetitions come first."
        )
    return values
