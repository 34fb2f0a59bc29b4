"""The classifier of prediction sets that cover the clean class."""

from copy import deepcopy
from numbers import Integral, Real
from operator import itemgetter

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklnoise._compat import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    routing_enabled,
)
from sklnoise._parameter_hints import ParameterHintsMixin
from sklnoise._tensors import as_numpy
from sklnoise._validation import check_trusted
from sklnoise._warnings import warn_caller
from sklnoise.classifiers._confident_steps import check_source, fit_rows
from sklnoise.classifiers._conformal_steps import (
    NOISY_SHARES,
    as_clean,
    calibrate_sets,
    choose_thresholds,
    draw_model_errors,
    hold_out,
    match_frozen_classes,
    mean_size,
    predict_frozen,
    predict_held_out,
    predicts_clean,
    resolve_draws,
)
from sklnoise.classifiers._conformal_threshold import conformity_scores
from sklnoise.classifiers._estimator_calls import (
    check_instance,
    check_predicts,
    failure_explained,
    nets_of,
    predict_all,
)
from sklnoise.classifiers._fit_input import (
    KeptSplits,
    draw_seeds,
    make_router,
    reset_fitted,
    route_fit,
)
from sklnoise.classifiers._html import with_short_names
from sklnoise.classifiers._noise_robust import NoiseRobustClassifier
from sklnoise.classifiers._persistence import PersistenceMixin
from sklnoise.classifiers._score import NoisyScoreMixin
from sklnoise.classifiers._transition import TRANSITION_ESTIMATORS
from sklnoise.exceptions import UncorrectedSetsWarning
from sklnoise.training import make_splits

REASONS = {
    "first pass": "held-out predictions name the noisy labels hardly better than chance "
    "does, so that T cannot be told from the errors of the model",
    "singular": "T is too close to singular to be inverted",
    "uncertain": "T is too uncertain for smaller sets",
}

# Slack of comparisons with a threshold.
TIE = 1e-9


