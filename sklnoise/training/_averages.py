"""The running mean of the weights of a net over its latest training steps."""

import torch

# The mean goes over about the last ninth of the steps, whatever their number.
HORIZON = 8


class WeightAverage:
    """The mean of the latest weights, which replaces them between the epochs.

    It takes the place of a falling learning rate: the net is ready after each epoch, so
    that the number of epochs can be chosen by its held-out loss.
    """

    def __init__(self, parameters):
        self.parameters = list(parameters)
        self.means = [parameter.detach().clone() for parameter in self.parameters]
        self.latest = None
        self.n_steps = 0

    @torch.no_grad()
    def begin_epoch(self):
        """Bring the latest weights back."""
        if self.latest is not None:
            self._set(self.latest)

    @torch.no_grad()
    def count_step(self):
        """Move the mean towards the weights after a step."""
        self.n_steps += 1
        share = HORIZON / (self.n_steps + HORIZON)
        for mean, parameter in zip(self.means, self.parameters, strict=True):
            mean.lerp_(parameter.detach(), share)

    @torch.no_grad()
    def end_epoch(self):
        """Put the mean in the place of the latest weights."""
        self.latest = [parameter.detach().clone() for parameter in self.parameters]
        self._set(self.means)

    def keep(self, kept):
        """Drop the nets of a stack that are not kept."""
        self.means = [mean[kept] for mean in self.means]
        if self.latest is not None:
            self.latest = [weights[kept] for weights in self.latest]

    def _set(self, values):
        for parameter, value in zip(self.parameters, values, strict=True):
            parameter.copy_(value)


class NoAverage:
    """The weights as they are."""

    def begin_epoch(self):
        """Do nothing."""

    count_step = end_epoch = begin_epoch

    def keep(self, kept):
        """Do nothing."""


def average_of(net, parameters):
    """Return the average of the weights of a net, where it asks for one."""
    wanted = getattr(net, "averages_weights", None)
    return WeightAverage(parameters) if wanted else NoAverage()


def trained_parameters(net):
    """Return all that the optimizer of a net trains."""
    return [p for group in net.optimizer_.param_groups for p in group["params"]]
