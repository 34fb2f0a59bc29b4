"""The report in a browser: it fits on every screen and fetches nothing."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import noise_report

NAMES = "chromium", "chromium-browser", "google-chrome"
BROWSER = os.environ.get("SKLNOISE_CHROMIUM") or next(
    filter(None, map(shutil.which, NAMES)), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
]

# The page is shown in frames of the wanted widths, as windows have a least width.
FRAME = """<!DOCTYPE html><title>waiting</title>
{frames}
<script>
const found = [];
addEventListener("message", event => {{
  found.push(JSON.parse(event.data));
  if (found.length == {n_frames}) document.title = JSON.stringify(found);
}});
</script>
"""
IFRAME = '<iframe src="copy.html" style="width:{width}px;height:900px;border:0"></iframe>'
WIDTHS = 390, 1280, 1920
MEASURE = """<script>
addEventListener("load", () => parent.postMessage(JSON.stringify({
  page: document.documentElement.scrollWidth,
  window: innerWidth,
  sticking_out: [...document.querySelectorAll("main > *, section > *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.tagName),
  fetched: performance.getEntriesByType("resource")
    .map(e => e.name).filter(name => !name.startsWith("data:")),
}), "*"));
</script></body>"""


def fit_two():
    X = np.random.RandomState(0).standard_normal((60, 30))
    return NoiseRobustClassifier(transition=0.2, random_state=0), X, X[:, 0] > 0


def fit_ten_images():
    images = np.random.RandomState(0).random_sample((200, 12, 12))
    flat = FunctionTransformer(lambda rows: rows.reshape(len(rows), -1))
    clf = NoiseRobustClassifier(correction="none", random_state=0)
    return make_pipeline(flat, clf), images, np.arange(200) % 10


def fit_hundred():
    X = np.random.RandomState(0).standard_normal((600, 5))
    y = np.array([f"the_long_name_of_class_{k:03}" for k in range(100)])
    return NoiseRobustClassifier(transition=0.3, random_state=0), X, np.tile(y, 6)


def fit_annotators():
    rng = np.random.RandomState(0)
    y = rng.randint(4, size=(200, 12)).astype(object)
    y[rng.uniform(size=y.shape) < 0.3] = None
    names = [f"averylongnameofanannotator{k}" * 2 for k in range(12)]
    X = rng.standard_normal((200, 5))
    clf = NoiseRobustClassifier(cv=2, refit=False, random_state=0)
    return clf, X, pd.DataFrame(y, columns=names)


def fit_texts():
    texts = [("unbreakable" * 30 + " word" * (row % 7)) for row in range(60)]
    clf = NoiseRobustClassifier(correction="none", random_state=0)
    return make_pipeline(TfidfVectorizer(), clf), texts, np.arange(60) % 2


FITS = fit_two, fit_ten_images, fit_hundred, fit_annotators, fit_texts


@pytest.fixture(scope="module", params=FITS)
def html(request):
    estimator, X, y = request.param()
    title = "averyveryverylongtitlewithoutablank" * 3
    return noise_report(estimator.fit(X, y), X, y, title=title)


@pytest.fixture(scope="module")
def measured(html, tmp_path_factory):
    """Show the report in a frame of each width and measure it there."""
    folder = tmp_path_factory.mktemp("browser")
    # The copy may run the script that measures, and still fetch nothing.
    copy = re.sub("script-src 'sha256-[^']*'", "script-src 'unsafe-inline'", html)
    assert copy != html
    (folder / "copy.html").write_text(copy.replace("</body>", MEASURE), "utf-8")
    frames = "".join(IFRAME.format(width=width) for width in WIDTHS)
    page = FRAME.format(frames=frames, n_frames=len(WIDTHS))
    (folder / "frame.html").write_text(page, "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    flags += ["--virtual-time-budget=5000", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run(
        [BROWSER, *flags, (folder / "frame.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    [title] = re.findall("<title>(.*?)</title>", done.stdout)
    assert title != "waiting", done.stderr
    return {found["window"]: found for found in json.loads(title)}


@pytest.mark.parametrize("width", WIDTHS)
def test_page_never_scrolls_sideways_and_fetches_nothing(measured, width):
    found = measured[width]
    assert found["page"] <= width
    assert found["sticking_out"] == []
    assert found["fetched"] == []
