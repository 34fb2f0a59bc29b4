"""The display of label issues shows how many there are, and what the worst look like."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.table import Table
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError

from sklnoise import NoiseRobustClassifier, find_label_issues
from sklnoise.inspection import LabelIssuesDisplay

LONG = "a class whose name is far too long for a caption, number {}"


def pictures(n_samples, *shape):
    return np.random.RandomState(0).random_sample((n_samples, *shape))


def draw(noisy_wine, X=None, names=None, **params):
    _, y, y_proba = noisy_wine
    if names is not None:
        y, params = np.array(names)[y], {**params, "classes": names}
    return LabelIssuesDisplay.from_predictions(y, y_proba, X=X, **params)


def bars(ax):
    return [sum(bar.get_height() for bar in container) for container in ax.containers]


def cells_of(display):
    (table,) = display.figure_.findobj(Table)
    found = {at: cell.get_text().get_text() for at, cell in table.get_celld().items()}
    n_lines, n_columns = np.max(list(found), axis=0) + 1
    return [[found[i, j] for j in range(n_columns)] for i in range(n_lines)]


def worst(noisy_wine, n_shown=12):
    _, y, y_proba = noisy_wine
    return find_label_issues(y, y_proba, return_type="indices")[:n_shown]


def test_bars_count_all_rows_and_the_issues(noisy_wine):
    _, y, y_proba = noisy_wine
    n_issues = find_label_issues(y, y_proba).sum()
    assert bars(draw(noisy_wine).ax_) == [len(y), n_issues]


def test_numbers_stand_in_title_and_legend(noisy_wine):
    ax = draw(noisy_wine).ax_
    n_issues = len(worst(noisy_wine, None))
    assert ax.get_title() == f"{n_issues} of 178 labels are suspect"
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["all (178)", f"suspect ({n_issues})"]


def test_suspects_are_hatched_so_that_grey_tells_them():
    display = LabelIssuesDisplay([0, 1], [0, 0], [0.9, 0.1], [False, True]).plot()
    rows, suspects = display.ax_.containers
    assert rows[0].get_hatch() is None
    assert suspects[0].get_hatch()


def test_few_suspects_among_many_rows_ask_for_a_log_scale():
    quality = np.r_[0.1, np.ones(500)]
    labels = np.zeros(501, dtype=int)
    many = LabelIssuesDisplay(labels, labels, quality, quality < 0.5).plot().ax_
    few = LabelIssuesDisplay(labels[:5], labels[:5], quality[:5], quality[:5] < 0.5)
    assert (many.get_yscale(), many.get_ylabel()) == ("log", "Rows (log scale)")
    assert many.get_ylim()[0] < 1
    assert few.plot().ax_.get_yscale() == "linear"


def test_no_issue_draws_no_rows():
    labels = ["a", "b"]
    display = LabelIssuesDisplay(
        labels, labels, [0.9, 0.8], [False, False], X=np.eye(2)
    ).plot()
    assert display.axes_ == [display.ax_]
    assert display.ax_.get_title() == "0 of 2 labels are suspect"


def test_rows_left_out_are_counted(noisy_wine):
    _, y, y_proba = noisy_wine
    y_proba = np.where(np.arange(len(y))[:, None] < 8, np.nan, y_proba)
    display = LabelIssuesDisplay.from_predictions(y, y_proba)
    assert "of 170 labels" in display.ax_.get_title()
    assert "8 rows left out" in display.ax_.get_title()


def test_worst_rows_of_a_frame_stand_in_the_table(noisy_wine, assert_legible):
    X, y, y_proba = noisy_wine
    frame = pd.DataFrame(X, columns=[f"feature {i}" for i in range(X.shape[1])])
    frame.index = [f"bottle {i}" for i in range(len(X))]
    display = draw(noisy_wine, frame, n_shown=4)
    header, *lines = cells_of(display)
    assert header == ["row", "label", "suggested", "quality"] + [
        f"feature {i}" for i in range(4)
    ]
    rows = worst(noisy_wine, 4)
    np.testing.assert_array_equal(display.worst_, rows)
    judged = find_label_issues(y, y_proba, return_type="frame").iloc[rows]
    for line, row, suggested in zip(lines, rows, judged["suggested_label"]):
        assert line[:3] == [f"bottle {row}", str(y[row]), str(suggested)]
        assert line[4:] == [f"{value:.4g}" for value in X[row, :4]]
    assert_legible(display.figure_)


@pytest.mark.parametrize("as_X", [np.asarray, pl.DataFrame, np.ndarray.tolist])
def test_all_kinds_of_tables_are_shown_alike(noisy_wine, as_X):
    shown = cells_of(draw(noisy_wine, as_X(noisy_wine[0]), n_shown=3))
    expected = cells_of(draw(noisy_wine, pd.DataFrame(noisy_wine[0]), n_shown=3))
    assert shown[1:] == expected[1:]


def test_left_out_rows_do_not_shift_those_that_are_shown(noisy_wine):
    X, y, y_proba = noisy_wine
    y_proba = np.where(np.arange(len(y))[:, None] < 3, np.nan, y_proba)
    display = LabelIssuesDisplay.from_predictions(y, y_proba, X=X, n_shown=1)
    (row,) = display.worst_
    assert cells_of(display)[1][4:] == [f"{value:.4g}" for value in X[row, :4]]
    assert y[row] != display.suggested_labels[row - 3]


@pytest.mark.parametrize("kind", [list, pd.Series], ids=["list", "series"])
def test_texts_are_shortened(noisy_wine, kind, assert_legible):
    texts = kind(
        [f"{i} is a review that\ngoes on, {'and on, ' * 30}" for i in range(178)]
    )
    display = draw(noisy_wine, texts)
    header, *lines = cells_of(display)
    assert header[-1] == "text"
    assert max(len(line[-1]) for line in lines) == 40
    assert lines[0][-1].startswith(f"{display.worst_[0]} is a review")
    assert_legible(display.figure_)


SHAPES = {"grey": (8, 8), "torch": (3, 8, 8), "one": (1, 8, 8), "colour": (8, 8, 3)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_worst_images_are_a_contact_sheet(noisy_wine, shape):
    images = pictures(178, *shape)
    display = draw(noisy_wine, images, n_shown=5)
    rows = worst(noisy_wine, 5)
    ax, *tiles = display.axes_
    assert ax is display.ax_
    assert len(tiles) == len(rows)
    for tile, row in zip(tiles, rows):
        expected = np.moveaxis(images[row], 0, 2) if shape[-1] == 8 != shape[0] else None
        expected = images[row] if expected is None else np.squeeze(expected)
        np.testing.assert_array_equal(tile.images[0].get_array(), expected)
        assert tile.get_xlabel() == f"row {row}"


def test_captions_say_label_and_suggestion(noisy_wine, assert_legible):
    _, y, y_proba = noisy_wine
    display = draw(noisy_wine, pictures(178, 8, 8), ["ab", "cd", "ef"], n_shown=3)
    assert_legible(display.figure_)
    judged = find_label_issues(y, y_proba, return_type="frame")["suggested_label"]
    names = np.array(["ab", "cd", "ef"])
    rows = worst(noisy_wine, 3)
    captions = [f"{names[y[row]]} → {names[judged[row]]}" for row in rows]
    assert [ax.get_title() for ax in display.axes_[1:]] == captions


def test_bytes_and_tensors_are_images(noisy_wine):
    images = (255 * pictures(178, 8, 8)).astype(np.uint8)
    row = worst(noisy_wine)[0]
    for X in (images, torch.from_numpy(images)):
        tile = draw(noisy_wine, X, n_shown=1).axes_[1]
        np.testing.assert_allclose(tile.images[0].get_array(), images[row] / 255)


def test_standardised_images_span_black_to_white(noisy_wine):
    images = pictures(178, 8, 8) * 6 - 3
    shown = [
        ax.images[0].get_array() for ax in draw(noisy_wine, images, n_shown=4).axes_[1:]
    ]
    assert (np.min(shown), np.max(shown)) == (0, 1)


class Numbered(torch.utils.data.Dataset):
    def __len__(self):
        return 178

    def __getitem__(self, row):
        return torch.ones(3)


OTHERS = {
    "none": None,
    "sparse": csr_matrix(np.eye(178)),
    "dataset": Numbered(),
    "sequences": pictures(178, 10, 2),
    "videos": pictures(178, 2, 8, 8, 3),
    "ragged": [[1] * (1 + row % 2) for row in range(178)],
    "numbers": [float(row) for row in range(178)],
}


@pytest.mark.parametrize("X", OTHERS.values(), ids=OTHERS.keys())
def test_rows_of_other_kinds_are_not_shown(noisy_wine, X):
    display = draw(noisy_wine, X)
    assert display.axes_ == [display.ax_]
    assert display.worst_.size == 0


@pytest.mark.parametrize("n_shown", [1, 13])
@pytest.mark.parametrize("kind", ["images", "table"])
def test_any_number_of_rows_fits(kind, n_shown, assert_legible):
    X = pictures(40, 8, 8) if kind == "images" else pictures(40, 9)
    labels = np.array([LONG.format(row) for row in range(40)])
    display = LabelIssuesDisplay(
        labels, labels[::-1], np.linspace(0, 1, 40), np.ones(40, dtype=bool), X=X
    ).plot(n_shown=n_shown)
    assert len(display.worst_) == n_shown
    assert_legible(display.figure_)


def test_own_axes_hold_the_histogram_alone(noisy_wine):
    ax = Figure().subplots()
    display = draw(noisy_wine, noisy_wine[0], ax=ax)
    assert display.figure_.axes == display.axes_ == [ax]


def test_nothing_is_shown_where_none_are_wanted(noisy_wine):
    assert len(draw(noisy_wine, noisy_wine[0], n_shown=0).axes_) == 1
    with pytest.raises(ValueError, match="n_shown must be 0 or more rows; got -1"):
        draw(noisy_wine, n_shown=-1)


def test_rows_that_are_not_those_of_the_labels_are_refused(noisy_wine):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw(noisy_wine, noisy_wine[0][:-1])


def test_known_matrix_decides(noisy_wine):
    _, y, y_proba = noisy_wine
    display = draw(noisy_wine, transition_matrix=np.eye(3))
    expected = find_label_issues(y, y_proba, transition_matrix=np.eye(3))
    np.testing.assert_array_equal(display.is_issue, expected)


def test_from_estimator_judges_by_the_folds(fitted_wine, named_wine):
    clf, (X, y) = fitted_wine, named_wine
    display = LabelIssuesDisplay.from_estimator(clf, X, y, n_shown=2)
    expected = find_label_issues(
        y,
        clf.out_of_fold_proba_,
        transition_matrix=clf.transition_matrix_,
        labels=clf.classes_,
    )
    np.testing.assert_array_equal(display.is_issue, expected)
    assert len(cells_of(display)) == 3
    new = LabelIssuesDisplay.from_estimator(clf, X[:40], y[:40], new_rows=True)
    assert "of 40 labels" in new.ax_.get_title()


def test_net_that_has_learned_the_labels_is_named(
    learned_wine, named_wine, assert_legible
):
    display = LabelIssuesDisplay.from_estimator(learned_wine, *named_wine)
    assert "has learned these labels" in display.ax_.get_title()
    assert_legible(display.figure_)


def test_from_estimator_wants_a_fitted_one(noisy_wine):
    with pytest.raises(NotFittedError):
        LabelIssuesDisplay.from_estimator(NoiseRobustClassifier(), *noisy_wine[:2])


def all_suspect(X, labels=("a", "b"), **plot_params):
    y = np.resize(labels, len(X))
    display = LabelIssuesDisplay(
        y, y[::-1], np.linspace(0, 1, len(X)), np.ones(len(X), dtype=bool), X=X
    )
    return display.plot(**plot_params)


def test_trusted_rows_are_no_suspects(fitted_wine, named_wine):
    trusted = np.arange(178) < 100
    display = LabelIssuesDisplay.from_estimator(fitted_wine, *named_wine, trusted=trusted)
    assert display.worst_.min() >= 100
    assert "100 known to be right" in display.ax_.get_title()


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_numbers_keep_the_types_of_their_columns(kind):
    ids = [1234567, 1234568, 1234569]
    frame = kind({"id": ids, "share": [1 / 3] * 3, "whole": [1e7] * 3, "city": ["x"] * 3})
    lines = cells_of(all_suspect(frame))[1:]
    assert [line[4:] for line in lines] == [
        [str(value), "0.3333", "10000000", "x"] for value in ids
    ]


def test_missing_values_are_empty_cells():
    frame = pd.DataFrame({"n": [1.0, np.nan], "t": ["x", None], "d": [pd.NaT, pd.NaT]})
    assert [line[4:] for line in cells_of(all_suspect(frame))[1:]] == [
        ["1", "x", ""],
        ["", "", ""],
    ]


def test_columns_are_not_taken_for_those_of_the_display():
    frame = pd.DataFrame({"label": [1, 2], "row": [3, 4], "id": [5, 6]})
    head = cells_of(all_suspect(frame))[0]
    assert head == ["row", "label", "suggested", "quality", "label (X)", "row (X)", "id"]
    frame.index.name = "id"
    head = cells_of(all_suspect(frame))[0]
    assert head[0] == "id"
    assert head[4:] == ["label (X)", "row", "id (X)"]


def test_names_that_cannot_be_drawn_stay_apart(assert_legible):
    frame = pd.DataFrame({"名前": ["値段は高い", "猫\ud800"]})
    display = all_suspect(frame, ["猫", "犬"])
    assert [line[1] for line in cells_of(display)[1:]] == ["\\u732b", "\\u72ac"]
    assert_legible(display.figure_)  # drawn: warnings are errors


def test_bytes_of_a_small_range_are_not_black():
    digits = (np.arange(2 * 64) % 17).reshape(2, 8, 8).astype(np.uint8)
    tile = all_suspect(digits).axes_[1]
    np.testing.assert_allclose(tile.images[0].get_array(), digits[0] / 16)
