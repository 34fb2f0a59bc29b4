"""What estimators may know of the rows: features, trusted rows, folds."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise._validation import check_folds, check_trusted
from sklnoise.transition import (
    BaseTransitionEstimator,
    ClusterabilityEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)


def first_pass():
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(3), 60), rng.integers(3, size=60)


@pytest.mark.parametrize(
    "mask",
    [
        [True, False, True],
        (1, 0, 1),
        np.array([1.0, 0.0, 1.0]),
        np.array([True, False, True], dtype=object),
        pd.Series([True, False, True]),
        pd.array([True, False, True], dtype="boolean"),
    ],
    ids=lambda mask: type(mask).__name__,
)
def test_trusted_is_read_as_booleans(mask):
    trusted = check_trusted(mask, 3)
    assert trusted.dtype == bool
    assert_array_equal(trusted, [True, False, True])


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ([0, 2, 1], "entry 1 is 2"),
        ([0, -1, 1], "entry 1 is -1"),
        ([0.5, 0, 1], "entry 0 is 0.5"),
        ([0, np.nan, 1], "entry 1 is nan"),
        ([True, None, False], "entry 1 is None"),
        (["yes", "no", "no"], "entry 0 is 'yes'"),
        (pd.array([True, None, False], dtype="boolean"), "entry 1 is <NA>"),
        ([1, 2], r"shape \(3,\); got shape \(2,\).*From row indices"),
        ([[True], [False], [True]], r"got shape \(3, 1\)"),
        (True, r"got shape \(\)"),
    ],
)
def test_what_is_no_mask_is_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        check_trusted(mask, 3)


@pytest.mark.parametrize("folds", [[-1, 4, 4], ["a", "b", "b"], [0.5, 2.5, 2.5]])
def test_any_label_names_a_fold(folds):
    assert_array_equal(check_folds(folds, 3), [0, 1, 1])


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"features": np.zeros((59, 2))}, "features must have one row for each"),
        ({"features": np.full((60, 2), np.nan)}, "features contains NaN"),
        ({"folds": np.zeros(59)}, "folds must have one entry a row"),
        ({"folds": np.full(60, np.nan)}, "folds contains NaN"),
    ],
)
def test_features_or_folds_that_do_not_fit_are_refused(known, message):
    with pytest.raises(ValueError, match=message):
        ClusterabilityEstimator().fit(*first_pass(), **known)


def test_estimator_gets_what_it_uses_for_the_rows_of_positive_weight():
    class Spy(BaseTransitionEstimator):
        _uses = ("trusted", "features")

        def _estimate(self, y_proba, y, sample_weight, **known):
            self.known = known
            return np.eye(3), np.zeros((3, 3))

    features, trusted = np.arange(60.0)[:, np.newaxis], np.arange(60) < 20
    weight = np.arange(60) % 2
    spy = Spy().fit(
        *first_pass(), weight, features=features, trusted=trusted, folds=trusted
    )
    assert set(spy.known) == {"trusted", "features"}
    assert_array_equal(spy.known["features"], features[1::2])
    assert_array_equal(spy.known["trusted"], trusted[1::2])


def test_what_an_estimator_does_not_use_does_not_matter():
    plain = LabelFrequencyEstimator().fit(*first_pass())
    known = {"features": np.eye(60), "folds": range(60)}
    other = LabelFrequencyEstimator().fit(*first_pass(), **known)
    assert_array_equal(plain.transition_matrix_, other.transition_matrix_)


def test_trusted_labels_are_no_sample_of_the_noise():
    (y_proba, y), trusted = first_pass(), np.arange(60) < 20
    told = LabelFrequencyEstimator().fit(y_proba, y, trusted=trusted)
    left_out = LabelFrequencyEstimator().fit(y_proba, y, (~trusted).astype(float))
    assert_array_equal(told.transition_matrix_, left_out.transition_matrix_)


def test_rows_that_are_all_trusted_say_nothing_of_the_noise():
    with pytest.raises(ValueError, match="all are trusted"):
        LabelFrequencyEstimator().fit(*first_pass(), trusted=np.ones(60, dtype=bool))


def test_known_arrays_are_left_alone():
    known = {
        "features": np.random.default_rng(0).normal(size=(60, 2)),
        "trusted": np.arange(60) < 20,
        "folds": np.arange(60) % 2,
    }
    before = {name: array.copy() for name, array in known.items()}
    estimator = TrustedEstimator(ClusterabilityEstimator(random_state=0))
    estimator.fit(*first_pass(), **known)
    for name, array in known.items():
        assert_array_equal(array, before[name])


def test_zero_and_one_are_a_mask_for_fit_too():
    one, two = (
        TrustedEstimator().fit(*first_pass(), trusted=mask).transition_matrix_
        for mask in (np.arange(60) < 20, [1] * 20 + [0] * 40)
    )
    assert_allclose(one, two)
