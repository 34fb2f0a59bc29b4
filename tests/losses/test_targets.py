"""Ignored and soft targets mean in every loss what they mean in cross-entropy."""

import inspect
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

import sklnoise.losses
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    ComplexAdaptationLoss,
    ForwardLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    MeanAbsoluteErrorLoss,
    ReweightedLoss,
    SimpleAdaptationLoss,
    SoftBootstrappingLoss,
    UnhingedLoss,
)

T = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.15, 0.6]])
WITH_ZEROS = np.array([[1, 0, 0], [0.4, 0.6, 0], [0, 0.3, 0.7]])
FEATURES = torch.tensor([[1.0, -2.0]], dtype=torch.float64)


class OfLogits(nn.Module):
    """A loss that wants features, called as the others, with the same for each sample."""

    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, logits, target):
        features = FEATURES.to(logits).expand(len(logits), -1)
        return self.loss((logits, features), target)


def make(kind, transition_matrix=T, **params):
    """Make a loss with what its signature asks for."""
    taken = inspect.signature(kind).parameters
    if "transition_matrix" in taken:
        params["transition_matrix"] = transition_matrix
    if "n_features" in taken:
        params["n_features"] = 2
    loss = kind(**params)
    if getattr(loss, "wants_index", False):
        loss.eval()  # without the term that the index is for
    if getattr(loss, "feature_weights", None) is not None:
        nn.init.normal_(loss.feature_weights, generator=torch.manual_seed(0))
    return OfLogits(loss) if loss.wants_features else loss


EVERY = {
    name: getattr(sklnoise.losses, name)
    for name in sklnoise.losses.__all__
    if name != "AnnotatorForwardLoss"  # whose target has a column for each annotator
}
MORE = {
    "volume": partial(SimpleAdaptationLoss, volume_weight=0.1),
    "backward, squared error": partial(BackwardLoss, base_loss="squared-error"),
    "backward, loss of torch": partial(BackwardLoss, base_loss=nn.CrossEntropyLoss()),
    "backward, forward": partial(BackwardLoss, base_loss=ForwardLoss(T)),
}
each_loss = pytest.mark.parametrize("kind", EVERY.values(), ids=EVERY)
each_kind = pytest.mark.parametrize(
    "kind", [*EVERY.values(), *MORE.values()], ids=[*EVERY, *MORE]
)
each_matrix = pytest.mark.parametrize("matrix", [T, WITH_ZEROS], ids=["T", "zeros"])
each_reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
# Labels to ignore: below the columns, one of them, and above them.
each_index = pytest.mark.parametrize("ignore_index", [-100, -1, 1, 255])


def batch(n_samples=12, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n_samples, 3, generator=generator, dtype=dtype)
    return logits.requires_grad_(), torch.arange(n_samples) % 3


def soft_targets(n_samples=12):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(n_samples, 3, generator=generator, dtype=torch.float64).softmax(1)


def gradients(value, *sources):
    return torch.autograd.grad(value.sum(), sources)


@each_kind
@each_matrix
@each_reduction
def test_one_hot_soft_target_is_the_label(kind, matrix, reduction):
    loss, (logits, y) = make(kind, matrix, reduction=reduction), batch()
    sources = logits, *loss.parameters()
    hard, soft = loss(logits, y), loss(logits, one_hot(y, 3).double())
    torch.testing.assert_close(soft, hard)
    torch.testing.assert_close(gradients(soft, *sources), gradients(hard, *sources))


@each_kind
@each_matrix
def test_soft_target_averages_the_losses_of_the_labels(kind, matrix):
    loss, (logits, y), soft = (
        make(kind, matrix, reduction="none"),
        batch(),
        soft_targets(),
    )
    of_labels = torch.stack(
        [loss(logits, torch.full_like(y, j)) for j in range(3)], dim=1
    )
    torch.testing.assert_close(loss(logits, soft), (soft * of_labels).sum(dim=1))


