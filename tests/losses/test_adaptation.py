"""The simple noise adaptation layer."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss

WITH_ZEROS = [[1, 0, 0], [0.4, 0.6, 0], [0, 0.3, 0.7]]


def batch(n_classes, n_rows=20):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 3, (n_rows, n_classes)), requires_grad=True)
    return logits, torch.tensor(rng.integers(n_classes, size=n_rows))


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_adaptation_starts_as_forward_correction(n_classes):
    logits, y = batch(n_classes)
    T = make_transition_matrix("symmetric", n_classes, 0.4)
    T = T @ make_transition_matrix("pair", n_classes, 0.2)
    adaptation, forward = SimpleAdaptationLoss(T)(logits, y), ForwardLoss(T)(logits, y)
    slopes = [torch.autograd.grad(loss, logits)[0] for loss in (adaptation, forward)]
    torch.testing.assert_close(adaptation, forward, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-12)


def test_flips_that_never_happen_start_small_and_close():
    T = SimpleAdaptationLoss(WITH_ZEROS).transition_matrix.numpy()
    assert T.min() > 0
    np.testing.assert_allclose(T, WITH_ZEROS, atol=3e-3)


def test_learned_rows_stay_distributions():
    loss = SimpleAdaptationLoss(WITH_ZEROS)
    with torch.no_grad():
        loss.transition_logits.normal_(0, 5, generator=torch.manual_seed(0))
    T = loss.transition_matrix
    torch.testing.assert_close(T.sum(dim=1), torch.ones(3, dtype=T.dtype))
    assert T.min() >= 0


def test_layer_is_trained_even_where_it_starts_without_flips():
    loss, (logits, y) = SimpleAdaptationLoss(np.eye(3)), batch(3)
    loss(logits, y).backward()
    assert (loss.transition_logits.grad != 0).all()


def test_layer_passes_the_finite_differences():
    loss, (logits, y) = SimpleAdaptationLoss(WITH_ZEROS), batch(3)
    assert torch.autograd.gradcheck(
        lambda b: torch.func.functional_call(loss, {"transition_logits": b}, (logits, y)),
        loss.transition_logits,
    )


def test_layer_rests_where_its_rows_are_the_noise_of_sure_predictions():
    shares = np.array([[6, 3, 1], [2, 7, 1], [1, 1, 8]])
    clean, noisy = (
        torch.tensor(c.repeat(shares.ravel())) for c in np.indices((3, 3)).reshape(2, -1)
    )
    logits = 50 * torch.eye(3, dtype=torch.float64)[clean]
    at_rest, elsewhere = (
        SimpleAdaptationLoss(shares / 10),
        SimpleAdaptationLoss(np.eye(3)),
    )
    for loss in (at_rest, elsewhere):
        loss(logits, noisy).backward()
    assert at_rest.transition_logits.grad.abs().max() < 1e-12
    assert elsewhere.transition_logits.grad.abs().max() > 0.01


@pytest.mark.parametrize("n_classes", [2, 10, 100, 1000])
def test_start_is_close_however_many_classes_there_are(n_classes):
    diagonal = SimpleAdaptationLoss(np.eye(n_classes)).transition_matrix.diagonal()
    assert diagonal.min() > 0.98


def test_frozen_layer_has_no_gradient_and_the_optimizer_leaves_it():
    loss, (logits, y) = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=2), batch(3)
    start = loss.transition_matrix
    optimizer = torch.optim.AdamW(loss.parameters(), lr=0.1)
    still = []
    for _ in range(3):
        optimizer.zero_grad()
        loss(logits, y).backward()
        optimizer.step()
        still.append(torch.equal(loss.transition_matrix, start))
    assert still == [True, True, False]


def test_frozen_layer_gives_the_same_loss_and_gradient_to_the_net():
    logits, y = batch(3)
    losses = [SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=n)(logits, y) for n in (0, 1)]
    slopes = [torch.autograd.grad(loss, logits)[0] for loss in losses]
    assert losses[0] == losses[1]
    assert torch.equal(*slopes)


def test_calls_in_evaluation_are_not_counted():
    loss = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=1)
    loss.eval()(*batch(3))
    assert loss.step == 0
    loss.train()(*batch(3))
    assert loss.step == 1


def test_copy_and_pickle_go_on_where_the_loss_was():
    loss = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=1)
    loss(*batch(3))
    for resumed in (deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        resumed(*batch(3)).backward()
        assert resumed.transition_logits.grad is not None


def test_state_leaves_out_the_schedule():
    loss = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=1)
    assert list(loss.state_dict()) == ["transition_logits"]


def test_volume_is_added_to_each_row():
    logits, y = batch(3)
    plain, weighted = (
        SimpleAdaptationLoss(WITH_ZEROS, volume_weight=weight, reduction="none")
        for weight in (0, 0.3)
    )
    volume = 0.3 * plain.transition_matrix.det().abs().log()
    torch.testing.assert_close(weighted(logits, y), plain(logits, y) + volume)


def test_volume_of_a_swap_counts_as_that_of_no_noise():
    swap, losses = np.array([[0.1, 0.9], [0.9, 0.1]]), []
    for T in (swap, swap[::-1].copy()):
        loss = SimpleAdaptationLoss(T, volume_weight=1.0)
        losses.append(loss(torch.zeros(2, 2), torch.arange(2)))
    torch.testing.assert_close(*losses)


def test_heavier_volume_leaves_a_smaller_determinant():
    logits, y = batch(3)
    determinants = []
    for weight in (0, 0.1):
        loss = SimpleAdaptationLoss(0.1 + 0.7 * np.eye(3), volume_weight=weight)
        loss(logits, y).backward()
        torch.optim.SGD(loss.parameters(), lr=1.0).step()
        determinants.append(loss.transition_matrix.det())
    assert determinants[1] < determinants[0]


def test_volume_of_a_singular_matrix_is_refused():
    with pytest.raises(ValueError, match="invertible transition_matrix to start from"):
        SimpleAdaptationLoss(np.full((2, 2), 0.5), volume_weight=0.1)


@pytest.mark.parametrize("name", ["frozen_steps", "volume_weight"])
def test_negative_parameter_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 0; got -1"):
        SimpleAdaptationLoss(np.eye(2), **{name: -1})
