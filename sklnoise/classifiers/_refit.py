"""The refit: one training with the corrected loss, or the few that a correction takes."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import clone
from torch import nn
from torch.nn.functional import cross_entropy

from sklnoise.classifiers._class_weight import resolve_class_weight
from sklnoise.classifiers._correction import (
    as_loss,
    bind_loss,
    delay_memory,
    needs_features,
    transition_of,
)
from sklnoise.classifiers._em import SoftLabelLoss, alternate
from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss
from sklnoise.losses._base import at_least_single_precision
from sklnoise.training import (
    CleanCrossEntropy,
    clean_loss_of,
    hidden_features,
    mean_transition,
    snapshot,
    weights_of,
)


class Refit(NamedTuple):
    """What the refit gives: the net, its loss without a criterion's wrapping, and T."""

    net: object
    loss: nn.Module
    transition_matrix: np.ndarray


def refit(trainer, correction, transition, data, **how):
    """Fit the net to all samples with the corrected loss, as `refit_seeds` does."""
    seeds = [trainer.seed]
    (only,) = refit_seeds(trainer, seeds, correction, transition, data, **how)
    return only


def refit_seeds(
    trainer,
    seeds,
    correction,
    transition,
    data,
    *,
    warm_up,
    start_from=None,
    delay_steps=None,
    report,
):
    """Fit one net per seed to all samples, together where the loss has no parameters."""
    loss = as_loss("forward" if correction == "em" else correction)
    if delay_steps:
        loss = delay_memory(loss, delay_steps)
    if correction == "em" or needs_features(loss):
        return [
            refit_in_turns(
                trainer.replace(seed=seed),
                correction,
                transition,
                data,
                plan_refit(trainer, correction, transition, data, warm_up, start_from),
                report,
            )
            for seed in seeds
        ]
    plan = plan_refit(trainer, correction, transition, data, warm_up, start_from)
    loss = bind_loss(loss, transition, clean_loss_for(trainer, data))
    if not needs_warm_up(loss):
        plan.start["warm_up"] = 0.0
    nets = trainer.fit_seeds(data.rows, plan.wrap(loss), seeds, **plan.start)
    return [outcome_of(net, transition.matrix, data) for net in nets]


def refit_in_turns(trainer, correction, transition, data, plan, report):
    """Fit a net with a correction that takes several trainings."""
    T, wrap, start = transition.matrix, plan.wrap, plan.start
    if correction == "em":
        net = trainer.fit(data.rows, wrap(ForwardLoss(T, reduction="none")), **start)
        class_weight = clean_loss_for(trainer, data).weight
        net, T = alternate(trainer, net, T, data, report, class_weight)
        return Refit(net, ForwardLoss(T, reduction="none"), T)
    report("simple layer, from which the complex one starts")
    # From random features the complex layer would learn a T at random.
    simple = SimpleAdaptationLoss(T, reduction="none")
    first = outcome_of(trainer.fit(data.rows, wrap(simple), **start), T, data)
    n_features = hidden_features(first.net, data.X, data.rows[:1]).shape[1]
    loss = bind_loss(
        partial(as_loss(correction), n_features=n_features),
        replace(transition, matrix=first.transition_matrix),
        clean_loss_for(trainer, data),
    )
    start |= {"start_from": weights_of(first.net), "warm_up": 0.0}
    net = trainer.fit(data.rows, wrap(loss), **start)
    return outcome_of(net, first.transition_matrix, data)


class RefitPlan(NamedTuple):
    """What all trainings of a refit share."""

    wrap: object  # makes the loss of a training from that of the noisy labels
    start: dict  # how a training begins


def plan_refit(trainer, correction, transition, data, warm_up, start_from):
    """Set up the losses, the labels and the start of a refit."""
    if data.of_answers is not None:  # they say whom to trust, and more than a label
        start = {"data": data.labelled, "start_from": start_from, "warm_up": 0.0}
        return RefitPlan(lambda loss: loss, start)
    clean_loss = clean_loss_for(trainer, data)
    # EM starts from a posterior: only its rounds weight the classes.
    first_loss = CleanCrossEntropy(reduction="none") if correction == "em" else clean_loss

    def wrap(loss):
        return TrustedSamplesLoss(loss, first_loss) if data.trusted.any() else loss

    labelled = data.labelled
    if data.trusted.any():
        labelled = labelled._replace(extra=data.trusted)
    # Without trusted samples or a known T, a class can only be identified with its most
    # frequent noisy label: the warm-up then takes the labels as they are.
    names_are_known = transition.is_known or data.trusted.any()
    T = transition.matrix if names_are_known else np.eye(len(transition.matrix))
    start = {
        "data": labelled,
        "start_from": start_from,
        "warm_up": warm_up if start_from is None else 0.0,
        "warm_up_loss": wrap(LikelyLabelsLoss(T, first_loss.weight)),
    }
    return RefitPlan(wrap, start)


