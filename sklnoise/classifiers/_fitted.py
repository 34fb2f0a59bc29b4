"""What the displays and the report read of a fitted classifier."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklnoise._containers import innermost, is_search
from sklnoise._text import shorten
from sklnoise._transition_matrix import is_identity
from sklnoise.classifiers._confident_learning import ConfidentLearningClassifier
from sklnoise.classifiers._noise_robust import NoiseRobustClassifier

# The classifiers that know the noise and judge the labels of their own samples.
JUDGES = NoiseRobustClassifier, ConfidentLearningClassifier


def fitted_classifier(estimator, kinds=JUDGES, remedy=""):
    """Return the fitted classifier that a pipeline or a search ends in.

    `remedy` tells what to do with another classifier of this package.
    """
    classifier = innermost(estimator)
    if isinstance(classifier, kinds):
        check_is_fitted(classifier)
        return classifier
    if isinstance(classifier, JUDGES):
        check_is_fitted(classifier)
        raise TypeError(f"{type(classifier).__name__} {remedy}")
    if is_search(classifier):
        check_is_fitted(classifier)
        raise TypeError(
            f"estimator must keep the classifier that it fitted; got {classifier!r}, "
            "which has no best_estimator_. Let the search refit the best one: refit=True."
        )
    raise TypeError(
        f"estimator must be a fitted {' or '.join(kind.__name__ for kind in kinds)}, or "
        f"a Pipeline or search that ends in one; got {estimator!r}"
        + ("." if classifier is estimator else f", which ends in {classifier!r}.")
        + " Pass the estimator that was fitted, not its class, labels or probabilities."
    )


def known_errors(classifier):
    """Return the standard errors of T, NaN in rows that are not those of its estimate."""
    estimator = getattr(classifier, "transition_estimator_", None)
    error = getattr(estimator, "standard_error_", None)
    if error is None:
        return None
    T, estimate = classifier.transition_matrix_, estimator.transition_matrix_
    same = np.isclose(T, estimate, rtol=0, atol=1e-6).all(axis=1)
    return np.where(same[:, np.newaxis], error, np.nan) if same.any() else None


def transition_of_noise(classifier):
    """Return T as it was found, which the refit need not have corrected by."""
    T, estimator = classifier.transition_matrix_, classifier.transition_estimator_
    if estimator is not None and is_identity(T):
        return estimator.transition_matrix_
    return T


def epoch_losses(history):
    """Return the losses of a training by name, or None if it has kept none."""
    names = "train_loss", "valid_loss"
    try:
        losses = {
            name: np.array([epoch.get(name, np.nan) for epoch in history], dtype=float)
            for name in names
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            "a history must list epochs as dicts whose train_loss and valid_loss are "
            "numbers, such as the history_ of a fitted classifier; got "
            f"{shorten(repr(history))}."
        ) from error
    if np.isnan(losses["train_loss"]).all():
        return None
    return {name: values for name, values in losses.items() if np.isfinite(values).any()}


def mean_losses(folds):
    """Average the losses that all folds have, up to the epoch where the first ends."""
    names = [name for name in folds[0] if all(name in losses for losses in folds)]
    n_epochs = min(len(losses["train_loss"]) for losses in folds)
    return {
        name: np.mean([losses[name][:n_epochs] for losses in folds], axis=0)
        for name in names
    }


def kept_epoch(classifier):
    """Return the epoch, from 1, whose weights the refit has kept; None for its last."""
    net = classifier.estimator_
    if net.history is not classifier.history_:
        # Fine-tuned on trusted samples: the net is not that of the history.
        return None
    for _, callback in net.callbacks_:
        # KeepBest has no load_best and always goes back; skorch's EarlyStopping may not.
        if getattr(callback, "load_best", True):
            kept = getattr(callback, "best_epoch_", None)
            if kept is not None and 1 <= kept <= len(classifier.history_):
                return int(kept)
    return None
