"""The report says what the fit knows, of rows of every kind."""

import json
import re
import sys
from base64 import b64decode
from copy import deepcopy
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from PIL import Image
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import Bunch
from skorch import NeuralNetClassifier
from torch.utils.data import TensorDataset

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseRobustClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise.inspection import noise_report
from sklnoise.nn import MLP

NAMES = np.array(["ant", "bee", "cat"])
WEAK = Bunch(impurity=0.41, accuracy_over_majority=0.02)


class Page(HTMLParser):
    """What stands in a page: the texts of its elements, and its tables by caption."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.tables = [], [], {}
        self.in_template, self.html = False, html
        self.feed(html)
        assert not self.open, "an element is not closed"

    def handle_starttag(self, tag, attrs):
        if tag == "template" or self.in_template:
            self.in_template = True  # is not shown
            return
        element = Bunch(tag=tag, attrs=dict(attrs), text="")
        self.elements.append(element)
        if tag not in ("meta", "img", "input"):
            self.open.append(element)
        if tag == "tr":
            self.rows.append([])
        elif tag == "table":
            self.rows = []

    def handle_data(self, data):
        for element in self.open:
            element.text += "" if self.in_template else data

    def handle_endtag(self, tag):
        if self.in_template:
            self.in_template = tag != "template"
            return
        element = self.open.pop()
        assert element.tag == tag, f"{element.tag} is closed by {tag}"
        if tag in ("td", "th"):
            self.rows[-1].append(element.text)
        elif tag == "caption":
            self.tables[element.text] = self.rows

    def all(self, tag):
        return [element for element in self.elements if element.tag == tag]

    @property
    def text(self):
        return self.all("main")[0].text

    def texts(self, tag, class_=None):
        found = self.all(tag)
        return [e.text for e in found if class_ in (None, e.attrs.get("class"))]


def net(epochs=15):
    return NeuralNetClassifier(
        MLP,
        module__hidden=8,
        optimizer=torch.optim.Adam,
        lr=0.05,
        max_epochs=epochs,
        batch_size=256,
        train_split=None,
        verbose=0,
    )


@pytest.fixture(scope="module")
def blobs():
    """Three far blobs and their labels, wrong in the rows 3, 50 and 100."""
    rng = np.random.RandomState(0)
    y = np.arange(120) % 3
    X = 5.0 * np.eye(3)[y] + rng.standard_normal((120, 3))
    y[[3, 50, 100]] = (y[[3, 50, 100]] + 1) % 3
    return X, NAMES[y]


@pytest.fixture(scope="module")
def clf(blobs):
    return NoiseRobustClassifier(net(), cv=3, random_state=0).fit(*blobs)


@pytest.fixture(scope="module")
def knowing():
    """Make a classifier that was told T."""

    def make(**params):
        return NoiseRobustClassifier(net(), transition=0.1, random_state=0, **params)

    return make


@pytest.fixture(scope="module")
def page(clf, blobs):
    return Page(noise_report(clf, *blobs))


@pytest.fixture
def altered(clf, blobs):
    """Make the page of the classifier with parts of its summary replaced."""

    def make(**changes):
        changed = deepcopy(clf)
        changed.noise_summary_.update(changes)
        return Page(noise_report(changed, *blobs))

    return make


def suspects(html):
    return Page(html).tables["Most suspicious labels"]


def test_head_tells_the_noise_rate_and_its_interval(page, clf):
    rate, interval = clf.noise_summary_.noise_rate, clf.noise_summary_.noise_rate_interval
    assert f"{100 * rate:.1f}%" in page.texts("dd", "large")
    told = "very likely {:.1f}% to {:.1f}%".format(*100 * np.array(interval))
    assert told in page.texts("dd", "quiet")


def test_head_counts_the_wrong_labels(page, clf):
    [lead] = page.texts("p", "lead")
    count = f"{120 * clf.noise_summary_.noise_rate:.0f}"
    assert lead.startswith(f"About {count} of the 120 labels look wrong")
    assert "How sure: " in lead


def test_head_names_the_most_frequent_confusion(clf, blobs):
    X, y = blobs
    y = y.copy()
    y[[0, 9, 30]] = "cat"  # they are ants
    [lead] = Page(noise_report(clf, X, y, new_rows=True)).texts("p", "lead")
    assert "most often ant written as cat" in lead


def test_head_uses_no_words_of_statisticians(altered):
    page = altered(
        weak_first_pass=True,
        diagnostics=WEAK,
        indistinguishable_classes=[("ant", "bee")],
        dominated_classes=["cat"],
    )
    shown = page.text.partition("For statisticians\n")[0].partition("Label noise")[2]
    words = re.findall(r"[A-Za-z]+", shown)
    assert not {"T", "doubt", "matrix", "transition", "posterior", "epoch"} & set(words)
    assert "condition number" not in shown


def test_cautions_come_before_the_number(altered):
    html = altered(weak_first_pass=True, diagnostics=WEAK).html
    assert html.index('class="caution"') < html.index('class="lead"')


def test_strong_fit_has_no_caution(page):
    assert page.texts("p", "caution") == []


@pytest.mark.parametrize(
    ("changes", "caution"),
    [
        ({"indistinguishable_classes": [("ant", "bee")]}, "apart: ant / bee"),
        ({"dominated_classes": ["cat"]}, "than as themselves: cat"),
        (
            {"weak_first_pass": True, "diagnostics": WEAK},
            "wrong on about 41.0% of the rows",
        ),
    ],
)
def test_reasons_for_caution_are_given(altered, changes, caution):
    [told] = altered(**changes).texts("p", "caution")
    assert caution in told


def test_each_class_has_its_line(page, clf, blobs):
    head, *lines = page.tables["Labels by class"]
    assert head[0] == "class"
    assert [line[0] for line in lines] == NAMES.tolist()
    assert [int(line[1]) for line in lines] == [(blobs[1] == n).sum() for n in NAMES]
    _, *lines = page.tables["Noise by class"]
    rates = 100 * clf.noise_summary_.noise_rate_per_class
    assert [line[1].split("%")[0] for line in lines] == [f"{rate:.1f}" for rate in rates]


def test_transition_matrix_is_a_table(page, clf):
    [caption] = [name for name in page.tables if name.startswith("P(label | clean")]
    head, *lines = page.tables[caption]
    assert head[1:] == NAMES.tolist()
    values = [[float(cell[:4]) for cell in line[1:]] for line in lines]
    np.testing.assert_allclose(values, clf.transition_matrix_, atol=0.0051)


def test_cells_tell_their_standard_errors(page, clf):
    errors = clf.transition_estimator_.standard_error_
    told = [f"±{error:.2f}" for error in errors.ravel() if error >= 0.005]
    assert told
    assert page.texts("small") == told


def test_wrong_labels_are_the_suspects(clf, blobs):
    _, *lines = suspects(noise_report(clf, *blobs))
    rows = [int(line[0]) for line in lines]
    assert {3, 50, 100} <= set(rows)
    issues = find_label_issues(
        blobs[1],
        clf.out_of_fold_proba_,
        transition_matrix=clf.transition_matrix_,
        return_type="indices",
    )
    assert rows == issues.tolist()


def test_suspects_come_with_suggestion_and_quality(clf, blobs):
    X, y = blobs
    quality = label_quality_scores(
        y, clf.out_of_fold_proba_, transition_matrix=clf.transition_matrix_
    )
    head, *lines = suspects(noise_report(clf, X, y))
    assert head[:4] == ["row", "label", "suggested", "quality"]
    for row, label, suggested, score, *values in lines:
        row = int(row)
        assert label == y[row]
        assert suggested != label
        told = f"{quality[row]:.3f}" if quality[row] >= 0.0005 else "<0.001"
        assert score == told
        assert values == [f"{value:.4g}" for value in X[row]]


def test_only_so_many_suspects_are_listed(clf, blobs):
    assert len(suspects(noise_report(clf, *blobs, n_suspects=2))) == 3


def test_single_listed_suspect_is_one(clf, blobs):
    html = noise_report(clf, *blobs, n_suspects=1)
    assert "The most suspicious one is listed." in html


def test_clean_labels_have_no_suspect(clf, blobs):
    X, y = blobs
    rows = np.flatnonzero(~np.isin(np.arange(120), [3, 50, 100]))[:30]
    sure = deepcopy(clf)
    sure.transition_matrix_ = np.eye(3)  # a label is suspected only if it is not likely
    html = noise_report(sure, X[rows], y[rows], new_rows=True)
    assert "No label is suspected." in html


def test_transition_that_the_refit_changed_comes_without_errors(clf, blobs):
    changed = deepcopy(clf)
    changed.transition_matrix_ = np.array([[0.7, 0.3, 0], [0, 1, 0], [0.1, 0.2, 0.7]])
    page = Page(noise_report(changed, *blobs))
    assert "changed before or in the refit" in " ".join(page.texts("p"))
    assert page.texts("small") == []


def test_histogram_counts_all_rows(page):
    told = [title for title in page.texts("title") if title.startswith("quality ")]
    counts = {title: int(title.split(": ")[1].split()[0]) for title in told}
    assert sum(counts.values()) == 120


def test_settings_tell_parameters_and_versions(page):
    assert ["random_state", "0"] in page.tables["Parameters"]
    assert ["correction", "default"] in page.tables["Parameters"]
    assert ["loss of the refit", "ForwardLoss"] in page.tables["What was fitted"]
    assert ["torch", torch.__version__] in page.tables["Versions"]


def test_every_picture_is_described(page):
    assert all(image.attrs["alt"] for image in page.all("img"))
    assert all(svg.attrs["aria-label"] for svg in page.all("svg"))


def test_links_of_the_contents_lead_to_headings(page):
    there = {heading.attrs.get("id") for heading in page.all("h2")}
    assert {link.attrs["href"].removeprefix("#") for link in page.all("a")} == there
    assert all(cell.attrs["scope"] in ("row", "col") for cell in page.all("th"))


def test_many_classes_are_listed_by_pairs_and_a_picture(clf, blobs):
    n_classes, rng = 100, np.random.RandomState(0)
    many = deepcopy(clf)
    many.classes_ = np.array([f"a class of the number {k:03}" for k in range(n_classes)])
    T = 0.8 * np.eye(n_classes) + 0.2 * rng.dirichlet(np.full(n_classes, 0.1), n_classes)
    many.transition_matrix_ = many.transition_estimator_.transition_matrix_ = T
    many.noise_summary_.noise_rate_per_class = 1 - T.diagonal()
    many.noise_summary_.noise_rate_per_class_interval = np.tile([0.1, 0.2], (100, 1))
    many.out_of_fold_proba_ = rng.dirichlet(np.ones(n_classes), size=120)
    y = many.classes_[rng.randint(n_classes, size=120)]
    html = noise_report(many, blobs[0], y)
    page = Page(html)
    assert len(html) < 500_000
    assert len(page.tables["Labels by class"]) == 101
    first = page.tables["Largest entries of T off the diagonal"][1]
    off = np.where(np.eye(n_classes, dtype=bool), 0, T)
    i, j = np.unravel_index(off.argmax(), T.shape)
    assert first == [many.classes_[i], many.classes_[j], f"{100 * off.max():.1f}%"]
    assert any("Heat map" in image.attrs["alt"] for image in page.all("img"))


def test_rows_that_no_fold_held_out_are_not_judged(clf, blobs):
    partial = deepcopy(clf)
    partial.out_of_fold_proba_[[3, 4]] = np.nan
    html = noise_report(partial, *blobs)
    assert "3" not in [line[0] for line in suspects(html)]
    assert "2 rows were never held out" in Page(html).texts("p", "caution")[0]


def test_other_number_of_rows_asks_for_new_rows(clf, blobs):
    X, y = blobs
    with pytest.raises(ValueError, match="new_rows=True"):
        noise_report(clf, X[:50], y[:50])


def test_new_rows_are_judged_by_what_is_predicted(clf, blobs):
    X, y = blobs
    html = noise_report(clf, X[40:60], y[40:60], new_rows=True)
    assert [line[0] for line in suspects(html)][1] == "10"
    assert "new to the model" in html


def test_known_transition_says_that_the_labels_were_learned(knowing, blobs):
    page = Page(noise_report(knowing().fit(*blobs), *blobs))
    assert "has learned these very labels" in page.texts("p", "caution")[0]


def test_known_even_noise_has_no_interval(knowing, blobs):
    page = Page(noise_report(knowing().fit(*blobs), *blobs))
    [lead] = page.texts("p", "lead")
    assert lead.startswith("By the noise that was given, about 12 of the 120 labels")
    assert "as given" in page.texts("dd", "quiet")
    assert page.tables["Noise by class"][1][1] == "10.0%"


def test_loss_without_transition_claims_no_noise_rate(blobs):
    clf = NoiseRobustClassifier(net(), correction="gce", random_state=0).fit(*blobs)
    page = Page(noise_report(clf, *blobs))
    assert "unknown" in page.texts("dd", "large")
    assert page.tables["Labels by class"][0] == ["class", "labelled so", "suspected"]
    assert "Noise by class" not in page.tables
    assert "No transition matrix was given or estimated." in page.texts("p")


def test_correction_that_was_not_worth_it_still_shows_its_transition(blobs):
    clf = NoiseRobustClassifier(net(), correction="auto", cv=3, random_state=0)
    clf.fit(*blobs)
    clf.transition_matrix_ = np.eye(3)  # as where "none" was chosen
    html = noise_report(clf, *blobs)
    assert "the refit did not correct by it" in html
    assert len(suspects(html)) > 3


def test_pipeline_shows_its_raw_rows(knowing, blobs):
    X, y = blobs
    frame = pd.DataFrame(X, columns=["height", "width", "age"])
    frame.index = [f"photo {row}" for row in range(120)]
    pipe = make_pipeline(StandardScaler(), knowing()).fit(frame, y)
    head, *lines = suspects(noise_report(pipe, frame, y))
    assert head == ["row", "index", "label", "suggested", "quality", *frame]
    row = int(lines[0][0])
    assert lines[0][1] == f"photo {row}"
    assert lines[0][5:] == [f"{value:.4g}" for value in X[row]]


def test_search_reports_its_best(blobs):
    clf = NoiseRobustClassifier(net(5), cv=2, random_state=0)
    search = GridSearchCV(clf, {"warm_up": [0.0, 0.2]}, cv=2).fit(*blobs)
    best = search.best_estimator_
    assert noise_report(search, *blobs) == noise_report(best, *blobs)


@pytest.mark.parametrize("kind", [np.asarray, pl.DataFrame, csr_array])
def test_rows_of_every_kind_are_shown(clf, blobs, kind):
    X, y = blobs
    _, first, *_ = suspects(noise_report(clf, kind(X), y))
    shown = first[4] if kind is csr_array else first[4:]
    row = X[int(first[0])]
    if kind is csr_array:
        largest = np.argmax(np.abs(row))
        assert shown.startswith(f"{largest}: {row[largest]:.4g}, ")
    else:
        assert shown == [f"{value:.4g}" for value in row]


def test_only_the_first_columns_are_shown(clf, blobs):
    _, y = blobs
    html = noise_report(clf, np.zeros((120, 40)), y)
    assert len(suspects(html)[0]) == 4 + 8
    assert "The first 8 of 40 columns are shown." in html


def test_text_that_looks_like_a_missing_time_is_shown(clf, blobs):
    frame = pd.DataFrame({"text": ["NaT"] * 120, "time": [pd.NaT] * 120})
    assert suspects(noise_report(clf, frame, blobs[1]))[1][4:] == ["NaT", "missing"]


def test_cell_with_an_array_is_shown(clf, blobs):
    frame = pd.DataFrame({"vector": [np.array([1, 2])] * 120})
    assert suspects(noise_report(clf, frame, blobs[1]))[1][4:] == ["[1 2]"]


def test_missing_values_are_named(clf, blobs):
    frame = pd.DataFrame(
        {"city": [None] * 120, "seen": [True] * 120, "n": [np.nan] * 120}
    )
    assert suspects(noise_report(clf, frame, blobs[1]))[1][4:] == [
        "missing",
        "True",
        "missing",
    ]


def test_training_is_drawn(page, clf):
    charts = [svg.attrs["aria-label"] for svg in page.all("svg")]
    assert sum("First pass, mean of 3 folds" in label for label in charts) == 1
    assert sum("Refit, 15 epochs" in label for label in charts) == 1
    last = clf.history_[-1]["train_loss"]
    assert any(f"train_loss {last:.3g}" in label for label in charts)


@pytest.mark.parametrize("n_epochs", [1, 1000])
def test_any_number_of_epochs_is_drawn(clf, blobs, n_epochs):
    changed = deepcopy(clf)
    changed.history_ = [{"train_loss": 1.0, "valid_loss": np.nan}] * n_epochs
    [*_, line] = Page(noise_report(changed, *blobs)).all("polyline")
    assert len(line.attrs["points"].split()) == {1: 2, 1000: 200}[n_epochs]


def test_images_are_shown_whole(knowing, blobs):
    X, y = blobs
    images = np.repeat(np.repeat(X[:, :, None], 30, axis=1), 90, axis=2)
    flat = FunctionTransformer(lambda rows: rows[:, ::30, 0])
    html = noise_report(make_pipeline(flat, knowing()).fit(images, y), images, y)
    shown = Page(html).all("img")
    assert len(shown) == len(suspects(html)) - 1
    assert "90 by 90 pixels" in shown[0].attrs["alt"]
    data = b64decode(shown[0].attrs["src"].partition(",")[2])
    assert Image.open(BytesIO(data)).size == (90, 90)


def test_without_pillow_the_report_says_how_to_get_pictures(knowing, blobs, monkeypatch):
    images = np.repeat(np.repeat(blobs[0][:, :, None], 2, axis=1), 6, axis=2)
    flat = FunctionTransformer(lambda rows: rows[:, ::2, 0])
    pipe = make_pipeline(flat, knowing()).fit(images, blobs[1])
    monkeypatch.setitem(sys.modules, "PIL", None)
    page = Page(noise_report(pipe, images, blobs[1]))
    assert 'pip install "sklnoise[images]"' in " ".join(page.texts("p"))
    assert page.all("img") == []
    assert len(page.tables["Most suspicious labels"]) > 1


def test_texts_are_folded_and_kept(knowing, rng):
    y = np.arange(60) % 2
    words = np.array([["dull", "grey", "cold"], ["warm", "bright", "gay"]])
    texts = [" ".join(rng.choice(words[k], 60)) for k in y]
    y[5] = 1 - y[5]
    clf = knowing().set_params(estimator__max_epochs=40)
    pipe = make_pipeline(TfidfVectorizer(), clf).fit(texts, y)
    page = Page(noise_report(pipe, texts, y))
    assert texts[5] in page.texts("p")
    assert all(len(text) <= 80 for text in page.texts("summary"))


def test_rows_of_a_dataset_are_not_shown(blobs):
    X, y = blobs
    data = TensorDataset(torch.from_numpy(X.astype(np.float32)))
    clf = NoiseRobustClassifier(net(), cv=2, random_state=0).fit(data, y)
    html = noise_report(clf, data, y)
    assert "The rows of a Dataset are not shown." in html
    assert len(suspects(html)[0]) == 4


def test_other_classifiers_are_refused(blobs):
    with pytest.raises(TypeError, match="NoiseRobustClassifier"):
        noise_report(LogisticRegression().fit(*blobs), *blobs)


def test_trusted_rows_are_no_suspects(clf, blobs):
    page = Page(noise_report(clf, *blobs, trusted=np.arange(120) < 60))
    rows = [int(line[0]) for line in page.tables["Most suspicious labels"][1:]]
    assert 100 in rows
    assert min(rows) >= 60
    told = " ".join(page.texts("p"))
    assert "60 labels are known to be right" in told
    assert "of the 60 other labels look wrong" in told


def test_rows_are_not_shown_where_they_were_not_given(clf, blobs):
    with_rows = suspects(noise_report(clf, *blobs))
    html = noise_report(clf, None, blobs[1])
    assert [line[:4] for line in with_rows] == suspects(html)
    assert "X was not given, so the rows are not shown." in html


def named_suspects(clf, X, y, index):
    frame = pd.DataFrame(X, columns=["label", "quality (X)", "quality"], index=index)
    return suspects(noise_report(clf, frame, y))


def test_index_with_a_name_names_the_rows(clf, blobs):
    index = pd.Index(np.arange(120) + 1, name="row")
    head, first, *_ = named_suspects(clf, *blobs, index)
    assert head[:4] == ["row", "label", "suggested", "quality"]
    by_position = suspects(noise_report(clf, *blobs))[1]
    assert int(first[0]) == int(by_position[0]) + 1


def test_columns_are_not_taken_for_those_of_the_report(clf, blobs):
    index = pd.Index(np.arange(120), name="label")
    assert named_suspects(clf, *blobs, index)[0] == [
        "label (index)",
        "label",
        "suggested",
        "quality",
        "label (X)",
        "quality (X)",
        "quality (X) (X)",
    ]


def test_labels_with_a_common_beginning_are_told_apart(clf, blobs):
    changed = deepcopy(clf)
    changed.classes_ = np.array([f"{'a place far away, ' * 5}{k}" for k in range(3)])
    y = changed.classes_[np.searchsorted(NAMES, blobs[1])]
    page = Page(noise_report(changed, blobs[0], y))
    names = [line[0] for line in page.tables["Labels by class"][1:]]
    names = [name[:40] for name in names]
    assert [name[-1] for name in names] == ["0", "1", "2"]
    assert {*page.texts("p")} >= {*changed.classes_}  # on demand


def test_labels_that_are_shortened_alike_are_numbered(clf, blobs):
    changed = deepcopy(clf)
    changed.classes_ = np.array([f"{'a' * 50}{k}{'z' * 50}" for k in range(3)])
    y = changed.classes_[np.searchsorted(NAMES, blobs[1])]
    html = noise_report(changed, blobs[0], y)
    assert {line[1][-9:] for line in suspects(html)[1:]} <= {
        f"(class {k})" for k in (1, 2, 3)
    }


def test_whole_numbers_are_written_in_full(clf, blobs):
    frame = pd.DataFrame({"id": 1234567 + np.arange(120), "price": [1234567.0] * 120})
    frame["share"] = 1 / 3
    first = suspects(noise_report(clf, frame, blobs[1]))[1]
    assert first[4:] == [str(1234567 + int(first[0])), "1234567", "0.3333"]


def test_columns_that_tell_most_come_first(clf, blobs):
    frame = pd.DataFrame(np.zeros((120, 20)), columns=[f"c{j}" for j in range(20)])
    html = noise_report(clf, frame, blobs[1], column_order=["c7", "c13"])
    expected = ["c7", "c13", "c0", "c1", "c2", "c3", "c4", "c5"]
    assert suspects(html)[0][4:] == expected


@pytest.mark.parametrize("order", [["d"], ["c", 1]])
def test_order_of_unknown_columns_is_refused(clf, blobs, order):
    frame = pd.DataFrame({"c": [0] * 120})
    with pytest.raises(ValueError, match="must name columns of X"):
        noise_report(clf, frame, blobs[1], column_order=order)


def test_order_of_columns_needs_names(clf, blobs):
    with pytest.raises(ValueError, match="must be a DataFrame"):
        noise_report(clf, *blobs, column_order=["c"])


def test_source_is_shown(clf, blobs):
    source = {
        "file_name": "pets.csv",
        "columns": [{"name": "age", "kind": "number", "note": "<b> & 2 cells missing"}],
        "notes": ["A row was left out."],
        "next_steps": [("Repair it:", "sklnoise repair pets.csv decisions.csv")],
    }
    page = Page(noise_report(clf, *blobs, source=source))
    assert "File: pets.csv" in page.texts("p")
    assert page.tables["How each column was read"][1] == list(
        source["columns"][0].values()
    )
    assert "A row was left out." in page.texts("li")
    assert page.texts("code") == ["sklnoise repair pets.csv decisions.csv"]
    there = {heading.attrs.get("id") for heading in page.all("h2")}
    assert {link.attrs["href"].removeprefix("#") for link in page.all("a")} == there


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({"file": "a.csv"}, ValueError),
        ({"file_name": 3}, TypeError),
        ({"columns": "age"}, TypeError),
        ({"columns": [{"kind": "number"}]}, TypeError),
        ({"notes": [3]}, TypeError),
        ({"next_steps": [("Repair it.",)]}, ValueError),
        ({"next_steps": [("Repair it:", None)]}, TypeError),
    ],
)
def test_wrong_source_is_refused(clf, blobs, source, error):
    with pytest.raises(error, match="source"):
        noise_report(clf, *blobs, source=source)


def data_of(html):
    [found] = [e for e in Page(html).all("script") if e.attrs.get("id") == "data"]
    return json.loads(found.text)


def test_decisions_are_kept_by_report_and_file(clf, blobs):
    keys = {
        data_of(noise_report(clf, *blobs, **params))["key"]
        for params in (
            {},
            {"title": "Other"},
            {"n_suspects": 2},
            {"source": {"file_name": "a.csv"}},
            {"source": {"file_name": "b.csv"}},
        )
    }
    assert len(keys) == 5
    again = data_of(noise_report(clf, *blobs))["key"]
    assert again in keys


def test_data_of_the_script_name_the_listed_samples(clf, blobs):
    html = noise_report(clf, *blobs)
    data = data_of(html)
    assert data["labels"] == NAMES.tolist()
    for line, (row, label, suggested, _) in zip(suspects(html)[1:], data["suspects"]):
        assert line[:3] == [row, data["names"][label], data["names"][suggested]]


def test_classifier_that_prunes_has_a_report_of_what_it_pruned(blobs):
    X, y = blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=3, random_state=0)
    model = make_pipeline(StandardScaler(), clf).fit(X, y)
    clf, html = model[-1], noise_report(model, X, y)
    listed = [line[0] for line in data_of(html)["suspects"]]
    assert sorted(map(int, listed)) == np.flatnonzero(clf.label_issues_).tolist()
    assert {3, 50, 100} <= set(map(int, listed))
    assert "LogisticRegression" in Page(html).text
    whole = noise_report(model, X[:30], y[:30], new_rows=True)
    assert "new to the model" in Page(whole).text
