"""The heat map of T shows the matrix, the names and the figure that it is given."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.inspection import TransitionMatrixDisplay

T = np.array([[0.9, 0.1, 0.0], [0.25, 0.75, 0.0], [0.0, 0.4, 0.6]])


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


def test_colours_span_all_probabilities():
    assert TransitionMatrixDisplay.from_matrix(T).im_.get_clim() == (0, 1)


def test_rows_are_clean_and_columns_noisy():
    ax = TransitionMatrixDisplay.from_matrix(T).ax_
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Clean class", "Noisy label")


def test_display_labels_name_both_axes():
    ax = TransitionMatrixDisplay.from_matrix(T, display_labels=list("abc")).ax_
    assert tick_labels(ax.xaxis) == tick_labels(ax.yaxis) == list("abc")


def test_own_axes_are_used_without_a_backend():
    ax = Figure().subplots()
    display = TransitionMatrixDisplay(T).plot(ax=ax, colorbar=False)
    assert display.ax_ is ax
    assert display.figure_.axes == [ax]


def test_styles_of_the_caller_win():
    display = TransitionMatrixDisplay.from_matrix(
        T, im_kw={"vmax": 0.5}, text_kw={"color": "red"}
    )
    assert display.im_.get_clim() == (0, 0.5)
    assert display.text_[0, 0].get_color() == "red"


@pytest.mark.parametrize("name", ["size", "fontsize"])
def test_font_size_goes_by_both_names_of_matplotlib(name):
    display = TransitionMatrixDisplay.from_matrix(T, text_kw={name: 8})
    assert display.text_[0, 0].get_fontsize() == 8


def test_from_estimator_shows_its_matrix(fitted):
    display = TransitionMatrixDisplay.from_estimator(fitted)
    np.testing.assert_array_equal(display.transition_matrix, fitted.transition_matrix_)


def test_from_estimator_wants_a_fitted_one():
    with pytest.raises(NotFittedError):
        TransitionMatrixDisplay.from_estimator(NoiseRobustClassifier())


def test_from_matrix_refuses_what_is_no_transition_matrix():
    with pytest.raises(ValueError, match="rows summing to 1"):
        TransitionMatrixDisplay.from_matrix(2 * T)


def test_long_names_stand_upright_and_short_ones_lie():
    names = [f"a longer name {code}" for code in range(10)]
    upright = TransitionMatrixDisplay.from_matrix(np.eye(10), display_labels=names)
    lying = TransitionMatrixDisplay.from_matrix(np.eye(10))
    assert {text.get_rotation() for text in upright.ax_.get_xticklabels()} == {90}
    assert {text.get_rotation() for text in lying.ax_.get_xticklabels()} == {0}


def test_long_names_keep_their_ends():
    names = ["a" * 40 + "1", "a" * 40 + "2"]
    shown = tick_labels(
        TransitionMatrixDisplay.from_matrix(np.eye(2), display_labels=names).ax_.xaxis
    )
    assert shown == ["aaaaaaaaaaaa…aaaaaaaaaa1", "aaaaaaaaaaaa…aaaaaaaaaa2"]


def test_up_to_12_classes_show_their_values():
    shown = {
        n: TransitionMatrixDisplay.from_matrix(np.eye(n)).text_ is not None
        for n in (2, 12, 13, 100)
    }
    assert shown == {2: True, 12: True, 13: False, 100: False}


def test_no_values_where_they_do_not_fit():
    ax = Figure(figsize=(1.5, 1.5)).subplots()
    assert TransitionMatrixDisplay.from_matrix(np.eye(10), ax=ax).text_ is None


def test_100_classes_name_every_fifth():
    ax = TransitionMatrixDisplay.from_matrix(np.eye(100)).ax_
    assert tick_labels(ax.xaxis) == tick_labels(ax.yaxis)
    assert tick_labels(ax.xaxis) == [str(code) for code in range(0, 100, 5)]


def test_standard_errors_stand_below_the_values():
    display = TransitionMatrixDisplay.from_matrix(T, standard_error=np.full((3, 3), 0.02))
    assert [text.get_text() for text in display.error_text_] == ["±.02"] * 9
    value, error = display.text_[0, 0], display.error_text_[0]
    assert value.get_position()[1] < error.get_position()[1]


def test_small_standard_errors_are_not_written_as_none():
    errors = [[0.0, 0.004], [0.005, 1.0]]
    display = TransitionMatrixDisplay.from_matrix(np.eye(2), standard_error=errors)
    assert [text.get_text() for text in display.error_text_] == [
        "±.00",
        "±<.01",
        "±.01",
        "±1.00",
    ]


def test_unknown_standard_errors_are_left_out():
    errors = [[0.1, np.nan], [np.nan, np.nan]]
    display = TransitionMatrixDisplay.from_matrix(np.eye(2), standard_error=errors)
    assert len(display.error_text_) == 1


@pytest.mark.parametrize("params", [{"include_values": False}, {}], ids=["none", "many"])
def test_standard_errors_come_with_values_of_few_classes_only(params):
    matrix = np.eye(3 if params else 9)
    display = TransitionMatrixDisplay.from_matrix(
        matrix, standard_error=0.1 * matrix, **params
    )
    assert display.error_text_ == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"display_labels": ["a", "b"]}, "display_labels must name the 3 classes"),
        ({"standard_error": [0.1, 0.2, 0.3]}, r"standard_error must .* shape \(3, 3\)"),
    ],
)
def test_what_does_not_fit_the_matrix_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        TransitionMatrixDisplay.from_matrix(T, **params)


def test_estimated_matrix_comes_with_its_standard_errors(noisy_blobs, quick_net):
    X, y, *_ = noisy_blobs
    clf = NoiseRobustClassifier(
        quick_net, transition="frequency", cv=2, random_state=0
    ).fit(X, y)
    display = TransitionMatrixDisplay.from_estimator(clf)
    estimator = clf.transition_estimator_
    same = np.isclose(clf.transition_matrix_, estimator.transition_matrix_).all(axis=1)
    assert same.any()
    np.testing.assert_array_equal(
        display.standard_error[same], estimator.standard_error_[same]
    )
    assert np.isnan(display.standard_error[~same]).all()
    assert len(display.error_text_) == 3 * same.sum()


def test_learned_matrix_comes_without_standard_errors(noisy_blobs, quick_net):
    X, y, *_ = noisy_blobs
    clf = NoiseRobustClassifier(
        quick_net, correction="adaptation", cv=2, random_state=0
    ).fit(X, y)
    assert TransitionMatrixDisplay.from_estimator(clf).standard_error is None


def test_pipelines_are_taken(fitted):
    model = make_pipeline("passthrough", fitted)
    display = TransitionMatrixDisplay.from_estimator(model)
    np.testing.assert_array_equal(display.transition_matrix, fitted.transition_matrix_)


def test_confident_learning_is_taken(noisy_blobs):
    X, y, *_ = noisy_blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0).fit(X, y)
    display = TransitionMatrixDisplay.from_estimator(clf)
    np.testing.assert_array_equal(display.transition_matrix, clf.transition_matrix_)


def test_any_fitted_object_with_a_matrix_and_classes_is_taken():
    found = Bunch(transition_matrix_=np.eye(2), classes_=["no", "yes"])
    display = TransitionMatrixDisplay.from_estimator(found)
    assert tick_labels(display.ax_.yaxis) == ["no", "yes"]
    assert display.error_text_ == []


@pytest.mark.parametrize("n_classes", [2, 12, 100])
def test_names_do_not_overlap(n_classes):
    names = [f"cost of $ in class {code}_$" for code in range(n_classes)]
    ax = TransitionMatrixDisplay.from_matrix(np.eye(n_classes), display_labels=names).ax_
    ax.figure.canvas.draw()
    for labels, side in ((ax.get_xticklabels(), "x"), (ax.get_yticklabels(), "y")):
        boxes = [label.get_window_extent() for label in labels]
        starts = sorted(getattr(box, f"{side}0") for box in boxes)
        ends = sorted(getattr(box, f"{side}1") for box in boxes)
        assert all(end <= start + 1 for end, start in zip(ends, starts[1:]))
        inside = ax.figure.bbox
        assert all(inside.x0 <= box.x0 and box.y0 >= inside.y0 for box in boxes)


@pytest.mark.parametrize("rotation", ["vertical", "horizontal", 45])
def test_names_are_rotated_as_the_caller_says(rotation):
    ax = TransitionMatrixDisplay.from_matrix(T, xticks_rotation=rotation).ax_
    degrees = {"vertical": 90, "horizontal": 0}.get(rotation, rotation)
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {degrees}
