"""The transition matrix as a heat map."""

import numpy as np

from sklnoise._validation import check_transition_matrix
from sklnoise.classifiers import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.classifiers._fitted import fitted_classifier, innermost
from sklnoise.inspection._canvas import new_figure
from sklnoise.inspection._cell_values import write_errors, write_values
from sklnoise.inspection._class_axis import (
    cell_size,
    matrix_figure_size,
    name_classes,
    name_texts,
    value_points,
)
from sklnoise.inspection._matplotlib import check_matplotlib

KINDS = (NoiseRobustClassifier, ConfidentLearningClassifier)

MOST_WITH_ERRORS = 8
"""Classes up to which a second line fits in the cells."""


class TransitionMatrixDisplay:
    """Heat map of a transition matrix T[i, j] = P(noisy = j | clean = i).

    Use :meth:`from_estimator` or :meth:`from_matrix` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        T; rows are clean classes.

    display_labels : array-like of shape (n_classes,), default=None
        Names of the classes; None counts them from 0, and so does a font of matplotlib
        that lacks characters of the names.

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
            Rotation of the names below the columns; "auto" turns them where more of
            them fit upright. Names that would overlap are left out.

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
            If there are not as many names, or standard errors, as the matrix asks for.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        T = np.asarray(self.transition_matrix)
        (names, numbered), errors = self._names(T), self._errors(T)
        own = ax is None
        if own:
            width, height, cell = matrix_figure_size(names)
            ax = new_figure(width, height).subplots()
        else:
            cell = cell_size(ax, len(T))
        colours = {"cmap": cmap, "vmin": 0, "vmax": 1}
        self.im_ = ax.imshow(T, **colours | (im_kw or {}))
        self.text_, self.error_text_ = None, []
        points = value_points(cell, len(T), include_values)
        if points:
            style = {"fontsize": points} | (text_kw or {})
            self.text_ = write_values(self.im_, T, values_format, style)
            if errors is not None and len(T) <= MOST_WITH_ERRORS:
                self.error_text_ = write_errors(self.text_, errors, points, cell)
        if colorbar:
            ax.figure.colorbar(self.im_, ax=ax, label="P(noisy | clean)")
        if own:
            ax.set_anchor("SW")  # where the names are: the layout then sees their size
        by = ", by its number" if numbered else ""
        ax.set(xlabel=f"Noisy label{by}", ylabel=f"Clean class{by}")
        name_classes(ax, names, cell, xticks_rotation)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _names(self, T):
        """Return the names of the classes as they are shown, and whether by number."""
        names = range(len(T)) if self.display_labels is None else self.display_labels
        if len(names) != len(T):
            raise ValueError(
                f"display_labels must name the {len(T)} classes of transition_matrix, "
                f"in their order; got {len(names)} names."
            )
        return name_texts(names)

    def _errors(self, T):
        """Return the standard errors, if there are any."""
        if self.standard_error is None:
            return None
        errors = np.asarray(self.standard_error, dtype=float)
        if errors.shape != T.shape:
            raise ValueError(
                f"standard_error must have one value for each entry of transition_matrix,"
                f" shape {T.shape}; got shape {errors.shape}."
            )
        return errors

    @classmethod
    def from_estimator(cls, estimator, *, display_labels=None, **plot_params):
        """Draw the transition matrix that a fitted classifier estimated or was given.

        Rows that are as they were estimated come with their standard errors; those that
        were known, drawn to the identity or learned further come without.

        Parameters
        ----------
        estimator : NoiseRobustClassifier, ConfidentLearningClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier. Any other
            fitted object with `transition_matrix_` and `classes_` is taken as well.

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

        Examples
        --------
        >>> from sklnoise import NoiseRobustClassifier
        >>> from sklnoise.inspection import TransitionMatrixDisplay
        >>> X, y = [[0.0], [1.0], [0.1], [0.9]], ["no", "yes", "no", "yes"]
        >>> clf = NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
        >>> display = TransitionMatrixDisplay.from_estimator(clf)
        >>> [label.get_text() for label in display.ax_.get_xticklabels()]
        ['no', 'yes']
        """
        clf = innermost(estimator)
        if not all(hasattr(clf, name) for name in ("transition_matrix_", "classes_")):
            clf = fitted_classifier(estimator, KINDS)  # tells what is wrong
        display = cls(
            clf.transition_matrix_,
            display_labels=clf.classes_ if display_labels is None else display_labels,
            standard_error=known_errors(clf),
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
            Names of the classes; None counts them from 0.

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
        display = cls(
            check_transition_matrix(transition_matrix),
            display_labels=display_labels,
            standard_error=standard_error,
        )
        return display.plot(**plot_params)


def known_errors(classifier):
    """Return the standard errors of the T that a classifier has."""
    estimator = getattr(classifier, "transition_estimator_", None)
    error = getattr(estimator, "standard_error_", None)
    if error is None:
        return None
    estimate, T = estimator.transition_matrix_, classifier.transition_matrix_
    same = np.isclose(T, estimate, rtol=0, atol=1e-6).all(axis=1)
    return np.where(same[:, np.newaxis], error, np.nan) if same.any() else None
