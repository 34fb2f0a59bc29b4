"""What holds for every loss, and for every loss that takes a transition matrix."""

from copy import deepcopy
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

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
    SimpleAdaptationLoss,
    SoftBootstrappingLoss,
    SparseAdaptationLoss,
    UnhingedLoss,
)


class WithConstantFeatures(ComplexAdaptationLoss):
    """The complex layer called as the others, each sample with the same features."""

    def __init__(self, transition_matrix, **params):
        super().__init__(transition_matrix, n_features=2, **params)

    def forward(self, logits, target):
        features = torch.ones(len(logits), 2, dtype=logits.dtype, device=logits.device)
        return super().forward((logits, features), target)


def without_matrix(loss):
    """Make a loss that needs no T as those are made that do."""
    return lambda transition_matrix, **params: loss(**params)


CORRECTIONS = {
    "forward": ForwardLoss,
    "backward": BackwardLoss,
    "backward-mixed": partial(BackwardLoss, identity_weight=0.3),
    "backward-squared-error": partial(BackwardLoss, base_loss="squared-error"),
    "backward-absolute-error": partial(BackwardLoss, base_loss="mean-absolute-error"),
    "backward-of-ours": partial(BackwardLoss, base_loss=GeneralizedCrossEntropyLoss()),
    "backward-of-torch": partial(
        BackwardLoss, base_loss=torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    ),
    "reweighted": ReweightedLoss,
    "simple": SimpleAdaptationLoss,
    "simple-least-volume": partial(SimpleAdaptationLoss, volume_weight=0.1),
    "complex": WithConstantFeatures,
    "sparse": SparseAdaptationLoss,
}
WITHOUT_MATRIX = {
    loss.__name__: without_matrix(loss)
    for loss in (
        SoftBootstrappingLoss,
        HardBootstrappingLoss,
        UnhingedLoss,
        SigmoidLoss,
        SavageLoss,
        GeneralizedCrossEntropyLoss,
        MeanAbsoluteErrorLoss,
        LabelSmoothingLoss,
        ClippedCrossEntropyLoss,
    )
}
EVERY = CORRECTIONS | WITHOUT_MATRIX
OF_RAW_LOGITS = {"UnhingedLoss", "SigmoidLoss"}
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
T = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.15, 0.6]])
WITH_ZEROS = np.array([[1, 0, 0], [0.4, 0.6, 0], [0, 0.3, 0.7]])


def each(*names):
    return pytest.mark.parametrize("make_loss", [EVERY[n] for n in names], ids=names)


each_loss = each(*EVERY)
# One loss for each way in which the base class is used, for what only the base does.
each_representative = each(
    "forward", "backward-of-torch", "complex", "GeneralizedCrossEntropyLoss"
)
each_correction = each(*CORRECTIONS)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)
each_loss_and_matrix = pytest.mark.parametrize(
    ("make_loss", "matrix"),
    [
        *product(CORRECTIONS.values(), [T, WITH_ZEROS, np.eye(3)]),
        *product(WITHOUT_MATRIX.values(), [T]),
    ],
)


def batch(dtype=torch.float64, n_samples=12):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n_samples, 3, generator=generator, dtype=dtype)
    return logits.requires_grad_(), torch.arange(n_samples) % 3


def assert_finite_with_gradient(loss, logits, y):
    losses = loss(logits, y)
    losses.sum().backward()
    assert losses.isfinite().all()
    assert logits.grad.isfinite().all()
    assert all(weights.grad.isfinite().all() for weights in loss.parameters())


@each_loss
def test_reductions_agree(make_loss):
    mean, total, each = (
        make_loss(T, reduction=reduction)(*batch())
        for reduction in ("mean", "sum", "none")
    )
    assert each.shape == (12,)
    torch.testing.assert_close(total, each.sum())
    torch.testing.assert_close(mean, each.mean())
    assert make_loss(T)(*batch()) == mean


