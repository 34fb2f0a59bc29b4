"""The tables of the docs, made from the CSVs."""

from pathlib import Path

from benchmarks.reproduce import cifar10, goldberger, imdb, mnist
from benchmarks.reproduce._cells import read_results
from benchmarks.reproduce._compare import MIN_DIFFERENCE, compare
from benchmarks.reproduce._ranks import lost_cells, ranks, without_noise

FOLDER = Path(__file__).parents[2] / "docs" / "reproduction"


def compared():
    """Yield name, CSV, model, numbers and noises of each table of a paper."""
    protocol, of_imdb = mnist.PAPERS_NUMBERS, imdb.PAPERS_NUMBERS[imdb.EMBEDDING]
    numbers = list(map(max, protocol["forward, T̂"], protocol["backward, T̂"]))
    best = {"forward, T̂": [*numbers, None, None]}
    small = {"forward, T̂": numbers[1:3]}
    of_tfidf = {"forward, T̂": of_imdb["forward, T̂"]}
    noises, of_paper, least = list(mnist.NOISES), mnist.OF_THE_PAPER, MIN_DIFFERENCE
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
    """Make all tables."""
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


def as_rst(frame, head, title):
    """Write a frame as a table of reStructuredText."""
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
    """Count the seeds of the cells of a table, such as "1 to 3 seeds"."""
    counts = frame.groupby(["model", "system", "noise"]).size()
    fewest, most = (counts.min(), counts.max()) if len(counts) else (0, 0)
    if fewest == most:
        return "1 seed" if most == 1 else f"{most} seeds"
    return f"{fewest} to {most} seeds"


def write():
    """Write all tables for the docs."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in tables().items():
        (FOLDER / f"{name}.inc").write_text(text, encoding="utf-8")
