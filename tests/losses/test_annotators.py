"""The loss of several annotators."""

import numpy as np
import pytest
import torch

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import AnnotatorForwardLoss, ForwardLoss

N, M, K = 40, 4, 3


def draw(seed=0):
    """Return logits, answers of which some are missing, and a T of each annotator."""
    rng = np.random.RandomState(seed)
    logits = torch.from_numpy(rng.standard_normal((N, K)))
    answers = torch.from_numpy(rng.randint(K, size=(N, M)))
    answers[torch.from_numpy(rng.uniform(size=(N, M)) < 0.3)] = -100
    answers[0], answers[1] = -100, 0
    T = rng.dirichlet(np.ones(K), size=(M, K))
    return logits.requires_grad_(), answers, T


def test_one_annotator_is_forward_correction():
    logits, answers, T = draw()
    target = answers[1:, 0].clip(min=0)
    ours = AnnotatorForwardLoss(T[:1], reduction="none")(logits[1:], target[:, None])
    theirs = ForwardLoss(T[0], reduction="none")(logits[1:], target)
    torch.testing.assert_close(ours, theirs)


def test_it_is_the_likelihood_of_all_answers():
    logits, answers, T = draw()
    losses = AnnotatorForwardLoss(T, reduction="none")(logits, answers)
    p = logits.detach().softmax(dim=1).numpy()
    for i in range(1, N):
        given = [(a, int(y)) for a, y in enumerate(answers[i]) if y >= 0]
        joint = [p[i, k] * np.prod([T[a, k, y] for a, y in given]) for k in range(K)]
        expected = -np.log(sum(joint)) if given else 0
        assert losses[i].item() == pytest.approx(expected)


def test_a_sample_counts_once_however_many_answers_it_has():
    logits, answers, T = draw()
    AnnotatorForwardLoss(T, reduction="sum")(logits, answers).backward()
    assert logits.grad.abs().sum(dim=1).max() <= 2
    assert logits.grad[0].abs().max() == 0  # nobody has answered


def test_a_person_who_answers_at_random_changes_no_gradient():
    logits, answers, T = draw()
    T[0] = T[0][:1]
    losses = AnnotatorForwardLoss(T, reduction="none")
    gradients = []
    for target in (answers, answers.clone()):
        if gradients:
            target[:, 0] = -100
        logits.grad = None
        losses(logits, target).sum().backward()
        gradients.append(logits.grad.clone())
    answered = (answers[:, 1:] >= 0).any(dim=1)
    torch.testing.assert_close(*(gradient[answered] for gradient in gradients))


def test_permuted_annotators_and_classes_permute_nothing_else():
    logits, answers, T = draw()
    loss = AnnotatorForwardLoss(T, reduction="none")(logits, answers)
    order = [2, 0, 3, 1]
    permuted = AnnotatorForwardLoss(T[order], reduction="none")
    torch.testing.assert_close(permuted(logits, answers[:, order]), loss)
    classes = np.array([1, 2, 0])  # what is 0 becomes 1
    renamed = np.empty_like(T)
    renamed[:, classes[:, None], classes] = T
    new = torch.from_numpy(np.append(classes, -100))[answers.where(answers >= 0, K)]
    moved = torch.empty_like(logits)
    moved[:, classes] = logits
    again = AnnotatorForwardLoss(renamed, reduction="none")(moved, new)
    torch.testing.assert_close(again, loss)


def test_the_mean_is_over_samples_with_answers():
    logits, answers, T = draw()
    each = AnnotatorForwardLoss(T, reduction="none")(logits, answers)
    answered = (answers >= 0).any(dim=1)
    mean = AnnotatorForwardLoss(T)(logits, answers)
    torch.testing.assert_close(mean, each[answered].mean())


def test_contradicting_annotators_who_never_err_leave_a_finite_loss():
    logits, _, _ = draw()
    loss = AnnotatorForwardLoss(np.stack([np.eye(K)] * 2))
    value = loss(logits, torch.tensor([[0, 1]] * N))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()


def test_half_precision_and_the_state_of_the_loss():
    logits, answers, T = draw()
    loss = AnnotatorForwardLoss(T)
    assert loss(logits.bfloat16(), answers).dtype == torch.float32
    other = AnnotatorForwardLoss(np.stack([np.eye(K)] * M))
    other.load_state_dict(loss.state_dict())
    torch.testing.assert_close(other.transition_matrices, torch.from_numpy(T))


@pytest.mark.parametrize(
    "T",
    [
        np.eye(3),
        np.ones((2, 3, 3)),
        np.zeros((0, 3, 3)),
        [np.eye(2), np.eye(3)],
        np.full((1, 2, 2), np.nan),
        "T",
    ],
)
def test_matrices_that_are_none(T):
    with pytest.raises(ValueError, match="transition_matri"):
        AnnotatorForwardLoss(T)


def test_bad_targets():
    logits, answers, T = draw()
    loss = AnnotatorForwardLoss(T)
    with pytest.raises(ValueError, match="a column for each annotator"):
        loss(logits, answers[:, :2])
    with pytest.raises(TypeError, match="tensor of integers"):
        loss(logits, answers.float())
    with pytest.raises(ValueError, match=r"columns of the logits, 0\.\.2"):
        loss(logits, answers.where(answers >= 0, -1))
    with pytest.raises(ValueError, match="ignore_index"):
        AnnotatorForwardLoss(T, ignore_index=0)


def test_it_learns_in_anybodys_loop():
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=400)
    X = torch.from_numpy(y[:, None] + 0.3 * rng.standard_normal((400, 1))).float()
    T = np.stack([make_transition_matrix("symmetric", 2, r) for r in (0.2, 0.3, 0.4)])
    drawn = (rng.uniform(size=(400, 3)) < T[:, 1, 0]).astype(int)
    answers = torch.from_numpy(np.abs(y[:, None] - drawn))
    torch.manual_seed(0)
    net, loss = torch.nn.Linear(1, 2), AnnotatorForwardLoss(T)
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=100)

    def step():
        optimizer.zero_grad()
        value = loss(net(X), answers)
        value.backward()
        return value

    optimizer.step(step)
    assert np.mean(net(X).argmax(dim=1).numpy() == y) > 0.93
