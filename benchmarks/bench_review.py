"""Claim: a review is right about the labels as often as it says, and takes few checks.

Three public tables with 5 and 15 % of the labels flipped, at most 4000 samples each; the
quality is that of out-of-fold probabilities of boosted trees. 40 reviews of each of five
draws of the noise, 200 per cell, by three ways of checking labels:

"planned": the sizes that `sample_for_review` plans, looked at once.
"sequential": the same for a sequential review, looked at after every 20 random checks.
"random": labels in random order, without a model. `checks_equal` is the number of checks
until as few wrong labels are left as the planned review leaves, `checks` the smallest
number for the same statement as the others if as many are found wrong as expected, which
takes the noise rate for known.

    SKLNOISE_DATA=... python -m benchmarks.bench_review --jobs 2
"""

import argparse
from functools import cache
from itertools import chain, product
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks._labelled_data import flipped_labels, predict_held_out
from sklnoise.issues import (
    label_quality_scores,
    noise_rate_from_review,
    sample_for_review,
)

RESULTS = Path(__file__).parent / "results"
TABLES = "letters", "dry_bean", "adult"
FLIPS = "symmetric .05", "symmetric .15"
SEEDS, REVIEWS, STEP = 5, 40, 20
MAX_ERROR_RATE = 0.01


def count(n_samples, n_suspicious, n_wrong_suspicious, n_random, n_wrong_random, method):
    """Return the result of a review from the numbers of wrong labels found."""
    is_wrong = np.concatenate(
        [
            np.arange(n_suspicious) < n_wrong_suspicious,
            np.arange(n_random) < n_wrong_random,
        ]
    )
    part = np.repeat(["suspicious", "random"], [n_suspicious, n_random])
    return noise_rate_from_review(is_wrong, part, n_samples, method=method)


def follow(is_wrong, review, method, look):
    """Return the result of a review and the number of checks that it took."""
    n_suspicious, n_random = len(review.suspicious), len(review.random)
    n_wrong = int(is_wrong[review.suspicious].sum())
    found = is_wrong[review.random].cumsum()
    looks = [n_random]
    if method == "sequential":
        looks = [*range(STEP, n_random, STEP), n_random]
    for checked in looks:
        n_found = int(found[checked - 1])
        result = look(len(is_wrong), n_suspicious, n_wrong, checked, n_found, method)
        if result.may_stop:
            break
    return result, n_suspicious + checked


def describe(result, is_wrong, checks):
    """Return what a review said, and whether it was right."""
    rate, n_left = is_wrong.mean(), is_wrong.sum() - result.n_wrong_found
    left = n_left / len(is_wrong)
    return {
        "checks": checks,
        "found": result.n_wrong_found,
        "left": left,
        "noise_rate": result.noise_rate,
        "covers": result.low <= rate <= result.high,
        "width": result.high - result.low,
        "stops": result.may_stop,
        "stops_wrongly": result.may_stop and left >= MAX_ERROR_RATE,
        "bound_is_true": left <= result.error_rate_left_high,
    }


def random_checks(is_wrong, look):
    """Return the least number of random checks with which a review may stop."""
    low, high = 1, len(is_wrong)
    while low < high:
        middle = (low + high) // 2
        found = round(middle * is_wrong.mean())
        if look(len(is_wrong), 0, 0, middle, found, "hypergeometric").may_stop:
            high = middle
        else:
            low = middle + 1
    return high


def measure(data, flips, seed):
    """Review one draw of the noise many times, by each way of checking."""
    X, y, y_noisy = flipped_labels(data, flips, seed)
    y_proba = predict_held_out(X, y_noisy, "boosting", seed)
    quality = label_quality_scores(y_noisy, y_proba)
    is_wrong, n_samples, look = y != y_noisy, len(y), cache(count)
    # The sizes are planned once: they are the same for all reviews.
    sizes = {"random": (0, random_checks(is_wrong, look))}
    for way in ("planned", "sequential"):
        review = sample_for_review(quality, sequential=way == "sequential")
        sizes[way] = len(review.suspicious), len(review.random)
    rows = []
    for number in range(REVIEWS):
        cell = {"data": data, "noise": flips, "n_samples": n_samples, "seed": seed}
        cell |= {"wrong": is_wrong.mean(), "review": number}
        for way, (n_suspicious, n_random) in sizes.items():
            review = sample_for_review(
                quality,
                n_suspicious=n_suspicious,
                n_random=n_random,
                random_state=number,
            )
            method = "sequential" if way == "sequential" else "hypergeometric"
            result, checks = follow(is_wrong, review, method, look)
            rows.append(cell | {"way": way} | describe(result, is_wrong, checks))
        order = np.random.default_rng(number).permutation(n_samples)
        n_left = is_wrong.sum() - is_wrong[order].cumsum()
        random, planned, _ = rows[-3:]
        left = planned["left"] * n_samples
        random["checks_equal"] = 1 + np.flatnonzero(n_left <= left + 0.5)[0]
    return rows


def show():
    """Print the means of each cell, and write them."""
    frame = pd.read_csv(RESULTS / "review.csv")
    columns = ["n_samples", "wrong", "checks", "checks_equal", "left", "width"]
    columns += ["covers", "stops", "stops_wrongly", "bound_is_true"]
    table = frame.groupby(["data", "noise", "way"], sort=False)[columns].mean().round(4)
    table.to_csv(RESULTS / "review_table.csv")
    print(table.to_string())
    print(frame.groupby("way")[columns[6:]].agg(["mean", "count"]).round(4).to_string())


def main():
    """Run all cells, write the CSV and print the table of means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="only print the table")
    args = parser.parse_args()
    if not args.show:
        cells = product(TABLES, FLIPS, range(SEEDS))
        rows = Parallel(args.jobs)(delayed(measure)(*cell) for cell in cells)
        frame = pd.DataFrame(chain.from_iterable(rows))
        frame.to_csv(RESULTS / "review.csv", index=False, float_format="%.5g")
    show()


if __name__ == "__main__":
    main()
