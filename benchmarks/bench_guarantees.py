"""Claims: verdicts are right, intervals cover, probabilities are calibrated, sets too.

"verdict": noise rates on public tables, images and texts × none, symmetric .1 and .3,
pair .3; their intervals and verdicts, the ranking of labels, and "auto" against "none"
and "forward".

"metrics": how often the intervals of the scores on noisy labels cover the clean score.

"calibration": calibration error, log loss and Brier score on clean test labels.

"sets": clean coverage and size of prediction sets.

    SKLNOISE_DATA=... python -m benchmarks.bench_guarantees verdict --seeds 3 --jobs 2
    python -m benchmarks.bench_guarantees show

A run appends to its CSV file what is not in it yet, so that it may be stopped.
"""

import argparse
from itertools import product
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

from benchmarks import _guarantee_calibration as calibration
from benchmarks import _guarantee_metrics as metrics
from benchmarks import _guarantee_sets as sets
from benchmarks import _guarantee_verdict as verdict

RESULTS = Path(__file__).parent / "results"
# The cells of data and noise, what measures one, and what makes a table of the rows.
PARTS = {
    "verdict": (verdict.CELLS, verdict.measure_verdict, verdict.summarize_verdict),
    "metrics": (metrics.CELLS, metrics.measure_metrics, metrics.summarize_metrics),
    "calibration": (
        calibration.CELLS,
        calibration.measure_calibration,
        calibration.summarize_calibration,
    ),
    "sets": (sets.CELLS, sets.measure_sets, sets.summarize_sets),
}


def path_of(part):
    """Return the file of the rows of a part."""
    return RESULTS / f"guarantees_{part}.csv"


def measure(part, seeds, jobs, data):
    """Measure what is not measured yet, and append it to the file."""
    cells, measure_cell, _ = PARTS[part]
    path, done = path_of(part), set()
    if path.exists():
        columns = ["data", "noise", "seed"]
        done = set(pd.read_csv(path)[columns].itertuples(index=False, name=None))
    todo = [
        (*cell, seed)
        for seed, cell in product(range(seeds), cells)
        if (*cell, seed) not in done and (not data or cell[0] in data)
    ]
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    for rows in parallel(delayed(measure_cell)(*cell) for cell in todo):
        pd.DataFrame(rows).to_csv(
            path, mode="a", header=not path.exists(), index=False, float_format="%.5g"
        )


def show():
    """Print the tables, and write them for the documentation."""
    for part, (_, _, summarize) in PARTS.items():
        if path_of(part).exists():
            table = summarize(pd.read_csv(path_of(part)))
            table.round(3).to_csv(RESULTS / f"guarantees_{part}_table.csv")
            print(f"\n{part}\n{table.round(3).to_string()}")


def main():
    """Run a part, or show all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=[*PARTS, "show"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--data", nargs="*", default=())
    args = parser.parse_args()
    if args.part != "show":
        measure(args.part, args.seeds, args.jobs, args.data)
    show()


if __name__ == "__main__":
    main()
