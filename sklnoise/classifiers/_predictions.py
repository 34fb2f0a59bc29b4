"""What a fitted `NoiseRobustClassifier` predicts."""

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklnoise._labels import encode_fitted_labels
from sklnoise.classifiers._annotator_answers import (
    check_answers_of,
    holds_answers,
    posterior_of,
    quality_of_answers,
)
from sklnoise.classifiers._calibration import apply_temperature
from sklnoise.classifiers._class_weight import put_in_class_weight
from sklnoise.classifiers._fit_input import check_predict_input
from sklnoise.issues._fitted_rows import note_fitted, warn_of_fitted_samples
from sklnoise.issues._quality import quality_of
from sklnoise.training import predict_proba, take_out_class_weight


def can_predict(classifier):
    """Raise an AttributeError if a classifier is not to fit a network at the end."""
    if classifier.refit is False:
        raise AttributeError(
            "a NoiseRobustClassifier with refit=False predicts nothing: it ends with "
            'the first pass and T. Set refit="scratch" and fit again.'
        )
    return True


class PredictionsMixin:
    """Predict clean classes by the mean of the networks of the refit."""

    @available_if(can_predict)
    def predict_proba(self, X):
        """Predict the probabilities of the clean classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), dict of arrays, or torch.utils.data.Dataset
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Clean posterior, columns in the order of `classes_`. With a `class_weight`,
            its product with the weights, scaled to sum 1.
        """
        y_proba = put_in_class_weight(self._mean_proba(X), self.class_weight_)
        return note_fitted(self, X, y_proba)

    @available_if(can_predict)
    def predict_log_proba(self, X):
        """Predict the logarithms of the probabilities of the clean classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), dict of arrays, or torch.utils.data.Dataset
            Samples like those that the classifier was fitted on.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            Logarithm of the clean posterior, columns in the order of `classes_`; minus
            infinity where a probability is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(can_predict)
    def predict(self, X):
        """Predict the clean class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), dict of arrays, or torch.utils.data.Dataset
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The most probable clean label.
        """
        y_proba = self.predict_proba(X)
        return self.classes_[y_proba.argmax(axis=1)]

    @available_if(can_predict)
    def predict_noisy_proba(self, X):
        """Predict what a noisy annotator would say: the clean posterior times T.

        The clean posterior is `predict_proba(X)`, but without class weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), dict of arrays, or torch.utils.data.Dataset
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Noisy posterior, columns in the order of `classes_`.
        """
        y_proba = self._clean_posterior(X)
        y_proba = y_proba @ self.transition_matrix_.astype(y_proba.dtype)
        return note_fitted(self, X, y_proba)

    @available_if(can_predict)
    def label_quality(self, X, y):
        """Score how likely the labels of samples are right, also of new ones.

        The clean posterior is that of the fitted network. It has learned the labels of
        its training samples: for these, pass `out_of_fold_proba_` and
        `transition_matrix_` to :func:`~sklnoise.label_quality_scores` instead.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), dict of arrays, or torch.utils.data.Dataset
            Samples like those that the classifier was fitted on.

        y : array-like of shape (n_samples,) or (n_samples, n_annotators)
            Their noisy labels, out of `classes_`; or the answers of the annotators of the
            fit, of whom a frame may have some.

        Returns
        -------
        quality : ndarray of shape (n_samples,) or (n_samples, n_annotators)
            P(clean = y | noisy = y, x), between 0 and 1; low is suspect. With a loss
            without T, the probability of the label itself. Of each annotator, the
            probability of the answer given all answers, NaN where there is none.

        Raises
        ------
        ValueError
            If a label is not one of `classes_`, or X and y differ in length.
        """
        y_proba = self._clean_posterior(X)
        warn_of_fitted_samples(self, X)
        if holds_answers(self, y):
            return quality_of_answers(self, y_proba, y)
        check_consistent_length(y_proba, y)
        codes = encode_fitted_labels(y, self.classes_)
        return quality_of(y_proba, codes, self.transition_matrix_)

    def _check_answers(self, y):
        """Encode answers as those of the fit."""
        return check_answers_of(self, y)

    def _posterior(self, answers, X):
        """Return the posterior of the clean classes, given samples and answers."""
        return posterior_of(self, self._clean_posterior(X), answers)

    def _mean_proba(self, X):
        """Predict the mean of the networks, tempered."""
        check_is_fitted(self)
        X = check_predict_input(self, X)
        y_proba = predict_proba(self.estimators_[0], X)
        for net in self.estimators_[1:]:
            y_proba += predict_proba(net, X)
        y_proba /= len(self.estimators_)
        return apply_temperature(y_proba, self.temperature_)

    def _clean_posterior(self, X):
        """Predict the clean posterior, without the class weights of the criterion."""
        return take_out_class_weight(self._mean_proba(X), self._criterion_weight)
