"""Tables of the benchmark of the defaults, made from its CSV files.

Means and ranks compare systems on the same splits of data sets only, those on which all
of them were run. TabM, run on few, has a part of its own, "with TabM", and counts as a
rival in the cells. A fit that fails has no score: it has the worst rank in its cell, and
the means leave that split out for all systems.
"""

import numpy as np
import pandas as pd

from benchmarks._tables import CHOSEN_ON, CONFIRMED_ON, NOISES

OURS, PLAIN, PARTIAL = "sklnoise", "sklnoise, none", "TabM"
METRICS = {"accuracy": 1, "macro_recall": 1, "log_loss": 3, "brier": 3}  # decimals
NAMES = {"macro_recall": "macro recall", "log_loss": "log loss", "brier": "Brier score"}
WITH_NOISE = {noise: (noise,) for noise in NOISES} | {"with noise": NOISES[1:]}
CELL = ["data", "noise"]
FAR_BEHIND, BEHIND = 3, 1  # points
EASY = 95  # a rival's accuracy without noise


def read(path):
    """Read the rows of the CSV file, with shares in percent."""
    frame = pd.read_csv(path)
    frame[["accuracy", "macro_recall"]] *= 100
    return frame


def split_parts(frame):
    """Return the rows of each part, which has the same splits for all its systems."""
    partial = frame.system == PARTIAL
    parts = {
        "all": frame[~partial],
        "chosen on": frame[~partial & frame.data.isin(CHOSEN_ON)],
        "confirmed on": frame[~partial & frame.data.isin(CONFIRMED_ON)],
        f"with {PARTIAL}": frame,
    }
    return {part: keep_complete(rows) for part, rows in parts.items() if len(rows)}


def keep_complete(frame):
    """Keep the splits of data sets with rows of all systems and kinds of noise."""
    split = ["data", "seed"]
    n_runs = frame.pivot_table(index=split, columns=["system", "noise"], aggfunc="size")
    return frame[frame.set_index(split).index.isin(n_runs.dropna().index)]


def average(frame, metric):
    """Average over data sets and seeds; the spread is that of the means of the seeds."""
    wide = frame.pivot_table(metric, ["seed", *CELL], "system", sort=False).dropna()
    of_seeds = wide.groupby("seed").mean()
    return pd.DataFrame({"mean": of_seeds.mean(), "sd": of_seeds.std()})


def rank(frame):
    """Return the mean rank of each system in the accuracy, over all cells."""
    frame = frame[frame.system != PLAIN]
    scores = frame.pivot_table("accuracy", [*CELL, "seed"], "system")
    scores = scores.groupby(CELL).mean(skipna=False)
    ranks = scores.rank(axis=1, ascending=False, na_option="bottom")
    return pd.DataFrame({"mean": ranks.mean(), "sd": np.nan})


def tabulate(frame):
    """Return the mean of each metric and the rank by part, noise and system."""
    tables = []
    for part, rows in split_parts(frame).items():
        for noise, kinds in WITH_NOISE.items():
            some = rows[rows.noise.isin(kinds)]
            found = {metric: average(some, metric) for metric in METRICS}
            found["rank"] = rank(some)
            table = pd.concat(found, names=["metric", "system"]).reset_index()
            about = {"part": part, "noise": noise, "data sets": some.data.nunique()}
            tables.append(table.assign(**about))
    columns = ["part", "noise", "system", "metric", "mean", "sd", "data sets"]
    return pd.concat(tables)[columns]


def compare(frame):
    """Compare our accuracy in each cell with that of the best rival there.

    The gain over a rival is the mean over the seeds that both have; the best rival is the
    one with the least gain.
    """
    lines = []
    for (data, noise), rows in frame.groupby(CELL, sort=False):
        scores = rows.pivot_table("accuracy", "seed", "system")
        if OURS in scores:
            ours = scores[OURS].fillna(0)  # a failed fit of ours is wrong everywhere
            rivals = scores.drop(columns=[OURS, PLAIN], errors="ignore")
            gains = -rivals.sub(ours, axis=0).mean()
            best = gains.idxmin()
            means = ours.mean(), best, rivals[best].mean(), gains[best]
            lines.append((data, noise, *means, rivals[best].count()))
    columns = [*CELL, OURS, "best rival", "rival", "gain", "seeds"]
    return pd.DataFrame(lines, columns=columns)


def find_false_warnings(frame):
    """Find fits of ours without noise that warn though a rival's accuracy is high."""
    clean = frame[frame.noise == "none"]
    rivals = clean[~clean.system.isin([OURS, PLAIN])]
    best = rivals.groupby(["data", "system"]).accuracy.mean().groupby("data").max()
    warned = clean.warnings.fillna("").str.contains("WeakFirstPassWarning")
    easy = clean.data.isin(best.index[best >= EASY])
    return clean[warned & easy & (clean.system == OURS)]


