"""Accuracies of classifiers that are trained on ever noisier labels."""

from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedShuffleSplit, check_cv
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import safe_indexing
from sklnoise._labels import check_labels
from sklnoise._text import shorten
from sklnoise._validation import check_numbers
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

TEST_SHARE = 0.25


def check_named(named, parameter, values):
    """Raise an error if something is no dict by name, or an empty one."""
    if not isinstance(named, dict):
        raise TypeError(
            f"{parameter} must be a dict from names to {values}; got "
            f"{type(named).__name__}. Give each a name, as in a legend."
        )
    if not named:
        raise ValueError(f"{parameter} must hold {values}; got an empty dict.")


def as_floats(values, name):
    """Return values of any shape as an array of floats, which may be NaN."""
    return check_numbers(
        values,
        name,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
        ensure_min_features=0,
        ensure_all_finite=False,
    )


def check_rates(noise_rates):
    """Validate noise rates."""
    rates = as_floats(noise_rates, "noise_rates")
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
    values = as_floats(accuracies, f"accuracies of {shorten(name)}")
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != n_rates or not values.size:
        raise ValueError(
            f"accuracies must have one entry for each of the {n_rates} noise_rates, "
            f"shape (n_rates, n_repeats); those of {name!r} have shape "
            f"{values.shape}. Transpose them where repetitions come first."
        )
    return values


def check_test_data(X_test, y_test):
    """Validate other samples to judge by; None if there are none."""
    if (X_test is None) != (y_test is None):
        missing = "y_test" if y_test is None else "X_test"
        raise ValueError(
            "X_test and y_test must be given together, the samples to judge by and their "
            f"clean labels, or neither of them; {missing} is missing."
        )
    if X_test is None:
        return None
    check_consistent_length(X_test, y_test)
    return X_test, y_test


def make_trials(data, test, noise_rates, kind, cv, random_state):
    """List noisy data to fit and clean data to test: by noise rate, then by split."""
    (X, y), (split_seed, noise_seed) = data, draw_seeds(random_state, 2)
    y = check_labels(y, "y")
    check_length(X, y)
    splits = make_splits(X, y, test is not None, cv, split_seed)
    # The flips need a seed of their own: they must not depend on the draws behind T.
    seeds = draw_seeds(noise_seed, 2 * len(splits))
    n_classes = len(np.unique(y))
    trials = []
    for noise_rate in noise_rates:
        for T_seed, flip_seed, (train, held_out) in zip(seeds[::2], seeds[1::2], splits):
            T = make_transition_matrix(kind, n_classes, noise_rate, random_state=T_seed)
            y_noisy = make_noisy_labels(y, T, random_state=flip_seed)
            judged = (X, y, held_out) if test is None else (*test, None)
            trials.append(((X, y_noisy, train), judged))
    return trials


def check_length(X, y):
    """Raise an error unless there is a sample for each label."""
    try:
        check_consistent_length(X, y)
    except TypeError as error:
        raise TypeError(
            f"X must hold one sample for each label; got {shorten(repr(X))}."
        ) from error


def make_splits(X, y, has_test, cv, seed):
    """Split the samples, once for each repetition."""
    is_number = isinstance(cv, Integral) and not isinstance(cv, bool)
    if (has_test and not is_number) or (is_number and cv < 1):
        raise ValueError(
            "cv must be the number of repetitions, 1 or more, or without X_test a "
            f"splitter or an iterable of splits; got {cv!r}"
            + (" and X_test." if has_test else ".")
        )
    if has_test:
        return [(None, None)] * cv
    if is_number:
        cv = StratifiedShuffleSplit(cv, test_size=TEST_SHARE, random_state=seed)
    try:
        splits = [
            (as_positions(train, len(y)), as_positions(test, len(y)))
            for train, test in check_cv(cv, y, classifier=True).split(X, y)
        ]
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"cv must split the {len(y)} samples of {len(np.unique(y))} classes into "
            f"positions to train on and to test: {shorten(error, 200)}. Pass more "
            "samples of each class, X_test and y_test, or another cv."
        ) from error
    if not splits:
        raise ValueError("cv must yield at least one split; got none.")
    return splits


def as_positions(fold, n_samples):
    """Return the positions of a fold, which may be a mask; raise if there are none."""
    positions = np.arange(n_samples)[np.asarray(fold)]
    if positions.ndim != 1 or not len(positions):
        raise ValueError(f"a fold has shape {positions.shape}")
    return positions


def run_trials(estimators, trials, n_rates, n_jobs):
    """Return the accuracies of each classifier, shape (n_rates, n_repeats)."""
    if n_jobs == 0:
        raise ValueError("n_jobs must be None or an integer other than 0; got 0.")
    jobs = [
        delayed(accuracy)(estimator, *trial)
        for trial in trials
        for estimator in estimators.values()
    ]
    found = np.reshape(Parallel(n_jobs=n_jobs)(jobs), (n_rates, -1, len(estimators)))
    return {name: found[..., i] for i, name in enumerate(estimators)}


def accuracy(estimator, training, judged):
    """Fit a clone to noisy labels and compute its accuracy on clean ones."""
    (X, y), (X_test, y_test) = take(*training), take(*judged)
    try:
        predicted = clone(estimator).fit(X, y).predict(X_test)
    except (TypeError, ValueError, RuntimeError) as error:  # torch raises the last one
        raise type_of(error)(
            f"estimators must be classifiers that fit X and noisy labels; "
            f"{shorten(type(estimator).__name__)} raises: {shorten(error, 300)}"
        ) from error
    return accuracy_score(y_test, predicted)


def type_of(error):
    """Return the base class of an error, which takes a message alone."""
    return TypeError if isinstance(error, TypeError) else ValueError


def take(X, y, rows):
    """Return some samples, or all of them."""
    return (X, y) if rows is None else (safe_indexing(X, rows), y[rows])
