"""Pictures are drawn without a screen, and their texts can be read."""

from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.table import Cell
from matplotlib.text import Text


@pytest.fixture(autouse=True)
def _agg():
    matplotlib.use("agg")
    settings = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == settings


def texts_of(figure):
    """Return all texts that are drawn: tick labels only where their ticks are in view."""
    axes = [ax for ax in figure.findobj(matplotlib.axes.Axes) if ax.axison]
    hidden = set()
    for ax in figure.findobj(matplotlib.axes.Axes):
        for axis in (ax.xaxis, ax.yaxis):
            hidden.update(axis.findobj(Text))
    shown = [text for text in figure.findobj(Text) if text not in hidden]
    for ax in axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-6 * (high - low)
            labels = zip(axis.get_ticklocs(), axis.get_ticklabels())
            shown += [text for at, text in labels if low - slack <= at <= high + slack]
            shown.append(axis.label)
    return [text for text in shown if text.get_visible() and text.get_text().strip()]


@pytest.fixture
def assert_legible():
    """Check that no text is cut off, lies on another or sticks out of its cell."""

    def check(figure):
        figure.canvas.draw()
        texts = texts_of(figure)
        boxes = [text.get_window_extent() for text in texts]
        width, height = figure.bbox.size
        for text, box in zip(texts, boxes):
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, f"{text.get_text()!r} is cut off: {box} in {width} x {height}"
        for (a, box), (b, other) in combinations(zip(texts, boxes), 2):
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            along = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(across, along) <= 1, f"{a.get_text()!r} lies on {b.get_text()!r}"
        for cell in figure.findobj(Cell):
            box, room = cell.get_text().get_window_extent(), cell.get_window_extent()
            assert room.x0 - 1 <= box.x0, f"{cell.get_text()} sticks out"
            assert box.x1 <= room.x1 + 1, f"{cell.get_text()} sticks out"
        return texts

    return check


@pytest.fixture(scope="session")
def noisy_wine():
    """Wines, five labels of which are wrong: X, y, out-of-fold probabilities."""
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = load_wine(return_X_y=True)
    wrong = np.array([3, 40, 70, 100, 150])
    y[wrong] = (y[wrong] + 1) % 3
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return X, y, cross_val_predict(model, X, y, cv=5, method="predict_proba")


@pytest.fixture(scope="session")
def named_wine(noisy_wine):
    """Scaled wines and the names of their classes, five of them wrong."""
    from sklearn.preprocessing import StandardScaler

    X, y, _ = noisy_wine
    return StandardScaler().fit_transform(X), np.array(["red", "white", "rosé"])[y]


@pytest.fixture(scope="session")
def fitted_wine(named_wine):
    """A classifier with folds, fitted to these wines."""
    from sklearn.linear_model import LogisticRegression

    from sklnoise import NoiseRobustClassifier

    first_pass = LogisticRegression()
    clf = NoiseRobustClassifier(first_pass=first_pass, cv=3, random_state=0)
    return clf.fit(*named_wine)


@pytest.fixture(scope="session")
def learned_wine(named_wine):
    """A classifier without folds, fitted to these wines."""
    from sklnoise import NoiseRobustClassifier

    return NoiseRobustClassifier(transition=0.05, random_state=0).fit(*named_wine)
