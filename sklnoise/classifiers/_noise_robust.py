"""The classifier that learns clean classes from noisy labels."""

import os
from functools import partial
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Bunch
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklnoise._compat import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    Options,
    StrOptions,
    check_method_params,
    fit_context,
    routing_enabled,
)
from sklnoise._labels import match_labels
from sklnoise._parameter_hints import ParameterHintsMixin
from sklnoise.classifiers._calibration import apply_temperature, refit_temperature
from sklnoise.classifiers._correction import CORRECTIONS, as_loss, check_clean_loss
from sklnoise.classifiers._first_pass import (
    check_first_pass,
    check_trees,
    make_first_pass_splits,
    make_trees,
    run_first_pass,
    run_selection,
)
from sklnoise.classifiers._fit_callbacks import report_fit
from sklnoise.classifiers._fit_input import (
    KeptSplits,
    check_fit_input,
    check_predict_input,
    draw_seeds,
    make_router,
    reset_fitted,
    route_fit,
)
from sklnoise.classifiers._html import noise_html, with_short_names
from sklnoise.classifiers._label_issues import FittedIssuesMixin
from sklnoise.classifiers._net_selection import NetChoice
from sklnoise.classifiers._noise_summary import summarize_fit
from sklnoise.classifiers._refit import (
    attributes_in_training,
    clean_loss_for,
    fine_tune,
    network_in_training,
    refit_seeds,
    takes_one_training,
)
from sklnoise.classifiers._refit_checks import check_refit
from sklnoise.classifiers._refit_choice import (
    MIN_NOISE_RATE,
    RefitChoice,
    choose_refit_steps,
    choose_transition,
    count_nets,
    default_correction,
)
from sklnoise.classifiers._score import NoisyScoreMixin
from sklnoise.classifiers._selection import (
    WITHOUT_T,
    judge_correction,
    select_correction,
    skip_selection,
)
from sklnoise.classifiers._transition import (
    TRANSITION_ESTIMATORS,
    Transition,
    estimate_transition,
    feature_space,
    known_transition,
    new_estimator,
)
from sklnoise.issues._quality import quality_of
from sklnoise.training import (
    Trainer,
    TrainingConfig,
    as_net,
    available_threads,
    check_names,
    check_plain_criterion,
    check_validation_labels,
    chooses_net,
    dtype_of,
    is_module_class,
    is_net,
    predict_proba,
    resolve_device,
    resolve_dtype,
    resolve_half,
    take_out_class_weight,
)


def can_predict(classifier):
    """Raise an AttributeError if a classifier is not to fit a network at the end."""
    if classifier.refit is False:
        raise AttributeError(
            "a NoiseRobustClassifier with refit=False predicts nothing: it ends with "
            'the first pass and T. Set refit="scratch" and fit again.'
        )
    return True


