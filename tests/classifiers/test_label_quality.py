"""How likely labels are right, by a fitted classifier."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise import NoiseRobustClassifier, label_quality_scores
from sklnoise.datasets import make_noisy_labels

# That has a test of its own, test_fitted_samples.py.
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.FittedSamplesWarning"
)

NAMES = np.array(["ant", "bee", "cat"])


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, T = noisy_blobs

    def fit(y=y_noisy, transition=T, **params):
        clf = NoiseRobustClassifier(
            quick_net, transition=transition, random_state=0, **params
        )
        return clf.fit(X, y)

    return fit


def test_quality_is_the_posterior_of_the_label(fit, noisy_blobs):
    X, y_noisy, _, T = noisy_blobs
    clf = fit()
    expected = [
        q[label] * T[label, label] / sum(q[k] * T[k, label] for k in range(3))
        for q, label in zip(clf.predict_proba(X), y_noisy)
    ]
    assert_allclose(clf.label_quality(X, y_noisy), expected, rtol=1e-5)


def test_quality_is_that_of_the_noisy_posterior_of_the_classifier(fit, noisy_blobs):
    X, y_noisy, _, T = noisy_blobs
    clf = fit()
    expected = label_quality_scores(
        y_noisy, clf.predict_noisy_proba(X), transition_matrix=T
    )
    assert_allclose(clf.label_quality(X, y_noisy), expected, atol=0.01)


@pytest.mark.parametrize("correction", ["forward", "backward"])
def test_wrong_labels_of_new_rows_have_low_quality(fit, noisy_blobs, correction):
    X, _, y, T = noisy_blobs
    X_new = X + np.random.default_rng(1).normal(scale=0.3, size=X.shape)
    y_new = make_noisy_labels(y, T, random_state=1)
    quality = fit(correction=correction).label_quality(X_new, y_new)
    assert quality[y_new == y].mean() > 0.8
    assert quality[y_new != y].mean() < 0.2


@pytest.mark.parametrize("correction", ["none", "gce"])
def test_quality_without_t_is_the_probability_of_the_label(fit, noisy_blobs, correction):
    X, y_noisy, _, _ = noisy_blobs
    clf = fit(correction=correction, transition="auto")
    expected = clf.predict_proba(X)[np.arange(240), y_noisy]
    assert_array_equal(clf.label_quality(X, y_noisy), expected)


def test_names_of_the_classes_do_not_matter(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    named = fit(NAMES[y_noisy])
    labels = pd.Series(NAMES[y_noisy], index=np.arange(240)[::-1])
    assert_array_equal(named.label_quality(X, labels), fit().label_quality(X, y_noisy))


def test_labels_need_not_hold_every_class(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf, rows = fit(NAMES[y_noisy]), y_noisy == 1
    whole = clf.label_quality(X, NAMES[y_noisy])
    some = clf.label_quality(X[rows], NAMES[y_noisy][rows])
    assert_allclose(some, whole[rows], rtol=1e-5)


def test_integers_are_labels_and_not_columns(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    shifted = fit(y_noisy + 1)
    assert_array_equal(
        shifted.label_quality(X, y_noisy + 1), fit().label_quality(X, y_noisy)
    )


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 7], r"classes \[0, 1, 2\]; got \[7\]"),
        (["ant", "bee"], "y must hold the classes"),
        ([0], "inconsistent numbers of samples"),
        ([0, np.nan], "label for every sample"),
    ],
)
def test_bad_label_is_an_error(fit, noisy_blobs, y, message):
    with pytest.raises(ValueError, match=message):
        fit().label_quality(noisy_blobs[0][:2], y)


def test_arguments_are_not_changed(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    before = X.copy(), y_noisy.copy()
    fit().label_quality(X, y_noisy)
    assert_array_equal(X, before[0])
    assert_array_equal(y_noisy, before[1])
