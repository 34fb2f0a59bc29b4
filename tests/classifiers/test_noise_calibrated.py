"""Any classifier, calibrated for clean labels by noisy ones."""

import io
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
)
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.transition import ConfidentJointEstimator

T = np.array([[0.7, 0.2, 0.1], [0.05, 0.8, 0.15], [0.2, 0.1, 0.7]])
METHODS = ["temperature", "vector", "isotonic"]
FOLDS = KFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def blobs():
    """Blobs: X, y_noisy, y, and clean test samples."""
    X, y = make_blobs(2400, centers=[[0, 0], [3, 0], [0, 3]], random_state=0)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    return X[:600], y_noisy[:600], y[:600], X[600:], y[600:]


@pytest.fixture
def fit(blobs):
    def fit(estimator=None, sample_weight=None, **params):
        estimator = GaussianNB() if estimator is None else estimator
        params = {"random_state": 0, "cv": 3, "transition": T} | params
        clf = NoiseCalibratedClassifier(estimator, **params)
        return clf.fit(blobs[0], blobs[1], sample_weight)

    return fit


def loss(p, y):
    """Compute the log loss, with a floor below which rounding would decide."""
    floored = p.clip(1e-3)
    return log_loss(y, floored / floored.sum(axis=1, keepdims=True))


def calibration_error(p, y, n_bins=15):
    top, right = p.max(axis=1), p.argmax(axis=1) == y
    order = np.argsort(top, kind="stable")
    bins = np.array_split(order, n_bins)
    return sum(abs(top[b].sum() - right[b].sum()) for b in bins) / len(y)


# What is found


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("transition", [T, "auto"], ids=["known", "auto"])
@pytest.mark.parametrize(
    "estimator",
    [
        GaussianNB(),
        KNeighborsClassifier(20),
    ],
    ids=["bayes", "neighbours"],
)
def test_calibrated_probabilities_fit_the_clean_labels(
    fit, blobs, estimator, transition, method
):
    X, y_noisy, _, X_test, y_test = blobs
    p = fit(estimator, transition=transition, method=method).predict_proba(X_test)
    plain = clone(estimator).fit(X, y_noisy).predict_proba(X_test)
    assert loss(p, y_test) < loss(plain, y_test)
    assert calibration_error(p, y_test) < 0.6 * calibration_error(plain, y_test)


def test_out_of_fold_proba_is_that_of_cross_val_predict(fit, blobs):
    expected = cross_val_predict(
        GaussianNB(), blobs[0], blobs[1], cv=FOLDS, method="predict_proba"
    )
    assert_allclose(fit(cv=FOLDS).out_of_fold_proba_, expected)


def test_clean_probabilities_are_read_as_such(blobs):
    X, y_noisy, _, X_test, y_test = blobs
    clean = GaussianNB().fit(X_test, y_test)
    clf = NoiseCalibratedClassifier(FrozenEstimator(clean), transition=T)
    clf.fit(X, y_noisy)
    assert clf.noisy_temperature_ is None
    assert clf.temperature_ == pytest.approx(1, abs=0.4)
    assert_array_equal(clf.predict(X_test), clean.predict(X_test))


def test_noisy_probabilities_are_read_as_such(blobs):
    X, _, y, _, _ = blobs
    pair = make_transition_matrix("pair", 3, 0.4)
    clf = NoiseCalibratedClassifier(GaussianNB(), transition=pair, random_state=0)
    clf.fit(X, make_noisy_labels(y, pair, random_state=0))
    assert clf.noisy_temperature_ is not None
    p = clf.predict_noisy_proba(blobs[3])
    assert_allclose(p, clf.predict_proba(blobs[3]) @ pair)


@pytest.mark.parametrize("method", METHODS)
def test_identity_calibrates_for_the_labels_as_they_are(fit, blobs, method):
    clf = fit(transition=np.eye(3), method=method)
    assert clf.noisy_temperature_ is None
    assert_allclose(clf.predict_noisy_proba(blobs[3]), clf.predict_proba(blobs[3]))


@pytest.mark.parametrize(
    "robust",
    [
        NoiseRobustClassifier(GaussianNB, first_pass=GaussianNB()),
        ConfidentLearningClassifier(GaussianNB()),
    ],
    ids=["net", "pruned"],
)
def test_auto_takes_the_transition_of_a_robust_classifier(blobs, quick_net, robust):
    if isinstance(robust, NoiseRobustClassifier):
        robust = robust.set_params(estimator=quick_net)
    X, y_noisy, _, _, _ = blobs
    model = make_pipeline(StandardScaler(), robust)
    model[-1].set_params(random_state=0)
    clf = NoiseCalibratedClassifier(model, cv=2, random_state=0).fit(X, y_noisy)
    assert_array_equal(clf.transition_matrix_, clf.estimator_[-1].transition_matrix_)
    assert clf.transition_estimator_ is None


