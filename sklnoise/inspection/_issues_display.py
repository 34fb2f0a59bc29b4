"""The labels that are most suspect, with their quality or as images."""

from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import safe_indexing
from sklnoise._samples import as_images, index_of, sample_name
from sklnoise._tensors import as_numpy
from sklnoise._text import shorten
from sklnoise.classifiers._fitted import fitted_classifier
from sklnoise.classifiers._judgement import judge_labels
from sklnoise.inspection._matplotlib import (
    COLOURS,
    check_axes,
    check_matplotlib,
    new_axes,
)
from sklnoise.issues._fitted_rows import warn_of_fitted_proba
from sklnoise.issues._judgement import judge_held_out
from sklnoise.issues._quality import order_issues

MAX_NAME_LENGTH = 24

# Sizes in inches: of the axes without bars, of each bar and of an image with its title.
AXES_SIZE, BAR_HEIGHT = (6.4, 1.2), 0.3
IMAGE_SIZE = 1.6, 1.9
IMAGES_PER_LINE = 4

# Characters that fit above an image; longer captions take two lines.
MAX_CAPTION_LENGTH = 16


# Of the columns that are not labels: the kinds of numpy, and what they are called.
KINDS = {
    "quality": ("biuf", "real numbers"),
    "is_issue": ("b", "booleans"),
    "rows": ("iu", "positions"),
}


