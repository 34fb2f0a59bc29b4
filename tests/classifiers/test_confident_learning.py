"""Pruning and reweighting around any classifier."""

import io
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import torch
from cleanlab.classification import CleanLearning
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from sklnoise import (
    ConfidentLearningClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise.classifiers._confident_steps import choose_rows
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import ClassCollapseWarning, RareClassWarning

FOLDS = KFold(3, shuffle=True, random_state=0)
COLLAPSES = pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")


@pytest.fixture
def mild_blobs(noisy_blobs):
    """The three blobs with 30 % of the labels flipped to the next: X, y_noisy, y."""
    X, _, y, _ = noisy_blobs
    T = make_transition_matrix("pair", 3, 0.3)
    return X, make_noisy_labels(y, T, random_state=0), y


@pytest.fixture
def fit(mild_blobs):
    X, y_noisy, _ = mild_blobs

    def fit(estimator=None, sample_weight=None, **params):
        estimator = LogisticRegression() if estimator is None else estimator
        clf = ConfidentLearningClassifier(estimator, **{"random_state": 0, **params})
        return clf.fit(X, y_noisy, sample_weight)

    return fit


# What is found


def test_out_of_fold_proba_is_that_of_cross_val_predict(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    expected = cross_val_predict(
        LogisticRegression(), X, y_noisy, cv=FOLDS, method="predict_proba"
    )
    assert_allclose(fit(cv=FOLDS).out_of_fold_proba_, expected)


@pytest.mark.parametrize(
    "filter_by", ["posterior", "confident-learning", "self-confidence"]
)
def test_issues_are_those_of_find_label_issues(fit, mild_blobs, filter_by):
    clf = fit(filter_by=filter_by)
    issues = find_label_issues(mild_blobs[1], clf.out_of_fold_proba_, filter_by=filter_by)
    assert_array_equal(clf.label_issues_, issues)
    assert issues.any()


def test_quality_is_that_of_label_quality_scores(fit, mild_blobs):
    clf = fit()
    quality = label_quality_scores(mild_blobs[1], clf.out_of_fold_proba_)
    assert_array_equal(clf.label_quality_, quality)


def test_known_transition_is_used(fit, mild_blobs):
    T = make_transition_matrix("pair", 3, 0.3)
    clf = fit(transition=T)
    y_noisy, y_proba = mild_blobs[1], clf.out_of_fold_proba_
    issues = find_label_issues(y_noisy, y_proba, transition_matrix=T)
    assert_array_equal(clf.label_issues_, issues)
    assert_array_equal(clf.transition_matrix_, T)


@pytest.mark.parametrize("action", ["auto", "prune", "reweight"])
def test_identity_finds_no_issue_and_is_the_plain_fit(fit, mild_blobs, action):
    X, y_noisy, _ = mild_blobs
    clf = fit(transition=np.eye(3), action=action)
    plain = LogisticRegression().fit(X, y_noisy)
    assert not clf.label_issues_.any()
    assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_estimate_takes_no_class_for_swapped(mild_blobs, seed):
    X, _, y = mild_blobs
    coin = make_noisy_labels(y % 2, [[0.5, 0.5], [0.5, 0.5]], random_state=seed)
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    T = clf.fit(X, coin).transition_matrix_
    assert_allclose(T.max(axis=1), T.diagonal())


def test_most_wrong_labels_of_blobs_are_found(fit, mild_blobs):
    _, y_noisy, y = mild_blobs
    found = fit().label_issues_
    assert np.mean(found == (y_noisy != y)) > 0.95


# What is fitted


def test_prune_fits_the_rows_that_are_no_issues(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = fit(action="prune")
    kept = ~clf.label_issues_
    by_hand = LogisticRegression().fit(X[kept], y_noisy[kept])
    assert_array_equal(clf.predict_proba(X), by_hand.predict_proba(X))


def test_reweight_fits_all_rows_by_their_quality(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = fit(action="reweight")
    by_hand = LogisticRegression().fit(X, y_noisy, sample_weight=clf.label_quality_)
    assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X), atol=1e-9)


def test_auto_prunes_and_reweights(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = fit()
    kept = ~clf.label_issues_
    quality = clf.label_quality_[kept]
    by_hand = LogisticRegression().fit(X[kept], y_noisy[kept], sample_weight=quality)
    assert_array_equal(clf.predict_proba(X), by_hand.predict_proba(X))


def test_auto_only_prunes_where_the_estimator_takes_no_weights(fit, mild_blobs):
    X = mild_blobs[0]
    expected = fit(KNeighborsClassifier(), action="prune").predict_proba(X)
    assert_array_equal(fit(KNeighborsClassifier()).predict_proba(X), expected)


def test_quality_goes_to_the_last_step_of_a_pipeline(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    model = make_pipeline(StandardScaler(), LogisticRegression())
    clf = fit(model, action="reweight")
    model.fit(X, y_noisy, logisticregression__sample_weight=clf.label_quality_)
    assert_allclose(clf.predict_proba(X), model.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("action", ["auto", "prune", "reweight"])
def test_clean_accuracy_is_above_that_of_the_plain_fit(fit, mild_blobs, action):
    X, y_noisy, y = mild_blobs
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    plain = clone(tree).fit(X, y_noisy).score(X, y)
    assert fit(tree, action=action).score(X, y) > plain + 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(max_iter=500), RandomForestClassifier(30)],
    ids=["linear", "forest"],
)
def test_clean_accuracy_is_above_that_of_cleanlab(estimator):
    X, y = load_digits(return_X_y=True)
    X = X / 16
    T = make_transition_matrix("pair", 10, 0.4)
    scores = []
    for seed in range(2):
        rows = np.random.RandomState(seed).permutation(len(X))
        train, test = rows[:500], rows[500:]
        y_noisy = make_noisy_labels(y[train], T, random_state=seed)
        ours = ConfidentLearningClassifier(estimator, random_state=seed)
        theirs = CleanLearning(clone(estimator), seed=seed, verbose=False)
        scores.append(
            [clf.fit(X[train], y_noisy).score(X[test], y[test]) for clf in (ours, theirs)]
        )
    ours, theirs = np.mean(scores, axis=0)
    assert ours > theirs


def test_class_of_nothing_but_issues_keeps_its_best_row(rng):
    X = np.r_[rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + 8]
    y = np.r_[np.zeros(54), np.full(6, 2), np.ones(60)].astype(int)
    T = [[0.6, 0.0, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    clf = ConfidentLearningClassifier(GaussianNB(), transition=T, random_state=0)
    with pytest.warns(ClassCollapseWarning, match="all 6 samples of class 2"):
        clf.fit(X, y)
    assert clf.label_issues_[y == 2].all()
    assert_array_equal(clf.estimator_.class_count_ > 0, True)


@COLLAPSES
def test_only_rows_of_a_class_count_fully():
    y, quality = np.array([0, 0, 1, 1, 1]), np.array([0.9, 0.1, 0.2, 0.3, 0.3])
    left_out = np.array([False, True, True, True, True])
    kept, factors = choose_rows(y, quality, left_out, np.array(["a", "b"]))
    assert_array_equal(kept, [True, False, False, True, True])
    assert_array_equal(factors[kept], [0.9, 1, 1])


def test_rows_that_no_fold_holds_out_are_kept_as_they_are(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    rows = np.arange(240)
    clf = fit(cv=[(rows[:160], rows[160:])], action="reweight")
    assert_array_equal(np.isnan(clf.out_of_fold_proba_).any(axis=1), rows < 160)
    assert_array_equal(np.isnan(clf.label_quality_), rows < 160)
    assert not clf.label_issues_[:160].any()
    assert clf.label_issues_[160:].any()
    weight = np.where(rows < 160, 1, clf.label_quality_)
    by_hand = LogisticRegression().fit(X, y_noisy, sample_weight=weight)
    assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X), atol=1e-9)


# Weights


@pytest.mark.parametrize("action", ["auto", "prune", "reweight"])
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(tol=1e-10),
        make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10)),
        GaussianNB(),
        KNeighborsClassifier(),
    ],
    ids=["linear", "pipeline", "bayes", "neighbours"],
)
def test_weighted_rows_equal_repeated_rows(mild_blobs, rng, estimator, action):
    if action == "reweight" and isinstance(estimator, KNeighborsClassifier):
        action = "auto"
    X, y_noisy, _ = mild_blobs
    weight, fold = rng.randint(4, size=240), rng.randint(3, size=240)
    fitted = []
    for rows, sample_weight in (
        (np.arange(240), weight),
        (np.repeat(np.arange(240), weight), None),
    ):
        splits = [
            (np.flatnonzero(fold[rows] != f), np.flatnonzero(fold[rows] == f))
            for f in range(3)
        ]
        clf = ConfidentLearningClassifier(
            estimator, cv=splits, action=action, random_state=0
        )
        fitted.append(clf.fit(X[rows], y_noisy[rows], sample_weight=sample_weight))
    weighted, repeated = fitted
    issues = np.repeat(weighted.label_issues_, weight)
    assert_array_equal(issues, repeated.label_issues_)
    assert_allclose(weighted.transition_matrix_, repeated.transition_matrix_, atol=1e-6)
    assert weighted.transition_matrix_.diagonal().min() < 0.8
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("estimator", [LogisticRegression(), KNeighborsClassifier()])
def test_rows_of_weight_zero_are_left_out(mild_blobs, estimator):
    X, y_noisy, _ = mild_blobs
    kept = np.arange(240) % 5 > 0
    clf = ConfidentLearningClassifier(estimator, random_state=0)
    proba = clf.fit(X[kept], y_noisy[kept]).predict_proba(X)
    spoilt = np.where(kept[:, None], X, np.nan)
    clf.fit(spoilt, y_noisy, sample_weight=kept)
    assert_allclose(clf.predict_proba(X), proba)
    assert_array_equal(np.isnan(clf.label_quality_), ~kept)
    assert not clf.label_issues_[~kept].any()


