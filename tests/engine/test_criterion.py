"""The criterion takes means where the losses can, and gives them back as they were."""

import pickle

import numpy as np
import pytest
import torch
from sklnoise.engine._criterion import WeightedCriterion
from torch import nn
from torch.nn.functional import cross_entropy

from sklnoise.losses import (
    BackwardLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    ReweightedLoss,
)

T = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])
SPARSE_T = np.array([[0.7, 0.3, 0.0], [0.0, 0.8, 0.2], [0.3, 0.0, 0.7]])
LOSSES = {
    "cross-entropy": nn.CrossEntropyLoss(reduction="none"),
    "forward": ForwardLoss(T, reduction="none"),
    "forward in logarithms": ForwardLoss(SPARSE_T, reduction="none"),
    "backward": BackwardLoss(T, reduction="none"),
    "backward of another loss": BackwardLoss(
        T, base_loss="squared-error", reduction="none"
    ),
    "reweighted": ReweightedLoss(T, reduction="none"),
    "generalized": GeneralizedCrossEntropyLoss(reduction="none"),
}


@pytest.fixture
def batch(rng):
    logits = torch.tensor(rng.normal(size=(20, 3)), requires_grad=True)
    return logits, (torch.tensor(rng.randint(3, size=20)), torch.ones(20))


def value_and_gradient(criterion, logits, target):
    loss = criterion(logits, target)
    return loss, torch.autograd.grad(loss, logits)[0]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_mean_inside_the_loss_is_that_of_the_rows(loss, batch):
    criterion = WeightedCriterion(loss.double(), weighted=False).train()
    expected = value_and_gradient(criterion, *batch)
    with criterion.mean_inside():
        assert criterion.loss.reduction == "mean"
        torch.testing.assert_close(value_and_gradient(criterion, *batch), expected)
    assert criterion.loss.reduction == "none"
    torch.testing.assert_close(value_and_gradient(criterion, *batch), expected)


def test_weights_are_seen_in_the_mean(batch, rng):
    logits, (codes, _) = batch
    weight = torch.tensor(rng.uniform(1, 2, size=20))
    criterion = WeightedCriterion(LOSSES["cross-entropy"]).train()
    with criterion.mean_inside():
        loss = criterion(logits, (codes, weight))
    expected = (weight * cross_entropy(logits, codes, reduction="none")).mean()
    torch.testing.assert_close(loss, expected)


def test_warm_up_takes_its_mean_too(batch):
    criterion = WeightedCriterion(
        LOSSES["forward"].double(), warm_up_steps=1, weighted=False
    ).train()
    with criterion.mean_inside():
        first, second = criterion(*batch), criterion(*batch)
    torch.testing.assert_close(first, cross_entropy(batch[0], batch[1][0]))
    torch.testing.assert_close(second, LOSSES["forward"](batch[0], batch[1][0]).mean())


class Doubled(ForwardLoss):
    """Does more than its rows do."""

    def forward(self, logits, target):
        return 2 * super().forward(logits, target)


def test_loss_with_a_forward_of_its_own_is_called_by_it(batch):
    criterion = WeightedCriterion(
        Doubled(T, reduction="none").double(), weighted=False
    ).train()
    with criterion.mean_inside():
        loss = criterion(*batch)
    expected = LOSSES["forward"].double()(batch[0], batch[1][0]).mean()
    torch.testing.assert_close(loss, 2 * expected)


class WithoutReduction(nn.Module):
    """A loss of a user that knows no reduction."""

    def forward(self, logits, target):
        return cross_entropy(logits, target, reduction="none")


def test_loss_without_a_reduction_is_reduced_outside(batch):
    criterion = WeightedCriterion(WithoutReduction(), weighted=False).train()
    with criterion.mean_inside():
        torch.testing.assert_close(
            criterion(*batch), cross_entropy(batch[0], batch[1][0])
        )


class ReducesItself(nn.Module):
    """A loss of a user that looks at its reduction when it is made."""

    def __init__(self, reduction="none"):
        super().__init__()
        self.reduction = reduction
        self.inner = nn.CrossEntropyLoss(reduction=reduction)

    def forward(self, logits, target):
        return self.inner(logits, target)


@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 0.1]), reduction="none"),
        nn.CrossEntropyLoss(ignore_index=1, reduction="none"),
        ReducesItself(),
    ],
    ids=["weights of classes", "ignored class", "own reduction"],
)
def test_loss_whose_mean_may_be_another_is_reduced_outside(loss, batch):
    criterion = WeightedCriterion(loss.double(), weighted=False).train()
    with criterion.mean_inside():
        found = criterion(*batch)
    torch.testing.assert_close(found, loss(batch[0], batch[1][0]).mean())


def test_criterion_that_is_kept_in_the_training_is_an_ordinary_one(batch):
    logits, (codes, _) = batch
    weight = torch.arange(20.0)
    criterion = WeightedCriterion(LOSSES["forward"].double(), weighted=False).train()
    with criterion.mean_inside():
        kept = pickle.loads(pickle.dumps(criterion))
    kept.weighted = True
    expected = (weight * LOSSES["forward"](logits, codes)).mean()
    torch.testing.assert_close(kept(logits, (codes, weight)), expected)
