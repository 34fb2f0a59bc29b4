"""Importance reweighting."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import ReweightedLoss

N_CLASSES = [2, 3, 10]
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def batch(n_classes, n_rows=20):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 3, (n_rows, n_classes)), requires_grad=True)
    return logits, torch.tensor(rng.integers(n_classes, size=n_rows))


def transition(n_classes):
    return make_transition_matrix("random", n_classes, 0.4, random_state=0)


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_weight_is_the_clean_probability_over_the_noisy_one(n_classes):
    (logits, y), T = batch(n_classes), transition(n_classes)
    p, rows = logits.detach().softmax(dim=1), range(len(y))
    ratio = p[rows, y] / (p @ torch.tensor(T))[rows, y]
    weights = ReweightedLoss(T, max_weight=np.inf).importance_weights(logits, y)
    torch.testing.assert_close(weights, ratio, **EXACT)


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_value_and_gradient_are_those_of_weighted_cross_entropy(n_classes):
    logits, y = batch(n_classes)
    loss = ReweightedLoss(transition(n_classes), reduction="sum")
    frozen = loss.importance_weights(logits, y)
    weighted = (frozen * cross_entropy(logits, y, reduction="none")).sum()
    found, expected = (
        (total, *torch.autograd.grad(total, logits))
        for total in (loss(logits, y), weighted)
    )
    torch.testing.assert_close(found, expected, **EXACT)


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_weights_stay_below_the_inverse_of_the_diagonal(n_classes):
    (logits, y), T = batch(n_classes), transition(n_classes)
    weights = ReweightedLoss(T).importance_weights(logits, y)
    assert (weights <= torch.tensor(1 / T.diagonal())[y] + 1e-12).all()


def test_weights_of_noisy_rows_have_the_mean_of_the_clean_ones():
    logits, T = batch(3)[0].detach(), torch.tensor(transition(3))
    p, loss = logits.softmax(dim=1), ReweightedLoss(T, max_weight=np.inf)
    labels = torch.arange(3)
    weights = [loss.importance_weights(z.expand(3, -1), labels) for z in logits]
    mean = ((p @ T) * torch.stack(weights)).sum(dim=1)
    torch.testing.assert_close(mean, torch.ones_like(mean), **EXACT)


def test_max_weight_is_the_largest_weight():
    T = [[0.05, 0.95], [0.0, 1.0]]
    logits, y = torch.tensor([[3.0, 0.0]]), torch.tensor([0])
    assert ReweightedLoss(T).importance_weights(logits, y) == 10
    assert ReweightedLoss(T, max_weight=2).importance_weights(logits, y) == 2
    assert ReweightedLoss(T, max_weight=25).importance_weights(logits, y) > 19


def test_weight_of_an_impossible_label_is_the_largest():
    loss = ReweightedLoss([[0.0, 1.0], [0.0, 1.0]])
    weights = loss.importance_weights(torch.zeros(1, 2), torch.tensor([0]))
    assert weights == loss.max_weight


def test_weights_carry_no_gradient():
    assert not ReweightedLoss(np.eye(3)).importance_weights(*batch(3)).requires_grad


@pytest.mark.parametrize("max_weight", [0, -1.0, np.nan])
def test_max_weight_is_positive(max_weight):
    with pytest.raises(ValueError, match="max_weight must be above 0"):
        ReweightedLoss(np.eye(2), max_weight=max_weight)
