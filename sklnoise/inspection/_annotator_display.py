"""How often each annotator is right, with intervals."""

from numbers import Integral

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from sklnoise._containers import innermost
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise.annotators import DawidSkene
from sklnoise.annotators._shown import shown_annotators
from sklnoise.classifiers import NoiseRobustClassifier
from sklnoise.inspection._matplotlib import (
    COLOURS,
    check_axes,
    check_matplotlib,
    new_axes,
)

MAX_NAME_LENGTH = 24

# Sizes in inches: of the axes without annotators, and of a line for each.
AXES_SIZE, LINE_HEIGHT = (6.4, 1.2), 0.3

# What a summary must tell of each annotator: kinds of numpy, and what they are called.
NEEDED = {
    "annotator": None,
    "n_answers": ("iu", "counts"),
    "accuracy": ("f", "shares"),
    "accuracy_low": ("f", "shares"),
    "accuracy_high": ("f", "shares"),
    "is_random": ("b", "booleans"),
}


class AnnotatorDisplay:
    """Accuracy of each annotator with its interval, the best at the top.

    Use :meth:`from_estimator` or :meth:`from_summary` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    summary : :class:`~sklearn.utils.Bunch`
        What the answers of each annotator are worth, as
        :func:`~sklnoise.annotators.annotator_summary` returns it.

    Attributes
    ----------
    shown_ : ndarray of shape (n_shown,), dtype=int
        Positions of the annotators that are shown, from the top.

    lines_ : list of matplotlib ErrorbarContainer
        The accuracies: of annotators who know something and, if there are some, of those
        who answer at random.

    ax_ : matplotlib Axes
        Axes with the accuracies.

    figure_ : matplotlib Figure
        Figure with the axes.

    See Also
    --------
    TransitionMatrixDisplay : Which classes an annotator confuses.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklnoise.annotators import DawidSkene
    >>> from sklnoise.inspection import AnnotatorDisplay
    >>> y = [[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]]
    >>> display = AnnotatorDisplay.from_estimator(
    ...     DawidSkene().fit(y), ax=Figure().subplots()
    ... )
    >>> display.ax_.get_xlabel()
    'Accuracy: probability of a right answer'
    """

    def __init__(self, summary):
        self.summary = summary

    def plot(self, *, ax=None, n_shown=40):
        """Draw the accuracies.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        n_shown : int, default=40
            Number of annotators that are shown at most. Of more, half are the most
            active ones, and half those of the others that are surely the least accurate.

        Returns
        -------
        display : AnnotatorDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If `n_shown` is below 1, or the summary lacks an array, or they differ in
            length.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if not isinstance(n_shown, Integral) or n_shown < 1:
            raise ValueError(
                f"n_shown must be a number of annotators, at least 1; got {n_shown!r}."
            )
        summary = check_summary(self.summary)
        self.shown_ = shown = shown_annotators(summary, n_shown)
        if ax is None:
            width, height = AXES_SIZE
            [ax] = new_axes(width, height + LINE_HEIGHT * len(shown))
        check_axes(ax)
        answered, is_random = summary.n_answers[shown] > 0, summary.is_random[shown]
        kinds = [(answered & ~is_random, "informative"), (is_random, "answers at random")]
        self.lines_ = [
            draw_accuracies(ax, summary, shown, np.flatnonzero(of_kind), color, label)
            for (of_kind, label), color in zip(kinds, COLOURS)
            if of_kind.any()
        ]
        ax.set_yticks(range(len(shown)), captions(summary, shown), parse_math=False)
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.set_xlabel("Accuracy: probability of a right answer")
        ax.set_title(title(len(shown), len(summary.annotator)))
        ax.spines[["top", "right"]].set_visible(False)
        if is_random.any():
            ax.legend(loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(cls, estimator, **plot_params):
        """Draw how good the annotators of a fit are.

        Parameters
        ----------
        estimator : NoiseRobustClassifier, DawidSkene, Pipeline or search
            Fitted to the answers of several annotators; a pipeline or a search must end
            in such a classifier.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : AnnotatorDisplay
            The drawn display.

        Raises
        ------
        TypeError
            If the estimator does not end in a NoiseRobustClassifier or DawidSkene.

        NotFittedError
            If it is not fitted yet.

        ValueError
            If it was fitted to one label per sample.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklnoise import NoiseRobustClassifier
        >>> from sklnoise.inspection import AnnotatorDisplay
        >>> X = [[0.0], [1.0], [0.1], [0.9]] * 5
        >>> y = [["no", "no"], ["yes", "yes"], ["no", "yes"], ["yes", "yes"]] * 5
        >>> clf = NoiseRobustClassifier(random_state=0).fit(X, y)
        >>> display = AnnotatorDisplay.from_estimator(clf, ax=Figure().subplots())
        >>> sorted(text.get_text() for text in display.ax_.get_yticklabels())
        ['0 (20)', '1 (20)']
        """
        return cls(summary_of(estimator)).plot(**plot_params)

    @classmethod
    def from_summary(cls, summary, **plot_params):
        """Draw a summary, such as one with another confidence level.

        Parameters
        ----------
        summary : :class:`~sklearn.utils.Bunch`, dict or dataframe
            What :func:`~sklnoise.annotators.annotator_summary` returns.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : AnnotatorDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If the summary lacks an array, or they differ in length.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklnoise.annotators import DawidSkene, annotator_summary
        >>> from sklnoise.inspection import AnnotatorDisplay
        >>> y = [[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]]
        >>> summary = annotator_summary(DawidSkene().fit(y), y, confidence_level=0.5)
        >>> display = AnnotatorDisplay.from_summary(summary, ax=Figure().subplots())
        >>> display.shown_.shape
        (3,)
        """
        return cls(summary).plot(**plot_params)


def summary_of(estimator):
    """Return the summary of the annotators of a fitted estimator."""
    fitted = innermost(estimator)
    if not isinstance(fitted, NoiseRobustClassifier | DawidSkene):
        raise TypeError(
            "estimator must be a fitted NoiseRobustClassifier or DawidSkene, or a "
            f"Pipeline or search that ends in one; got {shorten(repr(estimator), 200)}."
        )
    check_is_fitted(fitted)
    if not hasattr(fitted, "annotator_summary_"):
        raise ValueError(
            "estimator must have been fitted to the answers of several annotators, y of "
            "shape (n_samples, n_annotators); it was fitted to one label per sample."
        )
    return fitted.annotator_summary_


def check_summary(summary):
    """Validate what is known of annotators, and return it as arrays."""
    keys = list(summary.keys()) if hasattr(summary, "keys") else []
    absent = [name for name in NEEDED if name not in keys]
    if absent:
        raise ValueError(
            "summary must be that of annotator_summary, with an array for each of "
            f"{', '.join(NEEDED)}; {list_some(absent)} are missing."
        )
    found = Bunch(**{name: np.asarray(as_numpy(summary[name])) for name in NEEDED})
    shapes = {values.shape for values in found.values()}
    if len(shapes) > 1 or found.accuracy.ndim != 1 or not found.accuracy.size:
        raise ValueError(
            "summary must have one entry per annotator in each array; got shapes "
            f"{', '.join(str(values.shape) for values in found.values())}."
        )
    for name, kinds in NEEDED.items():
        if kinds is not None and found[name].dtype.kind not in kinds[0]:
            raise ValueError(
                f"{name} of a summary must hold {kinds[1]}; got {found[name].dtype}."
            )
    return found


def draw_accuracies(ax, summary, shown, places, color, label):
    """Draw the accuracies and intervals of some of those who are shown."""
    value, low, high = (
        getattr(summary, name)[shown[places]]
        for name in ("accuracy", "accuracy_low", "accuracy_high")
    )
    return ax.errorbar(
        value,
        places,
        xerr=np.clip([value - low, high - value], 0, None),
        fmt="o",
        color=color,
        label=label,
        capsize=3,
    )


def captions(summary, shown):
    """Return the name of each annotator and the number of the answers."""
    names = summary.annotator[shown].tolist()
    return [
        f"{shorten(name, MAX_NAME_LENGTH)} ({n_answers:,})"
        for name, n_answers in zip(names, summary.n_answers[shown])
    ]


def title(n_shown, n_annotators):
    """Say how many annotators there are, and which of them are shown."""
    if n_shown == n_annotators:
        return f"{n_annotators:,} annotators (and their answers)"
    return (
        f"{n_shown:,} of {n_annotators:,} annotators (and their answers):\n"
        "the most active and the least accurate"
    )
