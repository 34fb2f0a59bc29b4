"""Accuracies of classifiers that were trained on ever noisier labels."""

from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedShuffleSplit, check_cv
from sklearn.utils import column_or_1d
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import safe_indexing
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

HELD_OUT = 0.25


def accuracies_by_noise(
    estimators,
    X,
    y,
    noise_rates,
    *,
    kind,
    X_test,
    y_test,
    cv,
    random_state,
    n_jobs,
):
    """Train each classifier at each noise rate and judge it on clean labels."""
    check_consistent_length(X, y)
    y, (split_seed, noise_seed) = column_or_1d(y), draw_seeds(random_state, 2)
    splits = make_splits(X, y, X_test is not None, cv, split_seed)
    seeds = draw_seeds(noise_seed, len(splits))
    jobs = []
    for noise_rate in noise_rates:
        for seed, (train, test) in zip(seeds, splits):
            T = make_transition_matrix(
                kind, len(np.unique(y)), noise_rate, random_state=seed
            )
            y_noisy = make_noisy_labels(y, T, random_state=seed)
            judged = (X, y, test) if X_test is None else (X_test, y_test, None)
            for estimator in estimators.values():
                jobs.append((estimator, (X, y_noisy, train), judged))
    found = Parallel(n_jobs=n_jobs)(delayed(accuracy)(*job) for job in jobs)
    found = np.reshape(found, (len(noise_rates), len(splits), len(estimators)))
    return {name: found[..., i] for i, name in enumerate(estimators)}


def make_splits(X, y, has_test, cv, seed):
    """Split the rows, once for each repetition."""
    is_number = isinstance(cv, Integral) and not isinstance(cv, bool)
    if (has_test and not is_number) or (is_number and cv < 1):
        raise ValueError(
            "cv must be the number of repetitions, 1 or more, or without X_test a "
            f"splitter or an iterable of splits; got {cv!r}"
            + (" beside X_test." if has_test else ".")
        )
    if has_test:
        return [(None, None)] * cv
    if is_number:
        cv = StratifiedShuffleSplit(cv, test_size=HELD_OUT, random_state=seed)
    return list(check_cv(cv, y, classifier=True).split(X, y))


def accuracy(estimator, training, judged):
    """Fit a clone to noisy labels and compute its accuracy on clean ones."""
    (X, y), (X_test, y_test) = take(*training), take(*judged)
    return accuracy_score(y_test, clone(estimator).fit(X, y).predict(X_test))


def take(X, y, rows):
    """Take some rows."""
    return (X, y) if rows is None else (safe_indexing(X, rows), y[rows])
