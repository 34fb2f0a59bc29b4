"""The first pass: probabilities of samples from models that did not see them."""

import os
from contextlib import closing, nullcontext
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.utils.validation import check_memory, has_fit_parameter

from sklnoise._compat import check_method_params, safe_indexing, set_random_states
from sklnoise._parallel import run_parallel
from sklnoise._text import shorten
from sklnoise.classifiers._cache_key import cache_key
from sklnoise.classifiers._cache_lock import locked
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.classifiers._net_selection import (
    NetChoice,
    choice_of,
    select_net,
    without_fold,
)
from sklnoise.exceptions import FoldFitError
from sklnoise.training import (
    attempt,
    check_names,
    compute_together,
    epochs_of,
    hidden_features,
    interruptible,
    is_main_process,
    is_net,
    is_shared,
    make_splits,
    of_main_process,
    predict_proba,
    weights_of,
)

# Of a model, or of an error, in a message.
MAX_CAUSE_LENGTH = 200


class FirstPass(NamedTuple):
    """What the first pass found."""

    y_proba: np.ndarray
    weights: dict | None = None
    features: np.ndarray | None = None
    folds: np.ndarray | None = None
    histories: list | None = None
    choice: NetChoice = NetChoice({})

    @property
    def is_held_out(self):
        return ~np.isnan(self.y_proba[:, 0])

    def averaged_with(self, other):
        """Return this first pass with the mean of the probabilities of two."""
        mean = (self.y_proba + other.y_proba) / 2
        return self._replace(y_proba=mean.astype(self.y_proba.dtype))


def make_trees():
    """Return the trees whose probabilities are averaged with those of the network."""
    # Leaves of three samples: a tree that splits to the end repeats wrong labels.
    return ExtraTreesClassifier(100, min_samples_leaf=3)


def check_trees(X):
    """Raise a ValueError if the trees of the first pass cannot take the samples."""
    if getattr(X, "ndim", None) != 2:
        found = f"{X.ndim} axes" if hasattr(X, "ndim") else f"a {type(X).__name__}"
        raise ValueError(
            'first_pass="with-trees" needs X of shape (n_samples, n_features), as trees '
            f"do; got {found}. Leave first_pass at None."
        )


class FoldOutcome(NamedTuple):
    """What one model of the first pass gives for the samples it did not see."""

    y_proba: np.ndarray
    weights: dict | None = None
    features: np.ndarray | None = None
    history: list | None = None


def check_first_pass(model, X, sample_weight, fit_params):
    """Raise a ValueError if the first pass cannot take the samples or the weights."""
    if is_net(model):
        check_names(model, X, fit_params)
        return
    shown = shorten(repr(model), MAX_CAUSE_LENGTH)
    if isinstance(X, torch.utils.data.Dataset | dict):
        raise ValueError(
            f"X is a torch Dataset or a dict, which first_pass={shown} cannot learn "
            "from. Leave first_pass at None, or pass X as an array; a numpy.memmap keeps "
            "data that are too large for memory on disk."
        )
    takes_weights = (
        has_fit_parameter(model, "sample_weight") or "sample_weight" in fit_params
    )
    if sample_weight is not None and not takes_weights:
        raise ValueError(
            f"sample_weight was passed, but first_pass={shown} has no "
            "sample_weight in its fit, so T would not see the weights. Use a classifier "
            "that takes them, let a pipeline request them by metadata routing, or leave "
            "first_pass at None."
        )


def make_first_pass_splits(cv, data, seed, split_params, *, estimates):
    """Make the splits of the first pass, all of which hold out the trusted samples.

    `estimates` is whether anything is estimated for each class, so that rare ones matter.
    """
    # A model that has learned a trusted label would take it for a noisy one.
    splits = make_splits(
        cv,
        data.y,
        data.untrusted_rows,
        data.classes,
        seed,
        split_params,
        warns=estimates,
    )
    always = np.flatnonzero(data.trusted)
    return [(train, np.union1d(test, always)) for train, test in splits]


