"""Expectation maximisation: T and the net in turns (Bekker & Goldberger, 2016)."""

import numpy as np
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._matrix import normalize_rows
from sklnoise.engine import predict_proba, weights_of

MOST_ROUNDS = 5
LEAST_GAIN = 1e-4
"""Gain of the mean log-likelihood below which another round is not worth its time."""


class SoftLabelLoss(nn.Module):
    """Cross-entropy with a distribution over the classes for each row.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes), default=None
        The T by which the distributions were computed; the loss does not need it.
    """

    def __init__(self, transition_matrix=None):
        super().__init__()
        self.transition_matrix = transition_matrix

    def forward(self, logits, target, soft_labels):
        """Compute `-Σ_i c_i log p_i` of each row.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax.

        target : torch.Tensor of shape (n_samples,)
            Label codes; not used.

        soft_labels : torch.Tensor of shape (n_samples, n_classes)
            The distributions c.

        Returns
        -------
        losses : torch.Tensor of shape (n_samples,)
            One value a row.
        """
        return -(soft_labels * log_softmax(logits, dim=1)).sum(dim=1)


def refit_em(train, net, data, rows, trusted, transition_matrix, report):
    """Alternate between T and the net until the likelihood hardly gains.

    Each round takes the posterior of the clean labels (E), the T that is best for it
    (M, exact), and trains the net on it from where it was (M, rejected if the
    likelihood of the training rows falls).

    Parameters
    ----------
    train : callable
        `train(loss=..., data=..., start_from=...)` fits a net.

    net : skorch.NeuralNetClassifier
        Fitted with forward correction by the T to start from.

    data : LabelledData
        All the data.

    rows : ndarray of shape (n_rows,)
        Rows to learn from.

    trusted : ndarray of shape (n_samples,), dtype=bool
        Rows whose clean label is known.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        T to start from.

    report : callable
        Told of each round, in words.

    Returns
    -------
    net : skorch.NeuralNetClassifier
        The net of the last round that was accepted.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        The T of the last round.
    """
    y, known, T = data.y[rows], trusted[rows], transition_matrix
    weight = data.sample_weight[rows]
    y_proba = predict_proba(net, data.X, rows)
    likelihood = log_likelihood(y_proba, y, weight, known, T)
    for number in range(1, MOST_ROUNDS + 1):
        clean = clean_posterior(y_proba, y, known, T)
        T = best_transition(clean, y, np.where(known, 0, weight))
        soft_labels = np.zeros((len(data.y), len(T)), y_proba.dtype)
        soft_labels[rows] = clean
        candidate = train(
            loss=SoftLabelLoss(T),
            data=data._replace(extra=soft_labels),
            start_from=weights_of(net),
        )
        candidate_proba = predict_proba(candidate, data.X, rows)
        with_T = log_likelihood(y_proba, y, weight, known, T)
        with_both = log_likelihood(candidate_proba, y, weight, known, T)
        accepted = with_both >= with_T
        if accepted:
            net, y_proba = candidate, candidate_proba
        gain = max(with_T, with_both) - likelihood
        likelihood += gain
        report(
            f"EM round {number}: mean log-likelihood {likelihood:.6f}"
            f"{'' if accepted else ', the net of this round is rejected'}"
        )
        if not accepted or gain < LEAST_GAIN:
            break
    return net, T


def clean_posterior(y_proba, y, trusted, transition_matrix):
    """Compute `P(clean | noisy label, x)`, the E-step.

    Parameters
    ----------
    y_proba : ndarray of shape (n_samples, n_classes)
        Clean posterior given x.

    y : ndarray of shape (n_samples,)
        Label codes.

    trusted : ndarray of shape (n_samples,), dtype=bool
        Rows whose label is the clean one.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        T.

    Returns
    -------
    posterior : ndarray of shape (n_samples, n_classes)
        Rows sum to 1; a row whose label T calls impossible keeps its `y_proba`.
    """
    joint = y_proba * transition_matrix.T[y]
    mass = joint.sum(axis=1, keepdims=True)
    posterior = np.where(mass > 0, joint / np.where(mass > 0, mass, 1), y_proba)
    posterior[trusted] = np.eye(len(transition_matrix))[y[trusted]]
    return posterior


def best_transition(clean, y, sample_weight):
    """Count the labels by their clean posterior, the exact M-step for T.

    Parameters
    ----------
    clean : ndarray of shape (n_samples, n_classes)
        Posterior of the clean labels.

    y : ndarray of shape (n_samples,)
        Noisy label codes.

    sample_weight : ndarray of shape (n_samples,)
        Weights; 0 for trusted rows, whose labels say nothing of the noise.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        `T_ij = Σ_t c_ti 1{y_t = j} / Σ_t c_ti`.
    """
    noisy = np.eye(clean.shape[1])[y] * sample_weight[:, None]
    return normalize_rows(clean.T @ noisy)


def log_likelihood(y_proba, y, sample_weight, trusted, transition_matrix):
    """Compute the mean log-likelihood of the labels under `p @ T`.

    Parameters
    ----------
    y_proba : ndarray of shape (n_samples, n_classes)
        Clean posterior p.

    y : ndarray of shape (n_samples,)
        Label codes.

    sample_weight : ndarray of shape (n_samples,)
        Weights.

    trusted : ndarray of shape (n_samples,), dtype=bool
        Rows whose label is drawn from p itself.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        T.

    Returns
    -------
    log_likelihood : float
        Weighted mean over the rows.
    """
    clean = y_proba[np.arange(len(y)), y]
    likelihood = np.where(trusted, clean, (y_proba * transition_matrix.T[y]).sum(axis=1))
    smallest = np.finfo(y_proba.dtype).tiny
    return np.average(np.log(likelihood.clip(min=smallest)), weights=sample_weight)
