"""The noise adaptation layers: simple, complex and sparse."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import (
    ComplexAdaptationLoss,
    ForwardLoss,
    SimpleAdaptationLoss,
    SparseAdaptationLoss,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}
WITH_ZEROS = [[1, 0, 0], [0.4, 0.6, 0], [0, 0.3, 0.7]]
T = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.15, 0.6]])
N_FEATURES = 4
# For the sparse layer: the diagonal is not always among the two largest of a row.
FOUR = [
    [0.7, 0.2, 0.1, 0.0],
    [0.5, 0.1, 0.3, 0.1],
    [0.0, 0.2, 0.8, 0.0],
    [0.4, 0.3, 0.2, 0.1],
]


def batch(n_classes, n_samples=20):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 3, (n_samples, n_classes)), requires_grad=True)
    return logits, torch.tensor(rng.integers(n_classes, size=n_samples))


@pytest.mark.parametrize("n_classes", [2, 10])
def test_adaptation_starts_as_forward_correction(n_classes):
    logits, y = batch(n_classes)
    matrix = make_transition_matrix("symmetric", n_classes, 0.4)
    matrix = matrix @ make_transition_matrix("pair", n_classes, 0.2)
    adaptation, forward = (
        SimpleAdaptationLoss(matrix)(logits, y),
        ForwardLoss(matrix)(logits, y),
    )
    slopes = [torch.autograd.grad(loss, logits)[0] for loss in (adaptation, forward)]
    torch.testing.assert_close(adaptation, forward, **EXACT)
    torch.testing.assert_close(*slopes, **EXACT)


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


def test_layer_is_stationary_at_the_noise_of_certain_predictions():
    shares = np.array([[6, 3, 1], [2, 7, 1], [1, 1, 8]])
    clean, noisy = (
        torch.tensor(c.repeat(shares.ravel())) for c in np.indices((3, 3)).reshape(2, -1)
    )
    logits = 50 * torch.eye(3, dtype=torch.float64)[clean]
    stationary, elsewhere = (
        SimpleAdaptationLoss(shares / 10),
        SimpleAdaptationLoss(np.eye(3)),
    )
    for loss in (stationary, elsewhere):
        loss(logits, noisy).backward()
    assert stationary.transition_logits.grad.abs().max() < 1e-12
    assert elsewhere.transition_logits.grad.abs().max() > 0.01


@pytest.mark.parametrize("n_classes", [2, 1000])
def test_start_is_close_however_many_classes_there_are(n_classes):
    diagonal = SimpleAdaptationLoss(np.eye(n_classes)).transition_matrix.diagonal()
    assert diagonal.min() > 0.98


def test_frozen_layer_is_not_changed_by_the_optimizer():
    loss, (logits, y) = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=2), batch(3)
    start = loss.transition_matrix
    optimizer = torch.optim.AdamW(loss.parameters(), lr=0.1)
    unchanged = []
    for _ in range(3):
        optimizer.zero_grad()
        loss(logits, y).backward()
        optimizer.step()
        unchanged.append(torch.equal(loss.transition_matrix, start))
    assert unchanged == [True, True, False]


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


def test_copy_and_pickle_keep_the_step():
    loss = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=1)
    loss(*batch(3))
    for resumed in (deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        resumed(*batch(3)).backward()
        assert resumed.transition_logits.grad is not None


def test_state_dict_leaves_out_the_step():
    loss = SimpleAdaptationLoss(WITH_ZEROS, frozen_steps=1)
    assert list(loss.state_dict()) == ["transition_logits"]


def test_volume_is_added_to_each_sample():
    logits, y = batch(3)
    plain, weighted = (
        SimpleAdaptationLoss(WITH_ZEROS, volume_weight=weight, reduction="none")
        for weight in (0, 0.3)
    )
    volume = 0.3 * plain.transition_matrix.det().abs().log()
    torch.testing.assert_close(weighted(logits, y), plain(logits, y) + volume)


def test_volume_of_a_swap_counts_as_that_of_no_noise():
    swap, losses = np.array([[0.1, 0.9], [0.9, 0.1]]), []
    for matrix in (swap, swap[::-1].copy()):
        loss = SimpleAdaptationLoss(matrix, volume_weight=1.0)
        losses.append(loss(torch.zeros(2, 2), torch.arange(2)))
    torch.testing.assert_close(*losses)


def test_larger_volume_weight_gives_a_smaller_determinant():
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


def batch_with_features(dtype=torch.float64, n_samples=10):
    rng = np.random.default_rng(0)
    logits = torch.tensor(
        rng.normal(0, 3, (n_samples, 3)), dtype=dtype, requires_grad=True
    )
    features = torch.tensor(rng.normal(size=(n_samples, N_FEATURES)), dtype=dtype)
    return (logits, features.requires_grad_()), torch.tensor(
        rng.integers(3, size=n_samples)
    )


def complex_loss(**params):
    """Make a layer whose T depends on the features."""
    loss = ComplexAdaptationLoss(T, N_FEATURES, **params)
    with torch.no_grad():
        loss.feature_weights.normal_(generator=torch.Generator().manual_seed(0))
    return loss


def test_complex_layer_starts_as_the_simple_one_with_its_gradient():
    (logits, features), y = batch_with_features()
    loss, simple = ComplexAdaptationLoss(T, N_FEATURES), SimpleAdaptationLoss(T)
    found = loss((logits, features), y)
    expected = simple(logits, y)
    torch.testing.assert_close(found, expected, **EXACT)
    torch.testing.assert_close(
        torch.autograd.grad(found, (logits, loss.transition_logits)),
        torch.autograd.grad(expected, (logits, simple.transition_logits)),
        **EXACT,
    )


def test_each_sample_is_corrected_by_its_own_matrix():
    ((logits, features), y), loss = batch_with_features(), complex_loss(reduction="none")
    per_sample = [
        ForwardLoss(matrix)(z[None], label[None])
        for matrix, z, label in zip(loss.transition_matrices(features), logits, y)
    ]
    torch.testing.assert_close(loss((logits, features), y), torch.stack(per_sample))


def test_matrices_are_distributions_without_gradient():
    matrices = complex_loss().transition_matrices(batch_with_features()[0][1])
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


def test_gradient_of_the_complex_layer_passes_the_finite_differences():
    ((logits, features), y), loss = batch_with_features(n_samples=3), complex_loss()

    def value(z, h, b, u):
        weights = {"transition_logits": b, "feature_weights": u}
        return torch.func.functional_call(loss, weights, ((z, h), y))

    parameters = (loss.transition_logits, loss.feature_weights)
    assert torch.autograd.gradcheck(value, (logits, features, *parameters))


def test_features_in_half_precision_are_converted_to_single():
    (logits, features), y = batch_with_features(torch.bfloat16)
    loss = complex_loss()
    found = loss((logits, features), y)
    expected = loss((logits.float(), features.float()), y)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert loss.transition_matrices(features).dtype == torch.float32


@pytest.mark.parametrize("scale", [-1e4, 1e4])
def test_huge_features_stay_finite_with_their_gradient(scale):
    ((logits, features), y), loss = batch_with_features(torch.float32), complex_loss()
    loss((logits, scale * features), y).backward()
    for weights in (logits, features, *loss.parameters()):
        assert weights.grad.isfinite().all()


def test_logits_alone_are_refused():
    (logits, _), y = batch_with_features()
    with pytest.raises(TypeError, match=r"\(logits, features\).* got Tensor"):
        complex_loss()(logits, y)


def test_other_number_of_features_is_refused():
    (logits, features), y = batch_with_features()
    with pytest.raises(ValueError, match=r"shape \(n_samples, 4\); got \(10, 2\)"):
        complex_loss()((logits, features[:, :2]), y)


def test_number_of_features_is_positive():
    with pytest.raises(ValueError, match="n_features must be above 0; got 0"):
        ComplexAdaptationLoss(T, 0)


def transition(n_classes):
    return make_transition_matrix("random", n_classes, 0.4, random_state=0)


@pytest.mark.parametrize(("n_classes", "more"), [(2, 0), (10, 0), (10, 7)])
def test_all_entries_make_the_simple_layer_with_its_gradient(n_classes, more):
    (logits, y), matrix = batch(n_classes), transition(n_classes)
    sparse = SparseAdaptationLoss(matrix, n_entries=n_classes + more)
    simple = SimpleAdaptationLoss(matrix)
    found, expected = sparse(logits, y), simple(logits, y)
    torch.testing.assert_close(found, expected, **EXACT)
    torch.testing.assert_close(
        torch.autograd.grad(found, (logits, sparse.transition_logits)),
        torch.autograd.grad(expected, (logits, simple.transition_logits)),
        **EXACT,
    )


@pytest.mark.parametrize("n_entries", [1, 5])
def test_sparse_layer_is_forward_correction_with_its_dense_matrix(n_entries):
    logits, y = batch(10)
    sparse = SparseAdaptationLoss(transition(10), n_entries=n_entries, reduction="none")
    forward = ForwardLoss(sparse.transition_matrix, reduction="none")
    found, expected = sparse(logits, y), forward(logits, y)
    slopes = [torch.autograd.grad(x.sum(), logits)[0] for x in (found, expected)]
    torch.testing.assert_close(found, expected, **EXACT)
    torch.testing.assert_close(*slopes, **EXACT)


def test_largest_entries_are_kept_and_the_diagonal():
    loss = SparseAdaptationLoss(FOUR, n_entries=2)
    assert loss.columns.tolist() == [[0, 1], [0, 1], [1, 2], [0, 3]]
    assert loss.transition_logits.shape == (4, 2)


def test_kept_entries_keep_their_proportions():
    found = SparseAdaptationLoss(FOUR, n_entries=2).transition_matrix
    kept = np.array(
        [[0.7, 0.2, 0, 0], [0.5, 0.1, 0, 0], [0, 0.2, 0.8, 0], [0.4, 0, 0, 0.1]]
    )
    np.testing.assert_allclose(found, kept / kept.sum(axis=1, keepdims=True), atol=1e-12)


def test_single_entry_leaves_the_labels_as_they_are():
    matrix = SparseAdaptationLoss(FOUR, n_entries=1).transition_matrix
    torch.testing.assert_close(matrix, torch.eye(4, dtype=torch.float64))


def test_ties_are_spread_evenly_over_the_columns():
    loss = SparseAdaptationLoss(make_transition_matrix("pair", 100, 0.3), n_entries=5)
    assert torch.bincount(loss.columns.flatten()).tolist() == [5] * 100


@pytest.mark.parametrize("n_entries", [1, 2])
def test_gradient_of_the_sparse_layer_passes_the_finite_differences(n_entries):
    loss, (logits, y) = (
        SparseAdaptationLoss(FOUR, n_entries=n_entries),
        batch(4, n_samples=4),
    )

    def value(z, b):
        return torch.func.functional_call(loss, {"transition_logits": b}, (z, y))

    assert torch.autograd.gradcheck(value, (logits, loss.transition_logits))


def test_state_dict_restores_the_entries():
    logits, y = batch(4)
    saved = SparseAdaptationLoss(FOUR, n_entries=2)
    restored = SparseAdaptationLoss(np.eye(4), n_entries=2)
    restored.load_state_dict(saved.state_dict())
    assert restored(logits, y) == saved(logits, y)
    assert restored(logits, y) == pickle.loads(pickle.dumps(restored))(logits, y)


def test_state_dict_of_an_outer_module_restores_the_entries():
    logits, y = batch(4)
    saved, restored = (
        torch.nn.Sequential(SparseAdaptationLoss(matrix, n_entries=2))
        for matrix in (FOUR, np.eye(4))
    )
    restored.load_state_dict(saved.state_dict())
    assert restored[0](logits, y) == saved[0](logits, y)


def test_number_of_entries_is_positive():
    with pytest.raises(ValueError, match="n_entries must be above 0; got 0"):
        SparseAdaptationLoss(FOUR, n_entries=0)
