"""The rows of Patrini et al. (2017): their systems, networks and mixed T̂."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from benchmarks.reproduce._cells import Cell
from benchmarks.reproduce._papers_code import (
    PapersCodeMLP,
    PapersCodeTextNet,
    floored_cross_entropy,
    losses_of_raw_logits,
)
from benchmarks.reproduce._patrini import (
    MAX_CONDITION,
    NEEDS_NO_T,
    SYSTEMS,
    fit_papers,
    identity_weight,
    judge,
    papers_cells,
    papers_training,
)
from benchmarks.reproduce.mnist import trusted_rows
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import ClassCollapseWarning, DominatedClassWarning
from sklnoise.nn import MLP


@pytest.fixture(scope="module")
def fitted():
    """All systems, fitted to noisy digits, with their names and errors of T."""
    X, y = load_digits(return_X_y=True)
    X, T = X.astype(np.float32) / 16, make_transition_matrix("symmetric", 10, 0.2)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    net = papers_training(MLP, 0, epochs=3, module__hidden=16)
    cells = papers_cells("net", ["symmetric .2"], 1)
    with warnings.catch_warnings():  # three epochs learn little
        warnings.simplefilter("ignore", DominatedClassWarning)
        warnings.simplefilter("ignore", ClassCollapseWarning)
        rows = [row for cell in cells for row in fit_papers(cell, net, X, y_noisy, T)]
    return rows, cells


def test_each_system_is_fitted_once(fitted):
    rows, cells = fitted
    assert sorted(name for name, *_ in rows) == sorted(SYSTEMS)
    assert [name for name, *_ in rows] == [name for c in cells for name in c.systems]


def test_the_error_is_that_of_the_transition_matrix_that_was_given(fitted):
    for system, _, error in fitted[0]:
        if system in NEEDS_NO_T:
            assert np.isnan(error)
        elif system.endswith("T̂"):
            assert error > 0.01
        else:
            assert error == 0


def test_forward_has_the_transition_matrix_that_was_estimated(fitted):
    by_name = {name: (clf, error) for name, clf, error in fitted[0]}
    T = make_transition_matrix("symmetric", 10, 0.2)
    clf, error = by_name["forward, T̂"]
    assert np.abs(clf.transition_matrix_ - T).sum() / T.sum() == pytest.approx(error)
    np.testing.assert_allclose(by_name["forward, T"][0].transition_matrix_, T)


def test_accuracy_is_that_of_the_classifier(fitted):
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32) / 16
    for row, (system, clf, _) in zip(judge(fitted[0], X, y), fitted[0], strict=True):
        assert row["system"] == system
        assert row["accuracy"] == 100 * np.mean(clf.predict(X) == y)


@pytest.mark.parametrize("patience", [None, 2])
def test_weights_are_those_of_the_lowest_validation_loss(patience):
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32)[:200] / 16
    net = papers_training(MLP, 0, epochs=12, patience=patience, lr=0.3)
    net.set_params(module__n_features=64, module__n_classes=10)
    net.set_params(criterion=nn.CrossEntropyLoss)
    torch.manual_seed(0)
    net.fit(X, y[:200])
    losses = net.history[:, "valid_loss"]
    _, held_out = net.train_split(net.get_dataset(X, y[:200]))
    X_held, y_held = (torch.as_tensor(np.stack(part)) for part in zip(*held_out))
    kept = nn.functional.cross_entropy(net.forward(X_held), y_held)
    assert kept.item() == pytest.approx(min(losses), rel=1e-4)
    best = int(np.argmin(losses))
    assert len(losses) == (12 if patience is None else min(12, best + 1 + patience))


def test_a_well_conditioned_estimate_is_not_mixed():
    assert identity_weight(np.eye(3)) == 0
    assert identity_weight(make_transition_matrix("symmetric", 3, 0.1)) == 0


def test_an_ill_conditioned_estimate_is_mixed_as_little_as_needed():
    T = np.array([[0.51, 0.49, 0], [0.49, 0.51, 0], [0, 0, 1]])
    weight = identity_weight(T)

    def condition(share):
        return np.linalg.cond((1 - share) * T + share * np.eye(3))

    assert condition(weight) <= MAX_CONDITION < condition(weight - 0.05)


def test_trusted_rows_are_so_many_of_each_class():
    y = np.repeat([0, 1, 2], [50, 20, 10])
    trusted = trusted_rows(y, 4, seed=0)
    assert np.bincount(y[trusted]).tolist() == [4, 4, 4]
    assert (trusted_rows(y, 4, seed=1) != trusted).any()


def test_no_loss_of_keras_exceeds_that_of_its_floor():
    logits = torch.tensor([[0.0, 50.0], [0.0, 3.0]])
    losses = floored_cross_entropy()
    labels = torch.zeros(2, dtype=torch.int64)
    plain = nn.functional.cross_entropy(logits[1:], labels[1:]).item()
    told = [losses(logits[i : i + 1], labels[i : i + 1]).item() for i in range(2)]
    assert told == pytest.approx([-np.log(1e-7), plain], rel=1e-5)


def test_initial_weights_are_those_of_the_released_code():
    torch.manual_seed(0)
    net = PapersCodeMLP(784, 10, hidden=(128, 128))
    for layer in net.layers:
        if isinstance(layer, nn.Linear):
            deviation = np.sqrt(2 / layer.in_features)
            assert layer.weight.abs().max() <= 2 * deviation
            # A normal that is cut off at 2 deviations has .88 of them.
            assert layer.weight.std().item() == pytest.approx(0.88 * deviation, rel=0.05)
            assert not layer.bias.any()


def test_text_net_is_linear_in_the_positive_parts_of_all_embeddings():
    net = PapersCodeTextNet(2, n_tokens=7, n_positions=3, embedding_dim=4).eval()
    X = torch.tensor([[0, 3, 3], [6, 5, 0]])
    rows = net.embedding(X).relu().reshape(2, 12)
    torch.testing.assert_close(net(X), net.logits(rows))


def test_text_net_drops_columns_of_all_positions():
    net = PapersCodeTextNet(40, n_tokens=7, n_positions=10, embedding_dim=4)
    nn.init.ones_(net.embedding.weight)
    with torch.no_grad():
        net.logits.weight.copy_(torch.eye(40))
    dropped = (net(torch.zeros(30, 10, dtype=torch.int64)) == 0).reshape(30, 10, 4)
    assert (dropped == dropped[:, :1]).all()
    assert 0 < dropped.float().mean() < 1


@pytest.mark.parametrize("system", losses_of_raw_logits())
def test_normalised_logits_are_learned_in_the_place_of_ours(system):
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32)[:300] / 16
    net = papers_training(PapersCodeMLP, 0, epochs=2, module__normalized=True)
    cell, losses = Cell("net", "none", (system,), 0), losses_of_raw_logits()
    fits = fit_papers(cell, net, X, y[:300], np.eye(10), needs_no_t=losses)
    [(_, clf, _)] = fits
    module = clf.estimator_.module_
    assert type(module) is PapersCodeMLP
    assert (module.layers.normalization.weight != 1).any()
