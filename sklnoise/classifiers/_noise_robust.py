"""The classifier that learns clean classes from noisy labels."""

import os
from functools import partial
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, MetaEstimatorMixin

from sklnoise._compat import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    Options,
    StrOptions,
    fit_context,
)
from sklnoise._parameter_hints import ParameterHintsMixin
from sklnoise.classifiers._annotator_fit import fit_annotators
from sklnoise.classifiers._annotator_input import ANNOTATOR_CORRECTIONS
from sklnoise.classifiers._class_weight import resolve_class_weight
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.classifiers._fit_callbacks import report_fit
from sklnoise.classifiers._fit_input import KeptSplits, make_router, reset_fitted
from sklnoise.classifiers._fit_plan import first_pass_model, plan_fit
from sklnoise.classifiers._fit_steps import (
    choose_net,
    choose_refit,
    fine_tune_nets,
    run_folds,
    run_refit,
)
from sklnoise.classifiers._html import noise_html, with_short_names
from sklnoise.classifiers._label_issues import ABSENT_ATTRIBUTES, FittedIssuesMixin
from sklnoise.classifiers._noise_summary import summarize_fit
from sklnoise.classifiers._persistence import ExportMixin
from sklnoise.classifiers._predictions import PredictionsMixin
from sklnoise.classifiers._refit_checks import check_refit
from sklnoise.classifiers._score import NoisyScoreMixin
from sklnoise.classifiers._transition import TRANSITION_ESTIMATORS, estimate_transition
from sklnoise.training import as_net, net_parameters


