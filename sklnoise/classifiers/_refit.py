"""The refit: one training with a corrected loss, or the few that a correction takes."""

from copy import deepcopy
from functools import partial

import numpy as np
from sklearn.base import clone

from sklnoise.classifiers._correction import (
    as_loss,
    bind_loss,
    chosen_params,
    loss_class,
    transition_of,
)
from sklnoise.classifiers._em import SoftLabelLoss, refit_em
from sklnoise.classifiers._trusted import TrustedRowsLoss, correction_of
from sklnoise.classifiers._warm_up import LikelyLabelsLoss
from sklnoise.engine import hidden_features, mean_transition, snapshot, weights_of
from sklnoise.losses import ComplexAdaptationLoss, ForwardLoss, SimpleAdaptationLoss


def refit(
    train, correction, transition_matrix, data, rows, trusted, *, estimated, report
):
    """Fit the net to all rows with the corrected loss."""
    plain = data
    # Noisy labels alone name a class by the label that most of its rows have.
    named = trusted.any() or not estimated
    likely = transition_matrix if named else np.eye(len(transition_matrix))
    warm_up_loss = LikelyLabelsLoss(likely)
    if trusted.any():
        data = data._replace(extra=trusted)
        warm_up_loss = TrustedRowsLoss(warm_up_loss)
    train = partial(train, warm_up_loss=warm_up_loss)
    resume = partial(train, warm_up=0.0)
    if correction == "em":
        loss = ForwardLoss(transition_matrix, reduction="none")
        start, _, T = train_with(train, loss, data, rows, transition_matrix)
        net, T = refit_em(resume, start, plain, rows, trusted, T, report)
        return net, ForwardLoss(T, reduction="none"), T
    loss = as_loss(correction)
    if needs_features(loss):
        report("simple layer, from which the complex one starts")
        simple = SimpleAdaptationLoss(transition_matrix, reduction="none")
        start, _, transition_matrix = train_with(
            train, simple, data, rows, transition_matrix
        )
        n_features = hidden_features(start, data.X, rows[:1]).shape[1]
        loss = partial(loss, n_features=n_features)
        train = partial(resume, start_from=weights_of(start))
    loss = bind_loss(loss, transition_matrix, estimated=estimated)
    if not hasattr(loss, "transition_matrix"):
        train = partial(train, warm_up=0.0)
    return train_with(train, loss, data, rows, transition_matrix)


def count_trainings(correction):
    """Count the trainings that a correction takes."""
    if isinstance(correction, str) and correction == "em":
        return None
    return 2 if needs_features(as_loss(correction)) else 1


def needs_features(loss):
    """Tell whether a loss waits to be told the number of hidden features."""
    made_by = loss_class(loss)
    if made_by is None or "n_features" in chosen_params(loss):
        return False
    return issubclass(made_by, ComplexAdaptationLoss)


def train_with(train, loss, data, rows, transition_matrix):
    """Train once and tell what the loss has become."""
    net = train(loss=loss if data.extra is None else TrustedRowsLoss(loss), data=data)
    return net, *outcome_of(net, data, rows, transition_matrix)


def outcome_of(net, data, rows, transition_matrix):
    """Tell what the loss of a net has become."""
    trained = correction_of(net.criterion_.loss)
    T = transition_matrix
    if hasattr(trained, "transition_matrices"):
        T = mean_transition(net, trained, data.X, rows, data.sample_weight[rows])
    elif next(trained.parameters(), None) is not None:
        T = transition_of(trained, len(T))
    return deepcopy(trained).cpu(), T


def attributes_in_training(net, data, rows, transition_matrix):
    """Tell what would be fitted, were the refit over with the epoch that it is in."""
    net = snapshot(net)
    loss = correction_of(net.criterion_.loss)
    if isinstance(loss, SoftLabelLoss):
        T, loss = loss.transition_matrix, ForwardLoss(loss.transition_matrix)
    else:
        loss, T = outcome_of(net, data, rows, transition_matrix)
    return {
        "estimator_": net,
        "correction_": loss,
        "transition_matrix_": np.array(T),
        "history_": net.history,
        "n_iter_": len(net.history),
    }


def fine_tune(train, net, fitted, loss, data, rows, n_epochs):
    """Train a fitted net on with cross-entropy on rows that are trusted."""
    return train(
        net=clone(net).set_params(max_epochs=n_epochs, train_split=None),
        loss=TrustedRowsLoss(deepcopy(loss)),
        data=data._replace(extra=np.ones(len(data.y), dtype=bool)),
        rows=rows,
        start_from=weights_of(fitted),
        warm_up=0.0,
    )
