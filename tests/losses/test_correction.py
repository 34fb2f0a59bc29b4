"""Forward and backward correction, and importance reweighting."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.autograd.functional import hessian
from torch.nn.functional import cross_entropy, one_hot

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    ComplexAdaptationLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    MeanAbsoluteErrorLoss,
    ReweightedLoss,
    SavageLoss,
    SigmoidLoss,
    SoftBootstrappingLoss,
    UnhingedLoss,
)

N_CLASSES = [2, 10]
EXACT = {"rtol": 1e-12, "atol": 1e-12}
NAMED_LOSSES = ["cross-entropy", "squared-error", "mean-absolute-error"]
BASE_LOSSES = [
    *NAMED_LOSSES,
    ClippedCrossEntropyLoss(),
    GeneralizedCrossEntropyLoss(),
    HardBootstrappingLoss(),
    LabelSmoothingLoss(),
    MeanAbsoluteErrorLoss(),
    SavageLoss(),
    SigmoidLoss(),
    SoftBootstrappingLoss(),
    UnhingedLoss(),
    torch.nn.CrossEntropyLoss(label_smoothing=0.2),
    torch.nn.MultiMarginLoss(),
]
each_base_loss = pytest.mark.parametrize("base_loss", BASE_LOSSES)


def transition(n_classes):
    return make_transition_matrix("random", n_classes, 0.4, random_state=0)


def batch(n_classes, n_samples=20):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 3, (n_samples, n_classes)), requires_grad=True)
    return logits, torch.tensor(rng.integers(n_classes, size=n_samples))


def gradient(loss, logits):
    return torch.autograd.grad(loss.sum(), logits)[0]


def expected_over_noisy_labels(loss, T, logits, clean):
    """Average the loss over each noisy label, by its probability given the clean one."""
    n_samples, n_classes = logits.shape
    every_label = torch.arange(n_classes).repeat(n_samples)
    losses = loss(logits.repeat_interleave(n_classes, dim=0), every_label)
    return (torch.tensor(T)[clean] * losses.view(n_samples, n_classes)).sum(dim=1)


def by_definition(base_loss, logits, y):
    """Compute a base loss on the clean label."""
    if isinstance(base_loss, torch.nn.Module):
        losses = deepcopy(base_loss)
        losses.reduction = "none"
        return losses(logits, y)
    if base_loss == "cross-entropy":
        return cross_entropy(logits, y, reduction="none")
    error = logits.softmax(dim=1) - one_hot(y, logits.shape[1])
    return (error.abs() if base_loss == "mean-absolute-error" else error**2).sum(dim=1)


@pytest.mark.parametrize("correction", [ForwardLoss, BackwardLoss, ReweightedLoss])
@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_identity_leaves_cross_entropy_with_its_gradient(correction, n_classes):
    logits, y = batch(n_classes)
    loss, expected = correction(np.eye(n_classes))(logits, y), cross_entropy(logits, y)
    torch.testing.assert_close(loss, expected, **EXACT)
    torch.testing.assert_close(
        gradient(loss, logits), gradient(expected, logits), **EXACT
    )


@pytest.mark.parametrize("n_classes", [2, 3, 100])
def test_forward_loss_is_the_likelihood_under_p_times_t(n_classes):
    (logits, y), T = batch(n_classes), transition(n_classes)
    noisy = logits.softmax(dim=1) @ torch.tensor(T)
    losses = ForwardLoss(T, reduction="none")(logits, y)
    torch.testing.assert_close(losses, -noisy[range(len(y)), y].log(), **EXACT)


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_forward_gradient_is_prior_minus_posterior(n_classes):
    (logits, y), T = batch(n_classes), transition(n_classes)
    p = logits.softmax(dim=1).detach()
    w = p * torch.tensor(T).T[y]
    w = w / w.sum(dim=1, keepdim=True)
    loss = ForwardLoss(T, reduction="sum")(logits, y)
    torch.testing.assert_close(gradient(loss, logits), p - w, **EXACT)


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_forward_loss_on_noisy_labels_is_stationary_at_the_clean_posterior(n_classes):
    logits, _ = batch(n_classes)
    T = torch.tensor(transition(n_classes))
    noisy_posterior = logits.softmax(dim=1).detach() @ T
    loss = ForwardLoss(T, reduction="none")
    expected = sum(
        noisy_posterior[:, j] * loss(logits, torch.full((len(logits),), j))
        for j in range(n_classes)
    )
    clean = gradient(expected, logits)
    torch.testing.assert_close(clean, torch.zeros_like(clean), **EXACT)


def test_impossible_noisy_label_gives_no_gradient():
    logits, y = batch(3)
    T = [[0.7, 0.3, 0], [0.2, 0.8, 0], [0.5, 0.5, 0]]
    slope = gradient(ForwardLoss(T, reduction="none")(logits, y), logits)
    assert slope[y == 2].abs().max() < 1e-12
    assert slope[y != 2].abs().max() > 0.1


@each_base_loss
@pytest.mark.parametrize("n_classes", [2, 100])
def test_backward_loss_is_unbiased_whatever_it_corrects(base_loss, n_classes):
    (logits, clean), T = batch(n_classes, n_samples=2), transition(n_classes)
    loss = BackwardLoss(T, base_loss=base_loss, reduction="none")
    torch.testing.assert_close(
        expected_over_noisy_labels(loss, T, logits, clean),
        by_definition(base_loss, logits, clean),
        rtol=1e-10,
        atol=1e-10,
    )


@each_base_loss
def test_backward_loss_with_identity_is_its_base_loss(base_loss):
    logits, y = batch(3)
    loss = BackwardLoss(np.eye(3), base_loss=base_loss, reduction="none")(logits, y)
    torch.testing.assert_close(loss, by_definition(base_loss, logits, y), **EXACT)


def test_base_loss_is_copied():
    base_loss = torch.nn.CrossEntropyLoss(weight=torch.ones(3, dtype=torch.float64))
    loss = BackwardLoss(transition(3), base_loss=base_loss)
    before = loss(*batch(3))
    base_loss.weight[:] = 2
    assert base_loss.reduction == "mean"
    assert loss(*batch(3)) == before


def test_backward_loss_wants_normalized_logits_if_its_base_loss_does():
    assert BackwardLoss(np.eye(2), base_loss=UnhingedLoss()).wants_normalized_logits
    assert not BackwardLoss(np.eye(2), base_loss=SavageLoss()).wants_normalized_logits


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_backward_gradient_is_p_minus_a_row_of_the_inverse(n_classes):
    (logits, y), T = batch(n_classes), transition(n_classes)
    loss = BackwardLoss(T, reduction="sum")(logits, y)
    expected = logits.softmax(dim=1) - torch.linalg.inv(torch.tensor(T))[y]
    torch.testing.assert_close(
        gradient(loss, logits), expected.detach(), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_backward_curvature_is_that_of_cross_entropy(n_classes):
    logits, y = batch(n_classes, n_samples=2)
    loss = BackwardLoss(transition(n_classes))
    torch.testing.assert_close(
        hessian(lambda z: loss(z, y), logits),
        hessian(lambda z: cross_entropy(z, y), logits),
        rtol=1e-10,
        atol=1e-10,
    )


@pytest.mark.parametrize("weight", [0.3, 1])
def test_identity_is_mixed_in_before_inverting(weight):
    (logits, y), T = batch(3), transition(3)
    mixed = BackwardLoss((1 - weight) * T + weight * np.eye(3))
    loss = BackwardLoss(T, identity_weight=weight)
    torch.testing.assert_close(loss(logits, y), mixed(logits, y), **EXACT)


def test_transition_matrix_stays_as_given_whatever_is_mixed_in():
    T = transition(3)
    loss = BackwardLoss(T, identity_weight=0.3)
    np.testing.assert_array_equal(loss.transition_matrix, T)


@pytest.mark.parametrize(
    ("T", "weight"), [(np.full((2, 2), 0.5), 0), ([[0, 1], [1, 0]], 0.5)]
)
def test_singular_matrix_is_refused_with_its_condition_number_and_a_remedy(T, weight):
    message = r"condition number of this one is (inf|\d).*identity_weight.*\"forward\""
    with pytest.raises(ValueError, match=message):
        BackwardLoss(T, identity_weight=weight)


def test_singular_matrix_can_be_mixed_or_used_forward():
    (logits, y), T = batch(2), np.full((2, 2), 0.5)
    assert BackwardLoss(T, identity_weight=0.1)(logits, y).isfinite()
    assert ForwardLoss(T)(logits, y).isfinite()


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_identity_weight_is_a_share(weight):
    with pytest.raises(ValueError, match=f"between 0 and 1; got {weight}"):
        BackwardLoss(np.eye(2), identity_weight=weight)


def test_unknown_base_loss_is_refused_with_the_known_ones():
    message = r"one of \['cross-entropy', .*'squared-error'\]; got 'hinge'"
    with pytest.raises(ValueError, match=message):
        BackwardLoss(np.eye(2), base_loss="hinge")


@pytest.mark.parametrize("base_loss", [SavageLoss, torch.nn.ReLU(), None])
def test_base_loss_without_a_reduction_is_refused(base_loss):
    with pytest.raises(TypeError, match="an instance of a loss with a reduction"):
        BackwardLoss(np.eye(2), base_loss=base_loss)


@pytest.mark.parametrize("correction", [ForwardLoss, BackwardLoss, ReweightedLoss])
def test_identity_leaves_cross_entropy_at_extreme_logits(correction):
    logits = torch.tensor([[-1e4, 0, 0], [-200, 0, 0], [0, 1e4, 0]], dtype=torch.float64)
    y = torch.zeros(3, dtype=torch.int64)
    expected = cross_entropy(logits, y, reduction="none")
    losses = correction(np.eye(3), reduction="none")(logits, y)
    torch.testing.assert_close(losses, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("make", [ForwardLoss, BackwardLoss, ReweightedLoss])
def test_mixed_precision_of_the_net_does_not_round_the_loss(make):
    logits, target = batch(3)
    loss, logits = make(transition(3)).float(), logits.detach().float()
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(logits, target)
    torch.testing.assert_close(found, loss(logits, target), rtol=1e-6, atol=0)


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_weight_is_the_clean_probability_over_the_noisy_one(n_classes):
    (logits, y), T = batch(n_classes), transition(n_classes)
    p, samples = logits.detach().softmax(dim=1), range(len(y))
    ratio = p[samples, y] / (p @ torch.tensor(T))[samples, y]
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


def test_weights_under_the_noisy_distribution_have_mean_one():
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


def test_importance_weights_check_their_batch_as_the_loss_does():
    loss, (logits, y) = ReweightedLoss(np.eye(3)), batch(3)
    assert loss.importance_weights(logits.half(), y).dtype == torch.float32
    with pytest.raises(ValueError, match="target must hold columns"):
        loss.importance_weights(logits, y + 3)


@pytest.mark.parametrize("max_weight", [0, np.nan])
def test_max_weight_is_positive(max_weight):
    with pytest.raises(ValueError, match="max_weight must be above 0"):
        ReweightedLoss(np.eye(2), max_weight=max_weight)


MISFITS = {
    "a loss of values": torch.nn.MSELoss(),
    "a loss of one value": torch.nn.PoissonNLLLoss(),
    "a loss for other classes": ForwardLoss(np.eye(4)),
    "a loss of features": ComplexAdaptationLoss(np.eye(3), n_features=2),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("base_loss", MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("n_samples", [3, 5])
def test_base_loss_that_fits_no_labels_is_refused(base_loss, n_samples):
    logits, y = torch.zeros(n_samples, 3), torch.arange(n_samples) % 3
    with pytest.raises((TypeError, ValueError), match="base_loss"):
        BackwardLoss(np.eye(3), base_loss=base_loss)(logits, y)
