"""Which labels to review: the most suspicious ones, and a random part of all others."""

from numbers import Integral, Real

import numpy as np
from scipy.stats import hypergeom
from sklearn.utils import Bunch

from sklnoise._compat import Interval, validate_params
from sklnoise._validation import check_numbers, check_rng, check_trusted
from sklnoise.issues._review_bounds import ROUNDING, checks_needed, stopping_prior

# With which the planned checks are enough, if the qualities are right.
MIN_PROBABILITY = 0.9

# Numbers of wrong labels in the random part that are planned for.
WRONG_FOUND = *range(10), 10, 12, 15, 20, 25, 30, 40, 50, 70, 100, 150, 200

# Sizes of the suspicious part that are tried at once.
N_SIZES = 20


@validate_params(
    {
        "quality": ["array-like"],
        "n_random": [Interval(Integral, 0, None, closed="left"), None],
        "n_suspicious": [Interval(Integral, 0, None, closed="left"), None],
        "max_error_rate": [Interval(Real, 0, 1, closed="neither")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "trusted": ["array-like", None],
        "sequential": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def sample_for_review(
    quality,
    *,
    n_random=None,
    n_suspicious=None,
    max_error_rate=0.01,
    confidence_level=0.95,
    trusted=None,
    sequential=False,
    random_state=None,
):
    """Pick the samples whose labels a person should review.

    These are the samples of lowest quality, where most wrong labels are, and a random
    part of all others, which shows how many were missed. Once they are reviewed,
    :func:`noise_rate_from_review` estimates the noise rate and tells whether to stop,
    and :func:`apply_decisions` corrects the labels.

    Parameters
    ----------
    quality : array-like of shape (n_samples,)
        Probability that each label is right, as of
        :func:`~sklnoise.label_quality_scores`. It says what to review, and how much; no
        guarantee depends on it.

    n_random : int, default=None
        Size of the random part. None plans it, see the notes.

    n_suspicious : int, default=None
        Size of the suspicious part. None plans it.

    max_error_rate : float, default=0.01
        The review is planned to show that fewer than this share of all labels are wrong
        once those that it finds are corrected.

    confidence_level : float, default=0.95
        Probability with which that statement must be true.

    trusted : array-like of shape (n_samples,), default=None
        Mask of the samples whose label is known to be right. They are not picked.

    sequential : bool, default=False
        Whether the results will be looked at before all is reviewed, by
        `noise_rate_from_review(..., method="sequential")`, which takes more checks.

    random_state : int, RandomState instance or None, default=None
        Draws the random part. With the same integer and the same `n_suspicious` a larger
        `n_random` adds samples at its end.

    Returns
    -------
    review : Bunch
        - `rows` : positions of the samples to review: the suspicious ones, the worst
          first, then the random ones in the order in which they were drawn. Review each
          part in this order.
        - `part` : "suspicious" or "random", for each of `rows`.
        - `suspicious`, `random` : the positions in each part.
        - `n_checks` : number of samples to review.
        - `n_wrong_expected` : number of wrong labels expected among them, by the
          qualities.
        - `n_wrong_allowed` : with up to so many wrong labels in the random part, and none
          of which the reviewer is unsure, the review may stop; -1 if even none is too
          many.
        - `stop_probability` : probability that there are not more, by the qualities.

    Raises
    ------
    ValueError
        If the qualities are no probabilities, the mask does not fit, or more samples are
        asked for than there are.

    See Also
    --------
    noise_rate_from_review : The noise rate, and whether to stop.
    apply_decisions : Corrects the labels.
    sklnoise.find_label_issues : Suspicious samples without a random part.

    Notes
    -----
    The random part is drawn uniformly and without replacement from the samples that are
    neither trusted nor in the suspicious part. All statements about those are thus exact,
    however wrong the qualities are; and no check is spent on samples that are reviewed
    anyway.

    To be sure of 0.95 that fewer than 1 in 100 of many labels are wrong takes 299 random
    checks if none of them is wrong, 473 if one is. The plan takes the qualities for
    right: for each size of the suspicious part, it finds the least number of random
    checks with which the review may stop with a probability of 0.9, and takes the size
    for which both together are fewest. Where the qualities are too low, more is reviewed
    than necessary; where they are too high, the review may have to go on.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.issues import sample_for_review
    >>> quality = np.where(np.arange(2000) % 10 == 0, 0.1, 0.999)
    >>> review = sample_for_review(quality, random_state=0)
    >>> print(len(review.suspicious), len(review.random), review.n_wrong_allowed)
    200 371 1
    """
    quality = check_quality(quality)
    n_samples = len(quality)
    is_trusted = np.zeros(n_samples, bool)
    if trusted is not None:
        is_trusted = check_trusted(trusted, n_samples)
    candidates = np.flatnonzero(~is_trusted)
    check_sizes(n_suspicious, n_random, len(candidates))
    worst_first = candidates[np.argsort(quality[candidates], kind="stable")]
    plan = Plan(
        1 - quality[worst_first],
        max_error_rate * n_samples,
        1 - confidence_level,
        stopping_prior(max_error_rate) if sequential else None,
    )
    n_suspicious, n_random = plan.sizes(n_suspicious, n_random)
    suspicious, others = np.split(worst_first, [n_suspicious])
    # In order of position, so that what is drawn does not depend on the qualities.
    random = check_rng(random_state).permutation(np.sort(others))[:n_random]
    rows = np.concatenate([suspicious, random])
    n_allowed, probability = plan.outlook(n_suspicious, n_random)
    return Bunch(
        rows=rows,
        part=np.repeat(["suspicious", "random"], [len(suspicious), len(random)]),
        suspicious=suspicious,
        random=random,
        n_checks=len(rows),
        n_wrong_expected=plan.wrong_expected(n_suspicious, n_random),
        n_wrong_allowed=n_allowed,
        stop_probability=probability,
    )


class Plan:
    """Sizes of both parts of a review, from the probabilities that labels are wrong."""

    def __init__(self, p_wrong, limit, alpha, prior):
        self.n_labels, self.alpha, self.prior = len(p_wrong), alpha, prior
        self.n_many = max(int(np.ceil(limit - ROUNDING)), 1)
        # The number of wrong labels expected in a suspicious part of each size.
        self.expected = np.concatenate([[0.0], np.cumsum(p_wrong, dtype=np.float64)])

    def sizes(self, n_suspicious, n_random):
        """Return the sizes of both parts, planned where they are None."""
        if n_suspicious is None:
            n_suspicious = self.best_suspicious(n_random)
        if n_random is None:
            n_random = self.random_checks(np.array([n_suspicious]))[0]
        return int(n_suspicious), int(min(n_random, self.n_labels - n_suspicious))

    def best_suspicious(self, n_random):
        """Return the size of the suspicious part with which the review is shortest."""
        low, high, best, step = 0, self.n_labels, 0, self.n_labels + 1
        while step > 1:
            tried = np.unique(np.linspace(low, high, N_SIZES).round().astype(int))
            needed = self.random_checks(tried)
            total = tried + needed
            if n_random is not None and (needed <= n_random).any():
                total = np.where(needed <= n_random, tried, np.inf)
            best, step = tried[total.argmin()], (high - low) // (N_SIZES - 1)
            low, high = max(best - step, 0), min(best + step, self.n_labels)
        return best

    def random_checks(self, n_suspicious):
        """Return the number of random checks for each size of the suspicious part."""
        n_others, n_wrong = self.others(n_suspicious)
        needed, open_ = n_others.copy(), np.arange(len(n_others))
        for n_found in WRONG_FOUND:
            n_left, n_many = n_others[open_], self.n_many + n_found
            n_checked = checks_needed(n_found, n_left, n_many, self.alpha, self.prior)
            enough = hypergeom.cdf(n_found, n_left, n_wrong[open_], n_checked)
            done = (enough >= MIN_PROBABILITY) | (n_checked >= n_left)
            needed[open_[done]], open_ = n_checked[done], open_[~done]
            if not len(open_):
                break
        return needed

    def others(self, n_suspicious):
        """Return how many samples are not suspicious, and how many of them are wrong."""
        n_wrong = np.ceil(self.expected[-1] - self.expected[n_suspicious] - ROUNDING)
        return self.n_labels - n_suspicious, n_wrong.astype(int)

    def outlook(self, n_suspicious, n_random):
        """Return how many may be wrong in the random part, and how likely that is."""
        n_others, n_wrong = self.others(n_suspicious)
        low, high = -1, n_random
        while low < high:
            found = (low + high + 1) // 2
            arguments = found, n_others, self.n_many + found, self.alpha, self.prior
            is_enough = checks_needed(*arguments) <= n_random
            low, high = (found, high) if is_enough else (low, found - 1)
        if not n_random:
            return low, float(low == 0)
        return low, float(hypergeom.cdf(low, n_others, n_wrong, n_random))

    def wrong_expected(self, n_suspicious, n_random):
        """Return the number of wrong labels that the review is expected to find."""
        found = self.expected[n_suspicious]
        n_others = self.n_labels - n_suspicious
        share = n_random / n_others if n_others else 0.0
        return float(found + share * (self.expected[-1] - found))


def check_quality(quality):
    """Validate the probabilities that labels are right."""
    quality = check_numbers(quality, "quality", ensure_2d=False, dtype=np.float64)
    if quality.ndim != 1 or quality.min() < 0 or quality.max() > 1:
        raise ValueError(
            "quality must hold the probability that the label is right for each sample, "
            f"shape (n_samples,), between 0 and 1; got shape {quality.shape}, from "
            f"{quality.min():.4g} to {quality.max():.4g}. Use label_quality_scores."
        )
    return quality


def check_sizes(n_suspicious, n_random, n_candidates):
    """Raise a ValueError if more samples are asked for than there are."""
    n_asked = (n_suspicious or 0) + (n_random or 0)
    if n_asked > n_candidates:
        raise ValueError(
            f"n_random and n_suspicious must be at most the {n_candidates} samples that "
            f"are not trusted, together; got n_random={n_random}, "
            f"n_suspicious={n_suspicious}."
        )
