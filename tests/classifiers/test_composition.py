"""The classifier inside everything that scikit-learn builds of classifiers."""

import io
import pickle

import joblib
import numpy as np
import pytest
import sklearn
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)


@pytest.fixture
def clf(quick_net):
    return NoiseRobustClassifier(quick_net, random_state=0)


def test_grid_search_over_the_default_network_in_a_pipeline(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    pipeline = make_pipeline(StandardScaler(), NoiseRobustClassifier(random_state=0))
    grid = {
        "noiserobustclassifier__correction": ["none", "forward"],
        "noiserobustclassifier__transition": [0.3],
        "noiserobustclassifier__estimator__lr": [2e-3, 5e-3],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y_noisy)
    assert search.score(X, noisy_blobs[2]) > 0.7  # of clean labels, where .4 are wrong
    best = search.best_estimator_[-1]
    chosen = search.best_params_["noiserobustclassifier__estimator__lr"]
    assert best.estimator_.lr == chosen


class Counted(LogisticRegression):
    """Counts how often it is fitted."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.fits += 1
        return super().fit(X, y, sample_weight)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.IllConditionedTransitionWarning")
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.PermutedClassesWarning")
def test_one_search_over_all_corrections_computes_each_first_pass_once(
    quick_net, tmp_path
):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300] / 16, y[:300]
    clf = NoiseRobustClassifier(
        quick_net.set_params(max_epochs=8),
        first_pass=Counted(),
        cv=3,
        memory=tmp_path,
        random_state=0,
    )
    search = GridSearchCV(
        clf, {"correction": list(CORRECTIONS)}, cv=2, error_score="raise", refit=False
    )
    Counted.fits = 0
    search.fit(X, y)
    assert Counted.fits == 2 * 3
    assert len(search.cv_results_["params"]) == len(CORRECTIONS)
    clf.set_params(**search.best_params_, memory=None).fit(X, y)
    assert clf.score(X, y) > 0.5


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_parameters_of_a_users_network_can_be_searched(clf, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    grid = {"estimator__module__hidden": [4, 6], "estimator__lr": [0.01]}
    search = GridSearchCV(clf, grid, cv=2).fit(X, y_noisy)
    hidden = search.best_params_["estimator__module__hidden"]
    assert search.best_estimator_.estimator_.module_.layers[1].out_features == hidden


def test_module_class_becomes_a_network_when_its_parameters_are_set():
    clf = NoiseRobustClassifier(MLP).set_params(estimator__lr=0.5)
    assert clf.estimator.module is MLP
    assert clone(clf).estimator.lr == 0.5


def test_unknown_nested_parameter_is_an_error():
    with pytest.raises(ValueError, match="learning_rte"):
        NoiseRobustClassifier().set_params(estimator__learning_rte=1)


def test_cross_val_predict_gives_probabilities(clf, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    proba = cross_val_predict(clf, X, y_noisy, cv=2, method="predict_proba")
    np.testing.assert_allclose(proba.sum(axis=1), 1)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda clf: CalibratedClassifierCV(clf, cv=2),
        lambda clf: VotingClassifier(
            [("a", clf), ("b", LogisticRegression())], voting="soft"
        ),
        lambda clf: StackingClassifier([("a", clf), ("b", LogisticRegression())], cv=2),
    ],
    ids=["calibrated", "voting", "stacking"],
)
def test_other_meta_estimators_can_wrap_it(clf, noisy_blobs, wrap):
    X, y_noisy, y, _ = noisy_blobs
    assert wrap(clf).fit(X, y_noisy).score(X, y) > 0.8


@pytest.mark.parametrize(
    "wrap",
    [
        lambda clf: VotingClassifier(
            [("a", clf), ("b", LogisticRegression())], voting="soft"
        ),
        lambda clf: StackingClassifier([("a", clf), ("b", LogisticRegression())], cv=2),
        lambda clf: AdaBoostClassifier(clf, n_estimators=2, random_state=0),
        lambda clf: BaggingClassifier(clf, n_estimators=2, random_state=0),
        OneVsRestClassifier,
        lambda clf: make_pipeline(clf),
    ],
    ids=["voting", "stacking", "boosting", "bagging", "one-vs-rest", "pipeline"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # of boosting
def test_class_of_weight_zero_does_not_break_other_meta_estimators(
    clf, noisy_blobs, wrap
):
    X, y_noisy, _, _ = noisy_blobs
    X, y = np.r_[X, [[30, 30]] * 4], np.r_[y_noisy, [3] * 4]
    weight = {"sample_weight": (y != 3).astype(float)}
    model = wrap(clf)
    if isinstance(model, Pipeline):
        weight = {"noiserobustclassifier__sample_weight": weight["sample_weight"]}
    elif isinstance(model, OneVsRestClassifier):
        weight = {}
    model.fit(X, y, **weight)
    assert_array_equal(model.classes_, [0, 1, 2, 3])
    assert np.isin(model.predict(X[:240]), [0, 1, 2]).all()


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.RareClassWarning")
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("n_samples", [2, 3, 5])
def test_few_labels_that_all_differ_can_be_learned(clf, n_samples):
    X, y = np.eye(n_samples), np.arange(n_samples)
    assert clf.fit(X, y).predict_proba(X).shape == (n_samples, n_samples)


@pytest.mark.parametrize("first_pass", [None, MLP])
def test_text_of_a_classifier_shows_what_was_set_in_its_network(first_pass):
    clf = NoiseRobustClassifier(first_pass=first_pass).set_params(
        estimator__lr=0.5, estimator__module__hidden=(3,)
    )
    for text in (repr(clf), repr(clone(clf)), repr(make_pipeline(clf))):
        assert "lr=0.5" in text
        assert "hidden=(3,)" in text
        assert len(text) < 400
    assert clone(clf).get_params()["estimator__batch_size"] == 256


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_weights_and_groups_are_routed_through_pipeline_and_search(
    quick_net, noisy_blobs, rng
):
    X, y_noisy, _, _ = noisy_blobs
    seen = {}

    class Spy(GroupKFold):
        def split(self, X, y=None, groups=None):
            seen["groups"] = len(groups)
            return super().split(X, y, groups)

    clf = NoiseRobustClassifier(quick_net, cv=Spy(3), random_state=0)
    clf.set_fit_request(sample_weight=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler().set_fit_request(sample_weight=False), clf),
        {"noiserobustclassifier__transition": ["auto", "anchor"]},
        cv=GroupKFold(2),
        scoring=make_scorer(accuracy_score).set_score_request(sample_weight=False),
    )
    weight = (rng.uniform(size=len(X)) > 0.2).astype(float)
    groups = np.arange(len(X)) % 12
    search.fit(X, y_noisy, sample_weight=weight, groups=groups)
    fitted = search.best_estimator_[-1]
    assert seen["groups"] == weight.sum()
    assert_array_equal(np.isnan(fitted.out_of_fold_proba_[:, 0]), weight == 0)


@pytest.mark.usefixtures("routing")
def test_weights_need_no_request_when_fit_is_called_directly(clf, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    weight = (y_noisy != 1).astype(float)
    clf.fit(X, y_noisy, sample_weight=weight)
    assert_array_equal(np.isnan(clf.out_of_fold_proba_[:, 0]), weight == 0)


@pytest.mark.usefixtures("routing")
def test_pipeline_as_first_pass_gets_the_weights_it_requests(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    weight = np.where(y_noisy == 1, 1e-6, 1.0)
    model = LogisticRegression().set_fit_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    clf = NoiseRobustClassifier(
        quick_net, first_pass=make_pipeline(scaler, model), random_state=0
    )
    clf.fit(X, y_noisy, sample_weight=weight)
    assert clf.out_of_fold_proba_[:, 1].max() < 0.01


@pytest.mark.usefixtures("routing")
def test_given_splits_work_with_routing(clf, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    rows = np.arange(len(X))
    clf.set_params(cv=[(rows[::2], rows[1::2])]).fit(X, y_noisy)
    assert np.isnan(clf.out_of_fold_proba_[::2]).all()


@pytest.mark.parametrize("set_later", [False, True])
@pytest.mark.parametrize("is_pruning", [False, True])
def test_generator_of_splits_can_be_cloned_pickled_and_used_again(
    quick_net, noisy_blobs, is_pruning, set_later
):
    X, y_noisy, _, _ = noisy_blobs
    splits = StratifiedKFold(3).split(X, y_noisy)
    params = {"random_state": 0} if set_later else {"random_state": 0, "cv": splits}
    if is_pruning:
        clf = ConfidentLearningClassifier(LogisticRegression(), **params)
    else:
        clf = NoiseRobustClassifier(quick_net, **params)
    if set_later:
        clf.set_params(cv=splits)
    fitted = clone(clf).fit(X, y_noisy)
    again = pickle.loads(pickle.dumps(fitted)).fit(X, y_noisy)
    assert_array_equal(again.out_of_fold_proba_, fitted.out_of_fold_proba_)
    clf.set_params(cv=StratifiedKFold(3)).fit(X, y_noisy)
    assert_array_equal(clf.out_of_fold_proba_, fitted.out_of_fold_proba_)


@pytest.mark.parametrize("cv", [3, None, KFold(3), [([0], [1])]])
def test_other_splits_are_kept_as_they_are(cv):
    assert NoiseRobustClassifier(cv=cv).get_params()["cv"] is cv


def test_parameters_of_the_default_network_survive_a_round_trip(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(correction="none", random_state=0)
    clf.set_params(estimator__max_epochs=2)
    clf.set_params(**clf.get_params()).fit(X, y_noisy)
    assert clf.n_iter_ == 2


def test_groups_reach_the_splitter_without_routing(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    groups = np.arange(len(X)) % 4
    first_pass = GroupSpy()
    NoiseRobustClassifier(
        quick_net, first_pass=first_pass, cv=GroupKFold(4), random_state=0
    ).fit(np.c_[X, groups], y_noisy, groups=groups)


class GroupSpy(LogisticRegression):
    """Finds a fold whose last column, the group, is not kept together."""

    def fit(self, X, y, sample_weight=None):
        self.groups_ = set(X[:, -1])
        return super().fit(X, y, sample_weight)

    def predict_proba(self, X):
        assert not self.groups_ & set(X[:, -1])
        return super().predict_proba(X)


def test_refit_on_other_data_forgets_the_first(clf, noisy_blobs):
    X, y_noisy, _, T = noisy_blobs
    clf.fit(X, y_noisy)
    iris = load_iris(as_frame=True)
    clf.set_params(transition=0.1).fit(iris.data, iris.target_names[iris.target])
    assert_array_equal(clf.classes_, iris.target_names)
    assert clf.n_features_in_ == 4
    assert not hasattr(clf, "out_of_fold_proba_")
    clf.set_params(transition=T[:2, :2] / T[:2, :2].sum(axis=1, keepdims=True))
    clf.fit(X, y_noisy > 0)
    assert not hasattr(clf, "feature_names_in_")
    assert clf.predict_proba(X).shape == (len(X), 2)


@pytest.mark.parametrize("correction", ["none", "forward", "backward", "adaptation"])
def test_pickle_and_joblib_keep_the_predictions(clf, noisy_blobs, tmp_path, correction):
    X, y_noisy, _, _ = noisy_blobs
    clf.set_params(correction=correction).fit(X, y_noisy)
    joblib.dump(clf, tmp_path / "clf.joblib")
    for copy in (pickle.loads(pickle.dumps(clf)), joblib.load(tmp_path / "clf.joblib")):
        assert_array_equal(copy.predict_proba(X), clf.predict_proba(X))
        assert_array_equal(copy.transition_matrix_, clf.transition_matrix_)


def test_pickle_of_the_default_network_keeps_the_predictions(rng):
    X = rng.normal(size=(400, 3))
    clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, X[:, 0] > 0)
    copy = pickle.loads(pickle.dumps(clf))
    assert_array_equal(copy.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize("correction", ["none", "forward", "adaptation"])
def test_pickle_holds_tensors_only_where_skorch_moves_them_to_the_device_at_hand(
    rng, correction
):
    X = rng.normal(size=(400, 3))
    clf = NoiseRobustClassifier(correction=correction, transition=0.1, random_state=0)
    clf.set_params(estimator__max_epochs=3).fit(X, X[:, 0] > 0)
    found = []

    class Spy(pickle.Pickler):
        def reducer_override(self, obj):
            found.extend([obj] if isinstance(obj, torch.Tensor) else [])
            return NotImplemented

    Spy(io.BytesIO()).dump(clf)
    tensors = [*clf.correction_.parameters(), *clf.correction_.buffers()]
    # Attributes of a module that are no buffers stay on the CPU.
    tensors += [v for v in vars(clf.correction_).values() if isinstance(v, torch.Tensor)]
    on_the_cpu = {tensor.data_ptr() for tensor in tensors}
    assert {tensor.data_ptr() for tensor in found} == on_the_cpu


def test_clone_of_a_fitted_classifier_is_not_fitted(clf, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    copy = clone(clf.fit(X, y_noisy))
    assert not copy.__sklearn_is_fitted__()
    assert_array_equal(copy.fit(X, y_noisy).predict(X), clf.predict(X))
