"""Labels flipped to classes that depend on the features."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, csr_matrix

from sklnoise.datasets import make_instance_dependent_labels

SEEDS = range(3)
RATES = [0.05, 0.5, 1]
N_SAMPLES, N_CLASSES = 4000, 4


@pytest.fixture
def samples(rng):
    """Samples whose features 0 and 1 are mostly zero: X, y."""
    X = rng.standard_normal((N_SAMPLES, 6))
    X[:, :2] *= rng.random_sample((N_SAMPLES, 2)) < 0.1
    return X, np.arange(N_SAMPLES) % N_CLASSES


def draw(X, y, noise_rate=0.4, seed=0):
    return make_instance_dependent_labels(
        X, y, noise_rate, random_state=seed, return_proba=True
    )


def shares_of(y_proba, y):
    """Return where the flips go, for each sample a distribution over other classes."""
    others = y_proba * (np.arange(y_proba.shape[1]) != y[:, None])
    return others / others.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("noise_rate", RATES)
def test_probabilities_are_distributions(samples, noise_rate):
    _, y_proba = draw(*samples, noise_rate)
    assert y_proba.shape == (N_SAMPLES, N_CLASSES)
    assert y_proba.min() >= 0
    assert_allclose(y_proba.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("noise_rate", RATES)
def test_noise_rate_is_the_share_of_wrong_labels(samples, noise_rate, seed):
    X, y = samples
    y_noisy, _ = draw(X, y, noise_rate, seed)
    error = np.sqrt(noise_rate * (1 - noise_rate) / N_SAMPLES)
    assert abs((y_noisy != y).mean() - noise_rate) <= 4 * error


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("noise_rate", RATES)
def test_noise_rate_is_the_mean_of_the_flip_rates(samples, noise_rate, seed):
    X, y = samples
    _, y_proba = draw(X, y, noise_rate, seed)
    rates = 1 - y_proba[range(N_SAMPLES), y]
    assert abs(rates.mean() - noise_rate) <= 4 * 0.1 / np.sqrt(N_SAMPLES)


def test_each_sample_has_its_own_flip_rate(samples):
    X, y = samples
    rates = 1 - draw(X, y, 0.5)[1][range(N_SAMPLES), y]
    assert_allclose(rates.std(), 0.1, rtol=0.05)


def test_no_noise_flips_nothing(samples):
    y_noisy, y_proba = draw(*samples, 0)
    assert_array_equal(y_noisy, samples[1])
    assert_array_equal(y_proba, np.eye(N_CLASSES)[samples[1]])


def test_full_noise_leaves_no_label_right(samples):
    y_noisy, y_proba = draw(*samples, 1)
    assert (y_noisy != samples[1]).all()
    assert_array_equal(y_proba[range(N_SAMPLES), samples[1]], np.zeros(N_SAMPLES))


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_are_drawn_from_the_probabilities(samples, seed):
    y_noisy, y_proba = draw(*samples, seed=seed)
    error = np.sqrt((y_proba * (1 - y_proba)).sum(axis=0))
    surplus = np.bincount(y_noisy, minlength=N_CLASSES) - y_proba.sum(axis=0)
    assert (np.abs(surplus) <= 4.5 * error).all()


def test_features_decide_where_the_flips_go(samples):
    X, y = samples
    shares = shares_of(draw(X, y)[1], y)
    assert (shares[y == 0].std(axis=0)[1:] > 0.1).all()


def test_equal_samples_have_equal_preferences(samples):
    X, y = (np.concatenate([part, part]) for part in samples)
    shares = shares_of(draw(X, y)[1], y)
    assert_allclose(shares[:N_SAMPLES], shares[N_SAMPLES:], rtol=1e-10)


def test_classes_have_preferences_of_their_own(samples):
    X, y = samples
    X[:2], y[:2] = X[0], [0, 1]
    shares = shares_of(draw(X, y)[1], y)
    assert abs(shares[0, 2] / shares[0, 3] - shares[1, 2] / shares[1, 3]) > 0.1


def test_constant_features_give_no_preference(samples):
    X, y = samples
    shares = shares_of(draw(np.full_like(X, 7.0), y)[1], y)
    assert_allclose(shares, (1 - np.eye(N_CLASSES)[y]) / (N_CLASSES - 1))


def test_scale_and_origin_of_the_features_do_not_matter(samples):
    X, y = samples
    moved = X * [1, 10, 1e-3, 1e3, 1, 1] + [0, 5, 0, -100, 1, 0]
    assert_allclose(draw(moved, y)[1], draw(X, y)[1], rtol=1e-8)


@pytest.mark.parametrize("exponent", [-250, -120, 120, 250])
@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_extreme_features_are_scaled_like_others(samples, exponent, container):
    X, y = samples
    extreme = X * [1, 1, 1, 2.0 ** (3 * exponent), 1, 1]
    y_noisy, y_proba = draw(container(extreme), y)
    expected, expected_proba = draw(container(X), y)
    assert_array_equal(y_noisy, expected)
    assert_allclose(y_proba, expected_proba, rtol=1e-8)


@pytest.mark.parametrize("y", [[np.nan, 1.0], [None, "a"], pd.array([pd.NA, 1])])
def test_missing_labels_are_refused(y):
    with pytest.raises(ValueError, match="label for every sample"):
        make_instance_dependent_labels(np.eye(2), y, 0.4)


@pytest.mark.parametrize("n_features", [1, 10, 1000])
def test_number_of_features_does_not_sharpen_the_preferences(rng, n_features):
    X, y = rng.standard_normal((300, n_features)), np.arange(300) % 3
    shares = shares_of(draw(X, y)[1], y)
    assert 0.55 < shares.max(axis=1).mean() < 0.8


@pytest.mark.parametrize("container", [csr_array, csr_matrix])
def test_sparse_samples_get_the_noise_of_dense_ones(samples, container):
    X, y = samples
    assert_allclose(draw(container(X), y)[1], draw(X, y)[1], rtol=1e-8)


def test_images_are_flattened(samples):
    X, y = samples
    assert_array_equal(draw(X.reshape(-1, 2, 3), y)[1], draw(X, y)[1])


def test_bytes_are_numbers(rng):
    X, y = rng.randint(256, size=(90, 5)).astype(np.uint8), np.arange(90) % 3
    assert_allclose(draw(X, y)[1], draw(X.astype(float), y)[1], rtol=1e-10)


@pytest.mark.parametrize(
    "classes",
    [
        np.array(["ant", "bee", "cat", "dog"]),
        np.array(["ant", "bee", "cat", "dog"], dtype=object),
        np.array([0, 7, 100, 200], dtype=np.uint8),
        np.array([-1.5, 0.5, 1.5, 2.5]),
    ],
    ids=lambda classes: classes.dtype.name,
)
def test_labels_are_of_the_same_kind_with_columns_in_sorted_order(samples, classes):
    X, y = samples
    (codes, expected), (y_noisy, y_proba) = draw(X, y), draw(X, classes[y])
    assert y_noisy.dtype == classes.dtype
    assert_array_equal(y_noisy, classes[codes])
    assert_array_equal(y_proba, expected)


def test_two_classes_flip_to_each_other(samples):
    X, y = samples[0], samples[1] > 1
    y_noisy, y_proba = draw(X, y, 1)
    assert_array_equal(y_noisy, ~y)
    assert_array_equal(y_proba, np.eye(2)[(~y).astype(int)])


@pytest.mark.parametrize("noise_rate", [0.4, 1])
def test_single_class_keeps_its_labels(noise_rate):
    y_noisy, y_proba = draw(np.eye(3), ["ant"] * 3, noise_rate)
    assert y_noisy.tolist() == ["ant"] * 3
    assert_array_equal(y_proba, np.ones((3, 1)))


def test_labels_come_alone_unless_probabilities_are_asked_for(samples):
    y_noisy = make_instance_dependent_labels(*samples, 0.4, random_state=0)
    assert_array_equal(y_noisy, draw(*samples)[0])


def test_same_seed_gives_the_same_labels(samples):
    first, again, other = (draw(*samples, seed=seed)[0] for seed in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()


def test_seeded_noise_leaves_the_global_generator_alone(samples):
    before = np.random.get_state()[1:3]  # noqa: NPY002
    draw(*samples)
    after = np.random.get_state()[1:3]  # noqa: NPY002
    assert_array_equal(after[0], before[0])
    assert after[1] == before[1]


def test_samples_and_clean_labels_are_not_modified(samples):
    X, y = (part.copy() for part in samples)
    draw(X, y)
    assert_array_equal(X, samples[0])
    assert_array_equal(y, samples[1])


@pytest.mark.parametrize("noise_rate", [-0.1, 1.1, float("nan"), None, [0.1]])
def test_rate_that_is_no_probability_is_refused(samples, noise_rate):
    with pytest.raises(ValueError, match="noise_rate"):
        make_instance_dependent_labels(*samples, noise_rate)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.eye(3), r"inconsistent numbers of samples: \[3, 2\]"),
        (np.array([[1.0], [np.nan]]), "X contains NaN"),
        (np.array([[1.0], [np.inf]]), "X contains infinity"),
        (np.arange(2), "Expected 2D array, got 1D array"),
        (np.array([["a"], ["b"]]), "X must be an array of numbers"),
        ([[1.0], [1.0, 2.0]], "X must be an array of numbers"),
        (pd.DataFrame({"x": [None, "a"]}), "X must be an array of numbers"),
    ],
)
def test_invalid_samples_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        make_instance_dependent_labels(X, [0, 1], 0.4)
