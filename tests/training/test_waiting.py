"""A step on an accelerator reads no value, for which the CPU would have to wait.

Tensors of the device "meta" have no values, so that any look at one is an error.
"""

import numpy as np
import pytest
import torch

from sklnoise.losses import (
    BackwardLoss,
    ComplexAdaptationLoss,
    EarlyLearningLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    SimpleAdaptationLoss,
)
from sklnoise.nn import MLP, ConvNet, ResNet
from sklnoise.training._averages import WeightAverage
from sklnoise.training._criterion import WeightedCriterion

T = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
SHAPES = {MLP: (6, 5), ConvNet: (6, 3, 8, 8), ResNet: (6, 3, 8, 8)}
MODULES = {
    MLP: lambda: MLP(5, 3, hidden=(4,), dropout=0.5),
    ConvNet: lambda: ConvNet(3, n_channels=3, widths=(4,), hidden=4),
    ResNet: lambda: ResNet(3, depth=8, width=4),
}
LOSSES = {
    "cross-entropy": lambda: torch.nn.CrossEntropyLoss(reduction="none"),
    "forward": lambda: ForwardLoss(T, reduction="none"),
    "backward": lambda: BackwardLoss(T, reduction="none"),
    "gce": lambda: GeneralizedCrossEntropyLoss(reduction="none"),
    "adaptation": lambda: SimpleAdaptationLoss(T, frozen_steps=2, reduction="none"),
}


def take_steps(module, loss, n_steps=4, *, weighted=True, warm_up_steps=1, index=False):
    """Take steps on the device "meta" as the training loop does."""
    net = MODULES[module]().to("meta")
    criterion = WeightedCriterion(loss, weighted=weighted, warm_up_steps=warm_up_steps)
    criterion.to("meta")
    criterion.forget(6)
    parameters = [*net.parameters(), *criterion.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    average = WeightAverage(parameters)
    X = torch.empty(SHAPES[module], device="meta")
    codes = torch.empty(6, dtype=torch.int64, device="meta")
    targets = (codes, torch.empty(6, device="meta"))
    for _ in range(n_steps):
        optimizer.zero_grad()
        criterion(net(X), (*targets, codes) if index else targets).backward()
        optimizer.step()
        criterion.count_step()
        average.count_step()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_no_loss_reads_a_value(loss, weighted):
    take_steps(MLP, loss(), weighted=weighted)


@pytest.mark.parametrize("module", MODULES)
def test_no_net_reads_a_value(module):
    take_steps(module, LOSSES["forward"]())


def test_the_memory_of_predictions_reads_no_value():
    loss = EarlyLearningLoss(T, n_samples=6, reduction="none")
    take_steps(MLP, loss, index=True)


def test_a_value_that_is_read_is_found():
    class Reads(torch.nn.Module):
        def forward(self, logits, y):
            return logits.sum(dim=1) * logits.max().item()

    with pytest.raises(RuntimeError, match="meta tensors"):
        take_steps(MLP, Reads(), warm_up_steps=0)


def test_a_layer_on_the_features_reads_no_value():
    layer = ComplexAdaptationLoss(T, n_features=4, reduction="none").to("meta")
    logits = torch.empty((6, 3), device="meta", requires_grad=True)
    codes = torch.empty(6, dtype=torch.int64, device="meta")
    layer((logits, torch.empty((6, 4), device="meta")), codes).sum().backward()
