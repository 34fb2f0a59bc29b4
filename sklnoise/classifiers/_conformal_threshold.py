"""Thresholds of prediction sets, from noisy labels and draws of T."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

# Share of the draws, of T and of samples, in which the coverage must be high enough.
ASSURANCE = 0.9

# Candidates that are compared at a time; the search goes on between two of them.
MAX_CANDIDATES = 1000
MAX_COUNTS = 20_000_000

# An inverse with a larger entry would let a few labels decide.
MAX_INVERSE = 100.0

# Points of the normal distribution by which the interval of a coverage is computed.
NORMAL_POINTS = ndtri((np.arange(99) + 0.5) / 99)


class Calibration(NamedTuple):
    """Samples with noisy labels, and what a label says of the clean class.

    `inverses[r, y, k]` is the weight with which, by draw r of T, a sample of code y
    counts as one of clean class k; `centre` is that of the estimate. Trusted
    samples have the codes from n_classes on.
    """

    scores: np.ndarray
    codes: np.ndarray
    sample_weight: np.ndarray
    inverses: np.ndarray
    centre: np.ndarray

    def of_class(self, k):
        """Return what calibrates the sets of one clean class."""
        return self._replace(
            scores=self.scores[:, [k]],
            inverses=self.inverses[:, :, [k]],
            centre=self.centre[:, [k]],
        )

    def without_noise(self):
        """Return what takes each noisy label for the clean class."""
        n_codes, n_classes = self.centre.shape
        centre = np.eye(n_classes)[np.arange(n_codes) % n_classes]
        return self._replace(inverses=centre[np.newaxis], centre=centre)


class Threshold(NamedTuple):
    """A threshold of the scores, and the coverage that is estimated for it."""

    value: float
    coverage: float
    interval: tuple
    is_corrected: bool


class Events(NamedTuple):
    """The classes that enter the sets as the threshold rises, in this order.

    `square` is what each adds to the sum of squares that gives the variance; the
    `start_` values are those of empty sets. Row 0 of `table` is that of the estimate.
    """

    scores: np.ndarray
    cells: np.ndarray
    sample_weight: np.ndarray
    square: np.ndarray
    table: np.ndarray
    mass: np.ndarray
    start_square: float
    n_samples: float
    level: float


def conformity_scores(y_proba, kind, predicted):
    """Score how little each class conforms to a sample.

    "lac" is 1 - p_k, "aps" the probability of all classes before k. The predicted class
    scores 0, so that no set is empty.
    """
    if kind == "lac":
        scores = 1 - y_proba
    else:
        order = np.argsort(-y_proba, axis=1, kind="stable")
        ranked = np.take_along_axis(y_proba, order, axis=1)
        scores = np.empty_like(y_proba)
        np.put_along_axis(scores, order, np.cumsum(ranked, axis=1) - ranked, axis=1)
    np.put_along_axis(scores, predicted[:, np.newaxis], 0, axis=1)
    return scores


def calibrate(scores, y, sample_weight, trusted, transition_matrix, draws):
    """Put together what thresholds are found from; None where T cannot be inverted."""
    n_classes = len(transition_matrix)
    centre = invert_all(transition_matrix[np.newaxis])[0]
    if np.isnan(centre).any():
        return None
    inverses, codes = invert_all(draws), y
    if trusted.any():
        codes, known = y + n_classes * trusted, np.eye(n_classes)
        centre = np.concatenate([centre, known])
        known = np.broadcast_to(known, inverses.shape)
        inverses = np.concatenate([inverses, known], axis=1)
    return Calibration(scores, codes, sample_weight, inverses, centre)


def invert_all(matrices):
    """Invert transition matrices, to NaN where that would let a few labels decide."""
    inverses = np.full(matrices.shape, np.nan)
    for number, T in enumerate(matrices):
        try:
            inverse = np.linalg.inv(T)
        except np.linalg.LinAlgError:
            continue
        if np.abs(inverse).max() <= MAX_INVERSE:
            inverses[number] = inverse
    return inverses


def choose_threshold(calibration, level):
    r"""Choose the threshold whose clean coverage is high enough.

    By a draw of T, :math:`b_{nk} = T^{-1}[y_n, k]` has, over the noise, expectation 1 for
    the clean class and 0 for others. The excess of coverage at threshold t,

    .. math:: G(t) = \sum_n w_n \sum_k b_{nk} (1\{s_{nk} \le t\} - level) - level,

    is therefore unbiased, but for its last term: the sample to come, counted as one that
    is not covered as in split-conformal prediction. A threshold holds if G >= 0 has a
    probability of at least `ASSURANCE`: that of a normal variable with the variance of
    the sum, averaged over the draws. The smallest threshold from which on all hold is
    the corrected one (Sesia, Wang, Tong 2023, with the margin of the draws).

    Without correction the noise usually makes sets too large (Einbinder et al. 2024). So
    the uncorrected threshold is the largest, unless more draws than not deny it.
    """
    corrected = find_events(calibration, level)
    value = smallest_threshold(corrected)
    plain = smallest_threshold(find_events(calibration.without_noise(), level))
    is_capped = value > plain and probability_to_hold(corrected, plain) >= 0.5
    value = plain if is_capped else value
    return Threshold(value, *estimate_coverage(corrected, value), not is_capped)


def find_events(calibration, level):
    """Sort the events, with their part in the excess and in its variance."""
    scores, codes, weight, inverses, centre = calibration
    n_columns = scores.shape[1]
    order = np.argsort(scores, axis=1, kind="stable")
    total = centre.sum(axis=1)[codes]
    # The excess of each sample as its classes enter one after another.
    entering = np.take_along_axis(centre[codes], order, axis=1)
    after = np.cumsum(entering, axis=1) - level * total[:, np.newaxis]
    square = weight[:, np.newaxis] * (after**2 - (after - entering) ** 2)
    cells = codes[:, np.newaxis] * n_columns + order
    values = np.take_along_axis(scores, order, axis=1).ravel()
    by_score = np.argsort(values, kind="stable")
    table = np.concatenate([centre[np.newaxis], inverses])
    mass = np.bincount(codes, weight, minlength=len(centre))
    return Events(
        values[by_score],
        cells.ravel()[by_score],
        np.repeat(weight, n_columns)[by_score],
        np.cumsum(square.ravel()[by_score]),
        table.reshape(len(table), -1),
        table.sum(axis=2) @ mass,
        level**2 * (weight @ total**2 + 1),
        weight.sum() + 1,
        level,
    )


def smallest_threshold(events):
    """Return the smallest threshold from which on all hold, infinity if there is none."""
    first, last, value = 0, len(events.scores), np.inf
    n_candidates = min(MAX_CANDIDATES, max(2, MAX_COUNTS // events.table.shape[1]))
    while last > first:
        ends = np.linspace(first, last, n_candidates + 1)[1:].astype(int)
        values = np.unique(events.scores[ends[ends > first] - 1])
        ends = np.searchsorted(events.scores, values, side="right")
        fails = np.flatnonzero(probability(events, first, ends) < ASSURANCE)
        found = fails[-1] + 1 if len(fails) else 0
        if found == len(ends):
            break
        value, last = values[found], ends[found]
        first = ends[found - 1] if found else first
        if events.scores[first] == value:
            break
    return float(value)


def probability_to_hold(events, threshold):
    """Return the probability that the coverage at a threshold is high enough."""
    end = np.searchsorted(events.scores, threshold, side="right")
    return probability(events, 0, np.array([end]))[0]


def probability(events, first, ends):
    """Return the probabilities of G >= 0 at the ends of several runs of events."""
    covered = covered_mass(events, first, ends)
    excess = covered - events.level * (events.mass + 1)
    deviation = standard_deviation(events, ends, excess[:, 0])
    holds = ndtr(excess[:, 1:] / deviation[:, np.newaxis])
    return np.nan_to_num(holds).mean(axis=1)  # NaN: nothing is known by this draw


def covered_mass(events, first, ends):
    """Return the mass that is covered at several ends, by each draw."""
    n_cells = events.table.shape[1]
    counts = np.bincount(
        events.cells[:first], events.sample_weight[:first], minlength=n_cells
    )
    between = slice(first, ends[-1])
    interval = np.searchsorted(ends, np.arange(first, ends[-1]), side="right")
    steps = np.bincount(
        interval * n_cells + events.cells[between],
        events.sample_weight[between],
        minlength=len(ends) * n_cells,
    ).reshape(len(ends), n_cells)
    steps[0] += counts
    return np.cumsum(steps, axis=0, out=steps) @ events.table.T


def standard_deviation(events, ends, excess):
    """Return the standard deviation of G, at the estimate of T."""
    square = np.where(ends > 0, events.square[ends - 1], 0) + events.start_square
    variance = square - excess**2 / events.n_samples
    return np.sqrt(np.maximum(variance, np.finfo(float).tiny))


def estimate_coverage(events, threshold):
    """Estimate the clean coverage at a threshold, and its 95 % interval."""
    end = np.searchsorted(events.scores, threshold, side="right")
    if end == len(events.scores) or not events.mass[0] > 0:  # all classes are covered
        return 1.0, (1.0, 1.0)
    ends = np.array([end])
    covered = covered_mass(events, 0, ends)[0]
    excess = covered[:1] - events.level * (events.mass[0] + 1)
    error = standard_deviation(events, ends, excess)[0] / events.mass[0]
    usable = events.mass > 0  # neither NaN
    coverage = covered[usable] / events.mass[usable]
    spread = (coverage[1:, np.newaxis] + error * NORMAL_POINTS).ravel()
    low, high = np.quantile(spread, [0.025, 0.975]) if len(spread) else (0, 1)
    coverage, low, high = np.clip([coverage[0], low, high], 0, 1)
    return float(coverage), (float(low), float(high))
