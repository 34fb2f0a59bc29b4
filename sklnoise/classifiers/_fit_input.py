"""What `fit` is given: X, labels, weights and metadata, checked and encoded once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_consistent_length
from torch.utils.data import Dataset

from sklnoise._compat import CALLBACK_STATE, routing_enabled
from sklnoise._labels import encode_kept_labels
from sklnoise._validation import (
    check_rng,
    check_trusted,
    check_weight,
)
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._sample_checks import (
    check_like_fit,
    check_samples,
)
from sklnoise.issues._fitted_rows import digest_samples
from sklnoise.training import LabelledData, sample_kind, sample_shape

MAX_SEED = np.iinfo(np.int32).max


class KeptSplits:
    """The parameter `cv`, which keeps the splits of an iterator as a list.

    A generator gives its splits once, and can be neither cloned nor pickled.
    """

    def __get__(self, estimator, owner=None):
        if estimator is None:
            return self
        try:
            return vars(estimator)["cv"]
        except KeyError:
            raise AttributeError("cv") from None

    def __set__(self, estimator, cv):
        vars(estimator)["cv"] = list(cv) if isinstance(cv, Iterator) else cv


@dataclass(frozen=True, eq=False)
class FitInput:
    """All samples of a fit, with `y` as codes and `rows` the indices of those used.

    `of_answers` is what a loss needs to know of the answers of several annotators.
    """

    X: object
    y: np.ndarray
    sample_weight: np.ndarray
    trusted: np.ndarray
    rows: np.ndarray
    classes: np.ndarray
    of_answers: np.ndarray | None = None

    @property
    def n_classes(self):
        return len(self.classes)

    @property
    def untrusted_rows(self):
        return self.rows[~self.trusted[self.rows]]

    @property
    def labelled(self):
        return LabelledData(self.X, self.y, self.sample_weight, self.of_answers)


def check_fit_input(estimator, X, y, sample_weight, trusted):
    """Validate what `fit` was given and encode the labels."""
    given = X
    X, y = check_samples(estimator, X, y)
    check_consistent_length(X, y)
    estimator._fitted_samples = digest_samples(given)
    shape = sample_shape(X)
    if isinstance(X, Dataset) and not isinstance(shape, dict):
        estimator.n_features_in_ = (*shape, 1)[0]
    estimator._sample_shape, estimator._sample_kind = shape, sample_kind(X)
    weight = check_weight(sample_weight, len(y))
    rows = np.flatnonzero(weight)
    codes, classes = encode_kept_labels(y, rows)
    warn_of_unlabelled(classes)
    if trusted is None:
        trusted = np.zeros(len(y), dtype=bool)
    trusted = check_trusted(trusted, len(y)) & (weight > 0)
    return FitInput(X, codes, weight, trusted, rows, classes)


def warn_of_unlabelled(classes):
    """Warn of a class -1 beside 0, 1, ..., which elsewhere stands for no label."""
    is_counted = np.array_equal(classes, np.arange(-1, len(classes) - 1))
    if classes.dtype.kind == "i" and len(classes) > 2 and is_counted:
        warn_caller(
            "y has the label -1 beside 0, 1, ..., which scikit-learn's semi-supervised "
            "estimators take for no label. Here it is a class like the others: leave "
            "samples without a label out.",
            UserWarning,
        )


def check_predict_input(estimator, X):
    """Validate samples to predict against those of `fit`."""
    X, _ = check_samples(estimator, X, reset=False)
    return check_like_fit(estimator, X)


def draw_seeds(random_state, n_seeds):
    """Draw seeds, leaving numpy's global random state alone."""
    return check_rng(random_state).randint(MAX_SEED, size=n_seeds).tolist()


def make_router(classifier, **models):
    """Make the metadata router of a classifier with folds."""
    # An int or a list of splits requests no metadata, but the router needs an object.
    cv = classifier.cv
    splitter = cv if hasattr(cv, "split") else StratifiedKFold()
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    to_split = MethodMapping().add(caller="fit", callee="split")
    return (
        MetadataRouter(owner=classifier)
        .add_self_request(classifier)
        .add(method_mapping=to_fit, **models)
        .add(splitter=splitter, method_mapping=to_split)
    )


def route_fit(classifier, sample_weight, fit_params):
    """Sort metadata into what the splitter and what the models get."""
    if routing_enabled():
        if sample_weight is not None:
            fit_params = {**fit_params, "sample_weight": sample_weight}
        return process_routing(classifier, "fit", **fit_params)
    # Without routing, groups are for the splitter, as in `cross_validate`.
    rest = dict(fit_params)
    groups = rest.pop("groups", None)
    return Bunch(splitter=Bunch(split={"groups": groups}), estimator=Bunch(fit=rest))


@contextmanager
def reset_fitted(estimator):
    """Forget what was fitted before, and bring it back if the new fit fails."""
    before = vars(estimator).copy()
    for name in before:
        if name.endswith("_") and not name.startswith("_"):
            delattr(estimator, name)
    vars(estimator).pop("_absent_attributes", None)  # of a model that was saved
    try:
        yield
    except BaseException:
        state = vars(estimator)
        # scikit-learn takes its callbacks down by these, after this function.
        before |= {name: state[name] for name in CALLBACK_STATE if name in state}
        state.clear()
        state.update(before)
        raise
