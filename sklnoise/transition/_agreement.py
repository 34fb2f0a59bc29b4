"""T from how the agreement of labels and predictions rises with the score."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, logsumexp
from sklearn.utils.validation import check_is_fitted

from sklnoise._held_out import CHANCE
from sklnoise._text import shorten
from sklnoise._transition_matrix import uniform_flips
from sklnoise._validation import check_rng
from sklnoise.transition._agreement_curve import (
    MAX_OF_CHANCE,
    count_agreements,
    fit_class_rates,
    fit_curve,
    sort_by_score,
)
from sklnoise.transition._base import BaseTransitionEstimator, label_mass
from sklnoise.transition._draws import draw_rows
from sklnoise.transition._frequency import take_top

NORMAL_95 = 1.96

# Error that the curve may have beyond that of sampling, at 95 %: some at the very top,
# where labels of clean data are not all predictable, and a share of what is not pure.
# Chosen on one half of the public tables, where the intervals then cover 95 %.
MIN_BIAS, BIAS_OF_IMPURITY = 0.01, 0.15

# The same for what the classes differ by, as a standard error. Chosen on that half too.
SHRINKAGE_BIAS = 0.02, 0.3

# Share of the samples predicted as a class, the most certain, whose wrong labels are
# looked at. Further down some are mistakes of the model, which no T has made.
TOP_SHARE = 0.25

# Counts that are added to the flips of each class, evenly: which of them is as likely
# as it explains the labels. With few of them, a class may have flips to one other only.
PRIOR_FLIPS = np.geomspace(0.1, 1e4, 21)


class Spread(NamedTuple):
    """What an estimate of T is drawn from: noise rates, and which labels flips give."""

    noise_rates: np.ndarray
    shared_error: np.ndarray  # of the noise rates, which moves all of them
    own_error: np.ndarray  # of each noise rate
    flips: np.ndarray  # shares of the flips of each class
    flips_error: np.ndarray  # of each share
    flips_bias: float  # of how uneven the shares are, relative


class AgreementEstimator(BaseTransitionEstimator):
    r"""Estimate T by how the agreement of labels and predictions rises with the score.

    The samples predicted as a class are ranked by their probability, :math:`u = 0` at the
    top. With a purity :math:`\pi(u)`, the share of samples that do belong to the class,
    the labels agree with the prediction in a share

    .. math:: \pi(u) (1 - \epsilon) + (1 - \pi(u)) \frac{\epsilon}{K - 1},
        \qquad \mathrm{logit}\, \pi(u) = \alpha - \beta \log u

    of the samples. If the agreement reaches a plateau at the top, the noise rate
    :math:`\epsilon` is known; if it rises to the very top, as of clean data that are hard
    to predict, the noise rate may be 0. The posterior of :math:`\epsilon` is computed for
    all classes together and, drawn towards it, for each class. Wrong labels of the upper
    quarter of each class say what it is mistaken for. What classes differ by is shrunk
    towards even flips as far as its error, by sampling and by model, explains it.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard error of each entry, by sampling and by model.

    noise_rate_ : float
        Estimated share of wrong labels.

    noise_rate_interval_ : tuple of float
        Lower and upper end of its 95 % interval.

    noise_rate_error_ : float
        Standard error of the noise rate, which the rows of T share.

    impurity_ : float
        Share of the samples that do not belong to the class that they are predicted as.

    Notes
    -----
    No estimator can tell label noise from classes that overlap everywhere: noisy labels
    alone bound the noise rate from above, and only the shape of the curve at the top says
    more. Share and spread of the prior were chosen on public tables.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import AgreementEstimator
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=3000)
    >>> score = rng.normal(3 * y - 1.5)
    >>> y_noisy = np.where(rng.random(3000) < 0.2, 1 - y, y)
    >>> p = 0.2 + 0.6 / (1 + np.exp(-3 * score))
    >>> estimator = AgreementEstimator().fit(np.c_[1 - p, p], y_noisy)
    >>> low, high = estimator.noise_rate_interval_
    >>> print(low < 0.2 < high)
    True
    """

    def _estimate(self, y_proba, y, sample_weight):
        n_classes = y_proba.shape[1]
        if n_classes == 1:
            return self._know_single_class()
        ranking = sort_by_score(y_proba, sample_weight)
        counts = count_agreements(ranking, y)
        curve = fit_curve(counts)
        of_class = fit_class_rates(counts, curve)
        self.impurity_ = float(curve.impurity)
        self.noise_rate_ = float(curve.noise_rate)
        bias = bias_of(curve.impurity)
        self.noise_rate_error_ = float(np.hypot(curve.standard_error, bias / NORMAL_95))
        below = np.hypot(curve.noise_rate - curve.low, bias)
        above = np.hypot(curve.high - curve.noise_rate, bias)
        interval = np.clip([self.noise_rate_ - below, self.noise_rate_ + above], 0, 1)
        self.noise_rate_interval_ = tuple(interval.tolist())

        mass = label_mass(y, sample_weight, n_classes)
        share = mass / mass.sum()
        sampling = of_class.standard_error
        # Differences that are not there would spoil the ranking of labels across classes.
        kept = share_beyond_error(
            of_class.noise_rate - curve.noise_rate,
            np.hypot(sampling, shrinkage_bias(of_class.impurity)),
            share,
            min_errors=CHANCE,
        )
        rates = kept * of_class.noise_rate + (1 - kept) * curve.noise_rate
        bias = kept * bias_of(of_class.impurity) + (1 - kept) * bias
        shared = np.hypot((1 - kept) * curve.standard_error, bias / NORMAL_95)
        flips, flips_error, flips_bias = self._estimate_flips(ranking, y, share, of_class)
        # What shrinkage has moved an estimate by may be error or not.
        own = np.hypot(sampling, rates - of_class.noise_rate)
        self._spread = Spread(rates, shared, own, flips, flips_error, share @ flips_bias)
        of_rate = np.hypot(shared, own)
        flips_error = np.hypot(flips_error, flips_bias[:, np.newaxis] * flips)
        of_flips = rates[:, np.newaxis] * flips_error
        error = np.hypot(of_flips, of_rate[:, np.newaxis] * flips)
        error[np.diag_indices(n_classes)] = of_rate
        return join(rates, flips), error

    def _know_single_class(self):
        """Set what is known of the noise where there is a single class."""
        self.impurity_ = self.noise_rate_ = self.noise_rate_error_ = 0.0
        self.noise_rate_interval_ = 0.0, 0.0
        zero = np.zeros(1)
        self._spread = Spread(zero, zero, zero, np.ones((1, 1)), np.zeros((1, 1)), 0.0)
        return np.ones((1, 1)), np.zeros((1, 1))

    def _estimate_flips(self, ranking, y, share, of_class):
        """Return which classes each class is mistaken for, in shares of its flips.

        Their errors are those by sampling and shrinkage, and the relative ones by model.
        """
        n_classes = len(share)
        even = uniform_flips(n_classes, 1.0)
        if n_classes <= 2:
            return even, np.zeros_like(even), np.zeros(n_classes)
        flips, sampling = fit_flips(count_flips(ranking, y))
        rate = of_class.noise_rate
        bias = shrinkage_bias(of_class.impurity) / np.maximum(rate, MIN_BIAS)
        bias = np.minimum(1, bias)
        # An entry of T is the noise rate of its class times a flip.
        kept = share_beyond_error(
            flips - even, bias[:, np.newaxis] * flips, share * rate**2
        )
        moved = (1 - kept) * (even - flips)
        return flips + moved, np.hypot(sampling, moved), bias

    def _add_absent_classes(self, occurring, n_classes):
        """Add classes without noise to what is drawn from."""
        *of_rates, flips, flips_error, flips_bias = self._spread
        padded = np.zeros((3, n_classes))
        padded[:, occurring] = of_rates
        among = np.ix_(occurring, occurring)
        all_flips, error = uniform_flips(n_classes, 1.0), np.zeros((n_classes,) * 2)
        all_flips[occurring] = 0
        all_flips[among], error[among] = flips, flips_error
        self._spread = Spread(*padded, all_flips, error, flips_bias)

    def draw(self, n_draws=200, random_state=None):
        """Draw transition matrices that show how uncertain the estimate is.

        An error of the curve moves the noise rates of all classes together, and one of
        the flips makes those of all classes more or less even.

        Parameters
        ----------
        n_draws : int, default=200
            Number of matrices.

        random_state : int, RandomState instance or None, default=None
            Draws the matrices.

        Returns
        -------
        draws : ndarray of shape (n_draws, n_classes, n_classes)
            Transition matrices.

        Raises
        ------
        ValueError
            If `n_draws` is no positive integer.
        """
        check_is_fitted(self, "transition_matrix_")
        if not isinstance(n_draws, Integral) or n_draws < 1:
            raise ValueError(
                f"n_draws must be an integer above 0; got {shorten(repr(n_draws))}."
            )
        rng = check_rng(random_state)
        spread, n_classes = self._spread, len(self._spread.noise_rates)
        rates = spread.noise_rates + spread.shared_error * rng.standard_normal(
            (n_draws, 1)
        )
        rates += spread.own_error * rng.standard_normal((n_draws, n_classes))
        rates = rates.clip(0, MAX_OF_CHANCE * (1 - 1 / n_classes))
        flips = draw_rows(spread.flips, spread.flips_error, n_draws, rng, prior=0.0)
        flips **= np.exp(spread.flips_bias * rng.standard_normal((n_draws, 1, 1)))
        flips /= flips.sum(axis=2, keepdims=True)
        return join(rates, flips)


def join(noise_rates, flips):
    """Return T from the noise rate of each class and the shares of its flips."""
    at = np.arange(flips.shape[-1])
    T = noise_rates[..., np.newaxis] * flips
    T[..., at, at] = 1 - noise_rates
    return T


def bias_of(impurity):
    """Return the error at 95 % of a noise rate, beyond that of sampling."""
    return MIN_BIAS + BIAS_OF_IMPURITY * impurity


def shrinkage_bias(impurity):
    """Return the error that what the classes differ by may have by the model."""
    return SHRINKAGE_BIAS[0] + SHRINKAGE_BIAS[1] * impurity


def share_beyond_error(difference, error, class_share, min_errors=1):
    """Return the share of the squared differences of all classes beyond their error.

    It is 0 unless they exceed `min_errors` times their error.
    """
    distance, variance = (
        class_share @ np.square(part).reshape(len(part), -1).sum(axis=1)
        for part in (difference, error)
    )
    return 0.0 if distance <= min_errors**2 * variance else 1 - variance / distance


def count_flips(ranking, y):
    """Count the wrong labels at the top of the samples predicted as each class."""
    n_classes = len(ranking.bounds) - 1
    counts = np.zeros((n_classes, n_classes))
    for i, members in ranking:
        weight, score = ranking.weight[members], ranking.score[members]
        taken = take_top(score, weight, TOP_SHARE * weight.sum())
        counts[i] = label_mass(y[ranking.samples[members]], taken, n_classes)
    np.fill_diagonal(counts, 0)
    return counts


def fit_flips(counts):
    """Return the posterior mean and error of the flips of each class by their counts."""
    n_classes = len(counts)
    off_diagonal = ~np.eye(n_classes, dtype=bool)
    counts = counts[off_diagonal].reshape(n_classes, -1)
    total = counts.sum(axis=1, keepdims=True)
    # One after another: with many classes the arrays are large.
    log_evidence = np.array(
        [
            (gammaln(counts + added) - gammaln(added)).sum()
            + (gammaln(prior) - gammaln(total + prior)).sum()
            for prior, added in zip(PRIOR_FLIPS, PRIOR_FLIPS / (n_classes - 1))
        ]
    )
    mean, square = np.zeros((2, *counts.shape))
    weights = np.exp(log_evidence - logsumexp(log_evidence))
    for weight, prior in zip(weights, PRIOR_FLIPS):
        posterior, n = counts + prior / (n_classes - 1), total + prior
        mean += weight * posterior / n
        square += weight * posterior * (posterior + 1) / (n * (n + 1))
    flips, error = np.zeros((2, n_classes, n_classes))
    flips[off_diagonal] = mean.ravel()
    error[off_diagonal] = np.sqrt((square - mean**2).clip(min=0)).ravel()
    return flips, error