@each_representative
def test_unknown_reduction_is_refused(make_loss):
    message = r"one of \['mean', 'none', 'sum'\]; got 'max'"
    with pytest.raises(ValueError, match=message):
        make_loss(T, reduction="max")


@each(*(name for name in EVERY if name != "reweighted"))
@pytest.mark.parametrize("matrix", [T, WITH_ZEROS])
def test_gradient_passes_the_finite_differences(make_loss, matrix):
    logits, y = batch(n_samples=3)
    assert torch.autograd.gradcheck(lambda z: make_loss(matrix)(z, y), logits)


@each_loss_and_matrix
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16], ids=str)
def test_huge_logits_stay_finite_with_their_gradient(make_loss, matrix, dtype):
    grid = torch.tensor([-1e4, 0, 1e4], dtype=dtype)
    logits = torch.cartesian_prod(grid, grid, grid, torch.arange(3).to(dtype))
    logits, y = logits[:, :3].clone().requires_grad_(), logits[:, 3].long()
    assert_finite_with_gradient(make_loss(matrix, reduction="none"), logits, y)


@each_loss
@pytest.mark.parametrize("n_classes", [1, 100])
def test_any_number_of_classes_is_finite_at_huge_logits(make_loss, n_classes, rng):
    matrix = [[1.0]]
    if n_classes > 1:
        matrix = make_transition_matrix("pair", n_classes, 0.3)
    logits = 1e4 * rng.choice([-1, 0, 1], size=(4, n_classes))
    logits = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    y = torch.tensor(rng.randint(n_classes, size=4))
    assert_finite_with_gradient(make_loss(matrix, reduction="none"), logits, y)


@each_representative
@each_dtype
def test_loss_has_the_dtype_of_the_logits_or_single_precision(make_loss, dtype):
    expected = torch.float64 if dtype == torch.float64 else torch.float32
    assert make_loss(T)(*batch(dtype)).dtype == expected


@each_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_lower_precision_agrees_with_double(make_loss, dtype):
    loss = make_loss(T, reduction="none")
    logits, y = batch(dtype)
    torch.testing.assert_close(
        loss(logits, y).double(), loss(logits.double(), y), rtol=1e-5, atol=1e-5
    )


@each(*(name for name in EVERY if name not in OF_RAW_LOGITS))
def test_loss_ignores_a_shift_of_the_logits(make_loss):
    loss, (logits, y) = make_loss(T, reduction="none"), batch()
    torch.testing.assert_close(loss(logits + 7, y), loss(logits, y))


@each_loss
def test_loss_of_a_sample_does_not_depend_on_the_others(make_loss):
    loss, (logits, y) = make_loss(T, reduction="none"), batch()
    alone = [loss(z[None], label[None]) for z, label in zip(logits, y)]
    torch.testing.assert_close(torch.cat(alone), loss(logits, y))


@each_loss
def test_order_of_the_classes_does_not_matter(make_loss):
    (logits, y), order = batch(), [2, 0, 1]
    permuted = make_loss(T[order][:, order])
    torch.testing.assert_close(
        permuted(logits[:, order], torch.tensor(order).argsort()[y]),
        make_loss(T)(logits, y),
    )


@each_loss
def test_loss_can_be_moved_to_another_device(make_loss):
    loss = make_loss(T).to("meta")
    assert loss(batch()[0].to("meta"), batch()[1].to("meta")).is_meta


@each_loss
def test_only_some_losses_want_features_or_normalized_logits(make_loss):
    loss = make_loss(T)
    assert loss.wants_features == isinstance(loss, ComplexAdaptationLoss)
    normalized = isinstance(loss, UnhingedLoss | SigmoidLoss)
    assert loss.wants_normalized_logits == normalized


@each_correction
def test_transposed_matrix_is_refused(make_loss):
    with pytest.raises(ValueError, match="it is transposed"):
        make_loss(WITH_ZEROS.T)


