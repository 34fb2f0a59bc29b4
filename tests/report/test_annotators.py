"""The report of a fit to several annotators tells of their answers and of each."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier
from sklnoise.annotators import krippendorff_alpha
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.inspection import noise_report

CLASSES = np.array(["ant", "bee", "cat"])
# "Eve" answers at random; names must be escaped.
RATES = {"Ann": 0.1, "<b>Bob|": 0.3, "Eve": 2 / 3}


def cells_after(html, caption):
    """Return the texts of the cells of a table, line by line."""
    table = html.split(f"<caption>{caption}", 1)[1].split("</table>", 1)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = (re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows)
    return [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in cells]


@pytest.fixture(scope="module")
def crowd():
    """Blobs, and the answers of three annotators, of which three in ten are missing."""
    rng = np.random.RandomState(0)
    codes = rng.randint(3, size=150)
    X = rng.normal(size=(150, 2)) + 4 * np.eye(3, 2)[codes]
    answers = pd.DataFrame(index=range(150))
    for name, rate in RATES.items():
        T = make_transition_matrix("symmetric", 3, rate)
        labels = CLASSES[make_noisy_labels(codes, T, random_state=rng)]
        answers[name] = np.where(rng.uniform(size=150) < 0.3, None, labels)
    return X, answers.assign(Nobody=None)


@pytest.fixture(scope="module")
def model(crowd):
    clf = NoiseRobustClassifier(cv=2, n_estimators=1, random_state=0)
    with pytest.warns(match="no answer"):
        return make_pipeline(StandardScaler(), clf).fit(*crowd)


@pytest.fixture(scope="module")
def page(model, crowd):
    return noise_report(model, *crowd)


def test_each_annotator_has_a_line(page, model):
    lines = cells_after(page, "What each annotator is worth")[1:]
    summary = model[-1].annotator_summary_
    by_name = {line[0]: line[1:] for line in lines}
    assert list(by_name)[-1] == "Nobody"
    assert by_name["Nobody"][-1] == "no answer"
    assert by_name["Eve"][-1] == "at random"
    accuracy, low, high = (
        summary[key][0] for key in ("accuracy", "accuracy_low", "accuracy_high")
    )
    assert by_name["Ann"][:3] == [
        str(summary.n_answers[0]),
        f"{accuracy:.1%}",
        f"{low:.1%} to {high:.1%}",
    ]
    assert by_name["Ann"][5] == f"{summary.information[0]:.2f}"


def test_names_are_escaped(page, model, crowd):
    assert "<b>Bob" not in page
    assert "&lt;b&gt;Bob|" in page
    assert r"\<b\>Bob\|" in noise_report(model, *crowd, format="md")


def test_agreement_is_shown(page, crowd):
    assert f">{krippendorff_alpha(crowd[1]):.2f}</dd>" in page


def test_suspects_are_the_answers_that_are_issues(page, model):
    issues = model[-1].find_label_issues(return_type="frame").query("is_issue")
    worst = issues.sort_values("quality", kind="stable").iloc[0]
    header, first, *_ = cells_after(page, "Most suspicious answers")
    assert header[:5] == ["row", "annotator", "label", "suggested", "quality"]
    names = [worst["sample"], worst.annotator, worst.label, worst.suggested_label]
    assert first[:4] == [re.sub("<", "&lt;", str(n)).replace(">", "&gt;") for n in names]
    assert f"{len(issues):,} answers another class" in page


def test_nothing_is_decided_on_rows_of_several_answers(page):
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["decides"] is False
    assert 'id="export"' not in page


def test_rate_is_estimated_and_is_one_of_answers(page, model, crowd):
    noise = model[-1].noise_summary_
    n_answers = int(crowd[1].notna().to_numpy().sum())
    assert (
        f"About {round(noise.noise_rate * n_answers)} of the {n_answers} answers" in page
    )
    assert "was given" not in page.split('id="statistics"')[0]


def test_answers_that_differ_are_not_all_right(model, crowd):
    y = crowd[1].drop(columns="Nobody")
    counts = y.apply(lambda row: row.value_counts().max(), axis=1).fillna(0)
    differ = 1 - counts.sum() / y.notna().to_numpy().sum()
    noise = model[-1].noise_summary_
    assert noise.noise_rate_interval[0] >= min(differ, noise.noise_rate) > 0


def test_each_annotator_with_answers_has_a_matrix(page, model):
    T = model[-1].transition_matrices_[0]
    rows = cells_after(page, "P(answer of Ann | clean class)")[1:]
    assert [row[0] for row in rows] == CLASSES.tolist()
    shown = [[float(cell[:4]) for cell in row[1:]] for row in rows]
    np.testing.assert_allclose(shown, T, atol=0.005)
    assert "P(answer of Nobody" not in page


def test_card_has_the_annotators(model, crowd):
    card = noise_report(model, *crowd, format="md")
    summary = model[-1].annotator_summary_
    assert f"| Ann | {summary.n_answers[0]} | {summary.accuracy[0]:.1%} |" in card


def test_other_answers_are_judged_as_new_rows(model, crowd):
    X, y = crowd[0][:20], crowd[1][:20]
    with pytest.raises(ValueError, match="150 samples"):
        noise_report(model, X, y)
    assert "Rows</dt><dd" in noise_report(model, X, y, new_rows=True)
    with pytest.raises(ValueError, match="X must be the new samples"):
        noise_report(model, None, y, new_rows=True)


def test_answers_must_be_those_of_the_fit(model, crowd):
    X, y = crowd
    changed = y.assign(Ann=np.roll(y["Ann"], 1))
    with pytest.raises(ValueError, match="some differ"):
        noise_report(model, X, changed)
    with pytest.raises(ValueError, match="annotators of the fit"):
        noise_report(model, X, y["Ann"])
    with pytest.raises(ValueError, match="all of them are missing"):
        noise_report(model, X, y.assign(**dict.fromkeys(y, None)), new_rows=True)


def test_answers_need_a_fit_to_answers(crowd):
    X, y = crowd
    clf = NoiseRobustClassifier(transition=0.1, refit=False)
    clf.fit(X[:12], X[:12, 0] > 2)
    with pytest.raises(ValueError, match="fitted to them"):
        noise_report(clf, X, y)


def test_samples_without_weight_are_counted_as_not_judged(model, crowd):
    X, y = crowd
    weight = np.ones(len(X))
    weight[y.notna().any(axis=1).to_numpy().nonzero()[0][:2]] = 0
    clf = clone(model[-1])
    with pytest.warns(match="no answer"):
        clf.fit(X, y, sample_weight=weight)
    assert "2 rows have answers but no weight" in noise_report(clf, X, y)


def test_many_annotators_make_a_small_page(crowd):
    rng = np.random.RandomState(0)
    X, _ = crowd
    y = np.full((len(X), 600), None)
    for row, label in zip(y, CLASSES[X.argmax(axis=1)]):
        row[rng.choice(600, 6, replace=False)] = label
    clf = NoiseRobustClassifier(refit=False, cv=2, random_state=0)
    with pytest.warns():
        clf.fit(X, y)
    page = noise_report(clf, X, y)
    n_lines = len(cells_after(page, "What each annotator is worth")) - 1
    assert n_lines < 100
    assert "600 annotators" in page
    assert f"the other {600 - n_lines} are not" in page
    assert len(page) < 150_000


def test_known_matrices_are_told_as_given(crowd):
    X, y = crowd
    T = [make_transition_matrix("symmetric", 3, rate) for rate in RATES.values()]
    clf = NoiseRobustClassifier(transition=np.array(T), cv=2, refit=False, random_state=0)
    page = noise_report(clf.fit(X, y[list(RATES)]), X, y[list(RATES)])
    assert "By the noise that was given" in page
    assert ">as given</dd>" in page
    lines = {row[0]: row for row in cells_after(page, "What each annotator is worth")[1:]}
    assert lines["Ann"][2:4] == ["90.0%", ""]
