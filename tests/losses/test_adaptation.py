"""The noise adaptation layer."""

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
