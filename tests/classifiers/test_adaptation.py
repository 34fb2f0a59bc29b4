"""Noise adaptation layers in the classifier: learned with the net, dropped at predict."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone

from sklnoise import NoiseRobustClassifier
from sklnoise.losses import (
    ComplexAdaptationLoss,
    SimpleAdaptationLoss,
    SparseAdaptationLoss,
)
from sklnoise.training import Trainer, weights_of

ADAPTATIONS = [
    "adaptation",
    "adaptation-complex",
    "adaptation-sparse",
    "adaptation-volume",
]
INTERIOR = np.array([[0.6, 0.3, 0.1], [0.1, 0.6, 0.3], [0.3, 0.1, 0.6]])


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    quick_net.set_params(max_epochs=15)

    def fit(correction, net=quick_net, sample_weight=None, **params):
        clf = NoiseRobustClassifier(
            net,
            correction=correction,
            random_state=0,
            **({"transition": INTERIOR} | params),
        )
        return clf.fit(X, y_noisy, sample_weight=sample_weight)

    return fit


@pytest.fixture
def trainings(monkeypatch):
    """Record what each training gets and gives."""
    seen = []

    def recording(self, rows, loss, **params):
        net = fit(self, rows, loss, **params)
        seen.append(({"loss": loss} | params, net))
        return net

    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", recording)
    return seen


@pytest.mark.parametrize("correction", ADAPTATIONS)
def test_layer_learns_a_transition(fit, correction):
    T = fit(correction).transition_matrix_
    assert_allclose(T.sum(axis=1), 1)
    assert np.abs(T - INTERIOR).max() > 1e-3


@pytest.mark.parametrize("correction", ADAPTATIONS)
def test_predictions_do_not_depend_on_the_layer(fit, noisy_blobs, correction):
    X = noisy_blobs[0]
    clf = fit(correction)
    expected = clf.predict_proba(X)
    for loss in (clf.correction_, clf.estimator_.criterion_):
        for weight in loss.parameters():
            torch.nn.init.normal_(weight)
    assert_array_equal(clf.predict_proba(X), expected)
    assert_allclose(clf.estimator_.predict_proba(X), expected)


def test_complex_layer_starts_where_the_training_of_the_simple_one_ends(fit, trainings):
    fit("adaptation-complex")
    (first, simple), (second, _) = trainings
    trained = simple.criterion_.loss
    assert isinstance(first["loss"], SimpleAdaptationLoss)
    assert isinstance(second["loss"], ComplexAdaptationLoss)
    assert_array_equal(second["loss"].feature_weights.detach(), 0)
    assert_allclose(
        second["loss"].transition_matrix, trained.transition_matrix, atol=1e-12
    )
    for name, weight in weights_of(simple).items():
        assert_array_equal(second["start_from"][name], weight)


def test_complex_layer_has_no_warm_up_of_its_own(fit, trainings):
    fit("adaptation-complex", warm_up=0.2)
    assert [net.criterion_.warm_up_steps for _, net in trainings] == [3, 0]


@pytest.mark.parametrize("correction", ADAPTATIONS[:1] + ADAPTATIONS[2:])
def test_other_layers_are_trained_once(fit, trainings, correction):
    fit(correction)
    assert len(trainings) == 1


def brute_force(clf, features, weight):
    """Loop over the rows: the mean of softmax(b + u h)."""
    b = clf.correction_.transition_logits.detach().numpy()
    u = clf.correction_.feature_weights.detach().numpy()
    each = [softmax(b + (u * h).sum(axis=2), axis=1) for h in features]
    return np.average(each, axis=0, weights=weight)


@pytest.mark.parametrize("weighted", [False, True])
def test_transition_of_the_complex_layer_is_the_mean_over_the_rows(
    fit, noisy_blobs, rng, weighted
):
    weight = rng.randint(4, size=240) if weighted else np.ones(240)
    clf = fit("adaptation-complex", sample_weight=weight if weighted else None)
    module = clf.estimator_.module_.eval()
    with torch.no_grad():
        features = module.layers[:-1](torch.from_numpy(noisy_blobs[0])).numpy()
    expected = brute_force(clf, features, weight)
    assert_allclose(clf.transition_matrix_, expected, atol=1e-9)
    assert clf.correction_.feature_weights.detach().abs().max() > 1e-3


class GivesFeatures(torch.nn.Module):
    """Returns features of its own choice next to the logits."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.into = torch.nn.Linear(n_features, 8)
        self.out = torch.nn.Linear(8, n_classes)

    def forward(self, X):
        return self.out(self.into(X).relu()), torch.stack([X, X**2], dim=1)


