"""What is known of annotators by their answers and the probabilities of a model."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils import Bunch

from sklnoise._calibration import TemperatureScaling
from sklnoise.annotators._em import CrowdModel, expect, fit_em, maximize
from sklnoise.annotators._uncertainty import standard_errors
from sklnoise.classifiers._noise_summary import (
    NORMAL_95,
    dominated_classes,
    empty_summary,
    indistinguishable_classes,
    judge,
    support,
)
from sklnoise.losses._annotators import log_columns


@dataclass
class Annotators:
    """What is known of annotators by their answers and the probabilities of a model."""

    model: CrowdModel
    transition_matrices_: np.ndarray
    sample_prior: np.ndarray
    standard_error_: np.ndarray | None = None
    _accuracy_error: np.ndarray | None = None

    @property
    def transition_matrix_(self):
        return self.model.pool

    @property
    def class_prior_(self):
        return self.model.class_prior

    @property
    def consensus_proba_(self):
        return self.model.proba

    def _posterior(self, answers):
        """Return the posterior of the samples of the fit."""
        return self.consensus_proba_


def estimate_annotators(data, sample_prior):
    """Estimate the T of each annotator, unless known, and the clean posterior."""
    answers, T = data.counted, data.known
    if T is None:
        model = fit_em(answers, sample_prior=sample_prior)
        T = model.transition_matrices[data.place]
    else:
        known = T[np.unique(data.leader)]
        proba, _ = expect(answers, known, None, sample_prior)
        n_answers = answers.usage.sum(axis=1)
        model = maximize(answers, proba, None)
        model.transition_matrices = known
        model.pool = np.average(known, axis=0, weights=n_answers)
    return Annotators(model, T, sample_prior)


def with_errors(crowd, data):
    """Return what is known of annotators with the standard errors."""
    m, K = data.counted.usage.shape
    errors = np.zeros((m, K, K)), np.zeros(m)
    if data.known is None:
        errors = standard_errors(
            data.counted, crowd.model, sample_prior=crowd.sample_prior
        )
    of_matrices, of_accuracy = (error[data.place] for error in errors)
    return replace(crowd, standard_error_=of_matrices, _accuracy_error=of_accuracy)


def prior_of_samples(y_proba, data, model):
    """Return what is known of each sample without its own answers.

    The probabilities are calibrated by the answers under a model of them: a network that
    is too certain would overrule the annotators.
    """
    prior = np.tile(model.class_prior, (len(data.y), 1))
    if y_proba is not None:
        known = ~np.isnan(y_proba[:, 0])
        judged = known & data.counted.answered
        of_label = log_evidence(data, model)[judged].astype(np.float64)
        weight = data.sample_weight[judged]
        scaling = TemperatureScaling.fit_to_evidence(y_proba[judged], of_label, weight)
        prior[known] = scaling.calibrate(y_proba[known])
    prior[data.trusted] = np.eye(data.n_classes)[data.y[data.trusted]]
    return prior


def log_evidence(data, model, dtype=np.float32):
    """Return the log-likelihood of the answers to each sample, given each class.

    That of the most likely class is 0, and a trusted sample is of its class.
    """
    columns = log_columns(model.transition_matrices).reshape(-1, data.n_classes)
    evidence = data.counted.indicator @ columns
    of_class = np.eye(data.n_classes)[data.y[data.trusted]]
    evidence[data.trusted] = np.where(of_class, 0, log_columns(np.zeros((1, 1, 1))))
    evidence -= evidence.max(axis=1, keepdims=True)
    return evidence.astype(dtype)


def pack_answers(answers):
    """Return annotator * n_classes + code in the first columns of a sample, then -1."""
    n_answers = answers.votes.sum(axis=1)
    packed = np.full((answers.n_samples, max(n_answers.max(), 1)), -1, dtype=np.int64)
    first = np.cumsum(n_answers) - n_answers
    place = np.arange(len(answers)) - first[answers.sample]
    packed[answers.sample, place] = answers.annotator * answers.n_classes + answers.code
    return packed


def with_evidence(data, crowd):
    """Return the data with the posterior, and with the evidence for a loss."""
    return replace(
        data,
        posterior=crowd.consensus_proba_,
        of_answers=log_evidence(data, crowd.model),
    )


def log_likelihood(answers, crowd, sample_prior):
    """Return the mean log-likelihood of an answer."""
    T = crowd.model.transition_matrices
    return expect(answers, T, None, sample_prior)[1] / len(answers)


def summarize_noise(crowd, summary, data):
    """Return what is known about the noise of all answers together."""
    T = crowd.transition_matrix_
    share = summary.n_answers / summary.n_answers.sum()
    error = (summary.accuracy_high - summary.accuracy_low) / 2
    margin = float(share @ error)  # they share the errors of the consensus
    rate = float(share @ (1 - summary.accuracy))
    verdict = "known" if data.known is not None else judge(2 * margin)
    low, high = support(rate - margin, rate + margin, verdict)
    # Of answers that differ, some are wrong, however uncertain the consensus is.
    n_agreeing = data.answers.votes.max(axis=1).sum()
    low = max(low, min(rate, float(1 - n_agreeing / len(data.answers))))
    wrong = 1 - T.diagonal()
    of_class = NORMAL_95 * share @ crowd.standard_error_.diagonal(axis1=1, axis2=2)
    verdicts = [verdict if verdict == "known" else judge(2 * e) for e in of_class]
    ends = zip(wrong - of_class, wrong + of_class, verdicts)
    return Bunch(
        **empty_summary()
        | {
            "noise_rate": rate,
            "noise_rate_interval": (low, high),
            "noise_rate_per_class": wrong,
            "noise_rate_per_class_interval": np.array([support(*end) for end in ends]),
            "verdict": verdict,
            "verdict_per_class": verdicts,
            "condition_number": float(np.linalg.cond(T)),
            "dominated_classes": dominated_classes(T, data.classes),
            "indistinguishable_classes": indistinguishable_classes(T, data.classes),
            "weak_first_pass": False,
            "identity_share": 0.0,
        }
    )
