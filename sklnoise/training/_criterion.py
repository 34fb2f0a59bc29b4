"""The criterion that skorch sees: weights, warm-up and probabilities around a loss."""

from collections.abc import Mapping
from copy import copy, deepcopy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from sklnoise.losses import SimpleAdaptationLoss
from sklnoise.losses._base import NoisyLabelLoss
from sklnoise.losses._early_learning import EarlyLearningLoss

MIN_UPDATE = 0.1  # of the running moments, once they have been averaged over 10 batches


class WeightedCriterion(nn.Module):
    """Weighted mean of a loss, after a warm-up with another one.

    A memory of the samples is used after `memory_delay` steps, unless the loss says when.

    The training loop calls `count_step` after each step of the optimizer.

    Forward correction from random weights can lose whole classes for good; a short
    start with cross-entropy prevents it.

    In evaluation mode a loss with a memory of its samples is the share of labels that
    are not predicted: the likelihood would end the training too early.

    Besides its parameters it has `from_probabilities` (whether the net gives
    probabilities, whose logarithms then replace the logits), `hidden` (HiddenFeatures,
    for a loss that wants them) and `normalization` (LogitNormalization, for a loss that
    wants normalised logits), which are set once the net is known.
    """

    def __init__(
        self,
        loss,
        *,
        warm_up_loss=None,
        warm_up_steps=0,
        memory_delay=0,
        weighted=True,
    ):
        super().__init__()
        self.loss = deepcopy(loss)  # its parameters may be trained
        self.warm_up_loss = warm_up_loss or nn.CrossEntropyLoss(reduction="none")
        self.warm_up_steps = warm_up_steps
        self.weighted = weighted
        self.mean_loss = None if weighted else mean_reduced(self.loss)
        self.from_probabilities = False
        self.hidden = self.normalization = None
        self.step = 0
        # A flag: torch.compile would compile each value of the counter anew.
        self.in_warm_up = warm_up_steps > 0
        parts = list(self.loss.modules())
        self.with_memory = [
            part
            for part in parts
            if isinstance(part, EarlyLearningLoss) and part.regularization
        ]
        self.frozen_layers = [
            layer
            for layer in parts
            if isinstance(layer, SimpleAdaptationLoss) and layer.frozen_steps
        ]
        for part in (*self.frozen_layers, *self.with_memory):
            part.counts_calls = False
        for part in self.with_memory:
            if part.delay_steps is None:
                part.delay_steps = memory_delay
                part.forget()

    def __getstate__(self):
        return super().__getstate__() | {"mean_loss": None}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.mean_loss = None if self.weighted else mean_reduced(self.loss)

    def count_step(self):
        """Count a step of the optimizer, which may take several evaluations."""
        self.step += 1
        for loss in self.with_memory:
            loss._count_step()
        if not self.in_warm_up:
            for layer in self.frozen_layers:
                layer._count_step()
        self.in_warm_up = self.step < self.warm_up_steps

    def forget(self, n_samples=None, n_of_each=None):
        """Empty the memories of samples, for a training on `n_samples`."""
        for loss in self.with_memory:
            loss.forget(n_samples, n_of_each=n_of_each)

    def forward(self, y_pred, target):
        """Compute `sum(w * loss) / n_samples`; codes alone have weight 1."""
        if not isinstance(target, tuple | list):
            return self.sample_losses(y_pred, target, None).mean()
        codes, sample_weight, *extra = target
        in_warm_up = self.training and self.in_warm_up
        is_plain = self.normalization is None and not self.from_probabilities
        if self.mean_loss is not None and is_plain and not in_warm_up and not extra:
            return self.mean_loss(first_output(y_pred), codes)
        losses = self.sample_losses(y_pred, codes, sample_weight, *extra)
        return (losses * sample_weight if self.weighted else losses).mean()

    def sample_losses(self, y_pred, codes, sample_weight, *extra):
        """Compute the loss of each sample."""
        logits = first_output(y_pred)
        if self.from_probabilities:
            logits = logits.clamp(min=torch.finfo(logits.dtype).tiny).log()
        if self.training and self.normalization is not None:
            logits = self.normalization.over_batch(logits, sample_weight)
        if not self.training and self.with_memory:
            return (logits.argmax(dim=1) != codes).to(logits.dtype)
        if self.training and self.in_warm_up:
            if getattr(self.loss, "wants_index", False):
                extra = extra[:-1]
            return self.warm_up_loss(logits, codes, *extra)
        if getattr(self.loss, "wants_index", False):
            extra = *extra, sample_weight
        if getattr(self.loss, "wants_features", False):
            logits = logits, self.hidden.of(y_pred)
        return self.loss(logits, codes, *extra)


