"""What holds for every loss that takes a transition matrix."""

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch

from sklnoise.losses import BackwardLoss, ForwardLoss, SimpleAdaptationLoss

LOSSES = [
    ForwardLoss,
    BackwardLoss,
    partial(BackwardLoss, identity_weight=0.3),
    SimpleAdaptationLoss,
]
T = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.15, 0.6]])
WITH_ZEROS = np.array([[1, 0, 0], [0.4, 0.6, 0], [0, 0.3, 0.7]])

each_loss = pytest.mark.parametrize("make_loss", LOSSES)


def batch(dtype=torch.float64):
    logits = torch.randn(12, 3, generator=torch.Generator().manual_seed(0), dtype=dtype)
    return logits.requires_grad_(), torch.arange(12) % 3


@each_loss
def test_reductions_agree(make_loss):
    mean, total, each = (
        make_loss(T, reduction=reduction)(*batch())
        for reduction in ("mean", "sum", "none")
    )
    assert each.shape == (12,)
    torch.testing.assert_close(total, each.sum())
    torch.testing.assert_close(mean, each.mean())


@each_loss
def test_mean_is_the_default(make_loss):
    assert make_loss(T)(*batch()) == make_loss(T, reduction="mean")(*batch())


@each_loss
def test_unknown_reduction_is_refused(make_loss):
    message = r"one of \['mean', 'none', 'sum'\]; got 'max'"
    with pytest.raises(ValueError, match=message):
        make_loss(T, reduction="max")


@each_loss
def test_transposed_matrix_is_refused(make_loss):
    with pytest.raises(ValueError, match="it is transposed"):
        make_loss(WITH_ZEROS.T)


@each_loss
@pytest.mark.parametrize("matrix", [T, WITH_ZEROS])
def test_gradient_passes_the_finite_differences(make_loss, matrix):
    logits, y = batch()
    assert torch.autograd.gradcheck(lambda z: make_loss(matrix)(z, y), logits)


@each_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("matrix", [T, WITH_ZEROS, np.eye(3)])
def test_huge_logits_stay_finite_with_their_gradient(make_loss, dtype, matrix):
    grid = torch.tensor([-1e4, 0, 1e4], dtype=dtype)
    logits = torch.cartesian_prod(grid, grid, grid, torch.arange(3).to(dtype))
    logits, y = logits[:, :3].clone().requires_grad_(), logits[:, 3].long()
    losses = make_loss(matrix, reduction="none")(logits, y)
    losses.sum().backward()
    assert losses.isfinite().all()
    assert logits.grad.isfinite().all()


@each_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_has_the_dtype_of_the_logits(make_loss, dtype):
    assert make_loss(T)(*batch(dtype)).dtype == dtype


@each_loss
def test_single_precision_agrees_with_double(make_loss):
    loss = make_loss(T, reduction="none")
    logits, y = batch(torch.float32)
    torch.testing.assert_close(
        loss(logits, y).double(), loss(logits.double(), y), rtol=1e-5, atol=1e-5
    )


@each_loss
def test_loss_ignores_a_shift_of_the_logits(make_loss):
    loss, (logits, y) = make_loss(T, reduction="none"), batch()
    torch.testing.assert_close(loss(logits + 7, y), loss(logits, y))


@each_loss
def test_each_row_has_a_loss_of_its_own(make_loss):
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
def test_state_carries_the_transition_matrix(make_loss):
    loss, restored = make_loss(T), make_loss(np.eye(3))
    assert restored(*batch()) != loss(*batch())
    restored.load_state_dict(loss.state_dict())
    assert restored(*batch()) == loss(*batch())
    torch.testing.assert_close(restored.transition_matrix, torch.tensor(T))


@each_loss
def test_everything_of_the_loss_moves_with_it(make_loss):
    loss = make_loss(T).to("meta")
    assert loss(batch()[0].to("meta"), batch()[1].to("meta")).is_meta


@each_loss
def test_transition_matrix_given_is_copied(make_loss):
    given = T.copy()
    loss = make_loss(given)
    before = deepcopy(loss)(*batch())
    given[:] = np.eye(3)
    assert loss(*batch()) == before
