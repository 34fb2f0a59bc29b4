"""Our tables next to those of the papers: both means, and who is ahead."""

import numpy as np
import pandas as pd

from benchmarks.reproduce._cells import read_results

# Points within which two tables are equal, whatever their deviations.
MIN_DIFFERENCE = 1.0


def compare(table, model, papers, noises, least=MIN_DIFFERENCE):
    """Write a table of ours with the paper's means, in the order of `noises`."""
    ours = summarize(read_results(table), model)
    rows = {}
    for system in ours.index.unique("system"):
        numbers = papers.get(system, [None] * len(noises))
        rows[system] = [cell(ours, system, *pair, least) for pair in zip(noises, numbers)]
    order = [system for system in papers if system in rows]
    order += [system for system in rows if system not in papers]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(noises)).loc[order]


def cell(ours, system, noise, papers, least):
    """Write one cell of a table."""
    if (system, noise) not in ours.index:
        return ""
    mean, deviation, count = ours.loc[(system, noise)]
    text = show(mean, deviation)
    if papers is None:
        return text
    if not least and count < 2:
        return f"{text} ({papers[0]:.1f})"
    return f"{text} ({papers[0]:.1f}) {mark(mean, deviation, *papers, least)}"


def mark(mean, deviation, paper, papers_deviation, least):
    """Return whether ours is "ahead", "equal" or "behind"."""
    combined = np.hypot(np.nan_to_num(deviation), papers_deviation or 0)
    difference = mean - paper
    if abs(difference) <= max(least, 2 * combined) + 1e-9:
        return "equal"
    return "ahead" if difference > 0 else "behind"


def summarize(frame, model):
    """Take the mean and the deviation over the seeds."""
    of_model = frame[frame.model == model]
    by_cell = of_model.groupby(["system", "noise"], sort=False).accuracy
    return by_cell.agg(["mean", "std", "count"])


def show(mean, deviation):
    """Write a mean with its deviation."""
    if np.isnan(deviation):
        return f"{mean:.1f}"
    return f"{mean:.1f} ± {deviation:.1f}"
