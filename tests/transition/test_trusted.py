"""T from samples whose label is known to be right."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import (
    AnchorEstimator,
    ClusterabilityEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)

SEEDS = range(3)
SWAPPING = np.array([[0.9, 0.05, 0.05], [0.05, 0.4, 0.55], [0.05, 0.55, 0.4]])


def first_pass(seed, n_samples=600):
    """Return exact probabilities of samples beyond doubt."""
    rng = np.random.default_rng(seed)
    clean = rng.integers(3, size=n_samples)
    y = (SWAPPING[clean].cumsum(axis=1) < rng.random((n_samples, 1))).sum(axis=1)
    return SWAPPING[clean], y, clean


def with_one_trusted_sample_per_class(y, clean):
    trusted = np.zeros(len(y), dtype=bool)
    trusted[[np.argmax(clean == i) for i in range(3)]] = True
    return np.where(trusted, clean, y), trusted


@pytest.mark.parametrize("seed", SEEDS)
def test_row_is_the_mean_probability_of_the_trusted_samples(seed):
    rng = np.random.default_rng(seed)
    y_proba, y = rng.dirichlet(np.ones(3), 90), rng.integers(3, size=90)
    trusted, weight = rng.random(90) < 0.3, rng.uniform(1, 2, size=90)
    expected = [
        np.average(y_proba[rows], axis=0, weights=weight[rows])
        for rows in (trusted & (y == i) for i in range(3))
    ]
    estimator = TrustedEstimator().fit(y_proba, y, weight, trusted=trusted)
    assert_allclose(estimator.transition_matrix_, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_of_other_samples_play_no_part_without_an_estimator(seed):
    y_proba, y, _ = first_pass(seed)
    trusted = np.arange(len(y)) < 50
    one, other = (
        TrustedEstimator().fit(y_proba, labels, trusted=trusted).transition_matrix_
        for labels in (y, np.where(trusted, y, 0))
    )
    assert_array_equal(one, other)


def test_class_without_trusted_samples_keeps_its_row_of_the_identity():
    y_proba, y, _ = first_pass(0)
    T = TrustedEstimator().fit(y_proba, y, trusted=y == 0).transition_matrix_
    assert_array_equal(T[1:], np.eye(3)[1:])


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_are_blended_by_share(seed):
    y_proba, y, clean = first_pass(seed)
    trusted = np.arange(len(y)) < 30
    y = np.where(trusted, clean, y)
    estimator = TrustedEstimator(LabelFrequencyEstimator())
    estimator.fit(y_proba, y, trusted=trusted)
    rows = TrustedEstimator().fit(y_proba, y, trusted=trusted).transition_matrix_
    prior = LabelFrequencyEstimator().fit(y_proba[30:], y[30:]).transition_matrix_
    share = estimator.share_[:, np.newaxis]
    expected = share * rows + (1 - share) * prior[estimator.permutation_]
    assert_allclose(estimator.transition_matrix_, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_trusted_samples_count_more_the_more_there_are(seed):
    y_proba, y, clean = first_pass(seed)
    shares = []
    for n_trusted in (12, 60, 300):
        trusted = np.arange(len(y)) < n_trusted
        estimator = TrustedEstimator(Wrong())
        estimator.fit(y_proba, np.where(trusted, clean, y), trusted=trusted)
        shares.append(estimator.share_.min())
    assert 0 <= shares[0] < shares[1] < shares[2] < 1


def test_trusted_samples_that_agree_leave_the_estimate_alone():
    y_proba, y, clean = first_pass(0)
    trusted = np.arange(len(y)) < 60
    estimator = TrustedEstimator(AnchorEstimator())
    estimator.fit(y_proba, np.where(trusted, clean, y), trusted=trusted)
    assert_array_equal(estimator.share_, np.zeros(3))


class Wrong(AnchorEstimator):
    """Takes all labels to be uniform."""

    def _estimate(self, y_proba, y, sample_weight):
        return np.ones((3, 3)), np.full((3, 3), 0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_trusted_sample_per_class_undoes_a_swap_of_names(seed):
    y_proba, y, clean = first_pass(seed)
    y, trusted = with_one_trusted_sample_per_class(y, clean)
    misnamed = AnchorEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(misnamed, SWAPPING[[0, 2, 1]])
    estimator = TrustedEstimator(AnchorEstimator()).fit(y_proba, y, trusted=trusted)
    assert_array_equal(estimator.permutation_, [0, 2, 1])
    assert_allclose(estimator.transition_matrix_, SWAPPING)


@pytest.mark.parametrize("seed", SEEDS)
def test_trusted_samples_of_one_class_move_no_more_than_they_must(seed):
    y_proba, y, clean = first_pass(seed)
    trusted = np.arange(len(y)) == np.argmax(clean == 0)
    y = np.where(trusted, clean, y)
    estimator = TrustedEstimator(AnchorEstimator()).fit(y_proba, y, trusted=trusted)
    assert_array_equal(estimator.permutation_, [0, 1, 2])


@pytest.mark.parametrize("seed", SEEDS)
def test_names_stay_where_a_match_is_hardly_better(seed):
    rng = np.random.default_rng(seed)
    rows = np.full((3, 3), 1 / 3) + 0.02 * rng.dirichlet(np.ones(3), 3)
    rows /= rows.sum(axis=1, keepdims=True)
    clean = np.arange(300) % 3
    trusted = np.arange(300) < 30
    y_proba = np.where(trusted[:, np.newaxis], rows[(clean + 1) % 3], rows[clean])
    estimator = TrustedEstimator(LabelFrequencyEstimator(min_samples=1e3))
    estimator.fit(y_proba, clean, trusted=trusted)
    assert_array_equal(estimator.permutation_, [0, 1, 2])


def test_estimator_is_left_out_where_every_sample_is_trusted():
    y_proba, _, clean = first_pass(0)
    estimator = TrustedEstimator(LabelFrequencyEstimator())
    estimator.fit(y_proba, clean, trusted=np.ones(len(clean), dtype=bool))
    assert estimator.estimator_ is None
    assert_allclose(estimator.transition_matrix_, SWAPPING)


def test_estimator_gets_the_features_of_the_other_samples():
    y_proba, y, clean = first_pass(0)
    y, trusted = with_one_trusted_sample_per_class(y, clean)
    features = clean[:, np.newaxis] + np.random.default_rng(0).normal(0, 0.1, (600, 2))
    neighbours = ClusterabilityEstimator(n_bootstraps=2, random_state=0)
    estimator = TrustedEstimator(neighbours)
    estimator.fit(y_proba, y, features=features, trusted=trusted)
    alone = neighbours.fit(y_proba[~trusted], y[~trusted], features=features[~trusted])
    expected = alone.transition_matrix_[estimator.permutation_]
    assert_allclose(estimator.transition_matrix_, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("trusted", "message"),
    [
        (None, "got trusted=None"),
        (np.zeros(600, dtype=bool), "got no True in trusted"),
    ],
)
def test_trusted_samples_are_required(trusted, message):
    y_proba, y, _ = first_pass(0)
    with pytest.raises(ValueError, match=message):
        TrustedEstimator().fit(y_proba, y, trusted=trusted)


def test_trusted_samples_without_weight_do_not_count():
    y_proba, y, _ = first_pass(0)
    trusted = np.arange(600) < 50
    with pytest.raises(ValueError, match="got no True in trusted"):
        TrustedEstimator().fit(y_proba, y, ~trusted, trusted=trusted)
