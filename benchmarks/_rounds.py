"""Rounds of rivals in one process: their problems, times, CSV rows and plot."""

import argparse
import gc
import time
import warnings
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import processor, python_version
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from skorch import NeuralNetClassifier
from threadpoolctl import threadpool_limits

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP

RESULTS = Path(__file__).parent / "results"
FIGURES = Path(__file__).parents[1] / "docs"
BATCH, HIDDEN, NOISE_RATE = 128, (128, 128), 0.2
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}
KEY = ["claim", "setting", "ours", "rival"]
CACHE = Path("/sys/devices/system/cpu/cpu0/cache")


def make_samples(n_samples, n_features, n_classes):
    """Make normal clouds with symmetric noise of .2 in their labels."""
    rng = np.random.default_rng(0)
    y = np.arange(n_samples) % n_classes
    centers = rng.standard_normal((n_classes, n_features), dtype=np.float32)
    centers *= 3 / np.sqrt(n_features)
    X = rng.standard_normal((n_samples, n_features), dtype=np.float32)
    for start in range(0, n_samples, 4096):  # all at once would double the memory
        X[start : start + 4096] += centers[y[start : start + 4096]]
    return X, *add_noise(y, n_classes)


def make_sparse_samples(n_classes, n_samples=20_000, n_features=5000, density=0.01):
    """Make CSR samples whose class is the largest of some linear scores, with noise."""
    rng = np.random.default_rng(0)
    X = sparse.random(
        n_samples, n_features, density, format="csr", dtype=np.float32, random_state=rng
    )
    scores = X @ rng.standard_normal((n_features, n_classes), dtype=np.float32)
    return X, *add_noise(scores.argmax(axis=1), n_classes)


def add_noise(y, n_classes):
    """Return noisy labels and the T that made them."""
    T = make_transition_matrix("symmetric", n_classes, NOISE_RATE)
    return make_noisy_labels(y, T, random_state=0), T


def make_net(n_features, n_classes, epochs, hidden=HIDDEN, **params):
    """Make the net of all fits, as a user of skorch would write it."""
    return NeuralNetClassifier(
        MLP,
        module__n_features=n_features,
        module__n_classes=n_classes,
        module__hidden=hidden,
        criterion=torch.nn.CrossEntropyLoss,  # ours puts its own in its place
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=BATCH,
        max_epochs=epochs,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
        **params,
    )


@contextmanager
def limited(threads):
    """Let torch and the libraries below numpy use this many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            yield
    finally:
        torch.set_num_threads(before)


def race(rivals, rounds, *, threads=1, clock="cpu"):
    """Run each rival once a round, in rotating order, after a warm-up of all."""
    names, seconds = list(rivals), []
    threads = threads if isinstance(threads, dict) else dict.fromkeys(names, threads)
    for k in range(-1, rounds):
        turn = k % len(names)
        order = names[turn:] + names[:turn]
        order = order[:: -1 if k // len(names) % 2 else 1]  # other neighbours too
        seconds.append({n: timed(rivals[n], threads[n], clock) for n in order})
    return pd.DataFrame(seconds[1:], columns=names)


def timed(run, threads, clock):
    """Return the time of one run, after the garbage of the last one was collected."""
    gc.collect()
    with limited(threads):
        start = CLOCKS[clock]()
        run()
        return CLOCKS[clock]() - start


def compare(claim, setting, seconds, ours, rival, *, per=1, **about):
    """Make the row of the CSV for two rivals: the median of the ratios of the rounds."""
    ratio = seconds[ours] / seconds[rival]
    each = {
        "ours_seconds": seconds[ours].median() / per,
        "rival_seconds": seconds[rival].median() / per,
    }
    return make_row(claim, setting, ours, rival, ratio, **each, **about)


def make_row(claim, setting, ours, rival, values, *, unit="ratio", **about):
    """Make a row of the CSV from one value a round: median, quartiles and verdict."""
    limit = about.get("limit")
    median = float(np.median(values))
    row = {
        "claim": claim,
        "setting": setting,
        "ours": ours,
        "rival": rival,
        "unit": unit,
        "median": median,
        "q1": float(np.quantile(values, 0.25)),
        "q3": float(np.quantile(values, 0.75)),
        "rounds": len(values),
        "limit": limit,
        "aim": about.get("aim"),
        "holds": "" if limit is None else str(median <= limit),
    }
    row |= {name: about.get(name) for name in ("ours_seconds", "rival_seconds")}
    row |= {"threads": about.get("threads", 1), "clock": about.get("clock", "cpu")}
    row |= {"note": about.get("note"), "versions": versions(), **machine()}
    name = against(SimpleNamespace(**row))
    spread = f"{median:.3g} [{row['q1']:.3g}, {row['q3']:.3g}] {unit}"
    limit = "" if limit is None else f", limit {limit:.3g}: {row['holds']}"
    print(f"{claim} {setting}: {name}: {spread}{limit}", flush=True)
    return row


def against(row):
    """Name what a row compares."""
    return f"{row.ours} / {row.rival}" if row.rival else row.ours


@cache
def machine():
    """Name the processor, and read the size of its level-2 cache per core in KiB."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    sizes = [
        int((index / "size").read_text().strip().removesuffix("K"))
        for index in CACHE.glob("index*")
        if (index / "level").read_text().strip() == "2"
    ]
    return {
        "processor": next(iter(models), processor()),
        "l2_kib": next(iter(sizes), None),
    }


