"""Labels are judged by models that have not seen them, or it is said that they have."""

from copy import copy

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier, find_label_issues, label_quality_scores
from sklnoise.inspection._judgement import judge_fitted, judge_held_out


@pytest.fixture(scope="module")
def fitted(noisy_wine, fitted_wine):
    """Both steps are fitted, so that the pipeline is."""
    return make_pipeline(StandardScaler().fit(noisy_wine[0]), fitted_wine)


@pytest.fixture(scope="module")
def labels(named_wine):
    return named_wine[1]


def test_fitted_rows_are_judged_as_by_find_label_issues(fitted, noisy_wine, labels):
    judged = judge_fitted(fitted, noisy_wine[0], labels)
    clf = fitted[-1]
    y_proba = clf.out_of_fold_proba_
    frame = find_label_issues(labels, y_proba, return_type="frame", labels=clf.classes_)
    quality = label_quality_scores(labels, y_proba, labels=clf.classes_)
    np.testing.assert_allclose(judged.quality, quality, rtol=1e-6)
    np.testing.assert_array_equal(judged.is_issue, frame["is_issue"])
    np.testing.assert_array_equal(judged.labels, labels)
    np.testing.assert_array_equal(judged.suggested_labels, frame["suggested_label"])
    assert not judged.learned


def test_fitted_rows_are_judged_by_a_known_transition_as_it_is(fitted, labels):
    clf = copy(fitted[-1])
    clf.transition_estimator_ = None
    clf.transition_matrix_ = T = np.array([[0.4, 0.6, 0], [0, 1, 0], [0.1, 0.1, 0.8]])
    quality = label_quality_scores(
        labels, clf.out_of_fold_proba_, transition_matrix=T, labels=clf.classes_
    )
    np.testing.assert_array_equal(judge_fitted(clf, None, labels).quality, quality)


def test_new_rows_are_judged_as_by_label_quality(fitted, noisy_wine, labels):
    X, y = noisy_wine[0][:50], labels[:50]
    judged = judge_fitted(fitted, X, y, new_rows=True)
    quality = fitted[-1].label_quality(fitted[:-1].transform(X), y)
    np.testing.assert_allclose(judged.quality, quality)
    np.testing.assert_array_equal(judged.is_issue, judged.suggested_labels != y)
    assert not judged.learned


def test_fewer_rows_are_not_taken_for_those_of_the_fit(fitted, noisy_wine, labels):
    with pytest.raises(ValueError, match=r"178 rows .* got 50 rows.*new_rows=True"):
        judge_fitted(fitted, noisy_wine[0][:50], labels[:50])


def test_rows_without_labels_are_refused(fitted, noisy_wine, labels):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        judge_fitted(fitted, noisy_wine[0][:50], labels)


def test_fitted_rows_need_no_X_where_folds_were_fitted(fitted, labels):
    assert len(judge_fitted(fitted, None, labels).quality) == len(labels)
    with pytest.raises(ValueError, match="X must be given"):
        judge_fitted(fitted, None, labels, new_rows=True)


def test_net_without_folds_is_said_to_have_learned_the_labels(learned_wine, named_wine):
    judged = judge_fitted(learned_wine, *named_wine)
    assert judged.learned
    np.testing.assert_allclose(judged.quality, learned_wine.label_quality(*named_wine))
    assert not judge_fitted(learned_wine, *named_wine, new_rows=True).learned


def test_loss_without_transition_is_judged_by_the_probability_of_the_label(noisy_wine):
    X, y, _ = noisy_wine
    X = StandardScaler().fit_transform(X)
    clf = NoiseRobustClassifier(correction="gce", random_state=0).fit(X, y)
    judged = judge_fitted(clf, X, y)
    y_proba = clf.predict_proba(X)
    np.testing.assert_array_equal(judged.quality, y_proba[np.arange(len(y)), y])
    np.testing.assert_array_equal(judged.is_issue, y_proba.argmax(axis=1) != y)


def test_rows_that_no_fold_held_out_are_left_out(noisy_wine):
    _, y, y_proba = noisy_wine
    y_proba = y_proba.copy()
    y_proba[::3] = np.nan
    T = np.full((3, 3), 0.05) + 0.85 * np.eye(3)
    judged, kept = judge_held_out(y, y_proba, T), np.flatnonzero(np.arange(len(y)) % 3)
    np.testing.assert_array_equal(judged.rows, kept)
    assert judged.n_left_out == len(y) - len(kept)
    expected = label_quality_scores(y[kept], y_proba[kept], transition_matrix=T)
    np.testing.assert_array_equal(judged.quality, expected)


def test_nothing_held_out_is_an_error(noisy_wine):
    _, y, y_proba = noisy_wine
    with pytest.raises(ValueError, match="all of them are NaN"):
        judge_held_out(y, np.full_like(y_proba, np.nan))


def test_correction_that_is_none_does_not_make_all_labels_right(fitted, labels):
    clf = copy(fitted[-1])
    clf.transition_matrix_ = np.eye(3)  # as where "auto" finds nothing to correct
    found = judge_fitted(clf, None, labels).is_issue
    np.testing.assert_array_equal(
        found, find_label_issues(labels, clf.out_of_fold_proba_)
    )
    assert found.any()


def test_trusted_labels_are_right(fitted, labels):
    before = judge_fitted(fitted, None, labels)
    trusted = np.zeros(len(labels), dtype=bool)
    trusted[[3, 40]] = True
    assert before.is_issue[trusted].all()
    judged = judge_fitted(fitted, None, labels, trusted=trusted)
    assert not judged.is_issue[trusted].any()
    assert (judged.quality[trusted] == 1).all()
    np.testing.assert_array_equal(judged.suggested_labels[trusted], labels[trusted])
    assert judged.n_trusted == 2


def test_other_labels_are_judged_as_without_trusted_ones(fitted, labels):
    before, trusted = judge_fitted(fitted, None, labels), np.arange(len(labels)) < 40
    judged = judge_fitted(fitted, None, labels, trusted=trusted.astype(int))
    np.testing.assert_array_equal(judged.quality[40:], before.quality[40:])
    np.testing.assert_array_equal(judged.is_issue[40:], before.is_issue[40:])


def test_trusted_mask_belongs_to_all_rows_and_not_to_those_held_out(fitted, labels):
    clf = copy(fitted[-1])
    clf.out_of_fold_proba_ = clf.out_of_fold_proba_.copy()
    clf.out_of_fold_proba_[:3] = np.nan
    trusted = np.arange(len(labels)) == 3
    judged = judge_fitted(clf, None, labels, trusted=trusted)
    assert (judged.rows[0], judged.quality[0], judged.is_issue[0]) == (3, 1, False)


def test_new_rows_can_be_trusted(fitted, noisy_wine, labels):
    X, y = noisy_wine[0][:50], labels[:50]
    everything = np.ones(50, dtype=bool)
    judged = judge_fitted(fitted, X, y, new_rows=True, trusted=everything)
    assert not judged.is_issue.any()


@pytest.mark.parametrize(
    ("trusted", "message"),
    [
        ([3, 40], "got shape"),
        (np.full(178, 2), "entry 0 is 2"),
        (True, "one entry per sample"),
    ],
)
def test_what_is_no_mask_of_the_rows_is_refused(fitted, labels, trusted, message):
    with pytest.raises(ValueError, match=message):
        judge_fitted(fitted, None, labels, trusted=trusted)
