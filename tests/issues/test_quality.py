"""How likely each noisy label is right."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr

from sklnoise import label_quality_scores
from sklnoise._transition_matrix import uniform_flips
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.issues import _clean_posterior, clean_posterior
from sklnoise.issues._transition import check_samples, resolve_transition
from sklnoise.transition import (
    AutoEstimator,
    ConfidentJointEstimator,
    LabelFrequencyEstimator,
)

SEEDS = range(3)
MATRICES = {
    "symmetric": make_transition_matrix("symmetric", 3, 0.3),
    "pair": make_transition_matrix("pair", 3, 0.4),
    "most labels wrong": np.array([[0.2, 0.8, 0.0], [0.0, 0.3, 0.7], [0.6, 0.0, 0.4]]),
    "one clean class": np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3], [0.1, 0.3, 0.6]]),
}
anywhere = pytest.mark.parametrize("T", MATRICES.values(), ids=list(MATRICES))


def simulated(seed, T, n_samples=300, certainty=4):
    """Return clean posteriors, clean labels and noisy labels drawn from them."""
    rng = np.random.default_rng(seed)
    logits = certainty * rng.normal(size=(n_samples, len(T)))
    clean_proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    clean = (clean_proba.cumsum(axis=1) < rng.random((n_samples, 1))).sum(axis=1)
    clean = clean.clip(max=len(T) - 1)
    return clean_proba, clean, make_noisy_labels(clean, T, random_state=seed)


@anywhere
@pytest.mark.parametrize("seed", SEEDS)
def test_quality_is_the_rule_of_bayes(monkeypatch, T, seed):
    monkeypatch.setattr(_clean_posterior, "TOLERANCE", 1e-9)
    q, _, y = simulated(seed, T, n_samples=60, certainty=1)
    expected = [
        q[row, j] * T[j, j] / sum(q[row, k] * T[k, j] for k in range(len(T)))
        for row, j in enumerate(y)
    ]
    quality = label_quality_scores(y, q @ T, transition_matrix=T)
    assert_allclose(quality, expected, atol=1e-4)


@anywhere
@pytest.mark.parametrize("seed", SEEDS)
def test_quality_of_the_true_posterior_is_calibrated(T, seed):
    q, clean, y = simulated(seed, T, n_samples=20_000, certainty=2)
    quality = label_quality_scores(y, q @ T, transition_matrix=T)
    for rows in np.array_split(np.argsort(quality), 10):
        right, expected = np.mean(clean[rows] == y[rows]), quality[rows].mean()
        assert abs(right - expected) < 4 * np.sqrt(0.25 / len(rows))
    assert abs(np.mean(clean == y) - quality.mean()) < 0.02


@anywhere
def test_quality_is_a_probability(T):
    y_proba = np.random.default_rng(0).dirichlet(np.full(3, 0.1), 300)
    y = np.arange(300) % 3
    for quality in (
        label_quality_scores(y, y_proba, transition_matrix=T),
        label_quality_scores(y, y_proba),
    ):
        assert quality.min() >= 0
        assert quality.max() <= 1


def test_identity_is_sure_of_every_label():
    q, _, y = simulated(0, np.eye(3))
    assert_allclose(label_quality_scores(y, q, transition_matrix=np.eye(3)), 1)


def test_label_that_t_calls_impossible_is_judged_by_the_sample_alone():
    T = [[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.5, 0.5, 0.0]]
    y_proba = [[0.4, 0.6, 0.0]]
    expected = clean_posterior(y_proba, T)[:, 2]
    quality = label_quality_scores([2], y_proba, transition_matrix=T, labels=range(3))
    assert_allclose(quality, expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["pair", "symmetric"])
def test_impossible_labels_are_ranked_by_how_far_they_are_from_possible(kind):
    T = make_transition_matrix(kind, 3, 0.3)
    far, near = [0.94, 0.05, 0.01], [0.9, 0.09, 0.01]
    quality = label_quality_scores(
        [1, 1], [far, near], transition_matrix=T, labels=range(3)
    )
    assert quality[0] < quality[1] < 1e-3


def test_label_that_no_likely_class_gives_is_judged_by_t_alone():
    quality = label_quality_scores(
        [1], [[1.0, 0.0]], transition_matrix=np.eye(2), labels=range(2)
    )
    assert_allclose(quality, 1, atol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_self_confidence_is_the_probability_of_the_label(seed):
    q, _, y = simulated(seed, np.eye(4))
    quality = label_quality_scores(y, q, method="self-confidence")
    assert_array_equal(quality, [q[row, label] for row, label in enumerate(y)])


@pytest.mark.parametrize("method", ["posterior", "self-confidence"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quality_has_the_type_of_the_probabilities(method, dtype):
    q, _, y = simulated(0, np.eye(3))
    assert label_quality_scores(y, q.astype(dtype), method=method).dtype == dtype


@pytest.mark.parametrize("seed", SEEDS)
def test_permuting_classes_leaves_the_quality(seed):
    T = MATRICES["one clean class"]
    q, _, y = simulated(seed, T)
    order = np.array([2, 0, 1])
    permuted = label_quality_scores(
        y, (q @ T)[:, order], transition_matrix=T[np.ix_(order, order)], labels=order
    )
    expected = label_quality_scores(y, q @ T, transition_matrix=T)
    assert_allclose(permuted, expected, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_quality_of_a_label_knows_what_it_is_mistaken_for(seed):
    """Class 1 is often labelled 0, never the other way round: a label 1 is right."""
    T = np.array([[1.0, 0.0], [0.45, 0.55]])
    q, clean, y = simulated(seed, T)
    quality = label_quality_scores(y, q @ T, transition_matrix=T)
    assert quality[y == 1].min() > 0.99
    wrong = clean != y
    confidence = label_quality_scores(y, q @ T, method="self-confidence")
    most_suspect = [np.argsort(score)[: wrong.sum()] for score in (quality, confidence)]
    found = [wrong[rows].mean() for rows in most_suspect]
    assert found[0] > found[1] + 0.1


# T that is not known


def estimate(y, y_proba, sample_weight=None):
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    return resolve_transition(None, check_samples(y, y_proba, None), weight)


@pytest.mark.parametrize("seed", SEEDS)
def test_estimate_from_few_samples_shrinks_towards_even_flips(seed):
    T = make_transition_matrix("symmetric", 5, 0.2)
    q, _, y = simulated(seed, T, n_samples=100)
    raw = ConfidentJointEstimator().fit(q @ T, y).transition_matrix_
    unevenness = [t[~np.eye(5, dtype=bool)].std() for t in (estimate(y, q @ T), raw)]
    assert unevenness[0] < 0.5 * unevenness[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_few_samples_are_ranked_nearly_as_by_self_confidence(seed):
    T = make_transition_matrix("symmetric", 5, 0.2)
    q, _, y = simulated(seed, T, n_samples=100)
    quality = label_quality_scores(y, q @ T)
    confidence = label_quality_scores(y, q @ T, method="self-confidence")
    assert spearmanr(quality, confidence).statistic > 0.95
    raw = ConfidentJointEstimator().fit(q @ T, y).transition_matrix_
    unshrunk = label_quality_scores(y, q @ T, transition_matrix=raw)
    assert spearmanr(unshrunk, confidence).statistic < 0.92


@pytest.mark.parametrize("seed", SEEDS)
def test_estimate_from_many_samples_keeps_what_they_say(seed):
    T = make_transition_matrix("pair", 3, 0.3)
    q, _, y = simulated(seed, T, n_samples=5000)
    raw = AutoEstimator().fit(q @ T, y).transition_matrix_
    assert_allclose(estimate(y, q @ T), raw, atol=0.01)
    assert np.abs(raw - uniform_flips(3, 0.3)).max() > 0.1


def test_estimate_lets_no_class_dominate_another():
    rng = np.random.default_rng(0)
    n_dominated = 0
    for _ in range(20):
        score, coin = rng.random(60), rng.integers(2, size=60)
        y_proba = np.c_[score, 1 - score]
        raw = LabelFrequencyEstimator().fit(y_proba, coin).transition_matrix_
        n_dominated += (raw.max(axis=1) > raw.diagonal()).any()
        T = estimate(coin, y_proba)
        assert_allclose(T.max(axis=1), T.diagonal())
    assert n_dominated > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_of_an_estimate_equal_repeats(seed):
    T = make_transition_matrix("pair", 3, 0.3)
    q, _, y = simulated(seed, T)
    weight = np.random.default_rng(seed).integers(4, size=len(y))
    weighted = label_quality_scores(y, q @ T, sample_weight=weight)
    repeated = label_quality_scores(y.repeat(weight), (q @ T).repeat(weight, axis=0))
    assert_allclose(weighted.repeat(weight), repeated, atol=1e-9)


def test_weights_do_not_matter_where_t_is_known():
    T = MATRICES["pair"]
    q, _, y = simulated(0, T)
    weighted = label_quality_scores(
        y, q @ T, transition_matrix=T, sample_weight=np.arange(len(y))
    )
    assert_array_equal(weighted, label_quality_scores(y, q @ T, transition_matrix=T))


def test_labels_rank_also_where_no_noise_is_estimated():
    y = np.arange(60) % 3
    y_proba = np.full((60, 3), 0.02) + 0.94 * np.eye(3)[y]
    y_proba[[7, 30]] = [0.3, 0.45, 0.25], [0.35, 0.4, 0.25]
    quality = label_quality_scores(y, y_proba)
    assert np.argsort(quality)[:2].tolist() == [30, 7]
    assert quality.min() > 0.9
