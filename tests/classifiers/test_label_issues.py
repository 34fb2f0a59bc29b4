"""The label issues of the samples that a classifier was fitted on."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from sklnoise import NoiseRobustClassifier, find_label_issues


@pytest.fixture
def fitted(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    return NoiseRobustClassifier(quick_net, random_state=0).fit(X, y_noisy)


def test_issues_are_those_of_the_function(fitted, noisy_blobs):
    _, y_noisy, y, _ = noisy_blobs
    mask = fitted.find_label_issues()
    expected = find_label_issues(
        y_noisy, fitted.out_of_fold_proba_, transition_matrix=fitted.transition_matrix_
    )
    assert np.mean(mask == expected) > 0.99  # the function does not shrink a known T
    assert np.mean(y_noisy[mask] != y[mask]) > 0.8
    assert_array_equal(fitted.label_issues_, mask)


def test_indices_and_frame_tell_the_same(fitted, noisy_blobs):
    _, y_noisy, _, _ = noisy_blobs
    mask = fitted.label_issues_
    indices = fitted.find_label_issues(return_type="indices")
    frame = fitted.find_label_issues(return_type="frame")
    assert_array_equal(np.sort(indices), np.flatnonzero(mask))
    assert frame["quality"].loc[indices].is_monotonic_increasing
    assert_array_equal(frame["label"], y_noisy)
    assert_array_equal(frame["is_issue"], mask)


def test_trusted_samples_and_those_without_weight_are_no_issues(quick_net, noisy_blobs):
    X, y_noisy, y, _ = noisy_blobs
    wrong = np.flatnonzero(y_noisy != y)
    trusted, weight = np.zeros(len(X), dtype=bool), np.ones(len(X))
    trusted[wrong[:3]], weight[wrong[3:6]] = True, 0
    labels = np.where(trusted, y, y_noisy)
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    clf.fit(X, labels, sample_weight=weight, trusted=trusted)
    assert not clf.label_issues_[wrong[:6]].any()
    assert len(clf.find_label_issues(return_type="frame")) == len(X) - 3


def test_issues_survive_a_pickle(fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(copy.label_issues_, fitted.label_issues_)


def test_labels_of_any_kind_are_named(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    names = np.array(["ant", "bee", "fly"])[y_noisy]
    clf = NoiseRobustClassifier(quick_net, random_state=0).fit(X, names)
    assert_array_equal(clf.find_label_issues(return_type="frame")["label"], names)


def test_there_are_none_without_folds(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, transition=0.2)
    with pytest.raises(NotFittedError):
        clf.find_label_issues()
    clf.fit(X, y_noisy)
    assert not hasattr(clf, "label_issues_")
    with pytest.raises(ValueError, match="no fold was fitted"):
        clf.find_label_issues()


def test_return_type_is_validated(fitted):
    with pytest.raises(ValueError, match="return_type must be one of"):
        fitted.find_label_issues(return_type="list")
