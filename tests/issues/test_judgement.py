"""Labels are judged by models that have not seen them, or it is said that they have."""

from copy import copy

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseRobustClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.issues._judgement import judge_fitted, judge_held_out


@pytest.fixture(scope="module")
def labels(named_wine):
    return named_wine[1]


def test_fitted_samples_are_judged_as_by_find_label_issues(fitted_wine, labels):
    judged = judge_fitted(fitted_wine, None, labels)
    y_proba, classes = fitted_wine.out_of_fold_proba_, fitted_wine.classes_
    frame = find_label_issues(labels, y_proba, return_type="frame", labels=classes)
    np.testing.assert_allclose(judged.quality, frame["quality"], rtol=1e-6)
    np.testing.assert_array_equal(judged.is_issue, frame["is_issue"])
    np.testing.assert_array_equal(judged.labels, labels)
    np.testing.assert_array_equal(judged.suggested_labels, frame["suggested_label"])
    assert not judged.judged_in_sample


def test_worst_issues_come_first(fitted_wine, labels):
    judged = judge_fitted(fitted_wine, None, labels)
    issues = find_label_issues(
        labels, fitted_wine.out_of_fold_proba_, return_type="indices"
    )
    np.testing.assert_array_equal(judged.worst_issues(), issues)
    np.testing.assert_array_equal(judged.worst_issues(2), issues[:2])


def test_known_transition_is_not_shrunk(fitted_wine, labels):
    clf = copy(fitted_wine)
    clf.transition_estimator_ = None
    clf.transition_matrix_ = T = np.array([[0.4, 0.6, 0], [0, 1, 0], [0.1, 0.1, 0.8]])
    quality = label_quality_scores(
        labels, clf.out_of_fold_proba_, transition_matrix=T, labels=clf.classes_
    )
    np.testing.assert_array_equal(judge_fitted(clf, None, labels).quality, quality)


def test_correction_that_is_none_does_not_make_all_labels_right(fitted_wine, labels):
    clf = copy(fitted_wine)
    clf.transition_matrix_ = np.eye(3)  # as where "auto" finds nothing to correct
    found = judge_fitted(clf, None, labels).is_issue
    expected = find_label_issues(labels, clf.out_of_fold_proba_)
    np.testing.assert_array_equal(found, expected)
    assert found.any()


def test_new_samples_are_judged_as_by_label_quality(fitted_wine, noisy_wine, labels):
    scaler = StandardScaler().fit(noisy_wine[0])
    model, X, y = make_pipeline(scaler, fitted_wine), noisy_wine[0][:50], labels[:50]
    judged = judge_fitted(fitted_wine, X, y, model=model, new_rows=True)
    quality = fitted_wine.label_quality(scaler.transform(X), y)
    np.testing.assert_allclose(judged.quality, quality)
    np.testing.assert_array_equal(judged.is_issue, judged.suggested_labels != y)
    assert not judged.judged_in_sample


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.FittedSamplesWarning")
def test_net_without_folds_is_said_to_have_learned_the_labels(learned_wine, named_wine):
    judged = judge_fitted(learned_wine, *named_wine)
    assert judged.judged_in_sample
    np.testing.assert_allclose(judged.quality, learned_wine.label_quality(*named_wine))
    assert not judge_fitted(learned_wine, *named_wine, new_rows=True).judged_in_sample


def test_loss_without_transition_is_judged_by_the_probability_of_the_label(named_wine):
    X, y = named_wine
    clf = NoiseRobustClassifier(correction="gce", random_state=0).fit(X, y)
    judged, y_proba = judge_fitted(clf, X, y), clf.predict_proba(X)
    codes = np.searchsorted(clf.classes_, y)
    np.testing.assert_array_equal(judged.quality, y_proba[np.arange(len(y)), codes])
    np.testing.assert_array_equal(judged.is_issue, y_proba.argmax(axis=1) != codes)


def test_samples_that_no_fold_held_out_are_left_out(noisy_wine):
    _, y, y_proba = noisy_wine
    y_proba = np.where(np.arange(len(y))[:, None] % 3 == 0, np.nan, y_proba)
    T = np.full((3, 3), 0.05) + 0.85 * np.eye(3)
    judged, kept = judge_held_out(y, y_proba, T), np.flatnonzero(np.arange(len(y)) % 3)
    np.testing.assert_array_equal(judged.rows, kept)
    assert judged.n_left_out == len(y) - len(kept)
    expected = label_quality_scores(y[kept], y_proba[kept], transition_matrix=T)
    np.testing.assert_array_equal(judged.quality, expected)


