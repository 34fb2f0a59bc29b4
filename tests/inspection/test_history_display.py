"""The display of the training shows the losses of each epoch, and which was kept."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import make_blobs
from sklearn.pipeline import make_pipeline
from skorch.history import History

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import TrainingHistoryDisplay
from sklnoise.nn import MLP


def history_of(train, valid=()):
    history = History()
    for epoch, loss in enumerate(train):
        history.new_epoch()
        history.record("epoch", epoch + 1)
        history.record("train_loss", loss)
        if epoch < len(valid):
            history.record("valid_loss", valid[epoch])
    return history


REFIT = history_of([3.0, 2.0, 1.0, 0.5], [3.5, 2.5, 2.0, 2.2])
FOLDS = [history_of([3.0, 2.0, 1.0], [4.0, 3.0, 2.0]), history_of([1.0, 1.0], [2.0, 2.0])]


def labels_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.fixture(scope="module")
def fitted():
    X, y = make_blobs(600, centers=2, random_state=3)
    return NoiseRobustClassifier(OwnModule, transition=0.1, random_state=0).fit(X, y)


class OwnModule(MLP):
    """Is no module whose training steps are chosen before the refit."""


def test_lines_are_the_losses():
    train, valid = TrainingHistoryDisplay(REFIT).plot().lines_
    np.testing.assert_array_equal(train.get_xydata()[:, 1], [3.0, 2.0, 1.0, 0.5])
    np.testing.assert_array_equal(valid.get_xydata()[:, 1], [3.5, 2.5, 2.0, 2.2])
    np.testing.assert_array_equal(train.get_xdata(), [1, 2, 3, 4])


def test_nothing_held_out_leaves_the_training_loss():
    display = TrainingHistoryDisplay(history_of([2.0, 1.0])).plot()
    assert len(display.lines_) == 1
    assert labels_of(display.ax_) == ["training"]


def test_epochs_without_a_held_out_loss_are_gaps():
    _, valid = TrainingHistoryDisplay(history_of([3.0, 2.0, 1.0], [3.0])).plot().lines_
    np.testing.assert_array_equal(np.isnan(valid.get_ydata()), [False, True, True])


def test_kept_epoch_is_marked_on_the_held_out_loss():
    ax = TrainingHistoryDisplay(REFIT, kept_epoch=3).plot().ax_
    upright, dot = ax.get_lines()[-2:]
    assert list(upright.get_xdata()) == [3, 3]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (3, 2.0)
    assert labels_of(ax)[-1] == "kept: epoch 3"


def test_end_that_was_kept_is_not_marked():
    ax = TrainingHistoryDisplay(REFIT).plot().ax_
    assert len(ax.get_lines()) == 2


def test_without_a_first_pass_there_is_one_panel():
    display = TrainingHistoryDisplay(REFIT).plot()
    assert display.axes_ == [display.ax_]
    assert display.first_pass_lines_ == []


def test_first_pass_has_a_panel_of_its_own():
    display = TrainingHistoryDisplay(REFIT, first_pass_history=FOLDS).plot()
    first, refit = display.axes_
    assert first.get_title() == "First pass, mean of 2 folds"
    assert (refit, refit.get_title()) == (display.ax_, "Refit")


def test_folds_are_thin_and_their_mean_is_thick():
    display = TrainingHistoryDisplay(REFIT, first_pass_history=FOLDS).plot()
    widths = [line.get_linewidth() for line in display.axes_[0].get_lines()]
    assert len(widths) == 6
    assert max(widths[:4]) < min(widths[4:])


def test_mean_ends_with_the_shortest_fold():
    display = TrainingHistoryDisplay(REFIT, first_pass_history=FOLDS).plot()
    train, valid = display.first_pass_lines_
    np.testing.assert_array_equal(train.get_ydata(), [2.0, 1.5])
    np.testing.assert_array_equal(valid.get_ydata(), [3.0, 2.5])


def test_legend_names_the_folds_once():
    display = TrainingHistoryDisplay(REFIT, first_pass_history=FOLDS).plot()
    assert labels_of(display.axes_[0]) == ["training", "held out (noisy labels)"]


def test_folds_of_which_some_hold_nothing_out_have_no_held_out_mean():
    folds = [FOLDS[0], history_of([1.0, 2.0])]
    display = TrainingHistoryDisplay(REFIT, first_pass_history=folds).plot()
    assert len(display.first_pass_lines_) == 1


def test_single_epoch_is_seen():
    display = TrainingHistoryDisplay(history_of([2.0])).plot()
    assert display.lines_[0].get_marker() == "o"


def test_epochs_are_whole_numbers():
    ax = TrainingHistoryDisplay(history_of([2.0, 1.0])).plot().ax_
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    assert ticks == [1, 2]


def test_own_axes_are_used():
    ax = Figure().subplots()
    display = TrainingHistoryDisplay(REFIT, first_pass_history=FOLDS).plot(ax=ax)
    assert display.figure_.axes == display.axes_ == [ax]
    pair = Figure().subplots(1, 2)
    display = TrainingHistoryDisplay(REFIT, first_pass_history=FOLDS).plot(ax=pair)
    assert display.axes_ == list(pair)


def test_pair_of_axes_needs_a_first_pass():
    with pytest.raises(ValueError, match="got 2 axes, and no first pass"):
        TrainingHistoryDisplay(REFIT).plot(ax=Figure().subplots(1, 2))


@pytest.mark.parametrize("history", [[], [{"dur": 1.0}]])
def test_history_without_losses_is_refused(history):
    with pytest.raises(ValueError, match="must hold epochs with a train_loss"):
        TrainingHistoryDisplay(history).plot()


def test_fitted_classifier_shows_its_refit(fitted):
    display = TrainingHistoryDisplay.from_estimator(make_pipeline("passthrough", fitted))
    valid = [epoch["valid_loss"] for epoch in fitted.history_]
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), valid)
    assert display.kept_epoch == np.argmin(valid) + 1
    assert len(display.axes_) == 1


def test_first_pass_of_a_fitted_classifier_is_shown(noisy_blobs, quick_net):
    X, y, *_ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, cv=2, random_state=0).fit(X, y)
    display = TrainingHistoryDisplay.from_estimator(clf)
    assert display.axes_[0].get_title() == "First pass, mean of 2 folds"
    losses = [[epoch["train_loss"] for epoch in fold] for fold in clf.first_pass_history_]
    (line,) = display.first_pass_lines_
    np.testing.assert_allclose(line.get_ydata(), np.mean(losses, axis=0))
    assert display.kept_epoch is None  # nothing was held out


def test_epoch_is_not_kept_where_the_net_was_trained_further():
    X, y = make_blobs(600, centers=2, random_state=3)
    trusted = np.arange(len(y)) < 50
    clf = NoiseRobustClassifier(transition=0.1, fine_tune_epochs=2, random_state=0)
    clf.fit(X, y, trusted=trusted)
    assert TrainingHistoryDisplay.from_estimator(clf).kept_epoch is None
