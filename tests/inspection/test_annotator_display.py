"""The display of annotators shows how often each of them is right."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier
from sklnoise.annotators import DawidSkene, MajorityVote, annotator_summary
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.inspection import (
    AnnotatorDisplay,
    LabelIssuesDisplay,
    TransitionMatrixDisplay,
)

RATES = {"Ann": 0.05, "Bob": 0.2, "Cid": 0.3, "Eve": 0.5}
CAPTIONS = [f"{name} (300)" for name in RATES]


@pytest.fixture(scope="module")
def crowd():
    """Samples of two classes and the answers of four annotators; Eve's are random."""
    rng = np.random.RandomState(0)
    codes = np.arange(300) % 2
    X = rng.normal(size=(300, 2)) + 4 * codes[:, None]
    answers = {
        name: np.array(["no", "yes"])[
            make_noisy_labels(
                codes, make_transition_matrix("symmetric", 2, rate), random_state=rng
            )
        ]
        for name, rate in RATES.items()
    }
    return X, pd.DataFrame(answers)


@pytest.fixture(scope="module")
def model(crowd):
    clf = NoiseRobustClassifier(cv=2, n_estimators=1, random_state=0)
    return make_pipeline(StandardScaler(), clf).fit(*crowd)


def names(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def test_annotators_are_sorted_by_accuracy(model):
    display = AnnotatorDisplay.from_estimator(model, ax=Figure().subplots())
    assert names(display) == CAPTIONS
    bottom, top = display.ax_.get_ylim()
    assert bottom > top
    assert display.summary is model[-1].annotator_summary_


def test_intervals_are_those_of_the_summary(crowd):
    fitted = DawidSkene().fit(crowd[1])
    summary = annotator_summary(fitted, crowd[1], confidence_level=0.5)
    summary.is_random = np.arange(4) == 3
    display = AnnotatorDisplay.from_summary(summary, ax=Figure().subplots())
    informative, at_random = display.lines_
    assert_allclose(informative[0].get_xdata(), summary.accuracy[:3])
    ends = np.array([s[:, 0] for s in informative[2][0].get_segments()])
    assert_allclose(
        ends, np.stack([summary.accuracy_low, summary.accuracy_high], axis=1)[:3]
    )
    assert_allclose(at_random[0].get_xdata(), summary.accuracy[3:])


def test_frame_of_a_summary_draws_the_same(crowd):
    summary = DawidSkene().fit(crowd[1]).annotator_summary_
    display = AnnotatorDisplay.from_summary(pd.DataFrame(summary))
    assert names(display) == CAPTIONS


def test_of_many_the_most_active_and_the_worst_are_shown():
    m = 100
    summary = {
        "annotator": np.arange(m),
        "n_answers": np.arange(m) + 1,
        "accuracy": np.full(m, 0.7),
        "accuracy_low": np.full(m, 0.6),
        "accuracy_high": np.r_[0.4, 0.9, 0.5, np.full(m - 3, 0.8)],
        "is_random": np.zeros(m, dtype=bool),
    }
    display = AnnotatorDisplay.from_summary(summary, n_shown=4)
    assert set(display.shown_) == {98, 99, 0, 2}
    assert "4 of 100" in display.ax_.get_title()


def test_who_has_no_answer_comes_last_without_an_interval(crowd):
    with pytest.warns(match="no answer"):
        fitted = DawidSkene().fit(crowd[1].assign(Aaa=None))
    display = AnnotatorDisplay.from_estimator(fitted)
    assert names(display)[-1] == "Aaa (0)"
    assert sum(len(line[0].get_xdata()) for line in display.lines_) == 4


def test_what_knows_no_annotators_is_refused(crowd):
    X, y = crowd
    clf = NoiseRobustClassifier(transition=0.1, refit=False).fit(X[:12], y["Ann"][:12])
    with pytest.raises(ValueError, match="one label per sample"):
        AnnotatorDisplay.from_estimator(clf)
    with pytest.raises(NotFittedError):
        AnnotatorDisplay.from_estimator(DawidSkene())
    for wrong in (LogisticRegression(), MajorityVote().fit(y)):
        with pytest.raises(TypeError, match="NoiseRobustClassifier or DawidSkene"):
            AnnotatorDisplay.from_estimator(wrong)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_answers": np.ones(2, dtype=int)}, "one entry per annotator"),
        ({"accuracy": np.array(list("abcd"))}, "accuracy of a summary"),
        ({"is_random": np.zeros(4)}, "booleans"),
    ],
)
def test_summary_is_checked(crowd, changes, message):
    summary = dict(DawidSkene().fit(crowd[1]).annotator_summary_)
    with pytest.raises(ValueError, match=message):
        AnnotatorDisplay.from_summary(summary | changes)
    with pytest.raises(ValueError, match="are missing"):
        AnnotatorDisplay.from_summary({"accuracy": summary["accuracy"]})


@pytest.mark.parametrize("n_shown", [0, 1.5, "all"])
def test_number_shown_is_checked(model, n_shown):
    with pytest.raises(ValueError, match="n_shown"):
        AnnotatorDisplay.from_estimator(model, n_shown=n_shown)


def test_matrix_of_an_annotator_is_drawn(model, crowd):
    clf = model[-1]
    drawn = TransitionMatrixDisplay.from_estimator(model, annotator="Bob")
    assert_array_equal(drawn.transition_matrix, clf.transition_matrices_[1])
    assert_array_equal(drawn.standard_error, clf.standard_error_[1])
    pool = TransitionMatrixDisplay.from_estimator(model)
    assert pool.transition_matrix is clf.transition_matrix_
    consensus = DawidSkene().fit(crowd[1])
    drawn = TransitionMatrixDisplay.from_estimator(consensus, annotator="Ann")
    assert_array_equal(drawn.standard_error, consensus.standard_error_[0])


def test_unknown_annotator_is_refused(model, crowd):
    with pytest.raises(ValueError, match="Did you mean 'Bob'"):
        TransitionMatrixDisplay.from_estimator(model, annotator="bob")
    clf = NoiseRobustClassifier(transition=0.1, refit=False)
    clf.fit(crowd[0][:12], crowd[1]["Ann"][:12])
    with pytest.raises(ValueError, match="not fitted to the answers"):
        TransitionMatrixDisplay.from_estimator(clf, annotator="Ann")


def test_issues_name_the_annotator(model, crowd):
    issues = model[-1].find_label_issues(return_type="frame")
    display = LabelIssuesDisplay.from_estimator(model, *crowd, n_shown=3)
    assert_array_equal(display.is_issue, issues.is_issue)
    worst = issues[issues.is_issue].sort_values("quality", kind="stable").head(3)
    assert names(display) == [
        f"{line.sample}, {line.annotator}: {line.label} → {line.suggested_label}"
        for line in worst.itertuples()
    ]
    assert f"of {len(issues)} answers" in display.ax_.get_title()


def test_trusted_answers_are_no_issues(model, crowd):
    trusted = np.ones(len(crowd[0]), dtype=bool)
    display = LabelIssuesDisplay.from_estimator(model, *crowd, trusted=trusted)
    assert not display.is_issue.any()
