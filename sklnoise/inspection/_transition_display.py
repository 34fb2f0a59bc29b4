"""The transition matrix as a heat map, drawn by scikit-learn's confusion matrix."""

from difflib import get_close_matches
from numbers import Real

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from sklnoise._compat import StrOptions, validate_params
from sklnoise._containers import innermost
from sklnoise._names import align_square, names_of_columns
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise._validation import check_numbers, check_transition_matrix
from sklnoise.classifiers._fitted import fitted_classifier, known_errors
from sklnoise.inspection._matplotlib import check_axes, check_matplotlib, new_axes

MAX_NAME_LENGTH = 24

# More classes show no values, or no standard errors below them.
MAX_WITH_VALUES, MAX_WITH_ERRORS = 12, 8

# In points; smaller values are not legible.
MIN_FONT_SIZE = 5

# Sizes in inches: of a cell and of all cells together, of a character of a name, and of
# what else is drawn to the sides, with the colour bar, and above and below.
CELL_SIDE, MIN_SIDE, MAX_SIDE = 0.55, 3.2, 8
NAME_WIDTH = 0.09
MARGIN_WIDTH, MARGIN_HEIGHT = 2, 0.8

# Side of a cell over the font size of its value, at least.
MIN_CELL_RATIO = 2.6

# Width of a character on average, as a share of the font size.
CHARACTER_WIDTH = 0.7

# Font size of a standard error as a share of that of its value; how far the value is
# raised and the error lowered, in lines.
ERROR_FONT_SHARE, VALUE_RISE, ERROR_DROP = 0.75, 0.4, 0.75