class NoiseRobustConformalClassifier(
    MetaEstimatorMixin,
    NoisyScoreMixin,
    ParameterHintsMixin,
    PersistenceMixin,
    BaseEstimator,
):
    r"""Predict sets of classes that cover the clean one, calibrated on noisy labels.

    Conformal prediction on noisy labels gives sets that cover the noisy label, which are
    far larger than needed. With T the coverage of the clean class can be estimated, and
    the smallest sets are predicted whose coverage is high enough whatever the errors of
    T and of the calibration samples are.

    Parameters
    ----------
    estimator : classifier, default=None
        Any that has `predict_proba`: a pipeline, a forest, a skorch net. It gets X as
        you pass it, and is cloned before it is fitted. None is a
        :class:`NoiseRobustClassifier`. One that is fitted already is passed inside
        scikit-learn's `FrozenEstimator`; `fit` then only calibrates, on samples that it
        has not seen.

    confidence_level : float in (0, 1), default=0.9
        Share of the clean labels that the sets are to cover.

    transition : array-like, float, str or estimator of T, default=None
        T[i, j] = P(noisy = j | clean = i), in the order of `classes_`: a matrix, or the
        share of wrong labels if they are spread evenly, both without error; the name of
        an estimator of T as in :class:`NoiseRobustClassifier`, or an instance. None
        takes the T that a `NoiseRobustClassifier` has learned, and "auto" otherwise.

    conformity_score : {"lac", "aps"}, default="lac"
        How little a class conforms to a sample: 1 minus its probability [1]_, which
        gives the smallest sets, or the probability of all classes that are more probable
        [2]_, which gives hard samples larger sets. The predicted class scores 0, so that
        no set is empty. These are the clean probabilities with a share of 0.2 of the
        noisy ones, or the noisy ones alone where that gives smaller sets.

    coverage : {"marginal", "class"}, default="marginal"
        Whether the level holds for all samples together, or for those of each clean
        class, by a threshold for each.

    cv : int, splitter or iterable of splits, default=5
        Folds whose held-out samples calibrate the sets. An int means stratified and
        shuffled folds. With several splits the classifier is fitted again to all
        samples; with a single one, that of the split is kept. Not used for a
        `FrozenEstimator`.

    n_jobs : int, default=None
        Folds fitted at the same time. The result does not depend on it.

    random_state : int or RandomState instance, default=None
        Decides the splits, the draws of T and whatever the clones draw. None takes fresh
        entropy; global random states are neither used nor changed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    estimator_ : classifier
        The fitted classifier.

    threshold_ : float or ndarray of shape (n_classes,)
        Classes that score at most this are in the set; one for each class with
        `coverage="class"`. Infinity where no smaller one is known to be enough.

    coverage_ : float or ndarray of shape (n_classes,)
        Coverage of the clean labels that is estimated for the threshold.

    coverage_interval_ : tuple or ndarray of shape (n_classes, 2)
        95 % interval of it, over the draws of T and of the samples.

    is_corrected_ : bool
        Whether the sets are smaller than those of the noisy labels, or T is known.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T, known or estimated.

    transition_estimator_ : estimator of T
        The one that estimated it; None if it is known.

    n_features_in_ : int
        Number of columns of X, where `estimator_` knows it.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where `estimator_` knows them.

    See Also
    --------
    NoiseRobustClassifier : The default classifier.

    Notes
    -----
    The clean coverage of sets :math:`C_t` is estimated from labels :math:`y_n` by

    .. math:: \frac1n \sum_n \sum_k T^{-1}[y_n, k] \, 1\{k \in C_t(x_n)\},

    which is unbiased if T is right, the classifier has not seen the samples, and the
    noise depends on the class alone [3]_, [4]_. The threshold is the smallest from which
    on the coverage of the next sample is at least `confidence_level` with probability
    0.9 over draws of T and of samples.

    An estimate of T may have a bias: what the model mistakes looks like noise, so that
    sets would be too small. Each draw therefore takes away as much of the noise as the
    errors of the model may have added: at random up to 0.6 times the share of labels that
    held-out predictions disagree with and T does not explain.
    The estimated coverage is consistent where this bias vanishes, otherwise neither.

    The noise usually makes sets too large [5]_. So the threshold is never above the one
    for the noisy labels unless the estimated coverage there is too low, and is that one,
    with an `UncorrectedSetsWarning`, where T cannot be relied on.

    One split, or a `FrozenEstimator`, has this guarantee. With several folds (cross-
    conformal prediction) it holds as far as the scores of the final classifier are
    distributed as those of the folds, which have seen fewer samples; they usually are a
    little better. Weights count as frequencies.

    References
    ----------
    .. [1] Sadinle, Lei, Wasserman. Least ambiguous set-valued classifiers with bounded
       error levels. JASA 2019.
    .. [2] Romano, Sesia, Candès. Classification with valid and adaptive coverage.
       NeurIPS 2020.
    .. [3] Sesia, Wang, Tong. Adaptive conformal classification with noisy labels. arXiv
       2309.05092, 2023.
    .. [4] Penso, Goldberger, Fetaya. Estimating the conformal prediction threshold from
       noisy labels. 2025.
    .. [5] Einbinder, Feldman, Bates, Angelopoulos, Gendler, Romano. Label noise
       robustness of conformal prediction. JMLR 2024.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklnoise import NoiseRobustConformalClassifier
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> X, y = make_blobs(2000, centers=4, cluster_std=2, random_state=0)
    >>> T = make_transition_matrix("pair", 4, 0.3)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> for noise in (T, 0.0):
    ...     clf = NoiseRobustConformalClassifier(
    ...         LogisticRegression(), transition=noise, random_state=0
    ...     ).fit(X[:1000], y_noisy[:1000])
    ...     y_set = clf.predict_set(X[1000:])
    ...     covered = y_set[range(1000), y[1000:]].mean()
    ...     print(f"{covered:.2f} covered by {y_set.sum(axis=1).mean():.1f} classes")
    0.94 covered by 2.0 classes
    0.97 covered by 2.5 classes
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit"]), None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "transition": [
            None,
            StrOptions(set(TRANSITION_ESTIMATORS)),
            Interval(Real, 0, 1, closed="left"),
            "array-like",
            HasMethods(["fit"]),
        ],
        "conformity_score": [StrOptions({"lac", "aps"})],
        "coverage": [StrOptions({"marginal", "class"})],
        "cv": ["cv_object"],
        "n_jobs": [
            Interval(Integral, None, -1, closed="right"),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "random_state": ["random_state"],
    }

    cv = KeptSplits()

    def __init__(
        self,
        estimator=None,
        *,
        confidence_level=0.9,
        transition=None,
        conformity_score="lac",
        coverage="marginal",
        cv=5,
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.confidence_level = confidence_level
        self.transition = transition
        self.conformity_score = conformity_score
        self.coverage = coverage
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, trusted=None, **fit_params):
        """Fit the classifier, and calibrate its sets on samples that were held out.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples, of any kind that the estimator takes.

        y : array-like of shape (n_samples,)
            Noisy labels of any kind that scikit-learn takes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies; samples of weight 0 are left out.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Samples whose label is known to be right. They calibrate without correction,
            and should be a random choice. An estimator whose `fit` takes `trusted` gets
            them too.

        **fit_params : dict
            `groups` for `cv`; all others go to the `fit` of the estimator, split by fold
            if they have one entry per sample. With metadata routing enabled, it gets
            what it has requested.

        Returns
        -------
        self : NoiseRobustConformalClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If X, y, the weights or the mask are not valid, T does not fit the classes,
            or the estimator has no `predict_proba`.

        FoldFitError
            If a model predicts probabilities that are not finite.
        """
        with reset_fitted(self):
            self._fit(X, y, sample_weight, trusted, fit_params)
        return self

    def _fit(self, X, y, sample_weight, trusted, fit_params):
        estimator = self._model()
        routed = self._route_fit(estimator, sample_weight, trusted, fit_params)
        source = check_source(self, estimator, X, y, sample_weight, routed.estimator.fit)
        n_samples = len(source.data.y)
        if trusted is None:
            trusted = np.zeros(n_samples, dtype=bool)
        trusted = check_trusted(trusted, n_samples)
        split_seed, fold_seed, refit_seed, draw_seed = draw_seeds(self.random_state, 4)
        if isinstance(estimator, FrozenEstimator):
            check_is_fitted(estimator)
            source = match_frozen_classes(source, estimator)
            fitted = estimator
            held_out = hold_out(predict_frozen(estimator, source), source, trusted)
        else:
            splits = make_splits(
                self.cv,
                source.data.y,
                source.rows,
                source.classes,
                split_seed,
                routed.splitter.split,
            )
            # Few classifiers can be fitted to one class; its samples calibrate nothing.
            splits = [
                split
                for split in splits
                if np.ptp(source.data.y[split[0]]) or len(source.classes) == 1
            ]
            both, fitted = predict_held_out(
                estimator, source, splits, fold_seed, self.n_jobs
            )
            held_out = hold_out(both, source, trusted)
            if fitted is None:
                fitted = fit_rows(estimator, source, source.rows, None, refit_seed)
        self.classes_, self.estimator_ = source.classes, fitted
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(fitted, name):
                setattr(self, name, getattr(fitted, name))
        self._calibrate(held_out, source, draw_seed)

    def _calibrate(self, held_out, source, seed):
        """Estimate T and choose the thresholds."""
        transition = resolve_draws(
            self.transition, self.estimator_, held_out, source, seed
        )
        self.transition_matrix_ = transition.matrix
        self.transition_estimator_ = transition.estimator
        self._inverts = not transition.doubt and not predicts_clean(self.estimator_)
        clean_proba = self._clean_posterior(held_out.y_proba)
        transition = draw_model_errors(transition, clean_proba, held_out, seed)
        candidates = []
        for share in NOISY_SHARES if self._inverts else [0.0]:
            scores = self._score(held_out.y_proba, clean_proba, share)
            calibration, doubt = calibrate_sets(held_out, scores, transition)
            thresholds = choose_thresholds(
                calibration, self.confidence_level, self.coverage
            )
            size = mean_size(calibration, thresholds)
            candidates.append((size, share, calibration, thresholds, doubt))
        _, self._noisy_share, self._calibration, thresholds, doubt = min(
            candidates, key=itemgetter(0)
        )
        if not doubt and not any(found.is_corrected for found in thresholds):
            doubt = "uncertain"
        self.is_corrected_ = not doubt
        if doubt:
            warn_caller(
                f"the prediction sets are those of the noisy labels: {REASONS[doubt]}. "
                "They usually cover more clean classes than confidence_level says. "
                "Pass a known transition, mark a random choice of samples as trusted, or "
                "use a better classifier.",
                UncorrectedSetsWarning,
            )
        self.threshold_, self.coverage_, self.coverage_interval_ = (
            np.array(values) if self.coverage == "class" else values[0]
            for values in list(zip(*thresholds))[:3]
        )

    def _clean_posterior(self, y_proba):
        """Return the clean posterior, whatever the estimator predicts."""
        if not self._inverts or not len(y_proba):
            return y_proba
        return as_clean(y_proba, self.transition_matrix_)

    def _score(self, y_proba, clean_proba, noisy_share):
        """Score how little each class conforms, 0 for the predicted one."""
        mixed = (1 - noisy_share) * clean_proba + noisy_share * y_proba
        predicted = clean_proba.argmax(axis=1)
        return conformity_scores(mixed, self.conformity_score, predicted)

    def _conformity(self, X):
        """Score how little each class conforms to new samples."""
        y_proba = self._predict_estimator(X)
        return self._score(y_proba, self._clean_posterior(y_proba), self._noisy_share)

    def _predict_estimator(self, X):
        """Return the probabilities of the estimator, a column for each class."""
        n_classes = len(self.classes_)
        names = np.arange(n_classes) if nets_of(self.estimator_) else self.classes_
        X = as_numpy(X)
        with failure_explained(self.estimator, X):
            return predict_all(self.estimator_, X, names)

    def _thresholds(self, level):
        return choose_thresholds(self._calibration, level, self.coverage)

    def _model(self):
        """Return the classifier to fit."""
        if self.estimator is not None:
            check_instance(self.estimator)
            # Some have it only once they are fitted, such as a StackingClassifier.
            if not hasattr(type(self.estimator), "predict_proba"):
                check_predicts(self.estimator, "predict_proba")
            return self.estimator
        model = NoiseRobustClassifier()
        if routing_enabled():
            model.set_fit_request(sample_weight=True, trusted=True)
        return model

    def _route_fit(self, estimator, sample_weight, trusted, fit_params):
        """Sort metadata into what the splitter and what the estimator get."""
        takes_trusted = routing_enabled() or has_fit_parameter(estimator, "trusted")
        if trusted is not None and takes_trusted:
            fit_params = {**fit_params, "trusted": trusted}
        routed = route_fit(self, sample_weight, fit_params)
        if routing_enabled() and sample_weight is not None:
            routed.estimator.fit.pop("sample_weight", None)  # they go with the samples
        return routed

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            The classifier consumes `sample_weight` and `trusted`, its `cv` what it asks
            for, such as `groups`, and its estimator what it has requested.
        """
        return make_router(self, estimator=self._model())

    def predict_proba(self, X):
        """Predict the probabilities of the clean classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Those of `estimator_`, which :func:`~sklnoise.issues.clean_posterior` turns
            into clean ones where it has learned the noisy labels.
        """
        check_is_fitted(self)
        return self._clean_posterior(self._predict_estimator(X))

    def predict(self, X):
        """Predict the most probable clean class, which is always in the set.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The classes.
        """
        y_proba = self.predict_proba(X)
        return self.classes_[y_proba.argmax(axis=1)]

    def predict_set(self, X, *, confidence_level=None):
        """Predict the set of classes that covers the clean one.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        confidence_level : float in (0, 1), default=None
            Another level than that of the parameter.

        Returns
        -------
        y_set : ndarray of shape (n_samples, n_classes), dtype=bool
            Whether each class, in the order of `classes_`, is in the set of a sample.
            No set is empty.

        Raises
        ------
        ValueError
            If the level is not between 0 and 1.
        """
        check_is_fitted(self)
        scores = self._conformity(X)
        if confidence_level is None:
            return scores <= np.asarray(self.threshold_) + TIE
        if not isinstance(confidence_level, Real) or not 0 < confidence_level < 1:
            raise ValueError(
                "confidence_level must be a number between 0 and 1, or None; got "
                f"{confidence_level!r}. For 90 % pass 0.9."
            )
        thresholds = self._thresholds(confidence_level)
        return scores <= np.array([found.value for found in thresholds]) + TIE

    def _get_fitted_attr_html(self, doc_link=""):
        return with_short_names(super()._get_fitted_attr_html(doc_link))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "threshold_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self._model())
        tags.input_tags = deepcopy(of_estimator.input_tags)
        tags.input_tags.pairwise = False  # folds select rows of X, never columns
        if of_estimator.classifier_tags is not None:
            tags.classifier_tags.multi_class = of_estimator.classifier_tags.multi_class
            tags.classifier_tags.poor_score = of_estimator.classifier_tags.poor_score
        tags.no_validation = of_estimator.no_validation
        tags.non_deterministic = of_estimator.non_deterministic
        return tags
