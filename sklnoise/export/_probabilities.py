"""The probabilities of a fitted classifier as one module of torch."""

import warnings
from copy import deepcopy

import numpy as np
import torch
from torch import nn

from sklnoise._calibration import MIN_PROBABILITY
from sklnoise.training import first_output, takes_any_number

# A module is traced with two samples, as sizes 0 and 1 are special to torch, and then
# checked with another number of them.
N_TRACED, N_CHECKED = 2, 5

# Single precision, and sums in another order.
MAX_DIFFERENCE = 1e-4


class Probabilities(nn.Module):
    """The mean of the probabilities of nets, with temperature and class weights.

    It takes a tensor, or one for each of the names of the inputs.
    """

    def __init__(self, classifier):
        super().__init__()
        nets, weight = classifier.estimators_, classifier.class_weight_
        self.nets = nn.ModuleList(map(plain_module, nets))
        self.nonlinearities = [net.predict_nonlinearity or first_output for net in nets]
        self.temperature = classifier.temperature_
        if weight is not None:
            weight = torch.as_tensor(weight / weight.max(), dtype=torch.float32)
        self.register_buffer("class_weight", weight)
        self.names = input_names(classifier)

    def forward(self, *inputs):
        """Compute the probabilities."""
        total = 0
        for net, nonlinearity in zip(self.nets, self.nonlinearities):
            if self.names is None:
                output = net(*inputs)
            else:
                output = net(**dict(zip(self.names, inputs)))
            output = output[0] if isinstance(output, tuple) else output
            total = total + first_output(nonlinearity(output))
        y_proba = total / len(self.nets)
        if self.temperature != 1:
            log_proba = y_proba.clamp(min=MIN_PROBABILITY).log()
            y_proba = (log_proba / self.temperature).softmax(dim=1)
        if self.class_weight is None:
            return y_proba
        weighted = y_proba * self.class_weight
        return weighted / weighted.sum(dim=1, keepdim=True)


def plain_module(net):
    """Copy the module of a net, in single precision on the CPU."""
    module = getattr(net.module_, "_orig_mod", net.module_)
    return deepcopy(module).cpu().float().eval().requires_grad_(False)


def input_names(classifier):
    """Return the names of the inputs of a module that takes several, or None."""
    shape = classifier._sample_shape
    return list(shape) if isinstance(shape, dict) else None


def draw_inputs(classifier, n_samples):
    """Draw samples of the shape and the kind of those that were fitted, one per input."""
    generator = torch.Generator().manual_seed(0)
    shapes, kinds = classifier._sample_shape, classifier._sample_kind
    if not isinstance(shapes, dict):
        shapes, kinds = {None: shapes}, {None: kinds}

    def draw(name):
        size = n_samples, *shapes[name]
        if kinds[name] == "f" or takes_any_number(classifier.estimator_):
            return torch.randn(size, generator=generator)
        # Ids of a vocabulary whose size is not known.
        return torch.randint(0, 2, size, generator=generator)

    return tuple(map(draw, shapes))


def check_same(classifier, predict, what):
    """Raise a ValueError unless what was exported predicts as the classifier does."""
    inputs = [part.numpy() for part in draw_inputs(classifier, N_CHECKED)]
    names = input_names(classifier)
    X = inputs[0] if names is None else dict(zip(names, inputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # X has no names of columns
        expected = classifier.predict_proba(X)
    difference = np.abs(predict(inputs) - expected).max()
    if not difference <= MAX_DIFFERENCE:
        raise ValueError(
            f"{what} would not predict as the classifier does: probabilities of samples "
            f"drawn at random differ by up to {difference:.2g}. A net whose "
            "evaluation_step or predict_nonlinearity does more than its module cannot "
            "be exported; use save."
        )
