"""The losses of the first pass and the refit, epoch by epoch."""

from numbers import Integral

import numpy as np

from sklnoise._containers import innermost
from sklnoise._text import shorten
from sklnoise.classifiers import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.classifiers._fitted import (
    epoch_losses,
    fitted_classifier,
    kept_epoch,
    mean_losses,
)
from sklnoise.inspection._matplotlib import (
    COLOURS,
    check_axes,
    check_matplotlib,
    new_axes,
)

# Width and height of the axes in inches.
PANEL_SIZE = 4.8, 3.8

STYLES = {
    "train_loss": {"label": "training", "color": COLOURS[0], "ls": "-"},
    "valid_loss": {"label": "held out (noisy labels)", "color": COLOURS[1], "ls": "--"},
}


class TrainingHistoryDisplay:
    """Losses of the first pass and of the refit against epochs.

    Use :meth:`from_estimator` to create one. All parameters are stored as attributes.

    Parameters
    ----------
    history : list of dict
        The epochs of the refit, such as a `skorch.history.History`, with `train_loss`
        and, where samples were held out for it, `valid_loss`.

    first_pass_history : list of list of dict, default=None
        The same for each fold of the first pass; None where there was none.

    kept_epoch : int, default=None
        Epoch, counted from 1, whose weights the refit has kept; None where it has kept
        those of its end.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The lines of the refit: the training loss and, with held-out samples, theirs.

    first_pass_lines_ : list of matplotlib Line2D
        The same for the first pass: the means over the folds, up to where the first
        fold ends. Those of the folds are thin, in the same colours.

    ax_ : matplotlib Axes
        Axes of the refit.

    axes_ : list of matplotlib Axes
        All axes, that of the refit last.

    figure_ : matplotlib Figure
        Figure with the axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklnoise.inspection import TrainingHistoryDisplay
    >>> losses = [(1.0, 1.1), (0.8, 0.9), (0.7, 1.0)]
    >>> history = [{"train_loss": a, "valid_loss": b} for a, b in losses]
    >>> display = TrainingHistoryDisplay(history, kept_epoch=2)
    >>> ax = display.plot(ax=Figure().subplots()).ax_
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['training', 'held out (noisy labels)', 'kept: epoch 2']
    """

    def __init__(self, history, *, first_pass_history=None, kept_epoch=None):
        self.history = history
        self.first_pass_history = first_pass_history
        self.kept_epoch = kept_epoch

    def plot(self, *, ax=None):
        """Draw the losses.

        Parameters
        ----------
        ax : matplotlib Axes or pair of matplotlib Axes, default=None
            Axes to draw on: that of the refit alone, or those of the first pass and of
            the refit. None makes a new figure with as many as there is something for.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If there is no epoch with a training loss, `kept_epoch` is none of them, or
            there is no first pass to draw on the first of two axes.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        refit, folds = self._losses()
        check_kept_epoch(self.kept_epoch, len(refit["train_loss"]))
        *first, last = self._axes(ax, bool(folds))
        self.first_pass_lines_ = draw_folds(first[0], folds) if first else []
        self.lines_ = draw_losses(last, refit)
        if self.kept_epoch is not None:
            mark_epoch(last, self.kept_epoch, self.lines_[-1].get_ydata())
        name_axes(last, "Refit")
        self.axes_, self.ax_, self.figure_ = [*first, last], last, last.figure
        return self

    def _losses(self):
        """Return the losses of the refit and of the folds, by name."""
        refit = epoch_losses(self.history)
        if refit is None:
            raise ValueError(
                "history must hold epochs with a train_loss, such as the history_ of a "
                f"fitted classifier; got {len(self.history)} epochs without."
            )
        folds = [] if self.first_pass_history is None else self.first_pass_history
        if not isinstance(folds, list | tuple) or not all(map(is_history, folds)):
            raise ValueError(
                "first_pass_history must be a list of histories, one per fold, such as "
                f"first_pass_history_ of a fitted classifier; got {shorten(repr(folds))}."
            )
        folds = [epoch_losses(history) for history in folds]
        return refit, [losses for losses in folds if losses is not None]

    def _axes(self, ax, has_folds):
        """Return the axes to draw on."""
        if ax is None:
            n_panels = 1 + has_folds
            width, height = PANEL_SIZE
            return new_axes(n_panels * width, height, n_columns=n_panels)
        axes = ax.ravel() if isinstance(ax, np.ndarray) else ax
        axes = list(axes) if isinstance(axes, list | tuple | np.ndarray) else [axes]
        check_axes(*axes)
        if len(axes) not in (1, 1 + has_folds):
            raise ValueError(
                "ax must be the axes of the refit, or where there is a first_pass_history"
                f" a pair; got {len(axes)} axes, and {'a' if has_folds else 'no'} first "
                "pass."
            )
        return axes

    @classmethod
    def from_estimator(cls, estimator, **plot_params):
        """Draw the losses of a fitted classifier.

        Parameters
        ----------
        estimator : NoiseRobustClassifier, ConfidentLearningClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier. A
            ConfidentLearningClassifier must have fitted a network.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
            The drawn display.

        Raises
        ------
        TypeError
            If the estimator does not end in such a classifier, or it has fitted one
            that is not trained in epochs.

        NotFittedError
            If it is not fitted yet.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklnoise import NoiseRobustClassifier
        >>> from sklnoise.inspection import TrainingHistoryDisplay
        >>> X, y = [[0.0], [1.0], [0.1], [0.9]] * 5, ["no", "yes"] * 10
        >>> clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
        >>> ax = Figure().subplots()
        >>> display = TrainingHistoryDisplay.from_estimator(clf, ax=ax)
        >>> print(len(display.lines_[0].get_ydata()) == clf.n_iter_)
        True
        """
        clf = fitted_classifier(estimator)
        if isinstance(clf, ConfidentLearningClassifier):
            clf = trained_in_epochs(clf)
        if not isinstance(clf, NoiseRobustClassifier):
            return cls(clf.history_).plot(**plot_params)
        display = cls(
            clf.history_,
            first_pass_history=getattr(clf, "first_pass_history_", None),
            kept_epoch=kept_epoch(clf),
        )
        return display.plot(**plot_params)


def trained_in_epochs(classifier):
    """Return the network that was fitted to the samples that were left."""
    fitted = innermost(classifier.estimator_)
    if not hasattr(fitted, "history_"):
        raise TypeError(
            "estimator must have been trained in epochs, as networks are; got a "
            f"ConfidentLearningClassifier around {type(fitted).__name__}, which has no "
            "history_. Draw what it found by TransitionMatrixDisplay, LabelIssuesDisplay "
            "or noise_report."
        )
    return fitted


def check_kept_epoch(epoch, n_epochs):
    """Raise an error unless an epoch is one of the history, or None."""
    is_number = isinstance(epoch, Integral) and not isinstance(epoch, bool)
    if epoch is not None and not (is_number and 1 <= epoch <= n_epochs):
        raise ValueError(
            f"kept_epoch must be an epoch of the history, 1 to {n_epochs}, or None; got "
            f"{shorten(repr(epoch))}."
        )


def is_history(value):
    """Return whether something lists epochs as dicts."""
    return isinstance(value, list) and all(isinstance(epoch, dict) for epoch in value)


def draw_losses(ax, losses, **style):
    """Draw a line for each loss."""
    lines = []
    for name, values in losses.items():
        epochs = np.arange(1, len(values) + 1)
        marker = "o" if len(values) == 1 else None
        lines += ax.plot(epochs, values, marker=marker, **STYLES[name] | style)
    return lines


def draw_folds(ax, folds):
    """Draw the losses of the folds thin and their means thick."""
    for losses in folds:
        draw_losses(ax, losses, lw=0.7, alpha=0.4, label="_fold")
    lines = draw_losses(ax, mean_losses(folds), lw=2.5)
    name_axes(ax, f"First pass, mean of {len(folds)} folds")
    return lines


def mark_epoch(ax, epoch, losses):
    """Mark the epoch whose weights were kept."""
    style = {"color": "#222222", "lw": 1}
    ax.axvline(epoch, ls=":", label=f"kept: epoch {epoch}", **style)
    ax.plot(epoch, losses[epoch - 1], "o", ms=6, mfc="white", **style)


def name_axes(ax, title):
    """Name what the axes show."""
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    ax.set(xlabel="Epoch", ylabel="Loss", title=title)
    ax.legend()
