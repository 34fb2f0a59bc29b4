"""The model card says in Markdown what the page says, with the same numbers."""

import re
from html import unescape

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.inspection import noise_report


@pytest.fixture(scope="module")
def pages(fitted_wine, named_wine):
    """The card and the HTML page of a fit."""
    options = {"title": "Wine"}
    card = noise_report(fitted_wine, *named_wine, format="md", **options)
    return card, noise_report(fitted_wine, *named_wine, **options)


def text_of(html):
    """Return the text of a page without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def tables_of(card):
    """Return the cells of all lines of tables."""
    lines = [line for line in card.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {line[0]: line[1:] for line in cells}


def test_numbers_are_those_of_the_page(pages):
    card, html = pages
    html = text_of(html)
    for number in re.findall(r"\d+\.\d+(?:%|\b)", card):
        assert number in html


def test_card_has_the_noise_and_the_classes(pages, fitted_wine, named_wine):
    card, _ = pages
    _, y = named_wine
    lines, noise = tables_of(card), fitted_wine.noise_summary_
    assert card.startswith("---\nlibrary_name: sklnoise\n")
    assert f"{noise.noise_rate:.1%}" in lines["Share of wrong labels"][0]
    assert lines["Verdict"] == [noise.verdict]
    n_issues = int(fitted_wine.label_issues_.sum())
    assert lines["Labels to check"][0].startswith(f"{n_issues}, ")
    assert lines["scikit-learn"]
    for name in np.unique(y):
        assert f"| {name} | {np.sum(y == name)} |" in card


def test_held_out_accuracy_is_that_of_the_first_pass(pages, fitted_wine, named_wine):
    y_pred = fitted_wine.classes_[fitted_wine.out_of_fold_proba_.argmax(axis=1)]
    accuracy = np.mean(y_pred == named_wine[1])
    assert f"noisy labels: {accuracy:.1%}" in pages[0]


def test_marks_of_labels_are_escaped(rng):
    X = np.vstack([rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 6])
    y = np.repeat(["a|b\n# c", "<b>_x_"], 30)
    clf = NoiseRobustClassifier(transition=0.1, random_state=0)
    clf.set_params(estimator__max_epochs=2).fit(X, y)
    card = noise_report(clf, X, y, format="md", title="[x](y)")
    assert r"a\|b \# c" in card
    assert r"\<b\>\_x\_" in card
    assert r"# \[x\](y)" in card
    assert "No sample was held out" in card


def test_any_classifier_has_a_card(named_wine):
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=2, random_state=0)
    card = noise_report(clf.fit(*named_wine), *named_wine, format="md")
    assert "| classifier | LogisticRegression |" in card


def test_card_is_written_to_a_file(fitted_wine, named_wine, tmp_path):
    path = tmp_path / "card.md"
    text = noise_report(fitted_wine, *named_wine, format="md", path=path)
    assert path.read_text("utf-8") == text


def test_other_format_is_refused(fitted_wine, named_wine):
    with pytest.raises(ValueError, match="format"):
        noise_report(fitted_wine, *named_wine, format="pdf")
