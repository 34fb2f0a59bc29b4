"""From the parameter `transition` to the T that the refit uses."""

from dataclasses import dataclass, field
from numbers import Real

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklnoise._compat import set_random_states
from sklnoise._text import enumerate_names, shorten
from sklnoise._transition_matrix import (
    shrink_dominated_rows,
    swappable_pairs,
    uniform_flips,
)
from sklnoise._validation import check_transition_matrix
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._correction import (
    has_transition,
    needs_transition,
    own_transition,
)
from sklnoise.classifiers._rare_rows import replace_rare_rows
from sklnoise.exceptions import DominatedClassWarning, SwappableClassesWarning
from sklnoise.training import as_features
from sklnoise.transition import (
    AgreementEstimator,
    AnchorEstimator,
    AutoEstimator,
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    DualTransitionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)
from sklnoise.transition._base import (
    TIE,
    add_absent_classes,
    fit_codes,
    multinomial_standard_error,
)

TRANSITION_ESTIMATORS = {
    "auto": AutoEstimator(),
    "agreement": AgreementEstimator(),
    "anchor": AnchorEstimator(),
    "frequency": LabelFrequencyEstimator(),
    "confident-joint": ConfidentJointEstimator(),
    "confusion": ConfusionEstimator(),
    "dual": DualTransitionEstimator(),
    "trusted": TrustedEstimator(AutoEstimator()),
    "clusterability": ClusterabilityEstimator(),
}


@dataclass(frozen=True, eq=False)
class Transition:
    """T and how it is known: given, estimated or, with neither, a mere identity.

    `pooled` are the codes of the classes whose row rests on too few samples.
    """

    matrix: np.ndarray
    standard_error: np.ndarray
    estimator: object = None
    is_known: bool = False
    pooled: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @classmethod
    def known(cls, matrix):
        return cls(matrix, np.zeros_like(matrix), is_known=True)

    @classmethod
    def identity(cls, n_classes):
        return cls(np.eye(n_classes), np.zeros((n_classes, n_classes)))

    @property
    def is_identity(self):
        return np.array_equal(self.matrix, np.eye(len(self.matrix)))


def known_transition(transition, loss, classes):
    """Return T where it need not be estimated, otherwise None."""
    n_classes = len(classes)
    if not needs_transition(loss):
        if not has_transition(loss):
            return Transition.identity(n_classes)
        T = own_transition(loss, classes)
    elif isinstance(transition, FrozenEstimator):
        check_is_fitted(transition.estimator, "transition_matrix_")
        T = transition.estimator.transition_matrix_
        return Transition.known(check_transition_matrix(T, n_classes))
    elif isinstance(transition, str) or hasattr(transition, "fit"):
        return None
    elif isinstance(transition, Real):
        T = even_flips(transition, n_classes)
    else:
        T = check_transition_matrix(transition, n_classes, classes)
    warn_of_dominated_rows(T, classes)
    return Transition.known(T)


def even_flips(noise_rate, n_classes):
    """Return the T of a share of wrong labels that is below that of chance."""
    by_chance = (n_classes - 1) / n_classes
    # A single class has no other one that its labels could be flipped to.
    if n_classes > 1 and noise_rate > by_chance - TIE:
        raise ValueError(
            f"transition as a share of wrong labels must be below {by_chance:.3g} with "
            f"{n_classes} classes, as labels drawn by chance are wrong that often; got "
            f"{noise_rate:.3g}. Pass T as a matrix if the labels do name other classes."
        )
    return uniform_flips(n_classes, noise_rate)


def warn_of_dominated_rows(transition_matrix, classes):
    """Warn of classes that a given T calls more often by the name of another one."""
    T = transition_matrix
    dominated = np.flatnonzero(T.diagonal() < T.max(axis=1) - TIE)
    if len(dominated):
        names = [shorten(name) for name in classes.tolist()]
        named = enumerate_names(
            f"{names[i]} ({T[i, i]:.0%} right, {T[i, j]:.0%} labelled {names[j]})"
            for i, j in zip(dominated, T[dominated].argmax(axis=1))
        )
        warn_caller(
            "by the given transition these classes are more often labelled as another "
            f"class than as themselves: {named}. Expected T[i, j] = P(noisy = j | clean "
            "= i), rows and columns in the order of classes_. Check the order, and "
            "whether T is transposed; if T is right, ignore this.",
            DominatedClassWarning,
        )


def new_estimator(transition):
    """Make the estimator of T that the parameter `transition` names or is."""
    if isinstance(transition, str):
        transition = TRANSITION_ESTIMATORS[transition]
    if isinstance(transition, type):
        raise TypeError(
            "transition must be an instance of an estimator of T; got the class "
            f"{transition.__name__}. Add brackets: {transition.__name__}()."
        )
    return clone(transition)


