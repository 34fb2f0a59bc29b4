"""The losses that need no transition matrix: formulas, limits and bounds."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from sklnoise.losses import (
    ClippedCrossEntropyLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    MeanAbsoluteErrorLoss,
    SavageLoss,
    SigmoidLoss,
    SoftBootstrappingLoss,
    UnhingedLoss,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}
N_CLASSES = [2, 10]

each_size = pytest.mark.parametrize("n_classes", N_CLASSES)


def batch(n_classes, n_samples=20, scale=3):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n_samples, n_classes, generator=generator, dtype=torch.float64)
    y = torch.randint(n_classes, (n_samples,), generator=generator)
    return (scale * logits).requires_grad_(), y


def under_each_label(loss, logits):
    """Compute the loss of each sample under each label."""
    loss.reduction = "none"
    labels = torch.arange(logits.shape[1])
    return torch.stack([loss(logits, j.expand(len(logits))) for j in labels], dim=1)


def slope(loss, logits):
    return torch.autograd.grad(loss.sum(), logits)[0]


def by_formula(name, z, y, n_classes):
    """Compute each loss as in its paper, without regard to stability."""
    p, label = z.softmax(dim=1), one_hot(y, n_classes).to(z)
    p_y = (p * label).sum(dim=1)
    mixed = 0.95 * label + 0.05 * p
    hard = one_hot(p.argmax(dim=1), n_classes).to(z)
    formulas = {
        SoftBootstrappingLoss: -(mixed * p.log()).sum(dim=1),
        HardBootstrappingLoss: -((0.8 * label + 0.2 * hard) * p.log()).sum(dim=1),
        UnhingedLoss: 1 - (z * label).sum(dim=1),
        SigmoidLoss: 1 / (1 + (z * label).sum(dim=1).exp()),
        SavageLoss: (1 / (1 + (2 * label * p).exp()) ** 2).mean(dim=1),
        GeneralizedCrossEntropyLoss: (1 - p_y**0.7) / 0.7,
        MeanAbsoluteErrorLoss: (p - label).abs().sum(dim=1),
        LabelSmoothingLoss: -((0.9 * label + 0.1 / n_classes) * p.log()).sum(dim=1),
        ClippedCrossEntropyLoss: (-p_y.log()).clamp(max=2 * math.log(n_classes)),
    }
    return formulas[name]


ROBUST_LOSSES = [
    SoftBootstrappingLoss,
    HardBootstrappingLoss,
    UnhingedLoss,
    SigmoidLoss,
    SavageLoss,
    GeneralizedCrossEntropyLoss,
    MeanAbsoluteErrorLoss,
    LabelSmoothingLoss,
    ClippedCrossEntropyLoss,
]


@pytest.mark.parametrize("loss", ROBUST_LOSSES)
@each_size
def test_loss_is_the_formula_of_its_paper_with_its_gradient(loss, n_classes):
    logits, y = batch(n_classes)
    losses, expected = (
        loss(reduction="none")(logits, y),
        by_formula(loss, logits, y, n_classes),
    )
    torch.testing.assert_close(losses, expected, **EXACT)
    torch.testing.assert_close(slope(losses, logits), slope(expected, logits), **EXACT)


@pytest.mark.parametrize(
    "loss",
    [
        SoftBootstrappingLoss(beta=1),
        HardBootstrappingLoss(beta=1),
        LabelSmoothingLoss(smoothing=0),
        ClippedCrossEntropyLoss(max_loss=math.inf),
    ],
)
@each_size
def test_limit_of_the_parameter_is_cross_entropy(loss, n_classes):
    logits, y = batch(n_classes)
    loss, expected = loss(logits, y), cross_entropy(logits, y)
    torch.testing.assert_close(loss, expected, **EXACT)
    torch.testing.assert_close(slope(loss, logits), slope(expected, logits), **EXACT)


@each_size
def test_generalized_cross_entropy_goes_from_cross_entropy(n_classes):
    logits, y = batch(n_classes)
    loss, expected = GeneralizedCrossEntropyLoss(q=1e-9), cross_entropy(logits, y)
    torch.testing.assert_close(loss(logits, y), expected, rtol=1e-7, atol=0)


@each_size
def test_generalized_cross_entropy_goes_to_half_the_absolute_error(n_classes):
    logits, y = batch(n_classes)
    generalized, absolute = GeneralizedCrossEntropyLoss(q=1), MeanAbsoluteErrorLoss()
    torch.testing.assert_close(generalized(logits, y), absolute(logits, y) / 2, **EXACT)


def test_small_exponent_is_not_rounded_away_in_single_precision():
    logits, y = batch(3)
    loss = GeneralizedCrossEntropyLoss(q=1e-7)(logits.float(), y).double()
    torch.testing.assert_close(loss, cross_entropy(logits, y), rtol=1e-5, atol=0)


@pytest.mark.parametrize("smoothing", [0.1, 1.0])
@each_size
def test_label_smoothing_is_that_of_torch(smoothing, n_classes):
    logits, y = batch(n_classes)
    torch.testing.assert_close(
        LabelSmoothingLoss(smoothing=smoothing)(logits, y),
        torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, y),
        **EXACT,
    )


@each_size
def test_absolute_error_is_symmetric(n_classes):
    logits, _ = batch(n_classes)
    sums = under_each_label(MeanAbsoluteErrorLoss(), logits).sum(dim=1)
    torch.testing.assert_close(sums, torch.full_like(sums, 2 * (n_classes - 1)), **EXACT)


@each_size
def test_unhinged_is_symmetric_where_the_logits_sum_to_a_constant(n_classes):
    logits, _ = batch(n_classes)
    centred = logits - logits.mean(dim=1, keepdim=True)
    sums = under_each_label(UnhingedLoss(), centred).sum(dim=1)
    torch.testing.assert_close(sums, torch.full_like(sums, n_classes), **EXACT)


def test_sigmoid_is_symmetric_between_two_opposite_logits():
    logits, _ = batch(2)
    opposite = torch.stack([logits[:, 0], -logits[:, 0]], dim=1)
    sums = under_each_label(SigmoidLoss(), opposite).sum(dim=1)
    torch.testing.assert_close(sums, torch.ones_like(sums), **EXACT)


@pytest.mark.parametrize(
    ("loss", "bound"),
    [
        (SigmoidLoss(), 1),
        (SavageLoss(), 1 / 4),
        (GeneralizedCrossEntropyLoss(q=0.5), 2),
        (MeanAbsoluteErrorLoss(), 2),
        (ClippedCrossEntropyLoss(max_loss=3.0), 3),
    ],
)
def test_loss_of_a_label_is_bounded(loss, bound):
    losses = under_each_label(loss, batch(3, scale=100)[0])
    assert losses.min() >= 0
    assert losses.max() <= bound


@each_size
@pytest.mark.parametrize("loss", [UnhingedLoss(), SigmoidLoss()])
def test_batch_normalisation_bounds_the_losses_that_want_it(loss, n_classes):
    logits, _ = batch(n_classes, scale=1e6)
    normalise = torch.nn.BatchNorm1d(n_classes, affine=False, dtype=torch.float64)
    losses = under_each_label(loss, normalise(logits))
    assert losses.abs().max() <= 1 + math.sqrt(len(logits))


@pytest.mark.parametrize("n_classes", [2, 1000])
def test_clipping_keeps_the_gradient_of_uniform_predictions(n_classes):
    logits, y = batch(n_classes, scale=0.01)
    losses = ClippedCrossEntropyLoss()(logits, y)
    assert (slope(losses, logits).abs().sum(dim=1) > 0).all()


def test_clipped_samples_have_no_gradient():
    logits = torch.tensor([[9.0, 0.0], [0.0, 0.0]], requires_grad=True)
    losses = ClippedCrossEntropyLoss(max_loss=3.0)(logits, torch.tensor([1, 1]))
    assert (slope(losses, logits).abs().sum(dim=1) > 0).tolist() == [False, True]


def test_hard_bootstrapping_shares_the_gradient_between_ties():
    logits = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    gradient = slope(HardBootstrappingLoss(beta=0)(logits, torch.tensor([0])), logits)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), **EXACT)


@pytest.mark.parametrize(
    ("loss", "params", "message"),
    [
        (SoftBootstrappingLoss, {"beta": 1.5}, "beta must be a share .* got 1.5"),
        (HardBootstrappingLoss, {"beta": -1}, "beta must be a share .* got -1"),
        (LabelSmoothingLoss, {"smoothing": 2}, "smoothing must be a share .* got 2"),
        (LabelSmoothingLoss, {"smoothing": math.nan}, "between 0 and 1; got nan"),
        (GeneralizedCrossEntropyLoss, {"q": 0}, "got 0. The limit at 0 is torch"),
        (GeneralizedCrossEntropyLoss, {"q": 1.1}, "at most 1; got 1.1"),
        (ClippedCrossEntropyLoss, {"max_loss": 0}, "max_loss must be above 0; got 0"),
    ],
)
def test_parameter_out_of_range_is_refused(loss, params, message):
    with pytest.raises(ValueError, match=message):
        loss(**params)
