"""Claim: training takes little memory beyond X.

More exactly: over 60 000 dense rows of 784 float32 values, a whole fit takes at most a
tenth of X; over 20 000 x 5000 CSR samples at most ten dense batches; in both besides the
weights, gradients and optimizer's state of the nets, which are five while dense folds are
fitted, and the out-of-fold probabilities. The text of IMDB, 25 000 x 50 000 words, needs
less than 1.5 GB in the whole process, over an interpreter that has imported torch.

Each measurement is a fresh process on one thread. It makes the data, fits some rows once
so that what is imported late is in memory, gives free memory back, and resets the
kernel's high-water mark of the resident set (`/proc/self/clear_refs`, so Linux only). The
figure is that mark after the fit less the resident set before: nothing is sampled, so no
peak is too short to be seen. The allocator of glibc is set to give back large blocks
that are freed, by a threshold that stays at its default instead of growing. Epochs are
few, since memory does not depend on them.

    SKLNOISE_DATA=... python -m benchmarks.bench_memory --rounds 15

`--only 8` runs a claim and refreshes its rows of the CSV. IMDB is fitted three times at
most.
"""

import ctypes
import gc
import json
import os
import subprocess
import sys
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.classification import CleanLearning
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks._rounds import (
    BATCH,
    HIDDEN,
    add_noise,
    limited,
    make_net,
    make_row,
    make_samples,
    make_sparse_samples,
    run_cells,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import fetch_imdb

MB, FLOAT = 1e6, 4
FOLDS, FEW_ROWS, EPOCHS, ROUNDS_OF_TEXT = 5, 500, 2, 3
STATES = 4  # weights, gradients and Adam's two
SYSTEMS = ("whole fit", "refit", "cleanlab, skorch", "one skorch fit")
GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072"}
INTERPRETER = "import torch; print(open('/proc/self/status').read())"


def dense():
    """Make 60 000 rows of MNIST's shape."""
    return make_samples(60_000, 784, 10), HIDDEN


def csr():
    """Make sparse rows of ten classes."""
    return make_sparse_samples(10), HIDDEN


def text():
    """Load the TF-IDF of the film reviews, and flip some labels."""
    texts, y = fetch_imdb(return_X_y=True)
    X = TfidfVectorizer(max_features=50_000, dtype=np.float32).fit_transform(texts)
    return (X, *add_noise(y, 2)), (64,)


DATA = {"60 000 x 784": dense, "CSR 20 000 x 5000": csr, "IMDB 25 000 x 50 000": text}


def make_system(system, T, net):
    """Make what is fitted."""
    if system == "one skorch fit":
        return net
    if system == "cleanlab, skorch":
        in_process = {"n_jobs": 1}
        return CleanLearning(net, cv_n_folds=FOLDS, find_label_issues_kwargs=in_process)
    transition = T if system == "refit" else "auto"
    return NoiseRobustClassifier(
        net, transition=transition, cv=FOLDS, device="cpu", random_state=0
    )


def memory(field, status=None):
    """Read the resident set (VmRSS) or its high-water mark (VmHWM) in bytes."""
    status = Path("/proc/self/status").read_text() if status is None else status
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def measure(data, system):
    """Fit one system and print its memory as JSON, in a process of its own."""
    with limited(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (X, y, T), hidden = DATA[data]()
        net = make_net(X.shape[1], len(T), EPOCHS, hidden, callbacks="disable")
        make_system(system, T, net).fit(X[:FEW_ROWS], y[:FEW_ROWS])
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        whole = memory("VmHWM")
        Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        make_system(system, T, net).fit(X, y)
    peak = memory("VmHWM")
    widths = [X.shape[1], *hidden, len(T)]
    n_weights = sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths))
    found = {
        "extra": peak - before,
        "whole": max(whole, peak),
        "X": X.size * FLOAT,
        "batch": BATCH * X.shape[1] * FLOAT,
        "net": STATES * n_weights * FLOAT,
        "out_of_fold": FLOAT * X.shape[0] * len(T),
    }
    print(json.dumps(found))