class NoiseRobustClassifier(
    CallbackSupportMixin,
    MetaEstimatorMixin,
    FittedIssuesMixin,
    NoisyScoreMixin,
    ParameterHintsMixin,
    BaseEstimator,
):
    """Train a neural network on noisy labels as if they were clean.

    A first pass gives out-of-fold probabilities, from which the transition matrix
    T[i, j] = P(noisy = j | clean = i) is estimated; the network is then fitted again
    with a loss that T corrects. It predicts clean classes.

    Parameters
    ----------
    estimator : skorch.NeuralNetClassifier or torch.nn.Module class, default=None
        The network. `correction` replaces its criterion; a `criterion__weight` of
        cross-entropy multiplies the corrected loss of the clean class, or is an error
        where there is none, as with "forward". The module receives the number
        of features as `n_features`, `n_features_in`, `in_features` or `input_dim`, and
        the number of classes as `n_classes`, `num_classes`, `out_features` or
        `output_dim`, if its `__init__` has such a parameter; `in_features`,
        `input_dim`, `out_features` and `output_dim`, which may mean an inner width, only
        without a default. The module returns logits; probabilities are recognised and
        used too. None is a multilayer perceptron, which the data choose on the folds of
        `cv`, see `net_selection_`. What is set of it, such as `estimator__lr` or
        `estimator__module__hidden`, stays, and can be searched. Of a module class for a
        table of at most 255 columns of floats, the learning rate is chosen.

    correction : str, loss or functools.partial of a loss, default="default"
        How the refit is corrected. "default" is "forward-elr" for a network whose steps
        are chosen by held-out labels, as those of the default network are for up to
        25 000 images or embeddings, 5000 samples of a table or any sparse X, and
        "forward" for others and for networks of your own. With T: "forward",
        "forward-elr" (with a memory of what was predicted for each sample), "backward" or
        "reweight"; with a T that is learned further: "adaptation", "adaptation-complex"
        (T depends on the hidden features), "adaptation-sparse" (a few entries per row of
        T), "adaptation-volume" (of small determinant) or "em" (T and the network in
        turns).
        Without T, so that no first pass is needed: "none" (cross-entropy), "elr" (with
        such a memory), "bootstrap-soft", "bootstrap-hard", "unhinged", "sigmoid",
        "savage", "gce", "mae", "label-smoothing" or "clipped". A loss is an instance or
        class with the signature of those in `sklnoise.losses` or `torch.nn`, or a
        `functools.partial` of the class that sets some of its parameters; a class that
        takes a `transition_matrix` gets T, an instance keeps its own. "auto" judges
        "none", "forward", "forward-elr", "elr" and "adaptation" on held-out samples,
        and takes "none" unless a correction gains more than chance, see `selection_`.

    transition : str, estimator of T, array-like of shape (n_classes, n_classes) or \
            float, default="auto"
        How T is found: "anchor", "frequency", "confident-joint", "confusion",
        "dual", "clusterability" or "trusted" name an estimator of
        `sklnoise.transition`, and "auto" picks one by the rule of
        :class:`~sklnoise.transition.AutoEstimator`. An array is a known T, rows and
        columns in the order of `classes_`; a frame may name them in any order. A float
        is the share of wrong labels, spread evenly over the other classes; it must be
        below that of labels drawn by chance, `1 - 1 / n_classes`.
        Wrap an estimator that is already fitted in
        :class:`sklearn.frozen.FrozenEstimator`. A known T needs no first pass: folds
        are fitted only to choose the default network, or with `refit=False`.

    first_pass : classifier or "with-trees", default=None
        Model for the out-of-fold probabilities, with `predict_proba`; None is a clone
        of `estimator`, trained with cross-entropy. "with-trees" is the mean of its
        probabilities and those of 100 extremely randomised trees, which ranks the wrong
        labels of a table better than either.

    refit : {"scratch", "first-pass"} or False, default="scratch"
        Initial weights of the refit. "first-pass" takes those of the first fold's net;
        without folds the refit starts from scratch, as the candidates of "auto" always
        do. False ends `fit` after the first pass and T, for those who only want to know
        which labels are wrong: `correction` is not used, nothing can be predicted, and
        the attributes of the refit are absent.

    n_estimators : int or "auto", default="auto"
        Number of networks of the refit, from different seeds, whose probabilities are
        averaged. They are trained together where the network allows it. "auto" is 5 for
        a table of at most 5000 samples, or at most 25 000 images or embeddings of more
        than 255 values, if the data choose the steps of the default network, this has
        hidden layers of at most 128 units, or 512 from 32 columns on, and no callbacks,
        `correction` takes a single training in which T is not learned, and
        `refit="scratch"`; otherwise it is 1.

    cv : int, splitter or iterable of splits, default=5
        Folds of the first pass and of the choice of the network. An int means
        stratified and shuffled folds, at most as many as the smallest class has samples.
        None means 5.

    memory : str, path or joblib.Memory, default=None
        Cache of the first pass, which is then computed once for a whole grid over
        corrections and estimators of T. It needs an integer `random_state`.

    warm_up : float, default=0.125
        Share of the refit's training steps, in [0, 1), that use cross-entropy instead of
        the corrected loss: a correction by T from random weights can lose whole classes
        for good. The targets are the noisy labels; where T is known or samples are
        trusted, and a label comes mostly from other classes, they are the clean labels
        that T makes likely. Not used with first-pass weights, nor by a loss without T.

    fine_tune_epochs : int, default=0
        Epochs on the trusted samples alone, with cross-entropy, after the refit.

    device : str or torch.device, default="auto"
        Device of the training; "auto" takes that of the `estimator` where it has set
        another than the CPU, or else CUDA, then MPS, then the CPU.

    dtype : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        Type of the network. "auto" is float64 for float64 data of up to 1000 samples on
        the CPU, otherwise float32. "bfloat16" is mixed precision: float32, except for
        matrix products during the training.

    n_jobs : int, default=None
        Number of processes that fit the folds of the first pass. The result does not
        depend on it. With None the folds are fitted in this process, together where the
        network allows it. The candidates of "auto" are fitted one after another.

    random_state : int or RandomState instance, default=None
        Decides splits, initial weights, shuffles and dropout. None takes fresh entropy;
        global random states are neither used nor changed.

    verbose : int, default=0
        1 prints a line per step of the fit or, on a terminal with rich and scikit-learn
        1.9 installed, shows the `ProgressBar` of `sklearn.callback`. 2 adds skorch's
        table of the refit.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    n_features_in_ : int
        Number of columns of X; absent where X is a dict of arrays.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X has them.

    estimator_ : skorch.NeuralNetClassifier
        The fitted network, the first of `estimators_`; its `predict_proba` is its own
        clean posterior, its classes are the codes 0..n_classes-1.

    estimators_ : list of skorch.NeuralNetClassifier
        The networks of the refit, whose mean is predicted.

    temperature_ : float
        Temperature of `predict_proba`, see the notes; 1 where probabilities are those of
        the networks.

    net_selection_ : Bunch or None
        What the default network was chosen by: the `candidates`, a list of dicts of
        parameters of the network; for each the number of training steps `n_steps`, the
        mean `log_likelihood` of held-out noisy labels with its standard error
        `log_likelihood_error`, the gain over the best one `log_likelihood_gain` with the
        standard error of the difference, `log_likelihood_gain_error`; and `chosen`, the
        index of the first that is as good as the best one up to half a standard error.
        None where nothing was left to choose, as with a skorch network.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T, rows and columns in the order of `classes_`: known, estimated or, with an
        adaptation layer or "em", learned; the mean over the samples where T depends on
        them. The identity for a loss without T.

    transition_estimator_ : estimator of T or None
        The fitted estimator, for "auto" the one that was picked; None where T was not
        estimated. The refit shrinks rows of its T in which another class leads, by at
        most two standard errors, towards the identity until none does.

    out_of_fold_proba_ : ndarray of shape (n_samples, n_classes)
        Noisy posterior of the training samples by models that did not see them, NaN
        where no fold held the sample out. All folds hold out the trusted samples. Absent
        where no fold was fitted.

    label_issues_ : ndarray of shape (n_samples,), dtype=bool
        The training samples whose label is probably wrong, as `find_label_issues`
        returns them. Absent where no fold was fitted.

    first_pass_history_ : list of skorch.history.History
        One per fold: `train_loss` of each epoch of its network and, with a validation
        split that a callback such as early stopping uses, `valid_loss`; without batches.
        Absent where no network was fitted to folds.

    correction_ : torch.nn.Module
        The loss of the refit, with its T.

    noise_summary_ : Bunch
        What is known about the noise, by the T before the refit. What needs T or folds
        is None without them.

        - `noise_rate` : float, share of wrong labels, under the clean prior that T and
          the labels imply; `noise_rate_interval`, a tuple, its 95 % interval, by sampling
          and by model. It reaches down to 0 where the verdict is "upper bound only". If
          hard samples are mislabelled more often, as by people, both are too low.
        - `noise_rate_per_class` : ndarray of shape (n_classes,), `1 - T[i, i]`;
          `noise_rate_per_class_interval`, of shape (n_classes, 2).
        - `verdict` : str, what the labels say of the noise rate. "estimated": labels
          agree equally often with all predictions that are certain, so that the rest is
          noise. "upper bound only": they do not, or there are too few samples; the noise
          may as well be error of the model. "nothing can be said": the first pass
          predicts labels no better than their frequencies do. "known": T was given.
          `verdict_per_class`, a list, has that of each class.
        - `condition_number` : float, of T: how much its inverse amplifies errors.
        - `dominated_classes` : list of classes that are more often labelled as some
          other class than as themselves.
        - `indistinguishable_classes` : list of pairs of classes that noisy labels alone
          cannot tell apart: more than a quarter of each is labelled as the other, or
          their rows of T are alike.
        - `pooled_classes` : list of classes whose row of T rests on fewer than 10
          samples and has been replaced by the pooled row, see the user guide.
        - `anchors_per_class` : ndarray of shape (n_classes,), weight of the samples
          whose clean posterior is at least 0.95.
        - `weak_first_pass` : bool, whether the noise that T claims may be wholly the
          model's own error; a `WeakFirstPassWarning` says so.
        - `diagnostics` : Bunch of the numbers behind the verdict. `impurity`: share of
          the samples that do not belong to the class that they are predicted as, without
          the noise. `accuracy_over_majority`: accuracy on the noisy labels less the
          share of the most frequent label. `log_likelihood_gain`: log-likelihood of
          noisy labels, in nats per sample, less that of their frequencies. Both have
          their standard error, `accuracy_over_majority_error` and
          `log_likelihood_gain_error`.
        - `identity_share` : float, 1 where nothing is corrected though a correction was
          asked for: where the noise rate is below 2 %, "auto" finds none that gains, or
          T does not gain by the same rule and its flips may be even. The latter is only
          looked at for transition="auto" and a default network for sparse X or for a
          table of at most 5000 samples, without class weights and with all the rest of
          the training at its defaults. Else 0.

    selection_ : Bunch
        With "auto": `correction`, the name of the one that was chosen; the `reason`, a
        sentence; the `candidates`; and for each its `log_likelihood` and unbiased
        `accuracy` on
        held-out labels, with the gain over "none" and its standard error. A candidate is
        `ruled_out` if its likelihood falls by more than two standard errors and the error
        of T explain; of the others the most accurate is taken if its accuracy or its
        likelihood gains more than two standard errors. The likelihood of losses with a
        memory says nothing: "elr" must gain in accuracy, and "forward-elr" may be taken
        where "forward" gains. The accuracy takes the inverse of
        T with a share `identity_weight` of the identity mixed in: 0 for a known T, for an
        estimate the smallest that brings its condition number to 5. Where nothing could
        be compared, "none" is the only candidate, and there are no numbers.

    n_iter_ : int
        Number of epochs of the refit; of its last training where there are several.

    history_ : skorch.history.History
        One entry for each of these epochs.

    Notes
    -----
    `score` is the accuracy against the labels that it is given. On noisy labels it
    ranks models wrongly once T[i, i] < T[i, j] for some j.

    Weights count as frequencies: a sample of weight 2 counts as two samples.

    With "forward" and "forward-elr", the samples that were held out to choose the
    training steps give a temperature as well (see
    :class:`~sklnoise.NoiseCalibratedClassifier`). It is applied only where their
    likelihood gains more than by chance in one of a hundred cases. The loss of "forward"
    calibrates by itself: with several networks, whose mean is less certain, only
    temperatures below 1 are applied. The memory of "forward-elr" sharpens the
    probabilities: its temperature is mostly above 1, for several networks its power of
    0.7. A temperature changes no prediction.

    If more than half of the labels of two classes are swapped, noisy labels alone cannot
    tell which class is which, with any loss. A few trusted samples can.

    References
    ----------
    Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label noise:
    a loss correction approach. CVPR 2017.

    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    James, Stein. Estimation with quadratic loss. Berkeley Symposium 1961.

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
        "correction": [
            StrOptions({*CORRECTIONS, "auto"}),
            HasMethods(["forward"]),
            partial,
        ],
        "transition": [
            StrOptions(set(TRANSITION_ESTIMATORS)),
            Interval(Real, 0, 1, closed="left"),
            "array-like",
            HasMethods(["fit"]),
        ],
        "first_pass": [
            None,
            StrOptions({"with-trees"}),
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["forward"]),
        ],
        "refit": [StrOptions({"scratch", "first-pass"}), Options(bool, {False})],
        "n_estimators": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "cv": ["cv_object"],
        "memory": [None, str, os.PathLike, HasMethods(["cache"])],
        "warm_up": [Interval(Real, 0, 1, closed="left")],
        "fine_tune_epochs": [Interval(Integral, 0, None, closed="left")],
        "device": [str, torch.device],
        "dtype": [StrOptions({"auto", "float32", "float64", "bfloat16"})],
        "n_jobs": [
            Interval(Integral, None, -1, closed="right"),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    cv = KeptSplits()

    def __init__(
        self,
        estimator=None,
        *,
        correction="default",
        transition="auto",
        first_pass=None,
        refit="scratch",
        n_estimators="auto",
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
        self.n_estimators = n_estimators
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
        """Set parameters, also those of the default network.

        Parameters
        ----------
        **params : dict
            Parameters of the classifier, and `estimator__...` of its network. An
            `estimator` that is None or a module class then becomes the network that
            `fit` would build.

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
                (n_samples, ...), dict of arrays, or torch.utils.data.Dataset
            Samples to learn from: an array, data frame, CSR or CSC matrix, images or, for
            a network that embeds them, integer token ids. The items of a Dataset are
            samples, or tuples that start with one. A dict of arrays, such as skorch's
            `SliceDict`, is passed to the module by keyword; its `SliceDataset` is a
            Dataset that scikit-learn's cross-validation can split.

        y : array-like of shape (n_samples,)
            Noisy labels of any kind that scikit-learn takes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies; samples of weight 0 are left out.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Samples whose label is known to be right. T is estimated with their help,
            their loss is cross-entropy, and no model of the first pass is fitted to
            them, as these models are to predict noisy labels.

        **fit_params : dict
            `groups` for `cv`; all others go to the networks' training loops. With
            metadata routing enabled, `first_pass` gets what it has requested.

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
        with reset_fitted(self), report_fit(self, X, y, sample_weight) as progress:
            self._fit(X, y, sample_weight, trusted, fit_params, progress)
        return self

    def _fit(self, X, y, sample_weight, trusted, fit_params, progress):
        routed = self._route_fit(sample_weight, fit_params)
        first_pass_model = self._first_pass_model()
        data = check_fit_input(self, X, y, sample_weight, trusted)
        check_first_pass(first_pass_model, data.X, sample_weight, routed.first_pass.fit)
        if isinstance(self.first_pass, str):
            check_trees(data.X)
        check_names(as_net(self.estimator), data.X, routed.estimator.fit)
        self.classes_ = data.classes
        self._fitted_labels = data.y, data.trusted
        for net in (as_net(self.estimator), first_pass_model):
            check_validation_labels(net, data.classes)
        # Two seeds: the refit must not depend on whether folds were fitted before.
        first_pass_seed, refit_seed = draw_seeds(self.random_state, 2)
        trainer = Trainer(
            net=as_net(self.estimator),
            data=data.labelled,
            config=self._training_config(data),
            seed=refit_seed,
            fit_params=routed.estimator.fit,
        )

        correction = "forward" if self.refit is False else self.correction
        selects = isinstance(correction, str) and correction == "auto"
        if is_net(self.first_pass):
            check_plain_criterion(self.first_pass)
        clean_loss = clean_loss_for(trainer, data)
        check_clean_loss(correction, clean_loss)
        self._class_weight = clean_loss.weight
        loss = as_loss("forward" if selects else correction)
        transition = known_transition(self.transition, loss, data.classes)
        # A known T needs no folds, but held-out labels choose a correction, and are all
        # that a fit without a refit can judge labels by.
        has_first_pass = transition is None or selects or self.refit is False
        splits = []
        if has_first_pass or chooses_net(trainer.net, data.X, trainer.fit_params):
            splits = make_first_pass_splits(
                self.cv,
                data,
                first_pass_seed,
                routed.splitter.split,
                estimates=has_first_pass,
            )
        has_first_pass = has_first_pass and bool(splits)
        # Callbacks are set up with the number of steps, and only for a valid input.
        fine_tunes = self.fine_tune_epochs > 0 and data.trusted.any()
        n_steps = (1 + fine_tunes) * (self.refit is not False)
        if has_first_pass:
            n_steps += 1 + selects
        progress.begin(n_steps)

        first_pass = None
        if has_first_pass:
            # Callbacks of the user's net that only observe it are for its refit.
            first_pass_trainer = trainer.replace(
                net=first_pass_model,
                seed=first_pass_seed,
                fit_params=routed.first_pass.fit,
                observed=not self._first_pass_fits_net,
            )
            first_pass = self._run_first_pass(
                first_pass_trainer, splits, transition, progress
            )
        trainer = self._choose_net(trainer, first_pass, splits, first_pass_seed)
        if transition is None:
            transition = estimate_transition(
                self.transition, first_pass, data, first_pass_seed
            )
        self.transition_estimator_ = transition.estimator
        self.noise_summary_ = summarize_fit(transition, first_pass, data)
        if self.refit is False:
            self.transition_matrix_ = transition.matrix
            return
        # Candidates start from scratch: only the refit may take the first pass' weights.
        start_from = None
        if self.refit == "first-pass" and first_pass is not None:
            start_from = first_pass.weights
        trainer = trainer.replace(seed=first_pass_seed)
        if isinstance(correction, str) and correction == "default":
            is_chosen = self.net_selection_ is not None and start_from is None
            correction = default_correction(trainer, data, is_chosen)
        if selects:
            correction, transition, choice = self._select_correction(
                trainer, transition, data, splits, first_pass, progress
            )
            if start_from is not None:
                choice = RefitChoice(trainer)
        else:
            choice, transition = self._choose_refit(
                trainer,
                correction,
                transition,
                data,
                splits if start_from is None else [],
                first_pass,
            )
        # The trainer of a choice may not be observed by callbacks.
        trainer = trainer.replace(
            net=choice.trainer.net,
            seed=refit_seed,
            verbose=max(0, self.verbose - 1),
            fit_params=check_method_params(
                data.X, routed.estimator.fit, indices=data.rows
            ),
        )
        n_estimators = self.n_estimators
        if n_estimators == "auto":
            is_chosen = self.net_selection_ is not None and start_from is None
            n_estimators = (
                count_nets(trainer, correction, transition, data) if is_chosen else 1
            )
        self.temperature_ = 1.0
        if self._class_weight is None and not fine_tunes:
            self.temperature_ = refit_temperature(
                choice.fitted, data, splits, correction, transition, n_estimators
            )
        with progress.training(
            "refit",
            f"refit on {len(data.rows)} samples",
            partial(
                attributes_in_training, transition_matrix=transition.matrix, data=data
            ),
            one_training=n_estimators == 1 and takes_one_training(correction),
        ) as on_epoch:
            results = refit_seeds(
                trainer.replace(on_epoch=on_epoch),
                [refit_seed, *draw_seeds(refit_seed, n_estimators - 1)],
                correction,
                transition,
                data,
                warm_up=self.warm_up,
                start_from=start_from,
                delay_steps=choice.delay_steps,
                report=progress.say,
            )
        self.correction_ = results[0].loss
        self.transition_matrix_ = np.mean([r.transition_matrix for r in results], axis=0)
        self.history_ = results[0].net.history
        self.n_iter_ = len(self.history_)
        self.estimators_ = [result.net for result in results]
        if fine_tunes:
            self.estimators_ = self._fine_tune(trainer, results, data, progress)
        self.estimator_ = self.estimators_[0]
        # The refit may have learned another T than the one that it started from.
        check_refit(
            results[0]._replace(net=self.estimator_), transition, data, self._class_weight
        )

    def _training_config(self, data):
        device = resolve_device(self.device, as_net(self.estimator).device)
        return TrainingConfig(
            n_classes=data.n_classes,
            device=device,
            dtype=resolve_dtype(self.dtype, dtype_of(data.X), len(data.rows), device),
            n_threads=available_threads(),
            half=resolve_half(self.dtype, device),
        )

    def _run_first_pass(self, trainer, splits, transition, progress):
        space = None
        if transition is None:
            space = feature_space(new_estimator(self.transition))
        message = f"first pass on {len(splits)} folds"
        with progress.folds("first pass", message, len(splits)) as on_fold_end:
            run = partial(
                run_first_pass, splits=splits, memory=self.memory, n_jobs=self.n_jobs
            )
            first_pass = run(
                trainer, with_features=space == "hidden", on_fold_end=on_fold_end
            )
            if isinstance(self.first_pass, str):
                trees = run(
                    trainer.replace(net=make_trees(), fit_params={}),
                    with_features=False,
                    on_fold_end=None,
                )
                first_pass = first_pass.averaged_with(trees)
        self.out_of_fold_proba_ = first_pass.y_proba
        if first_pass.histories is not None:
            self.first_pass_history_ = first_pass.histories
        return first_pass

    def _chooses_transition(self, transition, data):
        """Return whether T is an estimate that nobody has asked for by its name."""
        is_auto = isinstance(self.transition, str) and self.transition == "auto"
        return is_auto and transition.estimator is not None and not data.trusted.any()

    def _choose_net(self, trainer, first_pass, splits, seed):
        """Return the trainer with the net that the data choose, if one is to be fitted.

        The first pass has chosen it where it fits the same net.
        """
        if first_pass is not None and self._first_pass_fits_net:
            choice = first_pass.choice
        elif self.refit is False:
            choice = NetChoice({})
        else:
            choice = run_selection(
                trainer.replace(seed=seed, observed=False),
                splits,
                memory=self.memory,
                n_jobs=self.n_jobs,
            )
        self.net_selection_ = choice.selection
        if not choice.params:
            return trainer
        return trainer.replace(net=clone(trainer.net).set_params(**choice.params))

    def _refit_chooser(self, data, splits):
        """Return a function that chooses the steps of a refit, unless the user has."""
        return partial(
            choose_refit_steps,
            data=data,
            splits=splits if self.net_selection_ is not None else [],
            warm_up=self.warm_up,
            n_jobs=self.n_jobs,
        )

    def _choose_refit(self, trainer, correction, transition, data, splits, first_pass):
        """Return the choice of the steps of the refit, and the T that it shall use."""
        choose = partial(self._refit_chooser(data, splits), trainer)
        if not self._chooses_transition(transition, data):
            return choose(correction=correction, transition=transition), transition
        # Another model's probabilities, or weighted ones, are nothing to compare with.
        is_comparable = self.first_pass is None and self._class_weight is None
        judge = None
        if is_comparable:
            judge = partial(
                judge_correction, transition, data, splits, first_pass.y_proba
            )
        return choose_transition(
            choose,
            judge,
            correction,
            transition,
            data,
            len(splits),
            self.noise_summary_,
        )

    def _select_correction(self, trainer, transition, data, splits, first_pass, progress):
        """Return the best correction, its T, and the choice of the steps of its refit."""
        reason = None
        if not splits:
            reason = "no sample could be held out"
        elif transition.is_identity or self.noise_summary_.noise_rate < MIN_NOISE_RATE:
            reason = f"the noise rate is below {MIN_NOISE_RATE:.0%}"
        choice = None
        if reason is not None:
            self.selection_ = skip_selection(reason)
            if splits:  # the step was announced before
                with progress.step("selection", "no correction to choose"):
                    pass
        else:
            with progress.step("selection", "choice of the correction"):
                self.selection_, choice = select_correction(
                    trainer,
                    transition,
                    data,
                    splits,
                    first_pass if self.first_pass is None else None,
                    choose_steps=self._refit_chooser(data, splits),
                    warm_up=self.warm_up,
                    report=progress.say,
                )
        correction = self.selection_.correction
        if correction in WITHOUT_T:
            transition = Transition.identity(data.n_classes)
            self.noise_summary_.identity_share = 1.0
        if choice is None:
            choice = self._refit_chooser(data, splits)(
                trainer, correction=correction, transition=transition
            )
        return correction, transition, choice

    def _fine_tune(self, trainer, results, data, progress):
        message = f"fine-tuning on {data.trusted.sum()} trusted samples"
        with progress.training(
            "fine-tuning",
            message,
            network_in_training,
            one_training=len(results) == 1,
        ) as on_epoch:
            trainer = trainer.replace(on_epoch=on_epoch)
            return [
                fine_tune(trainer, result.net, result.loss, data, self.fine_tune_epochs)
                for result in results
            ]

    @property
    def _first_pass_fits_net(self):
        """Whether the first pass fits the network of the refit, maybe beside trees."""
        return self.first_pass is None or isinstance(self.first_pass, str)

    def _first_pass_model(self):
        if self.first_pass is None:
            return as_net(self.estimator)
        if isinstance(self.first_pass, type) and not is_module_class(self.first_pass):
            name = self.first_pass.__name__
            raise TypeError(
                "first_pass must be None, 'with-trees', a classifier with predict_proba, "
                "a skorch net or a class of torch modules; got the class "
                f"{name}. Pass an instance, first_pass={name}()."
            )
        if self.refit == "first-pass":
            raise ValueError(
                'refit="first-pass" starts from the weights of the first pass, which '
                "must then be the same network: leave first_pass at None, or use "
                f'refit="scratch"; got first_pass={self.first_pass!r}.'
            )
        if isinstance(self.first_pass, str):
            return as_net(self.estimator)
        if hasattr(self.first_pass, "predict_proba"):
            return self.first_pass
        return as_net(self.first_pass, "first_pass")

    def _route_fit(self, sample_weight, fit_params):
        """Sort metadata into what the splitter and what the models get."""
        routed = route_fit(self, sample_weight, fit_params)
        if not routing_enabled():
            # Parameters of a training loop mean nothing to another model.
            of_nets = routed.estimator.fit if self._first_pass_fits_net else {}
            routed.first_pass = Bunch(fit=of_nets)
        return routed

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            The classifier consumes `sample_weight` and `trusted`, its `cv` what it
            needs, such as `groups`, and its models what they have requested.
        """
        return make_router(
            self, estimator=as_net(self.estimator), first_pass=self._first_pass_model()
        )

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
            Clean posterior, columns in the order of `classes_`.
        """
        check_is_fitted(self)
        X = check_predict_input(self, X)
        y_proba = predict_proba(self.estimators_[0], X)
        for net in self.estimators_[1:]:
            y_proba += predict_proba(net, X)
        y_proba /= len(self.estimators_)
        return apply_temperature(y_proba, getattr(self, "temperature_", 1.0))

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
        """Predict what a noisy annotator would say, `predict_proba(X) @ T`.

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
        return y_proba @ self.transition_matrix_.astype(y_proba.dtype)

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

        y : array-like of shape (n_samples,)
            Their noisy labels, out of `classes_`.

        Returns
        -------
        quality : ndarray of shape (n_samples,)
            P(clean = y | noisy = y, x), between 0 and 1; low is suspect. With a loss
            without T, the probability of the label itself.

        Raises
        ------
        ValueError
            If a label is not one of `classes_`, or X and y differ in length.
        """
        y_proba = self._clean_posterior(X)
        check_consistent_length(y_proba, y)
        codes, _ = match_labels(y, len(self.classes_), self.classes_)
        return quality_of(y_proba, codes, self.transition_matrix_)

    def _clean_posterior(self, X):
        """Predict the clean posterior, without the class weights of the criterion."""
        return take_out_class_weight(self.predict_proba(X), self._class_weight)

    def _html_repr(self):
        """Append what is known about the noise to scikit-learn's diagram."""
        return super()._html_repr() + noise_html(self)

    def _get_fitted_attr_html(self, doc_link=""):
        return with_short_names(super()._get_fitted_attr_html(doc_link))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "transition_matrix_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags
