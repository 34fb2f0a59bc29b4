"""The tables of the docs, made from the CSVs: ours, the paper's number, who is ahead."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.reproduce import cifar10, goldberger, imdb, mnist, tabular
from benchmarks.reproduce._cells import read_results

FOLDER = Path(__file__).parents[2] / "docs" / "reproduction"
LEAST_DIFFERENCE = 1.0
"""Points within which two tables are equal, whatever their deviations."""


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


def ranks(frame):
    """Rank the systems in each cell of the tabular data, rivals and ours alone.

    Parameters
    ----------
    frame : DataFrame
        Results.

    Returns
    -------
    means : DataFrame
        Mean accuracy, a row for each cell and a column for each system.

    ranks : Series
        Mean rank of each system over the cells; 1 is the best.
    """
    systems = [tabular.OURS, *tabular.RIVALS]
    means = frame.pivot_table(
        index=["model", "noise"], columns="system", values="accuracy", sort=False
    )[systems]
    return means, means.rank(axis=1, ascending=False).mean()


def lost_cells(means):
    """List the cells in which a rival is ahead of ours.

    Parameters
    ----------
    means : DataFrame
        See `ranks`.

    Returns
    -------
    frame : DataFrame
        The best rival, both accuracies.
    """
    rivals = means[list(tabular.RIVALS)]
    lost = rivals.max(axis=1) > means[tabular.OURS]
    frame = pd.DataFrame(
        {
            "best rival": rivals.idxmax(axis=1),
            "rival": rivals.max(axis=1).map("{:.1f}".format),
            "ours": means[tabular.OURS].map("{:.1f}".format),
        }
    )
    return frame[lost]


def without_noise():
    """Compare the default with no correction where no label is wrong.

    Returns
    -------
    frame : DataFrame
        Mean accuracies over the seeds that both have, and their difference.
    """
    both = {
        "MNIST": ("mnist", mnist.DEFAULTS, ("forward, T̂", "none")),
        "IMDB": ("imdb", imdb.TFIDF, ("forward, T̂", "none")),
    }
    both |= {d: ("tabular", d, (tabular.OURS, tabular.NONE)) for d in tabular.DATA}
    rows = {}
    for data, (table, model, systems) in both.items():
        frame = read_results(table)
        frame = frame[(frame.model == model) & (frame.noise == "none")]
        wide = frame.pivot_table(index="seed", columns="system", values="accuracy")
        if not set(systems) <= set(wide):
            continue
        default, none = (wide[system] for system in systems)
        pairs = (default - none).dropna()
        rows[data] = [
            f"{default[pairs.index].mean():.2f}",
            f"{none[pairs.index].mean():.2f}",
            f"{pairs.mean():+.2f}" + (f" ± {pairs.std():.2f}" if len(pairs) > 1 else ""),
            len(pairs),
        ]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["default", "none", "gain", "seeds"]
    )


def as_rst(frame, head, title):
    """Write a frame as a table of reStructuredText.

    Parameters
    ----------
    frame : DataFrame
        Texts.

    head : str
        Of the first column.

    title : str
        Such as how many seeds were run.

    Returns
    -------
    text : str
        A csv-table, or that there is none.
    """
    if not len(frame):
        return "*Not run yet.*\n"
    labels = [
        " ".join(label) if isinstance(label, tuple) else label for label in frame.index
    ]
    rows = [[head, *frame.columns]]
    rows += [[label, *values] for label, values in zip(labels, frame.to_numpy())]
    lines = [", ".join(f'"{text}"' for text in row) for row in rows]
    body = "\n".join(f"   {line}" for line in lines)
    return f".. csv-table:: {title}\n   :header-rows: 1\n\n{body}\n"


def seeds_of(frame):
    """Tell how many seeds the cells of a table have.

    Parameters
    ----------
    frame : DataFrame
        Results.

    Returns
    -------
    text : str
        Such as "1 to 3 seeds".
    """
    counts = frame.groupby(["model", "system", "noise"]).size()
    fewest, most = (counts.min(), counts.max()) if len(counts) else (0, 0)
    if fewest == most:
        return "1 seed" if most == 1 else f"{most} seeds"
    return f"{fewest} to {most} seeds"


def compared():
    """List the tables that lie beside the paper's.

    Yields
    ------
    name, table, model : str
        Of the file, the CSV, the network and protocol.

    papers : dict of str to list of (float, float)
        The paper's numbers.

    noises : sequence of str
        Columns.

    least : float
        See `mark`.
    """
    protocol, of_imdb = mnist.PAPERS_NUMBERS, imdb.PAPERS_NUMBERS[imdb.EMBEDDING]
    numbers = list(map(max, protocol["forward, T̂"], protocol["backward, T̂"]))
    best = {"forward, T̂": [*numbers, None, None]}
    small = {"forward, T̂": numbers[1:3]}
    of_tfidf = {"forward, T̂": of_imdb["forward, T̂"]}
    noises, of_paper, least = list(mnist.NOISES), mnist.OF_THE_PAPER, LEAST_DIFFERENCE
    yield "mnist_protocol", "mnist", mnist.PAPER, protocol, of_paper, least
    yield "mnist_code", "mnist", mnist.CODE, protocol, of_paper, least
    yield "mnist_floored", "mnist", mnist.FLOORED, protocol, of_paper, least
    last = {system: numbers[-1:] for system, numbers in protocol.items()}
    yield "mnist_codes_net", "mnist", mnist.CODES_NET, last, of_paper[-1:], least
    yield "mnist_defaults", "mnist", mnist.DEFAULTS, best, noises, 0.0
    yield "mnist_small", "mnist", mnist.SMALL, small, of_paper[1:3], 0.0
    yield "imdb_embedding", "imdb", imdb.EMBEDDING, of_imdb, imdb.NOISES, least
    yield "imdb_codes_net", "imdb", imdb.CODES_NET, of_imdb, imdb.NOISES, least
    yield "imdb_lstm", "imdb", imdb.LSTM, {}, imdb.NOISES, least
    yield "imdb_tfidf", "imdb", imdb.TFIDF, of_tfidf, imdb.NOISES, 0.0
    yield "cifar10_reduced", "cifar10", cifar10.REDUCED, {}, ["symmetric .2"], least
    for model, papers in cifar10.PAPERS_NUMBERS.items():
        name = f"cifar10_{cifar10.DEPTHS[model]}"
        yield name, "cifar10", model, papers, cifar10.NOISES, least
    for model, share in goldberger.SHARES.items():
        papers = {}
        if model == goldberger.ALL_DATA:
            papers = dict(goldberger.PAPERS_NUMBERS)
            papers[goldberger.FROM_THE_CONFUSION] = papers["simple"]
        name = f"goldberger_{round(100 * share)}"
        yield name, "goldberger", model, papers, goldberger.NOISES, least


def tables():
    """Make all tables.

    Returns
    -------
    tables : dict of str to str
        Texts, by the name of their file.
    """
    texts = {}
    for name, table, model, *to_compare in compared():
        results = read_results(table)
        seeds = seeds_of(results[results.model == model])
        texts[name] = as_rst(compare(table, model, *to_compare), "system", seeds)
    results = read_results("tabular")
    means, rank = ranks(results)
    accuracies = means.map("{:.1f}".format)
    accuracies.loc[("mean", "rank"), :] = rank.map("{:.2f}".format)
    seeds = seeds_of(results)
    texts["tabular"] = as_rst(accuracies, "data and noise", seeds)
    texts["tabular_lost"] = as_rst(lost_cells(means), "data and noise", seeds)
    texts["no_noise"] = as_rst(without_noise(), "data", "Accuracy without noise")
    return texts


def write():
    """Write all tables for the docs."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in tables().items():
        (FOLDER / f"{name}.inc").write_text(text, encoding="utf-8")
