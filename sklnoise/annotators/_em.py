"""The model of Dawid and Skene (1979), fitted by expectation maximisation."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, logsumexp

from sklnoise._transition_matrix import normalize_rows

# Counts and probabilities of what was seen are not smaller: their logarithm is needed.
MIN_COUNT = 1e-10

# In answers: a person of more is a person of their own, or just like the others.
STRENGTH_BOUNDS = 0.1, 1e4

# Of few annotators, one more is like this: r below, and a logit of variance 1.
USUAL_CORRELATION = 0.1

# Of the logit of being right, against the pool.
MAX_LEVEL, N_BISECTIONS = 8.0, 20

# Entries of T that rest on fewer answers say nothing about the differences of annotators.
MIN_EFFECTIVE = 1.0


@dataclass
class CrowdModel:
    """Class prior, the T of each annotator, and the posterior of the samples."""

    proba: np.ndarray
    class_prior: np.ndarray
    transition_matrices: np.ndarray
    counts: np.ndarray
    pool: np.ndarray
    prior: "Prior"
    log_likelihood: float
    n_iter: int
    converged: bool


@dataclass
class Prior:
    """A Dirichlet prior of the rows of T of each annotator."""

    center: np.ndarray
    strength: float


def fit_em(
    answers,
    *,
    prior="pooled",
    sample_prior=None,
    max_iter=100,
    tol=1e-5,
    start=None,
):
    """Fit the T of each annotator and the posterior of the clean classes in turns.

    `sample_prior` of shape (n_samples, n_classes) takes the place of the class prior:
    the probabilities that a classifier predicts without the answers of the sample. The
    start is the majority vote, or the `CrowdModel` of a fit to other answers.
    """
    if start is None:
        model = maximize(answers, vote_shares(answers, sample_prior), prior)
    else:
        model = update(answers, start, prior, sample_prior)
    for n_iter in range(1, max_iter + 1):
        before = model.log_likelihood
        model = update(answers, model, prior, sample_prior)
        model.n_iter = n_iter
        if abs(model.log_likelihood - before) < tol * len(answers):
            model.converged = True
            break
    if sample_prior is None:
        model.proba[~answers.answered] = model.class_prior
    return model


def update(answers, model, prior="pooled", sample_prior=None):
    """Return the model that the posterior under another model implies."""
    T = model.transition_matrices
    q, log_likelihood = expect(answers, T, model.class_prior, sample_prior)
    updated = maximize(answers, q, prior, T)
    updated.log_likelihood = log_likelihood
    return updated


def vote_shares(answers, sample_prior=None):
    """Return the share of each class among the answers of a sample.

    A sample without an answer has the mean shares of the others, or its prior.
    """
    n_votes = answers.votes.sum(axis=1, keepdims=True)
    shares = answers.votes / n_votes.clip(min=1)
    empty = n_votes[:, 0] == 0
    if empty.any():
        overall = shares.sum(axis=0) / max(np.sum(~empty), 1)
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


def maximize(answers, q, prior, T=None):
    """Return the class prior and the T of each annotator that a posterior implies.

    The strength of the prior is learned from the T that the posterior rests on.
    """
    K, counts = answers.n_classes, count_by_class(answers, q)
    pool = normalize_rows(counts.sum(axis=0) + 1 / K**2)
    if prior == "pooled" and K > 1:
        hyper = learn_prior(answers, q, T, counts, pool)
    else:
        hyper = Prior(
            np.broadcast_to(pool, counts.shape),
            0.0 if prior in (None, "pooled") else prior,
        )
    # A class of which nobody has an answer leaves what a person answers to it open.
    seen = (answers.usage > 0)[:, np.newaxis] | (hyper.strength > 0)
    smoothed = np.where(
        seen, (counts + hyper.strength * hyper.center).clip(min=MIN_COUNT), 0
    )
    T = smoothed / smoothed.sum(axis=2, keepdims=True).clip(min=MIN_COUNT)
    T[~seen.any(axis=(1, 2))] = 1 / K
    return CrowdModel(
        proba=q,
        class_prior=q[answers.answered].mean(axis=0),
        transition_matrices=T,
        counts=counts,
        pool=pool,
        prior=hyper,
        log_likelihood=-np.inf,
        n_iter=0,
        converged=False,
    )


def learn_prior(answers, q, T, counts, pool):
    """Learn how much annotators differ, in how often they are right and in all else.

    T is the one that the posterior q rests on. One step of Newton from there leads to the
    rows of most likelihood, which rest on `effective` answers.
    """
    if T is None:
        effective = np.broadcast_to(counts.sum(axis=2, keepdims=True), counts.shape)
        T = pool
    else:
        effective = effective_counts(counts, count_variance(answers, q), T)
    effective = effective.clip(min=MIN_COUNT)
    rows = T + (counts - counts.sum(axis=2, keepdims=True) * T) / effective
    level, leverage = learn_levels(rows, effective, pool)
    center = shift_diagonal(pool, level)
    leverage = leverage[:, :, np.newaxis] * diagonal_share(pool)
    leverage = leverage + effective / effective.sum(axis=0)
    strength = learn_strength(rows, effective, center, leverage)
    return Prior(center, strength)


def learn_levels(rows, effective, pool):
    """Return by which logit each annotator is better than the pool, and the leverage.

    Of the most likely logits, the mean square exceeds their variance by the one of the
    annotators, towards whose mean of 0 they are shrunk.
    """
    p = pool.diagonal()
    n, right = (part.diagonal(axis1=1, axis2=2) for part in (effective, rows))
    total = n.sum(axis=1)
    accuracy = ((n * right).sum(axis=1) + p.mean()) / (total + 1)
    margin = 0.5 / (total + 1)
    accuracy = accuracy.clip(margin, 1 - margin)
    low, high = np.full(len(n), -MAX_LEVEL), np.full(len(n), MAX_LEVEL)
    weight = n / total[:, np.newaxis]
    for _ in range(N_BISECTIONS):
        level = (low + high) / 2
        too_low = (weight * expit(logit(p) + level[:, np.newaxis])).sum(axis=1) < accuracy
        low, high = np.where(too_low, level, low), np.where(too_low, high, level)
    information = (n * p * (1 - p)).sum(axis=1)
    known = information > MIN_EFFECTIVE / 4
    spread = 1.0
    if known.any():
        excess = (information * level**2 - 1)[known]
        one_more = information[known].mean()
        spread = (excess.sum() + one_more) / (information[known].sum() + one_more)
        spread = np.clip(spread, 1e-3, MAX_LEVEL)
    share = information / (information + 1 / spread)
    return share * level, share[:, np.newaxis] * weight


def shift_diagonal(pool, level):
    """Return the pool with the logits of right answers shifted for each annotator."""
    p = pool.diagonal()
    right = expit(logit(p) + level[:, np.newaxis])
    center = pool * ((1 - right) / (1 - p))[:, :, np.newaxis]
    diagonal = np.arange(len(p))
    center[:, diagonal, diagonal] = right
    return center


def diagonal_share(pool):
    """Return how far each entry of a row moves with its diagonal, as a share."""
    share = pool / (1 - pool.diagonal())[:, np.newaxis]
    np.fill_diagonal(share, 1)
    return share


def learn_strength(rows, effective, center, leverage):
    """Return the strength of a Dirichlet prior around the center, by moments.

    The squared distance of a row from it is p (1 - p) (1 + (n - 1) r) / n on average,
    with the correlation r = 1 / (1 + s) of the answers of an annotator, less the leverage
    of the annotator on the center.
    """
    known = effective > MIN_EFFECTIVE
    if not known.any():
        return STRENGTH_BOUNDS[1]
    n, p = effective[known], center[known]
    free = (1 - leverage[known]).clip(min=0.1)
    spread = p * (1 - p) * free
    excess = (n * (rows[known] - p) ** 2 - spread).sum()
    scale = max((spread * (n - 1)).sum(), MIN_COUNT)
    one_more = scale / len(effective)
    correlation = (excess + one_more * USUAL_CORRELATION) / (scale + one_more)
    strongest, weakest = (1 / (1 + bound) for bound in STRENGTH_BOUNDS[::-1])
    return float(1 / np.clip(correlation, strongest, weakest) - 1)


def count_by_class(answers, weight):
    """Sum a weight of each sample and class, by annotator, class and answer."""
    K = answers.n_classes
    return (answers.indicator.T @ weight).reshape(-1, K, K).transpose(0, 2, 1)


def count_variance(answers, q):
    """Return the posterior variance of the counts of answers by clean class."""
    return count_by_class(answers, q * (1 - q))


def effective_counts(counts, variance, T):
    """Return how many answers with a known clean class each entry of T rests on.

    What is missing as the clean classes are uncertain is that of Louis (1982).
    """
    mass = counts.sum(axis=-1, keepdims=True)
    others = variance.sum(axis=-1, keepdims=True) - variance
    missing = variance * (1 - T) ** 2 + others * T**2
    spread = np.maximum(T * (1 - T), MIN_COUNT)
    return np.clip(mass - missing / spread, MIN_COUNT, mass.clip(min=MIN_COUNT))