def test_class_of_weight_zero_stays_a_class(fit, mild_blobs):
    clf = fit(sample_weight=mild_blobs[1] != 1)
    assert_array_equal(clf.classes_, [0, 1, 2])
    assert_array_equal(clf.predict_proba(mild_blobs[0])[:, 1], 0)


def test_broken_weights_that_the_estimator_cannot_take_are_an_error(fit, rng):
    weight = np.ones(240)
    weight[3] = 0.5
    with pytest.raises(ValueError, match=r"no sample_weight.*entry 3 is 0\.5"):
        fit(KNeighborsClassifier(), sample_weight=weight)


# Whatever the estimator takes


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(class_weight={"class 0": 1, "class 1": 2, "class 2": 1}),
        KNeighborsClassifier(),
        HistGradientBoostingClassifier(max_iter=3),
    ],
    ids=["linear", "neighbours", "boosting"],
)
def test_labels_can_be_strings(mild_blobs, estimator):
    X, y_noisy, y = mild_blobs
    names = np.array(["class 0", "class 1", "class 2"])
    clf = ConfidentLearningClassifier(estimator, random_state=0).fit(X, names[y_noisy])
    assert_array_equal(clf.classes_, names)
    assert_array_equal(clf.estimator_.classes_, names)
    assert clf.score(X, names[y]) > 0.75


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frame_reaches_the_estimator_as_a_frame(mild_blobs, frame):
    X, y_noisy, _ = mild_blobs
    kind = frame({"size": X[:, 0], "colour": np.where(X[:, 1] > 3, "red", "blue")})
    encode = make_column_transformer(
        (OneHotEncoder(), ["colour"]), remainder=StandardScaler()
    )
    clf = ConfidentLearningClassifier(
        make_pipeline(encode, LogisticRegression()), random_state=0
    )
    clf.fit(kind, y_noisy)
    assert clf.feature_names_in_.tolist() == ["size", "colour"]
    assert clf.n_features_in_ == 2
    assert clf.predict(kind).shape == (240,)


