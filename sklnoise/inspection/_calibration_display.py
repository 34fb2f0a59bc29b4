"""How often predictions are right at each confidence, from noisy labels."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklnoise._compat import Interval, validate_params
from sklnoise._containers import innermost
from sklnoise._labels import check_labels, encode_labels, match_labels
from sklnoise._names import frame_classes
from sklnoise._reliability import Reliability, estimate_reliability
from sklnoise._tensors import as_numpy
from sklnoise._text import shorten
from sklnoise._validation import (
    check_invertible,
    check_proba,
    check_rng,
    check_transition_matrix,
    check_weight,
)
from sklnoise.inspection._matplotlib import (
    COLOURS,
    check_axes,
    check_matplotlib,
    new_axes,
)

# Bootstrap samples where no draws of T say how many.
N_DRAWS = 200

# Width and height of the axes in inches.
SIZE = 4.8, 4.4

REMEDY = "No curve of the clean labels can be estimated with it."


class NoisyCalibrationDisplay:
    """Calibration curve of the clean labels, estimated from noisy ones, with bands.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. All parameters
    are stored as attributes.

    Parameters
    ----------
    prob_true : array-like of shape (n_bins,)
        Estimated share of right predictions in each bin.

    prob_pred : array-like of shape (n_bins,)
        Mean predicted probability in each bin.

    low : array-like of shape (n_bins,), default=None
        Lower ends of the intervals of `prob_true`; None draws no band.

    high : array-like of shape (n_bins,), default=None
        Upper ends.

    estimator_name : str, default=None
        Name of the classifier in the legend.

    pos_label : int, float, bool or str, default=None
        Class whose probability is judged; None is the predicted class of each sample.

    confidence_level : float, default=0.95
        Of the intervals.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve.

    band_ : matplotlib PolyCollection or None
        The intervals, which are cut at 0 and 1.

    ax_ : matplotlib Axes
        Axes with the curve.

    figure_ : matplotlib Figure
        Figure with the axes.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same curve from clean labels.
    sklnoise.NoiseCalibratedClassifier : Calibrate a classifier by noisy labels.

    Notes
    -----
    The share is the mean of :math:`T^{-1}_{ỹ, k}` with k the class that is judged. Its
    mean over noisy labels is 1 where the clean label is k and 0 elsewhere, so it is
    unbiased for the curve of clean labels if T is right, and can lie outside of [0, 1].
    Intervals are quantiles over bootstrap samples, each with another draw of T; the bins
    stay. They show no error of a wrong model of the noise.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from sklnoise.inspection import NoisyCalibrationDisplay
    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(size=4000)
    >>> y = (rng.uniform(size=4000) < p).astype(int)
    >>> y_noisy = np.where(rng.uniform(size=4000) < 0.2, 1 - y, y)
    >>> display = NoisyCalibrationDisplay.from_predictions(
    ...     y_noisy,
    ...     np.column_stack([1 - p, p]),
    ...     transition_matrix=[[0.8, 0.2], [0.2, 0.8]],
    ...     pos_label=1,
    ...     n_bins=5,
    ...     random_state=0,
    ...     ax=Figure().subplots(),
    ... )
    >>> print(np.abs(display.prob_true - display.prob_pred).max() < 0.07)
    True
    """

    def __init__(
        self,
        prob_true,
        prob_pred,
        low=None,
        high=None,
        *,
        estimator_name=None,
        pos_label=None,
        confidence_level=0.95,
    ):
        self.prob_true = prob_true
        self.prob_pred = prob_pred
        self.low = low
        self.high = high
        self.estimator_name = estimator_name
        self.pos_label = pos_label
        self.confidence_level = confidence_level

    def plot(self, *, ax=None, name=None, ref_line=True, **line_kwargs):
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        name : str, default=None
            Name in the legend; None takes `estimator_name`.

        ref_line : bool, default=True
            Whether to draw the diagonal, on which calibrated probabilities are.

        **line_kwargs : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        display : NoisyCalibrationDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If the curve and the ends of the intervals are not of one length.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        curve = self._check_curve()
        if ax is None:
            (ax,) = new_axes(*SIZE)
        check_axes(ax)
        if ref_line:
            ax.plot([0, 1], [0, 1], ":", color=COLOURS[-1], lw=1, label="calibrated")
        name = self.estimator_name if name is None else name
        style = {"marker": "o", "ms": 4, "label": name or "estimate"} | line_kwargs
        (self.line_,) = ax.plot(curve.prob_pred, curve.prob_true, **style)
        self.band_ = None
        if curve.low is not None:
            self.band_ = ax.fill_between(
                curve.prob_pred,
                np.clip(curve.low, 0, 1),
                np.clip(curve.high, 0, 1),
                color=self.line_.get_color(),
                alpha=0.2,
                lw=0,
                label=f"{self.confidence_level:.0%} interval",
            )
        of = "predicted class" if self.pos_label is None else shorten(self.pos_label, 24)
        ax.set_xlabel(f"Mean predicted probability ({of})", parse_math=False)
        ax.set_ylabel("Estimated share of clean labels")
        ax.legend(loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_curve(self):
        """Return the columns of the curve as arrays."""
        columns = [self.prob_pred, self.prob_true, self.low, self.high]
        try:
            columns = [
                c if c is None else np.asarray(as_numpy(c), float) for c in columns
            ]
        except (TypeError, ValueError) as error:
            raise ValueError(
                "prob_pred, prob_true, low and high must be columns of numbers: "
                f"{shorten(error)}."
            ) from error
        shapes = {c.shape for c in columns if c is not None}
        known = [c is not None for c in columns]
        if len(shapes) != 1 or len(shapes.pop()) != 1 or known[2] != known[3]:
            raise ValueError(
                "prob_true, prob_pred, low and high must have one entry per bin, and low "
                "and high be both given or None; got shapes "
                f"{[None if c is None else c.shape for c in columns]}."
            )
        return Reliability(*columns)

    @classmethod
    @validate_params(
        {
            "n_bins": [Interval(Integral, 1, None, closed="left")],
            "confidence_level": [Interval(Real, 0, 1, closed="neither")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def from_predictions(
        cls,
        y_noisy,
        y_proba,
        *,
        transition_matrix,
        transition_draws=None,
        labels=None,
        sample_weight=None,
        n_bins=15,
        pos_label=None,
        confidence_level=0.95,
        random_state=None,
        name=None,
        **plot_params,
    ):
        """Estimate the curve from probabilities and noisy labels, and draw it.

        Parameters
        ----------
        y_noisy : array-like of shape (n_samples,)
            Noisy labels of samples that the model has not seen.

        y_proba : array-like of shape (n_samples, n_classes)
            Predicted probabilities of the clean classes.

        transition_matrix : array-like of shape (n_classes, n_classes)
            T[i, j] = P(noisy = j | clean = i); invertible.

        transition_draws : array-like of shape (n_draws, n_classes, n_classes), \
                default=None
            Matrices that show how uncertain T is, such as those of
            :func:`~sklnoise.transition.draw_transition_matrices`. None takes T as exact,
            and the intervals show the error of the samples alone.

        labels : array-like of shape (n_classes,), default=None
            The class of each column. None takes the names of a frame, or else the sorted
            labels of y, or codes from 0 if 0 occurs.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies.

        n_bins : int, default=15
            Bins, all of about the same weight. Samples that tie share a bin, so that
            there can be fewer.

        pos_label : int, float, bool or str, default=None
            Class whose probability is judged. None judges the predicted class of each
            sample by its probability.

        confidence_level : float in (0, 1), default=0.95
            Of the intervals.

        random_state : int, RandomState instance or None, default=None
            Draws the bootstrap samples.

        name : str, default=None
            Name of the classifier in the legend.

        **plot_params : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        display : NoisyCalibrationDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If labels, probabilities or weights are not valid, or T or a draw of it is
            no invertible transition matrix.
        """
        check_consistent_length(y_proba, y_noisy)
        y = check_labels(y_noisy, "y_noisy")
        labels = frame_classes(y_proba, y) if labels is None else labels
        y_proba = check_proba(y_proba, labels)
        codes, classes = match_labels(y, y_proba.shape[1], labels)
        weight = check_weight(sample_weight, len(codes))
        inverses = invert_all(transition_matrix, transition_draws, classes)
        if pos_label is None:
            judged = y_proba.argmax(axis=1)
        else:
            one = check_labels([pos_label], "pos_label")
            judged = np.repeat(encode_labels(one, classes, "pos_label"), len(codes))
        found = estimate_reliability(
            y_proba[np.arange(len(codes)), judged],
            (inverse[codes, judged] for inverse in inverses),
            weight,
            n_bins=n_bins,
            confidence_level=confidence_level,
            rng=check_rng(random_state),
        )
        display = cls(
            found.prob_true,
            found.prob_pred,
            found.low,
            found.high,
            estimator_name=name,
            pos_label=pos_label,
            confidence_level=confidence_level,
        )
        return display.plot(**plot_params)

    @classmethod
    def from_estimator(
        cls, estimator, X, y_noisy, *, transition_matrix=None, name=None, **params
    ):
        """Estimate the curve of a fitted classifier, and draw it.

        Parameters
        ----------
        estimator : classifier
            Fitted, with `predict_proba`.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
            Samples that it has not seen: on those that it has learned any classifier
            looks overconfident, or right where it is not.

        y_noisy : array-like of shape (n_samples,)
            Their noisy labels.

        transition_matrix : array-like of shape (n_classes, n_classes), default=None
            T, in the order of `classes_`. None takes the `transition_matrix_` of the
            classifier that a pipeline or a search ends in.

        name : str, default=None
            Name in the legend; None takes that of the classifier's class.

        **params : dict
            Parameters of :meth:`from_predictions` and :meth:`plot`.

        Returns
        -------
        display : NoisyCalibrationDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If T is not known, or the arguments are not valid.

        NotFittedError
            If the estimator is not fitted yet.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn.datasets import make_blobs
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklnoise import NoiseCalibratedClassifier
        >>> from sklnoise.inspection import NoisyCalibrationDisplay
        >>> X, y = make_blobs(300, centers=3, random_state=0)
        >>> clf = NoiseCalibratedClassifier(GaussianNB(), random_state=0)
        >>> clf = clf.fit(X[:200], y[:200])
        >>> display = NoisyCalibrationDisplay.from_estimator(
        ...     clf, X[200:], y[200:], n_bins=5, random_state=0, ax=Figure().subplots()
        ... )
        >>> display.estimator_name
        'NoiseCalibratedClassifier'
        """
        check_is_fitted(estimator)
        inner = innermost(estimator)
        if transition_matrix is None:
            transition_matrix = getattr(inner, "transition_matrix_", None)
        if transition_matrix is None:
            raise ValueError(
                f"transition_matrix must be given, as {type(inner).__name__} has no "
                "transition_matrix_. Estimate T by an estimator of sklnoise.transition."
            )
        return cls.from_predictions(
            y_noisy,
            estimator.predict_proba(X),
            transition_matrix=transition_matrix,
            labels=getattr(estimator, "classes_", None),
            name=type(inner).__name__ if name is None else name,
            **params,
        )


def invert_all(transition_matrix, draws, classes):
    """Return the inverses of T and of its draws, which are T itself where unknown."""
    T = check_transition_matrix(transition_matrix, len(classes), classes)
    check_invertible(T, REMEDY)
    inverse = np.linalg.inv(T)
    if draws is None:
        return np.broadcast_to(inverse, (1 + N_DRAWS, *T.shape))
    draws = np.asarray(as_numpy(draws))
    if draws.ndim != 3 or not len(draws):
        raise ValueError(
            "transition_draws must hold at least one matrix, shape (n_draws, n_classes, "
            f"n_classes); got shape {draws.shape}. Draw them by "
            "sklnoise.transition.draw_transition_matrices."
        )
    inverses = [inverse]
    for draw in draws:
        draw = check_transition_matrix(draw, len(classes))
        check_invertible(draw, f"It is one of transition_draws. {REMEDY}")
        inverses.append(np.linalg.inv(draw))
    return np.stack(inverses)
