"""What annotators are worth, how far they agree, and whom to ask next."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import mutual_info_score

from sklnoise.annotators import (
    DawidSkene,
    MajorityVote,
    annotator_summary,
    krippendorff_alpha,
    suggest_next,
)
from sklnoise.datasets import make_noisy_labels, make_transition_matrix


@pytest.fixture(scope="module")
def crowd():
    """Clean classes, answers, and the estimator: a good, a blind, a random person..."""
    rng = np.random.RandomState(0)
    y = rng.randint(3, size=3000)
    blind = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.9, 0.05]])
    matrices = [make_transition_matrix("symmetric", 3, rate) for rate in (0.05, 0.2, 0.3)]
    matrices += [blind, np.full((3, 3), 1 / 3)]
    answers = [make_noisy_labels(y, T, random_state=rng) for T in matrices]
    answers = np.stack(answers, axis=1).astype(float)
    answers[rng.uniform(size=answers.shape) < 0.3] = np.nan
    frame = pd.DataFrame(answers, columns=list("abcde"))
    return y, frame, DawidSkene().fit(frame)


def test_summary_is_a_table_of_the_annotators(crowd):
    y, frame, fitted = crowd
    table = pd.DataFrame(fitted.annotator_summary_).set_index("annotator")
    assert table.index.tolist() == list("abcde")
    assert table.n_answers.tolist() == frame.notna().sum().tolist()
    right = frame.eq(y, axis=0).sum() / frame.notna().sum()
    assert_allclose(table.accuracy, right, atol=0.04)
    assert ((table.accuracy_low < right) & (right < table.accuracy_high)).all()
    assert table.is_random.tolist() == [False] * 4 + [True]
    assert table.loc["d", ["confused_class", "confused_as"]].tolist() == [2, 1]


def test_information_is_that_of_answer_and_class(crowd):
    y, frame, fitted = crowd
    expected = [
        mutual_info_score(y[frame[a].notna()], frame[a].dropna()) / np.log(2)
        for a in frame
    ]
    assert_allclose(fitted.annotator_summary_.information, expected, atol=0.06)


def test_intervals_widen_with_confidence(crowd):
    _, frame, fitted = crowd
    wide, narrow = (
        annotator_summary(fitted, frame, confidence_level=level) for level in (0.99, 0.5)
    )
    assert (wide.accuracy_low < narrow.accuracy_low).all()
    assert (narrow.accuracy_high < wide.accuracy_high).all()
    default = annotator_summary(fitted, frame)
    for name, values in fitted.annotator_summary_.items():
        np.testing.assert_array_equal(default[name], values)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_confidence_level_is_a_probability(crowd, level):
    _, frame, fitted = crowd
    with pytest.raises(ValueError, match="confidence_level"):
        annotator_summary(fitted, frame, confidence_level=level)


def alpha_by_definition(y):
    """Compare all pairs of answers, those of a sample weighted by 1 / (answers - 1)."""
    units = [[v for v in row if not np.isnan(v)] for row in y]
    units = [unit for unit in units if len(unit) > 1]
    pooled = np.concatenate(units)
    n = len(pooled)
    expected = (pooled[:, None] != pooled).sum() / (n - 1)
    observed = sum(
        (np.array(unit)[:, None] != np.array(unit)).sum() / (len(unit) - 1)
        for unit in units
    )
    return 1 - observed / expected


def test_alpha_follows_its_definition(crowd):
    _, frame, _ = crowd
    y = frame.to_numpy()[:300]
    assert_allclose(krippendorff_alpha(y), alpha_by_definition(y))


def test_alpha_is_that_of_its_inventor():
    nan = np.nan  # four observers, twelve units: Krippendorff (2011), example C
    y = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
        ]
    )
    assert round(krippendorff_alpha(y.T), 3) == 0.743


def test_alpha_is_1_if_all_agree_and_0_by_chance():
    rng = np.random.RandomState(0)
    same = rng.randint(3, size=(500, 1)).repeat(3, axis=1)
    assert krippendorff_alpha(same) == 1
    assert abs(krippendorff_alpha(rng.randint(3, size=(5000, 3)))) < 0.03
    assert np.isnan(krippendorff_alpha([["a", "a"], ["a", "a"]]))
    assert np.isnan(krippendorff_alpha([["a", None], [None, "b"]]))


def entropy(p):
    return -np.sum(p * np.log2(p))


def test_suggestions_have_the_most_expected_information(crowd):
    _, frame, fitted = crowd
    found = suggest_next(fitted, frame, n_suggestions=len(frame))
    proba = fitted.predict_proba(frame)
    assert (np.diff(found.information) <= 0).all()
    for at in (0, 10, 200):
        row, person = found.sample[at], found.annotator[at]
        q, gains = proba[row], {}
        for a, T in zip(frame, fitted.transition_matrices_):
            if np.isnan(frame.loc[row, a]):  # by how much the entropy is expected to fall
                joint = q[:, None] * T
                answer = joint.sum(axis=0)
                posterior = joint / answer
                after = sum(p * entropy(c) for p, c in zip(answer, posterior.T))
                gains[a] = entropy(q) - after
        assert max(gains, key=gains.get) == person
        assert_allclose(found.information[at], gains[person], rtol=1e-6)


def test_nobody_is_asked_twice(crowd):
    _, frame, fitted = crowd
    found = suggest_next(fitted, frame, n_suggestions=len(frame))
    assert len(set(found.sample)) == len(found.sample)
    assert np.isnan(
        [frame.loc[row, a] for row, a in zip(found.sample, found.annotator)]
    ).all()
    full = frame.notna().all(axis=1)
    assert set(found.sample) == set(np.flatnonzero(~full))


def test_only_those_who_are_there_are_asked(crowd):
    _, frame, fitted = crowd
    found = suggest_next(fitted, frame, annotators=["c", "e"], n_suggestions=50)
    assert set(found.annotator) == {"c"}  # e answers at random
    with pytest.raises(ValueError, match="annotators must name"):
        suggest_next(fitted, frame, annotators=["Eve"])


def test_suggested_answers_improve_the_consensus_more_than_random_ones():
    rng = np.random.RandomState(0)
    y = rng.randint(3, size=600)
    matrices = [make_transition_matrix("symmetric", 3, r) for r in (0.1, 0.3, 0.3, 0.5)]
    full = np.stack([make_noisy_labels(y, T, random_state=rng) for T in matrices], axis=1)
    seen = np.where(rng.uniform(size=full.shape) < 0.5, full, np.nan)
    fitted = DawidSkene().fit(seen)
    found = suggest_next(fitted, seen, n_suggestions=100)
    asked, random = seen.copy(), seen.copy()
    asked[found.sample, found.annotator] = full[found.sample, found.annotator]
    open_cells = rng.permutation(np.argwhere(np.isnan(seen)))[:100]
    random[tuple(open_cells.T)] = full[tuple(open_cells.T)]
    right = [np.mean(fitted.predict(answers) == y) for answers in (asked, random)]
    assert right[0] > right[1] + 0.02


def test_votes_can_be_asked_about_too():
    y = [["a", "b", None], ["a", "a", "a"], ["b", "b", "b"]]
    found = suggest_next(MajorityVote().fit(y), y)
    assert found.sample.tolist() == [0]
    assert found.annotator.tolist() == [2]
