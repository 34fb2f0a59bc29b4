"""What the answers of each annotator are worth."""

from copy import copy
from numbers import Real

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import beta
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from sklnoise._blocks import sample_blocks
from sklnoise._compat import HasMethods, Interval, validate_params
from sklnoise.annotators._em import MIN_COUNT

# By how much chance must explain the answers better than the clean classes do.
RANDOM_ODDS = 20


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "y": ["array-like", HasMethods(["columns"])],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def annotator_summary(estimator, y, *, confidence_level=0.95):
    r"""Say how good each annotator is, and what an answer tells.

    Parameters
    ----------
    estimator : DawidSkene
        A fitted estimator.

    y : {array-like, dataframe} of shape (n_samples, n_annotators)
        The answers that it was fitted to, or others of the same annotators.

    confidence_level : float, default=0.95
        Confidence level of the intervals.

    Returns
    -------
    summary : :class:`~sklearn.utils.Bunch`
        With one entry per annotator in each array, so that `pandas.DataFrame(summary)` is
        a table of them:

        - `annotator`: the name, or the number of the column
        - `n_answers`: number of answers
        - `accuracy`: probability of a right answer to a sample drawn from all of them,
          not only from those that the annotator has answered
        - `accuracy_low`, `accuracy_high`: its interval, see Notes
        - `confused_class`, `confused_as`: the most frequent wrong answer, as the clean
          class and the answer that is given instead
        - `confusion`: how often this happens, as a share of all answers
        - `information`: mutual information of an answer and the clean class, in bits
        - `is_random`: whether the answers are explained better by chance than by the
          clean classes, with odds of 20 to 1

    Raises
    ------
    ValueError
        If the answers are not of the annotators and classes of the fit.

    TypeError
        If the estimator is a classifier, which has an `annotator_summary_`.

    Notes
    -----
    The accuracy is :math:`\sum_k \pi_k T_a[k, k]`, so that annotators who have answered
    samples of different classes can be compared. It is not the share of their answers
    that are right. Somebody who answers the easy samples of each class looks too good.

    The variance of this estimate is the one of a share of the annotator's own answers,
    less those that are lost as the clean classes are uncertain, and twice the variance
    that comes with the consensus. That one is found by a jackknife that leaves out each
    of 20 blocks of samples. Twice, as an error of the consensus is in part a bias: on
    simulated crowds it is about as large. The interval is that of a beta distribution
    with this variance. It takes no credit from what is known of other annotators.

    Examples
    --------
    >>> from sklnoise.annotators import DawidSkene, annotator_summary
    >>> y = [[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]]
    >>> summary = annotator_summary(DawidSkene().fit(y), y, confidence_level=0.9)
    >>> summary.n_answers.tolist()
    [6, 6, 6]
    >>> bool((summary.accuracy_low < summary.accuracy).all())
    True
    """
    if hasattr(estimator, "predict_noisy_proba"):
        raise TypeError(
            "estimator must be a DawidSkene, which knows no features; got "
            f"{type(estimator).__name__}. Its annotator_summary_ has the summary."
        )
    check_is_fitted(estimator, "prior_strength_")
    # A copy, as what is computed once is kept.
    return summarize(estimator._check_answers(y), copy(estimator), confidence_level)


def summarize(answers, crowd, confidence_level=0.95):
    """Return the summary of validated answers."""
    T, prior = crowd.transition_matrices_, crowd.class_prior_
    accuracy = np.einsum("k,akk->a", prior, T)
    low, high = beta_interval(accuracy, crowd._accuracy_error**2, confidence_level)
    wrong = prior[:, np.newaxis] * T
    wrong[:, np.arange(len(prior)), np.arange(len(prior))] = 0
    pair = wrong.reshape(len(T), -1).argmax(axis=1)
    clean, answer = np.unravel_index(pair, wrong.shape[1:])
    return Bunch(
        annotator=answers.annotators,
        n_answers=answers.usage.sum(axis=1),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
        confused_class=answers.classes[clean],
        confused_as=answers.classes[answer],
        confusion=wrong.max(axis=(1, 2)),
        information=mutual_information(T, prior),
        is_random=answer_at_random(answers, crowd),
    )


def beta_interval(share, variance, confidence_level):
    """Return the interval of the beta distribution of a mean and a variance."""
    share = share.clip(1e-6, 1 - 1e-6)
    spread = share * (1 - share)
    # Quantiles overflow beyond, as where the matrices are known.
    n = np.clip(spread / variance.clip(min=1e-300) - 1, 2, 1e15)
    tail = (1 - confidence_level) / 2
    a, b = share * n, (1 - share) * n
    low, high = beta.ppf(tail, a, b), beta.ppf(1 - tail, a, b)
    return np.minimum(low, share), np.maximum(high, share)


def mutual_information(transition_matrices, prior):
    """Return what an answer tells about the clean class, in bits."""
    T = transition_matrices
    answer = np.einsum("k,akc->ac", prior, T)
    of_answer = -xlogy(answer, answer).sum(axis=1)
    given_class = -np.einsum("k,akc->a", prior, xlogy(T, T))
    return (of_answer - given_class).clip(min=0) / np.log(2)


def answer_at_random(answers, crowd):
    """Return whose answers are more likely if they do not depend on the clean class.

    The rivals are the matrix of the pool and, with the penalty of Schwarz (1978) for its
    entries, that of the annotator. Both predict an answer from the others of the sample.
    """
    K, m = answers.n_classes, answers.n_annotators
    if K == 1:
        return np.zeros(m, dtype=bool)
    q = crowd._posterior(answers)
    log_pool, log_own = np.zeros(m), np.zeros(m)
    for block in sample_blocks(len(answers), 8 * K):  # of several arrays
        a, c = answers.annotator[block], answers.code[block]
        own = crowd.transition_matrices_[a, :, c].clip(min=MIN_COUNT)
        without = q[answers.sample[block]] / own
        without /= without.sum(axis=1, keepdims=True)
        pool = crowd.transition_matrix_[:, c].T
        log_pool += np.bincount(a, np.log((without * pool).sum(axis=1)), minlength=m)
        log_own += np.bincount(a, np.log((without * own).sum(axis=1)), minlength=m)
    n = answers.usage.sum(axis=1)
    log_own -= K * (K - 1) / 2 * np.log(n.clip(min=1))
    # The answers of a coin of K sides, of any shares, one after the other.
    log_random = gammaln(K / 2) - gammaln(n + K / 2)
    log_random += (gammaln(answers.usage + 0.5) - gammaln(0.5)).sum(axis=1)
    return log_random - np.maximum(log_pool, log_own) > np.log(RANDOM_ODDS)
