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
    """What the first pass found."""

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
    """Fit one model a split and predict the rows that it did not see."""
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
    """Put together what the folds have predicted."""
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
    """Tell what the first pass depends on besides its arguments."""
    try:
        source = inspect.getsource(first_pass.module)
    except (AttributeError, OSError, TypeError):
        source = None
    return torch.__version__, sklearn.__version__, source


def predict_fold(data, splits, with_features, net, number):
    """Predict the rows that a net of the first pass did not see."""
    _, test = splits[number]
    features = hidden_features(net, data.X, test) if with_features else None
    weights = None if number else weights_of(net)
    return predict_proba(net, data.X, test), weights, features, epochs_of(net)


def fit_fold_classifier(
    classifier, data, train, test, seed, fit_params, *, setting, weighted
):
    """Fit any classifier and predict the rows of its fold."""
    set_random_states(classifier, seed)
    if weighted and "sample_weight" not in fit_params:
        fit_params = fit_params | {"sample_weight": data.sample_weight[train]}
    classifier.fit(safe_indexing(data.X, train), data.y[train], **fit_params)
    proba = classifier.predict_proba(safe_indexing(data.X, test))
    y_proba = np.zeros((len(test), setting.n_classes), proba.dtype)
    y_proba[:, classifier.classes_] = proba
    return y_proba, None, None, None


def check_first_pass(first_pass, X, sample_weight, fit_params):
    """Raise a ValueError if the first pass cannot take the rows or the weights."""
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
