"""The class that most annotators gave."""

import numpy as np

from sklnoise.annotators._base import BaseConsensus
from sklnoise.annotators._em import maximize, vote_shares


class MajorityVote(BaseConsensus):
    """Consensus of several annotators by the number of votes.

    Each answer counts the same, whoever gave it. :class:`DawidSkene` weights the answers
    by what they say about the clean class.

    Parameters
    ----------
    missing_label : scalar, default=np.nan
        What stands for a missing answer, besides NaN, None and pandas.NA.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.

    annotators_ : ndarray of shape (n_annotators,)
        The names of the annotators, or the numbers of their columns.

    consensus_proba_ : ndarray of shape (n_samples, n_classes)
        The share of each class among the answers of a sample. A sample without an answer
        has the class prior.

    consensus_ : ndarray of shape (n_samples,)
        The class of the largest share; of several, the first.

    class_prior_ : ndarray of shape (n_classes,)
        The mean shares of the samples that have answers.

    transition_matrices_ : ndarray of shape (n_annotators, n_classes, n_classes)
        P(answer = j | clean = i) of each annotator, with the shares taken as the
        probabilities of the clean class.

    See Also
    --------
    DawidSkene : Estimates how good each annotator is, and weights the answers by that.

    Examples
    --------
    >>> from sklnoise.annotators import MajorityVote
    >>> y = [["cat", "cat", "dog"], ["dog", None, "dog"], ["cat", "cat", "cat"]]
    >>> vote = MajorityVote().fit(y)
    >>> vote.consensus_.tolist()
    ['cat', 'dog', 'cat']
    >>> vote.consensus_proba_.round(2).tolist()
    [[0.67, 0.33], [0.0, 1.0], [1.0, 0.0]]
    """

    _parameter_constraints: dict = {"missing_label": "no_validation"}

    def __init__(self, *, missing_label=np.nan):
        self.missing_label = missing_label

    def _fit(self, answers):
        """Count the votes."""
        shares = vote_shares(answers)
        model = maximize(answers, shares, prior=None)
        self.consensus_proba_ = shares
        self.class_prior_ = model.class_prior
        self.transition_matrices_ = model.transition_matrices

    def _posterior(self, answers):
        """Return the shares of votes."""
        shares = vote_shares(answers)
        shares[~answers.votes.any(axis=1)] = self.class_prior_
        return shares