class LabelIssuesDisplay:
    """The most suspect labels: bars of their quality, or images.

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
        Position of each sample in X; None counts from 0.

    X : array-like of shape (n_samples, ...) or DataFrame, default=None
        The samples. Images, of shape (n, H, W), (n, C, H, W) or (n, H, W, C), are shown;
        the index of a data frame names its samples.

    n_left_out : int, default=0
        Number of samples that could not be judged.

    learned : bool, default=False
        Whether the network that judges was trained on these labels.

    n_trusted : int, default=0
        Number of samples whose label is known to be right.

    annotators : array-like of shape (n_judged,), default=None
        Who gave each label, where several annotators answered; None names nobody.

    Attributes
    ----------
    worst_ : ndarray of shape (n_shown,), dtype=int
        Positions in X of the samples that are shown, the most suspect first.

    ax_ : matplotlib Axes
        Axes with the bars, or with the first image.

    axes_ : list of matplotlib Axes
        All axes: one with bars, or one per image.

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
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['3: dog → cat']
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
        annotators=None,
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
        self.annotators = annotators

    def plot(self, *, ax=None, n_shown=12):
        """Draw the most suspect samples.

        Bars are as long as the quality of the labels; the text of each, or the title of
        each image, is "name: label → suggested label", with `annotators` "name,
        annotator: label → suggested label".

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw bars on, also for images; None makes a new figure.

        n_shown : int, default=12
            Number of samples that are shown at most.

        Returns
        -------
        display : LabelIssuesDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If `n_shown` is below 1, or the parameters differ in length.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if not isinstance(n_shown, Integral) or n_shown < 1:
            raise ValueError(
                f"n_shown must be a number of samples, at least 1; got {n_shown!r}."
            )
        if ax is not None:
            check_axes(ax)
        columns = self._columns()
        shown = order_issues(columns["is_issue"], columns["quality"])[:n_shown]
        self.worst_ = columns["rows"][shown]
        images = self._images() if ax is None else None
        if images is None:
            if ax is None:
                width, height = AXES_SIZE
                [ax] = new_axes(width, height + BAR_HEIGHT * max(1, len(shown)))
            self.axes_ = [ax]
            self._draw_bars(ax, columns, shown)
            ax.set_title(self._title(columns["is_issue"]))
        else:
            self.axes_ = self._draw_images(images, columns, shown)
            self.axes_[0].figure.suptitle(self._title(columns["is_issue"]))
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        return self

    def _columns(self):
        """Return what is known of each sample as arrays of the same length, by name."""
        names = ["labels", "suggested_labels", "quality", "is_issue", "rows"]
        names += [] if self.annotators is None else ["annotators"]
        try:
            columns = {name: np.asarray(as_numpy(getattr(self, name))) for name in names}
        except ValueError as error:  # lists of several lengths
            raise ValueError(
                f"{', '.join(names)} must have one entry per sample: {error}"
            ) from error
        if self.rows is None:
            columns["rows"] = np.arange(columns["quality"].size)
        shapes = {name: column.shape for name, column in columns.items()}
        if len(set(shapes.values())) > 1 or len(shapes["quality"]) != 1:
            raise ValueError(
                f"{', '.join(names)} must have one entry per sample; got shapes "
                f"{', '.join(map(str, shapes.values()))}."
            )
        for name, (kinds, called) in KINDS.items():
            if len(columns[name]) and columns[name].dtype.kind not in kinds:
                raise ValueError(f"{name} must hold {called}; got {columns[name].dtype}.")
        return columns

    def _images(self):
        """Return the samples to show as images, or None if they are no images."""
        if not len(self.worst_) or getattr(self.X, "ndim", 0) not in (3, 4):
            return None
        return as_images(safe_indexing(self.X, self.worst_))

    def _draw_bars(self, ax, columns, shown):
        """Draw a bar per label, the most suspect at the top."""
        quality = columns["quality"][shown]
        bars = ax.barh(range(len(shown)), quality, color=COLOURS[1])
        ax.bar_label(bars, fmt="%.2g", padding=3)
        ax.set_yticks(range(len(shown)), self._captions(columns, shown), parse_math=False)
        ax.set_ylim(max(1, len(shown)) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.set_xlabel("Label quality: probability that the label is right")
        ax.spines[["top", "right"]].set_visible(False)

    def _draw_images(self, images, columns, shown):
        """Draw images, four per line, and return their axes."""
        n_columns = min(IMAGES_PER_LINE, len(images))
        n_lines = -(-len(images) // n_columns)
        width, height = n_columns * IMAGE_SIZE[0], n_lines * IMAGE_SIZE[1]
        axes = new_axes(max(width, 3.2), height + 0.5, n_lines, n_columns)
        for ax in axes[len(images) :]:
            ax.remove()
        for ax, image, caption in zip(axes, images, self._captions(columns, shown)):
            if len(caption) > MAX_CAPTION_LENGTH:
                caption = caption.replace(" → ", "\n→ ")
            ax.imshow(image, cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.set_title(caption, fontsize="small", parse_math=False)
        return axes[: len(images)]

    def _captions(self, columns, shown):
        """Return the name of each sample, its label and the suggested one."""
        index = index_of(self.X)
        names = [sample_name(index, row) for row in self.worst_]
        if self.annotators is not None:
            annotators = columns["annotators"][shown].tolist()
            names = [f"{name}, {who}" for name, who in zip(names, annotators)]
        labels = columns["labels"][shown].tolist()
        suggested = columns["suggested_labels"][shown].tolist()
        return [
            "{}: {} → {}".format(*(shorten(part, MAX_NAME_LENGTH) for part in parts))
            for parts in zip(names, labels, suggested)
        ]

    def _title(self, is_issue):
        """Return the title: how many labels are suspect, and how they were judged."""
        n_issues = int(is_issue.sum())
        verb = "is" if n_issues == 1 else "are"
        labels = "labels" if self.annotators is None else "answers"
        lines = [f"{n_issues} of {len(is_issue)} {labels} {verb} suspect"]
        if self.n_left_out:
            samples, them = "samples", "them"
            if self.n_left_out == 1:
                samples, them = "sample", "it"
            reason = f"no fold held {them} out"
            if self.annotators is not None:
                reason = f"the fit gave {them} no weight"
            lines.append(f"{self.n_left_out} {samples} left out: {reason}")
        if self.n_trusted:
            lines.append(f"{self.n_trusted} known to be right")
        if self.learned:
            lines.append("by the network that has learned these labels")
        return "\n".join(lines)

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, new_rows=False, trusted=None, **plot_params
    ):
        """Judge labels by a fitted classifier and draw the result.

        Parameters
        ----------
        estimator : NoiseRobustClassifier, ConfidentLearningClassifier, Pipeline or search
            Fitted; a pipeline or a search that ends in such a classifier.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or None
            The samples that it was fitted on. Their labels are judged by
            `out_of_fold_proba_`, of models that have not seen them. Without folds, the
            network that learned them judges, and misses many. None shows no images, and
            names samples by their position.

        y : array-like of shape (n_samples,) or (n_samples, n_annotators)
            Their noisy labels, or the answers of several annotators as in `fit`.

        new_rows : bool, default=False
            Whether X and y are not the samples of `fit`, and are to be judged by
            `predict_proba`.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Samples whose label is known to be right, such as those passed to `fit`:
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
            If there are not as many samples as it was fitted on, or other answers of
            annotators, `trusted` is no mask of them, or X is None although they are not
            judged by `out_of_fold_proba_`.

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
        judgement = judge_labels(
            fitted_classifier(estimator),
            X,
            y,
            model=estimator,
            new_rows=new_rows,
            trusted=trusted,
        )
        return cls._from_judgement(judgement, X).plot(**plot_params)

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
            Probabilities of the noisy labels, by models that have not seen the samples.
            Samples that are NaN are left out.

        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...), \
                default=None
            The samples; None shows no images, and names samples by their position.

        transition_matrix : array-like of shape (n_classes, n_classes), default=None
            T[i, j] = P(noisy = j | clean = i). None estimates it from the samples, as
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
        warn_of_fitted_proba(y_proba)
        return cls._from_judgement(judgement, X).plot(**plot_params)

    @classmethod
    def _from_judgement(cls, judgement, X):
        """Make a display of a judgement."""
        params = judgement._asdict()
        params["learned"] = params.pop("judged_in_sample")
        return cls(**params, X=X)
