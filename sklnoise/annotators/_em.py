"""The model of Dawid and Skene (1979), fitted by expectation maximisation."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, logsumexp

from sklnoise._transition_matrix import normalize_rows

# Counts and probabilities of what was seen are not smaller: their logarithm is needed.
MIN_COUNT = 1e-10

# In answers: a person of more is a person of their own, or just like the others.
STRENGTH_BOUNDS = 0.1, 1e4


@dataclass
class CrowdModel:
    """Class prior, the T of each annotator, and the posterior of the samples."""

    proba: np.ndarray
    class_prior: np.ndarray
    transition_matrices: np.ndarray
    counts: np.ndarray
    pool: np.ndarray
    strength: float
    log_likelihood: float
    n_iter: int
    converged: bool


def fit_em(
    answers,
    *,
    prior="pooled",
    sample_prior=None,
    max_iter=100,
    tol=1e-5,
):
    """Fit the T of each annotator and the posterior of the clean classes in turns.

    `sample_prior` of shape (n_samples, n_classes) takes the place of the class prior:
    the probabilities that a classifier predicts without the answers of the sample.
    """
    q = vote_shares(answers, sample_prior)
    answered = answers.votes.any(axis=1)
    model = maximize(answers, q, answered, prior)
    for n_iter in range(1, max_iter + 1):
        before = model.log_likelihood
        q, log_likelihood = expect(
            answers, model.transition_matrices, model.class_prior, sample_prior
        )
        model = maximize(answers, q, answered, prior, start=model.strength)
        model.log_likelihood, model.n_iter = log_likelihood, n_iter
        if abs(log_likelihood - before) < tol * len(answers):
            model.converged = True
            break
    if not answered.all() and sample_prior is None:
        model.proba[~answered] = model.class_prior
    return model


def vote_shares(answers, sample_prior=None):
    """Return the share of each class among the answers of a sample.

    A sample without an answer has the shares of all answers, or its prior.
    """
    n_votes = answers.votes.sum(axis=1, keepdims=True)
    shares = answers.votes / n_votes.clip(min=1)
    empty = n_votes[:, 0] == 0
    if empty.any():
        overall = answers.votes.sum(axis=0) / len(answers)
        shares[empty] = overall if sample_prior is None else sample_prior[empty]
    return shares


def expect(answers, transition_matrices, class_prior, sample_prior=None):
    """Return the posterior of each sample's class, and the log-likelihood.

    .. math:: P(k | answers) ∝ π_k Π_a T_a[k, y_a]
    """
    prior = class_prior if sample_prior is None else sample_prior
    # One row for each annotator and answer, one column for each clean class.
    columns = transition_matrices.transpose(0, 2, 1).reshape(-1, answers.n_classes)
    log_columns = np.log(columns.clip(min=np.finfo(float).tiny))
    log_joint = answers.indicator @ log_columns
    log_joint += np.log(prior.clip(min=MIN_COUNT))
    log_evidence = logsumexp(log_joint, axis=1, keepdims=True)
    return np.exp(log_joint - log_evidence), float(log_evidence.sum())


def maximize(answers, q, answered, prior, start=None):
    """Return the class prior and the T of each annotator that a posterior implies."""
    K = answers.n_classes
    counts = (answers.indicator.T @ q).reshape(-1, K, K).transpose(0, 2, 1)
    pool = normalize_rows(counts.sum(axis=0).clip(min=MIN_COUNT))
    strength = 0.0
    if prior == "pooled":
        strength = learn_strength(counts, pool)
    elif prior is not None:
        strength = float(prior)
    # A class of which nobody has an answer leaves what a person answers to it open.
    seen = (answers.usage > 0)[:, np.newaxis] | (strength > 0)
    smoothed = np.where(seen, (counts + strength * pool).clip(min=MIN_COUNT), 0)
    T = smoothed / smoothed.sum(axis=2, keepdims=True).clip(min=MIN_COUNT)
    T[~seen.any(axis=(1, 2))] = 1 / K
    return CrowdModel(
        proba=q,
        class_prior=q[answered].mean(axis=0),
        transition_matrices=T,
        counts=counts,
        pool=pool,
        strength=strength,
        log_likelihood=-np.inf,
        n_iter=0,
        converged=False,
    )


def learn_strength(counts, pool):
    """Return the precision of a Dirichlet prior around the pool, that is most probable.

    The rows of an annotator's counts are Dirichlet-multinomial. The precision s counts
    answers: with as many of an annotator, the T of the annotator is half the pool. The
    prior of 1 / (1 + s), the correlation of the answers of a person, is uniform.
    """
    annotator, clean, _ = at = np.nonzero(counts > MIN_COUNT)
    found, share = counts[at], pool[at[1:]]
    mass = np.bincount(annotator * len(pool) + clean, weights=found)
    mass = mass[mass > MIN_COUNT]

    def loss(log_strength):
        strength = np.exp(log_strength)
        alpha = strength * share
        of_cells = (gammaln(found + alpha) - gammaln(alpha)).sum()
        of_rows = (gammaln(mass + strength) - gammaln(strength)).sum()
        return of_rows - of_cells - log_strength + 2 * np.log1p(strength)

    bounds = np.log(STRENGTH_BOUNDS)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, options={"xatol": 0.01}).x))