class NoiseRobustClassifier(
    CallbackSupportMixin,
    MetaEstimatorMixin,
    PredictionsMixin,
    FittedIssuesMixin,
    NoisyScoreMixin,
    ParameterHintsMixin,
    ExportMixin,
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
        "forward" for others, with a `class_weight` and for networks of your own. With T:
        "forward", "forward-elr" (with a memory of what was predicted for each sample),
        "backward" or "reweight"; with a T that is learned further: "adaptation",
        "adaptation-complex" (T depends on the hidden features), "adaptation-sparse" (a
        few entries per row of T), "adaptation-volume" (of small determinant) or "em" (T
        and the network in turns).
        Without T, so that no first pass is needed: "none" (cross-entropy), "elr" (with
        such a memory), "bootstrap-soft", "bootstrap-hard", "unhinged", "sigmoid",
        "savage", "gce", "mae", "label-smoothing" or "clipped". A loss is an instance or
        class with the signature of those in `sklnoise.losses` or `torch.nn`, or a
        `functools.partial` of the class that sets some of its parameters; a class that
        takes a `transition_matrix` gets T, an instance keeps its own. "auto" judges
        "none", "forward", "forward-elr", "elr" and "adaptation" on held-out samples,
        and takes "none" unless a correction gains more than chance, see `selection_`.
        With several annotators, "default", "forward" and "forward-elr" take the
        likelihood of all answers to a sample
        (:class:`~sklnoise.losses.AnnotatorForwardLoss`), and "em" estimates the
        annotators and a network in turns. "crowd-layer" and "trace" learn the T of each
        annotator with the network, and "majority" takes the class of most votes.

    transition : str, estimator of T, array-like of shape (n_classes, n_classes) or \
            float, default="auto"
        How T is found: "anchor", "frequency", "confident-joint", "confusion",
        "dual", "clusterability" or "trusted" name an estimator of
        `sklnoise.transition`, and "auto" picks one by the rule of
        :class:`~sklnoise.transition.AutoEstimator`. An array is a known T, rows and
        columns in the order of `classes_`; a frame may name them in any order. A float
        is the share of wrong labels, spread evenly over the other classes; it must be
        below that of labels drawn by chance, `1 - 1 / n_classes`. With several
        annotators it is "auto" or the T of each, of shape (n_annotators, n_classes,
        n_classes).
        Wrap an estimator that is already fitted in
        :class:`sklearn.frozen.FrozenEstimator`. A known T needs no first pass: folds
        are fitted only to choose the default network, or with `refit=False`.

    class_weight : dict, "balanced" or None, default=None
        Weights of the clean classes, `{label: weight}`; classes that are not in the dict
        have weight 1. "balanced" weights them inversely to the number of their samples
        that T implies, which that of the noisy labels does not tell: 5 % of wrong labels
        are more than a class of 2 %. The posterior that was learned is multiplied by the
        weights in `predict_proba` and `predict`, as weighted cross-entropy would learn
        it, with every correction. Nothing else depends on them, but for what
        `correction="default"` stands for.

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
        corrections and estimators of T. It needs an integer `random_state`. Of processes
        that look for the same first pass in a common folder, with ``n_jobs=1``, one
        computes it.

    warm_up : float, default=0.125
        Share of the refit's training steps, in [0, 1), that use cross-entropy instead of
        the corrected loss: a correction by T from random weights can lose whole classes
        for good. The targets are the noisy labels; where T is known or samples are
        trusted, and a label comes mostly from other classes, they are the clean labels
        that T makes likely. Not used with first-pass weights, with several annotators,
        nor by a loss without T.

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

    verbose : int, default=None
        None shows a bar on stderr once the fit has taken 2 seconds, if stderr is a
        terminal and rich is installed, and is otherwise the same as 0, which shows
        nothing. 1 prints a line per step of the fit or, on a terminal with rich and
        scikit-learn 1.9 installed, shows the `ProgressBar` of `sklearn.callback`. 2 adds
        skorch's table of the refit.

    missing_label : scalar, default=np.nan
        What stands for a missing answer of an annotator, besides NaN, None and
        pandas.NA.

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

    class_weight_ : ndarray of shape (n_classes,) or None
        The weights that `class_weight` stands for, of mean 1 over the samples.

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
        With several annotators the likelihood is that of all answers, and the best one
        is chosen. None where nothing was left to choose, as with a skorch network.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T, rows and columns in the order of `classes_`: known, estimated or, with an
        adaptation layer or "em", learned; the mean over the samples where T depends on
        them. The identity for a loss without T. That of an answer of anybody, with
        several annotators.

    transition_estimator_ : estimator of T or None
        The fitted estimator, for "auto" the one that was picked; None where T was not
        estimated. The refit shrinks rows of its T in which another class leads, by at
        most two standard errors, towards the identity until none does.

    out_of_fold_proba_ : ndarray of shape (n_samples, n_classes)
        Noisy posterior of the training samples by models that did not see them, NaN
        where no fold held the sample out. All folds hold out the trusted samples. Absent
        where no fold was fitted. With several annotators it is the clean posterior.

    label_issues_ : ndarray of shape (n_samples,) or (n_samples, n_annotators), dtype=bool
        The training samples whose label is probably wrong, as `find_label_issues`
        returns them. Absent where no fold was fitted.

    first_pass_history_ : list of skorch.history.History
        One per fold: `train_loss` of each epoch of its network and, with a validation
        split that a callback such as early stopping uses, `valid_loss`; without batches.
        Absent where no network was fitted to folds.

    correction_ : torch.nn.Module
        The loss of the refit, with its T.

    annotators_ : ndarray of shape (n_annotators,)
        The names of the annotators, or the numbers of their columns. This and the next
        four are absent with one label for each sample.

    transition_matrices_ : ndarray of shape (n_annotators, n_classes, n_classes)
        T_a[i, j] = P(answer = j | clean = i) of each annotator, who starts from the pool
        and departs from it as the answers allow, see
        :class:`~sklnoise.annotators.DawidSkene`.

    standard_error_ : ndarray of shape (n_annotators, n_classes, n_classes)
        Standard errors of these; NaN with "crowd-layer" and "trace", which learn other
        matrices than those of `annotator_summary_` and `noise_summary_`.

    consensus_proba_ : ndarray of shape (n_samples, n_classes)
        P(clean class | sample, all its answers) of the training samples, by networks that
        did not see the sample. `DawidSkene().fit(y).consensus_proba_` is the one without
        features.

    annotator_summary_ : Bunch
        What the answers of each annotator are worth, see
        :func:`~sklnoise.annotators.annotator_summary`.

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

    Raykar, Yu, Zhao, Valadez, Florin, Bogoni, Moy. Learning from crowds. JMLR 2010.
    (several annotators)

    Rodrigues, Pereira. Deep learning from crowds. AAAI 2018. ("crowd-layer")

    Tanno, Saeedi, Sankaranarayanan, Alexander, Silberman. Learning from noisy labels by
    regularized estimation of annotator confusion. CVPR 2019. ("trace")

    Menon, Jayasumana, Rawat, Jain, Veit, Kumar. Long-tail learning via logit
    adjustment. ICLR 2021. (`class_weight`)

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
            StrOptions({*CORRECTIONS, *ANNOTATOR_CORRECTIONS, "auto"}),
            HasMethods(["forward"]),
            partial,
        ],
        "transition": [
            StrOptions(set(TRANSITION_ESTIMATORS)),
            Interval(Real, 0, 1, closed="left"),
            "array-like",
            HasMethods(["fit"]),
        ],
        "class_weight": [None, StrOptions({"balanced"}), dict],
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
        "verbose": ["verbose", None],
        "missing_label": "no_validation",
    }

    cv = KeptSplits()
    _nested_parameters = staticmethod(net_parameters)
    _absent_attributes = ABSENT_ATTRIBUTES

    def __init__(
        self,
        estimator=None,
        *,
        correction="default",
        transition="auto",
        class_weight=None,
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
        verbose=None,
        missing_label=np.nan,
    ):
        self.estimator = estimator
        self.correction = correction
        self.transition = transition
        self.class_weight = class_weight
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
        self.missing_label = missing_label

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
            `SliceDict`, is passed to the module by keyword, as are items that are dicts
            and the columns of a Hugging Face Dataset; skorch's `SliceDataset` is a
            Dataset that scikit-learn's cross-validation can split. A Dataset with the
            attribute `block_sizes` is shuffled by these blocks, each read once a pass.

        y : array-like of shape (n_samples,) or (n_samples, n_annotators)
            Noisy labels of any kind that scikit-learn takes. Or the answers of at least
            two annotators, one column for each, missing (NaN, None, pandas.NA or
            `missing_label`) where somebody did not answer; the columns of a frame name
            them. Folds are stratified by the consensus. Samples without any answer are
            allowed.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies; samples of weight 0 are left out. In the T
            of annotators each answer to the others counts once.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Samples whose label is known to be right. T is estimated with their help,
            their loss is cross-entropy, and no model of the first pass is fitted to
            them, as these models are to predict noisy labels. Answers of several
            annotators to such a sample must be equal; the T of annotators is estimated
            from the others.

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
        plan = plan_fit(self, X, y, sample_weight, trusted, fit_params)
        data = plan.data
        self.classes_ = data.classes
        self._fitted_labels = data.y, data.trusted
        self._criterion_weight = plan.criterion_weight
        # Callbacks are set up with the number of steps, and only for a valid input.
        progress.begin(plan.n_steps)

        first_pass = run_folds(self, plan, progress)
        trainer = choose_net(self, plan, first_pass)
        if plan.is_annotated:
            self._fit_to_annotators(plan, trainer, first_pass, progress)
            return
        transition = plan.transition
        if transition is None:
            transition = estimate_transition(
                self.transition, first_pass, data, plan.first_pass_seed
            )
        self.transition_estimator_ = transition.estimator
        self.noise_summary_ = summarize_fit(transition, first_pass, data)
        if not plan.refits:
            self.transition_matrix_ = transition.matrix
            return
        chosen = choose_refit(self, plan, trainer, transition, first_pass, progress)
        _, transition, choice = chosen
        results = run_refit(self, plan, chosen, first_pass, progress)
        self.correction_ = results[0].loss
        self.transition_matrix_ = np.mean([r.transition_matrix for r in results], axis=0)
        self.class_weight_ = resolve_class_weight(
            self.class_weight, self.transition_matrix_, data
        )
        self.history_ = results[0].net.history
        self.n_iter_ = len(self.history_)
        self.estimators_ = [result.net for result in results]
        if plan.fine_tunes:
            self.estimators_ = fine_tune_nets(self, plan, choice, results, progress)
        self.estimator_ = self.estimators_[0]
        # The refit may have learned another T than the one that it started from.
        final = results[0]._replace(net=self.estimator_)
        check_refit(final, transition, data, plan.criterion_weight)

    def _fit_to_annotators(self, plan, trainer, first_pass, progress):
        """Estimate the T of each annotator and fit the network to all their answers."""
        plan, results, choice = fit_annotators(self, plan, trainer, first_pass, progress)
        if not plan.refits:
            return
        self.correction_ = results[0].loss
        self.class_weight_ = resolve_class_weight(self.class_weight, None, plan.data)
        self.history_ = results[0].net.history
        self.n_iter_ = len(self.history_)
        self.estimators_ = [result.net for result in results]
        if plan.fine_tunes:
            self.estimators_ = fine_tune_nets(self, plan, choice, results, progress)
        self.estimator_ = self.estimators_[0]

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            The classifier consumes `sample_weight` and `trusted`, its `cv` what it
            needs, such as `groups`, and its models what they have requested.
        """
        return make_router(
            self, estimator=as_net(self.estimator), first_pass=first_pass_model(self)
        )

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
