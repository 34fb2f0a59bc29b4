"""What theory says of the estimators where the posterior is known exactly."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklnoise.transition import (
    AnchorEstimator,
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    DualTransitionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
    transition_matrix_from_labels,
)

SEEDS = range(3)
MATRICES = [
    np.array([[0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.25, 0.05, 0.7]]),
    np.array([[0.6, 0.4, 0.0], [0.0, 1.0, 0.0], [0.2, 0.0, 0.8]]),
]

each_seed = pytest.mark.parametrize("seed", SEEDS)
each_matrix = pytest.mark.parametrize("T", MATRICES, ids=["dense", "sparse"])


def draw(proba, rng):
    return (proba.cumsum(axis=1) < rng.random((len(proba), 1)) - 1e-9).sum(axis=1)


def exact_first_pass(seed, T, n_samples, anchors=0.5):
    """Return the exact noisy posterior, labels drawn from it, clean labels, anchors.

    A share of the samples are anchors, beyond doubt; of the rest no class is certain.
    """
    rng = np.random.default_rng(seed)
    posterior = rng.dirichlet(np.ones(len(T)), n_samples)
    anchor = rng.random(n_samples) < anchors
    posterior[anchor] = np.eye(len(T))[rng.integers(len(T), size=anchor.sum())]
    clean = draw(posterior, rng)
    return posterior @ T, draw(T[clean], rng), clean, anchor


def frequency_error(seed, T, n_samples):
    y_proba, y, _, _ = exact_first_pass(seed, T, n_samples)
    return LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_ - T


def clusterability_error(seed, T, n_samples):
    rng = np.random.default_rng(seed)
    y_proba, y, clean, _ = exact_first_pass(seed, T, n_samples)
    features = 9 * np.eye(len(T))[clean, :2] + rng.normal(size=(n_samples, 2)) / 2
    estimator = ClusterabilityEstimator(n_bootstraps=2, random_state=0)
    return estimator.fit(y_proba, y, features=features).transition_matrix_ - T


@each_matrix
@pytest.mark.parametrize(
    ("error_of", "sizes"),
    [
        (frequency_error, (1000, 4000, 16_000, 64_000)),
        (clusterability_error, (250, 1000, 4000, 16_000)),
    ],
)
def test_error_falls_with_the_root_of_the_number_of_samples(error_of, sizes, T):
    errors = [[np.abs(error_of(s, T, n)).mean() for s in range(6)] for n in sizes]
    errors = np.mean(errors, axis=1)
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert_allclose(slope, -0.5, atol=0.15)
    assert errors[-1] < 0.01


@each_seed
@each_matrix
def test_anchors_of_an_exact_posterior_are_exact(T, seed):
    y_proba, y, _, _ = exact_first_pass(seed, T, 1000)
    assert_allclose(AnchorEstimator().fit(y_proba, y).transition_matrix_, T, atol=1e-12)


@each_seed
@each_matrix
def test_trusted_anchors_of_an_exact_posterior_are_exact(T, seed):
    y_proba, y, clean, anchor = exact_first_pass(seed, T, 1000)
    estimator = TrustedEstimator().fit(
        y_proba, np.where(anchor, clean, y), trusted=anchor
    )
    assert_allclose(estimator.transition_matrix_, T, atol=1e-12)


@pytest.mark.parametrize("n_samples", [4000, 64_000])
@each_matrix
def test_trusted_samples_in_doubt_blur_t_by_the_mean_posterior_of_their_class(
    T, n_samples
):
    y_proba, _, clean, anchor = exact_first_pass(0, T, n_samples)
    estimator = TrustedEstimator().fit(y_proba, clean, trusted=~anchor)
    # The mean of p over p drawn from Dirichlet(1, 1, 1) and a class drawn from p.
    blur = np.full((3, 3), 1 / 4) + np.eye(3) / 4
    tolerance = 3 / np.sqrt(n_samples)
    assert_allclose(estimator.transition_matrix_, blur @ T, atol=tolerance)


@each_seed
@each_matrix
def test_dual_counts_the_noise_of_calibrated_predictions_twice(T, seed):
    y_proba, y, clean, _ = exact_first_pass(seed, T, 2000, anchors=1)
    dual = DualTransitionEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(dual, T @ transition_matrix_from_labels(clean, y), atol=1e-12)
    assert_allclose(dual, T @ T, atol=0.05)


@each_seed
@each_matrix
def test_confusion_counts_the_noise_of_calibrated_predictions_twice(T, seed):
    y_proba, y, clean, _ = exact_first_pass(seed, T, 2000, anchors=1)
    back = T.T * np.bincount(clean)  # noisy to clean, by Bayes' rule
    back /= back.sum(axis=1, keepdims=True)
    found = ConfusionEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(found, back @ transition_matrix_from_labels(clean, y), atol=1e-12)


@pytest.mark.parametrize("noise_rate", [0.0, 0.3])
@pytest.mark.parametrize("doubt", [0.0, 0.2])
@pytest.mark.parametrize(
    "estimator",
    [ConfidentJointEstimator(), LabelFrequencyEstimator(), AnchorEstimator()],
    ids=str,
)
def test_doubt_that_no_sample_is_free_of_looks_like_noise(estimator, doubt, noise_rate):
    noisy = noise_rate + doubt * (1 - 2 * noise_rate)
    n_wrong = round(1000 * noisy)
    y_proba = np.repeat([[1 - noisy, noisy], [noisy, 1 - noisy]], 1000, axis=0)
    y = np.arange(2).repeat([1000 - n_wrong, n_wrong])
    estimator.fit(y_proba, np.append(y, 1 - y))
    expected = [[1 - noisy, noisy], [noisy, 1 - noisy]]
    assert_allclose(estimator.transition_matrix_, expected, atol=1e-9)


@each_seed
@each_matrix
def test_confident_joint_finds_too_much_noise_where_samples_are_in_doubt(T, seed):
    sure, doubtful = (
        ConfidentJointEstimator().fit(*exact_first_pass(seed, T, 20_000, share)[:2])
        for share in (1, 0.5)
    )
    assert_allclose(sure.transition_matrix_, T, atol=0.03)
    excess = (T - doubtful.transition_matrix_).trace() / T.trace()
    assert 0.01 < excess < 0.3