def test_index_of_pandas_is_not_looked_at(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    index = np.arange(240)[::-1] * 10
    frame = pd.DataFrame(X, columns=["a", "b"], index=index)
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    clf.fit(frame, pd.Series(y_noisy, index=index))
    assert_array_equal(clf.label_issues_, fit().label_issues_)


def test_sparse_rows_stay_sparse(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    clf.fit(csr_array(X), y_noisy)
    assert_allclose(clf.predict_proba(csr_array(X)), fit().predict_proba(X), atol=1e-5)


def test_missing_values_go_to_an_estimator_that_takes_them(mild_blobs):
    X, y_noisy, y = mild_blobs
    X = np.where(np.arange(240)[:, None] % 4 == [0, 1], np.nan, X)
    boosting = HistGradientBoostingClassifier(max_iter=5)
    clf = ConfidentLearningClassifier(boosting, random_state=0)
    assert clf.fit(X, y_noisy).score(X, y) > 0.8
    assert get_tags(clf).input_tags.allow_nan


def test_texts_in_a_search_over_a_pipeline(mild_blobs):
    y_noisy, y = mild_blobs[1:]
    words = np.array(["good fine", "bad poor", "odd strange"])
    texts = [f"{words[code]} number {row % 7}" for row, code in enumerate(y)]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    clf = ConfidentLearningClassifier(model, cv=3, random_state=0)
    grid = {
        "estimator__logisticregression__C": [1, 10],
        "filter_by": ["posterior", "confident-learning"],
    }
    search = GridSearchCV(clf, grid, cv=2, error_score="raise").fit(texts, y_noisy)
    assert search.best_estimator_.score(texts, y) == 1


def test_last_step_of_a_pipeline_in_a_search(mild_blobs):
    X, y_noisy, _ = mild_blobs
    last = ConfidentLearningClassifier(GaussianNB(), cv=3, random_state=0)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), last),
        {"confidentlearningclassifier__action": ["auto", "prune", "reweight"]},
        cv=2,
        error_score="raise",
    )
    assert search.fit(X, y_noisy).best_score_ > 0.6


