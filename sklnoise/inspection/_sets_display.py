"""The size of prediction sets against the coverage of the clean class."""

import numpy as np

from sklnoise._containers import innermost_with_input
from sklnoise._labels import encode_fitted_labels
from sklnoise._text import shorten
from sklnoise.classifiers import NoiseRobustConformalClassifier
from sklnoise.classifiers._conformal import TIE
from sklnoise.classifiers._fitted import fitted_classifier
from sklnoise.inspection._matplotlib import (
    COLOURS,
    check_axes,
    check_matplotlib,
    new_axes,
)

# Width and height of the axes in inches.
PANEL_SIZE = 4.8, 3.8

REMEDY = (
    "predicts no sets. Calibrate it on samples that it was not fitted to: "
    "NoiseRobustConformalClassifier(FrozenEstimator(clf)).fit(X, y)."
)

LEVELS = np.r_[0.5:0.96:0.05, 0.975, 0.99]


class PredictionSetDisplay:
    """Mean size of prediction sets against the coverage of the clean class.

    Use :meth:`from_estimator` to create one. All parameters are stored as attributes.

    Parameters
    ----------
    confidence_levels : array-like of shape (n_levels,)
        The levels.

    mean_sizes : array-like of shape (n_levels,)
        Mean number of classes in the sets of each level.

    coverages : array-like of shape (n_levels,)
        Coverage of the clean class, as it is estimated from noisy labels.

    intervals : array-like of shape (n_levels, 2), default=None
        Intervals of the coverages.

    clean_coverages : array-like of shape (n_levels,), default=None
        Coverage of clean labels, where there are some.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The lines: the estimated coverage and, where it is known, that of clean labels.

    band_ : matplotlib PolyCollection or None
        The intervals.

    ax_ : matplotlib Axes
        Axes with the lines.

    figure_ : matplotlib Figure
        Figure with the axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklnoise.inspection import PredictionSetDisplay
    >>> display = PredictionSetDisplay([0.8, 0.9], [1.2, 1.9], [0.81, 0.92])
    >>> ax = display.plot(ax=Figure().subplots()).ax_
    >>> ax.get_xlabel()
    'Mean number of classes in a set'
    """

    def __init__(
        self,
        confidence_levels,
        mean_sizes,
        coverages,
        *,
        intervals=None,
        clean_coverages=None,
    ):
        self.confidence_levels = confidence_levels
        self.mean_sizes = mean_sizes
        self.coverages = coverages
        self.intervals = intervals
        self.clean_coverages = clean_coverages

    def plot(self, *, ax=None):
        """Draw coverage against size.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : PredictionSetDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If the levels, sizes and coverages are not of the same number.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        sizes, coverages = self._points(self.mean_sizes), self._points(self.coverages)
        ax = new_axes(*PANEL_SIZE)[0] if ax is None else ax
        check_axes(ax)
        estimated, clean = COLOURS[:2]
        self.band_ = None
        if self.intervals is not None:
            low, high = self._points(self.intervals).T
            self.band_ = ax.fill_between(sizes, low, high, color=estimated, alpha=0.2)
        self.lines_ = ax.plot(
            sizes, coverages, "o-", color=estimated, label="estimated from noisy labels"
        )
        if self.clean_coverages is not None:
            known = self._points(self.clean_coverages)
            self.lines_ += ax.plot(sizes, known, "s--", color=clean, label="clean labels")
        ax.set(xlabel="Mean number of classes in a set", ylabel="Coverage of the class")
        ax.legend(loc="lower right")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _points(self, values):
        """Return values as an array with one entry per level."""
        values, n_levels = np.asarray(values, dtype=float), len(self.confidence_levels)
        if len(values) != n_levels:
            raise ValueError(
                f"each of {n_levels} confidence_levels must have a mean size and a "
                f"coverage; got {len(values)} values. Use from_estimator to compute them."
            )
        return values

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, confidence_levels=None, **plot_params
    ):
        """Draw the sets of a fitted classifier for several levels.

        Parameters
        ----------
        estimator : NoiseRobustConformalClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples whose sets are counted. They need no label.

        y : array-like of shape (n_samples,), default=None
            Clean labels, where they are known, to compare with.

        confidence_levels : array-like of shape (n_levels,), default=None
            Levels between 0 and 1. None takes some from 0.5 to 0.99.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : PredictionSetDisplay
            The drawn display. With thresholds for each class, coverages and intervals
            are their means over the classes.

        Raises
        ------
        TypeError
            If the estimator does not end in such a classifier.

        ValueError
            If a level is not between 0 and 1, or y does not fit the samples.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklnoise import NoiseRobustConformalClassifier
        >>> from sklnoise.inspection import PredictionSetDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> clf = NoiseRobustConformalClassifier(
        ...     LogisticRegression(max_iter=500), transition=0.0, random_state=0
        ... ).fit(X, y)
        >>> display = PredictionSetDisplay.from_estimator(
        ...     clf, X, confidence_levels=[0.5, 0.9], ax=Figure().subplots()
        ... )
        >>> print([len(line.get_ydata()) for line in display.lines_])
        [2]
        """
        clf = fitted_classifier(estimator, (NoiseRobustConformalClassifier,), REMEDY)
        levels = check_levels(LEVELS if confidence_levels is None else confidence_levels)
        scores = clf._conformity(innermost_with_input(estimator, X)[1])
        codes = None
        if y is not None:
            codes = encode_fitted_labels(y, clf.classes_)
            if len(codes) != len(scores):
                raise ValueError(
                    f"y must have one clean label for each of {len(scores)} samples; got "
                    f"{len(codes)}. Pass the labels of the same samples, or leave it out."
                )
        sizes, coverages, intervals, clean = [], [], [], []
        for level in levels:
            thresholds = clf._thresholds(level)
            y_set = scores <= np.array([found.value for found in thresholds]) + TIE
            sizes.append(y_set.sum(axis=1).mean())
            coverages.append(np.mean([found.coverage for found in thresholds]))
            intervals.append(np.mean([found.interval for found in thresholds], axis=0))
            if codes is not None:
                clean.append(y_set[np.arange(len(codes)), codes].mean())
        display = cls(
            levels,
            np.array(sizes),
            np.array(coverages),
            intervals=np.array(intervals),
            clean_coverages=None if codes is None else np.array(clean),
        )
        return display.plot(**plot_params)


def check_levels(levels):
    """Validate confidence levels and return them in order."""
    found = np.sort(np.asarray(levels, dtype=float).ravel())
    if not len(found) or not (found[0] > 0 and found[-1] < 1):
        raise ValueError(
            "confidence_levels must be numbers between 0 and 1, at least one; got "
            f"{shorten(repr(levels))}. For 90 % pass 0.9."
        )
    return found
