"""The display of label issues shows the most suspect samples and what they may be."""

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from sklnoise import NoiseRobustClassifier, find_label_issues
from sklnoise.inspection import LabelIssuesDisplay


def pictures(n_samples, *shape):
    return np.random.RandomState(0).random_sample((n_samples, *shape))


def draw(noisy_wine, X=None, **params):
    _, y, y_proba = noisy_wine
    return LabelIssuesDisplay.from_predictions(y, y_proba, X=X, **params)


def worst(noisy_wine, n_shown):
    _, y, y_proba = noisy_wine
    return find_label_issues(y, y_proba, return_type="indices")[:n_shown]


def captions(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def test_bars_are_the_qualities_of_the_worst_samples(noisy_wine):
    _, y, y_proba = noisy_wine
    display, rows = draw(noisy_wine, n_shown=4), worst(noisy_wine, 4)
    np.testing.assert_array_equal(display.worst_, rows)
    judged = find_label_issues(y, y_proba, return_type="frame").iloc[rows]
    [bars] = display.ax_.containers
    np.testing.assert_array_equal([bar.get_width() for bar in bars], judged["quality"])
    assert captions(display) == [
        f"{row}: {y[row]} → {suggested}"
        for row, suggested in zip(rows, judged["suggested_label"])
    ]


def test_worst_sample_is_at_the_top(noisy_wine):
    bottom, top = draw(noisy_wine).ax_.get_ylim()
    assert bottom > top


def test_title_counts_the_issues(noisy_wine):
    n_issues = len(worst(noisy_wine, None))
    title = draw(noisy_wine).ax_.get_title()
    assert title == f"{n_issues} of 178 labels are suspect"


def test_no_issue_has_no_bar():
    display = LabelIssuesDisplay(["a", "b"], ["a", "b"], [0.9, 0.8], [False, False])
    assert display.plot().ax_.get_title() == "0 of 2 labels are suspect"
    assert display.worst_.size == 0
    assert len(display.ax_.patches) == 0


def test_index_of_a_frame_names_the_samples(noisy_wine):
    X = noisy_wine[0]
    frame = pd.DataFrame(X, index=[f"bottle {row}" for row in range(len(X))])
    [caption] = captions(draw(noisy_wine, frame, n_shown=1))
    assert caption.startswith(f"bottle {worst(noisy_wine, 1)[0]}: ")


def test_left_out_samples_are_counted_and_do_not_shift_the_others(noisy_wine):
    _, y, y_proba = noisy_wine
    y_proba = np.where(np.arange(len(y))[:, None] < 3, np.nan, y_proba)
    images = pictures(178, 8, 8)
    display = LabelIssuesDisplay.from_predictions(y, y_proba, X=images, n_shown=1)
    [row] = display.worst_
    assert y[row] != display.suggested_labels[row - 3]
    np.testing.assert_array_equal(display.ax_.images[0].get_array(), images[row])
    assert "3 samples left out" in display.figure_.get_suptitle()


def test_one_left_out_sample_is_one(noisy_wine):
    _, y, y_proba = noisy_wine
    y_proba = np.where(np.arange(len(y))[:, None] < 1, np.nan, y_proba)
    display = LabelIssuesDisplay.from_predictions(y, y_proba, ax=Figure().subplots())
    assert "1 sample left out: no fold held it out" in display.ax_.get_title()


def test_long_names_are_shortened():
    labels = np.array(["a class whose name is far too long, 1", "the other, of $x_$"])
    display = LabelIssuesDisplay(labels, labels[::-1], [0.1, 0.2], [True, True]).plot()
    assert captions(display)[0] == "0: a class whos…too long, 1 → the other, of $x_$"
    display.figure_.canvas.draw()


SHAPES = {"grey": (8, 8), "torch": (3, 8, 8), "one": (1, 8, 8), "colour": (8, 8, 3)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_images_are_shown(noisy_wine, shape):
    images = pictures(178, *shape)
    display, rows = draw(noisy_wine, images, n_shown=5), worst(noisy_wine, 5)
    assert display.ax_ is display.axes_[0]
    assert display.figure_.axes == display.axes_
    for ax, row in zip(display.axes_, rows, strict=True):
        image = images[row]
        expected = np.squeeze(np.moveaxis(image, 0, 2)) if len(image) < 8 else image
        np.testing.assert_array_equal(ax.images[0].get_array(), expected)
        assert ax.get_title().startswith(f"{row}: ")


def test_bytes_and_tensors_are_images(noisy_wine):
    images = (255 * pictures(178, 8, 8)).astype(np.uint8)
    [row] = worst(noisy_wine, 1)
    for X in (images, torch.from_numpy(images)):
        shown = draw(noisy_wine, X, n_shown=1).ax_.images[0].get_array()
        np.testing.assert_allclose(shown, images[row] / 255)


@pytest.mark.parametrize(
    "images", [pictures(178, 8, 8) * 6 - 3, np.arange(178 * 64).reshape(-1, 8, 8) % 17]
)
def test_other_ranges_span_black_to_white(noisy_wine, images):
    axes = draw(noisy_wine, images.astype(images.dtype), n_shown=4).axes_
    shown = [ax.images[0].get_array() for ax in axes]
    assert (np.min(shown), np.max(shown)) == (0, 1)


OTHERS = {
    "none": None,
    "table": np.eye(178),
    "sparse": csr_array(np.eye(178)),
    "sequences": pictures(178, 10, 2),
    "ragged": [[1] * (1 + row % 2) for row in range(178)],
}


@pytest.mark.parametrize("X", OTHERS.values(), ids=OTHERS.keys())
def test_samples_that_are_no_images_are_bars(noisy_wine, X):
    display = draw(noisy_wine, X)
    assert display.axes_ == [display.ax_]
    assert len(display.ax_.patches) == len(display.worst_) > 0


def test_own_axes_hold_bars(noisy_wine):
    ax = Figure().subplots()
    display = draw(noisy_wine, pictures(178, 8, 8), ax=ax)
    assert display.figure_.axes == display.axes_ == [ax]
    assert len(ax.patches) == len(display.worst_)


def test_what_does_not_fit_is_refused(noisy_wine):
    with pytest.raises(ValueError, match="n_shown"):
        draw(noisy_wine, n_shown=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw(noisy_wine, noisy_wine[0][:-1])


def test_known_matrix_decides(noisy_wine):
    _, y, y_proba = noisy_wine
    display = draw(noisy_wine, transition_matrix=np.eye(3))
    expected = find_label_issues(y, y_proba, transition_matrix=np.eye(3))
    np.testing.assert_array_equal(display.is_issue, expected)


def test_from_estimator_judges_by_the_folds(fitted_wine, named_wine):
    X, y = named_wine
    display = LabelIssuesDisplay.from_estimator(fitted_wine, X, y, n_shown=2)
    expected = find_label_issues(y, fitted_wine.out_of_fold_proba_)
    np.testing.assert_array_equal(display.is_issue, expected)
    new = LabelIssuesDisplay.from_estimator(fitted_wine, X[:40], y[:40], new_rows=True)
    assert "of 40 labels" in new.ax_.get_title()


def test_trusted_samples_are_no_suspects(fitted_wine, named_wine):
    trusted = np.arange(178) < 100
    display = LabelIssuesDisplay.from_estimator(fitted_wine, *named_wine, trusted=trusted)
    assert display.worst_.min() >= 100
    assert "100 known to be right" in display.ax_.get_title()


def test_net_that_has_learned_the_labels_is_named(learned_wine, named_wine):
    display = LabelIssuesDisplay.from_estimator(learned_wine, *named_wine)
    assert "has learned these labels" in display.ax_.get_title()


def test_from_estimator_wants_a_fitted_one(noisy_wine):
    with pytest.raises(NotFittedError):
        LabelIssuesDisplay.from_estimator(NoiseRobustClassifier(), *noisy_wine[:2])
