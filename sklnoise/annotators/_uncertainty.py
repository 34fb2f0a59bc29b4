"""How certain the transition matrices and the accuracies of annotators are."""

import numpy as np

from sklnoise.annotators._em import count_variance, effective_counts, fit_em, update

# Of samples, for the jackknife; fewer where there are many probabilities.
MIN_BLOCKS, MAX_BLOCKS, MAX_PROBABILITIES = 5, 20, 5_000_000

# An error of the consensus has a bias, as the posteriors of the clean classes are too
# certain, of about the size of its standard deviation: 2 times the variance in square.
BIAS_FACTOR = 2.0


def standard_errors(answers, model, *, prior="pooled", sample_prior=None):
    """Return the standard errors of the T of each annotator, and of the accuracy.

    Their squares have two parts: what the annotator's own answers leave open if the T of
    all others are known, and what the errors of all move by way of the consensus.

    The first part counts own answers only. The prior brings the estimate closer on
    average, but how alike annotators are does not make a single one more certain.
    """
    K, T = answers.n_classes, model.transition_matrices
    mass = model.counts.sum(axis=2, keepdims=True)
    # A share of 0 or 1 out of a few answers is not certain.
    share = (mass * T + 1 / K) / (mass + 1)
    n_answers = effective_counts(
        model.counts, count_variance(answers, model.proba), share
    )
    of_entries = share * (1 - share) / (n_answers + 1)
    of_accuracy = np.einsum("k,akk->a", model.class_prior**2, of_entries)
    # Of a few answers, the shares of all classes may be wrong in the same direction.
    right = np.einsum("k,akk->a", model.class_prior, share)
    n_right = n_answers.diagonal(axis1=1, axis2=2).sum(axis=1)
    of_accuracy = np.maximum(of_accuracy, right * (1 - right) / (n_right + 1))
    by_consensus = consensus_variance(answers, model, prior, sample_prior)
    of_entries += BIAS_FACTOR * by_consensus[0]
    of_accuracy += BIAS_FACTOR * by_consensus[1]
    return np.sqrt(of_entries), np.sqrt(of_accuracy)


def consensus_variance(answers, model, prior, sample_prior):
    """Return the variance of T and of the accuracy that is due to the consensus.

    Delete-a-block jackknife: the model is fitted without each block of samples, and all
    answers are counted by what it says of the clean classes.
    """
    answered = np.flatnonzero(answers.answered)
    n_affordable = MAX_PROBABILITIES // (answers.n_samples * answers.n_classes)
    n_blocks = min(max(MIN_BLOCKS, n_affordable), MAX_BLOCKS, len(answered))
    block = np.full(answers.n_samples, -1)
    block[answered] = np.random.RandomState(0).permutation(len(answered)) % n_blocks
    sums = [0.0, 0.0], [0.0, 0.0]
    for left_out in range(n_blocks if n_blocks > 1 else 0):
        kept = answers.select((block != left_out)[answers.sample])
        without = fit_em(kept, prior=prior, sample_prior=sample_prior, start=model)
        updated = update(answers, without, prior, sample_prior)
        change = updated.transition_matrices - model.transition_matrices
        of_accuracy = mean_accuracy(updated) - mean_accuracy(model)
        for total, value in zip(sums, (change, of_accuracy)):
            total[0], total[1] = total[0] + value, total[1] + value**2
    return [(s2 - s1**2 / n_blocks) * (n_blocks - 1) / n_blocks for s1, s2 in sums]


def mean_accuracy(model):
    """Return the probability of a right answer of each annotator."""
    return np.einsum("k,akk->a", model.class_prior, model.transition_matrices)
