"""What holds for every estimator of T."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sklnoise.transition import (
    AnchorEstimator,
    AutoEstimator,
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    ConstrainedEstimator,
    DualTransitionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)

COUNTING = [
    LabelFrequencyEstimator(),
    LabelFrequencyEstimator(min_samples=7.5, share=0.2),
    ConfidentJointEstimator(),
    ConfusionEstimator(),
    ConstrainedEstimator(),
]
WITHOUT_NEIGHBOURS = [
    *COUNTING,
    AnchorEstimator(),
    AnchorEstimator(percentile=100),
    AutoEstimator(),
    DualTransitionEstimator(),
    TrustedEstimator(),
    TrustedEstimator(LabelFrequencyEstimator()),
    ConstrainedEstimator(TrustedEstimator(), shrinkage=0.3),
    ConstrainedEstimator(rank=1),
    ConstrainedEstimator(ConfidentJointEstimator(), rank=2),
]
NEIGHBOURS = ClusterabilityEstimator(n_bootstraps=5, random_state=0)
ESTIMATORS = [*WITHOUT_NEIGHBOURS, NEIGHBOURS]
# A row would be the neighbour of its copy, and of rows tied with it any may be nearest.
WITH_TIES = [(estimator, True) for estimator in WITHOUT_NEIGHBOURS]
SEEDS = range(3)
FAR_FROM_IDENTITY = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.4, 0.15, 0.45]])

each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
each_seed = pytest.mark.parametrize("seed", SEEDS)


def noisy_first_pass(seed, n_rows=400, *, ties=False):
    """Return probabilities near the noisy posterior, their labels, clean and noisy."""
    rng = np.random.default_rng(seed)
    clean = rng.integers(3, size=n_rows)
    sharp = rng.dirichlet(np.ones(3), n_rows) + 2 * np.eye(3)[clean]
    y_proba = sharp / sharp.sum(axis=1, keepdims=True) @ FAR_FROM_IDENTITY
    if ties:
        y_proba = rng.multinomial(8, y_proba) / 8
    y = (FAR_FROM_IDENTITY[clean].cumsum(axis=1) < rng.random((n_rows, 1))).sum(axis=1)
    return y_proba, y, clean


def fitted(estimator, y_proba, y, sample_weight=None):
    """Fit a clone; what needs trusted rows gets some that follow y_proba's order."""
    if "trusted" not in estimator._uses:
        return clone(estimator).fit(y_proba, y, sample_weight)
    with np.errstate(invalid="ignore"):
        trusted = np.max(y_proba, axis=1) * 1000 % 1 < 0.2
    return clone(estimator).fit(y_proba, y, sample_weight, trusted=trusted)


def assert_same_fit(one, other):
    # As near as the solver of the neighbours comes with an old scipy.
    close = {"rtol": 1e-6, "atol": 1e-12}
    assert_allclose(one.transition_matrix_, other.transition_matrix_, **close)
    assert_allclose(one.standard_error_, other.standard_error_, **close)


@each_estimator
@each_seed
@pytest.mark.parametrize("ties", [False, True])
def test_rows_are_distributions(estimator, seed, ties):
    y_proba, y, _ = noisy_first_pass(seed, ties=ties)
    T = fitted(estimator, y_proba, y).transition_matrix_
    assert T.shape == (3, 3)
    assert T.min() >= 0
    assert_allclose(T.sum(axis=1), 1, rtol=1e-12)


@each_estimator
@each_seed
def test_standard_error_is_a_finite_matrix(estimator, seed):
    error = fitted(estimator, *noisy_first_pass(seed)[:2]).standard_error_
    assert error.shape == (3, 3)
    assert np.isfinite(error).all()
    assert error.min() >= 0
    assert error.max() < 0.5


