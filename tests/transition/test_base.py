"""What holds for every estimator of T, and what it may know of the samples."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sklnoise.transition import (
    AnchorEstimator,
    AutoEstimator,
    BaseTransitionEstimator,
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    ConstrainedEstimator,
    DualTransitionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)

WITHOUT_NEIGHBOURS = [
    LabelFrequencyEstimator(min_samples=7.5, share=0.2),
    ConfidentJointEstimator(),
    ConfusionEstimator(),
    AnchorEstimator(),
    AutoEstimator(),
    DualTransitionEstimator(),
    TrustedEstimator(LabelFrequencyEstimator()),
    ConstrainedEstimator(ConfidentJointEstimator(), rank=2),
]
NEIGHBOURS = ClusterabilityEstimator(n_bootstraps=2, random_state=0)
ESTIMATORS = [*WITHOUT_NEIGHBOURS, NEIGHBOURS]
# A sample would be the neighbour of its copy, and any of those tied may be the nearest.
WITH_TIES = [(estimator, True) for estimator in WITHOUT_NEIGHBOURS]
FAR_FROM_IDENTITY = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.4, 0.15, 0.45]])

each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
each_seed = pytest.mark.parametrize("seed", range(2))


def noisy_first_pass(seed, n_samples=400, *, ties=False):
    """Return probabilities near the noisy posterior, their labels, clean and noisy."""
    rng = np.random.default_rng(seed)
    clean = rng.integers(3, size=n_samples)
    sharp = rng.dirichlet(np.ones(3), n_samples) + 2 * np.eye(3)[clean]
    y_proba = sharp / sharp.sum(axis=1, keepdims=True) @ FAR_FROM_IDENTITY
    if ties:
        y_proba = rng.multinomial(8, y_proba) / 8
    y = (FAR_FROM_IDENTITY[clean].cumsum(axis=1) < rng.random((n_samples, 1))).sum(axis=1)
    return y_proba, y, clean


def fitted(estimator, y_proba, y, sample_weight=None):
    """Fit a clone; trusted samples are a function of y_proba, whatever its order."""
    if "trusted" not in estimator._uses:
        return clone(estimator).fit(y_proba, y, sample_weight)
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
def test_rows_are_distributions_with_finite_errors(estimator, seed, ties):
    fit = fitted(estimator, *noisy_first_pass(seed, ties=ties)[:2])
    T, error = fit.transition_matrix_, fit.standard_error_
    assert T.shape == error.shape == (3, 3)
    assert T.min() >= 0
    assert_allclose(T.sum(axis=1), 1, rtol=1e-12)
    assert np.isfinite(error).all()
    assert 0 <= error.min() <= error.max() < 0.5


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
def test_order_of_the_samples_does_not_matter(estimator, seed, ties):
    y_proba, y, _ = noisy_first_pass(seed, ties=ties)
    order = np.random.default_rng(seed).permutation(len(y))
    shuffled = fitted(estimator, y_proba[order], y[order])
    assert_same_fit(shuffled, fitted(estimator, y_proba, y))


@pytest.mark.parametrize("estimator", WITHOUT_NEIGHBOURS, ids=str)
@each_seed
@pytest.mark.parametrize("ties", [False, True])
def test_integer_weights_equal_repeated_samples(estimator, seed, ties):
    y_proba, y, _ = noisy_first_pass(seed, ties=ties)
    weight = np.random.default_rng(seed).integers(1, 4, len(y))
    weighted = fitted(estimator, y_proba, y, sample_weight=weight)
    repeated = fitted(estimator, y_proba.repeat(weight, axis=0), y.repeat(weight))
    assert_same_fit(weighted, repeated)


@each_estimator
def test_samples_without_weight_are_ignored(estimator):
    y_proba, y, clean = noisy_first_pass(0)
    weight = np.arange(len(y)) % 2
    kept = weight > 0
    y_proba[~kept] = np.eye(3)[clean[~kept]]
    weighted = fitted(estimator, y_proba, y, sample_weight=weight)
    assert_same_fit(weighted, fitted(estimator, y_proba[kept], y[kept]))


@pytest.mark.parametrize(
    "estimator",
    [
        LabelFrequencyEstimator(),
        ConfidentJointEstimator(),
        ConfusionEstimator(),
        ConstrainedEstimator(),
    ],
    ids=str,
)
@each_seed
def test_counting_with_perfect_clean_predictions_recovers_the_empirical_t(
    estimator, seed
):
    _, y, clean = noisy_first_pass(seed)
    T = fitted(estimator, np.eye(3)[clean], y).transition_matrix_
    empirical = [np.bincount(y[clean == i], minlength=3) for i in range(3)]
    assert_allclose(T, empirical / np.sum(empirical, axis=1, keepdims=True))


@each_estimator
def test_inputs_are_not_changed(estimator):
    inputs = [*noisy_first_pass(0)[:2], np.arange(400.0)]
    before = [array.copy() for array in inputs]
    fitted(estimator, *inputs)
    for array, copy in zip(inputs, before):
        assert_array_equal(array, copy)


@each_estimator
@pytest.mark.parametrize(("n_samples", "n_classes"), [(3, 1), (1, 5), (2, 2), (3, 5)])
def test_tiny_data_fit(estimator, n_samples, n_classes):
    y = np.arange(n_samples) % n_classes
    fit = fitted(estimator, np.eye(n_classes)[y], y)
    assert_allclose(fit.transition_matrix_.sum(axis=1), 1)
    assert np.isfinite(fit.standard_error_).all()


@each_estimator
def test_class_without_samples_keeps_its_row_of_the_identity(estimator):
    _, y, clean = noisy_first_pass(0)
    fit = fitted(estimator, np.eye(4)[clean], y)
    assert_allclose(fit.transition_matrix_[3], [0, 0, 0, 1], atol=1e-6)
    assert fit.transition_matrix_.shape == (4, 4)


@each_estimator
def test_refitting_forgets_the_first_fit(estimator):
    first, second = noisy_first_pass(0)[:2], noisy_first_pass(1)[:2]
    trusted = np.arange(400) % 5 == 0
    again = clone(estimator).fit(*first, trusted=trusted).fit(*second, trusted=trusted)
    assert_same_fit(again, clone(estimator).fit(*second, trusted=trusted))


@pytest.mark.parametrize(
    "estimator",
    [
        AnchorEstimator(percentile=0),
        AnchorEstimator(percentile=101),
        AnchorEstimator(percentile="max"),
        LabelFrequencyEstimator(min_samples=0),
        LabelFrequencyEstimator(share=0),
        LabelFrequencyEstimator(share=1.5),
        DualTransitionEstimator(percentile=0),
        TrustedEstimator("frequency"),
        TrustedEstimator(LabelFrequencyEstimator(share=0)),
        ClusterabilityEstimator(space="logits"),
        ClusterabilityEstimator(n_bootstraps=1),
        ConstrainedEstimator("frequency"),
        ConstrainedEstimator(shrinkage=1.5),
        ConstrainedEstimator(rank=0),
        ConstrainedEstimator(allowed_flips=True),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(estimator):
    with pytest.raises(InvalidParameterError, match="must be a"):
        fitted(estimator, *noisy_first_pass(0)[:2])


# Input: what the base checks, by one of its subclasses


@pytest.mark.parametrize(
    "name",
    [["ant", "bee", "cat"], [10, 20, 30], [0.5, 1.5, 2.5]],
    ids=["strings", "integers", "floats"],
)
def test_sorted_labels_work_like_codes(name):
    y_proba, y, _ = noisy_first_pass(0)
    named = ConfusionEstimator().fit(y_proba, np.array(name)[y])
    assert_same_fit(named, ConfusionEstimator().fit(y_proba, y))


def test_codes_need_not_all_occur():
    y_proba, y, _ = noisy_first_pass(0)
    T = ConfusionEstimator().fit(y_proba, y % 2).transition_matrix_
    assert_array_equal(T[:, 2], 0)


def test_lists_work_like_arrays():
    y_proba, y, _ = noisy_first_pass(0)
    listed = ConfusionEstimator().fit(y_proba.tolist(), y.tolist(), [2] * len(y))
    assert_same_fit(listed, ConfusionEstimator().fit(y_proba, y, np.full(len(y), 2)))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: np.where(p == p[4, 1], np.nan, p), "y_proba contains NaN"),
        (lambda p: p / 2, "one probability distribution per sample"),
        (np.log, "not logits or log-probabilities"),
        (lambda p: 3 * p - 2 / 3, "not logits"),
    ],
    ids=["nan", "half", "log", "negative"],
)
def test_probabilities_off_the_simplex_are_refused(spoil, message):
    y_proba, y, _ = noisy_first_pass(0)
    with pytest.raises(ValueError, match=message):
        ConfusionEstimator().fit(spoil(y_proba), y)


@pytest.mark.parametrize(
    ("relabel", "message"),
    [
        (lambda y: y[:-1], "inconsistent numbers of samples"),
        (lambda y: np.append(y[:-1], 3), "4 different labels"),
        (lambda y: y - 1, r"\[-1, 0, 1\]"),
        (lambda y: np.array(["ant", "bee"])[y % 2], "2 different labels"),
        (lambda y: np.append(y[:-1], np.nan), "label for every sample"),
    ],
    ids=["short", "unknown", "negative", "missing", "nan"],
)
def test_labels_that_do_not_match_the_columns_are_refused(relabel, message):
    y_proba, y, _ = noisy_first_pass(0)
    if message.startswith("\\["):
        y_proba = np.c_[y_proba, np.zeros(len(y))]
    with pytest.raises(ValueError, match=message):
        ConfusionEstimator().fit(y_proba, relabel(y))


def test_bad_weights_are_refused():
    y_proba, y, _ = noisy_first_pass(0)
    with pytest.raises(ValueError, match="must not be negative"):
        ConfusionEstimator().fit(y_proba, y, -np.ones(len(y)))


# What an estimator may know of the samples: features, trusted samples, folds


@pytest.mark.parametrize("kind", [np.array, lambda f: np.array(["b", "a"])[f]])
def test_any_label_names_a_fold(kind):
    y_proba, y, _ = noisy_first_pass(0)
    folds = np.arange(400) % 2
    codes, names = (
        clone(NEIGHBOURS).fit(y_proba, y, folds=f) for f in (folds, kind(folds))
    )
    assert_same_fit(codes, names)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"features": np.zeros((399, 2))}, "features must have one sample for each"),
        ({"features": np.full((400, 2), np.nan)}, "features contains NaN"),
        ({"folds": np.zeros(399)}, "folds must have one entry per sample"),
        ({"folds": np.full(400, np.nan)}, "folds contains NaN"),
    ],
)
def test_features_or_folds_that_do_not_fit_are_refused(known, message):
    with pytest.raises(ValueError, match=message):
        clone(NEIGHBOURS).fit(*noisy_first_pass(0)[:2], **known)


def test_estimator_gets_what_it_uses_for_the_samples_of_positive_weight():
    class Spy(BaseTransitionEstimator):
        _uses = ("trusted", "features")

        def _estimate(self, y_proba, y, sample_weight, **known):
            self.known = known
            return np.eye(3), np.zeros((3, 3))

    features, trusted = np.arange(400.0)[:, np.newaxis], np.arange(400) < 20
    known = {"features": features, "trusted": trusted, "folds": trusted}
    spy = Spy().fit(*noisy_first_pass(0)[:2], np.arange(400) % 2, **known)
    assert set(spy.known) == {"trusted", "features"}
    assert_array_equal(spy.known["features"], features[1::2])
    assert_array_equal(spy.known["trusted"], trusted[1::2])


def test_what_an_estimator_does_not_use_does_not_matter():
    y_proba, y, _ = noisy_first_pass(0)
    known = {"features": np.eye(400), "folds": range(400)}
    plain = LabelFrequencyEstimator().fit(y_proba, y)
    assert_same_fit(plain, LabelFrequencyEstimator().fit(y_proba, y, **known))


def test_trusted_labels_are_no_sample_of_the_noise():
    (y_proba, y, _), trusted = noisy_first_pass(0), np.arange(400) < 20
    given = LabelFrequencyEstimator().fit(y_proba, y, trusted=trusted)
    left_out = LabelFrequencyEstimator().fit(y_proba, y, (~trusted).astype(float))
    assert_same_fit(given, left_out)


def test_samples_that_are_all_trusted_say_nothing_of_the_noise():
    with pytest.raises(ValueError, match="all are trusted"):
        LabelFrequencyEstimator().fit(*noisy_first_pass(0)[:2], trusted=np.ones(400))


def test_known_arrays_are_not_changed():
    known = {
        "features": np.random.default_rng(0).normal(size=(400, 2)),
        "trusted": np.arange(400) < 20,
        "folds": np.arange(400) % 2,
    }
    before = {name: array.copy() for name, array in known.items()}
    TrustedEstimator(clone(NEIGHBOURS)).fit(*noisy_first_pass(0)[:2], **known)
    for name, array in known.items():
        assert_array_equal(array, before[name])
