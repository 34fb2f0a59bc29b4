"""The temperature of `NoiseRobustClassifier`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import log_loss

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels

T = np.array([[0.8, 0.2], [0.2, 0.8]])


@pytest.fixture(scope="module")
def texts():
    """Short texts, for which a linear network is far too uncertain."""
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=2200)
    words = rng.randint(300, size=(2200, 12)) + 250 * y[:, np.newaxis]
    X = TfidfVectorizer(token_pattern=r"\S+").fit_transform(
        " ".join(map(str, row)) for row in words
    )
    return X, y, make_noisy_labels(y, T, random_state=0)


@pytest.fixture(scope="module")
def overlapping():
    """Two classes that overlap, with flipped labels."""
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=1200)
    X = rng.standard_normal((1200, 4)) + np.outer(y, [1.5, 0, 0, 0])
    return X, y, make_noisy_labels(y, T, random_state=0)


def fit(X, y, **params):
    params = {
        "correction": "forward",
        "transition": T,
        "random_state": 0,
        "device": "cpu",
    } | params
    return NoiseRobustClassifier(**params).fit(X, y)


def test_temperature_sharpens_a_network_that_is_too_uncertain(texts):
    X, y, y_noisy = texts
    clf = fit(X[:1400], y_noisy[:1400])
    assert clf.temperature_ < 0.8
    p = clf.predict_proba(X[1400:])
    noisy = clf.predict_noisy_proba(X[1400:])
    temperature, clf.temperature_ = clf.temperature_, 1.0
    plain = clf.predict_proba(X[1400:])
    assert log_loss(y[1400:], p) < log_loss(y[1400:], plain)
    assert_allclose(p, softmax(np.log(plain) / temperature, axis=1), atol=1e-5)
    assert_array_equal(p.argmax(axis=1), plain.argmax(axis=1))
    assert p.dtype == plain.dtype
    assert_allclose(noisy, p @ T, atol=1e-6)


def test_temperature_takes_back_what_a_memory_sharpens(overlapping):
    X, y, y_noisy = overlapping
    clf = fit(X[:700], y_noisy[:700], correction="forward-elr")
    assert clf.temperature_ > 1
    p = clf.predict_proba(X[700:])
    clf.temperature_ = 1.0
    assert log_loss(y[700:], p) < log_loss(y[700:], clf.predict_proba(X[700:]))


@pytest.mark.parametrize("correction", ["none", "gce", "adaptation", "em"])
def test_temperature_is_that_of_the_network_without_forward(noisy_blobs, correction):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(correction=correction, cv=2, random_state=0)
    clf.set_params(estimator__max_epochs=5).fit(X, y_noisy)
    assert clf.temperature_ == 1
    assert_array_equal(clf.predict_proba(X), clf.estimator_.predict_proba(X))


def test_network_whose_steps_are_given_has_no_temperature(noisy_blobs, quick_net):
    X, y_noisy, _, T = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, transition=T, random_state=0)
    assert clf.fit(X, y_noisy).temperature_ == 1
