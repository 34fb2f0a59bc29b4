"""Calibration curves of clean labels, estimated from noisy ones."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseCalibratedClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.inspection import NoisyCalibrationDisplay
from sklnoise.transition import draw_transition_matrices

T = make_transition_matrix("pair", 3, 0.3)


def axes():
    return Figure().subplots()


@pytest.fixture(scope="module")
def predictions():
    """Probabilities that are too certain, clean labels and noisy ones."""
    rng = np.random.RandomState(0)
    logits = 1.5 * rng.normal(size=(4000, 3))
    p = softmax(logits, axis=1)
    y = (p.cumsum(axis=1) > rng.uniform(size=(4000, 1))).argmax(axis=1)
    return softmax(2 * logits, axis=1), y, make_noisy_labels(y, T, random_state=rng)


def draw_curve(y, p, **params):
    params = {"transition_matrix": T, "random_state": 0, "ax": axes()} | params
    return NoisyCalibrationDisplay.from_predictions(y, p, **params)


@pytest.mark.parametrize("pos_label", [0, 2])
def test_identity_gives_the_curve_of_scikit_learn(predictions, pos_label):
    p, y, _ = predictions
    display = draw_curve(y, p, transition_matrix=np.eye(3), pos_label=pos_label)
    expected = calibration_curve(
        y == pos_label, p[:, pos_label], n_bins=15, strategy="quantile"
    )
    assert_allclose(display.prob_true, expected[0], atol=0.02)
    assert_allclose(display.prob_pred, expected[1], atol=0.01)


def test_mean_over_noisy_labels_is_the_curve_of_clean_ones(predictions):
    p, y, _ = predictions
    clean = draw_curve(y, p, transition_matrix=np.eye(3), n_bins=5)
    noisy = [
        draw_curve(make_noisy_labels(y, T, random_state=seed), p, n_bins=5).prob_true
        for seed in range(20)
    ]
    assert_allclose(np.mean(noisy, axis=0), clean.prob_true, atol=0.03)


def test_intervals_cover_the_clean_curve(predictions):
    p, y, y_noisy = predictions
    clean = draw_curve(y, p, transition_matrix=np.eye(3)).prob_true
    display = draw_curve(y_noisy, p)
    inside = (display.low <= clean) & (clean <= display.high)
    assert inside.mean() > 0.8
    narrow = draw_curve(y_noisy, p, confidence_level=0.5)
    assert (narrow.high - narrow.low < display.high - display.low).all()


def test_draws_of_t_widen_the_intervals(predictions):
    p, _, y_noisy = predictions
    draws = draw_transition_matrices(T, np.full((3, 3), 0.08), 200, random_state=0)
    known = draw_curve(y_noisy, p)
    drawn = draw_curve(y_noisy, p, transition_draws=draws)
    assert_array_equal(drawn.prob_true, known.prob_true)
    assert (drawn.high - drawn.low).mean() > 1.2 * (known.high - known.low).mean()


def test_names_and_weights(predictions):
    p, _, y_noisy = predictions
    names = np.array(["ant", "bee", "cow"])
    frame = pd.DataFrame(p, columns=names).iloc[:, ::-1]
    named = draw_curve(names[y_noisy], frame, pos_label="bee")
    coded = draw_curve(y_noisy, p, pos_label=1)
    assert_allclose(named.prob_true, coded.prob_true)
    weight = np.arange(len(p)) % 3
    times = np.repeat(np.arange(len(p)), weight)
    weighted = draw_curve(y_noisy, p, sample_weight=weight, n_bins=4)
    repeated = draw_curve(y_noisy[times], p[times], n_bins=4)
    assert_allclose(weighted.prob_true, repeated.prob_true, atol=5e-3)


def test_samples_that_tie_share_a_bin():
    p = np.tile([[0.7, 0.3]], (60, 1))
    display = draw_curve(np.arange(60) % 2, p, transition_matrix=np.eye(2))
    assert_allclose(display.prob_pred, [0.7])
    assert_allclose(display.prob_true, [0.5])


def test_fitted_classifier_has_its_own_t(predictions):
    X, y, y_noisy = predictions
    clf = NoiseCalibratedClassifier(GaussianNB(), transition=T, cv=2, random_state=0)
    model = make_pipeline(StandardScaler(), clf).fit(X[:2000], y_noisy[:2000])
    params = {"random_state": 0, "ax": axes()}
    display = NoisyCalibrationDisplay.from_estimator(
        model, X[2000:], y_noisy[2000:], **params
    )
    expected = draw_curve(y_noisy[2000:], model.predict_proba(X[2000:]))
    assert_allclose(display.prob_true, expected.prob_true)
    assert display.ax_.get_legend() is not None
    plain = GaussianNB().fit(X, y)
    with pytest.raises(ValueError, match="transition_matrix"):
        NoisyCalibrationDisplay.from_estimator(plain, X, y_noisy, **params)
    with pytest.raises(NotFittedError):
        NoisyCalibrationDisplay.from_estimator(GaussianNB(), X, y_noisy, **params)


def test_what_is_drawn(predictions):
    p, _, y_noisy = predictions
    ax = axes()
    display = draw_curve(y_noisy, p, name="model", ax=ax)
    assert_array_equal(display.line_.get_ydata(), display.prob_true)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.band_ is not None
    bare = NoisyCalibrationDisplay([0.5], [0.4]).plot(ax=axes(), ref_line=False)
    assert bare.band_ is None
    assert len(bare.ax_.lines) == 1


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"transition_matrix": np.full((3, 3), 1 / 3)}, "transition_matrix"),
        ({"transition_matrix": np.eye(2)}, "transition_matrix"),
        ({"transition_draws": T}, "transition_draws"),
        ({"transition_draws": np.full((1, 3, 3), 1 / 3)}, "transition_draws"),
        ({"pos_label": 7}, "pos_label"),
        ({"n_bins": 0}, "n_bins"),
        ({"confidence_level": 1.0}, "confidence_level"),
        ({"sample_weight": [1.0]}, "sample_weight"),
    ],
    ids=str,
)
def test_bad_argument_is_named(predictions, params, match):
    p, _, y_noisy = predictions
    with pytest.raises(ValueError, match=match):
        draw_curve(y_noisy, p, **params)


@pytest.mark.parametrize(
    "columns",
    [([0.5], [0.4, 0.6]), ([[0.5]], [[0.4]]), ([0.5], [0.4], [0.3])],
    ids=["lengths", "shape", "one end"],
)
def test_columns_of_other_shapes(columns):
    with pytest.raises(ValueError, match="prob_true"):
        NoisyCalibrationDisplay(*columns).plot(ax=axes())


def test_ax_of_another_kind():
    with pytest.raises(TypeError, match="ax"):
        NoisyCalibrationDisplay([0.5], [0.4]).plot(ax=3)
