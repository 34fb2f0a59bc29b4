"""The transition matrix as a heat map."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklnoise._validation import check_transition_matrix
from sklnoise.inspection._matplotlib import check_matplotlib


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

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The heat map; its colours span the probabilities from 0 to 1.

    text_ : ndarray of shape (n_classes, n_classes), dtype=matplotlib Text, or None
        The values in the cells; None where they are not shown.

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

    def __init__(self, transition_matrix, *, display_labels=None):
        self.transition_matrix = transition_matrix
        self.display_labels = display_labels

    def plot(
        self,
        *,
        ax=None,
        include_values=True,
        values_format=".2f",
        cmap="Blues",
        xticks_rotation="horizontal",
        colorbar=True,
        im_kw=None,
        text_kw=None,
    ):
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        include_values : bool, default=True
            Whether the cells show their values.

        values_format : str, default=".2f"
            Format of the values.

        cmap : str or matplotlib Colormap, default="Blues"
            Colours of the probabilities from 0 to 1.

        xticks_rotation : {"vertical", "horizontal"} or float, default="horizontal"
            Rotation of the names below the columns.

        colorbar : bool, default=True
            Whether to add a colour bar.

        im_kw : dict, default=None
            Passed on to `Axes.imshow`.

        text_kw : dict, default=None
            Passed on to `Axes.text`.

        Returns
        -------
        display : TransitionMatrixDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        T = np.asarray(self.transition_matrix)
        codes = np.arange(len(T))
        names = codes if self.display_labels is None else self.display_labels

        colours = {"cmap": cmap, "vmin": 0, "vmax": 1}
        self.im_ = ax.imshow(T, **colours | (im_kw or {}))
        self.text_ = None
        if include_values:
            self.text_ = self._write_values(ax, T, values_format, text_kw or {})
        if colorbar:
            ax.figure.colorbar(self.im_, ax=ax, label="P(noisy | clean)")
        ax.set(xlabel="Noisy label", ylabel="Clean class")
        ax.set_xticks(codes, names, rotation=xticks_rotation)
        ax.set_yticks(codes, names)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _write_values(self, ax, T, values_format, text_kw):
        """Write each value in the end of the colour map that its cell is far from."""
        low, high = self.im_.cmap(0.0), self.im_.cmap(1.0)
        texts = np.empty(T.shape, dtype=object)
        for (i, j), value in np.ndenumerate(T):
            colour = high if self.im_.norm(value) < 0.5 else low
            style = {"ha": "center", "va": "center", "color": colour} | text_kw
            texts[i, j] = ax.text(j, i, format(value, values_format), **style)
        return texts

    @classmethod
    def from_estimator(cls, estimator, *, display_labels=None, **plot_params):
        """Draw the transition matrix that a fitted classifier estimated or was given.

        Parameters
        ----------
        estimator : NoiseRobustClassifier
            Fitted.

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
        NotFittedError
            If the classifier has no `transition_matrix_` yet.

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
        check_is_fitted(estimator, ["transition_matrix_", "classes_"])
        if display_labels is None:
            display_labels = estimator.classes_
        display = cls(estimator.transition_matrix_, display_labels=display_labels)
        return display.plot(**plot_params)

    @classmethod
    def from_matrix(cls, transition_matrix, *, display_labels=None, **plot_params):
        """Draw a transition matrix.

        Parameters
        ----------
        transition_matrix : array-like of shape (n_classes, n_classes)
            T; rows are clean classes and sum to 1.

        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes; None counts them from 0.

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
            check_transition_matrix(transition_matrix), display_labels=display_labels
        )
        return display.plot(**plot_params)
