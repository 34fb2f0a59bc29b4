"""The quality of all labels, beside the rows whose label is most suspect."""

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise.classifiers._fitted import fitted_classifier
from sklnoise.inspection._canvas import COLOURS, GREY, new_figure
from sklnoise.inspection._issue_rows import rows_beside
from sklnoise.inspection._matplotlib import check_matplotlib
from sklnoise.issues._judgement import judge_fitted, judge_held_out

HISTOGRAM = 4.8, 4.2
"""Width and height in inches."""

MARGIN = 0.3
STEEP = 10
"""Ratio of the highest bars from which suspects would not be seen on a linear scale."""


class LabelIssuesDisplay:
    """Histogram of label quality, beside the most suspect rows.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. All parameters
    are stored as attributes.

    Parameters
    ----------
    labels : array-like of shape (n_judged,)
        Noisy labels.

    suggested_labels : array-like of shape (n_judged,)
        The most likely labels.

    quality : array-like of shape (n_judged,)
        Probability that the label is right; low is suspect.

    is_issue : array-like of shape (n_judged,), dtype=bool
        Where another label is more likely.

    rows : array-like of shape (n_judged,), dtype=int, default=None
        Position of each in X; None counts from 0.

    X : array-like of shape (n_samples, ...) or DataFrame, default=None
        The rows. Images, of shape (n, H, W), (n, C, H, W) or (n, H, W, C), are shown as
        a contact sheet, tables and texts as a table; rows of other kinds are not shown.

    n_left_out : int, default=0
        Number of rows that could not be judged.

    learned : bool, default=False
        Whether the net that judges was trained on these labels.

    n_trusted : int, default=0
        Number of rows whose label is known to be right.

    Attributes
    ----------
    worst_ : ndarray of shape (n_shown,), dtype=int
        Positions in X of the rows that are shown, the most suspect first.

    ax_ : matplotlib Axes
        Axes with the histogram.

    axes_ : list of matplotlib Axes
        The histogram's, and those of the rows: one an image, or one for the table.

    figure_ : matplotlib Figure
        Figure with the axes.

    See Also
    --------
    sklnoise.find_label_issues : The same issues as an array or a frame.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklnoise.inspection import LabelIssuesDisplay
    >>> y = ["cat", "cat", "dog", "dog"]
    >>> y_proba = [[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.95, 0.05]]
    >>> T = [[0.8, 0.2], [0.2, 0.8]]
    >>> display = LabelIssuesDisplay.from_predictions(
    ...     y, y_proba, transition_matrix=T, ax=Figure().subplots()
    ... )
    >>> print(display.ax_.get_title())
    1 of 4 labels is suspect
    >>> display.suggested_labels.tolist()
    ['cat', 'cat', 'dog', 'cat']
    """

    def __init__(
        self,
        labels,
        suggested_labels,
        quality,
        is_issue,
        *,
        rows=None,
        X=None,
        n_left_out=0,
        learned=False,
        n_trusted=0,
    ):
        self.labels = labels
        self.suggested_labels = suggested_labels
        self.quality = quality
        self.is_issue = is_issue
        self.rows = rows
        self.X = X
        self.n_left_out = n_left_out
        self.learned = learned
        self.n_trusted = n_trusted

    def plot(self, *, ax=None, n_shown=12, bins=20):
        """Draw the histogram and the rows.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw the histogram on, without the rows, for which it may not have
            the room; None makes a new figure with both.

        n_shown : int, default=12
            Number of rows that are shown at most; 0 shows none.

        bins : int, default=20
            Number of bars from 0 to 1.

        Returns
        -------
        display : LabelIssuesDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If `n_shown` is negative, or X has fewer rows than were judged.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if n_shown < 0:
            raise ValueError(
                f"n_shown must be 0 or more rows; got {n_shown}. Pass 0 for none."
            )
        shown = self._most_suspect(0 if ax is not None else n_shown)
        beside = self._beside(shown)
        rows_axes = []
        if beside is None:
            shown = shown[:0]
            ax = new_figure(*HISTOGRAM).subplots() if ax is None else ax
            figure = ax.figure
        else:
            width, height = beside.size
            height = max(HISTOGRAM[1] - MARGIN, height)
            figure = new_figure(HISTOGRAM[0] + width + MARGIN, height + MARGIN)
            ratios = HISTOGRAM[0], width + MARGIN
            left, right = figure.subfigures(1, 2, width_ratios=ratios)
            ax, rows_axes = left.subplots(), beside.draw(right, height)
        self._draw_histogram(ax, bins)
        self.worst_ = self._positions()[shown]
        self.ax_, self.axes_, self.figure_ = ax, [ax, *rows_axes], figure
        return self

    def _positions(self):
        return np.arange(len(self.labels)) if self.rows is None else np.asarray(self.rows)

    def _most_suspect(self, n_shown):
        """Return which of the judged rows are the worst issues."""
        found = np.flatnonzero(self.is_issue)
        order = np.argsort(np.asarray(self.quality)[found], kind="stable")
        return found[order[:n_shown]]

    def _beside(self, shown):
        """Return what is drawn beside the histogram, if there is anything."""
        if self.X is None or not len(shown):
            return None
        columns = self.labels, self.suggested_labels, self.quality
        columns = (np.asarray(column)[shown].tolist() for column in columns)
        return rows_beside(self.X, self._positions()[shown], *columns)

    def _draw_histogram(self, ax, bins):
        """Draw all rows in light grey and the issues in front, hatched."""
        quality = np.clip(np.asarray(self.quality, dtype=float), 0, 1)
        issues = quality[np.asarray(self.is_issue)]
        edges = np.linspace(0, 1, bins + 1)
        highest, _, _ = ax.hist(
            quality, edges, color="#d9d9d9", ec=GREY, label=f"all ({len(quality)})"
        )
        found, _, _ = ax.hist(
            issues,
            edges,
            color=COLOURS[1],
            ec="#222222",
            hatch="////",
            label=f"suspect ({len(issues)})",
        )
        # Log counts begin below 1, so that a single row is seen.
        log = len(issues) and highest.max() > STEEP * found.max()
        if log:
            ax.set_yscale("log")
            ax.set_ylim(0.7, 2 * highest.max())
        ax.set(
            xlim=(0, 1),
            xlabel="Label quality: probability that the label is right",
            ylabel="Rows (log scale)" if log else "Rows",
        )
        ax.legend()
        ax.set_title("\n".join(self._title(len(quality), len(issues))))

    def _title(self, n_judged, n_issues):
        """Yield the lines of the title."""
        verb = "is" if n_issues == 1 else "are"
        yield f"{n_issues} of {n_judged} labels {verb} suspect"
        if self.n_left_out:
            yield f"{self.n_left_out} rows left out: no fold held them out"
        if self.n_trusted:
            yield f"{self.n_trusted} known to be right"
        if self.learned:
            yield "by the net that has learned these labels"

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, new_rows=False, trusted=None, **plot_params
    ):
        """Judge labels by a fitted classifier and draw the result.

        Parameters
        ----------
        estimator : NoiseRobustClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or None
            The rows that it was fitted on. Their labels are judged by
            `out_of_fold_proba_`, by models that have not seen the row; where no fold
            was fitted by the net that has learned them, which excuses many. None shows
            no rows.

        y : array-like of shape (n_samples,)
            Their noisy labels.

        new_rows : bool, default=False
            Whether they are other rows, to be judged by `predict_proba`.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Rows whose label is known to be right, such as those that `fit` was told:
            they are never suspects. None knows of none.

        **plot_params : dict
            Parameters of :meth:`plot`, such as `n_shown`.

        Returns
        -------
        display : LabelIssuesDisplay
            The drawn display.

        Raises
        ------
        TypeError
            If the estimator does not end in such a classifier.

        NotFittedError
            If it is not fitted yet.

        ValueError
            If there are not as many rows as it was fitted on, or `trusted` is no mask
            of the rows.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn.datasets import make_blobs
        >>> from sklnoise import NoiseRobustClassifier
        >>> from sklnoise.inspection import LabelIssuesDisplay
        >>> X, y = make_blobs(90, centers=3, random_state=1)
        >>> y[0] = (y[0] + 1) % 3  # a wrong label
        >>> clf = NoiseRobustClassifier(cv=3, random_state=0).fit(X, y)
        >>> display = LabelIssuesDisplay.from_estimator(
        ...     clf, X, y, ax=Figure().subplots()
        ... )
        >>> int(display.quality.argmin())
        0
        """
        judgement = judge_fitted(
            fitted_classifier(estimator),
            X,
            y,
            model=estimator,
            new_rows=new_rows,
            trusted=trusted,
        )
        return cls._of(judgement, X).plot(**plot_params)

    @classmethod
    def from_predictions(
        cls,
        y,
        y_proba,
        *,
        X=None,
        transition_matrix=None,
        classes=None,
        **plot_params,
    ):
        """Judge labels by held-out probabilities and draw the result.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Noisy labels.

        y_proba : array-like of shape (n_samples, n_classes)
            Probabilities of the noisy labels, by models that have not seen the rows.
            Rows that are NaN are left out.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...), \
                default=None
            The rows; None shows none.

        transition_matrix : array-like of shape (n_classes, n_classes), default=None
            T[i, j] = P(noisy = j | clean = i). None estimates it from the rows, as
            :func:`~sklnoise.find_label_issues` does.

        classes : array-like of shape (n_classes,), default=None
            The class of each column. None takes the sorted labels of y.

        **plot_params : dict
            Parameters of :meth:`plot`, such as `n_shown`.

        Returns
        -------
        display : LabelIssuesDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If the labels, the probabilities or T are not valid, or do not fit.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklnoise.inspection import LabelIssuesDisplay
        >>> display = LabelIssuesDisplay.from_predictions(
        ...     [0, 0, 1, 1, 0],
        ...     [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]],
        ...     transition_matrix=[[0.8, 0.2], [0.2, 0.8]],
        ...     ax=Figure().subplots(),
        ... )
        >>> display.is_issue.tolist()
        [False, False, False, False, True]
        """
        if X is not None:
            check_consistent_length(X, y)
        judgement = judge_held_out(y, y_proba, transition_matrix, classes)
        return cls._of(judgement, X).plot(**plot_params)

    @classmethod
    def _of(cls, judgement, X):
        """Make a display of a judgement."""
        return cls(**judgement._asdict(), X=X)
