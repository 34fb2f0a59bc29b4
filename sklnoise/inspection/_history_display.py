"""The losses of the first pass and the refit, epoch by epoch."""

import numpy as np

from sklnoise.classifiers._fitted import fitted_classifier
from sklnoise.inspection._canvas import new_figure
from sklnoise.inspection._loss_curves import draw_folds, draw_refit, losses_of
from sklnoise.inspection._matplotlib import check_matplotlib

PANEL = 4.8, 3.8
"""Width and height in inches."""


class TrainingHistoryDisplay:
    """Losses of the first pass and of the refit against epochs.

    Use :meth:`from_estimator` to create one. All parameters are stored as attributes.

    Parameters
    ----------
    history : list of dict
        The epochs of the refit, such as a `skorch.history.History`, with `train_loss`
        and, where rows were held out for it, `valid_loss`.

    first_pass_history : list of list of dict, default=None
        The same for each fold of the first pass; None where there was none.

    kept_epoch : int, default=None
        Epoch, counted from 1, whose weights the refit has kept; None where it has kept
        those of its end.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The lines of the refit: the training loss and, where rows were held out, theirs.

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
            If there is no epoch with a training loss, or no first pass to draw on the
            first of two axes.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        refit, folds = self._losses()
        *first, last = self._axes(ax, bool(folds))
        self.first_pass_lines_ = draw_folds(first[0], folds) if first else []
        self.lines_ = draw_refit(last, refit, self.kept_epoch)
        self.axes_, self.ax_, self.figure_ = [*first, last], last, last.figure
        return self

    def _losses(self):
        """Return the losses of the refit and of the folds, by name."""
        refit = losses_of(self.history)
        if refit is None:
            raise ValueError(
                "history must hold epochs with a train_loss, such as the history_ of a "
                f"fitted classifier; got {len(self.history)} epochs without."
            )
        folds = [losses_of(history) for history in self.first_pass_history or []]
        return refit, [losses for losses in folds if losses is not None]

    def _axes(self, ax, has_folds):
        """Return the axes to draw on."""
        if ax is None:
            n_panels = 1 + has_folds
            figure = new_figure(PANEL[0] * n_panels, PANEL[1])
            return figure.subplots(1, n_panels, squeeze=False)[0]
        axes = np.ravel(np.array(ax, dtype=object))
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
        estimator : NoiseRobustClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
            The drawn display.

        Raises
        ------
        TypeError
            If the estimator does not end in such a classifier.

        NotFittedError
            If it is not fitted yet.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklnoise import NoiseRobustClassifier
        >>> from sklnoise.inspection import TrainingHistoryDisplay
        >>> X, y = [[0.0], [1.0], [0.1], [0.9]], ["no", "yes", "no", "yes"]
        >>> clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
        >>> ax = Figure().subplots()
        >>> display = TrainingHistoryDisplay.from_estimator(clf, ax=ax)
        >>> print(len(display.lines_[0].get_ydata()) == clf.n_iter_)
        True
        """
        clf = fitted_classifier(estimator)
        display = cls(
            clf.history_,
            first_pass_history=getattr(clf, "first_pass_history_", None),
            kept_epoch=kept_epoch_of(clf),
        )
        return display.plot(**plot_params)


def kept_epoch_of(classifier):
    """Find the epoch whose weights the refit has kept."""
    net = classifier.estimator_
    if net.history is not classifier.history_:
        return None  # fine-tuned on trusted rows: the net is not that of the history
    for _, callback in net.callbacks_:
        # KeepBest always goes back; skorch's EarlyStopping only where it is told to.
        if getattr(callback, "load_best", True):
            kept = getattr(callback, "best_epoch_", None)
            if kept is not None and 1 <= kept <= len(classifier.history_):
                return int(kept)
    return None
