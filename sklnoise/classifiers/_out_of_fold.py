"""The first pass: probabilities of rows from models that did not see them."""

import inspect
from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np
import sklearn
import torch
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from sklnoise._compat import check_method_params, safe_indexing, set_random_states
from sklnoise.engine import (
    attempt,
    epochs_of,
    fit_nets,
    hidden_features,
    is_net,
    predict_proba,
    weights_of,
)
from sklnoise.exceptions import FoldFitError


class FirstPass(NamedTuple):
    """What the first pass found.

    Attributes
    ----------
    y_proba : ndarray of shape (n_samples, n_classes)
        Mean over the splits that held a row out; NaN where none did.

    weights : dict of ndarray or None
        Weights of the first fold's net; None for another model.

    features : ndarray of shape (n_samples, n_features) or None
        Hidden features of each row, where they were asked for, of the net of `folds`.

    folds : ndarray of shape (n_samples,) or None
        Number of the last split that held the row out; -1 where none did.

    histories : list of skorch.history.History or None
        Of the nets, one a split, without their batches; None for another model.
    """

    y_proba: np.ndarray
    weights: dict | None
    features: np.ndarray | None
    folds: np.ndarray | None
    histories: list | None


def run_first_pass(
    first_pass,
    digested,
    splits,
    seeds,
    setting,
    *,
    with_features,
    weighted,
    observed,
    fit_params,
    made_by,
    n_jobs,
    done,
    watch,
):
    """Fit one model a split and predict the rows that it did not see.

    Parameters
    ----------
    first_pass : classifier
        A skorch net, or any classifier with `predict_proba`; cloned for each split.

    digested : Digested
        All the data.

    splits : list of (train, test) ndarrays
        Indices into all the data.

    seeds : list of int
        One a split.

    setting : Setting
        Classes, device, type and threads; the folds share the threads.

    with_features : bool
        Whether the hidden features of nets are wanted.

    weighted : bool
        Whether the user gave weights, so that any classifier must see them.

    observed : bool
        Whether the callbacks of nets that only look at the training are called.

    fit_params : dict
        More parameters of the model's `fit`; those with an entry a row are split.

    made_by : tuple
        Versions and source, see `made_by`: they tell a cache what else the result
        depends on.

    n_jobs : int or None
        Folds that are fitted at the same time, unless nets are stacked.

    done : callable
        `done(number)` is told of each fold that is done.

    watch : callable or None
        Told of the epochs of nets, see `fit_nets`.

    Returns
    -------
    first_pass : FirstPass
        Probabilities, weights and features.

    Raises
    ------
    FoldFitError
        If a fold fails; the cause is chained.
    """
    data = digested.data
    of_folds = [check_method_params(data.X, fit_params, indices=a) for a, _ in splits]
    if is_net(first_pass):
        outcomes = fit_nets(
            first_pass,
            data,
            [train for train, _ in splits],
            torch.nn.CrossEntropyLoss(reduction="none"),
            setting,
            seeds,
            partial(predict_fold, data, splits, with_features),
            fit_params=of_folds,
            observed=observed,
            n_jobs=n_jobs,
            watch=watch,
        )
    else:
        fit = partial(fit_fold_classifier, setting=setting, weighted=weighted)
        outcomes = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(attempt)(fit, clone(first_pass), data, *split, seed, fit_params)
            for split, seed, fit_params in zip(splits, seeds, of_folds)
        )
    with closing(outcomes):  # also after an error: it holds threads and their limit
        return collect(outcomes, splits, len(data.y), setting.n_classes, done)


def collect(outcomes, splits, n_samples, n_classes, done):
    """Put together what the folds have predicted.

    Parameters
    ----------
    outcomes : iterator of tuple or Exception
        Probabilities, weights, features and history of each fold.

    splits : list of (train, test) ndarrays
        Indices into all the data.

    n_samples, n_classes : int
        Rows and classes of all the data.

    done : callable
        `done(number)` is told of each fold that is done.

    Returns
    -------
    first_pass : FirstPass
        Probabilities, weights, features and histories.

    Raises
    ------
    FoldFitError
        If a fold fails; the cause is chained.
    """
    total, times = np.zeros((n_samples, n_classes)), np.zeros(n_samples)
    features, folds, histories = None, np.full(n_samples, -1), []
    for number, ((_, test), outcome) in enumerate(zip(splits, outcomes), start=1):
        if isinstance(outcome, Exception):
            raise FoldFitError(
                f"the first pass failed in fold {number} of {len(splits)}: {outcome}"
            ) from outcome
        proba, fold_weights, fold_features, history = outcome
        if not np.isfinite(proba).all():
            raise FoldFitError(
                f"the first pass predicted probabilities in fold {number} that are not "
                "finite. Scale X, or use another model for it."
            )
        if number == 1:
            total, weights = total.astype(proba.dtype), fold_weights
            if fold_features is not None:
                shape = (n_samples, fold_features.shape[1])
                features = np.zeros(shape, fold_features.dtype)
        if features is not None:
            features[test], folds[test] = fold_features, number
        total[test] += proba
        times[test] += 1
        histories.append(history)
        done(number - 1)
    held_out = times > 0
    total[held_out] /= times[held_out, None]
    total[~held_out] = np.nan
    folds = None if features is None else folds
    histories = None if None in histories else histories
    return FirstPass(total, weights, features, folds, histories)


