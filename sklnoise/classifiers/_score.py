"""The accuracy on given labels, which may be tensors."""

from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import check_labels
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise.classifiers._annotator_answers import holds_answers, score_answers
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

        y : array-like of shape (n_samples,) or (n_samples, n_annotators)
            Their labels; or the answers of the annotators of a fit, each of which then
            counts once.

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
        if hasattr(self, "annotators_") and holds_answers(self, y):
            return score_answers(self, self.predict(X), y, sample_weight)
        y = check_labels(as_labels(y), "y")
        y_pred = self.predict(X)
        check_consistent_length(y, y_pred)
        try:
            return accuracy_score(y, y_pred, sample_weight=as_numpy(sample_weight))
        except (TypeError, ValueError) as error:
            raise ValueError(
                "y must hold labels such as those of classes_, "
                f"{list_some(self.classes_)}; got {list_some(y)}: {shorten(error, 200)}"
            ) from error