class TransitionMatrixDisplay:
    """Heat map of a transition matrix T[i, j] = P(noisy = j | clean = i).

    Use :meth:`from_estimator` or :meth:`from_matrix` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        T; rows are clean classes.

    display_labels : array-like of shape (n_classes,), default=None
        Names of the classes; None counts them from 0.

    standard_error : ndarray of shape (n_classes, n_classes), default=None
        Standard error of each entry, shown below its value for up to eight classes;
        NaN where it is not known.

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The heat map; its colours span the probabilities from 0 to 1.

    text_ : ndarray of shape (n_classes, n_classes), dtype=matplotlib Text, or None
        The values in the cells; None where they are not shown.

    error_text_ : list of matplotlib Text
        The standard errors in the cells, row by row; empty where none are shown.

    ax_ : matplotlib Axes
        Axes with the heat map.

    figure_ : matplotlib Figure
        Figure with the axes.

    Examples
    --------
    >>> from sklnoise.datasets import make_transition_matrix
    >>> from sklnoise.inspection import TransitionMatrixDisplay
    >>> T = make_transition_matrix("pair", 3, 0.2)
    >>> display = TransitionMatrixDisplay.from_matrix(
    ...     T, display_labels=["cat", "dog", "fox"]
    ... )
    >>> display.ax_.get_ylabel()
    'Clean class'
    >>> display.text_[0, 1].get_text()
    '0.20'
    """

    def __init__(self, transition_matrix, *, display_labels=None, standard_error=None):
        self.transition_matrix = transition_matrix
        self.display_labels = display_labels
        self.standard_error = standard_error

    @validate_params(
        {
            "include_values": ["boolean", StrOptions({"auto"})],
            "values_format": [str],
            "xticks_rotation": [StrOptions({"auto", "vertical", "horizontal"}), Real],
            "cmap": [str, callable, None],
            "colorbar": ["boolean"],
            "im_kw": [dict, None],
            "text_kw": [dict, None],
        },
        prefer_skip_nested_validation=True,
    )
    def plot(
        self,
        *,
        ax=None,
        include_values="auto",
        values_format=".2f",
        cmap="Blues",
        xticks_rotation="auto",
        colorbar=True,
        im_kw=None,
        text_kw=None,
    ):
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure, large enough for the classes.

        include_values : bool or "auto", default="auto"
            Whether the cells show their values; "auto" shows them for up to 12 classes
            where they fit.

        values_format : str, default=".2f"
            Format of the values.

        cmap : str or matplotlib Colormap, default="Blues"
            Colours of the probabilities from 0 to 1.

        xticks_rotation : {"auto", "vertical", "horizontal"} or float, default="auto"
            Rotation of the names below the columns; "auto" is vertical where one of
            them is wider than a column. Of many classes only every second, fifth or
            tenth is named.

        colorbar : bool, default=True
            Whether to add a colour bar.

        im_kw : dict, default=None
            Passed on to `Axes.imshow`.

        text_kw : dict, default=None
            Passed on to `Axes.text` for the values.

        Returns
        -------
        display : TransitionMatrixDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If the matrix is not square, or there are not as many names, or standard
            errors, as it asks for.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        T = check_numbers(self.transition_matrix, "transition_matrix", dtype=np.float64)
        if len(T) != T.shape[1]:
            raise ValueError(f"transition_matrix must be square; got shape {T.shape}.")
        names, errors = self._names(T), self._errors(T)
        check_format(values_format)
        if ax is None:
            [ax] = new_axes(*figure_size(names))
        check_axes(ax)
        cell = cell_size(ax, len(T))
        font_size = min(font_size_of("font.size"), cell / MIN_CELL_RATIO)
        if include_values == "auto":
            include_values = len(T) <= MAX_WITH_VALUES and font_size >= MIN_FONT_SIZE
        text_style = dict(text_kw or {})
        if not {"fontsize", "size"} & text_style.keys():
            text_style["fontsize"] = font_size
        heat_map = ConfusionMatrixDisplay(T, display_labels=names).plot(
            ax=ax,
            include_values=include_values,
            values_format=values_format,
            cmap=cmap,
            colorbar=colorbar,
            # The same colours for all matrices, so that they can be compared.
            im_kw={"vmin": 0, "vmax": 1} | (im_kw or {}),
            text_kw=text_style,
        )
        self.im_, self.text_, self.error_text_ = heat_map.im_, heat_map.text_, []
        if self.text_ is not None:
            if not {"color", "c"} & text_style.keys():
                contrast_values(self.im_, T, self.text_)
            if errors is not None and len(T) <= MAX_WITH_ERRORS:
                self.error_text_ = write_errors(self.text_, errors, font_size, cell)
        if colorbar:
            self.im_.colorbar.set_label("P(noisy | clean)")
        ax.set(xlabel="Noisy label", ylabel="Clean class")
        name_classes(ax, names, cell, xticks_rotation)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _names(self, T):
        """Return the names of the classes as they are shown."""
        names = range(len(T)) if self.display_labels is None else self.display_labels
        names = np.asarray(as_numpy(names))
        if names.shape != (len(T),):
            raise ValueError(
                f"display_labels must name the {len(T)} classes of transition_matrix, "
                f"in their order; got shape {names.shape}."
            )
        return [shorten(name, MAX_NAME_LENGTH) for name in names.tolist()]

    def _errors(self, T):
        """Return the standard errors, if there are any."""
        if self.standard_error is None:
            return None
        errors = np.asarray(as_numpy(self.standard_error))
        if errors.dtype.kind not in "biuf":
            raise ValueError(
                "standard_error must hold real numbers, NaN where one is not known; got "
                f"{errors.dtype}."
            )
        if errors.shape != T.shape:
            raise ValueError(
                f"standard_error must have one value for each entry of transition_matrix,"
                f" shape {T.shape}; got shape {errors.shape}."
            )
        return errors.astype(float)

    @classmethod
    def from_estimator(
        cls, estimator, *, annotator=None, display_labels=None, **plot_params
    ):
        """Draw the transition matrix that a fitted classifier estimated or was given.

        Rows that are as they were estimated come with their standard errors; those that
        were known, shrunk towards the identity or learned further come without.

        Parameters
        ----------
        estimator : NoiseRobustClassifier, ConfidentLearningClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier. Any other
            fitted object with `transition_matrix_` and `classes_` is taken as well.

        annotator : str or int, default=None
            One of `annotators_`, whose own matrix is drawn, if the estimator was fitted
            to the answers of several. None draws the pool of all.

        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes; None takes `classes_`.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : TransitionMatrixDisplay
            The drawn display.

        Raises
        ------
        TypeError
            If the estimator does not end in such a classifier.

        NotFittedError
            If it is not fitted yet.

        ValueError
            If `annotator` is none of those of the fit.

        Examples
        --------
        >>> from sklnoise import NoiseRobustClassifier
        >>> from sklnoise.inspection import TransitionMatrixDisplay
        >>> X, y = [[0.0], [1.0], [0.1], [0.9]] * 5, ["no", "yes"] * 10
        >>> clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
        >>> display = TransitionMatrixDisplay.from_estimator(clf)
        >>> [label.get_text() for label in display.ax_.get_xticklabels()]
        ['no', 'yes']
        """
        clf = innermost(estimator)
        if not all(hasattr(clf, name) for name in ("transition_matrix_", "classes_")):
            fitted_classifier(estimator)  # raises what is wrong with it
        if annotator is None:
            T, error = clf.transition_matrix_, known_errors(clf)
        else:
            T, error = matrix_of_annotator(clf, annotator)
        display = cls(
            T,
            display_labels=clf.classes_ if display_labels is None else display_labels,
            standard_error=error,
        )
        return display.plot(**plot_params)

    @classmethod
    def from_matrix(
        cls,
        transition_matrix,
        *,
        display_labels=None,
        standard_error=None,
        **plot_params,
    ):
        """Draw a transition matrix.

        Parameters
        ----------
        transition_matrix : array-like of shape (n_classes, n_classes)
            T; rows are clean classes and sum to 1.

        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes. None takes those of the columns of a frame, or else
            counts from 0.

        standard_error : array-like of shape (n_classes, n_classes), default=None
            Standard error of each entry, such as an estimator of T has it in
            `standard_error_`.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : TransitionMatrixDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If T is not a square matrix of probabilities whose rows sum to 1.

        Examples
        --------
        >>> from sklnoise.inspection import TransitionMatrixDisplay
        >>> T = [[0.9, 0.1], [0.3, 0.7]]
        >>> display = TransitionMatrixDisplay.from_matrix(T, include_values=False)
        >>> display.im_.get_clim()
        (0.0, 1.0)
        """
        if display_labels is None:
            display_labels = names_of_columns(transition_matrix)
        elif np.ndim(display_labels) != 1:
            raise ValueError(
                "display_labels must be a list with the name of each class; got "
                f"{shorten(repr(display_labels))}."
            )
        T = check_transition_matrix(transition_matrix, classes=display_labels)
        if standard_error is not None:
            frame, standard_error = standard_error, np.asarray(as_numpy(standard_error))
            standard_error = align_square(
                standard_error, frame, display_labels, "standard_error"
            )
        display = cls(T, display_labels=display_labels, standard_error=standard_error)
        return display.plot(**plot_params)