def made_by(first_pass):
    """Tell what the first pass depends on besides its arguments.

    Parameters
    ----------
    first_pass : classifier
        A skorch net or any classifier.

    Returns
    -------
    made_by : tuple
        Versions of torch and scikit-learn, and the source of a net's module, which may
        change under the same name in a notebook.
    """
    try:
        source = inspect.getsource(first_pass.module)
    except (AttributeError, OSError, TypeError):
        source = None
    return torch.__version__, sklearn.__version__, source


def predict_fold(data, splits, with_features, net, number):
    """Predict the rows that a net of the first pass did not see.

    Parameters
    ----------
    data : LabelledData
        All the data.

    splits : list of (train, test) ndarrays
        Indices into it.

    with_features : bool
        Whether the hidden features are wanted.

    net : skorch.NeuralNetClassifier
        Fitted.

    number : int
        Of its split.

    Returns
    -------
    y_proba : ndarray of shape (n_test, n_classes)
        Probabilities of the test rows.

    weights : dict of ndarray or None
        Weights of the first split's net.

    features : ndarray of shape (n_test, n_features) or None
        Hidden features of the test rows, if wanted.

    history : skorch.history.History
        Of the net, without its batches.
    """
    _, test = splits[number]
    features = hidden_features(net, data.X, test) if with_features else None
    weights = None if number else weights_of(net)
    return predict_proba(net, data.X, test), weights, features, epochs_of(net)


def fit_fold_classifier(
    classifier, data, train, test, seed, fit_params, *, setting, weighted
):
    """Fit any classifier and predict the rows of its fold.

    Parameters
    ----------
    classifier : classifier
        A clone that belongs to this fold.

    data : LabelledData
        All the data.

    train, test : ndarray
        Indices into it.

    seed : int
        Seed of the classifier, where it takes one.

    fit_params : dict
        More parameters of `fit`.

    setting : Setting
        The number of classes.

    weighted : bool
        Whether `fit` gets the weights.

    Returns
    -------
    y_proba : ndarray of shape (n_test, n_classes)
        Probabilities of the test rows; 0 for a class that was not in the fold.

    weights, features, history : None
        There are no weights to start a net from, no hidden features and no epochs.
    """
    set_random_states(classifier, seed)
    if weighted and "sample_weight" not in fit_params:
        fit_params = fit_params | {"sample_weight": data.sample_weight[train]}
    classifier.fit(safe_indexing(data.X, train), data.y[train], **fit_params)
    proba = classifier.predict_proba(safe_indexing(data.X, test))
    y_proba = np.zeros((len(test), setting.n_classes), proba.dtype)
    y_proba[:, classifier.classes_] = proba
    return y_proba, None, None, None


def check_first_pass(first_pass, X, sample_weight, fit_params):
    """Raise a ValueError if the first pass cannot take the rows or the weights.

    Parameters
    ----------
    first_pass : classifier
        A net or any classifier.

    X : array-like or Dataset
        Rows that the user gave.

    sample_weight : array-like or None
        Weights that the user gave.

    fit_params : dict
        What metadata routing has for its `fit`, perhaps the weights.
    """
    takes_weights = (
        is_net(first_pass)
        or has_fit_parameter(first_pass, "sample_weight")
        or "sample_weight" in fit_params
    )
    if isinstance(X, torch.utils.data.Dataset) and not is_net(first_pass):
        raise ValueError(
            f"X is a torch Dataset, which first_pass={first_pass!r} cannot learn from. "
            "Leave first_pass at None, or pass X as an array; a numpy.memmap keeps data "
            "that are too large for memory on disk."
        )
    if sample_weight is not None and not takes_weights:
        raise ValueError(
            f"sample_weight was passed, but first_pass={first_pass!r} has no "
            "sample_weight in its fit, so T would not see the weights. Use a classifier "
            "that takes them, let a pipeline request them by metadata routing, or leave "
            "first_pass at None."
        )
