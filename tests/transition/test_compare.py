"""Estimates of T side by side."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator

from sklnoise.transition import (
    AnchorEstimator,
    ConfusionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
    compare_transition_estimators,
)

T = np.array([[0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.25, 0.05, 0.7]])
PLAIN = ["agreement", "frequency", "confident-joint", "anchor", "dual"]


class Known(BaseEstimator):
    """Somebody's estimator of T, which knows it."""

    def __init__(self, T):
        self.T = T

    def fit(self, y_proba, y, sample_weight):
        self.transition_matrix_ = np.array(self.T)
        self.standard_error_ = np.full_like(self.transition_matrix_, 0.01)
        return self


def first_pass(n_samples=1500):
    clean = np.arange(n_samples) % 3
    draw = np.random.default_rng(0).random((n_samples, 1))
    y = (T[clean].cumsum(axis=1) < draw - 1e-9).sum(axis=1)
    return T[clean], y


def compared(*matrices):
    estimators = {str(at): Known(T) for at, T in enumerate(matrices)}
    y = np.arange(300) % len(matrices[0])
    y_proba = np.eye(len(matrices[0]))[y]
    return compare_transition_estimators(y_proba, y, estimators=estimators)


def test_table_is_a_data_frame_with_a_row_per_estimator():
    frame = pd.DataFrame(compare_transition_estimators(*first_pass()))
    assert list(frame.estimator) == PLAIN
    assert frame.drop(columns=["warnings", "disagreement"]).notna().all(axis=None)


def test_estimators_run_where_what_they_need_is_given():
    y_proba, y = first_pass()
    known = {"trusted": np.arange(1500) < 9, "features": y_proba}
    names = [
        compare_transition_estimators(y_proba, y, **{name: value}).estimator
        for name, value in known.items()
    ]
    assert names == [[*PLAIN, "trusted"], [*PLAIN, "clusterability"]]


def test_columns_are_those_of_the_fitted_estimators():
    y_proba, y = first_pass()
    estimators = {"soft": ConfusionEstimator(), "top": LabelFrequencyEstimator()}
    table = compare_transition_estimators(y_proba, y, estimators=estimators)
    for at, estimator in enumerate(estimators.values()):
        estimator.fit(y_proba, y)
        found = estimator.transition_matrix_
        assert_array_equal(table.transition_matrix[at], found)
        assert table.smallest_diagonal[at] == found.diagonal().min()
        assert table.largest_standard_error[at] == estimator.standard_error_.max()
        assert_allclose(table.condition_number[at], np.linalg.cond(found))


def test_noise_rate_is_the_share_of_wrong_labels():
    clean = np.repeat([0, 1, 2], [3000, 2000, 1000])
    y = np.concatenate(
        [np.repeat([0, 1, 2], (T[i] * n).astype(int)) for i, n in enumerate((3000, 2000))]
        + [np.repeat([0, 1, 2], [250, 50, 700])]
    )
    table = compare_transition_estimators(T[clean], y)
    assert_allclose(table.noise_rate[:4], (y != clean).mean(), atol=0.01)
    assert_allclose(table.noise_rate[1:4], (y != clean).mean(), atol=1e-6)


class WithoutError(Known):
    """An estimator of T that gives no standard errors."""

    def fit(self, y_proba, y, sample_weight):
        super().fit(y_proba, y, sample_weight)
        del self.standard_error_
        return self


def test_estimator_without_standard_error_has_none_in_the_table():
    y_proba, y = first_pass()
    estimators = {"known": Known(T), "no error": WithoutError(T)}
    table = compare_transition_estimators(y_proba, y, estimators=estimators)
    assert_array_equal(table.largest_standard_error, [0.01, np.nan])


def test_trusted_samples_leave_an_unknown_standard_error_unknown():
    y_proba, y = first_pass()
    trusted = (np.arange(1500) < 90) & (np.arange(1500) % 3 == 0)
    estimator = TrustedEstimator(WithoutError(T)).fit(y_proba, y, trusted=trusted)
    assert np.isfinite(estimator.transition_matrix_).all()
    assert np.isnan(estimator.standard_error_).any()


def test_one_estimate_far_off_does_not_make_the_others_suspicious():
    far = np.array([[0.1, 0.9], [0.9, 0.1]])
    table = compared(np.eye(2), np.eye(2), np.eye(2), far)
    assert_allclose(table.disagreement, [0, 0, 0, 1.8])
    assert table.warnings[:3] == ["", "", ""]


def test_disagreement_is_the_median_distance_to_the_others():
    a, b, c = (
        np.eye(2),
        np.array([[0.9, 0.1], [0, 1]]),
        np.array([[0.5, 0.5], [0.5, 0.5]]),
    )
    table = compared(a, b, c)
    assert_allclose(table.disagreement, [(0.1 + 1) / 2, (0.1 + 0.9) / 2, (1 + 0.9) / 2])


def test_single_estimator_has_no_disagreement():
    assert np.isnan(compared(np.eye(2)).disagreement).all()


def test_nothing_is_suspicious_about_mild_noise():
    assert compared(T, T).warnings == ["", ""]


@pytest.mark.parametrize(
    ("matrices", "warning"),
    [
        ([[[0.4, 0.6, 0], [0, 1, 0], [0, 0, 1]]], "class 0 is labelled 1 (0.60)"),
        (
            [[[0.7, 0.3, 0], [0.3, 0.7, 0], [0, 0, 1]]],
            "classes 0 and 1 are taken for each other (0.30 and 0.30)",
        ),
        ([[[0.51, 0.49], [0.49, 0.51]]], "ill conditioned (50)"),
        ([[[0.6, 0.4], [0, 1]], np.eye(2), np.eye(2)], "far from the other"),
    ],
)
def test_warning_says_what_is_suspicious_with_its_number(matrices, warning):
    assert warning in compared(*map(np.array, matrices)).warnings[0]


def test_only_the_one_that_differs_is_far_from_the_others():
    far = np.array([[0.6, 0.4], [0, 1]])
    assert compared(far, np.eye(2), np.eye(2)).warnings[1:] == ["", ""]


def test_weights_count():
    y_proba, y = first_pass()
    kept = np.arange(1500) % 2 == 0
    estimators = {"soft": ConfusionEstimator(), "anchor": AnchorEstimator()}
    weighted, alone = (
        compare_transition_estimators(*data, estimators=estimators)
        for data in ((y_proba, y, kept.astype(int)), (y_proba[kept], y[kept]))
    )
    assert_allclose(weighted.noise_rate, alone.noise_rate)


def test_at_least_one_estimator_is_asked_for():
    with pytest.raises(ValueError, match="must hold at least one"):
        compare_transition_estimators(*first_pass(), estimators={})
