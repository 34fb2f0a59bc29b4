"""The noise adaptation layer that looks at the features of a row."""

import numpy as np
import pytest
import torch

from sklnoise.losses import ComplexAdaptationLoss, ForwardLoss, SimpleAdaptationLoss

T = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.15, 0.6]])
N_FEATURES = 4
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def batch(dtype=torch.float64, n_rows=10):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 3, (n_rows, 3)), dtype=dtype, requires_grad=True)
    features = torch.tensor(rng.normal(size=(n_rows, N_FEATURES)), dtype=dtype)
    return (logits, features.requires_grad_()), torch.tensor(rng.integers(3, size=n_rows))


def complex_loss(**params):
    """Make a layer whose T depends on the features."""
    loss = ComplexAdaptationLoss(T, N_FEATURES, **params)
    with torch.no_grad():
        loss.feature_weights.normal_(generator=torch.Generator().manual_seed(0))
    return loss


def test_layer_starts_as_the_simple_one_with_its_gradient():
    (logits, features), y = batch()
    loss, simple = ComplexAdaptationLoss(T, N_FEATURES), SimpleAdaptationLoss(T)
    found = loss((logits, features), y)
    expected = simple(logits, y)
    torch.testing.assert_close(found, expected, **EXACT)
    torch.testing.assert_close(
        torch.autograd.grad(found, (logits, loss.transition_logits)),
        torch.autograd.grad(expected, (logits, simple.transition_logits)),
        **EXACT,
    )


def test_each_row_is_corrected_by_its_own_matrix():
    ((logits, features), y), loss = batch(), complex_loss(reduction="none")
    by_row = [
        ForwardLoss(matrix)(z[None], label[None])
        for matrix, z, label in zip(loss.transition_matrices(features), logits, y)
    ]
    torch.testing.assert_close(loss((logits, features), y), torch.stack(by_row))


def test_matrices_are_distributions_without_gradient():
    matrices = complex_loss().transition_matrices(batch()[0][1])
    assert matrices.shape == (10, 3, 3)
    assert not matrices.requires_grad
    torch.testing.assert_close(matrices.sum(dim=2), torch.ones(10, 3).double())


def test_matrix_of_features_that_are_zero_is_the_transition_matrix():
    loss = complex_loss()
    torch.testing.assert_close(
        loss.transition_matrices(torch.zeros(1, N_FEATURES).double())[0],
        loss.transition_matrix,
    )
    torch.testing.assert_close(loss.transition_matrix, torch.tensor(T))


def test_gradient_of_net_and_layer_passes_the_finite_differences():
    ((logits, features), y), loss = batch(n_rows=3), complex_loss()

    def value(z, h, b, u):
        weights = {"transition_logits": b, "feature_weights": u}
        return torch.func.functional_call(loss, weights, ((z, h), y))

    parameters = (loss.transition_logits, loss.feature_weights)
    assert torch.autograd.gradcheck(value, (logits, features, *parameters))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_logits_and_features_are_raised_to_single_precision(dtype):
    (logits, features), y = batch(dtype)
    loss = complex_loss()
    found = loss((logits, features), y)
    expected = loss((logits.float(), features.float()), y)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert loss.transition_matrices(features).dtype == torch.float32


@pytest.mark.parametrize("scale", [-1e4, 1e4])
def test_huge_features_stay_finite_with_their_gradient(scale):
    ((logits, features), y), loss = batch(torch.float32), complex_loss()
    loss((logits, scale * features), y).backward()
    for weights in (logits, features, *loss.parameters()):
        assert weights.grad.isfinite().all()


def test_logits_alone_are_refused():
    (logits, _), y = batch()
    with pytest.raises(TypeError, match=r"\(logits, features\).* got Tensor"):
        complex_loss()(logits, y)


def test_other_number_of_features_is_refused():
    (logits, features), y = batch()
    with pytest.raises(ValueError, match=r"shape \(n_samples, 4\); got \(10, 2\)"):
        complex_loss()((logits, features[:, :2]), y)


def test_number_of_features_is_positive():
    with pytest.raises(ValueError, match="n_features must be above 0; got 0"):
        ComplexAdaptationLoss(T, 0)