def run_first_pass(trainer, splits, *, with_features, memory, n_jobs, on_fold_end):
    """Predict each sample by a model that did not see it, or read that from a cache."""
    if memory is None:
        return fit_and_collect(None, trainer, splits, with_features, n_jobs, on_fold_end)
    # joblib would pickle the data to hash them; the key covers all of these.
    unhashed = ["trainer", "splits", "with_features", "n_jobs", "on_fold_end"]
    args = trainer, splits, with_features, n_jobs, on_fold_end
    return run_cached(memory, fit_and_collect, unhashed, args, with_features, n_jobs)


def run_selection(trainer, splits, *, memory, n_jobs):
    """Choose the network where no first pass does it, or read that from a cache."""
    if memory is None:
        return select_only(None, trainer, splits, n_jobs)
    unhashed, args = ["trainer", "splits", "n_jobs"], (trainer, splits, n_jobs)
    return run_cached(memory, select_only, unhashed, args, False, n_jobs)


def run_cached(memory, function, unhashed, args, with_features, n_jobs):
    """Call `function(key, *args)`, or read what it returned for the same key.

    Of several processes that train a net the first one alone reads and writes.
    """
    trainer, splits, *_ = args
    net, key, is_found = trainer.net, None, False
    if is_main_process(net):
        memory = open_memory(memory)
        key = cache_key(trainer, splits, with_features)
        function = memory.cache(function, ignore=unhashed)
        is_found = is_shared(net) and function.check_call_in_cache(key, *args)
    if of_main_process(net, is_found):
        found = function(key, *args) if is_main_process(net) else None
        return of_main_process(net, found)
    # Who holds the lock must not need workers, in which others may wait for it.
    waits = effective_n_jobs(n_jobs) == 1 and not is_shared(net)
    lock = locked(getattr(memory, "location", None), key) if waits else nullcontext()
    with lock:
        return function(key, *args)


def select_only(key, trainer, splits, n_jobs):
    """Choose the network; `key` is all that a cache tells the results apart by."""
    with without_fold():
        return choice_of(trainer.net, select_net(trainer, splits, n_jobs))


def open_memory(memory):
    """Return a joblib.Memory, or raise a ValueError if it cannot be written to."""
    memory = os.fspath(memory) if isinstance(memory, os.PathLike) else memory
    if isinstance(memory, type):
        raise TypeError(
            f"memory must be a folder or an instance such as joblib.Memory(folder); got "
            f"the class {memory.__name__}."
        )
    try:
        return check_memory(memory)
    except OSError as error:
        raise ValueError(
            f"memory must be a folder that can be written to; got {shorten(memory)}: "
            f"{shorten(error, MAX_CAUSE_LENGTH)}. Pass another folder, or leave memory "
            "at None."
        ) from error


def fit_and_collect(key, trainer, splits, with_features, n_jobs, on_fold_end):
    """Fit one model per split; `key` is all that a cache tells the results apart by."""
    data, n_classes = trainer.data, trainer.config.n_classes
    seeds = draw_seeds(trainer.seed, len(splits))
    fit_params = [
        check_method_params(data.X, trainer.fit_params, indices=train)
        for train, _ in splits
    ]
    choice = NetChoice({})
    if is_net(trainer.net):
        chosen = select_net(trainer, splits, n_jobs)
        choice = choice_of(trainer.net, chosen)
        outcomes = fit_and_predict(
            trainer.replace(net=chosen.net),
            splits,
            (seeds, fit_params),
            chosen.fitted,
            with_features,
            n_jobs,
        )
    else:
        fit, common = partial(attempt, fit_fold_classifier), (trainer.net, data)
        per_fold = splits, seeds, [n_classes] * len(splits), fit_params
        outcomes = run_parallel(fit, common, *per_fold, n_jobs=n_jobs)
    with closing(outcomes):  # also after an error: it holds threads and their limit
        found = collect_folds(outcomes, splits, len(data.y), n_classes, on_fold_end)
    return found._replace(choice=choice)


