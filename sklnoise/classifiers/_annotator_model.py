"""What is known of annotators by their answers and the probabilities of a model."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils import Bunch

from sklnoise.annotators._em import expect, fit_em, maximize
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

    transition_matrices_: np.ndarray
    transition_matrix_: np.ndarray
    class_prior_: np.ndarray
    consensus_proba_: np.ndarray
    standard_error_: np.ndarray
    _level_error: np.ndarray

    def _posterior(self, answers):
        """Return the posterior of the samples of the fit."""
        return self.consensus_proba_


def estimate_annotators(data, sample_prior):
    """Estimate the T of each annotator, unless known, and the clean posterior."""
    answers = data.answers
    if data.known is None:
        model = fit_em(answers, sample_prior=sample_prior)
        of_rows, of_level = standard_errors(answers, model)
        T, proba = model.transition_matrices, model.proba
    else:
        T, of_rows = data.known, np.zeros_like(data.known)
        of_level = of_rows
        proba, _ = expect(answers, T, None, sample_prior)
        model = maximize(answers, proba, answers.votes.any(axis=1), None)
    return Annotators(
        transition_matrices_=T,
        transition_matrix_=model.pool,
        class_prior_=model.class_prior,
        consensus_proba_=proba,
        standard_error_=np.hypot(of_rows, of_level),
        _level_error=of_level,
    )


def prior_of_samples(y_proba, data):
    """Return what is known of each sample without its own answers."""
    prior = y_proba.astype(np.float64)
    unknown = np.isnan(prior[:, 0])
    prior[unknown] = prior[~unknown].mean(axis=0) if not unknown.all() else 1
    prior[data.trusted] = np.eye(data.n_classes)[data.y[data.trusted]]
    return prior / prior.sum(axis=1, keepdims=True)


def log_evidence(data, transition_matrices, dtype=np.float32):
    """Return the log-likelihood of the answers to each sample, given each class.

    That of the most likely class is 0, and a trusted sample is of its class.
    """
    columns = log_columns(transition_matrices).reshape(-1, data.n_classes)
    evidence = data.answers.indicator @ columns
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
        of_answers=log_evidence(data, crowd.transition_matrices_),
    )


def log_likelihood(answers, crowd, sample_prior):
    """Return the mean log-likelihood of an answer."""
    return expect(answers, crowd.transition_matrices_, None, sample_prior)[1] / len(
        answers
    )


def summarize_noise(crowd, summary, data):
    """Return what is known about the noise of all answers together."""
    T = crowd.transition_matrix_
    share = summary.n_answers / summary.n_answers.sum()
    error = (summary.accuracy_high - summary.accuracy_low) / 2
    margin = float(np.linalg.norm(share * error))
    rate = float(share @ (1 - summary.accuracy))
    verdict = "known" if data.known is not None else judge(2 * margin)
    wrong = 1 - T.diagonal()
    of_class = NORMAL_95 * np.linalg.norm(
        share[:, np.newaxis] * crowd.standard_error_.diagonal(axis1=1, axis2=2), axis=0
    )
    verdicts = [verdict if verdict == "known" else judge(2 * e) for e in of_class]
    ends = zip(wrong - of_class, wrong + of_class, verdicts)
    return Bunch(
        **empty_summary()
        | {
            "noise_rate": rate,
            "noise_rate_interval": support(rate - margin, rate + margin, verdict),
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