def mean_reduced(loss):
    """Return what computes the mean loss of a batch at once, or None.

    Small steps are a fifth faster: the labels have been checked before, and one kernel
    does the work of two. Losses with parameters keep to their own object.
    """
    if type(loss) is nn.CrossEntropyLoss:
        is_plain = loss.weight is None and loss.ignore_index < 0
        return cross_entropy if is_plain and not loss.label_smoothing else None
    is_ours = getattr(type(loss), "forward", None) is NoisyLabelLoss.forward
    if not is_ours or next(loss.parameters(), None) is not None:
        return None
    reduced = copy(loss)  # shallow: `.to()` moves the buffers of both
    reduced.reduction = "mean"
    return reduced._unchecked


class NormalizedLogits(nn.Module):
    """A module whose logits are normalised when it predicts.

    In training it leaves them to the criterion, which knows the weights of the samples
    and normalises them over the batch.
    """

    def __init__(self, module, normalization, *, from_probabilities=False):
        super().__init__()
        self.module = module
        self.normalization = normalization
        self.from_probabilities = from_probabilities

    def forward(self, *args, **kwargs):
        """Apply the module and, in evaluation mode, the running moments."""
        logits = first_output(self.module(*args, **kwargs))
        if self.from_probabilities:
            logits = logits.clamp(min=torch.finfo(logits.dtype).tiny).log()
        return logits if self.training else self.normalization(logits)


class LogitNormalization(nn.Module):
    """Batch normalisation of logits, for losses that have no bound without it.

    Unlike `torch.nn.BatchNorm1d` it has no scale of its own, which a loss without bound
    would blow up, counts weights as frequencies, and takes a batch of one sample.
    """

    def __init__(self, n_classes):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(n_classes))
        self.register_buffer("running_var", torch.ones(n_classes))
        self.register_buffer("n_batches", torch.zeros(()))

    def forward(self, logits):
        """Normalise by the running moments."""
        return scaled(logits, self.running_mean, self.running_var)

    def over_batch(self, logits, sample_weight=None):
        """Normalise by the weighted moments of a batch, and update the running ones."""
        if len(logits) == 1:
            return self(logits)
        logits = logits.to(self.running_mean.dtype)  # mixed precision gives less
        weight = logits.new_ones(len(logits)) if sample_weight is None else sample_weight
        share = (weight / weight.sum()).to(logits)[:, None]
        mean = (share * logits).sum(dim=0)
        var = (share * (logits - mean) ** 2).sum(dim=0)
        self.n_batches += 1
        step = (1 / self.n_batches).clamp(min=MIN_UPDATE)
        self.running_mean.lerp_(mean.detach(), step)
        self.running_var.lerp_(var.detach(), step)
        return scaled(logits, mean, var)


def scaled(logits, mean, var):
    """Scale logits to mean 0 and variance 1."""
    return (logits.to(mean.dtype) - mean) * (var + 1e-5).rsqrt()


def first_output(y_pred):
    """Return the logits of a module that may give more than logits."""
    if isinstance(y_pred, Mapping) and "logits" in y_pred:  # as those of transformers
        return y_pred["logits"]
    return y_pred[0] if isinstance(y_pred, tuple) else y_pred
