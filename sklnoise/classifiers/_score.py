"""The accuracy on given labels, which may be tensors."""

from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sklnoise._labels import check_labels
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some
from sklnoise.training import as_labels


class NoisyScoreMixin(ClassifierMixin):
    """Mixin of a score that takes labels of every kind that `fit` does."""

    def score(self, X, y, sample_weight=None):
        """Compute the accuracy on the labels that are given.

        On noisy labels it ranks models wrongly once T[i, i] < T[i, j] for some j.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, as in `predict`.

        y : array-like of shape (n_samples,)
            Their labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            Share of the labels that are predicted.

        Raises
        ------
        ValueError
            If a label is missing or of another kind than `classes_`, or the lengths
            differ.
        """
        y = check_labels(as_labels(y), "y")
        check_is_fitted(self)
        if are_text(y) != are_text(self.classes_):
            raise ValueError(
                "y must hold labels of the kind of classes_, "
                f"{list_some(self.classes_)}; got {list_some(y)}. Pass the "
                "labels themselves, not their codes."
            )
        return super().score(X, y, as_numpy(sample_weight))


def are_text(labels):
    """Return whether labels are strings, by the first one."""
    return isinstance(labels.tolist()[0], str | bytes)
