"""The classifier that learns clean classes from noisy labels."""

import os
from functools import partial
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted, check_memory

from sklnoise._compat import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    routing_enabled,
)
from sklnoise.classifiers._ambiguity import warn_of_permutation, warn_of_swaps
from sklnoise.classifiers._collapse import judged_rows, warn_of_collapse
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.classifiers._digest import Digested
from sklnoise.classifiers._door import check_fit_input, check_predict_input, draw_seeds
from sklnoise.classifiers._fresh_fit import fresh_fit
from sklnoise.classifiers._out_of_fold import (
    check_first_pass,
    made_by,
    run_first_pass,
)
from sklnoise.classifiers._refit import fine_tune, refit
from sklnoise.classifiers._transition import (
    TRANSITION_ESTIMATORS,
    fit_transition,
    known_transition,
    new_estimator,
    wanted_features,
)
from sklnoise.engine import (
    Setting,
    as_net,
    dtype_of,
    fit_net,
    make_splits,
    predict_proba,
    resolve_device,
    resolve_dtype,
    resolve_half,
    threads_at_hand,
)

DEFAULT_FOLDS = 5


class NoiseRobustClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train a neural network on noisy labels as if they were clean.

    A first pass gives out-of-fold probabilities, from which the transition matrix
    T[i, j] = P(noisy = j | clean = i) is estimated; the network is then fitted again
    with a loss that T corrects. It predicts clean classes.

    Parameters
    ----------
    estimator : skorch.NeuralNetClassifier or torch.nn.Module class, default=None
        The network. Its criterion is replaced by that of `correction`. The number of
        features and classes is passed to the `__init__` of its module where that takes
        `n_features` (or `n_features_in`, `in_features`, `input_dim`) and `n_classes`
        (or `num_classes`, `out_features`, `output_dim`); names that may mean an inner
        width, as `in_features` and `input_dim`, only without a default. The module
        gives logits; probabilities are recognised and used too. None is a multilayer
        perceptron sized from X and y, whose parameters can be searched as
        `estimator__lr` or `estimator__module__hidden`.

    correction : str, loss or functools.partial of a loss, default="forward"
        How the refit is corrected. With T: "forward", "backward" or "reweight"; with a
        T that is learned further: "adaptation", "adaptation-complex" (T depends on the
        hidden features), "adaptation-sparse" (a few entries a row),
        "adaptation-volume" (of small determinant) or "em" (T and the network in turns).
        Losses that need no T, and no fold: "none" (cross-entropy), "bootstrap-soft",
        "bootstrap-hard", "unhinged", "sigmoid", "savage", "gce", "mae",
        "label-smoothing" or "clipped". A loss is an instance or class with the signature
        of those in `sklnoise.losses` or `torch.nn`, or a `functools.partial` of the
        class that sets some of its parameters; a class that takes a `transition_matrix`
        gets T, an instance keeps its own.

    transition : str, estimator of T, array-like of shape (n_classes, n_classes) or \
            float, default="auto"
        Where T comes from: "anchor", "frequency", "confident-joint", "confusion",
        "dual", "clusterability" or "trusted" name an estimator of
        `sklnoise.transition`, and "auto" picks one by the rule of
        :class:`~sklnoise.transition.AutoEstimator`. An array is a known T, rows and
        columns in the order of `classes_`. A float in [0, 1) is the share of labels that
        are wrong, spread evenly over the other classes. An estimator that is fitted
        already is passed inside :class:`sklearn.frozen.FrozenEstimator`. With a known T
        no fold is fitted.

    first_pass : classifier, default=None
        Model for the out-of-fold probabilities, with `predict_proba`; None is a clone
        of `estimator`, trained with cross-entropy.

    refit : {"scratch", "first-pass"}, default="scratch"
        Where the weights of the refit start. "first-pass" takes those of the first
        fold's net; where no fold is fitted there are none, and it starts from scratch.

    cv : int, splitter or iterable of splits, default=5
        Folds of the first pass. An int means stratified and shuffled folds, fewer
        where the smallest class has fewer rows. None means 5.

    memory : str, path or joblib.Memory, default=None
        Where the first pass is kept, so that it is computed once for a whole grid over
        corrections and estimators of T. Needs an integer `random_state`.

    warm_up : float, default=0.125
        Share of the refit's training steps that use cross-entropy before the correction
        sets in, in [0, 1); with the noisy labels or, where a known T or trusted rows say
        that more rows of a label come from other classes, with the clean labels that T
        makes likely. A correction by T from random weights can lose whole classes for
        good. Not used from first-pass weights, nor by a loss without T.

    fine_tune_epochs : int, default=0
        Passes through the trusted rows alone, with cross-entropy, after the refit.

    device : str or torch.device, default="auto"
        Where the network is trained; "auto" takes CUDA, then MPS, then the CPU.

    dtype : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        Type of the network. "auto" keeps float64 data in float64 on the CPU; all else
        is float32. "bfloat16" is mixed precision: float32, except for matrix products
        during the training.

    n_jobs : int, default=None
        Folds fitted at the same time in processes of their own. The result does not
        depend on it. Without it folds are trained in this process: as one stacked
        network where that can be done, otherwise on as many threads as torch may use.

    random_state : int or RandomState instance, default=None
        Decides splits, initial weights, shuffles and dropout. None takes fresh entropy;
        global random states are neither used nor changed.

    verbose : int, default=0
        1 prints a line a step, 2 adds skorch's table of the refit.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X has them.

    estimator_ : skorch.NeuralNetClassifier
        The fitted network; its `predict_proba` is the clean posterior, its classes are
        the codes 0..n_classes-1.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T, rows and columns in the order of `classes_`: known, estimated or, with an
        adaptation layer or "em", learned; the mean over the rows where T depends on
        them. The identity for a loss without T.

    transition_estimator_ : estimator of T or None
        The fitted estimator, for "auto" the one that was picked; None where T was not
        estimated.

    out_of_fold_proba_ : ndarray of shape (n_samples, n_classes)
        Noisy posterior of the training rows by models that did not see them, NaN where
        no fold held the row out. Trusted rows are held out by all folds. Absent where no
        fold was fitted.

    correction_ : torch.nn.Module
        The loss of the refit, with its T.

    n_iter_ : int
        Number of epochs of the refit; of its last training where there are several.

    history_ : skorch.history.History
        One entry for each of these epochs.

    Notes
    -----
    `score` is the accuracy against the labels that it is given. On noisy labels it
    ranks models wrongly once T[i, i] < T[i, j] for some j.

    Weights count as frequencies: a weight of 2 is a row that is there twice.

    Which of two classes is which cannot be learned from labels of which more than half
    are swapped between the two: no loss that learns from noisy labels alone repairs it.
    A few trusted rows do.

    References
    ----------
    Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label noise:
    a loss correction approach. CVPR 2017.

    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklnoise import NoiseRobustClassifier
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> X, y = make_blobs(600, centers=3, random_state=0)
    >>> T = make_transition_matrix("pair", 3, 0.4)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> clf = NoiseRobustClassifier(random_state=0).fit(X, y_noisy)
    >>> clf.transition_matrix_.shape
    (3, 3)
    >>> print(clf.score(X, y) > (y_noisy == y).mean())
    True
    """

    _parameter_constraints: dict = {
        "estimator": [
            None,
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["forward"]),
        ],
        "correction": [StrOptions(set(CORRECTIONS)), HasMethods(["forward"]), partial],
        "transition": [
            StrOptions(set(TRANSITION_ESTIMATORS)),
            Interval(Real, 0, 1, closed="left"),
            "array-like",
            HasMethods(["fit"]),
        ],
        "first_pass": [
            None,
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["forward"]),
        ],
        "refit": [StrOptions({"scratch", "first-pass"})],
        "cv": ["cv_object"],
        "memory": [None, str, os.PathLike, HasMethods(["cache"])],
        "warm_up": [Interval(Real, 0, 1, closed="left")],
        "fine_tune_epochs": [Interval(Integral, 0, None, closed="left")],
        "device": [str, torch.device],
        "dtype": [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        correction="forward",
        transition="auto",
        first_pass=None,
        refit="scratch",
        cv=5,
        memory=None,
        warm_up=0.125,
        fine_tune_epochs=0,
        device="auto",
        dtype="auto",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.correction = correction
        self.transition = transition
        self.first_pass = first_pass
        self.refit = refit
        self.cv = cv
        self.memory = memory
        self.warm_up = warm_up
        self.fine_tune_epochs = fine_tune_epochs
        self.device = device
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def set_params(self, **params):
        """Set parameters; those of the default network too.

        Parameters
        ----------
        **params : dict
            Parameters of the classifier, and `estimator__...` of its network. Where
            `estimator` is None or a module class, it becomes the network that would be
            built of it.

        Returns
        -------
        self : NoiseRobustClassifier
            The classifier.
        """
        estimator = params.get("estimator", self.estimator)
        nested = any(name.startswith("estimator__") for name in params)
        if nested and (estimator is None or isinstance(estimator, type)):
            params = {**params, "estimator": as_net(estimator)}
        return super().set_params(**params)

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, trusted=None, **fit_params):
        """Estimate T and fit the network with the corrected loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), or torch.utils.data.Dataset
            Rows to learn from: a table, a data frame, CSR or CSC, images or, for a
            network that embeds them, integer token ids. The items of a Dataset are rows,
            or tuples that start with one.

        y : array-like of shape (n_samples,)
            Noisy labels of any kind that scikit-learn takes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies; rows of weight 0 are left out.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Rows whose label is known to be right. T is estimated with their help, their
            loss is cross-entropy, and no model of the first pass is fitted to them: one
            that knew them would take their labels for those of the others.

        **fit_params : dict
            `groups` for `cv`; all else goes to the networks' training loops. Where
            metadata routing is on, `first_pass` gets what it has requested.

        Returns
        -------
        self : NoiseRobustClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If X, y, the weights or the mask are not valid, T does not fit the classes,
            is singular where it must be inverted, or the network does not fit X and y.

        FoldFitError
            If the first pass fails in a fold.

        NonFiniteLossError
            If the loss of the refit becomes NaN.
        """
        with fresh_fit(self):
            self._fit(X, y, sample_weight, trusted, fit_params)
        return self

    def _fit(self, X, y, sample_weight, trusted, fit_params):
        routed = self._route_fit(sample_weight, fit_params)
        net, first_pass = as_net(self.estimator), self._first_pass()
        check_first_pass(first_pass, X, sample_weight, routed.first_pass.fit)
        data, rows, self.classes_, trusted = check_fit_input(
            self, X, y, sample_weight, trusted
        )
        device = resolve_device(self.device)
        setting = Setting(
            n_classes=len(self.classes_),
            device=device,
            dtype=resolve_dtype(self.dtype, dtype_of(data.X), device),
            n_threads=threads_at_hand(),
            half=resolve_half(self.dtype, device),
        )
        seed, refit_seed = draw_seeds(self.random_state, 2)
        loss = self.correction
        loss = CORRECTIONS[loss] if isinstance(loss, str) else loss

        T = known_transition(self.transition, setting.n_classes, loss)
        first_weights = self.transition_estimator_ = None
        sample = data, rows, trusted, setting
        if T is None:
            weighted = sample_weight is not None
            T, first_weights = self._estimate_transition(
                first_pass, *sample, seed, routed, weighted
            )
        start_from = first_weights if self.refit == "first-pass" else None
        self._refit(net, *sample, T, refit_seed, start_from, routed.estimator.fit)
        self._warn(data, rows[~trusted[rows]], T)

    def _refit(self, net, data, rows, trusted, setting, T, seed, start_from, fit_params):
        """Fit the network to all rows with the corrected loss, and to the trusted."""
        self._report(f"refit on {len(rows)} rows")
        train = partial(
            fit_net,
            net=net,
            rows=rows,
            setting=setting,
            seed=seed,
            warm_up=0.0 if start_from else self.warm_up,
            start_from=start_from,
            verbose=max(0, self.verbose - 1),
            fit_params=fit_params,
        )
        self.estimator_, self.correction_, self.transition_matrix_ = refit(
            train,
            self.correction,
            T,
            data,
            rows,
            trusted,
            estimated=self.transition_estimator_ is not None,
            report=self._report,
        )
        self.history_ = self.estimator_.history
        self.n_iter_ = len(self.history_)
        if self.fine_tune_epochs and trusted.any():
            self._report(f"fine-tuning on {trusted.sum()} trusted rows")
            self.estimator_ = fine_tune(
                train,
                net,
                self.estimator_,
                self.correction_,
                data,
                np.flatnonzero(trusted),
                self.fine_tune_epochs,
            )

    def _estimate_transition(
        self, first_pass, data, rows, trusted, setting, seed, routed, weighted
    ):
        """Return T by the first pass, and the weights that its first fold found."""
        estimator = new_estimator(self.transition)
        cv = DEFAULT_FOLDS if self.cv is None else self.cv
        splits = make_splits(
            cv, data.y, rows[~trusted[rows]], self.classes_, seed, routed.splitter.split
        )
        if not splits:
            return np.eye(setting.n_classes), None
        always = np.flatnonzero(trusted)
        splits = [(train, np.union1d(test, always)) for train, test in splits]
        self._report(f"first pass on {len(splits)} folds")
        found = self._cached(run_first_pass)(
            first_pass,
            Digested(data),
            splits,
            draw_seeds(seed, len(splits)),
            setting,
            with_features=wanted_features(estimator) == "hidden",
            weighted=weighted,
            observed=self.first_pass is not None,
            fit_params=routed.first_pass.fit,
            made_by=made_by(first_pass),
            n_jobs=self.n_jobs,
            report=self._report,
        )
        self.out_of_fold_proba_ = found.y_proba
        self.transition_estimator_ = fit_transition(estimator, found, data, trusted, seed)
        T = self.transition_estimator_.transition_matrix_
        settled = np.isin(np.arange(setting.n_classes), data.y[trusted])
        warn_of_swaps(T, self.classes_, settled)
        return T, found.weights

    def _warn(self, data, untrusted, start):
        """Warn of what the refit may have done to the classes."""
        warn_of_permutation(self.transition_matrix_, start, self.classes_)
        if len(untrusted):
            drawn, stands_for = judged_rows(data.y[untrusted], len(self.classes_))
            judged = untrusted[drawn]
            y_proba = predict_proba(self.estimator_, data.X, judged)
            weights = stands_for * data.sample_weight[judged]
            warn_of_collapse(
                np.average(y_proba, axis=0, weights=weights),
                data.y[untrusted],
                data.sample_weight[untrusted],
                self.transition_matrix_,
                self.classes_,
            )

    def _report(self, step):
        if self.verbose:
            print(f"[NoiseRobustClassifier] {step}", flush=True)

    def _first_pass(self):
        """Return the model of the first pass."""
        if self.first_pass is None:
            return as_net(self.estimator)
        if self.refit == "first-pass":
            raise ValueError(
                'refit="first-pass" starts from the weights of the first pass, which '
                "must then be the same network: leave first_pass at None, or use "
                f'refit="scratch"; got first_pass={self.first_pass!r}.'
            )
        if hasattr(self.first_pass, "predict_proba"):
            return self.first_pass
        return as_net(self.first_pass)

    def _cached(self, function):
        """Return the function, kept in `memory` except for how it is run."""
        memory = self.memory
        memory = os.fspath(memory) if isinstance(memory, os.PathLike) else memory
        return check_memory(memory).cache(function, ignore=["n_jobs", "report"])

    def _route_fit(self, sample_weight, fit_params):
        """Sort metadata into what the splitter and what the models get."""
        if routing_enabled():
            if sample_weight is not None:
                fit_params = {**fit_params, "sample_weight": sample_weight}
            return process_routing(self, "fit", **fit_params)
        rest = dict(fit_params)
        groups = rest.pop("groups", None)
        return Bunch(
            splitter=Bunch(split={"groups": groups}),
            estimator=Bunch(fit=rest),
            first_pass=Bunch(fit=rest if self.first_pass is None else {}),
        )

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            The classifier consumes `sample_weight` and `trusted`, its `cv` what it
            asks for, such as `groups`, and its models what they have requested.
        """
        net, first_pass = as_net(self.estimator), self._first_pass()
        splitter = self.cv if hasattr(self.cv, "split") else StratifiedKFold()
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        to_split = MethodMapping().add(caller="fit", callee="split")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=net, first_pass=first_pass, method_mapping=to_fit)
            .add(splitter=splitter, method_mapping=to_split)
        )

    def predict_proba(self, X):
        """Predict the probabilities of the clean classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), or torch.utils.data.Dataset
            Rows like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Clean posterior, columns in the order of `classes_`.
        """
        check_is_fitted(self)
        return predict_proba(self.estimator_, check_predict_input(self, X))

    def predict(self, X):
        """Predict the clean class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), or torch.utils.data.Dataset
            Rows like those that the classifier was fitted on.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The most probable clean label.
        """
        y_proba = self.predict_proba(X)
        return self.classes_[y_proba.argmax(axis=1)]

    def predict_noisy_proba(self, X):
        """Predict what a noisy annotator would say, `predict_proba(X) @ T`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or \
                (n_samples, ...), or torch.utils.data.Dataset
            Rows like those that the classifier was fitted on.

        Returns
        -------
        y_proba : ndarray of shape (n_samples, n_classes)
            Noisy posterior, columns in the order of `classes_`.
        """
        y_proba = self.predict_proba(X)
        return y_proba @ self.transition_matrix_.astype(y_proba.dtype)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "transition_matrix_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags
