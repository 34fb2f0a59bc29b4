"""The scorers where scikit-learn takes a `scoring`."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, zero_one_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import (
    make_noise_corrected_scorer,
    noise_corrected_accuracy_score,
    noisy_log_likelihood_scorer,
)

T = make_transition_matrix("pair", 3, 0.3)
SCORERS = {
    "accuracy": make_noise_corrected_scorer(T),
    "balanced": make_noise_corrected_scorer(T, metric="balanced_accuracy"),
    "callable": make_noise_corrected_scorer(
        T, metric=zero_one_loss, greater_is_better=False
    ),
    "array": make_noise_corrected_scorer(T, metric=np.eye(3), labels=list("abc")),
    "likelihood": noisy_log_likelihood_scorer,
}
every_scorer = pytest.mark.parametrize("scorer", SCORERS.values(), ids=list(SCORERS))
# Regularised that hard, all that it learns is the frequency of the labels.
GRID = {"C": [1e-8, 1.0]}


@pytest.fixture(scope="module")
def data():
    """Blobs with names as labels, and weights."""
    X, y = make_blobs(300, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
    y_noisy = np.array(list("abc"))[make_noisy_labels(y, T, random_state=0)]
    return X, y_noisy, np.random.default_rng(0).integers(3, size=300)


def halves(train):
    return [(np.flatnonzero(train), np.flatnonzero(~train))]


@every_scorer
def test_grid_search_finds_the_model_that_learns(scorer, data):
    X, y, _ = data
    search = GridSearchCV(LogisticRegression(), GRID, scoring=scorer, cv=3)
    assert search.fit(X, y).best_params_ == {"C": 1.0}


@every_scorer
def test_search_scores_as_the_scorer(scorer, data):
    X, y, _ = data
    search = GridSearchCV(LogisticRegression(), GRID, scoring=scorer, cv=3).fit(X, y)
    assert search.score(X, y) == scorer(search.best_estimator_, X, y)


@every_scorer
def test_halving_search_finds_the_model_that_learns(scorer, data):
    X, y, _ = data
    search = HalvingGridSearchCV(
        LogisticRegression(), GRID, scoring=scorer, cv=3, random_state=0
    )
    assert search.fit(X, y).best_params_ == {"C": 1.0}


@every_scorer
def test_nested_search_scores_its_folds(scorer, data):
    X, y, _ = data
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [1.0]}
    search = GridSearchCV(pipeline, grid, scoring=scorer, cv=3)
    assert_allclose(
        cross_val_score(search, X, y, scoring=scorer, cv=3),
        cross_val_score(pipeline, X, y, scoring=scorer, cv=3),
    )


def test_cross_validation_scores_the_held_out_samples(data):
    X, y, _ = data
    train = np.arange(300) < 200
    model = LogisticRegression()
    (score,) = cross_val_score(model, X, y, scoring=SCORERS["accuracy"], cv=halves(train))
    y_pred = model.fit(X[train], y[train]).predict(X[~train])
    assert score == noise_corrected_accuracy_score(y[~train], y_pred, T)


def test_classifier_for_noisy_labels_is_searched(noisy_blobs, quick_net):
    X, y, _, T = noisy_blobs
    classifier = NoiseRobustClassifier(quick_net, transition=T, random_state=0)
    scorers = {"a": make_noise_corrected_scorer(T), "b": noisy_log_likelihood_scorer}
    grid = {"correction": ["none", "forward"]}
    search = GridSearchCV(classifier, grid, scoring=scorers, refit="a", cv=2).fit(X, y)
    assert search.best_params_ == {"correction": "forward"}


def test_search_drops_a_loss_without_likelihood(noisy_blobs, quick_net):
    X, y, _, T = noisy_blobs
    classifier = NoiseRobustClassifier(quick_net, transition=T, random_state=0)
    grid = {"correction": ["mae", "forward"]}
    search = GridSearchCV(classifier, grid, scoring=noisy_log_likelihood_scorer, cv=2)
    with pytest.warns(match="non-finite"), pytest.warns(match="MeanAbsoluteErrorLoss"):
        search.fit(X, y)
    assert search.best_params_ == {"correction": "forward"}


@pytest.mark.parametrize("routing", [False, True])
def test_dictionary_gives_what_each_scorer_gives(data, routing):
    X, y, _ = data
    with config_context(enable_metadata_routing=routing):
        scorers = {**SCORERS, "noisy": get_scorer("accuracy")}
        together = cross_validate(LogisticRegression(), X, y, scoring=scorers)
        for name, scorer in scorers.items():
            alone = cross_val_score(LogisticRegression(), X, y, scoring=scorer)
            assert_allclose(together[f"test_{name}"], alone)


@every_scorer
@pytest.mark.parametrize("routing", [False, True])
def test_weights_of_a_search_equal_repeats(scorer, data, routing):
    X, y, weight = data
    even = np.arange(300) % 2 == 0
    with config_context(enable_metadata_routing=routing):
        asking, model = deepcopy(scorer), GaussianNB()
        if routing:
            asking.set_score_request(sample_weight=True)
            model.set_fit_request(sample_weight=True)
        weighted = GridSearchCV(model, {}, scoring=asking, cv=halves(even))
        weighted.fit(X, y, sample_weight=weight)
    repeated = GridSearchCV(GaussianNB(), {}, scoring=scorer)
    repeated.set_params(cv=halves(even.repeat(weight)))
    repeated.fit(X.repeat(weight, axis=0), y.repeat(weight))
    assert weighted.best_score_ == pytest.approx(repeated.best_score_)


@every_scorer
def test_request_for_weights_survives_copies(scorer, data):
    X, y, weight = data
    with config_context(enable_metadata_routing=True):
        asking = deepcopy(scorer).set_score_request(sample_weight="mass")
        for copied in (deepcopy(asking), pickle.loads(pickle.dumps(asking))):
            scores = cross_val_score(
                GaussianNB(), X, y, scoring=copied, params={"mass": weight}
            )
            assert np.isfinite(scores).all()


@every_scorer
@pytest.mark.parametrize(
    "copy",
    [deepcopy, lambda s: clone(s, safe=False), lambda s: pickle.loads(pickle.dumps(s))],
    ids=["deepcopy", "clone", "pickle"],
)
def test_copy_scores_alike(scorer, copy, data):
    X, y, weight = data
    model, copied = GaussianNB().fit(X, y), copy(scorer)
    expected = scorer(model, X, y, sample_weight=weight)
    assert copied(model, X, y, sample_weight=weight) == expected
    assert repr(copied) == repr(scorer)


@every_scorer
def test_clone_of_a_search_keeps_its_scorer(scorer, data):
    X, y, _ = data
    search = clone(GridSearchCV(GaussianNB(), {}, scoring=scorer, cv=2))
    assert np.isfinite(search.fit(X, y).best_score_)


def test_learning_curve_takes_the_scorer(data):
    X, y, _ = data
    sizes, _, scores = learning_curve(
        LogisticRegression(), X, y, scoring=SCORERS["accuracy"], cv=3, shuffle=True
    )
    assert scores.shape == (len(sizes), 3)


def test_labels_let_a_training_fold_lack_a_class(data):
    X, y, _ = data
    train = y != "b"
    scorer = make_noise_corrected_scorer(T, labels=list("abc"))
    scores = cross_val_score(GaussianNB(), X, y, scoring=scorer, cv=halves(train))
    assert np.isfinite(scores).all()
