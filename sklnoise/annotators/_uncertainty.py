"""How certain the transition matrices of annotators are."""

import numpy as np

from sklnoise.annotators._em import count_variance, effective_counts


def standard_errors(answers, model):
    """Return the standard errors of each entry of the T of each annotator.

    The first are independent between the rows. The second are not: they come from how
    often the annotator is right in all.

    The information of a row is that of its counts, less what is missing as the clean
    classes are not known (Louis, 1982), plus that of the prior, which cannot be more than
    that of the pool.
    """
    strength, center = model.prior.strength, model.prior.center
    variance = count_variance(answers, model.proba)
    of_pool = effective_counts(model.counts.sum(axis=0), variance.sum(axis=0), model.pool)
    prior = 1 / (1 / strength + 1 / of_pool) if strength > 0 else 0
    # A share of 0 or 1 out of a few answers is not certain.
    pseudo = model.counts + prior * center + 1 / answers.n_classes
    share = pseudo / pseudo.sum(axis=2, keepdims=True)
    n_answers = effective_counts(model.counts, variance, share)
    of_rows = np.sqrt(share * (1 - share) / (n_answers + prior + 1))
    # By how much an entry follows the level of its annotator.
    slope = share * (1 - share) * prior / (n_answers + prior + 1)
    of_level = slope * np.sqrt(model.prior.level_variance)[:, np.newaxis, np.newaxis]
    return of_rows, of_level
