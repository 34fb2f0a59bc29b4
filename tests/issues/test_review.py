"""A review says how many labels are wrong, and is right as often as it claims."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import betabinom, binomtest, hypergeom

from sklnoise.issues import noise_rate_from_review, sample_for_review

METHODS = ["hypergeometric", "clopper-pearson", "wilson", "sequential"]


def review_of_pile(n_wrong, n_checked, n_labels, **options):
    """Return the result of a review that consists of its random part."""
    is_wrong = np.arange(n_checked) < n_wrong
    return noise_rate_from_review(is_wrong, ["random"] * n_checked, n_labels, **options)


def tail_areas(n_wrong, n_checked, n_labels):
    """Return P(at most so many) and P(at least so many) for each number in the pile."""
    numbers = np.arange(n_labels + 1)
    few = [hypergeom(n_labels, k, n_checked).cdf(n_wrong) for k in numbers]
    many = [hypergeom(n_labels, k, n_checked).sf(n_wrong - 1) for k in numbers]
    return np.array(few), np.array(many)


# What is picked


def test_parts_are_disjoint_and_leave_trusted_samples_out():
    rng = np.random.default_rng(0)
    quality, trusted = rng.random(500), rng.random(500) < 0.3
    review = sample_for_review(
        quality, n_random=40, n_suspicious=30, trusted=trusted, random_state=0
    )
    assert len(set(review.rows)) == review.n_checks == 70
    assert not trusted[review.rows].any()
    assert_array_equal(review.rows[review.part == "random"], review.random)
    assert_array_equal(review.rows[review.part == "suspicious"], review.suspicious)


def test_suspicious_samples_have_the_lowest_quality_the_worst_first():
    quality = np.random.default_rng(0).random(200)
    review = sample_for_review(quality, n_random=10, n_suspicious=30, random_state=0)
    assert_array_equal(review.suspicious, np.argsort(quality)[:30])


def test_random_part_is_uniform_over_all_other_samples():
    quality = np.linspace(0, 1, 20)
    rng, counts = np.random.RandomState(0), np.zeros(20)
    for _ in range(3000):
        review = sample_for_review(quality, n_random=5, n_suspicious=4, random_state=rng)
        counts[review.random] += 1
    assert not counts[:4].any()
    expected = 3000 * 5 / 16
    assert np.abs(counts[4:] - expected).max() < 4.5 * np.sqrt(expected * 11 / 16)


def test_larger_random_part_goes_on_with_the_same_order():
    quality = np.random.default_rng(0).random(300)
    small, large = (
        sample_for_review(quality, n_random=n, n_suspicious=20, random_state=7).random
        for n in (50, 90)
    )
    assert_array_equal(large[:50], small)


@pytest.mark.parametrize(("n_wrong", "n_needed"), [(0, 299), (1, 473)])
def test_plan_for_large_data_is_that_of_the_binomial(n_wrong, n_needed):
    n_labels = 10**6
    enough = review_of_pile(n_wrong, n_needed, n_labels)
    one_less = review_of_pile(n_wrong, n_needed - 1, n_labels)
    assert enough.may_stop
    assert not one_less.may_stop
    assert one_less.n_more == 1


def test_finite_data_need_fewer_checks():
    quality = np.where(np.arange(1000) < 100, 0.0, 1.0)
    review = sample_for_review(quality, random_state=0)
    probability = [hypergeom(900, 10, n).cdf(0) for n in range(901)]
    assert len(review.suspicious) == 100
    assert len(review.random) == np.flatnonzero(np.array(probability) <= 0.05)[0] < 299
    assert review.n_wrong_expected == 100
    assert review.stop_probability == 1


@pytest.mark.parametrize("sequential", [False, True])
def test_plan_lets_the_review_stop_as_often_as_it_says(sequential):
    rng = np.random.default_rng(0)
    quality = np.where(rng.random(1500) < 0.1, 0.15, 0.997)
    review = sample_for_review(quality, sequential=sequential, random_state=0)
    method = "sequential" if sequential else "hypergeometric"
    assert review.stop_probability >= 0.9
    for n_wrong in (review.n_wrong_allowed, review.n_wrong_allowed + 1):
        is_wrong = (review.part == "random").cumsum() <= n_wrong
        is_wrong &= review.part == "random"
        result = noise_rate_from_review(is_wrong, review.part, 1500, method=method)
        assert result.may_stop == (n_wrong == review.n_wrong_allowed)


def test_review_of_given_size_spends_the_rest_on_suspicious_samples():
    quality = np.where(np.arange(3000) % 10 == 0, 0.1, 0.999)
    planned = sample_for_review(quality, random_state=0)
    fewer = sample_for_review(quality, n_random=len(planned.random), random_state=0)
    assert fewer.n_checks <= planned.n_checks
    assert fewer.stop_probability >= 0.9


@pytest.mark.parametrize("trusted", [None, np.ones(4, bool)])
def test_plan_of_tiny_data_is_to_look_at_all_that_is_not_trusted(trusted):
    review = sample_for_review([0.5, 0.9, 1, 0], trusted=trusted, random_state=0)
    assert review.n_checks == (4 if trusted is None else 0)
    assert review.stop_probability == 1


# What follows from it


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("n_wrong", "n_checked"), [(0, 30), (1, 30), (12, 30), (30, 30)])
def test_interval_is_what_the_hypergeometric_tails_leave(n_wrong, n_checked, level):
    result = review_of_pile(n_wrong, n_checked, 80, confidence_level=level)
    few, many = tail_areas(n_wrong, n_checked, 80)
    kept = np.flatnonzero((few > (1 - level) / 2) & (many > (1 - level) / 2))
    assert (result.low, result.high) == (kept[0] / 80, kept[-1] / 80)
    left = np.flatnonzero(few > 1 - level)[-1] - n_wrong
    assert result.error_rate_left_high == left / 80


@pytest.mark.parametrize(
    ("method", "name"), [("clopper-pearson", "exact"), ("wilson", "wilson")]
)
@pytest.mark.parametrize("n_wrong", [0, 3, 200])
def test_interval_of_a_rate_is_that_of_scipy(method, name, n_wrong):
    result = review_of_pile(n_wrong, 200, 10**8, method=method)
    expected = binomtest(n_wrong, 200).proportion_ci(0.95, name)
    np.testing.assert_allclose((result.low, result.high), expected, atol=3e-6)


def test_sequential_interval_is_what_the_likelihood_ratio_leaves():
    result = review_of_pile(4, 25, 70, method="sequential")
    ratios = hypergeom(70, np.arange(71), 25).pmf(4) / betabinom(25, 1, 1).pmf(4)
    kept = np.flatnonzero(ratios > 0.05)
    assert (result.low, result.high) == (kept[0] / 70, kept[-1] / 70)


@pytest.mark.parametrize("method", ["hypergeometric", "clopper-pearson", "sequential"])
def test_interval_covers_whatever_the_number_of_wrong_labels(method):
    n_labels, n_checked = 60, 25
    found = np.arange(n_checked + 1)
    results = [review_of_pile(k, n_checked, n_labels, method=method) for k in found]
    low, high = np.array([(r.low, r.high) for r in results]).T * n_labels
    for n_wrong in range(n_labels + 1):
        covers = (low <= n_wrong + 1e-9) & (n_wrong <= high + 1e-9)
        pmf = hypergeom(n_labels, n_wrong, n_checked).pmf(found)
        assert pmf @ covers >= 0.95


def test_bound_of_what_is_left_is_true_as_often_as_it_says():
    n_labels, n_checked = 60, 25
    found = np.arange(n_checked + 1)
    bounds = [
        review_of_pile(k, n_checked, n_labels).error_rate_left_high * n_labels
        for k in found
    ]
    for n_wrong in range(n_labels + 1):
        pmf = hypergeom(n_labels, n_wrong, n_checked).pmf(found)
        assert pmf @ (n_wrong - found <= np.array(bounds) + 1e-9) >= 0.95


@pytest.mark.parametrize("method", METHODS)
def test_noise_rate_is_unbiased_and_inside_its_interval(method):
    found = np.arange(21)
    results = [review_of_pile(k, 20, 90, method=method) for k in found]
    assert all(r.low <= r.noise_rate <= r.high for r in results)
    rates = np.array([r.noise_rate for r in results])
    for n_wrong in (0, 7, 50):
        pmf = hypergeom(90, n_wrong, 20).pmf(found)
        assert pmf @ rates == pytest.approx(n_wrong / 90)


def test_review_keeps_its_level_over_simulated_reviews():
    missed, stopped_wrongly = 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        is_wrong = rng.permutation(800) < 44
        quality = np.where(is_wrong, 0.3, 0.7) + rng.normal(0, 0.1, 800)
        review = sample_for_review(
            quality.clip(0, 1), n_random=300, n_suspicious=40, random_state=seed
        )
        result = noise_rate_from_review(is_wrong[review.rows], review.part, 800)
        missed += not result.low <= is_wrong.mean() <= result.high
        is_left = is_wrong.sum() - result.n_wrong_found >= 8
        stopped_wrongly += result.may_stop and is_left
    assert missed <= 0.06 * 200
    assert stopped_wrongly <= 0.05 * 200


def false_stops(method, looks, n_wrong):
    """Return how often a review stops at one of the looks though too much is left."""
    orders = np.random.default_rng(0).permuted(
        np.tile(np.arange(800) < n_wrong, (2000, 1)), axis=1
    )
    stopped = np.zeros(2000, bool)
    for n_checked in looks:
        found = orders[:, :n_checked].sum(axis=1)
        for k in np.unique(found[n_wrong - found >= 8]):
            if review_of_pile(k, n_checked, 800, method=method).may_stop:
                stopped |= found == k
    return stopped.mean()


@pytest.mark.parametrize("n_wrong", [8, 9, 12])
def test_only_a_sequential_review_may_be_looked_at_often(n_wrong):
    looks = range(100, 800, 20)
    assert false_stops("sequential", looks, n_wrong) <= 0.05
    assert false_stops("hypergeometric", [300], n_wrong) <= 0.06
    if n_wrong > 8:  # one wrong label of those found does not end the review
        assert false_stops("hypergeometric", looks, n_wrong) > 0.05


# Reviewers who are unsure, and reviews that are not over


def test_unsure_label_counts_as_right_at_one_end_and_wrong_at_the_other():
    part = ["suspicious"] * 10 + ["random"] * 100
    unsure = [1, np.nan] + [0] * 8 + [1, None] + [0] * 98
    ends = [[value if value in (0, 1) else end for value in unsure] for end in (0, 1)]
    result = noise_rate_from_review(unsure, part, 1000)
    right, wrong = (noise_rate_from_review(values, part, 1000) for values in ends)
    assert (result.low, result.high) == (right.low, wrong.high)
    assert result.noise_rate == pytest.approx((right.noise_rate + wrong.noise_rate) / 2)
    # Wrong, but nobody corrects it.
    assert result.error_rate_left_high == pytest.approx(wrong.error_rate_left_high + 2e-3)


def test_review_never_stops_while_too_many_labels_are_unsure():
    part = ["suspicious"] * 10 + ["random"] * 990
    result = noise_rate_from_review([None] * 10 + [False] * 990, part, 1000)
    assert not result.may_stop
    assert result.n_more == 10


def test_share_of_exactly_the_rate_is_not_fewer():
    part = ["suspicious"] * 700
    for n_unsure, may_stop in ((7, False), (6, True)):
        is_wrong = [None] * n_unsure + [False] * (700 - n_unsure)
        assert noise_rate_from_review(is_wrong, part, 700).may_stop == may_stop


def test_trusted_samples_count_as_right():
    is_wrong, part = [True] * 5 + [False] * 45, ["random"] * 50
    alone = noise_rate_from_review(is_wrong, part, 200)
    result = noise_rate_from_review(is_wrong, part, 1000, n_trusted=800)
    for name in ("noise_rate", "low", "high", "error_rate_left_high"):
        assert result[name] == pytest.approx(alone[name] / 5)


def test_review_of_everything_leaves_no_doubt():
    is_wrong = np.arange(50) % 5 == 0
    for method in METHODS:
        part = np.where(np.arange(50) < 20, "suspicious", "random")
        result = noise_rate_from_review(is_wrong, part, 50, method=method)
        assert result.low == result.noise_rate == result.high == 0.2
        assert result.error_rate_left_high == 0
        assert result.may_stop


@pytest.mark.parametrize("method", ["hypergeometric", "sequential"])
def test_expected_checks_are_enough_if_they_turn_out_as_before(method):
    result = review_of_pile(1, 200, 5000, method=method)
    n_checked = 200 + result.n_more
    assert review_of_pile(round(n_checked / 200), n_checked, 5000, method=method).may_stop


# Wrong input


@pytest.mark.parametrize(
    ("is_wrong", "part", "n_samples", "message"),
    [
        ([0, 1], ["random"], 10, "inconsistent numbers"),
        ([0, 2], ["random"] * 2, 10, "entry 1 is 2"),
        (["right"], ["random"], 10, "decision.map"),
        ([[0, 1]], ["random"], 10, "shape"),
        ([0, 1], ["random", "others"], 10, "others"),
        ([0] * 11, ["random"] * 11, 10, "11 that were reviewed"),
        ([0] * 3, ["suspicious"] * 3, 10, "7 samples"),
        ([0], ["random"], 0, "n_samples"),
        ([0], ["random"], 1.5, "n_samples"),
    ],
)
def test_wrong_review_is_refused(is_wrong, part, n_samples, message):
    with pytest.raises(ValueError, match=message):
        noise_rate_from_review(is_wrong, part, n_samples)


@pytest.mark.parametrize(
    ("quality", "options", "message"),
    [
        ([0.5, np.nan], {}, "NaN"),
        ([0.5, 1.5], {}, "between 0 and 1"),
        ([[0.5, 0.5]], {}, "shape"),
        ([0.5, 0.5], {"n_random": 2, "n_suspicious": 1}, "at most the 2 samples"),
        ([0.5, 0.5], {"trusted": [True]}, "mask"),
        ([0.5, 0.5], {"max_error_rate": 0}, "max_error_rate"),
        ([0.5, 0.5], {"n_random": -1}, "n_random"),
    ],
)
def test_wrong_quality_or_size_is_refused(quality, options, message):
    with pytest.raises(ValueError, match=message):
        sample_for_review(quality, **options)