@pytest.fixture
def small_net(quick_net):
    return quick_net.set_params(
        module__n_features=2,
        module__n_classes=3,
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=15,
    )


@pytest.mark.parametrize("piped", [False, True])
def test_net_is_reproducible_and_takes_string_labels(small_net, mild_blobs, piped):
    X, y_noisy, y = mild_blobs
    X, names = X.astype(np.float32), np.array(["a", "b", "c"])
    model = make_pipeline(StandardScaler(), small_net) if piped else small_net
    before = torch.get_rng_state()
    clf = ConfidentLearningClassifier(model, cv=3, random_state=0)
    clf.fit(X, names[y_noisy])
    assert torch.equal(torch.get_rng_state(), before)
    proba = clf.predict_proba(X)
    assert_array_equal(clf.fit(X, names[y_noisy]).predict_proba(X), proba)
    assert clf.score(X, names[y]) > 0.75


@COLLAPSES
def test_net_whose_fold_lacks_a_class_is_fitted(small_net, mild_blobs):
    X, y_noisy, _ = mild_blobs
    y_noisy = np.where(np.arange(240) == 7, 2, y_noisy % 2)
    clf = ConfidentLearningClassifier(small_net, cv=KFold(2), random_state=0)
    assert clf.fit(X.astype(np.float32), y_noisy).out_of_fold_proba_.shape == (240, 3)


@COLLAPSES
def test_class_that_a_fold_did_not_see_gets_probability_zero(mild_blobs):
    X, y = mild_blobs[0], np.where(np.arange(240) == 7, 2, mild_blobs[1] % 2)
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=KFold(2), random_state=0)
    assert_array_equal(clf.fit(X, y).out_of_fold_proba_[:120, 2], 0)


