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
from sklnoise.classifiers._door import draw_seeds
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
    """Train each classifier at each noise rate and judge it on clean labels.

    Parameters
    ----------
    estimators : dict of str to classifier
        Cloned before they are fitted.

    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
        Rows.

    y : array-like of shape (n_samples,)
        Clean labels.

    noise_rates : ndarray of shape (n_rates,)
        Shares of wrong labels.

    kind : str
        Of the noise.

    X_test : {array-like, sparse matrix, DataFrame} of shape (n_test, ...) or None
        Other rows to judge by.

    y_test : array-like of shape (n_test,) or None
        Their clean labels.

    cv : int, splitter or iterable of splits
        One split a repetition.

    random_state : int, RandomState instance or None
        Decides splits and noise.

    n_jobs : int or None
        Fits at the same time.

    Returns
    -------
    accuracies : dict of str to ndarray of shape (n_rates, n_repeats)
        By name. All estimators have seen the same splits and the same noise.
    """
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
    """Split the rows, once for each repetition.

    Parameters
    ----------
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
        Rows.

    y : ndarray of shape (n_samples,)
        Clean labels.

    has_test : bool
        Whether there are other rows to judge by, so that none need be held out.

    cv : int, splitter or iterable of splits
        What the user wants.

    seed : int
        Decides the splits where `cv` is a number.

    Returns
    -------
    splits : list of tuple
        Positions of the rows to train on and of those to judge by; None for all.

    Raises
    ------
    ValueError
        If `cv` is less than 1, or no number though nothing is held out.
    """
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
    """Fit a clone to noisy labels and compute its accuracy on clean ones.

    Parameters
    ----------
    estimator : classifier
        Not changed.

    training, judged : tuple of X, y and rows
        What it is fitted to and what it is judged by; rows of None mean all.

    Returns
    -------
    accuracy : float
        Share of the labels that are predicted.
    """
    (X, y), (X_test, y_test) = take(*training), take(*judged)
    return accuracy_score(y_test, clone(estimator).fit(X, y).predict(X_test))


def take(X, y, rows):
    """Take some rows.

    Parameters
    ----------
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
        Rows.

    y : array-like of shape (n_samples,)
        Labels.

    rows : ndarray of shape (n_rows,) or None
        Positions; None means all.

    Returns
    -------
    X : {array-like, sparse matrix, DataFrame} of shape (n_rows, ...)
        Rows.

    y : array-like of shape (n_rows,)
        Labels.
    """
    return (X, y) if rows is None else (safe_indexing(X, rows), y[rows])
