"""How certain the transition matrices of annotators are."""

import numpy as np

from sklnoise.annotators._em import MIN_COUNT


def standard_errors(answers, model):
    """Return the standard error of each entry of the T of each annotator.

    The information of a row is that of its counts, less what is missing as the clean
    classes are not known (Louis, 1982), plus that of the prior, which cannot be more than
    that of the pool.
    """
    K, q = answers.n_classes, model.proba
    # The variance of what was counted, by the answer that was given.
    variance = (answers.indicator.T @ (q * (1 - q))).reshape(-1, K, K).transpose(0, 2, 1)
    of_pool = effective_counts(model.counts.sum(axis=0), variance.sum(axis=0), model.pool)
    prior = 1 / (1 / model.strength + 1 / of_pool) if model.strength > 0 else 0
    # A share of 0 or 1 out of a few answers is not certain.
    pseudo = model.counts + prior * model.pool + 1 / K
    share = pseudo / pseudo.sum(axis=2, keepdims=True)
    n_answers = effective_counts(model.counts, variance, share) + prior
    return np.sqrt(share * (1 - share) / (n_answers + 1))


def effective_counts(counts, variance, share):
    """Return how many answers with a known clean class each entry of T rests on."""
    mass = counts.sum(axis=-1, keepdims=True)
    others = variance.sum(axis=-1, keepdims=True) - variance
    missing = variance * (1 - share) ** 2 + others * share**2
    spread = np.maximum(share * (1 - share), np.finfo(float).tiny)
    return np.maximum(mass - missing / spread, MIN_COUNT)
