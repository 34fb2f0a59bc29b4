"""The classifier that prunes or reweights samples with label issues, around any other."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklnoise._compat import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
)
from sklnoise._parameter_hints import ParameterHintsMixin
from sklnoise._tensors import as_numpy
from sklnoise._validation import check_transition_matrix
from sklnoise.classifiers._confident_steps import (
    check_source,
    choose_rows,
    fit_rows,
    judge_labels,
    predict_out_of_fold,
    weight_name,
)
from sklnoise.classifiers._estimator_calls import check_classifier, describe, nets_of
from sklnoise.classifiers._first_pass import FirstPass
from sklnoise.classifiers._fit_input import (
    FitInput,
    KeptSplits,
    draw_seeds,
    reset_fitted,
)
from sklnoise.classifiers._noise_summary import summarize_held_out
from sklnoise.classifiers._transition import (
    Transition,
    standard_error_of,
    warn_of_dominated_rows,
)
from sklnoise.classifiers._wrapper import WrapperMixin
from sklnoise.issues._fitted_rows import note_fitted
from sklnoise.issues._transition import check_samples, estimate_transition
from sklnoise.training import make_splits


def estimator_has(method):
    """Make a check of whether the estimator has a method."""
    return lambda self: hasattr(getattr(self, "estimator_", self.estimator), method)


class ConfidentLearningClassifier(WrapperMixin, ParameterHintsMixin, BaseEstimator):
    """Fit any classifier again without the samples whose label is probably wrong.

    Clones of the classifier give out-of-fold probabilities, from which T and the label
    issues are found. The classifier is then fitted to the other samples, each weighted
    by how likely its label is right.

    Parameters
    ----------
    estimator : classifier
        Any that has `predict_proba`: a pipeline, a forest, a skorch net. It gets X as
        you pass it, and is cloned before it is fitted.

    cv : int, splitter or iterable of splits, default=5
        Folds of the out-of-fold probabilities. An int means stratified and shuffled
        folds, at most as many as the smallest class has samples. None means 5.

    filter_by : {"posterior", "confident-learning", "self-confidence"}, \
            default="posterior"
        Definition of a label issue, see :func:`~sklnoise.find_label_issues`.

    threshold : float in [0, 1], default=None
        Samples whose `label_quality_` is below it are the issues, whatever `filter_by`
        is. None leaves it to `filter_by`.

    action : {"auto", "prune", "reweight"}, default="auto"
        "prune" leaves the issues out. If all samples of a class are issues, it keeps the
        one of the best quality, with a warning. "reweight" keeps all samples, weighted
        by `label_quality_`. "auto" does both, or only prunes if the estimator takes no
        weights. The weights are the `sample_weight` of the estimator's `fit`, in a
        pipeline that of its last step; a pipeline with a sampler of imbalanced-learn,
        which changes the samples, takes none.

    transition : "auto" or array-like of shape (n_classes, n_classes), default="auto"
        T[i, j] = P(noisy = j | clean = i), in the order of `classes_`. "auto" estimates
        it as :func:`~sklnoise.label_quality_scores` does, and assumes that no class is
        labelled more often as another than as itself: on few samples chance alone can
        claim that, and the wrong labels would be kept. Pass T if it is so.

    n_jobs : int, default=None
        Folds fitted at the same time. The result does not depend on it.

    random_state : int or RandomState instance, default=None
        Decides the splits, and whatever the clones draw: it sets their `random_state`,
        and the seed of torch for a net. None takes fresh entropy; global random states
        are neither used nor changed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    estimator_ : classifier
        The classifier fitted to the samples that were left. A net, or an estimator with
        a net among its parameters, is fitted to the codes 0..n_classes-1 of the labels.

    n_features_in_ : int
        Number of columns of X, where `estimator_` knows it.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where `estimator_` knows them.

    out_of_fold_proba_ : ndarray of shape (n_samples, n_classes)
        Noisy posterior of the training samples by models that did not see them. NaN
        where no fold held the sample out, or its weight is 0.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T, known or estimated; the identity where nothing could be held out.

    transition_estimator_ : estimator of T or None
        The fitted estimator, from whose T `transition_matrix_` is shrunk; None where T
        was not estimated.

    noise_summary_ : :class:`~sklearn.utils.Bunch`
        What is known about the noise, as of :class:`NoiseRobustClassifier`.

    label_quality_ : ndarray of shape (n_samples,)
        P(clean = y | noisy = y, x), low is suspect; NaN where `out_of_fold_proba_` is.

    label_issues_ : ndarray of shape (n_samples,), dtype=bool
        Whether the label is probably wrong; False where that is not known.

    See Also
    --------
    NoiseRobustClassifier : Corrects the loss of a network and drops no sample.
    find_label_issues : The same issues, from probabilities alone.

    Notes
    -----
    Weights count as frequencies: a sample of weight 2 counts as two samples. An estimator
    that takes no weights gets the sample twice, so weights must then be whole numbers.

    Samples that no fold held out are not judged, and kept as they are. With one sample
    or one class an integer `cv` holds out nothing.

    References
    ----------
    Northcutt, Jiang, Chuang. Confident learning: estimating uncertainty in dataset
    labels. JAIR 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklnoise import ConfidentLearningClassifier
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> X, y = load_wine(return_X_y=True)
    >>> T = make_transition_matrix("symmetric", 3, 0.3)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> model = make_pipeline(StandardScaler(), LogisticRegression())
    >>> clf = ConfidentLearningClassifier(model, random_state=0).fit(X, y_noisy)
    >>> print(clf.score(X, y) > model.fit(X, y_noisy).score(X, y))
    True
    >>> wrong = y != y_noisy
    >>> print(f"{wrong[clf.label_issues_].mean():.2f} of the issues are wrong labels")
    0.79 of the issues are wrong labels
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit"])],
        "cv": ["cv_object"],
        "filter_by": [StrOptions({"posterior", "confident-learning", "self-confidence"})],
        "threshold": [Interval(Real, 0, 1, closed="both"), None],
        "action": [StrOptions({"auto", "prune", "reweight"})],
        "transition": [StrOptions({"auto"}), "array-like"],
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
        estimator,
        *,
        cv=5,
        filter_by="posterior",
        threshold=None,
        action="auto",
        transition="auto",
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.cv = cv
        self.filter_by = filter_by
        self.threshold = threshold
        self.action = action
        self.transition = transition
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Find the label issues and fit the classifier without them.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples, of any kind that the estimator takes.

        y : array-like of shape (n_samples,)
            Noisy labels of any kind that scikit-learn takes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies; samples of weight 0 are left out.

        **fit_params : dict
            `groups` for `cv`; all others go to the `fit` of the estimator, split by fold
            if they have one entry per sample. With metadata routing enabled, it gets
            what it has requested.

        Returns
        -------
        self : ConfidentLearningClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If X, y or the weights are not valid, T does not fit the classes, or the
            estimator has no `predict_proba` or takes no weights where it must.

        FoldFitError
            If a model predicts probabilities that are not finite.
        """
        with reset_fitted(self):
            self._fit(X, y, sample_weight, fit_params)
        return self

    def _fit(self, X, y, sample_weight, fit_params):
        self._check_estimator()
        routed = self._route_fit(sample_weight, fit_params)
        source = check_source(
            self, self.estimator, X, y, sample_weight, routed.estimator.fit
        )
        self.classes_ = source.classes
        n_classes = len(self.classes_)
        T = None
        if not isinstance(self.transition, str):
            T = check_transition_matrix(self.transition, n_classes, self.classes_)
            warn_of_dominated_rows(T, self.classes_)
        split_seed, fold_seed, refit_seed = draw_seeds(self.random_state, 3)
        splits = make_splits(
            self.cv,
            source.data.y,
            source.rows,
            source.classes,
            split_seed,
            routed.splitter.split,
        )
        # Few classifiers can be fitted to one class; such samples are then not judged.
        splits = [
            split for split in splits if np.ptp(source.data.y[split[0]]) or n_classes == 1
        ]
        self.out_of_fold_proba_ = predict_out_of_fold(
            self.estimator, source, splits, fold_seed, self.n_jobs
        )
        self._judge(source, T)
        self._refit(source, refit_seed)

    def _judge(self, source, known_transition):
        """Judge the labels of the samples that were held out."""
        data = source.data
        n_samples, n_classes = self.out_of_fold_proba_.shape
        transition = Transition.identity(n_classes)
        if known_transition is not None:
            transition = Transition.known(known_transition)
        self.label_quality_ = np.full(n_samples, np.nan)
        self.label_issues_ = np.zeros(n_samples, dtype=bool)
        judged = np.flatnonzero(~np.isnan(self.out_of_fold_proba_[:, 0]))
        if len(judged):
            y_proba = self.out_of_fold_proba_[judged]
            held_out = check_samples(data.y[judged], y_proba, np.arange(n_classes))
            weight = data.sample_weight[judged]
            if known_transition is None:
                T, estimator = estimate_transition(held_out, weight)
                error = standard_error_of(estimator, n_classes)
                transition = Transition(T, error, estimator)
            self.label_quality_[judged], self.label_issues_[judged] = judge_labels(
                held_out, weight, transition.matrix, self.filter_by, self.threshold
            )
        self._fitted_codes = data.y
        self.transition_matrix_ = transition.matrix
        self.transition_estimator_ = transition.estimator
        self.noise_summary_ = summarize_held_out(
            transition,
            FirstPass(self.out_of_fold_proba_),
            FitInput(
                *data[:3], np.zeros(n_samples, dtype=bool), source.rows, self.classes_
            ),
        )

    def _refit(self, source, seed):
        """Fit the estimator to the samples that are left."""
        rows = source.rows
        quality = self.label_quality_[rows]
        # Some estimators fail at a weight of 0, which means that there is no sample.
        prunes = self.action != "reweight"
        left_out = self.label_issues_[rows] if prunes else quality == 0
        kept, factors = choose_rows(source.data.y[rows], quality, left_out, self.classes_)
        weighs = self.action != "prune" and weight_name(self.estimator) is not None
        factors = factors[kept] if weighs else None
        self.estimator_ = fit_rows(self.estimator, source, rows[kept], factors, seed)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))

    def _check_estimator(self):
        check_classifier(self.estimator)
        if self.action == "reweight" and weight_name(self.estimator) is None:
            raise ValueError(
                'action="reweight" needs an estimator with sample_weight in its fit, or '
                "a pipeline that ends in one and has no sampler, which would change the "
                f"samples but not their weights; got {describe(self.estimator)}. Use "
                'action="prune" or another estimator; where metadata routing is on, '
                "the steps of a pipeline must request sample_weight."
            )

    def predict(self, X):
        """Predict the clean class.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            What `estimator_` predicts.
        """
        check_is_fitted(self)
        y_pred = self.estimator_.predict(as_numpy(X))
        return self.classes_[y_pred] if nets_of(self.estimator_) else y_pred

    def predict_proba(self, X):
        """Predict the probabilities of the clean classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Those of `estimator_`, columns in the order of `classes_`.
        """
        check_is_fitted(self)
        return note_fitted(self, X, self._predict_all("predict_proba", X))

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X):
        """Compute the decision function, where the estimator has one.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            That of `estimator_`.
        """
        check_is_fitted(self)
        # As in scikit-learn's own cross-validation, a class without samples is last.
        return self._predict_all("decision_function", X, np.finfo(np.float32).min)
