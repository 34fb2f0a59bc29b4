"""Claim: data that do not fit into memory are learned from as fast as by a bare loop.

More exactly: a fit of two folds and a refit, and a prediction, of 120 000 x 512 float32
values (246 MB) take at most 1.1 times as long as a loop in plain torch that makes the
same passes over the same source, with batches of the same size, the same network and
Adam. The two run in turn in one process on one thread; the ratio is the median of the
rounds, in CPU time of the process, in which neither waits for a disk.

Memory is measured in fresh processes, as the largest amount that is allocated during the
fit and the prediction beyond that before them, sampled every 5 ms; the pages of a file
that is mapped are not counted, for the system gives them back when it needs them. The
limit is a tenth of X, and the weights, gradients and optimizer's state of the networks;
the probabilities of the two results, out-of-fold and predicted, are 9.6 MB more.

`find_label_issues` and `label_quality_scores` judge 2 000 000 x 100 probabilities in a
memmap of float32 (800 MB), against cleanlab's function for a whole array and the one that
it has for batches.

    python -m benchmarks.bench_sources --rounds 5

`--only time` runs the times alone, `--only "time-Dataset rows"` those of one source, and
refreshes their rows of the CSV. `--large` takes 2 500 000 x 512 values (5 GB) and
10 000 000 x 100 probabilities (4 GB) instead, and writes them to the temporary folder.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.experimental.label_issues_batched import find_label_issues_batched
from cleanlab.filter import find_label_issues as find_by_cleanlab

from benchmarks._footprint import footprint
from benchmarks._rounds import (
    HIDDEN,
    add_noise,
    compare,
    limited,
    make_net,
    make_row,
    plot_limits,
    race,
    run_cells,
)
from benchmarks._sources import (
    N_CLASSES,
    SOURCES,
    bare_prediction,
    bare_training,
    write_samples,
)
from sklnoise import NoiseRobustClassifier, find_label_issues, label_quality_scores

N_FEATURES, EPOCHS, FOLDS, LIMIT, MB = 512, 1, 2, 1.1, 1e6
FEW, STATES = 4000, 4  # rows of a warm-up; weights, gradients and Adam's two
N_SAMPLES, N_LARGE = 120_000, 2_500_000
N_JUDGED, N_JUDGED_LARGE, N_COLUMNS = 2_000_000, 10_000_000, 100


def fit_ours(source, y, module):
    """Fit two folds, refit and predict."""
    net = make_net(N_FEATURES, N_CLASSES, EPOCHS, callbacks="disable")
    net.set_params(module=module)
    clf = NoiseRobustClassifier(net, cv=FOLDS, device="cpu", random_state=0)
    return clf.fit(source, y).predict_proba(source)


def fit_bare(source, y, module):
    """Make the same passes in plain torch."""
    rows = np.arange(len(y))
    for fold in range(FOLDS):
        held_out = rows % FOLDS == fold
        net = bare_training(source, y, rows[~held_out], module, N_FEATURES, EPOCHS)
        bare_prediction(net, source, rows[held_out])
    net = bare_training(source, y, rows, module, N_FEATURES, EPOCHS)
    return bare_prediction(net, source, rows)


SYSTEMS = {"sklnoise": fit_ours, "bare loop": fit_bare}


def time_cell(name, n_samples, rounds):
    """Time a fit and a prediction."""
    kind, open_source, module = SOURCES[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"X.{kind}"
        y = write_samples(path, n_samples, N_FEATURES, kind)
        rivals = {
            system: partial(run, open_source(path), y, module)
            for system, run in SYSTEMS.items()
        }
        seconds = race(rivals, rounds)
    name = setting(name, n_samples)
    return [compare("time", name, seconds, *SYSTEMS, limit=LIMIT)]


def setting(name, n_samples):
    """Name a source and its size."""
    return f"{name}, {n_samples * N_FEATURES * 4 / MB:.0f} MB"


def memory_cell(name, n_samples, rounds):
    """Measure the memory of both systems in fresh processes."""
    kind, _, _ = SOURCES[name]
    with tempfile.TemporaryDirectory() as folder:
        for file, n_rows in (("few", FEW), ("X", n_samples)):
            path = Path(folder) / f"{file}.{kind}"
            y = write_samples(path, n_rows, N_FEATURES, kind)
            np.save(f"{path}.y.npy", y)
        found = pd.DataFrame(
            {
                system: measure_apart("--measure", name, folder, system)
                for system in SYSTEMS
            }
            for _ in range(min(rounds, 3))
        )
    widths = [N_FEATURES, *HIDDEN, N_CLASSES]
    n_weights = sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths))
    nets = FOLDS * STATES * n_weights * 4 / MB
    share = n_samples * N_FEATURES * 4 / MB / 10
    about = {"unit": "MB", "clock": ""}
    note = f"limit: a tenth of X {share:.1f}, networks {nets:.1f} MB"
    limits = {"sklnoise": {"limit": share + nets, "note": note}}
    return [
        make_row(
            "memory",
            setting(name, n_samples),
            system,
            "",
            found[system],
            **about,
            **limits.get(system, {}),
        )
        for system in SYSTEMS
    ]


def measure_apart(*args):
    """Measure in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_sources", *map(str, args)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def measure(name, folder, system):
    """Print the memory of a fit and a prediction, after those of few samples."""
    kind, open_source, module = SOURCES[name]
    with limited(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in "few", "X":
            path = Path(folder) / f"{file}.{kind}"
            y = np.load(f"{path}.y.npy")
            source = open_source(path)
            with footprint() as found:
                SYSTEMS[system](source, y, module)
    print(json.dumps(found[0]))


def write_proba(path, n_samples):
    """Write probabilities and labels of which a fifth is wrong, block by block."""
    rng = np.random.default_rng(0)
    shape = n_samples, N_COLUMNS
    y_proba = np.lib.format.open_memmap(path, "w+", "f4", shape)
    y = rng.integers(N_COLUMNS, size=n_samples)
    for start in range(0, n_samples, 10_000):
        labels = y[start : start + 10_000]
        logits = rng.standard_normal((len(labels), N_COLUMNS), dtype="f4")
        logits[np.arange(len(labels)), labels] += 5
        block = np.exp(logits)
        block /= block.sum(axis=1, keepdims=True)
        y_proba[start : start + len(labels)] = block
    y_proba.flush()
    return add_noise(y, N_COLUMNS)[0]


JUDGES = {
    "find_label_issues": lambda y, path: find_label_issues(y, open_proba(path)),
    "label_quality_scores": lambda y, path: label_quality_scores(y, open_proba(path)),
    "cleanlab": lambda y, path: find_by_cleanlab(y, open_proba(path), n_jobs=1),
    "cleanlab, batches": lambda y, path: find_label_issues_batched(
        y, open_proba(path), batch_size=10_000, n_jobs=1, verbose=False
    ),
}


def open_proba(path):
    """Open the probabilities."""
    return np.load(path, mmap_mode="r")


def issues_cell(n_samples, rounds):
    """Time the judgement of labels, and measure its memory."""
    size = f"{n_samples} x {N_COLUMNS} probabilities"
    ours = list(JUDGES)[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "y_proba.npy"
        y = write_proba(path, n_samples)
        np.save(f"{path}.y.npy", y)
        memory = {judge: measure_apart("--judge", path, judge) for judge in JUDGES}
        rivals = {judge: partial(JUDGES[judge], y, path) for judge in JUDGES}
        seconds = race(rivals, min(rounds, 3))
    rows = [
        compare("time", size, seconds, judge, rival)
        for judge in ours[:1]
        for rival in list(JUDGES)[2:]
    ]
    about = {"unit": "s"}
    rows += [make_row("time", size, j, "", seconds[j], **about) for j in JUDGES]
    about = {"unit": "MB", "clock": ""}
    return rows + [make_row("memory", size, j, "", [memory[j]], **about) for j in JUDGES]


def judge_apart(path, judge):
    """Print the memory that the judgement of labels takes."""
    y = np.load(f"{path}.y.npy")
    with limited(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        find_label_issues(y[:FEW], open_proba(path)[:FEW])
        with footprint() as found:
            JUDGES[judge](y, path)
    print(json.dumps(found[0]))


def make_cells(is_large):
    """Make the cells, of all sources or of large memmaps."""
    names = ["memmap"] if is_large else SOURCES
    n_samples = N_LARGE if is_large else N_SAMPLES
    cells = {}
    for what, measured in {"time": time_cell, "memory": memory_cell}.items():
        for name in names:
            option = f"{what}-{name.replace(',', '')}"  # a comma separates options
            cells[option] = partial(measured, name, n_samples)
    cells["issues"] = partial(issues_cell, N_JUDGED_LARGE if is_large else N_JUDGED)
    return cells


def main():
    """Run the cells, refresh the CSV and draw; or measure one system."""
    children = {"--measure": measure, "--judge": judge_apart}
    if sys.argv[1:2] and sys.argv[1] in children:
        children[sys.argv[1]](*sys.argv[2:])
        return
    is_large = "--large" in sys.argv
    sys.argv = [arg for arg in sys.argv if arg != "--large"]
    run_cells(make_cells(is_large), __doc__, "sources", plot_limits, rounds=5)


if __name__ == "__main__":
    main()
