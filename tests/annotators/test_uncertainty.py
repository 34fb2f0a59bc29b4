"""How certain the matrices and the accuracies of annotators are."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklnoise.annotators import DawidSkene
from sklnoise.annotators._answers import check_answers
from sklnoise.annotators._em import fit_em
from sklnoise.annotators._uncertainty import standard_errors
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

GOOD = (0.02,) * 8


def ask(rates, n, n_classes=3, missing=0.0, seed=0):
    """Return clean classes and the answers of annotators with symmetric noise."""
    rng = np.random.RandomState(seed)
    y = np.repeat(np.arange(n_classes), n // n_classes + 1)[:n]
    matrices = [make_transition_matrix("symmetric", n_classes, rate) for rate in rates]
    answers = np.stack(
        [make_noisy_labels(y, T, random_state=rng) for T in matrices], axis=1
    ).astype(float)
    answers[rng.uniform(size=answers.shape) < missing] = np.nan
    return y, answers


def width(summary):
    return summary.accuracy_high - summary.accuracy_low


@pytest.mark.parametrize("prior", ["pooled", 3.0, None])
def test_errors_are_those_of_shares_if_the_clean_classes_are_known(prior):
    _, answers = ask((*GOOD, 0.4), n=300)
    crowd = DawidSkene(prior=prior).fit(answers)
    T = crowd.transition_matrices_[-1]
    assert_allclose(crowd.standard_error_[-1], np.sqrt(T * (1 - T) / 100), rtol=0.1)
    summary = crowd.annotator_summary_
    p = summary.accuracy[-1]
    assert_allclose(width(summary)[-1], 2 * 1.96 * np.sqrt(p * (1 - p) / 300), rtol=0.1)


def test_standard_errors_are_as_large_as_the_errors():
    rates = 0.2, 0.3, 0.4, 0.5, 0.3, 0.4
    expected = np.stack([make_transition_matrix("symmetric", 3, rate) for rate in rates])
    z, inside = [], []
    for seed in range(8):
        _, answers = ask(rates, n=240, missing=0.4, seed=seed)
        crowd = DawidSkene().fit(answers)
        z.append((crowd.transition_matrices_ - expected) / crowd.standard_error_)
        summary, accuracy = crowd.annotator_summary_, 1 - np.array(rates)
        low, high = summary.accuracy_low, summary.accuracy_high
        inside.append((low < accuracy) & (accuracy < high))
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.3
    assert np.mean(inside) > 0.85


def test_uncertain_consensus_makes_everybody_uncertain():
    widths = []
    for others in (GOOD, (0.4, 0.4, 0.5)):
        _, answers = ask((*others, 0.3), n=300)
        widths.append(width(DawidSkene().fit(answers).annotator_summary_)[-1])
    assert widths[1] > 1.5 * widths[0]


def test_prior_does_not_make_an_annotator_certain():
    _, answers = ask((0.3,) * 12, n=300)
    answers[5:, 0] = np.nan
    summary = DawidSkene().fit(answers).annotator_summary_
    assert width(summary)[0] > 0.5 > 2 * width(summary)[1:].max()


def test_prior_of_each_sample_makes_annotators_more_certain():
    y, labels = ask((0.4, 0.4, 0.5), n=300)
    answers = check_answers(labels)
    found = []
    for certainty in (0.0, 0.9):
        sample_prior = certainty * np.eye(3)[y] + (1 - certainty) / 3
        model = fit_em(answers, sample_prior=sample_prior)
        found.append(standard_errors(answers, model, sample_prior=sample_prior))
    for uncertain, certain in zip(*found):
        assert uncertain.shape == certain.shape
        assert certain.mean() < 0.8 * uncertain.mean()


def test_order_of_annotators_does_not_matter():
    _, answers = ask((0.1, 0.3, 0.4, 0.5, 0.3), n=200, missing=0.3)
    columns = [3, 0, 4, 1, 2]
    crowd, other = DawidSkene().fit(answers), DawidSkene().fit(answers[:, columns])
    assert_allclose(other.standard_error_, crowd.standard_error_[columns], atol=1e-6)
    low, other_low = (c.annotator_summary_.accuracy_low for c in (crowd, other))
    assert_allclose(other_low, low[columns], atol=1e-6)


def test_order_of_samples_hardly_matters():
    _, answers = ask((0.1, 0.3, 0.4, 0.5, 0.3), n=400, missing=0.3)
    rows = np.random.RandomState(0).permutation(len(answers))
    crowd, other = DawidSkene().fit(answers), DawidSkene().fit(answers[rows])
    widths = [width(c.annotator_summary_) for c in (crowd, other)]
    assert_allclose(*widths, rtol=0.4)


def test_errors_that_nobody_asked_for_are_those_of_the_last_fit():
    crowd = DawidSkene()
    assert not hasattr(crowd, "standard_error_")
    first, second = (ask((0.1, 0.3, 0.4), n=60, seed=seed)[1] for seed in (0, 1))
    before = crowd.fit(first).standard_error_
    crowd.fit(second)
    copy = pickle.loads(pickle.dumps(crowd))
    assert_allclose(copy.standard_error_, crowd.standard_error_)
    assert_allclose(crowd.standard_error_, DawidSkene().fit(second).standard_error_)
    assert not np.allclose(crowd.standard_error_, before)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.AnnotatorWarning")
@pytest.mark.parametrize("answers", [[[0, 1]], [[0, 1], [np.nan, 0]]])
def test_errors_of_the_fewest_samples_are_finite(answers):
    crowd = DawidSkene().fit(answers)
    assert np.isfinite(crowd.standard_error_).all()
    assert (width(crowd.annotator_summary_) > 0).all()
