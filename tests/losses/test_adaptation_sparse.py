"""The noise adaptation layer that keeps few entries of each row."""

import pickle

import numpy as np
import pytest
import torch

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss, SparseAdaptationLoss

EXACT = {"rtol": 1e-12, "atol": 1e-12}
T = [
    [0.7, 0.2, 0.1, 0.0],
    [0.5, 0.1, 0.3, 0.1],
    [0.0, 0.2, 0.8, 0.0],
    [0.4, 0.3, 0.2, 0.1],
]


def batch(n_classes, n_rows=20):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 3, (n_rows, n_classes)), requires_grad=True)
    return logits, torch.tensor(rng.integers(n_classes, size=n_rows))


def transition(n_classes):
    return make_transition_matrix("random", n_classes, 0.4, random_state=0)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("more", [0, 7])
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


@pytest.mark.parametrize("n_entries", [1, 2, 5])
def test_sparse_layer_is_forward_correction_with_its_dense_matrix(n_entries):
    logits, y = batch(10)
    sparse = SparseAdaptationLoss(transition(10), n_entries=n_entries, reduction="none")
    forward = ForwardLoss(sparse.transition_matrix, reduction="none")
    found, expected = sparse(logits, y), forward(logits, y)
    slopes = [torch.autograd.grad(x.sum(), logits)[0] for x in (found, expected)]
    torch.testing.assert_close(found, expected, **EXACT)
    torch.testing.assert_close(*slopes, **EXACT)


def test_largest_entries_are_kept_and_the_diagonal():
    loss = SparseAdaptationLoss(T, n_entries=2)
    assert loss.columns.tolist() == [[0, 1], [0, 1], [1, 2], [0, 3]]
    assert loss.transition_logits.shape == (4, 2)


def test_kept_entries_keep_their_proportions():
    found = SparseAdaptationLoss(T, n_entries=2).transition_matrix
    kept = np.array(
        [[0.7, 0.2, 0, 0], [0.5, 0.1, 0, 0], [0, 0.2, 0.8, 0], [0.4, 0, 0, 0.1]]
    )
    np.testing.assert_allclose(found, kept / kept.sum(axis=1, keepdims=True), atol=1e-12)


def test_single_entry_leaves_the_labels_as_they_are():
    matrix = SparseAdaptationLoss(T, n_entries=1).transition_matrix
    torch.testing.assert_close(matrix, torch.eye(4, dtype=torch.float64))


def test_ties_do_not_give_all_rows_to_one_label():
    loss = SparseAdaptationLoss(make_transition_matrix("pair", 100, 0.3), n_entries=5)
    assert torch.bincount(loss.columns.flatten()).tolist() == [5] * 100


@pytest.mark.parametrize("n_entries", [1, 2, 3])
def test_gradient_of_net_and_layer_passes_the_finite_differences(n_entries):
    loss, (logits, y) = SparseAdaptationLoss(T, n_entries=n_entries), batch(4, n_rows=4)

    def value(z, b):
        return torch.func.functional_call(loss, {"transition_logits": b}, (z, y))

    assert torch.autograd.gradcheck(value, (logits, loss.transition_logits))


def test_restored_layer_has_the_entries_of_the_saved_one():
    logits, y = batch(4)
    saved = SparseAdaptationLoss(T, n_entries=2)
    restored = SparseAdaptationLoss(np.eye(4), n_entries=2)
    restored.load_state_dict(saved.state_dict())
    assert restored(logits, y) == saved(logits, y)
    assert restored(logits, y) == pickle.loads(pickle.dumps(restored))(logits, y)


def test_restoring_works_from_inside_another_module():
    logits, y = batch(4)
    saved, restored = (
        torch.nn.Sequential(SparseAdaptationLoss(matrix, n_entries=2))
        for matrix in (T, np.eye(4))
    )
    restored.load_state_dict(saved.state_dict())
    assert restored[0](logits, y) == saved[0](logits, y)


def test_number_of_entries_is_positive():
    with pytest.raises(ValueError, match="n_entries must be above 0; got 0"):
        SparseAdaptationLoss(T, n_entries=0)