@each_kind
@each_index
@each_reduction
def test_ignored_sample_is_left_out(kind, ignore_index, reduction):
    loss = make(kind, ignore_index=ignore_index, reduction=reduction)
    logits, y = batch()
    sources = logits, *loss.parameters()
    ignored = y == 1
    y = y.masked_fill(ignored, ignore_index)
    given, expected = loss(logits, y), loss(logits[~ignored], y[~ignored])
    torch.testing.assert_close(gradients(given, *sources), gradients(expected, *sources))
    if reduction == "none":
        assert (given[ignored] == 0).all()
        given = given[~ignored]
    torch.testing.assert_close(given, expected)


@each_loss
def test_ignored_sample_may_have_any_logits(kind):
    loss, (logits, y) = make(kind), batch()
    y[3] = -100
    broken = logits.detach().clone()
    broken[3] = torch.tensor([torch.nan, torch.inf, 0])
    broken.requires_grad_()
    torch.testing.assert_close(loss(broken, y), loss(logits, y))
    torch.testing.assert_close(
        gradients(loss(broken, y), broken), gradients(loss(logits, y), logits)
    )


@each_loss
def test_batch_of_ignored_samples_is_that_of_torch(kind):
    logits, y = batch()[0], torch.full((12,), -100)
    for reduction in ("mean", "sum", "none"):
        expected = nn.CrossEntropyLoss(reduction=reduction)(logits, y)
        given = make(kind, reduction=reduction)(logits, y)
        torch.testing.assert_close(given, expected, equal_nan=True)


@each_loss
def test_empty_batch_is_that_of_torch(kind):
    logits = torch.empty(0, 3, dtype=torch.float64)
    for y in (torch.empty(0, dtype=torch.int64), torch.empty(0, 3, dtype=torch.float64)):
        for reduction in ("mean", "sum", "none"):
            expected = nn.CrossEntropyLoss(reduction=reduction)(logits, y)
            given = make(kind, reduction=reduction)(logits, y)
            torch.testing.assert_close(given, expected, equal_nan=True)


@each_kind
def test_reductions_agree(kind):
    logits, y = batch()
    for target in (y.masked_fill(y == 2, -100), soft_targets()):
        mean, total, of_each = (
            make(kind, reduction=reduction)(logits, target)
            for reduction in ("mean", "sum", "none")
        )
        n_kept = 12 if target.ndim == 2 else (target >= 0).sum()
        torch.testing.assert_close(total, of_each.sum())
        torch.testing.assert_close(mean, total / n_kept)


CROSS_ENTROPIES = {
    "forward": ForwardLoss,
    "backward": BackwardLoss,
    "reweighted": ReweightedLoss,
    "soft bootstrapping": partial(SoftBootstrappingLoss, beta=1),
    "hard bootstrapping": partial(HardBootstrappingLoss, beta=1),
    "smoothing of 0": partial(LabelSmoothingLoss, smoothing=0),
    "clipped at infinity": partial(ClippedCrossEntropyLoss, max_loss=np.inf),
}


@pytest.mark.parametrize("kind", CROSS_ENTROPIES.values(), ids=CROSS_ENTROPIES)
@each_reduction
@pytest.mark.parametrize("is_soft", [False, True])
def test_loss_without_noise_is_cross_entropy(kind, reduction, is_soft):
    logits, y = batch()
    y[::5] = -100
    target = soft_targets() if is_soft else y
    given = make(kind, np.eye(3), reduction=reduction)(logits, target)
    expected = nn.CrossEntropyLoss(reduction=reduction)(logits, target)
    torch.testing.assert_close(given, expected)
    slopes = (gradients(value, logits) for value in (given, expected))
    torch.testing.assert_close(*slopes)


