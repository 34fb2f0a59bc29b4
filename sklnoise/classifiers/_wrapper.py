"""What classifiers share that wrap any other one."""

from copy import deepcopy

import numpy as np
from sklearn.base import MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import routing_enabled
from sklnoise._labels import encode_fitted_labels
from sklnoise._tensors import as_numpy
from sklnoise._validation import check_proba
from sklnoise.classifiers._estimator_calls import (
    failure_explained,
    nets_of,
    predict_all,
)
from sklnoise.classifiers._fit_input import make_router, route_fit
from sklnoise.classifiers._html import with_short_names
from sklnoise.classifiers._persistence import PersistenceMixin
from sklnoise.classifiers._score import NoisyScoreMixin
from sklnoise.issues._fitted_rows import note_fitted, warn_of_fitted_samples
from sklnoise.issues._quality import quality_of


class WrapperMixin(MetaEstimatorMixin, NoisyScoreMixin, PersistenceMixin):
    """Mixin of a classifier that has another one as `estimator` and `estimator_`."""

    def _route_fit(self, sample_weight, fit_params):
        """Sort metadata into what the splitter and what the estimator get."""
        routed = route_fit(self, sample_weight, fit_params)
        if routing_enabled() and sample_weight is not None:
            routed.estimator.fit.pop("sample_weight", None)  # they go with the samples
        return routed

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            The classifier consumes `sample_weight`, its `cv` what it asks for, such as
            `groups`, and its estimator what it has requested.
        """
        return make_router(self, estimator=self.estimator)

    def predict_noisy_proba(self, X):
        """Predict what a noisy annotator would say, `predict_proba(X) @ T`.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Noisy posterior, columns in the order of `classes_`.
        """
        y_proba = self.predict_proba(X)
        y_proba = y_proba @ self.transition_matrix_.astype(y_proba.dtype)
        return note_fitted(self, X, y_proba)

    def _predict_all(self, method, X, missing=0.0):
        """Predict a column for each of `classes_`, also those of weight 0."""
        n_classes = len(self.classes_)
        names = np.arange(n_classes) if nets_of(self.estimator_) else self.classes_
        X = as_numpy(X)
        with failure_explained(self.estimator, X):
            return predict_all(self.estimator_, X, names, method, missing)

    def label_quality(self, X, y):
        """Score how likely the labels of new samples are right.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples that the classifier was not fitted on.

        y : array-like of shape (n_samples,)
            Their noisy labels.

        Returns
        -------
        quality : ndarray of shape (n_samples,)
            P(clean = y | noisy = y, x), where `predict_proba` is the clean posterior.
            Where T is the identity, the probability of the label itself.

        Raises
        ------
        ValueError
            If a label is not among `classes_`.
        """
        clean_proba = check_proba(self.predict_proba(X))
        warn_of_fitted_samples(self, X)
        check_consistent_length(clean_proba, y)
        codes = encode_fitted_labels(y, self.classes_)
        return quality_of(clean_proba, codes, self.transition_matrix_)

    def _get_fitted_attr_html(self, doc_link=""):
        return with_short_names(super()._get_fitted_attr_html(doc_link))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self.estimator)
        tags.input_tags = deepcopy(of_estimator.input_tags)
        tags.input_tags.pairwise = False  # folds select rows of X, never columns
        if of_estimator.classifier_tags is not None:
            tags.classifier_tags.multi_class = of_estimator.classifier_tags.multi_class
            tags.classifier_tags.poor_score = of_estimator.classifier_tags.poor_score
        tags.no_validation = of_estimator.no_validation
        tags.non_deterministic = of_estimator.non_deterministic
        return tags
