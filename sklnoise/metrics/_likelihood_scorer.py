"""The log-likelihood of noisy labels as a scorer."""

import numpy as np
import torch
from sklearn.utils.validation import check_consistent_length

from sklnoise._containers import innermost_with_input
from sklnoise._labels import check_labels, encode_labels, infer_classes
from sklnoise._validation import check_proba
from sklnoise.losses import (
    BackwardLoss,
    ComplexAdaptationLoss,
    ForwardLoss,
    ReweightedLoss,
    SimpleAdaptationLoss,
    SparseAdaptationLoss,
)
from sklnoise.metrics._scorer import NoisyLabelScorer

LIKELIHOOD_LOSSES = (
    ForwardLoss,
    ReweightedLoss,
    SimpleAdaptationLoss,
    ComplexAdaptationLoss,
    SparseAdaptationLoss,
)
PROPER_BASE_LOSSES = ("cross-entropy", "squared-error")


class NoisyLogLikelihoodScorer(NoisyLabelScorer):
    """Score a classifier by the mean log-likelihood of noisy labels.

    It is `scorer(estimator, X, y_noisy, *, sample_weight=None)`, higher is better: a
    proper score, best for the noisy posterior. The probabilities are those of
    `predict_noisy_proba`, where the estimator has it, otherwise of `predict_proba`, which
    takes T for the identity. It looks into a `Pipeline`, also into one of
    imbalanced-learn, whose samplers take no part in a prediction, into the best estimator
    of a search, a frozen estimator and a classifier with a threshold, nested too. As in
    :func:`sklearn.metrics.log_loss`, probabilities are clipped at the machine epsilon of
    their dtype.

    A classifier that was fitted with a loss without likelihood, such as "gce" or "mae",
    is refused with a ValueError. The score can rule out any other, but not tell apart
    those that fit the noisy labels equally well, as T and the identity may do.

    Notes
    -----
    It is a single object. To request weights from metadata routing, copy it first:
    `copy.deepcopy(noisy_log_likelihood_scorer).set_score_request(sample_weight=True)`.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> from sklnoise.metrics import noisy_log_likelihood_scorer
    >>> X, y = make_blobs(900, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
    >>> T = make_transition_matrix("pair", 3, 0.3)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> models = LogisticRegression(), LogisticRegression(C=1e-6)
    >>> good, bad = (
    ...     cross_val_score(model, X, y_noisy, scoring=noisy_log_likelihood_scorer)
    ...     for model in models
    ... )
    >>> print(good.mean() > bad.mean())
    True
    """

    def __init__(self):
        super().__init__("predict_proba")

    def _sample_scores(self, method_caller, estimator, X, y_noisy, sample_weight):
        estimator, X = innermost_with_input(estimator, X)
        check_predicts_proba(estimator)
        check_has_likelihood(estimator)
        predict = getattr(estimator, "predict_noisy_proba", None)
        y_proba = check_proba((predict or estimator.predict_proba)(X))
        y_noisy = check_labels(y_noisy, "y_noisy")
        check_consistent_length(y_proba, y_noisy)
        classes = classes_of_columns(estimator, y_proba.shape[1], y_noisy)
        likelihood = y_proba[
            np.arange(len(y_proba)), encode_labels(y_noisy, classes, "y_noisy")
        ]
        eps = np.finfo(y_proba.dtype).eps
        return np.log(likelihood.clip(eps, 1 - eps))

    def __repr__(self):
        return "noisy_log_likelihood_scorer"


noisy_log_likelihood_scorer = NoisyLogLikelihoodScorer()


def check_predicts_proba(estimator):
    """Raise an error if an estimator predicts no probabilities."""
    name = getattr(type(estimator), "__name__", "")
    if isinstance(estimator, type):
        raise TypeError(
            "noisy_log_likelihood_scorer needs a fitted estimator; got the class "
            f"{estimator.__name__}. Pass an instance that was fitted."
        )
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            "noisy_log_likelihood_scorer needs an estimator with predict_proba; got one "
            f"of {name}, which has none. Use a classifier of probabilities, or wrap it "
            "in CalibratedClassifierCV; a search must refit its best estimator."
        )


def classes_of_columns(estimator, n_classes, y_noisy):
    """Return the class of each column of the probabilities."""
    # A net has an output for each class, even where its training fold lacked one.
    classes = np.asarray(getattr(estimator, "classes_", ()))
    return classes if len(classes) == n_classes else infer_classes(n_classes, y_noisy)


def has_likelihood(loss):
    """Return whether a loss is least where the softmax of the net is the posterior."""
    declared = getattr(loss, "has_likelihood", None)
    if declared is not None:
        return bool(declared)
    if isinstance(loss, torch.nn.CrossEntropyLoss):
        return loss.label_smoothing == 0 and loss.weight is None
    if isinstance(loss, BackwardLoss):
        if isinstance(loss.base_loss, str):
            return loss.base_loss in PROPER_BASE_LOSSES
        return has_likelihood(loss.base_loss)
    return isinstance(loss, LIKELIHOOD_LOSSES)


def check_has_likelihood(estimator):
    """Raise a ValueError if an estimator was fitted with a loss without likelihood."""
    loss = getattr(estimator, "correction_", None)
    if isinstance(loss, torch.nn.Module) and not has_likelihood(loss):
        raise ValueError(
            "noisy_log_likelihood_scorer needs an estimator whose loss fits "
            f"probabilities; {type(estimator).__name__} was fitted with {loss!r}, whose "
            "minimum says which class is likely, not how likely it is. Compare it by "
            "make_noise_corrected_scorer, with one transition_matrix for all candidates. "
            "(A loss of your own that does fit probabilities says so by the class "
            "attribute has_likelihood = True.)"
        )