def summarise(table, cells, n_warnings):
    """Return our gain over the best rival's mean, and counts, as rows of the table."""
    rows = []
    accuracy = table[(table.metric == "accuracy") & (table.system != PLAIN)]
    for (part, noise), means in accuracy.groupby(["part", "noise"], sort=False):
        means = means.set_index("system")["mean"]
        gain = means.get(OURS, np.nan) - means.drop(OURS, errors="ignore").max()
        rows.append((part, noise, "gain", gain))
    halves = {"all": cells.data.unique()}
    halves |= {"chosen on": CHOSEN_ON, "confirmed on": CONFIRMED_ON}
    for (part, names), (noise, kinds) in (
        (half, kind) for half in halves.items() for kind in WITH_NOISE.items()
    ):
        gains = cells[cells.data.isin(names) & cells.noise.isin(kinds)].gain
        rows += [
            (part, noise, "cells", len(gains)),
            (part, noise, f"behind by {BEHIND}", (gains < -BEHIND).sum()),
            (part, noise, f"behind by {FAR_BEHIND}", (gains < -FAR_BEHIND).sum()),
        ]
    rows.append(("all", "none", "false warnings", n_warnings))
    frame = pd.DataFrame(rows, columns=["part", "noise", "metric", "mean"])
    return frame.assign(system=OURS)


def join(table, summary):
    """Put the rows of both below each other, for the CSV file."""
    frame = pd.concat([table, summary]).set_index("part").round(4)
    return frame.astype({"data sets": "Int64"})


def with_spread(row):
    """Show a mean with its spread, if it has one."""
    decimals = METRICS[row.metric]
    spread = "" if np.isnan(row.sd) else f" ± {row.sd:.{decimals}f}"
    return f"{row['mean']:.{decimals}f}{spread}"


def show_means(table):
    """Arrange the means over all data sets: a line per noise and system."""
    rows = table[(table.part == "all") & table.metric.isin(METRICS)]
    rows = rows.assign(shown=rows.apply(with_spread, axis=1))
    wide = rows.pivot_table("shown", ["noise", "system"], "metric", aggfunc="first")
    order = rows[["noise", "system"]].drop_duplicates().itertuples(index=False, name=None)
    return wide.loc[list(order), list(METRICS)].fillna("").rename(columns=NAMES)


def show_parts(table):
    """Arrange accuracies and ranks: a line per part, a column per system."""
    rows = table[
        table.metric.isin(["accuracy", "rank"]) & table.noise.isin(["none", "with noise"])
    ]
    lines = ["metric", "part", "noise"]
    wide = rows.pivot_table("mean", lines, "system", sort=False)
    return wide.sort_index(level="metric", sort_remaining=False).round(2)


def show_times(frame):
    """Arrange the medians of the rounds: a line per number of samples and system."""
    values = ["seconds", "wall", "peak", "extra"]
    table = frame.groupby(["samples", "system"], sort=False)[values].median()
    trees = table.seconds.xs("boosted trees", level="system")
    table["times boosted trees"] = table.seconds.div(trees, level="samples")
    return table


def show(folder):
    """Print the tables, and write them for the documentation."""
    if (folder / "default.csv").exists():
        show_accuracy(folder)
    if (folder / "default_time.csv").exists():
        times = show_times(pd.read_csv(folder / "default_time.csv")).round(2)
        times.to_csv(folder / "default_time_table.csv")
        print(f"\ntime\n{times.to_string()}")


def show_accuracy(folder):
    """Print and write the tables of the accuracy."""
    frame = read(folder / "default.csv")
    failed = frame[frame.accuracy.isna()]
    table, cells = tabulate(frame), compare(frame)
    false_warnings = find_false_warnings(frame)
    parts, means = show_parts(table), show_means(table)
    behind = cells[cells.gain < np.where(cells.noise == "none", -BEHIND, -FAR_BEHIND)]
    summary = summarise(table, cells, len(false_warnings))
    outputs = {
        "default_table": join(table, summary),
        "default_means_table": means,
        "default_parts_table": parts,
        "default_cells_table": cells.set_index(CELL).round(1),
    }
    for name, output in outputs.items():
        output.to_csv(folder / f"{name}.csv")
    shown = {
        "failed fits": failed,
        "means": means,
        "parts": parts,
        "gains and counts": summary.pivot_table(
            "mean", ["part", "noise"], "metric", sort=False
        ).round(2),
        f"behind by more than {FAR_BEHIND}, without noise {BEHIND}": behind.round(2),
        "false warnings": false_warnings,
    }
    for title, output in shown.items():
        print(f"\n{title}\n{output.to_string()}")