def test_robust_classifier_without_a_transition_gets_an_estimate(blobs, quick_net):
    X, y_noisy, _, _, _ = blobs
    plain = NoiseRobustClassifier(quick_net, correction="none", random_state=0)
    clf = NoiseCalibratedClassifier(plain, cv=2, random_state=0).fit(X, y_noisy)
    assert np.abs(clf.transition_matrix_ - T).max() < 0.2


def test_transition_of_every_kind(fit):
    even = fit(transition=0.2).transition_matrix_
    assert_allclose(even, [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    estimator = ConfidentJointEstimator()
    clf = fit(transition=estimator)
    assert isinstance(clf.transition_estimator_, ConfidentJointEstimator)
    assert not hasattr(estimator, "transition_matrix_")
    frozen = FrozenEstimator(clf.transition_estimator_)
    assert_allclose(fit(transition=frozen).transition_matrix_, clf.transition_matrix_)


# What it is like


@pytest.mark.parametrize("method", METHODS)
def test_predictions_are_the_most_probable_classes(fit, blobs, method):
    clf = fit(method=method)
    p = clf.predict_proba(blobs[3])
    assert_allclose(p.sum(axis=1), 1)
    assert_array_equal(clf.predict(blobs[3]), clf.classes_[p.argmax(axis=1)])
    again = pickle.load(io.BytesIO(pickle.dumps(clf)))
    assert_array_equal(again.predict_proba(blobs[3]), p)


def test_frozen_estimator_is_calibrated_by_all_samples(blobs):
    X, y_noisy, _, X_test, y_test = blobs
    model = GaussianNB().fit(X[:300], y_noisy[:300])
    before = model.predict_proba(X)
    clf = NoiseCalibratedClassifier(FrozenEstimator(model), transition=T)
    clf.fit(X[300:], y_noisy[300:], sample_weight=np.full(300, 1.5))
    assert_array_equal(clf.out_of_fold_proba_, before[300:])
    assert_array_equal(model.predict_proba(X), before)
    p = clf.predict_proba(X_test)
    assert loss(p, y_test) < loss(model.predict_proba(X_test), y_test)


def test_frozen_estimator_keeps_classes_that_do_not_occur(blobs):
    X, y_noisy, _, X_test, _ = blobs
    model = FrozenEstimator(GaussianNB().fit(X, y_noisy))
    two = y_noisy < 2
    for transition in (T, "auto"):
        clf = NoiseCalibratedClassifier(model, transition=transition)
        clf.fit(X[two], y_noisy[two])
        assert_array_equal(clf.classes_, [0, 1, 2])
        assert clf.predict_proba(X_test).shape == (len(X_test), 3)


def test_frozen_estimator_refuses_classes_that_it_does_not_know(blobs):
    X, y_noisy, _, _, _ = blobs
    model = FrozenEstimator(GaussianNB().fit(X[y_noisy < 2], y_noisy[y_noisy < 2]))
    with pytest.raises(ValueError, match="2"):
        NoiseCalibratedClassifier(model).fit(X, y_noisy)


@pytest.mark.parametrize("convert", [pd.DataFrame, pl.DataFrame, csr_array, np.ndarray])
def test_containers_and_names_change_nothing(fit, blobs, convert):
    X, y_noisy, _, X_test, _ = blobs
    names = np.array(["ant", "bee", "cow"])
    if convert is np.ndarray:
        convert = np.asarray
    model = LogisticRegression()
    clf = NoiseCalibratedClassifier(model, transition=T, cv=3, random_state=0)
    clf.fit(convert(X), names[y_noisy])
    expected = fit(model).predict_proba(X_test)
    assert_allclose(clf.predict_proba(convert(X_test)), expected, atol=1e-4)
    assert set(clf.predict(convert(X_test))) == set(names)
    frame = pd.DataFrame(T, index=names, columns=names).iloc[::-1]
    clf.set_params(transition=frame).fit(convert(X), names[y_noisy])
    assert_allclose(clf.transition_matrix_, T)


@pytest.mark.parametrize("estimator", [GaussianNB(), KNeighborsClassifier(9)], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_weights_are_repeats_and_zero_is_none(blobs, estimator, method):
    X, y_noisy = blobs[0][:200], blobs[1][:200]
    rng = np.random.RandomState(0)
    weight, fold = rng.randint(3, size=200), rng.randint(2, size=200)
    times = np.repeat(np.arange(200), weight)

    def fitted(X, y, fold, weight=None):
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in (0, 1)]
        clf = NoiseCalibratedClassifier(estimator, transition=T, method=method, cv=splits)
        return clf.fit(X, y, weight)

    weighted = fitted(X, y_noisy, fold, weight).predict_proba(X)
    repeated = fitted(X[times], y_noisy[times], fold[times]).predict_proba(X)
    assert_allclose(weighted, repeated, atol=1e-3 if method == "vector" else 1e-6)


def test_same_seed_and_any_number_of_jobs_give_the_same(fit, blobs):
    tree = DecisionTreeClassifier(max_features=1)
    np.random.seed(0)  # noqa: NPY002
    first = fit(tree).predict_proba(blobs[3])
    drawn = np.random.uniform()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    assert drawn == np.random.uniform()  # noqa: NPY002
    with parallel_config("threading"):
        assert_array_equal(fit(tree, n_jobs=2).predict_proba(blobs[3]), first)


def test_groups_reach_the_splitter(blobs):
    X, y_noisy, _, _, _ = blobs
    groups = np.arange(600) // 50
    clf = NoiseCalibratedClassifier(GaussianNB(), cv=GroupKFold(3), transition=T)
    clf.fit(X, y_noisy, groups=groups)
    expected = cross_val_predict(
        GaussianNB(), X, y_noisy, cv=GroupKFold(3), groups=groups, method="predict_proba"
    )
    assert_allclose(clf.out_of_fold_proba_, expected)


def test_metadata_is_routed(blobs):
    X, y_noisy, _, _, _ = blobs
    weight = np.arange(600) % 2
    with sklearn.config_context(enable_metadata_routing=True):
        inner = GaussianNB().set_fit_request(sample_weight=True)
        clf = NoiseCalibratedClassifier(inner, cv=GroupKFold(2), transition=T)
        clf.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        search = GridSearchCV(
            clf,
            {"method": METHODS[:2], "estimator__var_smoothing": [1e-9, 1e-2]},
            cv=GroupKFold(2),
        )
        search.fit(X, y_noisy, sample_weight=weight, groups=np.arange(600) // 50)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("method", METHODS)
def test_one_class_is_certain(method):
    clf = NoiseCalibratedClassifier(GaussianNB(), method=method)
    clf.fit([[0.0], [1.0], [2.0]], ["a"] * 3)
    assert_array_equal(clf.predict_proba([[5.0]]), [[1.0]])


def test_sample_that_no_fold_holds_out_is_not_needed(blobs):
    X, y_noisy, _, _, _ = blobs
    splits = [(np.arange(300), np.arange(300, 500))]
    clf = NoiseCalibratedClassifier(GaussianNB(), cv=splits, transition=T)
    clf.fit(X, y_noisy)
    assert_array_equal(np.isnan(clf.out_of_fold_proba_[:, 0]).sum(), 400)
    assert np.isfinite(clf.temperature_)


# What is refused


def test_only_the_attributes_of_the_method_are_there(fit, blobs):
    clf = fit()
    clf.set_params(method="vector").fit(blobs[0], blobs[1])
    assert clf.scale_.shape == clf.bias_.shape == (3,)
    assert not hasattr(clf, "temperature_")
    with pytest.raises(ValueError, match="transition"):
        clf.set_params(transition=np.eye(2)).fit(blobs[0], blobs[1])
    assert clf.scale_.shape == (3,)  # that of the fit before


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"estimator": LinearSVC()}, ValueError, "predict_proba"),
        ({"estimator": GaussianNB}, TypeError, "instance"),
        ({"method": "platt"}, ValueError, "method"),
        ({"transition": "trusted"}, ValueError, "transition"),
        ({"transition": 0.7}, ValueError, "transition"),
        ({"transition": T[:, :2]}, ValueError, "transition_matrix"),
        ({"transition": np.full((3, 3), 1 / 3), "method": "isotonic"}, ValueError, "inv"),
        ({"cv": 1}, ValueError, "cv"),
    ],
    ids=str,
)
def test_bad_parameter_is_named(fit, params, error, match):
    with pytest.raises(error, match=match):
        fit(**params)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        NoiseCalibratedClassifier(GaussianNB()).predict_proba([[0.0]])
    with pytest.raises(ValueError, match="not fitted"):
        NoiseCalibratedClassifier(FrozenEstimator(GaussianNB())).fit([[0.0]], [1])
