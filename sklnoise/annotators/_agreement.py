"""How far annotators agree beyond chance."""

import numpy as np

from sklnoise.annotators._answers import check_answers


def krippendorff_alpha(y, *, missing_label=np.nan):
    r"""Measure the agreement of several annotators beyond chance.

    Krippendorff's alpha for nominal labels,

    .. math:: \alpha = 1 - D_o / D_e,

    where :math:`D_o` is the share of pairs of answers to a sample that differ, and
    :math:`D_e` that share among all pairs of answers [1]_.

    Parameters
    ----------
    y : {array-like, dataframe} of shape (n_samples, n_annotators)
        The answers, missing where somebody did not answer.

    missing_label : scalar, default=np.nan
        What stands for a missing answer, besides NaN, None and pandas.NA.

    Returns
    -------
    alpha : float
        1 if all agree, about 0 if the answers are random, negative if annotators differ
        more than by chance. NaN if no sample has two answers, or if there is one class.

    Raises
    ------
    ValueError
        If the answers are not valid.

    References
    ----------
    .. [1] Krippendorff, "Content Analysis: An Introduction to Its Methodology", 2004.

    Examples
    --------
    >>> from sklnoise.annotators import krippendorff_alpha
    >>> print(f"{krippendorff_alpha([[0, 0], [1, 1], [0, 1], [1, 1]]):.2f}")
    0.53
    """
    votes = check_answers(y, missing_label).votes
    n_votes = votes.sum(axis=1)
    votes, n_votes = votes[n_votes > 1], n_votes[n_votes > 1]
    total, of_class = n_votes.sum(), votes.sum(axis=0)
    by_chance = (total**2 - (of_class**2).sum()) / max(total - 1, 1)
    if by_chance == 0:
        return float("nan")
    observed = ((n_votes**2 - (votes**2).sum(axis=1)) / (n_votes - 1)).sum()
    return float(1 - observed / by_chance)
