"""The file of a report is whole, small, closed to the network and escaped."""

import json
import os
import re
import sys
import threading
from base64 import b64encode
from copy import deepcopy
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import noise_report

EVIL = "<script>alert('x')</script><img src=http://x.org/a.png onerror=\"f()\">"


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def evil():
    """A classifier, rows and labels of which every name and value is an attack."""
    rng = np.random.RandomState(0)
    codes = np.arange(90) % 3
    X = 5.0 * np.eye(3)[codes] + rng.standard_normal((90, 3))
    codes[[4, 20]] = (codes[[4, 20]] + 1) % 3
    y = np.array([f"{EVIL}{k}" for k in range(3)])[codes]
    frame = pd.DataFrame(X, columns=[f"{EVIL} {j}" for j in range(3)])
    frame["text"] = EVIL + " and more of it" * 20
    frame.index = [f"{EVIL} row {row}" for row in range(90)]
    clf = NoiseRobustClassifier(correction="forward", transition=0.1, random_state=0)
    numbers = FunctionTransformer(first_three)
    return make_pipeline(numbers, clf).fit(frame, y), frame, y


def first_three(X):
    return X.iloc[:, :3].to_numpy()


@pytest.fixture(scope="module")
def html(evil):
    return noise_report(*evil, title=EVIL)


def test_no_value_becomes_a_tag(html):
    page = Tags(html)
    assert not {"iframe", "object", "link", "base"} & {t for t, _ in page.tags}
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "data"}, {}]
    assert all(
        attrs["src"].startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
        for tag, attrs in page.tags
        if tag == "img"
    )
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)


def test_values_are_shown_as_they_are(html):
    text = Tags(html).text
    assert text.count(EVIL) >= 2  # the title and the whole text of a cell
    for start in (EVIL[:39], f"{EVIL} row 4"[:39], EVIL[:39]):
        assert start in text


def test_page_forbids_to_fetch_and_to_run_other_scripts(html):
    [policy] = [
        attrs["content"]
        for tag, attrs in Tags(html).tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for tag in "style", "script":
        [content] = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert " style=" not in html


HOSTILE = "a\x1b[31m\x00b\u202ec\u2066d\ufeff</script><!--"


def test_invisible_characters_are_shown_as_escapes(evil):
    clf, frame, y = evil
    changed = deepcopy(clf)
    classes = changed[-1].classes_ = np.array([f"{k}{HOSTILE}" for k in range(3)])
    y = classes[[int(label[-1]) for label in y]]
    frame = frame.rename(columns={"text": f"text{HOSTILE}"})
    frame[f"text{HOSTILE}"] = HOSTILE
    frame.index = pd.Index([f"{HOSTILE}{row}" for row in range(90)], name=HOSTILE)
    source = {
        "file_name": HOSTILE,
        "columns": [{"name": HOSTILE, "kind": HOSTILE, "note": HOSTILE}],
        "notes": [HOSTILE],
        "next_steps": [(HOSTILE, HOSTILE)],
    }
    html = noise_report(changed, frame, y, title=HOSTILE, source=source)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufeff]", html)
    page = Tags(html)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert r"a\x1b[31m\x00b\u202ec\u2066d\ufeff</script><!--" in page.text
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert json.loads(data)["labels"] == classes.tolist()


def test_large_labels_are_shortened(evil):
    clf, frame, y = evil
    changed = deepcopy(clf)
    classes = changed[-1].classes_ = np.array(
        ["a" * 10**6, f"{'a' * 10**6}b", "b" * 9000], dtype=object
    )
    y = classes[[int(label[-1]) for label in y]]
    html = noise_report(changed, frame, y)
    assert len(html) < 300_000
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    labels = json.loads(data)["labels"]
    assert labels[2] == classes[2]
    assert len(set(labels)) == 3
    assert max(map(len, labels)) < 10_100


def test_page_links_to_itself_only(html):
    targets = [attrs["href"] for _, attrs in Tags(html).tags if "href" in attrs]
    assert targets
    assert all(target.startswith("#") for target in targets)
    assert not re.search(r"@import|url\(", html)