def needs_warm_up(loss):
    """Return whether a loss has a T, which could lose classes from random weights."""
    return getattr(loss, "transition_matrix", None) is not None


def clean_loss_for(trainer, data):
    """Return the cross-entropy of a clean label that the net of a fit asks for."""
    weight = data.sample_weight[data.rows]
    return clean_loss_of(trainer.net, data.y[data.rows], weight, data.n_classes)


def fine_tune(trainer, fitted, loss, data, n_epochs):
    """Train a fitted net on with cross-entropy on the trusted samples alone."""
    # Trusted samples are few: none is held out for early stopping.
    # No sample is held out, so that callbacks would miss the loss that they monitor.
    callbacks = "disable" if trainer.net.callbacks == "disable" else None
    net = clone(trainer.net).set_params(
        max_epochs=n_epochs, train_split=None, callbacks=callbacks
    )
    if data.of_answers is not None:
        loss = nn.CrossEntropyLoss(reduction="none")
    all_trusted = np.ones(len(data.y), dtype=bool)
    return trainer.replace(net=net, fit_params=None).fit(
        np.flatnonzero(data.trusted),
        TrustedSamplesLoss(deepcopy(loss), clean_loss_for(trainer, data)),
        data=data.labelled._replace(extra=all_trusted),
        start_from=weights_of(fitted),
    )


def takes_one_training(correction):
    """Return whether a correction takes no more than one training."""
    is_em = isinstance(correction, str) and correction == "em"
    return not is_em and not needs_features(as_loss(correction))


def outcome_of(net, transition_matrix, data):
    """Read the loss and T off a fitted net."""
    loss, T = correction_of(net), transition_matrix
    if getattr(loss, "wants_features", False):
        weight = data.sample_weight[data.rows]
        T = mean_transition(net, loss, data.X, data.rows, weight)
    elif next(loss.parameters(), None) is not None:  # else T keeps all its digits
        T = transition_of(loss, len(T))
    return Refit(net, deepcopy(loss).cpu(), T)


def attributes_in_training(net, *, transition_matrix, class_weight, data):
    """Return the fitted attributes as if the refit ended after this epoch."""
    attributes = network_in_training(net)
    net = attributes["estimator_"]
    loss = correction_of(net)
    if isinstance(loss, SoftLabelLoss):
        T, loss = loss.transition_matrix, ForwardLoss(loss.transition_matrix)
    else:
        _, loss, T = outcome_of(net, transition_matrix, data)
    return {
        **attributes,
        "correction_": loss,
        "transition_matrix_": np.array(T),
        "class_weight_": resolve_class_weight(class_weight, T, data),
        "history_": net.history,
        "n_iter_": len(net.history),
    }


def network_in_training(net):
    """Return the fitted attributes that hold the network as it is after this epoch."""
    net = snapshot(net)
    return {"estimator_": net, "estimators_": [net]}


def correction_of(net):
    """Return the loss of the samples that are not trusted."""
    loss = net.criterion_.loss
    return loss.loss if isinstance(loss, TrustedSamplesLoss) else loss


class TrustedSamplesLoss(nn.Module):
    """Cross-entropy on trusted samples, another loss on the rest."""

    def __init__(self, loss, clean_loss):
        super().__init__()
        self.loss = loss
        self.clean_loss = deepcopy(clean_loss)
        for need in ("wants_features", "wants_normalized_logits", "wants_index"):
            setattr(self, need, getattr(loss, need, False))

    def forward(self, y_pred, target, trusted, *index):
        """Compute the loss of each sample."""
        logits = y_pred[0] if self.wants_features else y_pred
        clean = self.clean_loss(logits, target)
        return torch.where(trusted, clean, self.loss(y_pred, target, *index))


class LikelyLabelsLoss(nn.Module):
    """Cross-entropy with the clean labels that a noisy label makes likely."""

    reduction = "none"

    def __init__(self, transition_matrix, class_weight=None):
        super().__init__()
        T = transition_matrix
        # A label that no other class gives more often than its own stays as it is.
        itself = T.diagonal() >= T.max(axis=0)
        mass = np.where(itself, 1, T.sum(axis=0))
        labels = np.where(itself[:, np.newaxis], np.eye(len(T)), (T / mass).T)
        labels = torch.from_numpy(labels)
        self.register_buffer(
            "labels", labels if class_weight is None else labels * class_weight
        )

    def forward(self, logits, target):
        """Compute `-Σ_i c_i log p_i`, with c the row of the noisy label."""
        logits = at_least_single_precision(logits)
        labels = self.labels.index_select(0, target).to(logits)
        return cross_entropy(logits, labels, reduction=self.reduction)
