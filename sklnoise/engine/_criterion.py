"""The criterion that skorch sees: weights, warm-up and probabilities around a loss."""

from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import nn


class WeightedCriterion(nn.Module):
    """Weighted mean of a loss, after a warm-up with another one."""

    def __init__(
        self,
        loss,
        *,
        warm_up_loss=None,
        warm_up_steps=0,
        from_probabilities=False,
        hidden=None,
        weighted=True,
    ):
        super().__init__()
        self.loss = deepcopy(loss)
        self.warm_up_loss = warm_up_loss or nn.CrossEntropyLoss(reduction="none")
        self.warm_up_steps = warm_up_steps
        self.from_probabilities = from_probabilities
        self.hidden = hidden
        self.weighted = weighted
        self.means = None
        self.step = 0

    def forward(self, y_pred, target):
        """Compute `sum(w * loss) / n_rows`."""
        logits = first_output(y_pred)
        if self.from_probabilities:
            logits = logits.clamp(min=torch.finfo(logits.dtype).tiny).log()
        target = target if isinstance(target, tuple | list) else (target, 1)
        codes, sample_weight, *extra = target
        if self.training and self.step < self.warm_up_steps:
            losses = self.warm_up_loss(logits, codes, *extra)
        elif self.means:
            losses = self.means(logits, codes.long(), *extra)
        elif getattr(self.loss, "wants_features", False):
            losses = self.loss((logits, self.hidden.of(y_pred)), codes, *extra)
        else:
            losses = self.loss(logits, codes, *extra)
        self.step += self.training
        if self.means:
            return losses
        if self.weighted:
            losses = sample_weight * losses
        return losses.mean()

    @contextmanager
    def mean_inside(self):
        """Let losses of equal weight take their mean themselves, which is quicker."""
        parts = self.loss, self.warm_up_loss
        if self.weighted or not all(map(means_itself, parts)):
            yield
            return
        for part in parts:
            part.reduction = "mean"
        without_checks = getattr(self.loss, "without_checks", None)
        self.means = without_checks() if without_checks else self.loss.__call__
        try:
            yield
        finally:
            for part in parts:
                part.reduction = "none"
            self.means = None

    def __getstate__(self):
        return vars(self) | {"means": self.means is not None}

    def __setstate__(self, state):
        super().__setstate__(state | {"means": None})
        for part in (self.loss, self.warm_up_loss) if state["means"] else ():
            part.reduction = "none"  # a callback has kept it in the middle of a training


def means_itself(loss):
    """Tell whether a loss has a mean over the rows that is just that."""
    if type(loss) is nn.CrossEntropyLoss:
        plain = loss.weight is None and loss.ignore_index < 0
    else:
        ours = type(loss).__module__.startswith("sklnoise.")
        plain = ours and not getattr(loss, "wants_features", False)
    return plain and getattr(loss, "reduction", None) == "none"


def first_output(y_pred):
    """Return the logits of a module that gives more than logits."""
    return y_pred[0] if isinstance(y_pred, tuple) else y_pred
