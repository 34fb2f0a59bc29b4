"""Calibration of probabilities for clean labels, by the likelihood of noisy ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from sklnoise._calibration import (
    CALIBRATIONS,
    IsotonicScaling,
    TemperatureScaling,
    VectorScaling,
    log_likelihood,
)
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

TRANSITIONS = {
    "none": np.eye(3),
    "symmetric": make_transition_matrix("symmetric", 3, 0.3),
    "pair": make_transition_matrix("pair", 3, 0.3),
    "uneven": np.array([[0.9, 0.1, 0], [0.3, 0.6, 0.1], [0, 0.2, 0.8]]),
}


def draw(T, n_samples, rng):
    """Draw clean posteriors, clean labels and noisy ones."""
    p = softmax(2 * rng.normal(size=(n_samples, 3)), axis=1)
    y = (p.cumsum(axis=1) > rng.uniform(size=(n_samples, 1))).argmax(axis=1)
    return p, y, make_noisy_labels(y, T, random_state=rng)


def distort(p, temperature, bias=0.0):
    return softmax(temperature * np.log(p) + bias, axis=1)


def brute_force_loss(log_temperature, p, y, weight, T):
    q = softmax(np.log(p) * np.exp(-log_temperature), axis=1)
    return -weight @ np.log((q @ T)[np.arange(len(y)), y])


@pytest.mark.parametrize("T", TRANSITIONS.values(), ids=TRANSITIONS)
@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_of_clean_posterior_is_found_from_noisy_labels(T, temperature, rng):
    p, _, y = draw(T, 20_000, rng)
    found = TemperatureScaling.fit(distort(p, temperature), y, np.ones(len(y)), T)
    assert found.temperature == pytest.approx(temperature, rel=0.08)
    assert_allclose(found.calibrate(distort(p, temperature)), p, atol=0.03)


@pytest.mark.parametrize("T", TRANSITIONS.values(), ids=TRANSITIONS)
def test_temperature_minimizes_the_likelihood_of_noisy_labels(T, rng):
    p, _, y = draw(T, 5000, rng)
    weight = rng.uniform(1, 3, len(y))
    found = TemperatureScaling.fit(p, y, weight, T).temperature
    best = minimize_scalar(
        brute_force_loss, bounds=(-3, 3), args=(p, y, weight, T), options={"xatol": 1e-9}
    )
    assert np.log(found) == pytest.approx(best.x, abs=1e-3)


@pytest.mark.parametrize("T", TRANSITIONS.values(), ids=TRANSITIONS)
def test_log_likelihood_is_that_of_the_noise_after_the_posterior(T, rng):
    p, _, y = draw(T, 100, rng)
    expected = np.log((p @ T)[np.arange(100), y])
    assert_allclose(log_likelihood(p, y, T), expected, atol=1e-5)


@pytest.mark.parametrize("T", TRANSITIONS.values(), ids=TRANSITIONS)
@pytest.mark.parametrize("method", ["vector", "isotonic"])
def test_biased_probabilities_are_corrected(T, method, rng):
    p, _, y = draw(T, 8000, rng)
    given = distort(p, 1.7, [0.8, -0.5, 0.0])
    found = CALIBRATIONS[method].fit(given, y, np.ones(len(y)), T).calibrate(given)
    assert np.abs(found - p).mean() < 0.4 * np.abs(given - p).mean()


def test_vector_scaling_inverts_scales_and_biases(rng):
    T = TRANSITIONS["uneven"]
    p, _, y = draw(T, 20_000, rng)
    given = distort(p, 1.5, [0.7, -0.7, 0.0])
    found = VectorScaling.fit(given, y, np.ones(len(y)), T)
    assert_allclose(found.calibrate(given), p, atol=0.06)


def test_scales_stay_finite_where_no_limit_is_best():
    p = np.repeat([[0.5001, 0.4999], [0.4999, 0.5001]], 500, axis=0)
    weight = np.full(len(p), 1e5)
    with np.errstate(over="raise"):
        found = VectorScaling.fit(p, p.argmax(axis=1), weight, np.eye(2))
    assert (found.scale < 100).all()
    assert (found.calibrate(p).argmax(axis=1) == p.argmax(axis=1)).all()


@pytest.mark.parametrize("T", TRANSITIONS.values(), ids=TRANSITIONS)
def test_isotonic_curves_are_unbiased_over_noisy_labels(T, rng):
    # One pool per class: each curve is a mean of pseudo-targets, the clean frequency.
    _, clean, _ = draw(T, 3000, rng)
    p = np.full((3000, 3), 1 / 3)
    means = [
        IsotonicScaling.fit(
            p, make_noisy_labels(clean, T, random_state=seed), np.ones(3000), T
        ).calibrate(p[:1])[0]
        for seed in range(40)
    ]
    assert_allclose(np.mean(means, axis=0), np.bincount(clean) / 3000, atol=0.01)


@pytest.mark.parametrize("method", CALIBRATIONS)
def test_weight_counts_repeats_and_zero_is_none(method, rng):
    T = TRANSITIONS["symmetric"]
    p, _, y = draw(T, 400, rng)
    weight = rng.randint(3, size=400)
    fit = CALIBRATIONS[method].fit
    weighted = fit(p, y, weight.astype(float), T).calibrate(p)
    times = np.repeat(np.arange(400), weight)
    repeated = fit(p[times], y[times], np.ones(len(times)), T).calibrate(p)
    kept = weight > 0
    tolerance = 1e-3 if method == "vector" else 1e-9
    assert_allclose(weighted[kept], repeated[kept], atol=tolerance)


@pytest.mark.parametrize("method", CALIBRATIONS)
def test_renaming_classes_renames_the_columns(method, rng):
    T, order = TRANSITIONS["uneven"], np.array([2, 0, 1])
    p, _, y = draw(T, 500, rng)
    weight = np.ones(500)
    fit = CALIBRATIONS[method].fit
    found = fit(p, y, weight, T).calibrate(p)
    renamed = p[:, order]
    again = fit(renamed, np.argsort(order)[y], weight, T[np.ix_(order, order)])
    assert_allclose(again.calibrate(renamed), found[:, order], atol=1e-3)


@pytest.mark.parametrize("method", CALIBRATIONS)
@pytest.mark.parametrize(
    ("p", "y"),
    [
        (np.ones((4, 1)), np.zeros(4, int)),
        (np.eye(2)[[0, 1, 0, 1]], np.array([0, 1, 0, 1])),
        (np.eye(2)[[0, 1, 0, 1]], np.array([1, 0, 1, 0])),
        (np.full((4, 3), 1 / 3), np.array([0, 1, 2, 2])),
        (np.array([[0.7, 0.3]]), np.array([1])),
        (np.array([[0.7, 0.3], [0.2, 0.8]], np.float32), np.array([0, 0])),
        (np.empty((0, 3)), np.empty(0, int)),
    ],
    ids=["one class", "right", "wrong", "equal", "one sample", "one label", "none"],
)
def test_degenerate_samples_give_finite_probabilities(method, p, y):
    n_classes = p.shape[1]
    T = make_transition_matrix("symmetric", n_classes, 0.2 if n_classes > 1 else 0.0)
    found = CALIBRATIONS[method].fit(p, y, np.ones(len(y)), T)
    probes = np.vstack([np.eye(n_classes), np.full((1, n_classes), 1 / n_classes)])
    calibrated = found.calibrate(probes.astype(p.dtype))
    assert np.isfinite(calibrated).all()
    assert_allclose(calibrated.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("p", "T"),
    [
        (np.full((50, 3), 1 / 3), TRANSITIONS["symmetric"]),
        (np.tile([[0.7, 0.2, 0.1]], (50, 1)), np.full((3, 3), 1 / 3)),
        (np.empty((0, 3)), np.eye(3)),
    ],
    ids=["equal logits", "labels by chance", "no samples"],
)
def test_temperature_is_one_where_nothing_is_known_of_it(p, T, rng):
    y = rng.randint(3, size=len(p))
    found = TemperatureScaling.fit(p, y, np.ones(len(p)), T)
    assert found.temperature == pytest.approx(1.0)


def test_label_that_is_impossible_by_t_says_nothing(rng):
    T = np.array([[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.5, 0.5, 0.0]])
    p, _, y = draw(T, 300, rng)
    found = TemperatureScaling.fit(p, y, np.ones(300), T)
    again = TemperatureScaling.fit(
        np.vstack([p, p[:50]]), np.append(y, np.full(50, 2)), np.ones(350), T
    )
    assert again.temperature == pytest.approx(found.temperature)


def test_temperature_keeps_the_order_of_classes(rng):
    p, _, _ = draw(np.eye(3), 500, rng)
    for temperature in (0.02, 0.5, 50.0):
        calibrated = TemperatureScaling(temperature).calibrate(p)
        assert (calibrated.argmax(axis=1) == p.argmax(axis=1)).all()


def test_isotonic_needs_an_invertible_t(rng):
    p, _, y = draw(np.eye(3), 30, rng)
    with pytest.raises(ValueError, match="transition_matrix must be invertible"):
        IsotonicScaling.fit(p, y, np.ones(30), np.full((3, 3), 1 / 3))
