"""Expectation maximisation: each half of a round is exact, and none loses likelihood."""

import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers import _em
from sklnoise.classifiers._em import (
    SoftLabelLoss,
    alternate,
    best_transition,
    clean_posterior,
    log_likelihood,
)
from sklnoise.classifiers._fit_input import FitInput
from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss

SEEDS = range(5)


def problem(seed, *, zeros=False, n_rows=40, n_classes=3):
    """Draw p, y, weights, trusted rows and T, perhaps with impossible flips."""
    rng = np.random.default_rng(seed)
    y_proba = rng.dirichlet(np.ones(n_classes), n_rows)
    T = rng.dirichlet(np.ones(n_classes), n_classes) + np.eye(n_classes)
    T[:, 0] *= 1 - zeros  # no label 0 is possible, though some are there
    T /= T.sum(axis=1, keepdims=True)
    y, weight = rng.integers(n_classes, size=n_rows), rng.integers(4, size=n_rows)
    return y_proba, y, weight.astype(float), rng.random(n_rows) < 0.2, T


def expected_log_likelihood(clean, y, weight, T):
    """Loop over rows and classes."""
    return sum(
        weight[t] * clean[t, i] * np.log(T[i, y[t]])
        for t in range(len(y))
        for i in range(len(T))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_clean_posterior_is_bayes_rule(seed):
    y_proba, y, _, trusted, T = problem(seed)
    posterior = clean_posterior(y_proba, y, trusted, T)
    for t in range(len(y)):
        joint = [y_proba[t, i] * T[i, y[t]] for i in range(3)]
        bayes = np.eye(3)[y[t]] if trusted[t] else np.array(joint) / sum(joint)
        assert_allclose(posterior[t], bayes)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("zeros", [False, True])
def test_clean_posterior_sums_to_one(seed, zeros):
    y_proba, y, _, trusted, T = problem(seed, zeros=zeros)
    assert_allclose(clean_posterior(y_proba, y, trusted, T).sum(axis=1), 1)


def test_label_that_transition_calls_impossible_leaves_the_net_its_opinion():
    y_proba, y, _, trusted, T = problem(0, zeros=True)
    impossible = (y == 0) & ~trusted
    posterior = clean_posterior(y_proba, y, trusted, T)
    assert_array_equal(posterior[impossible], y_proba[impossible])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_transition_has_a_higher_expected_log_likelihood(seed):
    clean, y, weight, _, _ = problem(seed)
    T = best_transition(clean, y, weight)
    best = expected_log_likelihood(clean, y, weight, T)
    rng = np.random.default_rng(seed)
    for size in (1e-3, 1e-1, 1):
        for _ in range(20):
            other = T * rng.uniform(1, 1 + size, size=T.shape)
            other /= other.sum(axis=1, keepdims=True)
            assert expected_log_likelihood(clean, y, weight, other) <= best + 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_count_as_repeats_in_the_best_transition(seed):
    clean, y, weight, _, _ = problem(seed)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    expected = best_transition(clean[rows], y[rows], np.ones(len(rows)))
    assert_allclose(best_transition(clean, y, weight), expected)


def test_class_that_no_row_can_be_keeps_its_name():
    clean = np.tile([0.5, 0.5, 0], (6, 1))
    T = best_transition(clean, np.arange(6) % 3, np.ones(6))
    assert_array_equal(T[2], [0, 0, 1])


def round_at_fixed_net(y_proba, y, weight, trusted, T):
    clean = clean_posterior(y_proba, y, trusted, T)
    return best_transition(clean, y, np.where(trusted, 0, weight))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("zeros", [False, True])
def test_round_for_transition_never_lowers_the_likelihood(seed, zeros):
    y_proba, y, weight, trusted, T = problem(seed, zeros=zeros)
    reached = -np.inf
    for _ in range(30):
        likelihood = log_likelihood(y_proba, y, weight, trusted, T)
        assert likelihood >= reached - 1e-12
        reached = likelihood
        T = round_at_fixed_net(y_proba, y, weight, trusted, T)


@pytest.mark.parametrize("seed", SEEDS)
def test_log_likelihood_is_that_of_the_forward_loss_and_of_trusted_labels(seed):
    y_proba, y, weight, trusted, T = problem(seed)
    logits, codes = torch.from_numpy(np.log(y_proba)), torch.from_numpy(y)
    losses = torch.where(
        torch.from_numpy(trusted),
        torch.nn.functional.cross_entropy(logits, codes, reduction="none"),
        ForwardLoss(T, reduction="none")(logits, codes),
    )
    expected = -np.average(losses, weights=weight)
    assert log_likelihood(y_proba, y, weight, trusted, T) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_of_the_soft_labels_is_that_of_the_forward_loss(seed):
    y_proba, y, _, _, T = problem(seed)
    codes, nobody = torch.from_numpy(y), np.zeros(len(y), dtype=bool)
    soft_labels = torch.from_numpy(clean_posterior(y_proba, y, nobody, T))
    gradients = []
    for loss, more in ((SoftLabelLoss(), [soft_labels]), (ForwardLoss(T), [])):
        logits = torch.from_numpy(np.log(y_proba)).requires_grad_()
        loss(logits, codes, *more).mean().backward()
        gradients.append(logits.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_point_has_no_gradient_in_the_simple_adaptation_layer(seed):
    y_proba, y, _, _, T = problem(seed, n_rows=400)
    rng = np.random.default_rng(seed)
    y = np.array([rng.choice(3, p=row) for row in y_proba @ T])
    start, nobody = T, np.zeros(400, dtype=bool)
    for _ in range(2000):
        T = round_at_fixed_net(y_proba, y, np.ones(400), nobody, T)
    gradients = []
    for at in (start, T):
        loss = SimpleAdaptationLoss(at)
        loss.transition_logits.data = torch.from_numpy(at.clip(1e-300)).log()
        loss(torch.from_numpy(np.log(y_proba)), torch.from_numpy(y)).backward()
        gradients.append(loss.transition_logits.grad.abs().max().item())
    assert gradients[1] < 1e-3 * gradients[0]


class FakeTrainer:
    """Trains "nets" that are their predictions."""

    def __init__(self, train):
        self.train = train

    def fit(self, rows, loss, *, data, start_from):
        assert isinstance(loss, SoftLabelLoss)
        return self.train(start_from, data.extra)


@pytest.fixture
def nets_are_their_predictions(monkeypatch):
    monkeypatch.setattr(_em, "predict_proba", lambda net, X, rows: net[rows])
    monkeypatch.setattr(_em, "weights_of", lambda net: net)


def fit_input(y, trusted, rows):
    return FitInput(None, y, np.ones(len(y)), trusted, rows, np.arange(3))


@pytest.mark.usefixtures("nets_are_their_predictions")
@pytest.mark.parametrize("seed", SEEDS)
def test_net_that_lowers_the_likelihood_is_rejected(seed):
    y_proba, y, _, trusted, T = problem(seed)
    starts, reports = [], []

    def train(start_from, soft_labels):
        worse = np.full((40, 3), 1e-9)
        worse[np.arange(40), (y + 1) % 3] = 1
        starts.append(start_from)
        return worse

    data = fit_input(y, trusted, np.arange(40))
    net, T_new = alternate(FakeTrainer(train), y_proba, T, data, reports.append)
    assert net is y_proba
    assert len(starts) == 1
    assert starts[0] is y_proba
    assert "rejected" in reports[0]
    assert_allclose(T_new, round_at_fixed_net(y_proba, y, np.ones(40), trusted, T))


@pytest.mark.usefixtures("nets_are_their_predictions")
@pytest.mark.parametrize("seed", SEEDS)
def test_each_round_starts_from_the_net_before_and_learns_its_posterior(seed):
    y_proba, y, _, trusted, T = problem(seed)
    rows, nets, current = np.arange(3, 40), [y_proba], [T]

    def train(start_from, soft_labels):
        assert start_from is nets[-1]
        expected = clean_posterior(start_from[rows], y[rows], trusted[rows], current[0])
        assert_allclose(soft_labels[rows], expected)
        current[0] = best_transition(expected, y[rows], ~trusted[rows])
        nets.append((start_from + soft_labels) / 2)
        return nets[-1]

    data = fit_input(y, trusted, rows)
    net, T_new = alternate(FakeTrainer(train), y_proba, T, data, lambda message: None)
    assert len(nets) > 1
    assert net is nets[-1] or net is nets[-2]
    assert_allclose(T_new, current[0])


@pytest.mark.parametrize("trust", [False, True])
def test_reported_likelihood_never_falls(quick_net, noisy_blobs, capsys, trust):
    X, y_noisy, y, _ = noisy_blobs
    trusted = trust & (np.arange(240) % 20 == 0)
    quick_net.set_params(max_epochs=10)
    clf = NoiseRobustClassifier(
        quick_net, correction="em", transition=0.2, random_state=0, verbose=1
    )
    clf.fit(X, np.where(trusted, y, y_noisy), trusted=trusted)
    printed = re.findall(r"EM round (\d): .* (-[.\d]+)", capsys.readouterr().out)
    likelihoods = [float(value) for _, value in printed]
    assert len(likelihoods) > 1
    assert [int(number) for number, _ in printed] == [*range(1, len(printed) + 1)]
    assert likelihoods == sorted(likelihoods)


def test_correction_is_the_forward_loss_with_the_transition_of_the_last_round(
    quick_net, noisy_blobs
):
    X, y_noisy, _, _ = noisy_blobs
    quick_net.set_params(max_epochs=5)
    clf = NoiseRobustClassifier(
        quick_net, correction="em", transition=0.2, random_state=0
    ).fit(X, y_noisy)
    assert isinstance(clf.correction_, ForwardLoss)
    assert_allclose(clf.correction_.transition_matrix, clf.transition_matrix_, atol=1e-7)
    assert np.abs(clf.transition_matrix_.diagonal() - 0.8).max() > 1e-4
