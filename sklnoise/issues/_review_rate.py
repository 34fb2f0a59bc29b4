"""What a review of some labels says of all of them."""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import Interval, StrOptions, validate_params
from sklnoise._labels import check_labels, is_missing
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise.issues._review_bounds import (
    ROUNDING,
    interval_of_wrong,
    most_wrong,
    stopping_prior,
)

PARTS = "random", "suspicious"


class Part(NamedTuple):
    """What was found in one part of a review."""

    n_checked: int
    n_wrong: int
    n_unsure: int


@validate_params(
    {
        "is_wrong": ["array-like"],
        "part": ["array-like"],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_trusted": [Interval(Integral, 0, None, closed="left")],
        "max_error_rate": [Interval(Real, 0, 1, closed="neither")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "method": [
            StrOptions({"hypergeometric", "clopper-pearson", "wilson", "sequential"})
        ],
    },
    prefer_skip_nested_validation=True,
)
def noise_rate_from_review(
    is_wrong,
    part,
    n_samples,
    *,
    n_trusted=0,
    max_error_rate=0.01,
    confidence_level=0.95,
    method="hypergeometric",
):
    """Estimate the noise rate from reviewed labels, and whether to stop reviewing.

    Nothing is assumed of the model that found the suspicious samples, or of which labels
    are wrong: only that the random part was drawn by :func:`sample_for_review`, and that
    the reviewer is right where sure.

    Parameters
    ----------
    is_wrong : array-like of shape (n_reviewed,)
        Whether each label that was picked is wrong: True or 1, False or 0; None or NaN
        where the reviewer is unsure. Random samples that were not looked at may be left
        out if they are the last ones of their part. Suspicious ones that were not looked
        at must stay, as NaN.

    part : array-like of shape (n_reviewed,)
        "random" or "suspicious", for each entry of `is_wrong`: the `part` that
        :func:`sample_for_review` returned.

    n_samples : int
        Number of samples of the whole data, trusted ones included.

    n_trusted : int, default=0
        Number of samples that were passed as `trusted` to :func:`sample_for_review`.
        Their labels count as right.

    max_error_rate : float, default=0.01
        The review may stop when fewer than this share of all labels are wrong.

    confidence_level : float, default=0.95
        Probability that the interval covers the noise rate, and at least that with which
        the statement about the labels left is true.

    method : {"hypergeometric", "clopper-pearson", "wilson", "sequential"}, \
            default="hypergeometric"
        How the ends are computed. "hypergeometric" is exact for a part of a finite number
        of samples. "clopper-pearson" ignores that they are finite, and is wider.
        "wilson" does too, and covers at the level of confidence only on average.
        "sequential" holds however often you look at the results before you stop, and is
        wider. The labels left are always bounded by "hypergeometric", or "sequential".

    Returns
    -------
    result : Bunch
        - `noise_rate` : share of wrong labels in the whole data, before any is
          corrected. Unbiased; a label of which the reviewer is unsure counts one half.
        - `low`, `high` : ends of its interval.
        - `n_wrong_found` : number of labels that were found wrong.
        - `error_rate_left` : estimated share of wrong labels once those are corrected.
        - `error_rate_left_high` : its upper bound.
        - `may_stop` : whether that bound is below `max_error_rate`.
        - `n_more` : how many more random checks will be needed, if as many of them are
          wrong as of those before; 0 if `may_stop`. Everything that is undecided if no
          smaller number will do.

    Raises
    ------
    ValueError
        If the arguments differ in length, hold anything else, or if there are more
        samples in the review than in the data; or if no random sample was reviewed and
        not all others were.

    See Also
    --------
    sample_for_review : Picks the samples.
    apply_decisions : Corrects the labels.

    Notes
    -----
    The suspicious part is known once it is reviewed. The random part was drawn from all
    other samples that are not trusted, so that the number of wrong labels in it is
    hypergeometric, and its bounds [1]_ [2]_ are those of Clopper and Pearson [3]_ for a
    finite number of samples. The number of wrong labels is the sum of both.

    A label of which the reviewer is unsure is counted as right for `low`, as wrong for
    `high`, and as wrong and left uncorrected for `error_rate_left_high`.

    The statements hold if the number of random checks was decided before the first one,
    as :func:`sample_for_review` does. To look at the results after every check, and stop
    as soon as `may_stop` is true, would make it false more often than the level says:
    use "sequential" for that. It rejects a number of wrong labels when the data are
    20 times (for 0.95) less likely under it than under a beta-binomial distribution
    [4]_. With no wrong label in the random part of large data, 350 checks are needed for
    1 in 100 and 0.95, against 299. Another review, of other samples, is another
    statement: each has a level of confidence of its own.

    References
    ----------
    .. [1] Buonaccorsi. A note on confidence intervals for proportions in finite
       populations. The American Statistician 1987.
    .. [2] Wright. Exact confidence bounds when sampling from small finite universes.
       Lecture Notes in Statistics 66, Springer 1991.
    .. [3] Clopper, Pearson. The use of confidence or fiducial limits illustrated in the
       case of the binomial. Biometrika 1934. "wilson" is: Wilson. Probable inference,
       the law of succession, and statistical inference. JASA 1927.
    .. [4] Waudby-Smith, Ramdas. Confidence sequences for sampling without replacement.
       NeurIPS 2020.

    Examples
    --------
    >>> from sklnoise.issues import noise_rate_from_review
    >>> part = ["suspicious"] * 100 + ["random"] * 300
    >>> is_wrong = [True] * 80 + [False] * 20 + [False] * 300
    >>> result = noise_rate_from_review(is_wrong, part, n_samples=1000)
    >>> print(f"{result.low:.3f} to {result.high:.3f}")
    0.080 to 0.089
    >>> print(result.may_stop, round(result.error_rate_left_high, 4))
    True 0.007
    """
    random, suspicious = count_parts(is_wrong, part)
    n_others = n_samples - n_trusted - suspicious.n_checked  # the random ones are of them
    check_counts(random, n_others, n_samples, n_trusted)
    n_known, n_unsure = suspicious.n_wrong, suspicious.n_unsure
    share = (random.n_wrong + random.n_unsure / 2) / max(random.n_checked, 1)
    n_wrong = n_known + n_unsure / 2 + share * n_others
    ends = random.n_wrong, random.n_wrong + random.n_unsure
    few, many = interval_of_wrong(
        ends, random.n_checked, n_others, confidence_level, method
    )
    rule = Rule(
        n_others,
        max_error_rate * n_samples - n_unsure,
        1 - confidence_level,
        stopping_prior(max_error_rate) if method == "sequential" else None,
    )
    left_high = n_unsure + rule.most_left(random)
    n_found = n_known + random.n_wrong
    return Bunch(
        noise_rate=n_wrong / n_samples,
        low=float((n_known + few) / n_samples),
        high=float((n_known + n_unsure + many) / n_samples),
        n_wrong_found=n_found,
        error_rate_left=(n_wrong - n_found) / n_samples,
        error_rate_left_high=left_high / n_samples,
        may_stop=rule.may_stop(random),
        n_more=count_more(rule, random, suspicious),
    )


class Rule(NamedTuple):
    """When to stop: if fewer than `limit` of the labels that were drawn from are left."""

    n_labels: int
    limit: float
    alpha: float
    prior: tuple | None = None

    def most_left(self, part):
        """Return the upper bound of the number of wrong labels left."""
        n_wrong = part.n_wrong + part.n_unsure
        most = most_wrong(n_wrong, part.n_checked, self.n_labels, self.alpha, self.prior)
        return most - part.n_wrong

    def may_stop(self, part):
        """Return whether the bound is below the limit."""
        return self.most_left(part) < self.limit - ROUNDING


def count_more(rule, random, suspicious):
    """Return how many more random checks will be needed if they turn out as before."""
    if rule.may_stop(random):
        return 0

    def will_do(n_checked):
        scale = n_checked / random.n_checked
        n_wrong, n_unsure = round(random.n_wrong * scale), round(random.n_unsure * scale)
        return rule.may_stop(Part(n_checked, n_wrong, n_unsure))

    n_unseen = rule.n_labels - random.n_checked
    low, high = random.n_checked + 1, rule.n_labels
    if not n_unseen or not will_do(high):
        return n_unseen + random.n_unsure + suspicious.n_unsure
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if will_do(middle) else (middle + 1, high)
    return high - random.n_checked


def count_parts(is_wrong, part):
    """Validate what a reviewer says, and count it in each part."""
    is_wrong, part = check_decisions(is_wrong), check_labels(part, "part")
    check_consistent_length(is_wrong, part)
    others = [name for name in part.tolist() if name not in PARTS]
    if others:
        raise ValueError(
            'part must be "random" or "suspicious" for each sample, as sample_for_review '
            f"returns it; got {list_some(others)}."
        )
    found = [is_wrong[part == name] for name in PARTS]
    return [Part(len(f), int(np.sum(f == 1)), int(np.isnan(f).sum())) for f in found]


def check_decisions(is_wrong):
    """Validate which labels are wrong; NaN where the reviewer is unsure."""
    values = np.asarray(as_numpy(is_wrong), dtype=object)
    if values.ndim != 1:
        raise ValueError(
            "is_wrong must hold one entry per reviewed sample, shape (n_reviewed,); got "
            f"shape {values.shape}."
        )
    found = np.full(len(values), np.nan)
    for at, value in enumerate(values.tolist()):
        if is_missing(value):
            continue
        if not isinstance(value, Real | np.bool_) or value not in (0, 1):
            raise ValueError(
                "is_wrong must be True, False or, where the reviewer is unsure, NaN for "
                f"each reviewed sample; entry {at} is {shorten(repr(value))}. Of "
                'decisions, it is decision.map({"right": 0, "wrong": 1}).'
            )
        found[at] = value
    return found


def check_counts(random, n_others, n_samples, n_trusted):
    """Raise a ValueError if the samples reviewed are more than there are, or too few."""
    if random.n_checked > n_others:
        raise ValueError(
            f"n_samples must be at least the number of samples that were reviewed or are "
            f"trusted; got n_samples={n_samples}, of which {n_trusted} are trusted, and "
            f"{n_samples - n_trusted - n_others + random.n_checked} that were reviewed."
        )
    if n_others and not random.n_checked:
        raise ValueError(
            f"part must hold random samples: of the {n_others} samples that are not in "
            "the suspicious part nothing is known. Review some of the random part."
        )