@each_reduction
def test_label_smoothing_of_soft_targets_is_that_of_torch(reduction):
    params = {"reduction": reduction, "ignore_index": -1}
    smooth = LabelSmoothingLoss(smoothing=0.3, **params)
    expected = nn.CrossEntropyLoss(label_smoothing=0.3, **params)
    logits, y = batch()
    for target in (soft_targets(), y.masked_fill(y == 2, -1)):
        torch.testing.assert_close(smooth(logits, target), expected(logits, target))


def test_forward_loss_of_a_soft_target_is_the_cross_entropy_of_the_noisy_posterior():
    logits, soft = batch()[0], soft_targets()
    expected = -(soft * (logits.softmax(dim=1) @ torch.from_numpy(T)).log()).sum(dim=1)
    torch.testing.assert_close(ForwardLoss(T, reduction="none")(logits, soft), expected)


def test_absolute_error_of_a_soft_target_is_linear_in_it():
    logits, soft = batch()[0], soft_targets()
    expected = 2 * (1 - (soft * logits.softmax(dim=1)).sum(dim=1))
    loss = MeanAbsoluteErrorLoss(reduction="none")
    torch.testing.assert_close(loss(logits, soft), expected)


def test_importance_weights_of_ignored_and_soft_targets():
    loss, (logits, y) = ReweightedLoss(T), batch()
    weights = loss.importance_weights(logits, y)
    ignored = loss.importance_weights(logits, y.masked_fill(y == 1, -100))
    torch.testing.assert_close(ignored, weights.masked_fill(y == 1, 0))
    hot = one_hot(y, 3).double()
    torch.testing.assert_close(loss.importance_weights(logits, hot), weights)


@each_loss
@each_matrix
def test_huge_logits_of_soft_targets_stay_finite(kind, matrix):
    grid = torch.tensor([-1e4, 0, 1e4])
    logits = torch.cartesian_prod(grid, grid, grid).requires_grad_()
    loss = make(kind, matrix, reduction="none")
    losses = loss(logits, torch.full((27, 3), 1 / 3))
    assert losses.isfinite().all()
    assert gradients(losses, logits)[0].isfinite().all()


@each_loss
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_soft_target_and_logits_may_be_of_any_floating_type(kind, dtype):
    loss, (logits, _), soft = make(kind, reduction="none"), batch(), soft_targets()
    rounded = logits.detach().to(dtype)
    given = loss(rounded, soft)
    assert given.dtype == torch.float32
    expected = loss(rounded.double(), soft)
    torch.testing.assert_close(given.double(), expected, rtol=1e-4, atol=1e-4)
    given, expected = loss(logits, soft.to(dtype)), loss(logits, soft)
    torch.testing.assert_close(given, expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    "kind", [kind for kind in EVERY.values() if kind is not ReweightedLoss]
)
def test_gradient_of_soft_targets_passes_the_finite_differences(kind):
    loss, (logits, _), soft = make(kind), batch(3), soft_targets(3)
    assert torch.autograd.gradcheck(lambda z: loss(z, soft), logits)


def test_gradient_reaches_a_soft_target():
    soft = soft_targets().requires_grad_()
    assert gradients(ForwardLoss(T)(batch()[0], soft), soft)[0].abs().min() > 0


@each_loss
@pytest.mark.parametrize("is_soft", [False, True])
def test_one_class_is_enough(kind, is_soft):
    logits = torch.randn(4, 1, dtype=torch.float64, requires_grad=True)
    target = torch.ones(4, 1) if is_soft else torch.tensor([0, 0, -100, 0])
    value = make(kind, [[1.0]])(logits, target)
    assert value.isfinite()
    assert gradients(value, logits)[0].isfinite().all()


@each_loss
def test_logits_that_are_nan_give_nan(kind):
    logits, y = batch()
    with torch.no_grad():
        logits[0] = torch.nan
    assert make(kind)(logits, y).isnan()
    assert make(kind)(logits, soft_targets()).isnan()


