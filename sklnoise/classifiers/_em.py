"""Expectation maximisation: T and the net in turns (Bekker & Goldberger, 2016)."""

import numpy as np
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._transition_matrix import normalize_rows
from sklnoise.losses._base import at_least_single_precision
from sklnoise.training import predict_proba, take_out_class_weight, weights_of

MAX_ROUNDS = 5
# Gain of the mean log-likelihood below which another round is not worth its time.
MIN_GAIN = 1e-4


class SoftLabelLoss(nn.Module):
    """Cross-entropy with a distribution over the classes per sample."""

    def __init__(self, transition_matrix=None, class_weight=None):
        super().__init__()
        self.transition_matrix = transition_matrix
        self.register_buffer("class_weight", class_weight)

    def forward(self, logits, target, soft_labels):
        """Compute `-Σ_i w_i c_i log p_i` of each sample."""
        if self.class_weight is not None:
            soft_labels = soft_labels * self.class_weight
        return -(soft_labels * log_softmax(at_least_single_precision(logits), dim=1)).sum(
            dim=1
        )


def alternate(trainer, net, transition_matrix, data, report, class_weight=None):
    """Fit T and the net in turns until the likelihood hardly gains.

    With class weights the net of a round learns the weight times the posterior; the
    first net, which is given, has none.
    """
    rows, T = data.rows, transition_matrix
    y, trusted, weight = data.y[rows], data.trusted[rows], data.sample_weight[rows]
    y_proba = predict_proba(net, data.X, rows)
    likelihood = log_likelihood(y_proba, y, weight, trusted, T)
    for number in range(1, MAX_ROUNDS + 1):
        clean = clean_posterior(y_proba, y, trusted, T)
        # Trusted labels are right by definition: they say nothing about the noise.
        T = best_transition(clean, y, np.where(trusted, 0, weight))
        soft_labels = np.zeros((len(data.y), len(T)), y_proba.dtype)
        soft_labels[rows] = clean
        # The M-step of the net is only a training, and may lower the likelihood.
        candidate = trainer.fit(
            rows,
            SoftLabelLoss(T, class_weight),
            data=data.labelled._replace(extra=soft_labels),
            start_from=weights_of(net),
        )
        candidate_proba = take_out_class_weight(
            predict_proba(candidate, data.X, rows), class_weight
        )
        with_T = log_likelihood(y_proba, y, weight, trusted, T)
        with_both = log_likelihood(candidate_proba, y, weight, trusted, T)
        # The first net has no weights, so that one of the rounds must follow it.
        is_first = number == 1 and class_weight is not None
        accepted = with_both >= with_T or is_first
        if accepted:
            net, y_proba = candidate, candidate_proba
        gain = (with_both if accepted else with_T) - likelihood
        likelihood += gain
        report(
            f"EM round {number}: mean log-likelihood {likelihood:.6f}"
            f"{'' if accepted else ', the net of this round is rejected'}"
        )
        if not accepted or gain < MIN_GAIN:
            break
    return net, T


def clean_posterior(y_proba, y, trusted, transition_matrix):
    """Compute `P(clean | noisy label, x)`, the E-step."""
    joint = y_proba * transition_matrix.T[y]
    # A label that T calls impossible says nothing: the net keeps its opinion.
    mass = joint.sum(axis=1, keepdims=True)
    posterior = np.where(mass > 0, joint / np.where(mass > 0, mass, 1), y_proba)
    posterior[trusted] = np.eye(len(transition_matrix))[y[trusted]]
    return posterior


def best_transition(clean, y, sample_weight):
    """Count the labels by their clean posterior, the exact M-step for T."""
    noisy = np.eye(clean.shape[1])[y] * sample_weight[:, None]
    counts = clean.T @ noisy
    counts[noisy.sum(axis=0) == 0] = 0  # a class without a label keeps its row
    return normalize_rows(counts)


def log_likelihood(y_proba, y, sample_weight, trusted, transition_matrix):
    """Compute the mean log-likelihood of the labels under `p @ T`."""
    clean = y_proba[np.arange(len(y)), y]
    likelihood = np.where(trusted, clean, (y_proba * transition_matrix.T[y]).sum(axis=1))
    smallest = np.finfo(y_proba.dtype).tiny
    return np.average(np.log(likelihood.clip(min=smallest)), weights=sample_weight)
