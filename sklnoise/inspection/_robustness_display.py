"""Accuracy against the share of wrong labels, for several classifiers."""

from itertools import cycle

import numpy as np

from sklnoise._containers import innermost
from sklnoise._text import shorten
from sklnoise.inspection._matplotlib import (
    COLOURS,
    check_axes,
    check_matplotlib,
    new_axes,
)
from sklnoise.inspection._robustness import (
    check_accuracies,
    check_named,
    check_rates,
    check_test_data,
    make_trials,
    run_trials,
)

DASHES = "-", "--", "-.", ":"
MARKERS = "o", "s", "D", "^", "v"

# Width and height of the axes, and width of a column of the legend, in inches.
SIZE = 6.4, 4.4
LEGEND_WIDTH = 3

MAX_NAME_LENGTH = 30

# More names stand outside the axes, and in several columns.
MAX_INSIDE, MAX_PER_COLUMN = 6, 25


class RobustnessCurveDisplay:
    """Accuracy on clean labels against the share of labels that were wrong in training.

    Use :meth:`from_estimators`, :meth:`from_estimator` or :meth:`from_accuracies` to
    create one. All parameters are stored as attributes.

    Parameters
    ----------
    noise_rates : array-like of shape (n_rates,)
        Noise rates of the training labels.

    accuracies : dict of str to array-like of shape (n_rates, n_repeats)
        Accuracies of each classifier, by its name.

    kind : str, default=None
        Of the noise, named below the axis; see
        :func:`~sklnoise.datasets.make_transition_matrix`.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The mean over the repetitions, by name.

    bands_ : dict of str to matplotlib PolyCollection
        One standard deviation to either side; empty where nothing was repeated.

    ax_ : matplotlib Axes
        Axes with the curves.

    figure_ : matplotlib Figure
        Figure with the axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklnoise.inspection import RobustnessCurveDisplay
    >>> accuracies = {
    ...     "plain": [[0.95, 0.97], [0.70, 0.66]],
    ...     "corrected": [[0.95, 0.95], [0.93, 0.91]],
    ... }
    >>> display = RobustnessCurveDisplay.from_accuracies(
    ...     [0.0, 0.4], accuracies, kind="pair", ax=Figure().subplots()
    ... )
    >>> display.lines_["plain"].get_ydata()
    array([0.96, 0.68])
    >>> display.ax_.get_xlabel()
    'Noise rate of the training labels (pair)'
    """

    def __init__(self, noise_rates, accuracies, *, kind=None):
        self.noise_rates = noise_rates
        self.accuracies = accuracies
        self.kind = kind

    def plot(self, *, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, which hold the legend too; None makes a new figure, large
            enough for a legend outside the axes where it has more than six names.

        Returns
        -------
        display : RobustnessCurveDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If a rate is no probability, or the accuracies are not one array per rate.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        rates = check_rates(self.noise_rates)
        check_named(self.accuracies, "accuracies", "the accuracies of classifiers")
        checked = {
            name: check_accuracies(name, values, len(rates))
            for name, values in self.accuracies.items()
        }
        if ax is not None:
            check_axes(ax)
        is_outside = ax is None and len(self.accuracies) > MAX_INSIDE
        n_columns = -(-len(self.accuracies) // MAX_PER_COLUMN)
        if ax is None:
            width, height = SIZE
            width += n_columns * LEGEND_WIDTH if is_outside else 0
            height = max(height, 0.22 * min(len(self.accuracies), MAX_PER_COLUMN) + 0.5)
            [ax] = new_axes(width, height)
        order = np.argsort(rates, kind="stable")
        self.lines_, self.bands_ = {}, {}
        # As 4, 5 and 7 have no common divisor, 140 curves look different.
        styles = zip(cycle(COLOURS), cycle(DASHES), cycle(MARKERS))
        for (name, values), (colour, dashes, marker) in zip(checked.items(), styles):
            values = values[order]
            mean = values.mean(axis=1)
            style = {"color": colour, "ls": dashes, "marker": marker}
            (self.lines_[name],) = ax.plot(rates[order], mean, **style)
            if values.shape[1] > 1:
                spread = values.std(axis=1, ddof=1)
                self.bands_[name] = ax.fill_between(
                    rates[order], mean - spread, mean + spread, color=colour, alpha=0.15
                )
        of_kind = "" if self.kind is None else f" ({shorten(self.kind, MAX_NAME_LENGTH)})"
        ax.set_xlabel(f"Noise rate of the training labels{of_kind}", parse_math=False)
        ax.set_ylabel("Accuracy on clean labels")
        ax.grid(axis="y", color="#e6e6e6")
        ax.set_axisbelow(True)
        where = {"ncols": n_columns, "handlelength": 4}
        if is_outside:
            where |= {"loc": "upper left", "bbox_to_anchor": (1, 1)}
        legend = ax.legend(self.lines_.values(), ["-"] * len(self.lines_), **where)
        # Named afterwards: older matplotlib drops names that begin with an underscore.
        for text, name in zip(legend.get_texts(), self.lines_):
            text.set(text=shorten(name, MAX_NAME_LENGTH), parse_math=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_accuracies(cls, noise_rates, accuracies, *, kind=None, **plot_params):
        """Draw accuracies that are known.

        Parameters
        ----------
        noise_rates : array-like of shape (n_rates,)
            Noise rates of the training labels, in [0, 1].

        accuracies : dict of str to array-like of shape (n_rates,) or \
                (n_rates, n_repeats)
            Accuracies of each classifier, by its name.

        kind : str, default=None
            Of the noise, named below the axis.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : RobustnessCurveDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If there is nothing to draw, a rate is no probability, or the accuracies are
            not one array per rate.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklnoise.inspection import RobustnessCurveDisplay
        >>> display = RobustnessCurveDisplay.from_accuracies(
        ...     [0.0, 0.2], {"one run": [0.9, 0.8]}, ax=Figure().subplots()
        ... )
        >>> display.bands_
        {}
        """
        rates = check_rates(noise_rates)
        check_named(accuracies, "accuracies", "one array per classifier")
        checked = {
            name: check_accuracies(name, values, len(rates))
            for name, values in accuracies.items()
        }
        return cls(rates, checked, kind=kind).plot(**plot_params)

    @classmethod
    def from_estimators(
        cls,
        estimators,
        X,
        y,
        *,
        noise_rates=(0.0, 0.2, 0.4),
        kind="symmetric",
        X_test=None,
        y_test=None,
        cv=3,
        random_state=None,
        n_jobs=None,
        **plot_params,
    ):
        """Train classifiers on ever noisier labels and draw how accurate they stay.

        Parameters
        ----------
        estimators : dict of str to classifier
            By name; cloned before each fit. All see the same splits and the same noise.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
            Samples.

        y : array-like of shape (n_samples,)
            Their clean labels; noise is added to those that are trained on.

        noise_rates : array-like of shape (n_rates,), default=(0.0, 0.2, 0.4)
            Noise rates, in [0, 1].

        kind : str, default="symmetric"
            Of the noise, see :func:`~sklnoise.datasets.make_transition_matrix`.

        X_test : {array-like, sparse matrix, DataFrame} of shape (n_test, ...), \
                default=None
            Other samples to judge by; None holds a part of X out.

        y_test : array-like of shape (n_test,), default=None
            Their clean labels.

        cv : int, splitter or iterable of splits, default=3
            One repetition per split. An int means that many stratified, shuffled splits
            that hold a quarter out; with `X_test` nothing is held out, and it is the
            number of repetitions, each with other noise.

        random_state : int, RandomState instance or None, default=None
            Decides splits and noise. The classifiers keep their own.

        n_jobs : int, default=None
            Fits at the same time.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : RobustnessCurveDisplay
            The drawn display, with the accuracies as an attribute.

        Raises
        ------
        ValueError
            If there is no classifier or rate, a rate is no probability, one of `X_test`
            and `y_test` is missing, or `cv` does not fit.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from sklnoise.inspection import RobustnessCurveDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> display = RobustnessCurveDisplay.from_estimators(
        ...     {
        ...         "1 neighbour": KNeighborsClassifier(1),
        ...         "15 neighbours": KNeighborsClassifier(15),
        ...     },
        ...     X,
        ...     y,
        ...     noise_rates=[0.0, 0.3],
        ...     random_state=0,
        ...     ax=Figure().subplots(),
        ... )
        >>> one, many = (display.accuracies[name].mean(axis=1) for name in display.lines_)
        >>> print(one[1] < many[1])
        True
        """
        check_named(estimators, "estimators", "one classifier each")
        rates = check_rates(noise_rates)
        test = check_test_data(X_test, y_test)
        trials = make_trials((X, y), test, rates, kind, cv, random_state)
        accuracies = run_trials(estimators, trials, len(rates), n_jobs)
        return cls(rates, accuracies, kind=kind).plot(**plot_params)

    @classmethod
    def from_estimator(cls, estimator, X, y, **params):
        """Train one classifier on ever noisier labels and draw how accurate it stays.

        Parameters
        ----------
        estimator : classifier
            Cloned before each fit.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
            Samples.

        y : array-like of shape (n_samples,)
            Their clean labels; noise is added to those that are trained on.

        **params : dict
            Parameters of :meth:`from_estimators` and :meth:`plot`.

        Returns
        -------
        display : RobustnessCurveDisplay
            The drawn display; the curve has the name of the classifier's class.
        """
        name = type(innermost(estimator)).__name__
        return cls.from_estimators({name: estimator}, X, y, **params)
