"""Checks of what a robustness curve is drawn from."""

import numpy as np


def check_named(named, parameter, values):
    """Raise an error if something is no dict by name, or an empty one."""
    if not isinstance(named, dict):
        raise TypeError(
            f"{parameter} must be a dict from names to {values}; got "
            f"{type(named).__name__}. Give each a name, as in a legend."
        )
    if not named:
        raise ValueError(f"{parameter} must hold {values}; got an empty dict.")


def check_rates(noise_rates):
    """Validate noise rates."""
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
    """Validate the accuracies of one classifier."""
    values = np.asarray(accuracies, dtype=float)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != n_rates or not values.size:
        raise ValueError(
            f"accuracies must have one row for each of the {n_rates} noise_rates, shape "
            f"(n_rates, n_repeats); those of {name!r} have shape {np.shape(accuracies)}. "
            "Transpose them where repetitions come first."
        )
    return values
