"""Claim: the consensus of a crowd is better than crowd-kit's, and takes no longer.

"speed": time of DawidSkene from a long table to the consensus and the matrices of the
annotators, against crowd-kit's DawidSkene, for 10 000 samples and 2500 annotators with 50
answers each, in interleaved rounds; and the memory of each at its peak, once. The
summary with its intervals, which crowd-kit has not, is a row of its own, without a limit.

"consensus": share of right consensus labels on simulated crowds, against the models of
crowd-kit that need no features, and how often the intervals of the annotators' accuracy
hold the true one. Six kinds of crowds, three sizes; the CSV has
one seed, as GLAD and MACE take most of five minutes for each. Wawa and ZeroBasedSkill
of crowd-kit 1.4 fail with scikit-learn 1.7 and later.

"intervals": how often 95 % intervals of the accuracy, and of the entries of T between .02
and .98, hold the true one, and how wide they are, for 5, 20 and 50 annotators and 2, 3
and 5 answers of each sample. The seeds are not those on which the intervals were chosen.

crowd-kit is not among the extras, as it needs transformers and nltk; what is used of it
runs without transformers.

    pip install --no-deps crowd-kit attrs nltk tqdm click regex
    python -m benchmarks.bench_annotators speed
    python -m benchmarks.bench_annotators consensus --jobs 2
    python -m benchmarks.bench_annotators intervals --jobs 2
"""

import argparse
import time
import tracemalloc
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from crowdkit import aggregation
from joblib import Parallel, delayed
from scipy.stats import norm

from benchmarks._crowds import KINDS, make_crowd
from benchmarks._rounds import RESULTS, compare, make_row, race, save
from sklnoise.annotators import DawidSkene, MajorityVote, annotations_to_frame

PARTS = "speed", "consensus", "intervals"
SEEDS, ROUNDS = 5, 7
FIRST_HELD_OUT_SEED = 100
# Samples, annotators, classes and answers of each sample.
SIZES = {"5 x 2": (400, 5, 2, 3), "20 x 4": (600, 20, 4, 3), "50 x 10": (800, 50, 10, 5)}
CROWDS = {5: (500, 3), 20: (600, 4), 50: (800, 10)}  # samples and classes, by annotators
ANSWERS = 2, 3, 5
RIVALS = {
    "crowd-kit majority": aggregation.MajorityVote,
    "crowd-kit GLAD": aggregation.GLAD,
    "crowd-kit MACE": lambda: aggregation.MACE(random_state=0),
    "crowd-kit M-MSR": lambda: aggregation.MMSR(random_state=0),
    "crowd-kit OneCoinDawidSkene": aggregation.OneCoinDawidSkene,
    "crowd-kit DawidSkene": aggregation.DawidSkene,
}
OURS = {
    "sklnoise MajorityVote": MajorityVote,
    "sklnoise DawidSkene(prior=None)": lambda: DawidSkene(prior=None),
    "sklnoise DawidSkene": DawidSkene,
}


def fit_ours(table, make=DawidSkene):
    """Fit an estimator of sklnoise to a long table."""
    frame = annotations_to_frame(table.task, table.worker, table.label)
    return make().fit(frame), frame


def summarize_ours(table):
    """Fit the default, and compute the intervals."""
    return fit_ours(table)[0].annotator_summary_


def measure_speed(rounds):
    """Compare the time and the memory of both with 2500 annotators."""
    table = make_crowd("average", 10_000, 2500, 5, 12, 0).table
    table = pd.concat([table, make_crowd("average", 5000, 2500, 5, 1, 1).table])
    table = table.drop_duplicates(["task", "worker"], ignore_index=True)
    setting = f"10000 x 2500, {len(table)} answers"
    rivals = {
        "sklnoise DawidSkene": lambda: fit_ours(table),
        "sklnoise DawidSkene(prior=None)": lambda: fit_ours(
            table, lambda: DawidSkene(prior=None)
        ),
        "sklnoise DawidSkene with intervals": lambda: summarize_ours(table),
        "crowd-kit DawidSkene": lambda: aggregation.DawidSkene(100).fit(table),
    }
    *ours, rival = rivals
    limits = 1.0, 1.0, None
    seconds = race(rivals, rounds)
    peaks = {name: peak_memory(run) for name, run in rivals.items()}
    rows = []
    for name, limit in zip(ours, limits):
        rows.append(compare("time", setting, seconds, name, rival, limit=limit))
        ratio = peaks[name] / peaks[rival]
        rows.append(make_row("memory", setting, name, rival, [ratio], limit=limit))
    return rows


