"""Claim: the consensus of a crowd is better than crowd-kit's, and takes no longer.

"speed": time of DawidSkene from a long table to the consensus and the summary of the
annotators, against crowd-kit's DawidSkene, for 10 000 samples and 2500 annotators with 50
answers each, in interleaved rounds; and the memory of each at its peak, once.

"consensus": share of right consensus labels on simulated crowds, against the models of
crowd-kit that need no features, and how often the intervals of the annotators' accuracy
hold the true one. Six kinds of crowds, three sizes; the CSV has
one seed, as GLAD and MACE take most of five minutes for each. Wawa and ZeroBasedSkill
of crowd-kit 1.4 fail with scikit-learn 1.7 and later.

crowd-kit is not among the extras, as it needs transformers and nltk; what is used of it
runs without transformers.

    pip install --no-deps crowd-kit attrs nltk tqdm click regex
    python -m benchmarks.bench_annotators speed
    python -m benchmarks.bench_annotators consensus --jobs 2
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

from benchmarks._crowds import KINDS, make_crowd
from benchmarks._rounds import RESULTS, compare, make_row, race, save
from sklnoise.annotators import DawidSkene, MajorityVote, annotations_to_frame

PARTS = "speed", "consensus"
SEEDS, ROUNDS = 5, 7
# Samples, annotators, classes and answers of each sample.
SIZES = {"5 x 2": (400, 5, 2, 3), "20 x 4": (600, 20, 4, 3), "50 x 10": (800, 50, 10, 5)}
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
        "crowd-kit DawidSkene": lambda: aggregation.DawidSkene(100).fit(table),
    }
    *ours, rival = rivals
    seconds = race(rivals, rounds)
    rows = [compare("time", setting, seconds, name, rival, limit=1.0) for name in ours]
    peaks = {name: peak_memory(run) for name, run in rivals.items()}
    return rows + [
        make_row("memory", setting, name, rival, [peaks[name] / peaks[rival]], limit=1.0)
        for name in ours
    ]


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
    """Return the share of annotators whose interval holds the true accuracy."""
    summary = fitted.annotator_summary_
    K = len(crowd.matrices[0])
    prior = np.bincount(crowd.y, minlength=K) / len(crowd.y)
    accuracy = np.einsum("k,akk->a", prior, crowd.matrices)[summary.annotator]
    inside = (summary.accuracy_low <= accuracy) & (accuracy <= summary.accuracy_high)
    return inside.mean()


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
        return
    cells = product(KINDS, SIZES, range(args.seeds))
    found = Parallel(args.jobs)(
        delayed(quietly)(measure_consensus, *cell) for cell in cells
    )
    frame = pd.DataFrame([row for rows in found for row in rows])
    frame.to_csv(args.out / "annotators.csv", index=False, float_format="%.4g")
    table = summarize(frame)
    table.to_csv(args.out / "annotators_table.csv", index=False, float_format="%.4f")
    print(table.to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