@pytest.mark.parametrize(("cv", "split"), [(KFold(3), 3), (KFold(500), 1)])
def test_folds_that_cannot_be_learned_from_are_named(mild_blobs, cv, split):
    X, y_noisy, _ = mild_blobs
    order = np.argsort(y_noisy, kind="stable")
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=cv)
    with pytest.raises(ValueError, match=f"split {split} of"):
        clf.fit(X[order], y_noisy[order])


# Predictions


def test_decision_function_is_there_only_if_the_estimator_has_one(fit, mild_blobs):
    X = mild_blobs[0]
    clf = fit()
    expected = clf.estimator_.decision_function(X)
    assert_array_equal(clf.decision_function(X), expected)
    assert not hasattr(fit(GaussianNB()), "decision_function")
    assert not hasattr(ConfidentLearningClassifier(GaussianNB()), "decision_function")


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.FittedSamplesWarning")
def test_label_quality_of_new_rows_is_the_posterior_of_their_label(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = fit()
    joint = clf.predict_proba(X) * clf.transition_matrix_[:, y_noisy].T
    expected = joint[np.arange(240), y_noisy] / joint.sum(axis=1)
    assert_allclose(clf.label_quality(X, y_noisy), expected)


def test_label_quality_takes_rows_without_some_class(fit, mild_blobs):
    X = mild_blobs[0]
    assert fit().label_quality(X[:4], [1, 1, 2, 2]).shape == (4,)


def test_label_quality_of_an_unknown_label_is_an_error(fit, mild_blobs):
    with pytest.raises(ValueError, match=r"classes \[0, 1, 2\]; got \[7\]"):
        fit().label_quality(mild_blobs[0][:2], [1, 7])


# The estimator's life


def test_fit_does_not_depend_on_n_jobs_and_is_reproducible(fit, mild_blobs):
    X = mild_blobs[0]
    forest = RandomForestClassifier(5)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    proba = fit(forest).predict_proba(X)
    with parallel_config(backend="threading"):
        assert_array_equal(fit(forest, n_jobs=2).predict_proba(X), proba)
    assert not np.array_equal(fit(forest, random_state=1).predict_proba(X), proba)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_arguments_are_not_changed(mild_blobs):
    X, y_noisy, _ = mild_blobs
    weight, model = np.full(240, 2.0), RandomForestClassifier(3)
    before = [argument.copy() for argument in (X, y_noisy, weight)]
    ConfidentLearningClassifier(model, cv=2, random_state=0).fit(X, y_noisy, weight)
    for argument, copy in zip((X, y_noisy, weight), before):
        assert_array_equal(argument, copy)
    assert not hasattr(model, "estimators_")
    assert model.random_state is None


def test_pickle_and_clone(fit, mild_blobs):
    X = mild_blobs[0]
    clf = fit()
    again = pickle.load(io.BytesIO(pickle.dumps(clf)))
    assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert not hasattr(clone(clf), "estimator_")


def test_refit_on_other_classes_and_columns_forgets_the_first(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    two = y_noisy < 2
    frame = pd.DataFrame(X[two, :1], columns=["a"])
    clf = fit().fit(frame, np.array(["p", "q"])[y_noisy[two]])
    assert clf.classes_.tolist() == ["p", "q"]
    assert clf.transition_matrix_.shape == (2, 2)
    assert len(clf.label_issues_) == two.sum()
    assert clf.n_features_in_ == 1
    clf.fit(X, y_noisy)
    assert not hasattr(clf, "feature_names_in_")


def test_fit_that_fails_leaves_the_classifier_as_it_was(fit, mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = fit()
    proba = clf.predict_proba(X)
    with pytest.raises(ValueError, match="contains NaN"):
        clf.fit(np.full((240, 2), np.nan), y_noisy)
    assert_array_equal(clf.predict_proba(X), proba)


@pytest.mark.parametrize("n_samples", [1, 30])
def test_nothing_is_pruned_where_nothing_can_be_held_out(rng, n_samples):
    X, y = rng.normal(size=(n_samples, 2)), np.full(n_samples, "only")
    clf = ConfidentLearningClassifier(KNeighborsClassifier(1)).fit(X, y)
    assert not clf.label_issues_.any()
    assert np.isnan(clf.label_quality_).all()
    assert_array_equal(clf.transition_matrix_, [[1]])
    assert_array_equal(clf.predict(X), y)


@COLLAPSES
def test_class_with_fewer_rows_than_folds_makes_fewer_folds(mild_blobs):
    X, y_noisy, _ = mild_blobs
    y_noisy = np.where(np.arange(240) < 3, 3, y_noisy)
    clf = ConfidentLearningClassifier(GaussianNB(), action="reweight", random_state=0)
    with pytest.warns(RareClassWarning, match="class 3 has 3 samples"):
        clf.fit(X, y_noisy)
    assert not np.isnan(clf.out_of_fold_proba_).any()


# Metadata


def test_groups_go_to_the_splitter(mild_blobs):
    X, y_noisy, _ = mild_blobs
    groups = np.arange(240) % 8
    clf = ConfidentLearningClassifier(
        LogisticRegression(), cv=GroupKFold(4), random_state=0
    )
    clf.fit(X, y_noisy, groups=groups)
    expected = cross_val_predict(
        LogisticRegression(),
        X,
        y_noisy,
        cv=GroupKFold(4).split(X, y_noisy, groups),
        method="predict_proba",
    )
    assert_allclose(clf.out_of_fold_proba_, expected)


def test_fit_params_with_an_entry_a_row_are_split(mild_blobs, rng):
    X, y_noisy, _ = mild_blobs
    weight = rng.uniform(size=240)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    clf = ConfidentLearningClassifier(model, cv=FOLDS, random_state=0)
    clf.fit(X, y_noisy, logisticregression__sample_weight=weight)
    expected = cross_val_predict(
        model,
        X,
        y_noisy,
        cv=FOLDS,
        method="predict_proba",
        params={"logisticregression__sample_weight": weight},
    )
    assert_allclose(clf.out_of_fold_proba_, expected)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_pipeline_takes_the_weights_that_its_steps_request(mild_blobs, rng):
    X, y_noisy, _ = mild_blobs
    weight = rng.uniform(1, 2, size=240)
    scale = StandardScaler().set_fit_request(sample_weight=True)
    model = make_pipeline(scale, LogisticRegression().set_fit_request(sample_weight=True))
    clf = ConfidentLearningClassifier(
        model, transition=np.eye(3), action="prune", random_state=0
    )
    clf.fit(X, y_noisy, sample_weight=weight)
    by_hand = clone(model).fit(X, y_noisy, sample_weight=weight)
    assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X))
    clf.set_params(action="reweight", transition="auto").fit(X, y_noisy)
    by_hand.fit(X, y_noisy, sample_weight=clf.label_quality_)
    assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X), atol=1e-9)


