"""Our default against its rivals on tables, and against no correction without noise."""

import pandas as pd

from benchmarks.reproduce import imdb, mnist, tabular
from benchmarks.reproduce._cells import read_results


def ranks(frame):
    """Rank the systems in each cell of the tabular data, rivals and ours alone."""
    systems = [tabular.OURS, *tabular.RIVALS]
    means = frame.pivot_table(
        index=["model", "noise"], columns="system", values="accuracy", sort=False
    )[systems]
    return means, means.rank(axis=1, ascending=False).mean()


def lost_cells(means):
    """List the cells in which a rival is ahead of ours."""
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
    """Compare the default with no correction where no label is wrong."""
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
