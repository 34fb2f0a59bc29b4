"""The consensus of Dawid and Skene (1979), with a prior that annotators share."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from sklnoise._compat import Interval, StrOptions
from sklnoise._warnings import warn_caller
from sklnoise.annotators._base import BaseConsensus
from sklnoise.annotators._copies import (
    find_duplicates,
    merge_duplicates,
    warn_of_copies,
    warn_of_duplicates,
    without_duplicates,
)
from sklnoise.annotators._em import expect, fit_em
from sklnoise.annotators._summary import summarize
from sklnoise.annotators._uncertainty import standard_errors


class DawidSkene(BaseConsensus):
    r"""Consensus of several annotators, each with a transition matrix of their own.

    The answers of a sample are independent given its clean class,

    .. math:: P(\text{answers}) = \sum_k \pi_k \prod_a T_a[k, y_a],

    and the class prior and the matrices `T_a` are those of most likelihood, found by
    expectation maximisation from the majority vote on, in the log domain [1]_.

    Most annotators have few answers. The rows of `T_a` therefore have a Dirichlet prior
    around the pool of all annotators, so that one with three answers is nearly the pool,
    and one with three hundred has a matrix of their own.

    Parameters
    ----------
    prior : {"pooled"}, float or None, default="pooled"
        Strength of the prior around the pool, in answers: a row of `T_a` that rests on as
        many answers is half the pool. "pooled" learns it by maximum marginal likelihood
        from how much the annotators differ. None is the model without a prior, as in the
        paper.

    missing_label : scalar, default=np.nan
        What stands for a missing answer, besides NaN, None and pandas.NA.

    max_iter : int, default=100
        Number of iterations at most.

    tol : float, default=1e-5
        The iterations end when the log-likelihood changes by less, per answer.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.

    annotators_ : ndarray of shape (n_annotators,)
        The names of the annotators, or the numbers of their columns.

    consensus_proba_ : ndarray of shape (n_samples, n_classes)
        P(clean class | all answers); the class prior for a sample without an answer.

    consensus_ : ndarray of shape (n_samples,)
        The most probable class.

    transition_matrices_ : ndarray of shape (n_annotators, n_classes, n_classes)
        T_a[i, j] = P(answer = j | clean = i) of each annotator.

    standard_error_ : ndarray of shape (n_annotators, n_classes, n_classes)
        Standard errors of these. They count a sample whose clean class is uncertain for
        less, by Louis' formula [2]_, and what the errors of all annotators move by way of
        the consensus, by a jackknife. That takes several times as long as the fit, and so
        is done when this or the summary is first asked for.

    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The pool: the matrix of an answer of anybody.

    class_prior_ : ndarray of shape (n_classes,)
        Shares of the clean classes among the samples that have answers.

    prior_strength_ : float
        The strength of the prior, in answers.

    annotator_summary_ : :class:`~sklearn.utils.Bunch`
        What the answers of each annotator are worth, see :func:`annotator_summary`.

    log_likelihood_ : float
        Of the answers, in nats.

    n_iter_ : int
        Number of iterations.

    See Also
    --------
    MajorityVote : Counts each answer the same.
    annotator_summary : Accuracy and information of the answers of each annotator.
    suggest_next : Which samples to ask again, and whom.

    Notes
    -----
    The model assumes that annotators err independently, given the clean class. Two who
    copy some answers from each other, or a sample that misleads everybody, count for more
    than they should. Annotators who gave the same 20 or more answers, to the same samples
    and no others, count once.

    References
    ----------
    .. [1] Dawid and Skene, "Maximum likelihood estimation of observer error-rates using
       the EM algorithm", Applied Statistics, 1979.
    .. [2] Louis, "Finding the observed information matrix when using the EM algorithm",
       Journal of the Royal Statistical Society B, 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.annotators import DawidSkene
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> rng = np.random.RandomState(0)
    >>> y = rng.randint(3, size=300)
    >>> rates = [0.1, 0.2, 0.4, 0.6]  # of wrong answers
    >>> matrices = [make_transition_matrix("symmetric", 3, rate) for rate in rates]
    >>> answers = np.stack(
    ...     [make_noisy_labels(y, T, random_state=rng) for T in matrices], axis=1
    ... )
    >>> crowd = DawidSkene().fit(answers)
    >>> print(f"{np.mean(crowd.consensus_ == y):.2f}")  # doctest: +NUMBER
    0.93
    >>> crowd.annotator_summary_.accuracy.round(1).tolist()
    [0.9, 0.8, 0.6, 0.4]
    """

    _parameter_constraints: dict = {
        "prior": [StrOptions({"pooled"}), Interval(Real, 0, None, closed="left"), None],
        "missing_label": "no_validation",
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, prior="pooled", *, missing_label=np.nan, max_iter=100, tol=1e-5):
        self.prior = prior
        self.missing_label = missing_label
        self.max_iter = max_iter
        self.tol = tol

    def _fit(self, answers):
        """Fit the model, and say what its answers are worth."""
        self._leader = find_duplicates(answers)
        warn_of_duplicates(answers, self._leader)
        counted, place = merge_duplicates(answers, self._leader)
        model = fit_em(counted, prior=self.prior, max_iter=self.max_iter, tol=self.tol)
        if not model.converged:
            warn_caller(
                f"the log-likelihood still changes after {self.max_iter} iterations. "
                "Raise max_iter or tol.",
                ConvergenceWarning,
            )
        self.consensus_proba_ = model.proba
        self.class_prior_ = model.class_prior
        self.transition_matrices_ = model.transition_matrices[place]
        self.transition_matrix_ = model.pool
        self.prior_strength_ = model.prior.strength
        self.log_likelihood_ = model.log_likelihood
        self.n_iter_ = model.n_iter
        self._of_fit = replace(answers), model  # without what is cached
        self._errors = self._summary = None
        warn_of_copies(counted)

    @property
    def standard_error_(self):
        """Standard errors of the matrices of each annotator."""
        return self._find_errors()[0]

    @property
    def _accuracy_error(self):
        return self._find_errors()[1]

    @property
    def annotator_summary_(self):
        """What the answers of each annotator are worth."""
        check_is_fitted(self)
        if self._summary is None:
            self._summary = summarize(self._of_fit[0], self)
        return self._summary

    def _find_errors(self):
        """Return the standard errors, computed when they are first asked for."""
        check_is_fitted(self)
        if self._errors is None:
            answers, model = self._of_fit
            counted, place = merge_duplicates(answers, self._leader)
            errors = standard_errors(counted, model, prior=self.prior)
            self._errors = [error[place] for error in errors]
        return self._errors

    def _posterior(self, answers):
        """Return the posterior under the matrices of the fit."""
        answers = without_duplicates(answers, self._leader)
        return expect(answers, self.transition_matrices_, self.class_prior_)[0]
