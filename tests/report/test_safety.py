"""The file of a report is whole, small, closed to the network and escaped."""

import re
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
    assert not {"script", "iframe", "object", "link", "base"} & {t for t, _ in page.tags}
    assert all(
        attrs["src"].startswith("data:image/png;base64,")
        for tag, attrs in page.tags
        if tag == "img"
    )
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)


def test_values_are_shown_as_they_are(html):
    text = Tags(html).text
    assert text.count(EVIL) >= 2  # the title and the whole text of a cell
    for start in (EVIL[:39], f"{EVIL} row 4"[:39], EVIL[:39]):
        assert start in text


def test_page_forbids_to_fetch_and_to_run(html):
    [policy] = [
        attrs["content"]
        for tag, attrs in Tags(html).tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


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
    with pytest.raises(FileNotFoundError, match="Make the folder first"):
        noise_report(clf, None, None, path=tmp_path / "none" / "report.html")


def test_folder_is_no_file(evil, tmp_path):
    with pytest.raises(IsADirectoryError, match="Add a name"):
        noise_report(*evil, path=tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"n_suspects": -1}, {"title": 3}, {"new_rows": "yes"}, {"path": 3}]
)
def test_wrong_parameters_are_refused(evil, wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
        noise_report(*evil, **wrong)


def test_file_stays_small_with_large_rows(evil):
    clf, frame, y = evil
    rng = np.random.RandomState(0)
    large = pd.concat([frame] * 12, ignore_index=True)
    for name in "abcd":
        large[name] = [rng.bytes(1000).hex() for _ in range(len(large))]
    y = np.roll(np.tile(y, 12), 1)  # nearly all are suspected
    html = noise_report(clf, large, y, new_rows=True, n_suspects=10**6)
    assert len(html.encode()) < 2_000_000
    assert "The list ends early" in html


def test_file_stays_small_with_large_images():
    rng = np.random.RandomState(0)
    images = rng.random_sample((300, 3, 70, 70)).astype(np.float32)
    y = np.arange(300) % 100
    means = FunctionTransformer(channel_means)
    clf = NoiseRobustClassifier(correction="none", random_state=0)
    pipe = make_pipeline(means, clf).fit(images, y)
    html = noise_report(pipe, images, y, n_suspects=300)
    assert html.count('class="thumb"') > 50
    assert len(html.encode()) < 2_000_000


def channel_means(images):
    return images.mean(axis=(2, 3))


def test_lone_surrogates_are_replaced(tmp_path):
    X, y = [[0.0], [1.0], [0.1], [0.9]], ["a\ud800", "b", "b", "a\ud800"]
    clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
    rows = pd.DataFrame({"c\udfff": ["cell \ud83d"] * 4}, index=["i\ud800"] * 4)
    clf.predict_proba = lambda X: np.array([[1.0, 0.0], [0.0, 1.0]] * 2)
    html = noise_report(clf, rows, y, path=tmp_path / "a.html", title="t\ud800")
    assert (tmp_path / "a.html").read_text("utf-8") == html
    text = Tags(html).text
    assert all(told in text for told in ("t?", "c?", "cell ?", "i?", "a?"))