@pytest.mark.usefixtures("routing")
def test_weights_and_groups_are_routed_through_cross_validation(mild_blobs, rng):
    X, y_noisy, _ = mild_blobs
    model = LogisticRegression().set_fit_request(sample_weight=True)
    clf = ConfidentLearningClassifier(model, cv=GroupKFold(3), random_state=0)
    clf.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
    params = {"sample_weight": rng.uniform(1, 2, size=240), "groups": np.arange(240) % 9}
    scores = cross_val_score(
        clf, X, y_noisy, params=params, cv=GroupKFold(3), error_score="raise"
    )
    assert len(scores) == 3


# Errors


def test_estimator_without_probabilities_is_an_error(fit):
    with pytest.raises(ValueError, match=r"must have predict_proba.*Calibrated"):
        fit(SGDClassifier())


def test_reweight_around_an_estimator_without_weights_is_an_error(fit):
    with pytest.raises(ValueError, match='Use action="prune" or another'):
        fit(KNeighborsClassifier(), action="reweight")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"transition": np.eye(2)}, r"transition_matrix must be of shape \(3, 3\)"),
        ({"transition": "frequency"}, "The 'transition' parameter"),
        ({"action": "relabel"}, "The 'action' parameter"),
        ({"filter_by": "loss"}, "The 'filter_by' parameter"),
        ({"estimator": 3}, "The 'estimator' parameter"),
        ({"sample_weight": np.ones(3)}, "one weight per sample"),
    ],
)
def test_bad_parameter_is_an_error(fit, params, message):
    with pytest.raises(ValueError, match=message):
        fit(**params)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array(["a", None] * 120, dtype=object), "sample 1 has None"),
        (np.arange(239), "inconsistent numbers of samples"),
        (np.linspace(0, 1, 240), "Unknown label type"),
        (np.full(240, np.nan), "sample 0 has nan"),
    ],
)
def test_bad_labels_are_an_error(mild_blobs, y, message):
    with pytest.raises(ValueError, match=message):
        ConfidentLearningClassifier(LogisticRegression()).fit(mild_blobs[0], y)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.FittedSamplesWarning")