@each_estimator
@each_seed
def test_permuting_classes_permutes_transition(estimator, seed):
    y_proba, y, _ = noisy_first_pass(seed)
    order = np.array([2, 0, 1])
    permuted = fitted(estimator, y_proba[:, order], order.argsort()[y])
    original = fitted(estimator, y_proba, y)
    both = np.ix_(order, order)
    expected = original.transition_matrix_[both]
    assert_allclose(permuted.transition_matrix_, expected, rtol=1e-6, atol=1e-6)
    if estimator is not NEIGHBOURS:  # whose bootstrap draws other triples
        assert_allclose(permuted.standard_error_, original.standard_error_[both])


@each_seed
@pytest.mark.parametrize(
    ("estimator", "ties"), [(e, False) for e in ESTIMATORS] + WITH_TIES, ids=str
)
def test_order_of_the_rows_does_not_matter(estimator, seed, ties):
    y_proba, y, _ = noisy_first_pass(seed, ties=ties)
    order = np.random.default_rng(seed).permutation(len(y))
    shuffled = fitted(estimator, y_proba[order], y[order])
    assert_same_fit(shuffled, fitted(estimator, y_proba, y))


@pytest.mark.parametrize("estimator", WITHOUT_NEIGHBOURS, ids=str)
@each_seed
@pytest.mark.parametrize("ties", [False, True])
def test_integer_weights_equal_repeated_rows(estimator, seed, ties):
    y_proba, y, _ = noisy_first_pass(seed, ties=ties)
    weight = np.random.default_rng(seed).integers(1, 4, len(y))
    weighted = fitted(estimator, y_proba, y, sample_weight=weight)
    repeated = fitted(estimator, y_proba.repeat(weight, axis=0), y.repeat(weight))
    assert_same_fit(weighted, repeated)


@each_estimator
@each_seed
def test_rows_without_weight_are_ignored(estimator, seed):
    y_proba, y, clean = noisy_first_pass(seed)
    weight = np.arange(len(y)) % 2
    kept = weight > 0
    y_proba[~kept] = np.eye(3)[clean[~kept]]
    weighted = fitted(estimator, y_proba, y, sample_weight=weight)
    assert_same_fit(weighted, fitted(estimator, y_proba[kept], y[kept]))


@each_estimator
@pytest.mark.parametrize("labels", [["ant", "bee", "cat"], [10, 20, 30]])
def test_sorted_labels_work_like_codes(estimator, labels):
    y_proba, y, _ = noisy_first_pass(0)
    named = fitted(estimator, y_proba, np.array(labels)[y])
    assert_same_fit(named, fitted(estimator, y_proba, y))


@pytest.mark.parametrize("estimator", COUNTING, ids=str)
@each_seed
def test_counting_with_perfect_clean_predictions_recovers_the_empirical_t(
    estimator, seed
):
    _, y, clean = noisy_first_pass(seed)
    T = fitted(estimator, np.eye(3)[clean], y).transition_matrix_
    empirical = [np.bincount(y[clean == i], minlength=3) for i in range(3)]
    assert_allclose(T, empirical / np.sum(empirical, axis=1, keepdims=True))


@each_estimator
def test_inputs_are_left_alone(estimator):
    inputs = [*noisy_first_pass(0)[:2], np.arange(400.0)]
    before = [array.copy() for array in inputs]
    fitted(estimator, *inputs)
    for array, copy in zip(inputs, before):
        assert_array_equal(array, copy)


@each_estimator
def test_lists_work_like_arrays(estimator):
    y_proba, y, _ = noisy_first_pass(0)
    listed = fitted(estimator, y_proba.tolist(), y.tolist(), [2] * len(y))
    assert_same_fit(listed, fitted(estimator, y_proba, y, np.full(len(y), 2)))


@each_estimator
def test_one_class_cannot_flip(estimator):
    T = fitted(estimator, np.ones((5, 1)), np.zeros(5, dtype=int)).transition_matrix_
    assert_array_equal(T, [[1]])


