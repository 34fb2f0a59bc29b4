"""Fits to the answers of several annotators."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_classification, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skorch import NeuralNetClassifier

import sklnoise
from sklnoise import NoiseRobustClassifier
from sklnoise.annotators import (
    DawidSkene,
    MajorityVote,
    annotator_log_likelihood,
    suggest_next,
)
from sklnoise.exceptions import AnnotatorWarning
from sklnoise.losses import AnnotatorForwardLoss
from sklnoise.nn import MLP

NAMES = np.array(["Ann", "Bob", "Cid", "Dan"])
ANIMALS = np.array(["cat", "dog", "fox"])
RATES = [0.1, 0.3, 0.5, 0.65]  # of wrong answers


def quick(**params):
    """Return a classifier that is fitted in a blink."""
    net = NeuralNetClassifier(
        MLP,
        module__hidden=(16,),
        max_epochs=15,
        optimizer=torch.optim.Adam,
        lr=0.02,
        batch_size=64,
        train_split=None,
        verbose=0,
    )
    params = {"estimator": net, "cv": 3, "random_state": 0} | params
    return NoiseRobustClassifier(**params)


def make_answers(y, rates, seed, share=0.7):
    """Return the answers of annotators of some rates, NaN where there is none."""
    rng = np.random.RandomState(seed)
    K = y.max() + 1
    wrong = rng.uniform(size=(len(y), len(rates))) < rates
    other = (y[:, None] + rng.randint(1, K, size=wrong.shape)) % K
    answers = np.where(wrong, other, y[:, None]).astype(float)
    answers[rng.uniform(size=answers.shape) > share] = np.nan
    return answers


@pytest.fixture(scope="module")
def crowd():
    X, y = make_blobs(240, centers=3, random_state=1, cluster_std=2.0)
    return X, y, make_answers(y, RATES, 0)


@pytest.fixture(scope="module")
def frame(crowd):
    codes = np.nan_to_num(crowd[2]).astype(int)
    table = pd.DataFrame(ANIMALS[codes], columns=NAMES).astype(object)
    return table.mask(np.isnan(crowd[2]))


@pytest.fixture(scope="module")
def fitted(crowd, frame):
    return quick().fit(crowd[0], frame)


def test_features_and_answers_tell_more_than_answers(crowd, frame, fitted):
    clean = ANIMALS[crowd[1]]
    consensus = ANIMALS[fitted.consensus_proba_.argmax(axis=1)]
    alone = MajorityVote().fit(frame).consensus_
    assert np.mean(consensus == clean) > np.mean(alone == clean)
    assert fitted.score(crowd[0], clean) > np.mean(alone == clean)


def test_fitted_attributes(crowd, frame, fitted):
    assert_array_equal(fitted.classes_, ANIMALS)
    assert_array_equal(fitted.annotators_, NAMES)
    assert fitted.transition_matrices_.shape == (4, 3, 3)
    assert_allclose(fitted.transition_matrices_.sum(axis=2), 1)
    assert (fitted.standard_error_ > 0).all()
    assert_allclose(fitted.consensus_proba_.sum(axis=1), 1)
    assert_array_equal(fitted.annotator_summary_.n_answers, frame.notna().sum())
    assert (np.diff(fitted.annotator_summary_.accuracy) < 0).all()
    assert isinstance(fitted.correction_, AnnotatorForwardLoss)
    low, high = fitted.noise_summary_.noise_rate_interval
    wrong = (frame != ANIMALS[crowd[1]][:, None]) & frame.notna()
    assert low < wrong.to_numpy().sum() / frame.notna().to_numpy().sum() < high


@pytest.mark.parametrize("kind", ["floats", "integers", "objects", "masked", "polars"])
def test_kinds_of_input_give_the_same(crowd, frame, fitted, kind):
    X, _, answers = crowd
    params = {}
    if kind == "integers":
        answers, params = np.where(np.isnan(answers), -1, answers), {"missing_label": -1}
        answers = answers.astype(int)
    elif kind == "objects":
        answers = frame.to_numpy()
    elif kind == "masked":
        answers = np.ma.masked_invalid(answers)
    elif kind == "polars":
        answers = pytest.importorskip("polars").from_pandas(frame)
    other = quick(**params).fit(X, answers)
    assert_array_equal(other.predict_proba(X), fitted.predict_proba(X))
    assert_array_equal(other.transition_matrices_, fitted.transition_matrices_)


def test_samples_without_an_answer_have_a_posterior(crowd):
    X, y, answers = crowd
    answers = answers.copy()
    answers[:40] = np.nan
    clf = quick().fit(X, answers)
    assert clf.consensus_proba_.shape == (len(X), 3)
    assert np.isfinite(clf.consensus_proba_).all()
    assert clf.score(X[:40], y[:40].astype(float)) > 0.7
    without = quick().fit(X[40:], answers[40:])
    assert_allclose(without.transition_matrices_, clf.transition_matrices_, atol=1e-6)


def test_permuted_annotators_permute_the_answers(crowd, frame, fitted):
    other = clone(fitted).fit(crowd[0], frame[NAMES[::-1]])
    T = other.transition_matrices_[::-1]
    assert_allclose(T, fitted.transition_matrices_, atol=1e-3)
    assert_allclose(other.consensus_proba_, fitted.consensus_proba_, atol=1e-2)


def test_known_matrices_are_taken_as_they_are(crowd):
    X, _, answers = crowd
    K = 3
    T = np.stack([(1 - r) * np.eye(K) + r / 2 * (1 - np.eye(K)) for r in RATES])
    clf = quick(transition=T).fit(X, answers)
    assert_array_equal(clf.transition_matrices_, T)
    assert clf.noise_summary_.verdict == "known"
    same = quick(transition=T[1]).fit(X, answers)
    assert_array_equal(same.transition_matrices_, np.stack([T[1]] * 4))


@pytest.mark.parametrize(
    "correction", ["forward", "forward-elr", "em", "crowd-layer", "trace", "majority"]
)
def test_corrections(crowd, correction):
    X, y, answers = crowd
    clf = quick(correction=correction).fit(X, answers)
    assert clf.score(X, y.astype(float)) > 0.75
    assert_allclose(clf.transition_matrices_.sum(axis=2), 1, atol=1e-5)
    again = clone(clf).fit(X, answers)
    assert_array_equal(again.predict_proba(X), clf.predict_proba(X))


def test_the_answers_stay_as_they_are(crowd):
    X, _, answers = crowd
    given = answers.copy()
    quick().fit(X, answers)
    assert_array_equal(answers, given)


def test_answers_are_judged_one_by_one(crowd, frame, fitted):
    mask = fitted.find_label_issues()
    assert mask.shape == frame.shape
    assert_array_equal(mask, fitted.label_issues_)
    assert not mask[frame.isna()].any()
    wrong = (frame != ANIMALS[crowd[1]][:, None]).to_numpy() & frame.notna().to_numpy()
    assert np.mean(wrong[mask]) > 0.85
    table = fitted.find_label_issues(return_type="frame")
    assert len(table) == frame.notna().to_numpy().sum()
    cells = table[table.is_issue].sort_values("quality", kind="stable")
    indices = fitted.find_label_issues(return_type="indices")
    assert_array_equal(cells["sample"], indices[:, 0])
    assert_array_equal(cells["annotator"], NAMES[indices[:, 1]])


def test_quality_of_new_answers(crowd, frame, fitted):
    X = crowd[0] + 1e-3
    quality = fitted.label_quality(X, frame)
    assert_array_equal(np.isnan(quality), frame.isna())
    some = fitted.label_quality(X, frame[["Dan", "Ann"]])
    assert_array_equal(np.isnan(some[:, 1:3]), True)
    with pytest.raises(ValueError, match="Eve"):
        fitted.label_quality(X, frame.rename(columns={"Ann": "Eve"}))
    with pytest.raises(ValueError, match="inconsistent"):
        fitted.label_quality(X[:5], frame)


def test_score_on_answers_counts_each_once(crowd, frame, fitted):
    predicted = fitted.predict(crowd[0])
    equal = (frame == predicted[:, None]).to_numpy()[frame.notna().to_numpy()]
    assert fitted.score(crowd[0], frame) == pytest.approx(equal.mean())
    weight = np.arange(len(frame))
    rows = np.nonzero(frame.notna().to_numpy())[0]
    weighted = fitted.score(crowd[0], frame, sample_weight=weight)
    assert weighted == pytest.approx(np.average(equal, weights=weight[rows]))


def test_searches_and_pipelines(crowd, frame):
    cv = KFold(2, shuffle=True, random_state=0)
    pipeline = make_pipeline(StandardScaler(), quick())
    scores = cross_val_score(
        pipeline, crowd[0], frame, scoring=annotator_log_likelihood, cv=cv
    )
    assert (scores > np.log(1 / 3)).all()
    search = GridSearchCV(
        pipeline,
        {"noiserobustclassifier__correction": ["forward", "majority"]},
        scoring=annotator_log_likelihood,
        cv=cv,
    ).fit(crowd[0], frame)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert annotator_log_likelihood(search, crowd[0], frame) > np.log(1 / 3)
    suggested = suggest_next(search, frame, X=crowd[0], n_suggestions=5)
    assert (
        frame.isna()
        .to_numpy()[
            suggested.sample, [list(NAMES).index(name) for name in suggested.annotator]
        ]
        .all()
    )


def test_the_likelihood_is_that_of_the_model(crowd, frame, fitted):
    X, _, answers = crowd
    p, T = fitted.predict_proba(X).astype(float), fitted.transition_matrices_
    joint = p.copy()
    for a in range(4):
        given = ~np.isnan(answers[:, a])
        joint[given] *= T[a][:, answers[given, a].astype(int)].T
    expected = np.log(joint.sum(axis=1)).sum() / frame.notna().to_numpy().sum()
    assert annotator_log_likelihood(fitted, X, frame) == pytest.approx(expected)


def test_copies_on_disk_and_in_memory(crowd, frame, fitted, tmp_path):
    pytest.importorskip("skops")
    X = crowd[0]
    same = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(same.predict_proba(X), fitted.predict_proba(X))
    for keep in ("everything", "model"):
        fitted.save(tmp_path / "model.skops", keep=keep)
        loaded = sklnoise.load(tmp_path / "model.skops")
        assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
        quality = loaded.label_quality(X + 1e-3, frame)
        assert_array_equal(quality, fitted.label_quality(X + 1e-3, frame))
    assert not hasattr(loaded, "consensus_proba_")


def test_trusted_samples_are_of_their_class(crowd):
    X, y, answers = crowd
    answers = answers.copy()
    trusted = np.zeros(len(X), dtype=bool)
    trusted[:20] = True
    answers[:20] = np.where(np.arange(4) == 3, y[:20, None], np.nan)  # the worst says so
    clf = quick().fit(X, answers, trusted=trusted)
    assert_allclose(clf.consensus_proba_[np.arange(20), y[:20]], 1, atol=1e-6)
    answers[0, :2] = 0, 1
    with pytest.raises(ValueError, match="sample 0 differ"):
        clf.fit(X, answers, trusted=trusted)
    answers[0] = np.nan
    with pytest.raises(ValueError, match="sample 0 has none"):
        clf.fit(X, answers, trusted=trusted)
    weight = (np.arange(len(X)) > 0).astype(float)  # it is left out
    clone(clf).fit(X, answers, sample_weight=weight, trusted=trusted)
    assert_allclose(clf.consensus_proba_[np.arange(20), y[:20]], 1, atol=1e-6)


def test_other_parameters(crowd):
    X, y, answers = crowd
    y = y.astype(float)
    for params in (
        {"first_pass": LogisticRegression()},
        {"first_pass": "with-trees"},
        {"class_weight": "balanced"},
        {"fine_tune_epochs": 2},
        {"n_estimators": 2},
        {"refit": "first-pass"},
    ):
        clf = quick(**params)
        trusted = None
        if "fine_tune_epochs" in params:
            trusted = (answers == y[:, None]).sum(axis=1) == (~np.isnan(answers)).sum(1)
            trusted &= ~np.isnan(answers).all(axis=1)
        assert clf.fit(X, answers, trusted=trusted).score(X, y) > 0.75, params


def test_without_a_refit_annotators_are_known(crowd, fitted):
    clf = quick(refit=False).fit(crowd[0], crowd[2])
    assert clf.transition_matrices_.shape == (4, 3, 3)
    assert clf.label_issues_.shape == crowd[2].shape
    assert not hasattr(clf, "estimator_")


def test_one_column_is_one_label_a_sample(crowd):
    X, y, _ = crowd
    with pytest.warns(Warning, match="column-vector"):
        one = quick().fit(X, y[:, None])
    assert not hasattr(one, "annotators_")
    assert_array_equal(one.predict(X), quick().fit(X, y).predict(X))
    answers = np.stack([y, y], axis=1)
    with pytest.raises(ValueError, match="as in fit"):
        one.label_quality(X + 1e-3, answers)
    with pytest.raises(ValueError, match="several annotators"):
        annotator_log_likelihood(one, X, answers)


def test_a_new_fit_forgets_the_annotators(crowd, frame):
    clf = quick().fit(crowd[0], frame)
    clf.fit(crowd[0], crowd[1])
    assert not hasattr(clf, "annotators_")
    assert clf.label_issues_.shape == (len(crowd[0]),)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (np.full((240, 3), np.nan), "must hold answers"),
        (np.eye(3)[np.arange(240) % 3], "rows sum to 1"),
        (np.full((240, 3), 1 / 3), "rows sum to 1"),
        (pd.DataFrame({"a": ["x"] * 240, "b": [1] * 240}), "one kind"),
        (make_answers(np.arange(239) % 3, RATES, 0), "inconsistent"),
    ],
)
def test_bad_answers(crowd, answers, message):
    clf = quick()
    with pytest.raises(ValueError, match=message):
        clf.fit(crowd[0], answers)
    with pytest.raises(NotFittedError):
        clf.predict(crowd[0])


@pytest.mark.parametrize(
    "params",
    [
        {"correction": "gce"},
        {"correction": "auto"},
        {"transition": "anchor"},
        {"transition": 0.2},
        {"transition": np.eye(2)},
        {"transition": np.ones((4, 3, 3))},
    ],
)
def test_parameters_that_annotators_leave_no_room_for(crowd, params):
    with pytest.raises(ValueError, match=next(iter(params))):
        quick(**params).fit(crowd[0], crowd[2])


@pytest.mark.parametrize("correction", ["crowd-layer", "trace", "majority"])
def test_corrections_of_annotators_need_them(crowd, correction):
    with pytest.raises(ValueError, match=correction):
        quick(correction=correction).fit(crowd[0], crowd[1])


def test_odd_annotators_are_warned_of(crowd):
    X, y, answers = crowd
    clf = quick()
    with pytest.warns(AnnotatorWarning, match="no answer"):
        clf.fit(X, np.column_stack([answers, np.full(len(X), np.nan)]))
    assert_allclose(clf.transition_matrices_[-1].sum(axis=1), 1)
    with pytest.warns(AnnotatorWarning, match="always give the same"):
        clf.fit(X, np.column_stack([answers, np.zeros(len(X))]))
    odd = np.where(np.arange(len(X)) < 3, 7.0, y)
    with pytest.warns(AnnotatorWarning, match="only one annotator uses"):
        clf.fit(X, np.column_stack([answers, odd]))


def test_a_constant_classifier_is_dawid_and_skene():
    y = np.random.RandomState(0).randint(3, size=600)
    answers = make_answers(y, [0.1, 0.2, 0.3, 0.3], 1, share=0.9)
    clf = quick().fit(np.zeros((len(answers), 1)), answers)
    alone = DawidSkene().fit(answers)
    assert_allclose(clf.transition_matrices_, alone.transition_matrices_, atol=0.03)
    assert np.mean(clf.consensus_proba_.argmax(1) == alone.consensus_) > 0.99


def test_a_model_that_is_too_certain_does_not_overrule_the_annotators():
    X, y = make_classification(600, 30, n_informative=3, n_redundant=0, random_state=0)
    rates = [0.2, 0.25, 0.3, 0.3]
    answers = make_answers(y, rates, 2, share=0.9)
    clf = quick(first_pass=DecisionTreeClassifier(random_state=0)).fit(X, answers)
    right = np.mean(clf.consensus_proba_.argmax(axis=1) == y)
    assert right > np.mean(DawidSkene().fit(answers).consensus_ == y) - 0.01
    summary = clf.annotator_summary_
    truth = 1 - np.array(rates)
    assert ((summary.accuracy_low < truth) & (truth < summary.accuracy_high)).all()


def test_answers_to_trusted_samples_make_nobody_look_better():
    X, y = make_blobs(900, centers=3, random_state=0)
    answers = make_answers(y, [0.3, 0.5, 0.5, 0.6], 3)
    trusted = np.arange(len(y)) < 300
    right = np.where(answers == y[:, None], answers, np.nan)
    answers[trusted] = right[trusted]
    trusted &= ~np.isnan(answers).all(axis=1)
    clf = quick().fit(X, answers, trusted=trusted)
    assert_allclose(clf.annotator_summary_.accuracy, [0.7, 0.5, 0.5, 0.4], atol=0.07)
    with pytest.raises(ValueError, match="not trusted"):
        clf.fit(X[trusted], answers[trusted], trusted=trusted[trusted])


@pytest.mark.parametrize("answered", [1, 3, 240])
def test_one_class_or_few_samples(crowd, answered):
    X = crowd[0]
    answers = np.zeros((len(X), 3))
    answers[answered:] = np.nan
    answers[0, 0] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clf = quick().fit(X, answers)
    assert np.isfinite(clf.predict_proba(X)).all()
    assert not hasattr(clf, "out_of_fold_proba_")
    assert clf.find_label_issues().shape == answers.shape


def test_a_known_matrix_is_that_of_the_noise(crowd):
    X, _, answers = crowd
    T = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.05, 0.05, 0.9]])
    clf = quick(transition=T).fit(X, answers)
    assert_allclose(clf.transition_matrix_, T)
    assert_allclose(clf.noise_summary_.noise_rate_per_class, [0.2, 0.4, 0.1])
    with pytest.raises(ValueError, match="crowd-layer"):
        quick(transition=T, correction="crowd-layer").fit(X, answers)
    with pytest.raises(ValueError, match="annotator 2"):
        quick(transition=np.stack([T, T, T + 0.1, T])).fit(X, answers)


def test_first_weights_are_used(crowd):
    X, _, answers = crowd
    first = quick(refit="first-pass").fit(X, answers)
    scratch = quick().fit(X, answers)
    assert not np.allclose(first.predict_proba(X), scratch.predict_proba(X))
    assert len(quick(correction="em", n_estimators=2).fit(X, answers).estimators_) == 2


def test_missing_values_beside_a_missing_label(crowd):
    X, _, answers = crowd
    mixed = np.where(np.isnan(answers), -1, answers).astype(object)
    mixed[np.isnan(answers) & (np.arange(4) % 2 == 0)] = pd.NA
    mixed[np.isnan(answers) & (np.arange(4) == 3)] = None
    clf = quick(missing_label=-1).fit(X, mixed)
    expected = quick().fit(X, answers).transition_matrices_
    assert_array_equal(clf.transition_matrices_, expected)


def test_a_frame_of_one_annotator_holds_answers(crowd, frame, fitted):
    X, one = crowd[0] + 1e-3, frame[["Ann"]]
    both = one.assign(Bob=None)
    assert_array_equal(fitted.label_quality(X, one), fitted.label_quality(X, both))
    assert fitted.score(crowd[0], one) == fitted.score(crowd[0], both)
    scores = [annotator_log_likelihood(fitted, X, part) for part in (one, both)]
    assert scores[0] == scores[1]


def test_errors_of_suggestions_say_what_to_do(crowd, frame, fitted):
    with pytest.raises(ValueError, match="inconsistent"):
        suggest_next(fitted, frame, X=crowd[0][:9])
    with pytest.raises(ValueError, match="refit"):
        suggest_next(quick(refit=False).fit(crowd[0], frame), frame, X=crowd[0])


def test_a_repeated_annotator_counts_once(crowd):
    X, _, answers = crowd
    at = [0, 1, 1, 2, 3, 1]
    with pytest.warns(AnnotatorWarning, match="count once"):
        repeated = quick().fit(X, answers[:, at])
    alone = quick().fit(X, answers)
    assert_allclose(repeated.transition_matrices_, alone.transition_matrices_[at])
    assert_allclose(repeated.consensus_proba_, alone.consensus_proba_)
    assert_array_equal(repeated.predict_proba(X), alone.predict_proba(X))
    quality = repeated.label_quality(X + 1e-3, answers[:, at])
    assert_allclose(quality, alone.label_quality(X + 1e-3, answers)[:, at])
    scores = [
        annotator_log_likelihood(clf, X, y)
        for clf, y in ((repeated, answers[:, at]), (alone, answers))
    ]
    assert scores[0] == pytest.approx(scores[1])
    suggested = suggest_next(repeated, answers[:, at], X=X, annotators=[2])
    assert np.isnan(answers[suggested.sample, 1]).all()
    majority = quick(correction="majority")
    with pytest.warns(AnnotatorWarning, match="count once"):
        voted = majority.fit(X, answers[:, at]).predict_proba(X)
    assert_array_equal(voted, clone(majority).fit(X, answers).predict_proba(X))
    learned = quick(correction="trace").fit(X, answers)
    assert learned.transition_matrices_.shape == (4, 3, 3)


def test_the_default_network(crowd):
    X, y, answers = crowd
    clf = NoiseRobustClassifier(random_state=0).fit(X, answers)
    assert clf.score(X, y.astype(float)) > 0.85
    assert clf.net_selection_ is not None


def test_the_network_of_first_weights_is_theirs():
    """Here the first consensus chooses a linear network, and all answers a deep one."""
    X, y = make_moons(300, noise=0.15, random_state=0)
    answers = make_answers(y, [0.3] * 6, 0, share=0.5)
    clf = NoiseRobustClassifier(random_state=0).fit(X, answers)
    assert clf.estimator_.module__hidden
    clf.set_params(refit="first-pass").fit(X, answers)
    assert not clf.estimator_.module__hidden
    assert clf.score(X, y.astype(float)) > 0.8


def test_the_default_network_is_chosen_by_what_the_answers_mean(crowd):
    """Two people who always name the next class, as is known, tell all labels."""
    X, y, _ = crowd
    plain = NoiseRobustClassifier(correction="none", random_state=0).fit(X, y)
    answers, T = np.stack([(y + 1) % 3] * 2, axis=1), np.roll(np.eye(3), 1, axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnnotatorWarning)
        clf = NoiseRobustClassifier(transition=T, random_state=0).fit(X, answers)
    of_labels, of_answers = plain.net_selection_, clf.net_selection_
    assert of_answers.chosen == of_labels.chosen
    assert of_answers.n_steps == of_labels.n_steps
    assert_allclose(of_answers.log_likelihood, of_labels.log_likelihood, rtol=1e-3)
