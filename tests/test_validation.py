"""Every error says what was expected, what came and what to do."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression

from sklnoise._validation import (
    check_invertible,
    check_proba,
    check_transition_matrix,
    check_trusted,
    check_weight,
)
from sklnoise.exceptions import RescaledWeightsWarning
from sklnoise.losses import BackwardLoss

T = [[0.8, 0.2], [0.3, 0.7]]


def test_checked_transition_matrix_is_a_copy():
    given = np.eye(3)
    checked = check_transition_matrix(given)
    checked[0, 0] = 5
    assert_array_equal(given, np.eye(3))


def test_checked_transition_matrix_is_of_double_precision():
    assert check_transition_matrix(np.eye(3, dtype=int)).dtype == np.float64


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.transpose(T), r"row 0 sums to 1\.1.*it is transposed, so pass its transpose"),
        ([[0.8, 0.1], [0.3, 0.7]], r"row 0 sums to 0\.9\. Divide each row by its sum"),
        ([[0.8, 0.2], [1.2, -0.2]], r"entry \[1, 1\] is -0\.2.*Clip and renormalise"),
        ([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], r"must be square.*got shape \(2, 3\)"),
        ([[0.8, np.nan], [0.3, 0.7]], "transition_matrix contains NaN"),
        ([[0.8, np.inf], [0.3, 0.7]], "transition_matrix contains infinity"),
        ([0.5, 0.5], "Expected 2D array"),
    ],
)
def test_bad_transition_matrix_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        check_transition_matrix(bad)


def test_transition_matrix_of_other_classes_is_refused():
    with pytest.raises(
        ValueError, match=r"of shape \(3, 3\).*got shape \(2, 2\).*classes_"
    ):
        check_transition_matrix(T, 3)


def test_rounding_is_no_reason_to_refuse_a_transition_matrix():
    check_transition_matrix(np.full((3, 3), np.float32(1 / 3)))


def test_singular_matrix_is_refused_only_where_an_inverse_is_needed():
    singular = np.full((2, 2), 0.5)
    check_transition_matrix(singular)
    with pytest.raises(ValueError, match="condition number"):
        check_invertible(singular, "Change it.")


def test_singular_matrix_error_names_the_condition_number_with_its_remedies():
    nearly = np.array([[0.5, 0.5], [0.5 + 1e-13, 0.5 - 1e-13]])
    message = rf"{np.linalg.cond(nearly):.3g}.*\(1 - a\) T \+ a I.*\"forward\""
    with pytest.raises(ValueError, match=message.replace("+1", r"\+1")):
        BackwardLoss(nearly)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[0.5, 0.5], [2.0, -1.0]], r"sample 1 has \[ 2\. -1\.\].*not logits"),
        ([[0.5, 0.5], [0.5, 0.2]], r"sample 1 has \[0\.5 0\.2\].*predict_proba"),
        ([[-0.7, -0.7], [-0.1, -2.3]], "not logits or log-probabilities"),
        ([[0.5, 0.5], [np.nan, 0.5]], "y_proba contains NaN"),
        ([0.5, 0.5], "Expected 2D array"),
    ],
)
def test_probabilities_off_the_simplex_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        check_proba(bad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floating_probabilities_are_not_copied(dtype):
    y_proba = np.array(T, dtype=dtype)
    assert check_proba(y_proba) is y_proba


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1, 1], r"shape \(3,\); got sample_weight\.shape == \(2,\)"),
        ([[1], [1], [1]], r"shape \(3,\); got sample_weight\.shape == \(3, 1\)"),
        ([1, -2, 1], "entry 1 is -2"),
        ([0, 0, 0], "all are zero"),
        ([1, np.nan, 1], "sample_weight contains NaN"),
        ([1, np.inf, 1], "sample_weight contains infinity"),
    ],
)
def test_bad_weights_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        check_weight(bad, 3)


def test_no_weights_mean_one_each():
    assert_array_equal(check_weight(None, 3), [1, 1, 1])


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 0.2])
def test_weights_that_cannot_be_counts_are_scaled_to_mean_one(scale):
    weight = np.array([3.0, 0.0, 1.0, 2.0])
    with pytest.warns(RescaledWeightsWarning, match="sample_weight"):
        checked = check_weight(scale * weight, 4)
    assert_allclose(checked, weight / 2)


@pytest.mark.parametrize("weight", [[0.5, 0.5, 0.5, 0], [1, 2, 3, 0], [1e9, 1, 0, 0]])
def test_weights_that_may_be_counts_stay(weight):
    assert_array_equal(check_weight(weight, 4), weight)


@pytest.mark.parametrize("weight", [1e308, 1e200])
def test_weights_whose_squares_overflow_are_refused(weight):
    with pytest.raises(ValueError, match="sample_weight"):
        check_weight([weight, weight], 2)


@pytest.mark.parametrize("error", [1e-17, 1e-13])
def test_rounding_below_zero_is_clipped(error):
    checked = check_transition_matrix([[1 + error, -error], [0.0, 1.0]])
    assert checked.min() == 0


def test_rows_that_are_a_little_off_are_scaled_to_sum_to_one():
    checked = check_transition_matrix(np.array(T) * (1 - 5e-7))
    assert_allclose(checked.sum(axis=1), 1, rtol=1e-15)


def test_probabilities_a_little_below_zero_are_clipped():
    y_proba = np.array([[1 + 1e-9, -1e-9]])
    assert check_proba(y_proba).min() == 0
    assert y_proba.min() < 0


def test_checked_weights_are_a_copy():
    weight = np.ones(3)
    check_weight(weight, 3)[0] = 7
    assert_array_equal(weight, 1)


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
        ([1, 2], r"shape \(3,\); got shape \(2,\).*From indices"),
        ([[True], [False], [True]], r"got shape \(3, 1\)"),
        (True, r"got shape \(\)"),
    ],
)
def test_what_is_no_mask_is_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        check_trusted(mask, 3)


FLIPS = {("cat", "cat"): 0.9, ("cat", "dog"): 0.1, ("dog", "dog"): 1.0}


def nest(flips):
    nested = {}
    for (clean, noisy), p in flips.items():
        nested.setdefault(clean, {})[noisy] = p
    return nested


@pytest.mark.parametrize("given", [FLIPS, nest(FLIPS)], ids=["pairs", "nested"])
def test_dict_is_refused_with_how_to_make_a_frame_of_it(given):
    with pytest.raises(ValueError, match=r"got {.*Each row must sum to 1") as caught:
        check_transition_matrix(given, 2, ["cat", "dog"])
    ways = str(caught.value).partition("classes: ")[2].partition(". Each")[0]
    way = ways.split(", or ")[given is not FLIPS].partition(" of ")[0]
    frame = eval(way, {"pd": pd, "T": given})
    checked = check_transition_matrix(frame, 2, ["cat", "dog"])
    assert_array_equal(checked, [[0.9, 0.1], [0, 1]])


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (0.2, "make_transition_matrix"),
        (BackwardLoss, "numbers"),
        ("auto", "numbers"),
        (LogisticRegression(), "transition_matrix_"),
    ],
)
def test_what_is_no_matrix_is_refused_with_a_remedy(given, remedy):
    with pytest.raises(ValueError, match=remedy):
        check_transition_matrix(given)


def test_indices_of_trusted_samples_are_told_to_be_made_a_mask():
    for indices in ([1, 3], [0, 1, 2, 3]):
        with pytest.raises(ValueError, match=r"mask\[indices\] = True"):
            check_trusted(indices, 4)
