"""What the estimators of the clean class from several annotators share."""

from abc import ABCMeta, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklnoise._compat import fit_context
from sklnoise.annotators._answers import check_answers, check_are_labels
from sklnoise.annotators._checks import warn_of_answers


class BaseConsensus(BaseEstimator, metaclass=ABCMeta):
    """Base of the estimators that find a consensus of the answers of annotators."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, y):
        """Find the consensus of the answers.

        Parameters
        ----------
        y : {array-like, dataframe} of shape (n_samples, n_annotators)
            The answers: labels of any kind, one column for each of at least two
            annotators, missing (NaN, None, pandas.NA or `missing_label`) where somebody
            did not answer. The columns of a frame name the annotators. Samples without
            any answer are allowed.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there is one annotator only, no answer at all, or labels of several kinds.

        Warns
        -----
        AnnotatorWarning
            If an annotator has no answer, or always the same one; if a class is used by
            one annotator only; if all annotators agree everywhere.
        """
        answers = check_answers(y, self.missing_label)
        check_are_labels(answers)
        warn_of_answers(answers)
        self.classes_, self.annotators_ = answers.classes, answers.annotators
        self._fit(answers)
        self.consensus_ = self.classes_[self.consensus_proba_.argmax(axis=1)]
        return self

    def predict_proba(self, y):
        """Return the probability of each clean class, given the answers.

        Parameters
        ----------
        y : {array-like, dataframe} of shape (n_samples, n_annotators)
            Answers of the annotators of the fit, to the same or other samples. A frame
            may have the columns of some of them, in any order.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            The probabilities, in the order of `classes_`.

        Raises
        ------
        ValueError
            If an annotator or a class is not one of the fit.
        """
        return self._posterior(self._check_answers(y))

    def predict(self, y):
        """Return the most probable clean class, given the answers.

        Parameters
        ----------
        y : {array-like, dataframe} of shape (n_samples, n_annotators)
            Answers of the annotators of the fit, as for :meth:`predict_proba`.

        Returns
        -------
        consensus : ndarray of shape (n_samples,)
            The classes; of several with the same probability, the first.

        Raises
        ------
        ValueError
            If an annotator or a class is not one of the fit.
        """
        proba = self.predict_proba(y)
        return self.classes_[proba.argmax(axis=1)]

    def label_quality(self, y):
        """Return the probability that each answer is right, given all answers.

        Parameters
        ----------
        y : {array-like, dataframe} of shape (n_samples, n_annotators)
            Answers of the annotators of the fit, as for :meth:`predict_proba`.

        Returns
        -------
        answer_quality : ndarray of shape (n_samples, n_annotators)
            P(clean = answer | all answers of the sample), low for answers that are
            probably wrong, and NaN where there is no answer. The columns are those of
            `annotators_`.

        Raises
        ------
        ValueError
            If an annotator or a class is not one of the fit.
        """
        answers = self._check_answers(y)
        quality = np.full((answers.n_samples, answers.n_annotators), np.nan)
        of_answer = self._posterior(answers)[answers.sample, answers.code]
        quality[answers.sample, answers.annotator] = of_answer
        return quality

    def _check_answers(self, y):
        """Encode answers as those of the fit."""
        check_is_fitted(self)
        return check_answers(
            y, self.missing_label, classes=self.classes_, annotators=self.annotators_
        )

    @abstractmethod
    def _fit(self, answers):
        """Set `consensus_proba_`, and what else is estimated from the answers."""

    @abstractmethod
    def _posterior(self, answers):
        """Return the probabilities of the classes of each sample."""

    def __sklearn_tags__(self):
        """Tell scikit-learn that `fit` takes a table of labels, and no X."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        return tags
