"""A fit that only judges labels: with trees in the first pass, and without a refit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier

from sklnoise import NoiseRobustClassifier, find_label_issues
from sklnoise.issues._judgement import judge_fitted


@pytest.fixture
def fit(quick_net, noisy_blobs):
    """A function that fits a quick network to noisy labels."""
    X, y_noisy, _, _ = noisy_blobs

    def fit(**params):
        clf = NoiseRobustClassifier(quick_net, random_state=0, cv=3, **params)
        return clf.fit(X, y_noisy)

    return fit


def test_trees_are_averaged_with_the_network(fit):
    by_net, by_both = (fit(first_pass=name) for name in (None, "with-trees"))
    of_trees = 2 * by_both.out_of_fold_proba_ - by_net.out_of_fold_proba_
    assert of_trees.min() >= -1e-6
    assert_allclose(by_both.out_of_fold_proba_.sum(axis=1), 1, rtol=1e-5)
    assert np.abs(of_trees - by_net.out_of_fold_proba_).max() > 0.01
    trees = ExtraTreesClassifier(100, min_samples_leaf=3)
    assert_allclose(of_trees, fit(first_pass=trees).out_of_fold_proba_, atol=1e-6)


def test_network_of_the_fit_is_that_of_the_first_pass(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    chosen = [
        NoiseRobustClassifier(first_pass=name, cv=2, n_estimators=1, random_state=0)
        .fit(X, y_noisy)
        .net_selection_.chosen
        for name in (None, "with-trees")
    ]
    assert chosen[0] == chosen[1]


def test_memory_keeps_both_models_of_the_first_pass(fit, tmp_path):
    first, again = (fit(first_pass="with-trees", memory=tmp_path) for _ in range(2))
    assert_array_equal(first.out_of_fold_proba_, again.out_of_fold_proba_)
    assert_array_equal(
        first.out_of_fold_proba_, fit(first_pass="with-trees").out_of_fold_proba_
    )


@pytest.mark.parametrize("first_pass", [None, "with-trees"])
def test_fit_without_a_refit_knows_the_same_of_the_noise(fit, noisy_blobs, first_pass):
    X, y_noisy, _, _ = noisy_blobs
    whole = fit(first_pass=first_pass, correction="forward")
    judged = fit(first_pass=first_pass, refit=False)
    assert_array_equal(judged.out_of_fold_proba_, whole.out_of_fold_proba_)
    assert_array_equal(judged.transition_matrix_, whole.transition_matrix_)
    assert judged.noise_summary_.noise_rate == whole.noise_summary_.noise_rate
    assert not hasattr(judged, "estimator_")
    issues = find_label_issues(
        y_noisy, judged.out_of_fold_proba_, transition_matrix=judged.transition_matrix_
    )
    assert issues.any()
    assert judge_fitted(judged, X, y_noisy).is_issue.any()


def test_labels_are_judged_by_a_known_transition_matrix(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    judged = fit(refit=False, transition=0.2)
    assert judge_fitted(judged, X, y_noisy).is_issue.any()


def test_no_network_is_chosen_where_none_is_fitted(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    trees = ExtraTreesClassifier(10, random_state=0)
    clf = NoiseRobustClassifier(first_pass=trees, refit=False, random_state=0)
    assert clf.fit(X, y_noisy).net_selection_ is None


@pytest.mark.parametrize("correction", ["none", "gce", "auto"])
def test_correction_does_not_matter_without_a_refit(fit, correction):
    assert hasattr(fit(refit=False, correction=correction), "out_of_fold_proba_")


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_noisy_proba", "label_quality"]
)
def test_nothing_is_predicted_without_a_refit(fit, method):
    assert not hasattr(fit(refit=False), method)
    assert hasattr(NoiseRobustClassifier(), method)


def test_new_samples_are_not_judged_without_a_refit(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    with pytest.raises(ValueError, match='refit="scratch"'):
        judge_fitted(fit(refit=False), X, y_noisy, new_rows=True)


def test_refit_can_follow_later(fit, noisy_blobs):
    X, y_noisy, y, _ = noisy_blobs
    clf = clone(fit(refit=False)).set_params(refit="scratch").fit(X, y_noisy)
    assert np.mean(clf.predict(X) == y) > 0.9


def test_trees_need_a_table(quick_net):
    images, y = np.zeros((20, 4, 4), dtype=np.float32), np.arange(20) % 2
    clf = NoiseRobustClassifier(quick_net, first_pass="with-trees")
    with pytest.raises(ValueError, match="n_samples, n_features"):
        clf.fit(images, y)


def test_weights_start_from_no_trees(fit):
    with pytest.raises(ValueError, match='refit="first-pass"'):
        fit(first_pass="with-trees", refit="first-pass")
