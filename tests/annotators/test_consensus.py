"""The consensus of MajorityVote and DawidSkene, and what they estimate on the way."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sklnoise.annotators import DawidSkene, MajorityVote, annotations_to_frame
from sklnoise.annotators._answers import check_answers
from sklnoise.annotators._em import fit_em
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

RATES = 0.1, 0.3, 0.4, 0.5, 0.3


def ask(n=400, n_classes=3, rates=RATES, missing=0.3, seed=0):
    """Return clean classes and the answers of annotators with symmetric noise."""
    rng = np.random.RandomState(seed)
    y = np.repeat(np.arange(n_classes), n // n_classes + 1)[:n]
    matrices = [make_transition_matrix("symmetric", n_classes, rate) for rate in rates]
    answers = np.stack(
        [make_noisy_labels(y, T, random_state=rng) for T in matrices], axis=1
    ).astype(float)
    answers[rng.uniform(size=answers.shape) < missing] = np.nan
    return y, answers


def to_long(y):
    table = pd.DataFrame(y).melt(ignore_index=False).dropna().reset_index()
    return table.set_axis(["task", "worker", "label"], axis=1)


@pytest.mark.filterwarnings("ignore")  # of pandas, to crowd-kit
@pytest.mark.parametrize("y", [ask(6, 2)[1], ask()[1], ask(seed=1, n_classes=5)[1]])
def test_numbers_are_those_of_crowd_kit(y):
    crowdkit = pytest.importorskip("crowdkit.aggregation", reason="crowd-kit is optional")
    table = to_long(y)
    frame = annotations_to_frame(table.task, table.worker, table.label)
    classes = sorted(table.label.unique())
    order = frame.index, classes  # crowd-kit sorts them as they come
    expected = crowdkit.MajorityVote().fit_predict_proba(table).loc[order]
    assert_allclose(MajorityVote().fit(frame).consensus_proba_, expected, atol=1e-12)
    for n_iter in (1, 3, 12):
        rival = crowdkit.DawidSkene(n_iter=n_iter, tol=-np.inf).fit(table)
        answers = check_answers(frame)
        ours = fit_em(answers, prior=None, max_iter=n_iter, tol=0)
        assert_allclose(ours.proba, rival.probas_.loc[order], atol=1e-7)
        assert_allclose(ours.class_prior, rival.priors_[classes], atol=1e-7)
        for (worker, label), row in rival.errors_.iterrows():
            at = frame.columns.get_loc(worker), slice(None)
            column = ours.transition_matrices[at][:, classes.index(label)]
            assert_allclose(column, row[classes], atol=1e-7)


def test_likelihood_never_falls_without_a_prior():
    answers = check_answers(ask(n=150)[1])
    found = [
        fit_em(answers, prior=None, max_iter=n, tol=0).log_likelihood
        for n in range(1, 15)
    ]
    assert (np.diff(found) > -1e-9).all()


@pytest.mark.parametrize("prior", ["pooled", 3.0, None])
def test_order_of_annotators_and_samples_does_not_matter(prior):
    _, y = ask()
    crowd = DawidSkene(prior=prior).fit(y)
    columns, rows = [3, 0, 4, 1, 2], np.random.RandomState(0).permutation(len(y))
    other = DawidSkene(prior=prior).fit(y[rows][:, columns])
    assert_allclose(other.consensus_proba_, crowd.consensus_proba_[rows], atol=1e-7)
    assert_allclose(
        other.transition_matrices_, crowd.transition_matrices_[columns], atol=1e-7
    )


@pytest.mark.parametrize("prior", ["pooled", 3.0, None])
def test_names_of_classes_do_not_matter(prior):
    _, y = ask()
    new = np.array([2, 0, 1])  # the code of each class under the other names
    crowd, other = DawidSkene(prior=prior).fit(y), DawidSkene(prior=prior)
    other.fit(np.where(np.isnan(y), np.nan, new[np.nan_to_num(y).astype(int)]))
    assert_allclose(other.consensus_proba_[:, new], crowd.consensus_proba_, atol=1e-7)
    swapped = other.transition_matrices_[:, new][:, :, new]
    assert_allclose(swapped, crowd.transition_matrices_, atol=1e-7)


def test_matrices_are_estimated():
    _, y = ask(n=20_000, missing=0.0)
    crowd = DawidSkene().fit(y)
    T = [make_transition_matrix("symmetric", 3, rate) for rate in RATES]
    z = (crowd.transition_matrices_ - T) / crowd.standard_error_
    assert np.abs(crowd.transition_matrices_ - T).max() < 0.03
    assert np.sqrt(np.mean(z**2)) < 1.5


def test_someone_who_answers_at_random_changes_nothing():
    _, y = ask(n=3000)
    rng = np.random.RandomState(1)
    crowd = DawidSkene().fit(y)
    more = DawidSkene().fit(np.column_stack([y, rng.randint(3, size=len(y))]))
    T = more.transition_matrices_[-1]
    assert np.abs(np.log(T / T.mean(axis=0))).max() < 0.15  # the likelihood ratio
    assert more.annotator_summary_.is_random.tolist() == [False] * 5 + [True]
    assert np.abs(more.consensus_proba_ - crowd.consensus_proba_).mean() < 0.02
    assert np.mean(more.consensus_ == crowd.consensus_) > 0.98


def test_consensus_is_better_than_the_vote():
    gains = []
    for seed in range(5):
        y, answers = ask(seed=seed, rates=(0.05, 0.1, 0.6, 0.6, 0.6), missing=0.2)
        found = [DawidSkene(), DawidSkene(prior=None), MajorityVote()]
        right = [np.mean(f.fit(answers).consensus_ == y) for f in found]
        gains.append([right[0] - right[2], right[1] - right[2]])
    assert np.mean(gains, axis=0).min() > 0.05


def test_prior_helps_those_with_few_answers():
    gains = []
    for seed in range(5):
        rng = np.random.RandomState(seed)
        rates = rng.uniform(0.2, 0.5, size=100)
        y, answers = ask(seed=seed, rates=rates, missing=0.97, n_classes=4, n=600)
        found = [DawidSkene(), DawidSkene(prior=None)]
        answered = ~np.isnan(answers).all(axis=1)
        right = [np.mean((f.fit(answers).consensus_ == y)[answered]) for f in found]
        gains.append(right[0] - right[1])
    assert np.mean(gains) > 0.01


def test_someone_with_few_answers_is_like_the_pool():
    _, y = ask()
    y[:, 4] = np.nan
    y[0, 4] = y[0, 0] = 0
    crowd = DawidSkene().fit(y)
    distance = np.abs(crowd.transition_matrices_ - crowd.transition_matrix_)
    assert distance[4].max() < 0.1
    assert distance[0].max() > 0.1


def test_large_prior_is_the_pool():
    crowd = DawidSkene(prior=1e9).fit(ask()[1])
    pool = np.broadcast_to(crowd.transition_matrix_, (5, 3, 3))
    assert_allclose(crowd.transition_matrices_, pool, atol=1e-5)


@pytest.mark.parametrize("estimator", [MajorityVote(), DawidSkene()])
def test_sample_without_answers_has_the_prior(estimator):
    _, y = ask()
    crowd = clone(estimator).fit(np.vstack([y, np.full((3, 5), np.nan)]))
    without = clone(estimator).fit(y)
    assert len(crowd.consensus_) == len(y) + 3
    assert_allclose(crowd.class_prior_, without.class_prior_, atol=1e-6)
    assert_allclose(crowd.consensus_proba_[:-3], without.consensus_proba_, atol=1e-6)
    later = crowd.predict_proba(np.full((2, 5), np.nan).astype(object))
    assert_allclose(later, [crowd.class_prior_] * 2)


def test_prior_of_each_sample_takes_the_place_of_the_class_prior():
    y, labels = ask(n=200)
    answers = check_answers(labels)
    flat = np.full((200, 3), 1 / 3)
    informed = 0.8 * np.eye(3)[y] + 0.2 / 3
    right = [
        np.mean(fit_em(answers, sample_prior=p).proba.argmax(axis=1) == y)
        for p in (flat, informed)
    ]
    assert right[1] > right[0]
    nothing = np.isnan(labels).all(axis=1)
    assert nothing.any() == (~answers.votes.any(axis=1)).any()
    found = fit_em(answers, sample_prior=informed)
    assert_allclose(found.proba[nothing], informed[nothing])


def test_posterior_of_one_more_answer_is_that_of_bayes():
    crowd = DawidSkene().fit(ask()[1])
    before = crowd.predict_proba(np.array([[0, np.nan, np.nan, np.nan, np.nan]]))
    after = crowd.predict_proba(np.array([[0, np.nan, 1, np.nan, np.nan]]))
    expected = before * crowd.transition_matrices_[2][:, 1]
    assert_allclose(after, expected / expected.sum())


def test_many_answers_do_not_underflow():
    y, answers = ask(n=60, rates=(0.4,) * 1000, missing=0.0)
    crowd = DawidSkene(prior=None).fit(answers)
    assert np.isfinite(crowd.log_likelihood_)
    assert (crowd.consensus_ == y).all()


@pytest.mark.parametrize("estimator", [MajorityVote(), DawidSkene()])
def test_label_quality_is_the_probability_of_the_answer(estimator):
    y, answers = ask(n=2000)
    crowd = estimator.fit(answers)
    quality = crowd.label_quality(answers)
    given = ~np.isnan(answers)
    np.testing.assert_array_equal(np.isnan(quality), ~given)
    right = (answers == y[:, None])[given]
    assert quality[given][right].mean() > quality[given][~right].mean() + 0.3
    proba = crowd.predict_proba(answers)
    row = np.flatnonzero(given[:, 0])[0]
    assert quality[row, 0] == proba[row, int(answers[row, 0])]


@pytest.mark.parametrize("estimator", [MajorityVote(), DawidSkene()])
def test_predictions_for_the_answers_of_the_fit_are_the_consensus(estimator):
    _, y = ask()
    crowd = pickle.loads(pickle.dumps(estimator.fit(y)))
    assert np.mean(crowd.predict(y) == crowd.consensus_) > 0.99
    with pytest.raises(NotFittedError):
        clone(crowd).predict(y)


def test_one_class_is_certain():
    with pytest.warns(UserWarning, match="agree"):
        crowd = DawidSkene().fit([["a", "a"], ["a", None]])
    assert_allclose(crowd.consensus_proba_, 1)
    assert_allclose(crowd.annotator_summary_.information, 0)


def test_too_few_iterations_are_warned_of():
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        DawidSkene(max_iter=1).fit(ask()[1])


@pytest.mark.parametrize("params", [{"prior": "none"}, {"prior": -1}, {"max_iter": 0}])
def test_bad_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        DawidSkene(**params).fit(ask()[1])
