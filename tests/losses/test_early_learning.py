"""The loss with a memory: its equation, its memory and its checks."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import softmax
from sklearn.utils.class_weight import compute_sample_weight
from torch.nn.functional import cross_entropy

from sklnoise.losses import EarlyLearningLoss, ForwardLoss
from sklnoise.losses import _early_learning as module

T = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]])
N_SAMPLES = 20


def batches(n_classes=3, n_batches=8, seed=0):
    """Return batches of logits, labels and indices; a batch visits no sample twice."""
    rng = np.random.default_rng(seed)
    for _ in range(n_batches):
        logits = torch.from_numpy(rng.normal(0, 2, (5, n_classes)))
        index = torch.from_numpy(rng.permutation(N_SAMPLES)[:5])
        yield logits, torch.from_numpy(rng.integers(n_classes, size=5)), index


def losses_by_equation(logits, y, index, memory, *, weight, momentum, T, balanced):
    """Compute the losses by the paper's equations, and update the memory.

    If balanced, each remembered class has the same total in the second term.
    """
    p = softmax(logits.numpy(), axis=1)
    likelihood = -np.log((p @ T)[np.arange(len(y)), y.numpy()])
    p = p.clip(1e-4, 1 - 1e-4)
    index = index.numpy()
    memory[index] = momentum * memory[index]
    memory[index] += (1 - momentum) * p / p.sum(axis=1, keepdims=True)
    term = np.log(1 - (memory[index] * p).sum(axis=1))
    if balanced:
        classes = memory[index].argmax(axis=1)
        term *= compute_sample_weight("balanced", classes)
    return likelihood + weight * term


@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("transition_matrix", [None, T])
def test_loss_is_that_of_the_equation(transition_matrix, balanced):
    loss = EarlyLearningLoss(
        transition_matrix,
        regularization=2.0,
        momentum=0.6,
        balanced=balanced,
        reduction="none",
    )
    memory = np.zeros((N_SAMPLES, 3))
    matrix = np.eye(3) if transition_matrix is None else T
    for logits, y, index in batches():
        expected = losses_by_equation(
            logits,
            y,
            index,
            memory,
            weight=2.0,
            momentum=0.6,
            T=matrix,
            balanced=balanced,
        )
        assert_allclose(loss(logits, y, index), expected, rtol=1e-9)


def test_rare_class_is_pulled_as_much_as_the_others():
    logits = torch.zeros(9, 2, dtype=torch.float64)
    logits[:8, 0] = logits[8, 1] = 0.5  # eight samples of one class, one of the other
    logits.requires_grad_()
    loss = EarlyLearningLoss(reduction="sum")
    index = torch.arange(9)
    likelihood = cross_entropy(logits, index % 2, reduction="sum")
    (loss(logits, index % 2, index) - likelihood).backward()
    pull = logits.grad.sum(dim=0)
    assert_allclose(pull, 0, atol=1e-12)


def test_samples_of_each_network_need_the_number_of_all():
    with pytest.raises(ValueError, match="n_samples must be given"):
        EarlyLearningLoss().forget(n_of_each=10)


def test_networks_that_are_trained_at_once_are_balanced_apart():
    together = EarlyLearningLoss(reduction="none")
    together.forget(2 * N_SAMPLES, n_of_each=N_SAMPLES)
    alone = [EarlyLearningLoss(reduction="none") for _ in range(2)]
    for first, second in zip(batches(), batches(seed=1), strict=True):
        expected = [loss(*one) for loss, one in zip(alone, (first, second), strict=True)]
        second = (*second[:2], second[2] + N_SAMPLES)
        batch = [torch.cat(parts) for parts in zip(first, second, strict=True)]
        assert_allclose(together(*batch), torch.cat(expected))


def test_gradient_goes_through_the_prediction_alone():
    loss = EarlyLearningLoss(regularization=1.5, momentum=0.5)
    logits = torch.tensor([[1.0, -0.5, 0.2]], dtype=torch.float64, requires_grad=True)
    y, index = torch.tensor([2]), torch.tensor([0])
    loss(logits, y, index).backward()
    t = 0.5 * logits.detach().softmax(dim=1)  # the memory, a constant
    again = logits.detach().clone().requires_grad_()
    product = (t * again.softmax(dim=1)).sum(dim=1)
    (cross_entropy(again, y) + 1.5 * torch.log1p(-product).mean()).backward()
    assert_allclose(logits.grad, again.grad, rtol=1e-9)


def test_memory_takes_the_gradient_from_a_wrong_label():
    logits = torch.tensor([[4.0, 0.0]], requires_grad=True)
    y, index = torch.tensor([1]), torch.tensor([0])
    loss = EarlyLearningLoss()
    for _ in range(20):  # the sample was predicted as 0 all along
        loss(logits.detach(), y, index)
    loss(logits, y, index).backward()
    with_memory = logits.grad.abs().max()
    logits.grad = None
    cross_entropy(logits, y).backward()
    assert with_memory < logits.grad.abs().max()


def test_second_term_waits_while_the_memory_is_filled():
    prompt, late = EarlyLearningLoss(T), EarlyLearningLoss(T, delay_steps=3)
    for number, (logits, y, index) in enumerate(batches()):
        expected = prompt(logits, y, index) if number >= 3 else ForwardLoss(T)(logits, y)
        if number < 3:
            prompt(logits, y, index)
        assert_allclose(late(logits, y, index), expected)
    late.forget()
    logits, y, index = next(batches())
    assert_allclose(late(logits, y, index), ForwardLoss(T)(logits, y))


@pytest.mark.parametrize("transition_matrix", [None, T])
def test_no_regularization_is_the_likelihood(transition_matrix):
    loss = EarlyLearningLoss(transition_matrix, regularization=0)
    for logits, y, index in batches():
        plain = (
            cross_entropy(logits, y)
            if transition_matrix is None
            else ForwardLoss(T)(logits, y)
        )
        assert_allclose(loss(logits, y, index), plain)


def test_evaluation_neither_uses_nor_changes_the_memory():
    loss = EarlyLearningLoss(T)
    for logits, y, index in batches():
        loss(logits, y, index)
    kept = loss.memory.values.clone()
    assert_allclose(loss.eval()(logits, y), ForwardLoss(T)(logits, y))
    assert_allclose(loss(logits, y, index), ForwardLoss(T)(logits, y))
    assert torch.equal(loss.memory.values, kept)


def test_memory_grows_to_what_it_would_have_been():
    grown = EarlyLearningLoss(reduction="none")
    made = EarlyLearningLoss(reduction="none", n_samples=N_SAMPLES)
    for logits, y, index in batches():
        assert_allclose(grown(logits, y, index), made(logits, y, index))


def test_many_classes_are_remembered_by_the_most_probable_ones(monkeypatch):
    dense = EarlyLearningLoss(reduction="none", n_samples=N_SAMPLES)
    sparse = EarlyLearningLoss(reduction="none", n_samples=N_SAMPLES)
    first, *later = batches(n_classes=8)  # all of them fit
    expected = [dense(*batch) for batch in (first, *later)]
    monkeypatch.setattr(module, "MAX_DENSE_CLASSES", 7)
    for batch, losses in zip((first, *later), expected, strict=True):
        assert_allclose(sparse(*batch), losses)
    assert sparse.memory.values.shape == (N_SAMPLES, module.N_KEPT)
    for batch in batches(n_classes=300):
        few = EarlyLearningLoss(n_samples=N_SAMPLES)
        assert torch.isfinite(few(*batch))
        assert few.memory.values.shape == (N_SAMPLES, module.N_KEPT)


def test_ignored_samples_count_for_nothing():
    logits, y, index = next(batches())
    kept = torch.tensor([0, 2, 3])
    ignored = y.clone()
    ignored[[1, 4]] = -100
    for reduction in ("mean", "sum"):
        loss = EarlyLearningLoss(T, reduction=reduction)
        of_all = loss(logits, ignored, index)
        loss.forget()
        assert_allclose(of_all, loss(logits[kept], y[kept], index[kept]))
    each = EarlyLearningLoss(T, reduction="none")(logits, ignored, index)
    assert (each[[1, 4]] == 0).all()


def test_soft_target_is_the_mean_over_labels():
    logits, y, index = next(batches())
    hard = EarlyLearningLoss(T, reduction="none")(logits, y, index)
    soft = torch.nn.functional.one_hot(y, 3).double()
    assert_allclose(EarlyLearningLoss(T, reduction="none")(logits, soft, index), hard)


@pytest.mark.parametrize("copy", [deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_have_no_memory(copy):
    loss = EarlyLearningLoss(T, n_samples=N_SAMPLES)
    loss(*next(batches()))
    copied = copy(loss)
    assert copied.memory.values is None
    assert loss.memory.values is not None
    logits, y, index = next(batches(seed=1))
    assert torch.isfinite(copied(logits, y, index))


BAD = [
    ({"regularization": -1.0}, ValueError, "regularization"),
    ({"regularization": "much"}, TypeError, "regularization"),
    ({"momentum": 1.5}, ValueError, "momentum"),
    ({"delay_steps": -1}, ValueError, "delay_steps"),
    ({"delay_steps": 0.5}, TypeError, "delay_steps"),
    ({"n_samples": 2.5}, TypeError, "n_samples"),
    ({"n_samples": -1}, ValueError, "n_samples"),
    ({"transition_matrix": [[0.5, 0.6], [0.5, 0.5]]}, ValueError, "sum"),
    ({"reduction": "median"}, ValueError, "reduction"),
]


@pytest.mark.parametrize(("params", "error", "message"), BAD)
def test_bad_parameter_is_named(params, error, message):
    with pytest.raises(error, match=message):
        EarlyLearningLoss(**params)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (None, TypeError, "loss.eval"),
        (torch.zeros(5), TypeError, "integers"),
        (np.arange(5), TypeError, "tensor"),
        (torch.arange(4), ValueError, r"shape \(5,\)"),
        (torch.arange(5) - 1, ValueError, "-1 to 3"),
        (torch.arange(5) + 17, ValueError, "17 to 21"),
    ],
)
def test_bad_index_is_named(index, error, message):
    logits, y, _ = next(batches())
    with pytest.raises(error, match=message):
        EarlyLearningLoss(n_samples=N_SAMPLES)(logits, y, index)


def test_memory_that_is_too_large_is_refused():
    logits, y, index = next(batches())
    with pytest.raises(ValueError, match="GiB"):
        EarlyLearningLoss(n_samples=10**9)(logits, y, index)