@each_correction
def test_state_carries_the_transition_matrix(make_loss):
    loss, restored = make_loss(T), make_loss(np.eye(3))
    assert restored(*batch()) != loss(*batch())
    restored.load_state_dict(loss.state_dict())
    assert restored(*batch()) == loss(*batch())
    torch.testing.assert_close(restored.transition_matrix, torch.tensor(T))


@each_correction
def test_transition_matrix_is_copied(make_loss):
    given = T.copy()
    loss = make_loss(given)
    before = deepcopy(loss)(*batch())
    given[:] = np.eye(3)
    assert loss(*batch()) == before


class LargestTensor(TorchDispatchMode):
    """Record the number of elements of the largest tensor that is created."""

    n_elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        sizes = [x.numel() for x in tree_leaves(made) if isinstance(x, torch.Tensor)]
        self.n_elements = max([self.n_elements, *sizes])
        return made


@each(
    "forward", "backward", "backward-squared-error", "reweighted", "sparse",
    *WITHOUT_MATRIX,
)  # fmt: skip
def test_memory_grows_with_samples_times_classes_only(make_loss):
    n_samples, n_classes = 64, 300
    loss = make_loss(make_transition_matrix("pair", n_classes, 0.3))
    logits = torch.zeros(n_samples, n_classes, requires_grad=True)
    with LargestTensor() as largest:
        loss(logits, torch.arange(n_samples)).backward()
    assert largest.n_elements <= n_samples * n_classes


MISFITS = {
    "one label for all samples": torch.zeros(1, dtype=torch.int64),
    "a column of labels": torch.zeros(12, 1, dtype=torch.int64),
    "floating labels": torch.zeros(12),
    "a negative label": torch.full((12,), -1),
}


@each_representative
@pytest.mark.parametrize("target", MISFITS.values(), ids=MISFITS)
def test_invalid_labels_are_refused(make_loss, target):
    with pytest.raises(ValueError, match="target must hold"):
        make_loss(T)(batch()[0], target)


@each_correction
def test_logits_of_other_classes_are_refused(make_loss):
    with pytest.raises(ValueError, match=r"shape \(n_samples, 3\).* got \(12, 1\)"):
        make_loss(T)(torch.zeros(12, 1), torch.zeros(12, dtype=torch.int64))


@each_representative
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
def test_labels_of_any_integer_type_are_accepted(make_loss, dtype):
    logits, y = batch()
    assert make_loss(T)(logits, y.to(dtype)) == make_loss(T)(logits, y)


SHUFFLED = [2, 0, 1]
AS_GIVEN = {
    "list": T.tolist(),
    "frame": pd.DataFrame(T),
    "frame in another order": pd.DataFrame(T).iloc[SHUFFLED, SHUFFLED],
    "frame with its columns in another order": pd.DataFrame(T).iloc[:, SHUFFLED],
    "with gradient": torch.tensor(T, requires_grad=True),
    "single precision": torch.tensor(T).float(),
    "bfloat16": torch.tensor(T).bfloat16(),
    "half precision": T.astype(np.float16),
    "integers": torch.eye(3).int(),
}


@each_correction
@pytest.mark.parametrize("given", AS_GIVEN.values(), ids=AS_GIVEN)
def test_transition_matrix_may_be_any_array(make_loss, given):
    loss, expected = make_loss(given).transition_matrix, torch.tensor(T)
    if torch.is_tensor(given) and not given.is_floating_point():
        expected = torch.eye(3).double()
    torch.testing.assert_close(loss, expected, atol=0.02, rtol=0)
    torch.testing.assert_close(loss.sum(dim=1), torch.ones(3).double())
    assert not loss.requires_grad


@each_correction
def test_frame_of_other_names_is_refused(make_loss):
    with pytest.raises(ValueError, match="transition_matrix"):
        make_loss(pd.DataFrame(T, list("abc"), list("abc")))
