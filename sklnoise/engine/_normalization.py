"""Batch normalisation of the logits, for losses that have no bound without it."""

import torch
from skorch.callbacks import Callback
from torch import nn

from sklnoise.engine._criterion import first_output

SLOWEST_UPDATE = 0.1


class NormalizedLogits(nn.Module):
    """A module with a batch normalisation of its logits, kept at prediction."""

    def __init__(self, module, n_classes, *, from_probabilities=False):
        super().__init__()
        self.module = module
        self.from_probabilities = from_probabilities
        self.sample_weight = None
        self.register_buffer("running_mean", torch.zeros(n_classes))
        self.register_buffer("running_var", torch.ones(n_classes))
        self.register_buffer("n_batches", torch.zeros(()))

    def forward(self, *args, **kwargs):
        """Apply the module and normalise its logits."""
        logits = first_output(self.module(*args, **kwargs))
        if self.from_probabilities:
            logits = logits.clamp(min=torch.finfo(logits.dtype).tiny).log()
        mean, var = self.running_mean, self.running_var
        logits = logits.to(mean.dtype)  # mixed precision gives less
        if self.training and len(logits) > 1:
            mean, var = self.moments(logits)
            self.update(mean.detach(), var.detach())
        return (logits - mean) * (var + 1e-5).rsqrt()

    def moments(self, logits):
        """Compute the weighted mean and variance of each logit over a batch."""
        weight = self.sample_weight
        if weight is None:
            weight = logits.new_ones(len(logits))
        share = (weight / weight.sum()).to(logits)[:, None]
        mean = (share * logits).sum(dim=0)
        return mean, (share * (logits - mean) ** 2).sum(dim=0)

    def update(self, mean, var):
        """Move the running moments, at first quickly, towards those of a batch."""
        self.n_batches += 1
        step = (1 / self.n_batches).clamp(min=SLOWEST_UPDATE)
        self.running_mean.lerp_(mean, step)
        self.running_var.lerp_(var, step)


class TellWeights(Callback):
    """Tell a `NormalizedLogits` the weights of each training batch."""

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        """Look at the targets, of which the weights are the second."""
        if training:  # a user's own validation data have no weights
            net.module_.sample_weight = batch[1][1].to(net.device)

    def on_train_end(self, net, **kwargs):
        """Forget the last batch."""
        net.module_.sample_weight = None