def measure_apart(data, system, rounds, gives_back=True):
    """Measure in fresh processes, whose allocator gives freed memory back or not."""
    environment = os.environ | (GIVES_BACK if gives_back else {})
    command = [sys.executable, "-m", "benchmarks.bench_memory", "--measure", data, system]
    found = [
        json.loads(
            subprocess.run(
                command, check=True, capture_output=True, env=environment
            ).stdout
        )
        for _ in range(rounds)
    ]
    return pd.DataFrame(found) / MB


def of_interpreter():
    """Measure an interpreter that has only imported torch, in MB."""
    command = [sys.executable, "-c", INTERPRETER]
    status = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return memory("VmRSS", status) / MB


def row_of(claim, data, system, values, **about):
    """Make a row of the CSV from MB in each round."""
    about = {"unit": "MB", "clock": "", **about}
    return make_row(claim, data, system, "", values, **about)


def dense_cell(rounds):
    """Measure ours and the rivals over dense rows."""
    data, rows = "60 000 x 784", []
    for system in SYSTEMS:
        found = measure_apart(data, system, rounds)
        about = {"note": f"X has {found.X[0]:.1f} MB"}
        if system in ("whole fit", "refit"):
            n_nets = FOLDS if system == "whole fit" else 1  # stacked
            about = allowed(found, found.X[0] / 10, "a tenth of X", system, n_nets)
        rows.append(row_of(8, data, system, found.extra, **about))
    kept = measure_apart(data, "whole fit", rounds, gives_back=False)
    note = "with what the allocator of glibc keeps by default of freed memory"
    return [*rows, row_of(8, data, "whole fit, with freed memory", kept.extra, note=note)]


def allowed(found, share, name, system, n_nets):
    """State the limit: a share, the nets that are alive and what is held out."""
    of_nets = n_nets * found.net[0]
    out_of_fold = found.out_of_fold[0] if system == "whole fit" else 0
    return {
        "limit": share + of_nets + out_of_fold,
        "note": f"limit: {name} {share:.1f}, nets with gradients and state "
        f"{of_nets:.1f}, out-of-fold {out_of_fold:.1f} MB",
    }


def sparse_cell(rounds):
    """Measure ours over sparse rows."""
    data, rows = "CSR 20 000 x 5000", []
    for system in ("whole fit", "refit"):
        found = measure_apart(data, system, rounds)
        about = allowed(found, 10 * found.batch[0], "ten dense batches", system, 1)
        rows.append(row_of(6, data, system, found.extra, **about))
    return rows


def text_cell(rounds):
    """Measure ours on text, during the fit and in the whole process."""
    data = "IMDB 25 000 x 50 000"
    found = measure_apart(data, "whole fit", min(rounds, ROUNDS_OF_TEXT))
    interpreter = of_interpreter()
    note = f"over the {interpreter:.0f} MB of an interpreter with torch"
    whole = found.whole - interpreter
    return [
        row_of(6, data, "whole fit", found.extra),
        row_of(6, data, "whole process", whole, limit=1500, note=note),
    ]


CELLS = {"8-dense": dense_cell, "6-csr": sparse_cell, "6-text": text_cell}


def plot(frame, path):
    """Draw each peak in MB with its limit."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    frame = frame.iloc[::-1]
    labels = [f"{row.claim}  {row.setting}: {row.ours}" for row in frame.itertuples()]
    figure, axes = plt.subplots(figsize=(9, 1 + 0.35 * len(frame)))
    places = np.arange(len(frame))
    axes.hlines(places, frame.q1.astype(float), frame.q3.astype(float), color="0.4")
    axes.plot(frame["median"].astype(float), places, "ko", label="measured")
    limits = frame.limit.astype(float)
    axes.plot(limits, places, "k|", markersize=16, markeredgewidth=3, label="limit")
    axes.set_yticks(places, labels, fontsize=8)
    axes.set(xlabel="memory on top of X, at its peak (MB)", xscale="log")
    axes.grid(axis="x", color="0.9")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    """Run the cells, refresh the CSV and draw; or measure one system."""
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
    else:
        run_cells(CELLS, __doc__, "memory", plot)


if __name__ == "__main__":
    main()
