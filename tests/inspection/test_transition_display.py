"""The heat map of T shows the matrix, the names and the figure that it is given."""

import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import TransitionMatrixDisplay

T = np.array([[0.9, 0.1, 0.0], [0.25, 0.75, 0.0], [0.0, 0.4, 0.6]])


@pytest.fixture(autouse=True)
def _agg():
    matplotlib.use("agg")
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def fitted():
    X, y = np.arange(8.0)[:, None], ["no"] * 4 + ["yes"] * 4
    return NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)


def tick_labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_heat_map_holds_the_matrix():
    np.testing.assert_array_equal(
        TransitionMatrixDisplay.from_matrix(T).im_.get_array(), T
    )


def test_cells_show_the_values():
    assert TransitionMatrixDisplay.from_matrix(T).text_[1, 0].get_text() == "0.25"


def test_values_contrast_with_their_cells():
    display = TransitionMatrixDisplay.from_matrix(T)
    assert display.text_[0, 0].get_color() == display.im_.cmap(0.0)
    assert display.text_[0, 1].get_color() == display.im_.cmap(1.0)


def test_no_values_without_include_values():
    assert TransitionMatrixDisplay.from_matrix(T, include_values=False).text_ is None


def test_colours_span_all_probabilities():
    assert TransitionMatrixDisplay.from_matrix(T).im_.get_clim() == (0, 1)


def test_rows_are_clean_and_columns_noisy():
    ax = TransitionMatrixDisplay.from_matrix(T).ax_
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Clean class", "Noisy label")


def test_classes_are_counted_without_names():
    assert tick_labels(TransitionMatrixDisplay.from_matrix(T).ax_.xaxis) == list("012")


def test_display_labels_name_both_axes():
    ax = TransitionMatrixDisplay.from_matrix(T, display_labels=list("abc")).ax_
    assert tick_labels(ax.xaxis) == tick_labels(ax.yaxis) == list("abc")


def test_own_axes_are_used_without_a_backend():
    ax = Figure().subplots()
    display = TransitionMatrixDisplay(T).plot(ax=ax, colorbar=False)
    assert display.ax_ is ax
    assert display.figure_.axes == [ax]


def test_plot_returns_the_display():
    display = TransitionMatrixDisplay(T)
    assert display.plot() is display


def test_styles_of_the_caller_win():
    display = TransitionMatrixDisplay.from_matrix(
        T, im_kw={"vmax": 0.5}, text_kw={"color": "red"}
    )
    assert display.im_.get_clim() == (0, 0.5)
    assert display.text_[0, 0].get_color() == "red"


def test_from_estimator_shows_its_matrix(fitted):
    display = TransitionMatrixDisplay.from_estimator(fitted)
    np.testing.assert_array_equal(display.transition_matrix, fitted.transition_matrix_)


def test_from_estimator_names_its_classes(fitted):
    display = TransitionMatrixDisplay.from_estimator(fitted)
    assert tick_labels(display.ax_.yaxis) == ["no", "yes"]


def test_from_estimator_wants_a_fitted_one():
    with pytest.raises(NotFittedError):
        TransitionMatrixDisplay.from_estimator(NoiseRobustClassifier())


def test_from_matrix_refuses_what_is_no_transition_matrix():
    with pytest.raises(ValueError, match="rows summing to 1"):
        TransitionMatrixDisplay.from_matrix(2 * T)


def test_missing_matplotlib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[plot\]"'):
        TransitionMatrixDisplay.from_matrix(T)
