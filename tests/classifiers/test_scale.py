"""Warnings of a network that has learned little name an X that is not scaled."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier

CAUSE = "X is not scaled"


@pytest.fixture
def slow():
    """A linear network of a user that learns next to nothing."""
    clf = NoiseRobustClassifier(torch.nn.Linear, transition=0.1, random_state=0)
    return clf.set_params(estimator__lr=1e-9)


@pytest.fixture
def samples(rng):
    """Samples that tell nothing of their labels, and these."""
    return rng.normal(size=(200, 3)), rng.randint(2, size=200)


def causes(clf, X, y, which="hardly learned"):
    """Return of each warning of a fit whether it names the scale of X."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        clf.fit(X, y)
    texts = [str(warning.message) for warning in caught]
    return {CAUSE in text for text in texts if which in text}


@pytest.mark.parametrize("factor", [[1, 1, 1e5], [1, 1e-5, 1], [200, 200, 200]])
def test_scale_of_columns_is_named(slow, samples, factor):
    X, y = samples
    assert causes(slow, X * factor, y) == {True}
    assert causes(make_pipeline(StandardScaler(), slow), X * factor, y) == {False}


def test_scale_of_pixels_is_named(slow, samples, quick_net, rng):
    images = rng.randint(256, size=(200, 4, 4)).astype(np.float32)
    slow.set_params(estimator=quick_net.set_params(lr=1e-9, max_epochs=1))
    assert causes(slow, images, samples[1]) == {True}
    assert causes(slow, images / 255, samples[1]) == {False}


def test_scale_is_named_where_the_first_pass_is_weak(samples):
    X, y = samples
    clf = NoiseRobustClassifier(torch.nn.Linear, refit=False, random_state=0)
    assert causes(clf, X * [1, 1, 1e5], y, "model's own error") == {True}
    assert causes(clf, X, y, "model's own error") == {False}


def test_default_network_scales_columns_itself(samples):
    X, y = samples
    clf = NoiseRobustClassifier(refit=False, random_state=0)
    assert causes(clf, X * [1, 1, 1e5], y, "model's own error") == {False}


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X + 5,
        lambda X: np.c_[X, np.zeros(200), np.full(200, 1e-15)],
        lambda X: np.c_[X, np.arange(200) > 197],
    ],
    ids=["shifted", "constant", "rare"],
)
def test_scale_of_usual_columns_is_not_blamed(slow, samples, change):
    X, y = samples
    assert causes(slow, change(X), y) == {False}