WRONG_LOGITS = {
    "numpy": np.zeros((12, 3)),
    "list": [[0.0] * 3] * 12,
    "integers": torch.zeros(12, 3, dtype=torch.int64),
    "complex": torch.zeros(12, 3, dtype=torch.complex64),
    "bool": torch.zeros(12, 3, dtype=torch.bool),
    "None": None,
}


@each_loss
@pytest.mark.parametrize("logits", WRONG_LOGITS.values(), ids=WRONG_LOGITS)
def test_logits_of_a_wrong_type_are_refused(kind, logits):
    n_features = "n_features" in inspect.signature(kind).parameters
    loss = kind(T, n_features=2) if n_features else make(kind)
    given = (logits, torch.zeros(12, 2)) if n_features else logits
    with pytest.raises(TypeError, match="logits must be a floating tensor"):
        loss(given, torch.zeros(12, dtype=torch.int64))


WRONG_TARGETS = {
    "numpy": np.zeros(12, dtype=int),
    "list": [0] * 12,
    "None": None,
    "bool": torch.zeros(12, dtype=torch.bool),
    "a bool per class": torch.zeros(12, 3, dtype=torch.bool),
    "one-hot integers": torch.zeros(12, 3, dtype=torch.int64),
    "complex": torch.zeros(12, dtype=torch.complex64),
    "floats": torch.zeros(12),
    "a column": torch.zeros(12, 1),
    "too few classes": torch.full((12, 2), 0.5),
    "too few samples": torch.full((11, 3), 1 / 3),
    "transposed": torch.full((3, 12), 1 / 12),
    "three axes": torch.full((12, 3, 1), 1 / 3),
    "a number": torch.tensor(1),
    "no distribution": torch.full((12, 3), 0.5),
    "below 0": torch.tensor([[1.5, -0.5, 0.0]]).expand(12, 3),
    "NaN": torch.full((12, 3), torch.nan),
    "above the columns": torch.full((12,), 3),
    "below the columns": torch.full((12,), -1),
    "some outside": torch.tensor([-100] * 11 + [7]),
}


@each_loss
@pytest.mark.parametrize("target", WRONG_TARGETS.values(), ids=WRONG_TARGETS)
def test_wrong_targets_are_refused(kind, target):
    with pytest.raises((TypeError, ValueError), match="target must"):
        make(kind)(batch()[0], target)


@each_loss
def test_target_on_another_device_is_refused(kind):
    logits, y = batch()
    for target in (y, soft_targets()):
        with pytest.raises(ValueError, match="device"):
            make(kind)(logits, target.to("meta"))


def test_class_cannot_be_ignored_in_soft_targets():
    with pytest.raises(ValueError, match="ignore_index"):
        UnhingedLoss(ignore_index=1)(batch()[0], soft_targets())


@each_loss
@pytest.mark.parametrize("ignore_index", [None, 1.5, "a", True])
def test_ignored_label_must_be_an_integer(kind, ignore_index):
    with pytest.raises(TypeError, match="ignore_index"):
        make(kind, ignore_index=ignore_index)


def test_features_and_logits_must_be_of_the_same_samples():
    loss, (logits, y) = ComplexAdaptationLoss(T, n_features=2), batch()
    with pytest.raises(ValueError, match="same samples"):
        loss((logits, torch.zeros(1, 2)), y)
    with pytest.raises(TypeError, match="features"):
        loss((logits, np.zeros((12, 2))), y)


@pytest.fixture
def compiler():
    """Forget what was compiled; skip the test where torch cannot compile."""
    try:
        torch.compile(nn.Identity(), backend="eager")(torch.zeros(1))
    except RuntimeError as error:
        pytest.skip(str(error))
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.mark.usefixtures("compiler")
@each_loss
def test_compiled_loss_is_one_graph_of_the_same_value(kind):
    loss, (logits, y) = make(kind), batch()
    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    for target in (y.masked_fill(y == 2, -100), y, soft_targets()):
        torch.testing.assert_close(compiled(logits, target), loss(logits, target))