@cache
def versions():
    """Name the versions of what was measured."""
    names = ("torch", "scikit-learn", "skorch", "cleanlab")
    found = [f"{name} {version(name)}" for name in names]
    return ", ".join([f"python {python_version()}", *found])


def save(rows, path):
    """Refresh the rows of a CSV that were measured again; return all of them."""
    frame = pd.DataFrame(rows)
    if frame.empty and not path.exists():
        return frame
    if path.exists():
        frame = pd.concat([read(path).astype(object), frame.astype(object)])
        places, newest = (frame.drop_duplicates(KEY, keep=k) for k in ("first", "last"))
        frame = places[KEY].merge(newest, on=KEY).infer_objects()
    frame = frame.sort_values("claim", kind="stable", ignore_index=True)
    frame.to_csv(path, index=False, float_format="%.5g")
    return frame


def read(path):
    """Read a CSV, with True, False or nothing as text."""
    texts = dict.fromkeys(["rival", "holds", "clock", "note"], "")
    return pd.read_csv(path, dtype=dict.fromkeys(texts, str)).fillna(texts)


def run_cells(cells, doc, name, draw, rounds=15):
    """Run the cells that the command line chooses, save after each and draw all."""
    path = RESULTS / f"{name}.csv"
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--out", type=Path, default=path, help="where the CSV goes")
    parser.add_argument(
        "--only",
        default="",
        help=f"parts of names, such as 1,own-small; there are {', '.join(cells)}",
    )
    args = parser.parse_args()
    wanted = [{*part.split("-")} for part in args.only.split(",") if part]
    chosen = [n for n in cells if not wanted or any(w <= {*n.split("-")} for w in wanted)]
    if not chosen:
        parser.error(f"no cell is called {args.only}; there are {[*cells]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few epochs, and of what noise does
        for cell in chosen:
            frame = save(cells[cell](args.rounds), args.out)
    if frame.empty:
        parser.exit(message="nothing was measured\n")
    draw(
        frame,
        FIGURES / f"{name}.png" if args.out == path else args.out.with_suffix(".png"),
    )


def plot_limits(frame, path):
    """Draw medians and quartiles in shares of their limits."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    frame = frame[pd.notna(frame.limit)].iloc[::-1]
    if frame.empty:
        return
    labels = [f"{r.claim}  {r.setting}: {against(r)}" for r in frame.itertuples()]
    frame = frame[["median", "q1", "q3", "limit", "aim"]].astype(float)
    # What is faster than its rival by a difference is below 0 and drawn at 0.
    shares = frame.div(frame.limit, axis=0).clip(lower=0)
    value, q1, q3, _, aim = shares.to_numpy().T
    figure, axes = plt.subplots(figsize=(10, 1 + 0.28 * len(frame)))
    places = np.arange(len(frame))
    axes.axvspan(0, 1, color="0.93", zorder=0)
    axes.axvline(1, color="black", linewidth=1)
    axes.hlines(places, q1, q3, color="0.4", linewidth=3)
    axes.plot(value, places, "ko", markersize=5, label="median; bar: quartiles")
    axes.plot(aim, places, "D", color="0.4", fillstyle="none", label="aim")
    axes.set_yticks(places, labels, fontsize=8)
    axes.set(xlabel="measured, in shares of the limit", xlim=(min(0, q1.min()), None))
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
