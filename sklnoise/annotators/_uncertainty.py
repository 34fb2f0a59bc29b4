"""How certain the transition matrices of annotators are."""

import numpy as np

from sklnoise.annotators._em import count_variance, effective_counts


def standard_errors(answers, model):
    """Return the standard error of each entry of the T of each annotator.

    The information of a row is that of its counts, less what is missing as the clean
    classes are not known (Louis, 1982), plus that of the prior, which cannot be more than
    that of the pool.
    """
    K = answers.n_classes
    variance = count_variance(answers, model.proba)
    of_pool = effective_counts(model.counts.sum(axis=0), variance.sum(axis=0), model.pool)
    prior = 1 / (1 / model.strength + 1 / of_pool) if model.strength > 0 else 0
    # A share of 0 or 1 out of a few answers is not certain.
    pseudo = model.counts + prior * model.pool + 1 / K
    share = pseudo / pseudo.sum(axis=2, keepdims=True)
    n_answers = effective_counts(model.counts, variance, share) + prior
    return np.sqrt(share * (1 - share) / (n_answers + 1))
