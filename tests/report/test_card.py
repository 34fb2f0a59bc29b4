"""The model card says in Markdown what the page says, with the same numbers."""

import re
from html import unescape

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import sklnoise
from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.inspection import noise_report


@pytest.fixture(scope="module")
def pages(fitted_wine, named_wine):
    """The card and the HTML page of a fit."""
    options = {"title": "Wine"}
    card = noise_report(fitted_wine, *named_wine, format="md", **options)
    return card, noise_report(fitted_wine, *named_wine, **options)


@pytest.fixture
def blobs_of_names(noisy_blobs):
    """Noisy blobs whose classes have names."""
    return noisy_blobs[0], np.array(["ant", "bee", "cat"])[noisy_blobs[1]]


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


def test_transition_that_is_singular_corrects_no_accuracy(blobs_of_names):
    T = [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]
    clf = NoiseRobustClassifier(transition=T, refit=False, random_state=0)
    card = noise_report(clf.fit(*blobs_of_names), *blobs_of_names, format="md")
    assert "held-out accuracy on the noisy labels" in card
    assert "held-out accuracy on the clean labels" not in card


@pytest.mark.parametrize(
    ("clf", "of_training"),
    [
        (
            NoiseRobustClassifier(transition=0.1, n_estimators=1, random_state=0),
            "loss of the refit",
        ),
        (
            ConfidentLearningClassifier(LogisticRegression(), random_state=0),
            "label issues",
        ),
    ],
)
def test_model_without_its_training_judges_new_rows(
    blobs_of_names, tmp_path, clf, of_training
):
    pytest.importorskip("skops.io")
    clf = clone(clf).fit(*blobs_of_names)
    clf.save(tmp_path / "model.skops", keep="model")
    model = sklnoise.load(tmp_path / "model.skops")
    options = {"new_rows": True, "format": "md"}
    card = tables_of(noise_report(model, *blobs_of_names, **options))
    whole = tables_of(noise_report(clf, *blobs_of_names, **options))
    assert whole.pop(of_training)
    assert card == whole


@pytest.mark.parametrize("name", ["&lt;i&gt;", "$x$", "a & b"])
def test_marks_of_html_and_mathematics_are_shown_as_they_are(noisy_blobs, name):
    X, y = noisy_blobs[:2]
    names = np.array([name, "bee", "cat"])
    clf = NoiseRobustClassifier(transition=0.1, refit=False, random_state=0)
    card = noise_report(clf.fit(X, names[y]), X, names[y], format="md")
    # A backslash makes a mark of Markdown a plain character, before entities are read.
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", card)
    assert f"| {name} |" in shown
    assert not re.search(r"(?<!\\)[&$]", card)
