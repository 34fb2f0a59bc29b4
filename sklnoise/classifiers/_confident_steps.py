"""The steps of `ConfidentLearningClassifier`: folds, label issues and the refit."""

from contextlib import closing, nullcontext
from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter, validate_data

from sklnoise._compat import (
    check_method_params,
    routing_enabled,
    safe_indexing,
    set_random_states,
)
from sklnoise._containers import has_sampler
from sklnoise._labels import encode_kept_labels, missing_labels
from sklnoise._parallel import run_parallel
from sklnoise._tensors import as_numpy
from sklnoise._text import shorten
from sklnoise._validation import check_weight
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._estimator_calls import (
    describe,
    failure_explained,
    nets_of,
    predict_all,
)
from sklnoise.classifiers._first_pass import FoldOutcome, collect_folds
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.classifiers._sample_checks import check_container, check_one_label_each
from sklnoise.exceptions import ClassCollapseWarning
from sklnoise.issues._find import judge_by_confidence
from sklnoise.issues._fitted_rows import digest_samples
from sklnoise.issues._flags import judge_samples
from sklnoise.training import LabelledData, interruptible, refuse_shared
from sklnoise.training._config import seeded

# Label qualities that differ by less tie.
TIE_TOLERANCE = 1e-9


class Source(NamedTuple):
    """What a classifier is fitted to; `names` are the labels that it is given."""

    data: LabelledData
    rows: np.ndarray
    classes: np.ndarray
    names: np.ndarray
    weighted: bool
    fit_params: dict


def check_source(owner, estimator, X, y, sample_weight, fit_params):
    """Validate what `fit` was given, except for X, which is left to the classifier."""
    check_container(X)
    refuse_shared(nets_of(estimator), owner)
    X, y = as_numpy(X), check_one_label_each(owner, y)
    # They come first, as a sample of weight 0 needs no label.
    weight = check_weight(sample_weight, len(y))
    rows = np.flatnonzero(weight)
    X, y = indexable(X, validate_data(owner, y=fill_unused_labels(y, rows)))
    codes, classes = encode_kept_labels(y, rows)
    weighted = sample_weight is not None
    is_fitted_to_them = not isinstance(estimator, FrozenEstimator)
    owner._fitted_samples = digest_samples(X) if is_fitted_to_them else None
    if weighted and is_fitted_to_them and not takes_weights(estimator):
        check_whole(weight, estimator)
    # A net has an output per code, whatever the labels are called.
    names = np.arange(len(classes)) if nets_of(estimator) else classes
    data = LabelledData(X, codes, weight)
    return Source(data, rows, classes, names, weighted, fit_params)


def fill_unused_labels(y, rows):
    """Give unused samples a label, and raise a ValueError if others have none."""
    labels = np.asarray(y)
    missing = missing_labels(labels)
    missing = missing.any(axis=1) if missing.ndim == 2 else missing
    if not missing.any():
        return y
    unnamed = rows[missing[rows]]
    if len(unnamed):
        raise ValueError(
            f"y must have a label for every sample; sample {unnamed[0]} has "
            f"{shorten(labels[unnamed[0]])}. Leave samples without a label out, or give "
            "them a weight of 0."
        )
    filled = labels.copy()
    filled[missing] = labels[rows[0]]
    return filled


def check_whole(weight, estimator):
    """Raise a ValueError if a weight is no number of repeats."""
    broken = np.flatnonzero(weight % 1)
    if len(broken):
        raise ValueError(
            f"estimator={describe(estimator)} takes no sample_weight in its fit, so a "
            "sample is repeated as often as its weight says, which must be a whole "
            f"number; entry {broken[0]} is {weight[broken[0]]:.4g}. Round the weights, "
            "use an estimator that takes them, or let the steps of a pipeline request "
            "them by metadata routing."
        )