def test_file_holds_what_is_returned(evil, tmp_path):
    html = noise_report(*evil, path=tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_file_is_replaced(evil, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before")
    noise_report(*evil, path=str(path))
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_interrupt_leaves_the_file_as_it_was(evil, tmp_path, monkeypatch):
    def interrupted(source, target):
        raise KeyboardInterrupt

    path = tmp_path / "report.html"
    path.write_text("before")
    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        noise_report(*evil, path=path)
    assert path.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_missing_folder_is_told_before_the_work(tmp_path):
    clf = NoiseRobustClassifier(transition=0.1, random_state=0)
    clf.fit([[0.0], [1.0], [0.1], [0.9]], [0, 1, 0, 1])
    with pytest.raises(FileNotFoundError, match="does not exist"):
        noise_report(clf, None, None, path=tmp_path / "none" / "report.html")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_fifo_is_written_into(evil, tmp_path):
    fifo, read = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: read.append(fifo.read_text("utf-8")))
    reader.start()
    html = noise_report(*evil, path=fifo)
    reader.join(10)
    assert read == [html]
    assert [path.name for path in tmp_path.iterdir()] == ["fifo"]


def test_folder_is_no_file(evil, tmp_path):
    with pytest.raises(IsADirectoryError, match="Add a name"):
        noise_report(*evil, path=tmp_path)


def test_missing_jinja_is_named(evil, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match="pip install jinja2"):
        noise_report(*evil)


@pytest.mark.parametrize(
    "wrong",
    [{"n_suspects": -1}, {"title": 3}, {"new_rows": "yes"}, {"path": 3}, {"source": "a"}],
)
def test_wrong_parameters_are_refused(evil, wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
        noise_report(*evil, **wrong)


def test_file_stays_small_with_large_rows(evil):
    clf, frame, y = evil
    rng = np.random.RandomState(0)
    large = pd.concat([frame] * 40, ignore_index=True)
    for name in "abcd":
        large[name] = [rng.bytes(1000).hex() for _ in range(len(large))]
    y = np.roll(np.tile(y, 40), 1)  # nearly all are suspected
    html = noise_report(clf, large, y, new_rows=True, n_suspects=10**6)
    assert len(html.encode()) < 3_000_000
    assert "The list ends early" in html


def test_file_stays_small_with_many_rows(evil):
    clf, frame, y = evil
    X = pd.DataFrame(np.tile(frame.iloc[:, :3], (67, 1)) / 3, columns=[*"abc"])
    for name in "defgh":
        X[name] = X["a"]
    y = np.roll(np.tile(y, 67), 1)
    sure = deepcopy(clf)
    sure[-1].transition_matrix_ = np.eye(3)  # all unlikely labels are suspected
    html = noise_report(sure, X, y, new_rows=True, n_suspects=10**6)
    assert html.count("<tr>") > 5000
    assert len(html.encode()) < 3_000_000


def test_file_stays_small_with_large_images():
    rng = np.random.RandomState(0)
    images = rng.random_sample((600, 3, 70, 70)).astype(np.float32)
    y = np.arange(600) % 10
    means = FunctionTransformer(channel_means)
    clf = NoiseRobustClassifier(correction="none", random_state=0)
    pipe = make_pipeline(means, clf).fit(images, y)
    html = noise_report(pipe, images, y, n_suspects=600)
    assert html.count("<img") == 300
    assert len(html.encode()) < 3_000_000


def channel_means(images):
    return images.mean(axis=(2, 3))


def test_lone_surrogates_are_replaced(tmp_path):
    X, y = [[0.0], [1.0], [0.1], [0.9]], ["a\ud800", "b", "b", "a\ud800"]
    clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
    rows = pd.DataFrame([["cell \ud83d"]] * 4, dtype=object)
    rows.columns = pd.Index(["c\udfff"], dtype=object)
    rows.index = pd.Index(["i\ud800"] * 4, dtype=object)
    clf.predict_proba = lambda X: np.array([[1.0, 0.0], [0.0, 1.0]] * 2)
    html = noise_report(clf, rows, y, path=tmp_path / "a.html", title="t\ud800")
    assert (tmp_path / "a.html").read_text("utf-8") == html
    text = Tags(html).text
    assert all(told in text for told in ("t?", "c?", "cell ?", "i?", "a?"))