@each_estimator
@pytest.mark.parametrize("n_rows", [1, 2, 3])
@pytest.mark.parametrize("n_classes", [1, 2, 5])
def test_tiny_data_fit(estimator, n_rows, n_classes):
    y = np.arange(n_rows) % n_classes
    fit = fitted(estimator, np.eye(n_classes)[y], y)
    assert_allclose(fit.transition_matrix_.sum(axis=1), 1)
    assert np.isfinite(fit.standard_error_).all()


@each_estimator
@each_seed
def test_class_without_rows_keeps_its_row_of_the_identity(estimator, seed):
    _, y, clean = noisy_first_pass(seed)
    fit = fitted(estimator, np.eye(4)[clean], y)
    assert_allclose(fit.transition_matrix_[3], [0, 0, 0, 1], atol=1e-6)
    assert fit.transition_matrix_.shape == (4, 4)


@each_estimator
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: np.where(p == p[4, 1], np.nan, p), "y_proba contains NaN"),
        (lambda p: p / 2, "one probability distribution a row"),
        (np.log, "not logits or log-probabilities"),
        (lambda p: 3 * p - 2 / 3, "row .* is .*not logits"),
    ],
    ids=["nan", "half", "log", "negative"],
)
def test_rows_off_the_simplex_are_refused(estimator, spoil, message):
    y_proba, y, _ = noisy_first_pass(0)
    with pytest.raises(ValueError, match=message):
        fitted(estimator, spoil(y_proba), y)


@each_estimator
@pytest.mark.parametrize(
    ("relabel", "message"),
    [
        (lambda y: y[:-1], "inconsistent numbers of samples"),
        (lambda y: np.append(y[:-1], 3), "got 4 different labels"),
        (lambda y: np.array(["ant", "bee"])[y % 2], "got 2 different labels"),
    ],
    ids=["short", "unknown", "missing"],
)
def test_labels_that_do_not_match_the_columns_are_refused(estimator, relabel, message):
    y_proba, y, _ = noisy_first_pass(0)
    with pytest.raises(ValueError, match=message):
        fitted(estimator, y_proba, relabel(y))


@each_estimator
def test_bad_weights_are_refused(estimator):
    y_proba, y, _ = noisy_first_pass(0)
    with pytest.raises(ValueError, match="must not be negative"):
        fitted(estimator, y_proba, y, -np.ones(len(y)))


@each_estimator
def test_refitting_forgets_the_first_fit(estimator):
    first, second = noisy_first_pass(0)[:2], noisy_first_pass(1)[:2]
    trusted = np.arange(400) % 5 == 0
    again = clone(estimator).fit(*first, trusted=trusted).fit(*second, trusted=trusted)
    assert_same_fit(again, clone(estimator).fit(*second, trusted=trusted))


@each_estimator
def test_clone_keeps_the_parameters(estimator):
    assert str(clone(estimator).get_params()) == str(estimator.get_params())


@pytest.mark.parametrize(
    "estimator",
    [
        AnchorEstimator(percentile=0),
        AnchorEstimator(percentile=101),
        AnchorEstimator(percentile="max"),
        LabelFrequencyEstimator(min_samples=0),
        LabelFrequencyEstimator(share=0),
        LabelFrequencyEstimator(share=1.5),
        LabelFrequencyEstimator(min_samples=None),
        DualTransitionEstimator(percentile=0),
        TrustedEstimator("frequency"),
        TrustedEstimator(LabelFrequencyEstimator(share=0)),
        ClusterabilityEstimator(space="logits"),
        ClusterabilityEstimator(n_bootstraps=1),
        ConstrainedEstimator("frequency"),
        ConstrainedEstimator(LabelFrequencyEstimator(share=0)),
        ConstrainedEstimator(shrinkage=1.5),
        ConstrainedEstimator(rank=0),
        ConstrainedEstimator(allowed_flips=True),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(estimator):
    with pytest.raises(InvalidParameterError, match="must be a"):
        fitted(estimator, *noisy_first_pass(0)[:2])