def takes_weights(estimator):
    """Return whether the loss of an estimator gets the `sample_weight` of `fit`."""
    if isinstance(estimator, FrozenEstimator):
        return True  # which change nothing
    # A sampler changes the number of samples, but not of their weights.
    if isinstance(estimator, Pipeline) and has_sampler(estimator):
        return False
    if not routing_enabled():
        return has_fit_parameter(estimator, "sample_weight")
    if isinstance(estimator, Pipeline):
        return takes_weights(estimator.steps[-1][1])
    routing = get_routing_for_object(estimator)
    return "sample_weight" in routing.consumes("fit", ["sample_weight"])


def weight_name(estimator):
    """Return the parameter of `fit` by which the loss gets weights."""
    if takes_weights(estimator):
        return "sample_weight"
    if isinstance(estimator, Pipeline) and not (
        routing_enabled() or has_sampler(estimator)
    ):
        step, last = estimator.steps[-1]
        name = weight_name(last)
        return None if name is None else f"{step}__{name}"
    return None


def fit_rows(estimator, source, rows, factors, seed):
    """Fit a clone to some samples."""
    fitted = clone(estimator)
    set_random_states(fitted, seed)
    weight = source.data.sample_weight[rows] if source.weighted else None
    if weight is not None and not takes_weights(estimator):
        times = weight.astype(int)
        rows, weight = np.repeat(rows, times), None
        factors = None if factors is None else np.repeat(factors, times)
    params = check_method_params(source.data.X, source.fit_params, indices=rows)
    for factor in (weight, factors):
        if factor is not None:
            name = weight_name(estimator)
            params[name] = params.get(name, 1) * factor
    X, y = safe_indexing(source.data.X, rows), source.names[source.data.y[rows]]
    with torch_seeded(fitted, seed), interruptible(), failure_explained(estimator, X):
        return fitted.fit(X, y, **params)


def torch_seeded(estimator, seed):
    """Run torch from a seed where the estimator is, or has, a network."""
    nets = nets_of(estimator)
    return seeded(seed, torch.device(nets[0].device or "cpu")) if nets else nullcontext()


def predict_out_of_fold(estimator, source, splits, seed, n_jobs):
    """Predict each sample by clones that have not seen it."""
    n_samples, n_classes = len(source.data.y), len(source.names)
    if not splits:
        return np.full((n_samples, n_classes), np.nan)
    seeds = draw_seeds(seed, len(splits))
    common = estimator, source
    outcomes = run_parallel(fit_fold, common, splits, seeds, n_jobs=n_jobs)
    with closing(outcomes):
        return collect_folds(outcomes, splits, n_samples, n_classes).y_proba


def fit_fold(estimator, source, split, seed):
    """Fit a clone to the samples of a fold and predict the others."""
    train, test = split
    fitted = fit_rows(estimator, source, train, None, seed)
    X = safe_indexing(source.data.X, test)
    # To iterate over batches draws from torch too.
    with torch_seeded(fitted, seed), failure_explained(estimator, X):
        return FoldOutcome(predict_all(fitted, X, source.names))


def judge_labels(samples, sample_weight, transition_matrix, filter_by, threshold):
    """Score the labels of samples, and find the issues among them."""
    quality, _, is_issue = judge_samples(
        samples, sample_weight, transition_matrix, threshold
    )
    if filter_by == "posterior" or threshold is not None:
        return quality, is_issue
    return quality, judge_by_confidence(samples, sample_weight, filter_by)[2]


def choose_rows(y, quality, is_left_out, classes):
    """Choose the samples of the refit, of each class at least one."""
    is_kept, factors = ~is_left_out, np.where(np.isnan(quality), 1.0, quality)
    # A class without a sample could never be predicted.
    lost = np.setdiff1d(y, y[is_kept])
    for code in lost:
        best = quality[y == code].max()
        # Samples that tie are all kept: then a weight still equals as many repeats.
        spared = (y == code) & (quality >= best - TIE_TOLERANCE)
        is_kept |= spared
        factors[spared] = 1.0
        warn_caller(
            f"all {np.sum(y == code)} samples of class {classes.tolist()[code]!r} would "
            f"be left out; of best label quality ({best:.3g}), {spared.sum()} of them "
            "are kept. Look at label_issues_: is the class separable from the others at "
            "all, and are the folds stratified?",
            ClassCollapseWarning,
        )
    return is_kept, factors
