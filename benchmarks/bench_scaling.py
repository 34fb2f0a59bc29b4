"""Claim: the cost of a whole fit grows no faster than its data.

More exactly: the exponent of the time against the number of rows, features, classes and
folds is at most 1.1, where a straight line is fitted to the logarithms of time and size,
over all sizes and over the larger half of them. One thread, CPU time of the process, few
epochs, everything else as in the benchmark of speed. In a round each size is fitted once;
a size whose fits have taken 20 s in all drops out of later rounds, but not before three.
Quartiles of an exponent are those of a bootstrap of the rounds.

"default" is the whole fit of `NoiseRobustClassifier()` with all its epochs; "cleanlab" is
its `CleanLearning` around the network of the other curves. Memory is the most that a fit
allocates besides X, sampled every 5 ms.

    python -m benchmarks.bench_scaling --rounds 15

`--only 9-rows` runs one curve and refreshes its rows of the CSV.
"""

from functools import partial

import numpy as np
from cleanlab.classification import CleanLearning

from benchmarks._footprint import footprint
from benchmarks._rounds import (
    make_net,
    make_row,
    make_samples,
    run_cells,
    timed,
)
from sklnoise import NoiseRobustClassifier

LIMIT, MIN_ROUNDS, BUDGET = 1.1, 3, 20
N_ROWS = 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000
N_CLASSES = 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000
FIT, CLEANLAB, DEFAULT = "whole fit", "cleanlab, skorch", "default net"
CURVES = {  # what grows, sizes, the rest of the problem, epochs, what is fitted
    "rows": ("rows", N_ROWS, {"features": 20, "classes": 3, "folds": 5}, 1, FIT),
    "features": (
        "features",
        (20, 50, 100, 200, 500, 1000, 2000, 5000),
        {"rows": 4000, "classes": 3, "folds": 5},
        2,
        FIT,
    ),
    "classes": (
        "classes",
        N_CLASSES,
        {"rows": 10_000, "features": 20, "folds": 5},
        2,
        FIT,
    ),
    "folds": (
        "folds",
        (2, 3, 5, 8, 12, 20),
        {"rows": 4000, "features": 20, "classes": 3},
        2,
        FIT,
    ),
    "default": (
        "rows",
        N_ROWS[2::2],
        {"features": 50, "classes": 3, "folds": 5},
        None,
        DEFAULT,
    ),
    "cleanlab": (
        "rows",
        N_ROWS[2::2],
        {"features": 20, "classes": 3, "folds": 5},
        1,
        CLEANLAB,
    ),
}


def make_fit(rows, features, classes, folds, epochs, system):
    """Return a function that fits once."""
    X, y, _ = make_samples(rows, features, classes)
    net = None
    if system != DEFAULT:
        # Of many classes some have no sample.
        net = make_net(features, len(np.unique(y)), epochs, callbacks="disable")
    if system == CLEANLAB:
        in_process = {"n_jobs": 1}
        clf = CleanLearning(net, cv_n_folds=folds, find_label_issues_kwargs=in_process)
    else:
        clf = NoiseRobustClassifier(net, cv=folds, device="cpu", random_state=0)
    return partial(clf.fit, X, y)


def measure_curve(make, sizes, rounds):
    """Fit each size in turn, in a warm-up and in rounds until its budget is spent."""
    seconds, memory = ({size: [] for size in sizes} for _ in range(2))
    timed(make(size=sizes[0]), 1, "cpu")
    for k in range(rounds):
        for size in sizes[:: -1 if k % 2 else 1]:
            if k < MIN_ROUNDS or sum(seconds[size]) < BUDGET:
                fit = make(size=size)
                with footprint() as found:
                    seconds[size].append(timed(fit, 1, "cpu"))
                memory[size] += found
    return seconds, memory


def exponent(sizes, seconds):
    """Fit a line to the logarithms and return its slope."""
    return np.polyfit(np.log(sizes), np.log(seconds), 1)[0]


def bootstrap(seconds, sizes, draws=200):
    """Return the exponent of the medians of rounds that are drawn with replacement."""
    rng = np.random.default_rng(0)
    medians = [
        [np.median(rng.choice(seconds[size], len(seconds[size]))) for size in sizes]
        for _ in range(draws)
    ]
    return [exponent(sizes, each) for each in medians]


def curve_cell(name, rounds):
    """Time one curve, and find its exponents."""
    grows, sizes, rest, epochs, system = CURVES[name]

    def make(size):
        return make_fit(**rest, **{grows: size}, epochs=epochs, system=system)

    shown = ", ".join(f"{size} {what}" for what, size in rest.items())
    note = shown if epochs is None else f"{shown}, {epochs} epochs"
    about = {"curve": name, "size": None}
    seconds, memory = measure_curve(make, sizes, rounds)
    rows = [
        make_row(9, f"{size} {grows}", system, "", values, unit="s", note=note)
        | {"curve": name, "size": size}
        for size, values in seconds.items()
    ]
    parts = {"all sizes": sizes, "larger half": sizes[len(sizes) // 2 :]}
    for part, some in parts.items():
        slopes = bootstrap(seconds, some)
        about = {"unit": "exponent", "note": note}
        about["limit"] = None if system == CLEANLAB else LIMIT
        row = make_row(9, f"{grows}, {part}", system, "", slopes, **about)
        rows.append(row | {"rounds": min(map(len, seconds.values())), "curve": name})
    about = {"unit": "MB", "clock": "", "note": note}
    return rows + [
        make_row(9, f"{size} {grows}, memory", system, "", values, **about)
        | {"curve": name, "size": size}
        for size, values in memory.items()
    ]


def plot(frame, path):
    """Draw the curves; a title has the exponents over all sizes and the larger half."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator

    frame = frame[frame.ours == FIT]
    figure, panels = plt.subplots(1, 4, figsize=(12, 3.2))
    for axes, (name, of_curve) in zip(panels, frame.groupby("curve", sort=False)):
        points = (
            of_curve[of_curve.unit == "s"].sort_values("size").astype({"size": float})
        )
        time, slopes = points["median"], of_curve[of_curve.unit == "exponent"]["median"]
        errors = [time - points.q1, points.q3 - time]
        axes.errorbar(points["size"], time, errors, fmt="ko-", markersize=4)
        last = points.iloc[-1]
        straight = last["median"] * points["size"] / last["size"]
        axes.plot(points["size"], straight, ":", color="0.5", label="exponent 1")
        title = "exponent " + ", ".join(f"{slope:.2f}" for slope in slopes)
        axes.set(xscale="log", yscale="log", xlabel=name, title=title)
        axes.set_ylim(time.min() / 1.5, time.max() * 1.5)
        ends = points["size"].iloc[[0, len(points) // 2, -1]]
        axes.set_xticks(ends, [f"{size:,.0f}".replace(",", " ") for size in ends])
        axes.xaxis.set_minor_formatter("")
        axes.yaxis.set_minor_formatter("")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
    panels[0].set_ylabel("whole fit (s of one core)")
    panels[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


CELLS = {f"9-{name}": partial(curve_cell, name) for name in CURVES}


def main():
    """Time the curves, refresh the CSV and draw."""
    run_cells(CELLS, __doc__, "scaling", plot)


if __name__ == "__main__":
    main()
