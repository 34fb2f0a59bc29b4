"""The classifier that calibrates any other one for clean labels, from noisy ones."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklnoise._calibration import CALIBRATIONS
from sklnoise._compat import HasMethods, Interval, StrOptions, fit_context
from sklnoise._labels import encode_labels
from sklnoise._parameter_hints import ParameterHintsMixin
from sklnoise._validation import check_proba
from sklnoise.classifiers._calibration import (
    calibrate_by_draws,
    given_transition,
    make_invertible,
    own_transition,
    resolve_transition,
)
from sklnoise.classifiers._confident_steps import (
    check_source,
    fit_rows,
    predict_out_of_fold,
)
from sklnoise.classifiers._estimator_calls import check_classifier, nets_of
from sklnoise.classifiers._first_pass import FirstPass
from sklnoise.classifiers._fit_input import (
    FitInput,
    KeptSplits,
    draw_seeds,
    reset_fitted,
)
from sklnoise.classifiers._noise_summary import summarize_fit
from sklnoise.classifiers._transition import TRANSITION_ESTIMATORS
from sklnoise.classifiers._wrapper import WrapperMixin
from sklnoise.issues._fitted_rows import note_fitted
from sklnoise.training import make_splits


class NoiseCalibratedClassifier(WrapperMixin, ParameterHintsMixin, BaseEstimator):
    r"""Calibrate the probabilities of any classifier for the clean labels.

    All labels are noisy: no clean one is needed. Clones of the classifier predict samples
    that they have not seen, and these probabilities are changed such that after the
    noise T they predict the noisy labels best. The classifier is then fitted to all
    samples.

    Parameters
    ----------
    estimator : classifier
        Any that has `predict_proba`. It gets X as you pass it, and is cloned before it is
        fitted. One that is fitted already is passed inside of a
        :class:`~sklearn.frozen.FrozenEstimator`; the samples given to `fit` must then be
        others than it was fitted to, and `cv` is not used.

    transition : str, float, array-like or estimator of T, default="auto"
        T[i, j] = P(noisy = j | clean = i), in the order of `classes_`: a known matrix, a
        float as the share of wrong labels, spread evenly over the other classes, or an
        estimator of T or its name, as in :class:`~sklnoise.NoiseRobustClassifier`. "auto"
        takes the `transition_matrix_` of an estimator that predicts clean classes with
        one, and otherwise estimates T as :func:`~sklnoise.label_quality_scores` does.

    method : {"temperature", "vector", "isotonic"}, default="temperature"
        "temperature" divides the logits by one number, "vector" multiplies those of each
        class by a number and adds another, and "isotonic" fits a monotone curve per
        class, which takes a thousand samples or more.

    cv : int, splitter or iterable of splits, default=5
        Folds of the out-of-fold probabilities. An int means stratified and shuffled
        folds, at most as many as the smallest class has samples. None means 5.

    n_jobs : int, default=None
        Folds fitted at the same time. The result does not depend on it.

    random_state : int or RandomState instance, default=None
        Decides the splits, and whatever the clones draw: it sets their `random_state`,
        and the seed of torch for a net. None takes fresh entropy; global random states
        are neither used nor changed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted; those of the estimator, if it is frozen.

    estimator_ : classifier
        The classifier fitted to all samples, before calibration.

    n_features_in_ : int
        Number of columns of X, where `estimator_` knows it.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where `estimator_` knows them.

    out_of_fold_proba_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the training samples by models that did not see them, before
        calibration. NaN where no fold held the sample out, or its weight is 0.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T, known or estimated; the identity where nothing could be held out.

    transition_estimator_ : estimator or None
        The fitted estimator of T; None if T was not estimated here.

    noise_summary_ : :class:`~sklearn.utils.Bunch`
        What is known about the noise, as of :class:`~sklnoise.NoiseRobustClassifier`.

    noisy_temperature_ : float or None
        Temperature by which the probabilities are calibrated for noisy labels before the
        clean ones are solved for; None where they are read as those of clean labels.

    temperature_ : float
        With `method="temperature"`: above 1 the probabilities are made less certain.

    scale_, bias_ : ndarray of shape (n_classes,)
        With `method="vector"`.

    curves_ : list of :class:`~sklearn.isotonic.IsotonicRegression`
        With `method="isotonic"`: one for each class.

    See Also
    --------
    sklearn.calibration.CalibratedClassifierCV : Calibration for the labels as they are.
    sklnoise.inspection.NoisyCalibrationDisplay : Calibration curve from noisy labels.

    Notes
    -----
    With logits :math:`z = \log p`, held-out samples of weight :math:`w` and T, the
    temperature is

    .. math:: \hat τ = \arg\min_τ -\sum_n w_n \log (\mathrm{softmax}(z_n / τ) T)_{ỹ_n} .

    The likelihood of noisy labels is a proper score of :math:`q T`, so if T is
    invertible and right the method is consistent: with ever more samples it finds the
    temperature at which :math:`q T` is closest to the distribution of noisy labels, and
    hence q right wherever it can be (temperature scaling [1]_ with the loss of [2]_).
    With a wrong T it is not. A normal prior of :math:`\log τ` with a standard deviation
    of 2 counts as one sample; it keeps τ finite where all labels are predicted.
    :math:`\log τ` is searched for between -4.2 and 4.2, and of several minima the least
    is taken. Probabilities below 1e-7 count as 1e-7.

    "isotonic" regresses :math:`T^{-1}_{ỹ, k}`, whose mean given the clean class y is
    1 if y = k and 0 otherwise, so that T must be invertible: an estimate of condition
    above 5 is mixed with the identity, which makes it biased. The curves are clipped to
    [0, 1] and normalised, which makes them consistent, but not unbiased.

    A classifier that has learned noisy labels predicts the noisy posterior, and one such
    as :class:`~sklnoise.NoiseRobustClassifier` the clean one. Both readings are fitted.
    The probabilities are read as clean ones, unless the other reading predicts held-out
    noisy labels better by two standard errors. Then they are calibrated for noisy labels
    first, and solved for the clean ones by :func:`~sklnoise.issues.clean_posterior`. This
    can change the predicted class; where T flips a class mostly to one other, predictions
    become better. A temperature of probabilities that are read as clean ones changes no
    prediction.

    Where T is estimated, all this is done for 10 draws of it
    (:func:`~sklnoise.transition.draw_transition_matrices`), and the mean probabilities
    are predicted: a single T that is wrong makes them far too certain. The fitted
    attributes are those of the estimate itself. On hard data an estimate of T is
    biased, which the draws do not show: see :ref:`hard_data`.

    Weights count as frequencies: a sample of weight 2 counts as two samples. An estimator
    that takes no weights gets the sample twice, so weights must then be whole numbers.

    References
    ----------
    .. [1] Guo, Pleiss, Sun, Weinberger. On calibration of modern neural networks.
       ICML 2017.
    .. [2] Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label
       noise: a loss correction approach. CVPR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.metrics import log_loss
    >>> from sklnoise import NoiseCalibratedClassifier
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> X, y = load_digits(n_class=5, return_X_y=True)
    >>> T = make_transition_matrix("symmetric", 5, 0.3)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> forest = RandomForestClassifier(30, random_state=0)
    >>> clf = NoiseCalibratedClassifier(forest, cv=3, random_state=0)
    >>> clf = clf.fit(X[:600], y_noisy[:600])
    >>> forest = forest.fit(X[:600], y_noisy[:600])
    >>> for model in forest, clf:
    ...     print(f"{log_loss(y[600:], model.predict_proba(X[600:])):.2f}")
    0.68
    0.37
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit"])],
        "transition": [
            StrOptions(set(TRANSITION_ESTIMATORS) - {"trusted"}),
            Interval(Real, 0, 1, closed="left"),
            "array-like",
            HasMethods(["fit"]),
        ],
        "method": [StrOptions(set(CALIBRATIONS))],
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
        estimator,
        *,
        transition="auto",
        method="temperature",
        cv=5,
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.transition = transition
        self.method = method
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Fit the classifier and calibrate it.

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
        self : NoiseCalibratedClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If X, y or the weights are not valid, T does not fit the classes or is
            singular with `method="isotonic"`, or the estimator has no `predict_proba`.

        FoldFitError
            If a model predicts probabilities that are not finite.
        """
        with reset_fitted(self):
            self._fit(X, y, sample_weight, fit_params)
        return self

    def _fit(self, X, y, sample_weight, fit_params):
        check_classifier(self.estimator)
        routed = self._route_fit(sample_weight, fit_params)
        source = check_source(
            self, self.estimator, X, y, sample_weight, routed.estimator.fit
        )
        source = self._with_frozen_classes(source)
        self.classes_ = source.classes
        transition = given_transition(self.transition, self.classes_)
        split_seed, fold_seed, refit_seed, T_seed = draw_seeds(self.random_state, 4)
        splits = self._make_splits(source, split_seed, routed.splitter.split)
        self.out_of_fold_proba_ = predict_out_of_fold(
            self.estimator, source, splits, fold_seed, self.n_jobs
        )
        self.estimator_ = fit_rows(self.estimator, source, source.rows, None, refit_seed)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self._calibrate(source, transition, T_seed)

    def _with_frozen_classes(self, source):
        """Take the classes of a frozen estimator, some of which may not occur."""
        known = getattr(self.estimator, "classes_", None)
        is_frozen = isinstance(self.estimator, FrozenEstimator)
        if not is_frozen or known is None or nets_of(self.estimator):
            return source
        classes, rows = np.asarray(known), source.rows
        codes = np.full_like(source.data.y, -1)
        codes[rows] = encode_labels(source.classes[source.data.y[rows]], classes, "y")
        data = source.data._replace(y=codes)
        return source._replace(data=data, classes=classes, names=classes)

    def _make_splits(self, source, seed, split_params):
        """Make the splits; a frozen estimator has seen none of the samples."""
        if isinstance(self.estimator, FrozenEstimator):
            return [(source.rows, source.rows)]
        y = source.data.y
        splits = make_splits(self.cv, y, source.rows, source.classes, seed, split_params)
        # Few classifiers can be fitted to one class; nothing is then held out.
        one_class = len(source.classes) == 1
        return [split for split in splits if np.ptp(y[split[0]]) or one_class]

    def _calibrate(self, source, transition, seed):
        """Resolve T, and calibrate by the samples that were held out."""
        data, y_proba = source.data, self.out_of_fold_proba_
        held_out = ~np.isnan(y_proba[:, 0])
        if held_out.any():
            y_proba[held_out] = check_proba(y_proba[held_out])
        given = FitInput(
            data.X,
            data.y,
            data.sample_weight,
            np.zeros(len(data.y), dtype=bool),
            source.rows,
            self.classes_,
        )
        own = own_transition(self.estimator_, self.classes_)
        first_pass = FirstPass(y_proba if own is None else y_proba @ own)
        if transition is None:
            transition = resolve_transition(self.transition, own, first_pass, given, seed)
        if self.method == "isotonic":
            transition = make_invertible(transition)
        self.transition_matrix_ = transition.matrix
        self.transition_estimator_ = transition.estimator
        self.noise_summary_ = summarize_fit(transition, first_pass, given)
        self._calibration = calibrate_by_draws(
            self.method,
            y_proba[held_out],
            data.y[held_out],
            data.sample_weight[held_out],
            transition,
            seed,
        )
        by_estimate = self._calibration.by_estimate
        noisy = by_estimate.noisy_scaling
        self.noisy_temperature_ = None if noisy is None else noisy.temperature
        for name, value in vars(by_estimate.scaling).items():
            setattr(self, f"{name}_", value)

    def predict(self, X):
        """Predict the clean class.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The most probable clean label.
        """
        y_proba = self.predict_proba(X)
        return self.classes_[y_proba.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict the calibrated probabilities of the clean classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...) or list
            Samples like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Clean posterior, columns in the order of `classes_`.
        """
        check_is_fitted(self)
        y_proba = check_proba(self._predict_all("predict_proba", X))
        return note_fitted(self, X, self._calibration.apply(y_proba))