def test_trusted_labels_are_right_and_others_judged_as_before(fitted_wine, labels):
    before = judge_fitted(fitted_wine, None, labels)
    trusted = np.zeros(len(labels), dtype=bool)
    trusted[[3, 40]] = True
    assert before.is_issue[trusted].all()
    judged = judge_fitted(fitted_wine, None, labels, trusted=trusted)
    assert judged.n_trusted == 2
    assert not judged.is_issue[trusted].any()
    assert (judged.quality[trusted] == 1).all()
    np.testing.assert_array_equal(judged.suggested_labels[trusted], labels[trusted])
    np.testing.assert_array_equal(judged.quality[~trusted], before.quality[~trusted])


def test_trusted_mask_belongs_to_all_samples(fitted_wine, labels):
    clf = copy(fitted_wine)
    clf.out_of_fold_proba_ = clf.out_of_fold_proba_.copy()
    clf.out_of_fold_proba_[:3] = np.nan
    judged = judge_fitted(clf, None, labels, trusted=np.arange(len(labels)) == 3)
    assert (judged.rows[0], judged.quality[0], judged.is_issue[0]) == (3, 1, False)


@pytest.mark.parametrize(
    ("n_samples", "n_labels", "params", "message"),
    [
        (50, 50, {}, r"178 samples .* got 50.*new_rows=True"),
        (50, 178, {}, "inconsistent numbers of samples"),
        (None, 178, {"new_rows": True}, "X must be given"),
        (178, 178, {"trusted": [3, 40]}, "trusted"),
    ],
)
def test_what_does_not_fit_is_refused(
    fitted_wine, named_wine, n_samples, n_labels, params, message
):
    X, y = named_wine
    X = None if n_samples is None else X[:n_samples]
    with pytest.raises(ValueError, match=message):
        judge_fitted(fitted_wine, X, y[:n_labels], **params)


def test_nothing_held_out_is_an_error(noisy_wine):
    _, y, y_proba = noisy_wine
    with pytest.raises(ValueError, match="all of them are NaN"):
        judge_held_out(y, np.full_like(y_proba, np.nan))


def test_estimate_that_a_fit_has_shrunk_is_not_shrunk_again(noisy_blobs, quick_net):
    X, _, y, _ = noisy_blobs
    flips = make_transition_matrix("pair", 3, 0.2)
    y_noisy = make_noisy_labels(y, flips, random_state=0)
    first_pass = LogisticRegression()
    clf = NoiseRobustClassifier(quick_net, first_pass=first_pass, random_state=0)
    clf.fit(X, y_noisy)
    judged = judge_fitted(clf, X, y_noisy)
    expected = label_quality_scores(y_noisy, clf.out_of_fold_proba_)
    np.testing.assert_allclose(judged.quality, expected)


@pytest.mark.parametrize(
    "params", [{}, {"filter_by": "confident-learning"}, {"threshold": 0.3}], ids=str
)
def test_samples_of_a_classifier_that_prunes_are_judged_as_it_did(named_wine, params):
    X, y = named_wine
    model = ConfidentLearningClassifier(LogisticRegression(), random_state=0, **params)
    clf = model.fit(X, y, sample_weight=1 + np.arange(len(y)) % 2)
    judged = judge_fitted(clf, X, y)
    np.testing.assert_array_equal(judged.is_issue, clf.label_issues_)
    np.testing.assert_array_equal(judged.quality, clf.label_quality_)
    np.testing.assert_array_equal(judged.is_issue, judged.suggested_labels != y)
    assert judged.is_issue.any()


def test_other_labels_than_those_of_a_classifier_that_prunes_are_refused(named_wine):
    X, y = named_wine
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0).fit(X, y)
    other = y.copy()
    other[7] = "rosé" if y[7] != "rosé" else "red"
    with pytest.raises(
        ValueError, match=r"labels that the classifier was fitted on.* 7 "
    ):
        judge_fitted(clf, X, other)
    assert judge_fitted(clf, X, other, new_rows=True).labels[7] == other[7]