def matrix_of_annotator(clf, annotator):
    """Return the matrix of an annotator and its standard errors, None if unknown."""
    if not hasattr(clf, "annotators_"):
        raise ValueError(
            f"annotator must be None, as {type(clf).__name__} was not fitted to the "
            f"answers of several annotators; got {shorten(repr(annotator))}."
        )
    names = clf.annotators_.tolist()
    if np.ndim(annotator) or annotator not in names:
        close = get_close_matches(str(annotator), map(str, names), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"annotator must be one of those of the fit, {list_some(names)}; got "
            f"{shorten(repr(annotator))}.{hint}"
        )
    at = names.index(annotator)
    error = getattr(clf, "standard_error_", None)
    error = getattr(clf, "standard_error_", None) if error is None else error
    return clf.transition_matrices_[at], None if error is None else error[at]


def check_format(values_format):
    """Raise a ValueError if numbers cannot be written in a format."""
    try:
        format(0.5, values_format)
    except ValueError as error:
        raise ValueError(
            "values_format must be a format of numbers, such as '.2f'; got "
            f"{shorten(repr(values_format))}: {error}"
        ) from error


def figure_size(names):
    """Return the width and height of a figure for a matrix of some classes."""
    side = min(MAX_SIDE, max(MIN_SIDE, CELL_SIDE * len(names)))
    side += NAME_WIDTH * max(map(len, names))
    return side + MARGIN_WIDTH, side + MARGIN_HEIGHT


def cell_size(ax, n_classes):
    """Return the side of the cells of a matrix on some axes, in points."""
    box = ax.get_window_extent()
    return 72 / ax.figure.dpi * min(box.width, box.height) / n_classes


def font_size_of(name):
    """Return a font size of matplotlib's settings in points."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    return FontProperties(size=rcParams[name]).get_size_in_points()


def name_classes(ax, names, cell, rotation):
    """Rotate the names, and leave out so many that they do not overlap."""
    points = font_size_of("xtick.labelsize")
    step = next(n for n in tick_steps() if n * cell >= points)
    if rotation == "auto":
        width = CHARACTER_WIDTH * points * max(map(len, names))
        rotation = "vertical" if width > step * cell else "horizontal"
    codes = np.arange(0, len(names), step)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(codes, [names[code] for code in codes], parse_math=False)
    style = {"rotation": rotation}
    if rotation not in ("vertical", "horizontal"):
        style |= {"ha": "right", "rotation_mode": "anchor"}
    for label in ax.get_xticklabels():
        label.set(**style)


def tick_steps():
    """Yield 1, 2, 5, 10, 20, 50 and so on."""
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def contrast_values(image, T, texts):
    """Colour each value as the end of the colour map that its cell is far from."""
    # scikit-learn takes the middle of the values, not that of the colours.
    low, high = image.cmap(0.0), image.cmap(1.0)
    for text, value in zip(texts.ravel(), T.ravel()):
        text.set_color(high if image.norm(value) < 0.5 else low)


def write_errors(values, errors, font_size, cell):
    """Write the standard errors that are known below the values, and lift those."""
    texts, line = [], font_size / cell
    for (i, j), error in np.ndenumerate(errors):
        if np.isfinite(error):
            value = values[i, j]
            value.set_y(i - VALUE_RISE * line)
            size = ERROR_FONT_SHARE * font_size
            style = {"ha": "center", "va": "center", "fontsize": size}
            content = "±<.01" if 0 < error < 0.005 else f"±{error:.2f}".replace("0.", ".")
            text = value.axes.text(j, i + ERROR_DROP * line, content, **style)
            text.set_color(value.get_color())
            texts.append(text)
    return texts
