"""The criterion weights the losses of the samples, after a warm-up."""

import numpy as np
import pytest
import torch
from torch.nn import CrossEntropyLoss
from torch.nn.functional import cross_entropy

from sklnoise.losses import ForwardLoss
from sklnoise.training._criterion import WeightedCriterion

T = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])


@pytest.fixture
def batch(rng):
    logits = torch.tensor(rng.normal(size=(20, 3)))
    return logits, torch.tensor(rng.randint(3, size=20))


def test_loss_is_the_weighted_mean_over_the_samples(batch, rng):
    logits, codes = batch
    weight = torch.tensor(rng.uniform(1, 2, size=20))
    loss = WeightedCriterion(CrossEntropyLoss(reduction="none"))(logits, (codes, weight))
    expected = (weight * cross_entropy(logits, codes, reduction="none")).mean()
    torch.testing.assert_close(loss, expected)


def test_codes_alone_weigh_the_same(batch):
    loss = WeightedCriterion(CrossEntropyLoss(reduction="none"))(*batch)
    torch.testing.assert_close(loss, cross_entropy(*batch))


def test_warm_up_is_cross_entropy_in_training_only(batch):
    forward = ForwardLoss(T, reduction="none").double()
    criterion = WeightedCriterion(forward, warm_up_steps=1)
    expected = forward(*batch).mean()
    torch.testing.assert_close(criterion.eval()(*batch), expected)
    torch.testing.assert_close(criterion.train()(*batch), cross_entropy(*batch))
    criterion.count_step()
    torch.testing.assert_close(criterion(*batch), expected)


def test_loss_is_copied(batch):
    loss = CrossEntropyLoss(reduction="none")
    assert WeightedCriterion(loss).loss is not loss