class NoLinearLayer(torch.nn.Module):
    """Has weights, but no linear layer."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(n_features, n_classes))

    def forward(self, X):
        return X @ self.weight


class Probabilities(torch.nn.Sequential):
    """Ends in a softmax."""

    def __init__(self, n_features, n_classes):
        super().__init__(torch.nn.Linear(n_features, n_classes), torch.nn.Softmax(dim=1))


def with_module(net, module):
    net = clone(net).set_params(module=module)
    del net.module__hidden
    return net


def test_complex_layer_takes_the_features_that_a_module_gives(
    fit, quick_net, noisy_blobs
):
    X = noisy_blobs[0]
    clf = fit("adaptation-complex", with_module(quick_net, GivesFeatures))
    features = np.concatenate([X, X**2], axis=1)
    assert clf.correction_.n_features == 4
    assert_allclose(
        clf.transition_matrix_, brute_force(clf, features, np.ones(240)), atol=1e-9
    )


def test_complex_layer_takes_the_input_of_a_net_that_gives_probabilities(
    fit, quick_net, noisy_blobs
):
    X = noisy_blobs[0]
    clf = fit("adaptation-complex", with_module(quick_net, Probabilities))
    expected = brute_force(clf, X, np.ones(240))
    assert_allclose(clf.transition_matrix_, expected, atol=1e-9)


def test_complex_layer_without_features_is_explained(fit, quick_net):
    with pytest.raises(ValueError, match="NoLinearLayer has no linear layer"):
        fit("adaptation-complex", with_module(quick_net, NoLinearLayer))


@pytest.mark.parametrize("correction", ["adaptation", "adaptation-sparse"])
def test_simple_layers_need_no_features(fit, quick_net, correction):
    fit(correction, with_module(quick_net, NoLinearLayer))


def test_number_of_features_can_be_given_and_skips_the_simple_layer(fit, trainings):
    fit(partial(ComplexAdaptationLoss, n_features=8))
    assert len(trainings) == 1


@pytest.mark.parametrize("n_entries", [1, 2, 3])
def test_sparse_layer_keeps_the_number_of_entries(fit, n_entries):
    clf = fit(partial(SparseAdaptationLoss, n_entries=n_entries))
    assert_array_equal((clf.transition_matrix_ > 0).sum(axis=1), n_entries)
    assert (clf.transition_matrix_.diagonal() > 0).all()


def test_sparse_layer_with_all_entries_is_the_simple_layer(fit, noisy_blobs):
    X = noisy_blobs[0]
    sparse, simple = fit("adaptation-sparse"), fit("adaptation")
    assert_allclose(sparse.predict_proba(X), simple.predict_proba(X), atol=1e-9)


def test_layer_frozen_longer_than_the_training_is_the_forward_correction(
    fit, noisy_blobs
):
    X = noisy_blobs[0]
    frozen = fit(partial(SimpleAdaptationLoss, frozen_steps=10**6))
    assert_allclose(frozen.transition_matrix_, INTERIOR)
    expected = fit("forward").predict_proba(X)
    assert_allclose(frozen.predict_proba(X), expected, atol=1e-9)


def test_layer_moves_once_it_is_thawed(fit):
    T = fit(partial(SimpleAdaptationLoss, frozen_steps=5)).transition_matrix_
    assert np.abs(T - INTERIOR).max() > 1e-3


def test_heavier_volume_leaves_a_smaller_determinant(fit):
    corrections = [
        "adaptation",
        *(partial(SimpleAdaptationLoss, volume_weight=weight) for weight in (0.3, 3)),
    ]
    volumes = [abs(np.linalg.det(fit(c).transition_matrix_)) for c in corrections]
    assert volumes == sorted(volumes, reverse=True)
    assert volumes[2] < 0.8 * volumes[0]


def test_volume_of_the_name_is_a_little_below_that_of_the_simple_layer(fit):
    light, without = (
        abs(np.linalg.det(fit(correction).transition_matrix_))
        for correction in ("adaptation-volume", "adaptation")
    )
    assert 0.99 * without < light < without