def test_label_quality_without_noise_is_the_probability_of_the_label(mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = ConfidentLearningClassifier(
        LogisticRegression(), transition=np.eye(3), random_state=0
    )
    clf.fit(X, y_noisy)
    expected = clf.predict_proba(X)[np.arange(240), y_noisy]
    assert_allclose(clf.label_quality(X, y_noisy), expected)


def test_noisy_probabilities_are_the_clean_ones_times_the_transition(mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    noisy = clf.fit(X, y_noisy).predict_noisy_proba(X)
    assert_allclose(noisy, clf.predict_proba(X) @ clf.transition_matrix_)


def test_rows_are_not_judged_by_models_of_one_class():
    X, y = np.array([[0.0], [1.0], [2.0]]), ["a", "a", "b"]
    with pytest.warns(RareClassWarning):
        clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0).fit(X, y)
    assert np.isnan(clf.label_quality_).any()
    assert not clf.label_issues_[np.isnan(clf.label_quality_)].any()


def test_weights_that_the_estimator_requests_by_another_name_reach_it(mild_blobs):
    X, y_noisy, _ = mild_blobs
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = LogisticRegression().set_fit_request(sample_weight="importance")
        clf = ConfidentLearningClassifier(estimator, action="prune", random_state=0)
        plain = clone(clf).fit(X, y_noisy).predict_proba(X)
        clf.fit(X, y_noisy, importance=np.linspace(0.1, 3, 240))
    assert np.abs(clf.predict_proba(X) - plain).max() > 1e-6


def test_weights_that_the_estimator_refuses_must_be_whole(mild_blobs):
    X, y_noisy, _ = mild_blobs
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = LogisticRegression().set_fit_request(sample_weight=False)
        clf = ConfidentLearningClassifier(estimator, random_state=0)
        with pytest.raises(ValueError, match="must be a whole number"):
            clf.fit(X, y_noisy, sample_weight=np.linspace(0.1, 3, 240))


def test_noise_is_summarized_by_the_transition_that_labels_are_judged_by(mild_blobs):
    X, y_noisy, _ = mild_blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    noise = clf.fit(X, y_noisy).noise_summary_
    assert_allclose(noise.noise_rate_per_class, 1 - clf.transition_matrix_.diagonal())
    low, high = noise.noise_rate_interval
    assert low <= noise.noise_rate <= high
    assert clf.transition_estimator_.transition_matrix_.shape == (3, 3)
    T = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    known = clone(clf).set_params(transition=T).fit(X, y_noisy)
    assert known.noise_summary_.verdict == "known"
    assert known.transition_estimator_ is None
