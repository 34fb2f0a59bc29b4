"""T of labels known both clean and noisy."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import transition_matrix_from_labels


@pytest.mark.parametrize("seed", range(3))
def test_entry_is_the_share_of_the_clean_class_with_that_label(seed):
    rng = np.random.default_rng(seed)
    clean, noisy = rng.integers(4, size=(2, 200))
    weight = rng.random(200)
    T = transition_matrix_from_labels(clean, noisy, sample_weight=weight)
    for i, j in np.ndindex(4, 4):
        rows = clean == i
        assert_allclose(T[i, j], weight[rows & (noisy == j)].sum() / weight[rows].sum())


@pytest.mark.parametrize(
    "name", [str, float, bool, lambda i: i - 7, lambda i: "no" if i else "yes"]
)
def test_labels_may_be_of_any_kind(name):
    clean, noisy = [name(0)] * 4 + [name(1)] * 4, [name(0)] * 3 + [name(1)] * 5
    T = transition_matrix_from_labels(clean, noisy, labels=[name(0), name(1)])
    assert_array_equal(T, [[0.75, 0.25], [0, 1]])
    series = transition_matrix_from_labels(
        pd.Series(clean), pd.Series(noisy), labels=[name(0), name(1)]
    )
    assert_array_equal(series, T)


def test_labels_give_the_order_and_classes_that_do_not_occur():
    T = transition_matrix_from_labels(["a", "b"], ["a", "a"], labels=["c", "b", "a"])
    assert_array_equal(T, [[1, 0, 0], [0, 0, 1], [0, 0, 1]])


def test_noisy_label_that_is_never_clean_gets_its_row_of_the_identity():
    assert_array_equal(transition_matrix_from_labels([0, 0], [0, 1])[1], [0, 1])


def test_one_class_cannot_flip():
    assert_array_equal(transition_matrix_from_labels(["a"], ["a"]), [[1]])


def test_labels_that_are_not_listed_are_refused():
    with pytest.raises(ValueError, match="labels"):
        transition_matrix_from_labels([0, 1], [1, 2], labels=[0, 1])


def test_labels_of_other_length_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        transition_matrix_from_labels([0, 1], [1])


@pytest.mark.parametrize("weight", [[-1, 1], [np.nan, 1], [1, np.inf], [1], ["a", "b"]])
def test_weights_that_count_nothing_are_refused(weight):
    with pytest.raises(ValueError, match="weight"):
        transition_matrix_from_labels([0, 1], [0, 1], sample_weight=weight)


def test_scale_of_the_weights_does_not_matter():
    clean, noisy, weight = [0, 0, 1, 1], [0, 1, 1, 1], np.array([1.0, 2.0, 1.0, 1.0])
    expected = transition_matrix_from_labels(clean, noisy, sample_weight=weight)
    for scale in (1e-300, 1e-3, 1e100):
        T = transition_matrix_from_labels(clean, noisy, sample_weight=weight * scale)
        assert_allclose(T, expected)


@pytest.mark.parametrize("container", [pd.DataFrame, pd.Series, np.c_, list])
def test_labels_may_be_a_column(container):
    column = (lambda y: container[y]) if container is np.c_ else container
    T = transition_matrix_from_labels(column([0, 0, 1]), column([0, 1, 1]))
    assert_array_equal(T, [[0.5, 0.5], [0, 1]])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_missing_labels_are_refused(missing):
    with pytest.raises(ValueError, match="sample 1"):
        transition_matrix_from_labels([0, 1], pd.Series([1, missing], dtype=object))


@pytest.mark.parametrize("labels", [[], [0, 0, 1], [0, None], 2, "ab", [[0, 1]]])
def test_classes_that_are_none_are_refused(labels):
    with pytest.raises(ValueError, match="labels"):
        transition_matrix_from_labels([0, 1], [0, 1], labels=labels)
