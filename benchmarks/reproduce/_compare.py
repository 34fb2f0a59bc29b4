"""Our tables beside those of the papers: both means, and who is ahead."""

import numpy as np
import pandas as pd

from benchmarks.reproduce._cells import read_results

LEAST_DIFFERENCE = 1.0
"""Points within which two tables are equal, whatever their deviations."""


def compare(table, model, papers, noises, least=LEAST_DIFFERENCE):
    """Lay a table of ours beside the paper's.

    Parameters
    ----------
    table, model : str
        Which results.

    papers : dict of str to list of (float, float)
        The paper's means and deviations of each system, in the order of `noises`; None
        where there is no number.

    noises : sequence of str
        Columns.

    least : float, default=1.0
        See `mark`.

    Returns
    -------
    frame : DataFrame
        Texts, by system and noise.
    """
    ours = summarize(read_results(table), model)
    rows = {}
    for system in ours.index.unique("system"):
        numbers = papers.get(system, [None] * len(noises))
        rows[system] = [cell(ours, system, *pair, least) for pair in zip(noises, numbers)]
    order = [system for system in papers if system in rows]
    order += [system for system in rows if system not in papers]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(noises)).loc[order]


def cell(ours, system, noise, papers, least):
    """Write one cell of a table.

    Parameters
    ----------
    ours : DataFrame
        Mean, std and count, by system and noise.

    system, noise : str
        Which cell.

    papers : (float, float) or None
        The paper's mean and deviation.

    least : float
        See `mark`.

    Returns
    -------
    text : str
        Such as "97.1 ± 0.1 (96.9) equal"; empty where nothing was run.
    """
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
    """Tell who is ahead.

    Parameters
    ----------
    mean, deviation : float
        Ours, over the seeds; the deviation of a single seed is NaN.

    paper, papers_deviation : float
        The paper's.

    least : float
        Points within which they are equal anyway.

    Returns
    -------
    mark : {"ahead", "equal", "behind"}
        Of ours: equal up to `least`, or up to twice the combined deviation.
    """
    combined = np.hypot(np.nan_to_num(deviation), papers_deviation or 0)
    difference = mean - paper
    if abs(difference) <= max(least, 2 * combined) + 1e-9:
        return "equal"
    return "ahead" if difference > 0 else "behind"


def summarize(frame, model):
    """Take the mean and the deviation over the seeds.

    Parameters
    ----------
    frame : DataFrame
        Results of a table.

    model : str
        Network and protocol.

    Returns
    -------
    summary : DataFrame
        Columns mean, std and count, by system and noise.
    """
    of_model = frame[frame.model == model]
    by_cell = of_model.groupby(["system", "noise"], sort=False).accuracy
    return by_cell.agg(["mean", "std", "count"])


def show(mean, deviation):
    """Write a mean with its deviation.

    Parameters
    ----------
    mean, deviation : float
        In points; the deviation of a single seed is NaN.

    Returns
    -------
    text : str
        Such as "97.1 ± 0.1".
    """
    if np.isnan(deviation):
        return f"{mean:.1f}"
    return f"{mean:.1f} ± {deviation:.1f}"