def standard_error_of(estimator, n_classes):
    """Return the standard error of an estimate of T, 0 where it is not known."""
    unknown = np.zeros((n_classes, n_classes))
    return np.nan_to_num(getattr(estimator, "standard_error_", unknown))


def can_draw(estimator):
    """Return whether an estimator of T is fitted and knows its standard error."""
    error = getattr(estimator, "standard_error_", np.nan)
    return hasattr(estimator, "draw") and np.isfinite(error).all()


def feature_space(estimator):
    """Return which features an estimator of T needs: "input", "hidden" or None."""
    # Deep parameters: the estimator may be wrapped, as by TrustedEstimator.
    for name, value in estimator.get_params().items():
        if name.split("__")[-1] == "space":
            return value
    return None


def estimate_transition(transition, first_pass, data, seed):
    """Estimate T from the held-out samples; the identity where there are none."""
    if first_pass is None:
        return Transition.identity(data.n_classes)
    estimator = fit_estimator(new_estimator(transition), first_pass, data, seed)
    T = estimator.transition_matrix_
    error = standard_error_of(estimator, data.n_classes)
    settled = np.isin(np.arange(data.n_classes), data.y[data.trusted])
    absent = ~np.isin(np.arange(data.n_classes), data.y[data.rows])
    T = np.where(absent[:, np.newaxis], np.eye(data.n_classes), T)
    mass = judged_mass(first_pass, data)
    of_samples = error
    if isinstance(estimator, AgreementEstimator):  # whose error is also that of a model
        of_samples = multinomial_standard_error(mass[:, np.newaxis] * T)
    T, pooled = replace_rare_rows(T, of_samples, mass, settled | absent)
    # A pooled row is no evidence that its class is mistaken for another one.
    warn_of_swaps(T, data.classes, settled | np.isin(np.arange(len(T)), pooled))
    # Chance alone can claim that another class leads, unless trusted samples say so.
    T = np.where(settled[:, np.newaxis], T, shrink_dominated_rows(T, error))
    return Transition(T, error, estimator, pooled=pooled)


def judged_mass(first_pass, data):
    """Return the weight of each noisy label in the samples that T is estimated from."""
    rows = data.untrusted_rows
    rows = rows[first_pass.is_held_out[rows]]
    return np.bincount(data.y[rows], data.sample_weight[rows], minlength=data.n_classes)


def fit_estimator(estimator, first_pass, data, seed):
    """Fit an estimator of T to the samples that were held out."""
    set_random_states(estimator, seed)
    held_out = first_pass.is_held_out
    known = {}
    if data.trusted.any():
        known["trusted"] = data.trusted
    if first_pass.features is not None:
        known |= {"features": first_pass.features, "folds": first_pass.folds}
    elif feature_space(estimator):
        known["features"] = as_features(data.X)
    return fit_to_occurring(
        estimator,
        first_pass.y_proba[held_out],
        data.y[held_out],
        data.sample_weight[held_out],
        np.unique(data.y[data.rows]),
        **{name: array[held_out] for name, array in known.items()},
    )


def fit_to_occurring(estimator, y_proba, y, sample_weight, occurring, **known):
    """Fit an estimator of T to the classes that occur; the others get no noise."""
    n_classes = y_proba.shape[1]
    has_all = len(occurring) == n_classes
    if not has_all:
        y_proba, y = keep_columns(y_proba, occurring), np.searchsorted(occurring, y)
    fit_codes(estimator, y_proba, y, sample_weight, **known)
    if isinstance(estimator, AutoEstimator):
        estimator = estimator.estimator_
    if not has_all:
        add_absent_classes(estimator, occurring, n_classes)
    return estimator


def keep_columns(y_proba, columns):
    """Return the probabilities of some classes, given that one of them is right."""
    kept = y_proba[:, columns]
    mass = kept.sum(axis=1, keepdims=True)
    return np.divide(kept, mass, out=np.full_like(kept, 1 / len(columns)), where=mass > 0)


def warn_of_swaps(transition_matrix, classes, settled):
    """Warn of pairs of classes that flip into each other so often that names may swap."""
    T, pairs = transition_matrix, swappable_pairs(transition_matrix)
    pairs = pairs[~settled[pairs].any(axis=1)]
    if len(pairs):
        names = [*map(shorten, classes)]
        named = enumerate_names(
            f"{names[i]} ↔ {names[j]} ({T[i, j]:.0%} and {T[j, i]:.0%})" for i, j in pairs
        )
        warn_caller(
            f"these classes flip into each other so often that their names could be "
            f"swapped: {named}. Nothing in noisy labels tells the two apart; mark a few "
            "samples of each as trusted, or pass a known transition.",
            SwappableClassesWarning,
        )