def fit_and_predict(trainer, splits, per_fold, fitted, with_features, n_jobs):
    """Yield what the net of each fold predicts; the first ones may be fitted already."""
    predict = partial(predict_fold, trainer.data, splits, with_features)
    n_fitted = len(fitted)
    for number, net in enumerate(fitted):
        yield attempt(predict, net, number)
    if n_fitted == len(splits):
        return
    loss = torch.nn.CrossEntropyLoss(reduction="none")
    rest = [values[n_fitted:] for values in (splits, *per_fold)]
    finish = partial(predict_later_fold, predict, n_fitted)
    rest_splits, seeds, params = rest
    outcomes = trainer.fit_folds(rest_splits, loss, seeds, params, finish, n_jobs=n_jobs)
    with closing(outcomes):
        yield from outcomes


def predict_later_fold(predict, n_before, net, number):
    """Predict the samples of a fold of which others came before."""
    return predict(net, n_before + number)


def collect_folds(outcomes, splits, n_samples, n_classes, on_fold_end=None):
    """Put together what the folds have predicted: the mean, where there are several."""
    total, times = np.zeros((n_samples, n_classes)), np.zeros(n_samples)
    features, folds, histories, weights = None, np.full(n_samples, -1), [], None
    for number, ((_, test), outcome) in enumerate(zip(splits, outcomes)):
        check_outcome(outcome, number, len(splits))
        if number == 0:
            # The refit can start from the first net only; float32 stays float32.
            total, weights = total.astype(outcome.y_proba.dtype), outcome.weights
            if outcome.features is not None:
                shape = n_samples, outcome.features.shape[1]
                features = np.zeros(shape, outcome.features.dtype)
        if features is not None:
            features[test], folds[test] = outcome.features, number + 1
        total[test] += outcome.y_proba
        times[test] += 1
        histories.append(outcome.history)
        if on_fold_end is not None:
            on_fold_end(number)
    # With given splits a sample may be held out several times, or never.
    held_out = times > 0
    total[held_out] /= times[held_out, None]
    total[~held_out] = np.nan
    folds = None if features is None else folds
    histories = None if None in histories else histories
    return FirstPass(total, weights, features, folds, histories)


def check_outcome(outcome, number, n_folds):
    """Raise a FoldFitError if a fold has failed."""
    if isinstance(outcome, Exception):
        raise FoldFitError(
            f"the first pass failed in fold {number + 1} of {n_folds}: {outcome}"
        ) from outcome
    if not np.isfinite(outcome.y_proba).all():
        raise FoldFitError(
            f"the first pass predicted probabilities in fold {number + 1} that are not "
            "finite. Scale X, or use another model for it."
        )


def predict_fold(data, splits, with_features, net, number):
    """Predict the samples that a net of the first pass did not see."""
    _, test = splits[number]
    predict, find = (partial(f, net, data.X) for f in (predict_proba, hidden_features))
    return FoldOutcome(
        compute_together(net, predict, test),
        weights=None if number else weights_of(net),
        features=compute_together(net, find, test) if with_features else None,
        history=epochs_of(net),
    )


def fit_fold_classifier(classifier, data, split, seed, n_classes, fit_params):
    """Fit a clone of any classifier and predict the samples of its fold."""
    train, test = split
    classifier = clone(classifier)
    set_random_states(classifier, seed)
    weight, codes = data.sample_weight[train], data.y[train]
    if (codes == codes[0]).all():
        # Nothing else can be predicted, and many classifiers refuse to learn one class.
        return FoldOutcome(np.tile(np.eye(n_classes)[codes[0]], (len(test), 1)))
    if (weight != 1).any() and "sample_weight" not in fit_params:
        fit_params = fit_params | {"sample_weight": weight}
    with interruptible():
        classifier.fit(safe_indexing(data.X, train), codes, **fit_params)
    proba = classifier.predict_proba(safe_indexing(data.X, test))
    # A class that is missing in the fold has probability 0.
    y_proba = np.zeros((len(test), n_classes), proba.dtype)
    y_proba[:, classifier.classes_] = proba
    return FoldOutcome(y_proba)