def peak_memory(run):
    """Return what a run allocates at its peak, in bytes."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def measure_consensus(kind, size, seed):
    """Score the consensus of all models for one crowd."""
    crowd = make_crowd(kind, *SIZES[size], seed)
    cell = {"kind": kind, "size": size, "seed": seed}
    rows = []
    for name, make in RIVALS.items():
        start = time.perf_counter()
        labels = make().fit_predict(crowd.table)
        right = np.mean(crowd.y[labels.index] == labels.to_numpy())
        rows.append((name, right, np.nan, time.perf_counter() - start))
    for name, make in OURS.items():
        start = time.perf_counter()
        fitted, frame = fit_ours(crowd.table, make)
        seconds = time.perf_counter() - start
        right = np.mean(crowd.y[frame.index] == fitted.consensus_)
        covered = np.nan
        if hasattr(fitted, "annotator_summary_"):
            covered = share_covered(fitted, crowd)
        rows.append((name, right, covered, seconds))
    names = "method", "accuracy", "covered", "seconds"
    return [cell | dict(zip(names, row)) for row in rows]


def share_covered(fitted, crowd):
    """Return the share of annotators whose interval holds the true accuracy.

    The accuracy is that of answers to all samples, not to those that they have chosen.
    """
    summary = fitted.annotator_summary_
    K = len(crowd.matrices[0])
    prior = np.bincount(crowd.y, minlength=K) / len(crowd.y)
    accuracy = np.einsum("k,akk->a", prior, crowd.matrices)[summary.annotator]
    inside = (summary.accuracy_low <= accuracy) & (accuracy <= summary.accuracy_high)
    return inside.mean()


def measure_intervals(kind, n_annotators, per_sample, seed):
    """Say how often the intervals of one crowd hold the truth, and how wide they are."""
    n_samples, n_classes = CROWDS[n_annotators]
    crowd = make_crowd(kind, n_samples, n_annotators, n_classes, per_sample, seed)
    fitted, _ = fit_ours(crowd.table)
    summary = fitted.annotator_summary_
    T = crowd.matrices[summary.annotator][:, fitted.classes_][:, :, fitted.classes_]
    error = np.abs(fitted.transition_matrices_ - T)
    inside = error <= norm.ppf(0.975) * fitted.standard_error_
    between = (T > 0.02) & (T < 0.98)
    return {
        "kind": kind,
        "annotators": n_annotators,
        "answers": per_sample,
        "seed": seed,
        "covered": share_covered(fitted, crowd),
        "width": np.mean(summary.accuracy_high - summary.accuracy_low),
        "entries_covered": inside[between].mean(),
    }


def summarize_intervals(frame):
    """Average the crowds by kind and size, and all."""
    columns = "covered", "width", "entries_covered"
    by_size = ["annotators", "answers"]
    table = frame.pivot_table("covered", by_size, "kind", sort=False)
    means = frame.groupby(by_size, sort=False)[[*columns]].mean()
    table = table.join(means.rename(columns={"covered": "all"}))
    table.loc[("all", "all"), :] = table.mean()
    return table.reset_index()


def quietly(function, *args):
    """Call a function without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args)


def summarize(frame):
    """Average the seeds and the crowds of a kind, and all."""
    table = frame.pivot_table("accuracy", "method", "kind", sort=False)
    means = frame.groupby("method", sort=False)[["accuracy", "covered", "seconds"]].mean()
    table["all"], table["covered"] = means.accuracy, means.covered
    table["seconds"] = means.seconds
    return table.reset_index()


def main():
    """Run a part and write its CSV."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    if args.part == "speed":
        rows = quietly(measure_speed, args.rounds)
        save(rows, args.out / "annotators_speed.csv")
    elif args.part == "consensus":
        cells = product(KINDS, SIZES, range(args.seeds))
        rows = run_cells(measure_consensus, cells, args.jobs)
        frame = pd.DataFrame([row for cell in rows for row in cell])
        write(frame, summarize(frame), args.out / "annotators")
    else:
        seeds = range(FIRST_HELD_OUT_SEED, FIRST_HELD_OUT_SEED + args.seeds)
        cells = product(KINDS, CROWDS, ANSWERS, seeds)
        frame = pd.DataFrame(run_cells(measure_intervals, cells, args.jobs))
        write(frame, summarize_intervals(frame), args.out / "annotators_intervals")


def run_cells(measure, cells, jobs):
    """Measure each cell."""
    return Parallel(jobs)(delayed(quietly)(measure, *cell) for cell in cells)


def write(frame, table, path):
    """Write a CSV of all crowds and one of their means, and print that."""
    frame.to_csv(path.with_suffix(".csv"), index=False, float_format="%.4g")
    table.to_csv(
        path.with_name(f"{path.name}_table.csv"), index=False, float_format="%.4f"
    )
    print(table.to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
