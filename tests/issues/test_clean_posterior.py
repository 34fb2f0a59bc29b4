"""The clean posterior, from the noisy posterior and T."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import rel_entr

from sklnoise._blocks import MAX_BLOCK_VALUES
from sklnoise._transition_matrix import uniform_flips
from sklnoise.issues import _clean_posterior, clean_posterior

SEEDS = range(3)
TOLERANCE = 1e-3  # nats, as the docstring says
SIZES = [2, 3, 10]


def problem(seed, n_classes, n_samples=50, concentration=0.5, stays=0.5):
    """Return noisy posteriors that no clean one need explain, and a T."""
    rng = np.random.default_rng(seed)
    flips = rng.dirichlet(np.ones(n_classes), n_classes)
    T = stays * np.eye(n_classes) + (1 - stays) * flips
    return rng.dirichlet(np.full(n_classes, concentration), n_samples), T


def divergence(y_proba, clean, T):
    return rel_entr(y_proba, clean @ T).sum(axis=1)


def largest_slope(y_proba, clean, T):
    noisy = clean @ T
    ratio = np.divide(y_proba, noisy, out=np.zeros_like(noisy), where=y_proba > 0)
    return (ratio @ T.T).max(axis=1)


@pytest.fixture
def exact(monkeypatch):
    """Steps until nothing moves."""
    monkeypatch.setattr(_clean_posterior, "TOLERANCE", 1e-9)
    monkeypatch.setattr(_clean_posterior, "MAX_STEPS", 20_000)


@pytest.mark.parametrize("n_classes", SIZES)
@pytest.mark.parametrize("concentration", [0.1, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_posterior_that_t_made_noisy_is_recovered(seed, concentration, n_classes):
    clean, T = problem(seed, n_classes, concentration=concentration)
    assert_allclose(clean_posterior(clean @ T, T), clean, atol=1e-8)


@pytest.mark.parametrize("n_classes", SIZES)
@pytest.mark.parametrize("seed", SEEDS)
def test_posterior_is_the_inverse_where_that_is_a_distribution(seed, n_classes):
    y_proba, T = problem(seed, n_classes, 200, concentration=20, stays=0.9)
    inverse = y_proba @ np.linalg.inv(T)
    inside = inverse.min(axis=1) >= 0
    assert inside.sum() > 20
    assert_allclose(clean_posterior(y_proba, T)[inside], inverse[inside], atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_classes", [1, *SIZES, 100])
def test_identity_gives_the_noisy_posterior(n_classes, dtype):
    y_proba = problem(0, n_classes)[0].astype(dtype)
    clean = clean_posterior(y_proba, np.eye(n_classes))
    assert_allclose(clean, y_proba, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_classes", [2, 10, 100])
@pytest.mark.parametrize("concentration", [0.05, 1])
def test_no_move_gains_more_than_the_tolerance(concentration, n_classes, dtype):
    y_proba, T = problem(0, n_classes, 150, concentration)
    y_proba = y_proba.astype(dtype)
    slope = largest_slope(y_proba, clean_posterior(y_proba, T).astype(float), T)
    assert slope.max() < 1 + TOLERANCE + 1e-4


@pytest.mark.parametrize("n_classes", SIZES)
@pytest.mark.parametrize("seed", SEEDS)
def test_solver_of_scipy_finds_nothing_nearer(seed, n_classes):
    y_proba, T = problem(seed, n_classes, n_samples=4, concentration=1)
    found = divergence(y_proba, clean_posterior(y_proba, T), T)
    for p, value in zip(y_proba, found):
        rival = minimize(
            lambda q: -p @ np.log(np.maximum(q @ T, 1e-12)),  # noqa: B023
            np.full(n_classes, 1 / n_classes),
            method="SLSQP",
            bounds=[(0, 1)] * n_classes,
            constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
        )
        assert value <= divergence(p[None], rival.x[None] / rival.x.sum(), T) + TOLERANCE


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("n_classes", SIZES)
@pytest.mark.parametrize("noise_rate", [0.1, 0.4])
def test_closed_form_of_symmetric_noise_is_where_the_steps_end(n_classes, noise_rate):
    y_proba, _ = problem(0, n_classes)
    T = uniform_flips(n_classes, noise_rate)
    nearly = T.copy()  # near enough for the same solution, but solved in steps
    nearly[0, :2] += [1e-9, -1e-9]
    expected = clean_posterior(y_proba, nearly)
    assert_allclose(clean_posterior(y_proba, T), expected, atol=1e-4)


def test_labels_that_are_wrong_more_often_than_right_are_swapped():
    T = uniform_flips(2, 0.9)
    assert_allclose(clean_posterior([[0.18, 0.82]], T), [[0.9, 0.1]])


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("seed", SEEDS)
def test_singular_transition_recovers_the_distinguishable_classes(seed):
    T = np.array([[0.7, 0.3, 0.0], [0.7, 0.3, 0.0], [0.1, 0.1, 0.8]])
    clean, _ = problem(seed, 3, concentration=2)
    found = clean_posterior(clean @ T, T)
    assert_allclose(found[:, 2], clean[:, 2], atol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_permuting_classes_permutes_the_posterior(seed):
    y_proba, T = problem(seed, 5)
    order = np.random.default_rng(seed).permutation(5)
    permuted = clean_posterior(y_proba[:, order], T[np.ix_(order, order)])
    assert_allclose(permuted, clean_posterior(y_proba, T)[:, order], atol=1e-9)


@pytest.mark.parametrize("symmetric", [False, True])
def test_sample_does_not_depend_on_the_others(symmetric):
    y_proba, T = problem(0, 4, 200)
    T = uniform_flips(4, 0.3) if symmetric else T
    alone = [clean_posterior(row[None], T)[0] for row in y_proba]
    assert_allclose(clean_posterior(y_proba, T), alone, atol=1e-8)


def test_sample_does_not_depend_on_its_block():
    y_proba, T = problem(0, 100, MAX_BLOCK_VALUES // 100 + 40)
    borders = slice(-80, None)
    clean = clean_posterior(y_proba, T)
    assert_allclose(clean[borders], clean_posterior(y_proba[borders], T), atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("symmetric", [False, True])
def test_posterior_has_the_type_of_the_probabilities(dtype, symmetric):
    y_proba, T = problem(0, 4)
    T = uniform_flips(4, 0.3) if symmetric else T
    y_proba = y_proba.astype(dtype)
    clean = clean_posterior(y_proba, T)
    assert clean.dtype == dtype
    assert clean.min() >= 0
    assert_allclose(clean.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_class_that_an_early_step_all_but_excludes_comes_back(dtype):
    """In float32 the steps for these samples once lost a class to underflow."""
    rng = np.random.default_rng(2)
    T = 0.2 * np.eye(10) + 0.8 * rng.dirichlet(np.full(10, 0.5), 10)
    y_proba = rng.dirichlet(np.full(10, 0.05), 200).astype(dtype)
    y_proba /= y_proba.sum(axis=1, keepdims=True)
    clean = clean_posterior(y_proba, T).astype(float)
    assert largest_slope(y_proba.astype(float), clean, T).max() < 1.01


def test_zeros_in_the_probabilities_are_no_trouble():
    T = [[0.8, 0.2, 0.0], [0.0, 0.9, 0.1], [0.3, 0.0, 0.7]]
    clean = clean_posterior(np.eye(3), T)
    assert_allclose(clean, np.eye(3), atol=0.01)


def test_labels_that_t_calls_impossible_say_nothing():
    T = np.array([[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.5, 0.5, 0.0]])
    y_proba = np.array([[0.3, 0.2, 0.5], [0.6, 0.4, 0.0]])
    clean = clean_posterior(y_proba, T)
    assert_allclose(clean[0], clean[1], atol=1e-9)


def test_sample_with_nothing_but_an_impossible_label_could_be_any_class():
    T = [[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.5, 0.5, 0.0]]
    assert_allclose(clean_posterior([[0.0, 0.0, 1.0]], T), np.full((1, 3), 1 / 3))


def test_single_class_is_certain():
    assert_array_equal(clean_posterior([[1.0], [1.0]], [[1.0]]), [[1], [1]])


@pytest.mark.parametrize("stays", [0.5, 1.0])
def test_arguments_are_not_changed(stays):
    y_proba, T = problem(0, 3, stays=stays)
    copies = y_proba.copy(), T.copy()
    y_proba.setflags(write=False)
    T.setflags(write=False)
    clean = clean_posterior(y_proba, T)
    assert not np.shares_memory(clean, y_proba)
    assert_array_equal(y_proba, copies[0])
    assert_array_equal(T, copies[1])
