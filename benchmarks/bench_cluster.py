"""Claim: a cluster is sent the samples once, and computes what a search shares once.

"bytes" is what client and scheduler of dask send, in MB, for five folds of 20 000 x 50
float32 values (4 MB) on two workers: by a `ConfidentLearningClassifier`, and where each
fold is a task of joblib with its own samples.

"search" is how many first passes are computed on two and four workers, for a grid of four
corrections and three outer folds with a common `memory`. There are four different ones:
those of the outer folds and of the refit.

"processes" is the time of three epochs of a network of 3 million weights that two
processes train on this machine: by skorch's AccelerateMixin in a
`NoiseRobustClassifier`, and by a loop with `DistributedDataParallel`.

    python -m benchmarks.bench_cluster --rounds 3

It needs the extra `scale`.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from distributed import Client, LocalCluster
from distributed.comm.tcp import TCP
from joblib import Parallel, delayed, parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from skorch import NeuralNetClassifier

from benchmarks._rounds import BATCH, compare, limited, make_row, make_samples, run_cells
from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.losses import ForwardLoss
from sklnoise.nn import MLP

FOLDS, EPOCHS, N_PROCESSES, MB = 5, 3, 2, 1e6
CORRECTIONS = "forward", "backward", "reweight", "adaptation"
LARGE = {"n_features": 784, "n_classes": 10, "hidden": (1700, 970)}  # 3.0 million


class Recorded(LogisticRegression):
    """Writes a file for each fit."""

    def __init__(self, folder=None):
        super().__init__()
        self.folder = folder

    def fit(self, X, y, sample_weight=None):
        """Fit, and leave a file of an unused name."""
        Path(self.folder, f"{time.time_ns()}-{os.getpid()}").touch()
        return super().fit(X, y, sample_weight)


@contextmanager
def workers(n_workers):
    """Start worker processes of dask, and stop them."""
    settings = {"threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(n_workers, **settings) as cluster,
        Client(cluster),
        parallel_config("dask"),
    ):
        yield


def count_bytes(run):
    """Return how many MB this process, which is also the scheduler, sends."""
    write, sent = TCP.write, []

    async def counted(comm, message, *args, **kwargs):
        sent.append(await write(comm, message, *args, **kwargs))
        return sent[-1]

    TCP.write = counted
    try:
        run()
    finally:
        TCP.write = write
    return sum(sent) / MB


def fit_each_fold(X, y):
    """Fit the folds as tasks that hold their own samples."""
    splits = StratifiedKFold(FOLDS).split(X, y)
    Parallel()(
        delayed(LogisticRegression().fit)(X[train], y[train]) for train, _ in splits
    )


def bytes_cell(rounds):
    """Count the bytes of both ways."""
    X, y, _ = make_samples(20_000, 50, 3)
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=FOLDS, n_jobs=-1)
    ways = {"sklnoise": clf.fit, "each fold alone": fit_each_fold}
    rows = []
    with workers(2):
        for name, run in ways.items():
            sent = [count_bytes(partial(run, X, y)) for _ in range(rounds)]
            rows.append(row_of("bytes", "five folds of 4 MB", name, sent, "MB"))
    return rows


def row_of(claim, setting, name, values, unit):
    """Make a row of the CSV without a limit."""
    return make_row(claim, setting, name, "", values, unit=unit, clock="")


def count_first_passes(n_jobs):
    """Search on the workers, and count the first passes that are computed."""
    X, y, _ = make_samples(600, 5, 2)
    with TemporaryDirectory() as folder:
        fits = Path(folder, "fits")
        fits.mkdir()
        net = NeuralNetClassifier(
            torch.nn.Linear,
            module__in_features=5,
            module__out_features=2,
            max_epochs=2,
            verbose=0,
        )
        model = NoiseRobustClassifier(
            net,
            first_pass=Recorded(str(fits)),
            memory=str(Path(folder, "memory")),
            cv=FOLDS,
            n_jobs=n_jobs,
            random_state=0,
        )
        GridSearchCV(model, {"correction": CORRECTIONS}, cv=3).fit(X, y)
        return len(os.listdir(fits)) / FOLDS


def search_cell(rounds):
    """Count the first passes of searches."""
    rows = []
    for n_workers in (2, 4):
        with workers(n_workers):
            for n_jobs in (1, None):
                found = [count_first_passes(n_jobs) for _ in range(rounds)]
                name = f"n_jobs={n_jobs}"
                rows.append(
                    row_of("search", f"{n_workers} workers", name, found, "passes")
                )
    return rows


def fit_accelerated(X, y, T):
    """Train by skorch's mixin."""
    from accelerate import Accelerator
    from skorch.hf import AccelerateMixin

    class AcceleratedNet(AccelerateMixin, NeuralNetClassifier):
        """A net that several processes train."""

    net = AcceleratedNet(
        MLP,
        accelerator=Accelerator(cpu=True),
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=BATCH,
        max_epochs=EPOCHS,
        train_split=None,
        iterator_train__shuffle=True,
        callbacks="disable",
        verbose=0,
        **{f"module__{name}": value for name, value in LARGE.items()},
    )
    NoiseRobustClassifier(net, transition=T, random_state=0).fit(X, y)


def fit_distributed(X, y, T):
    """Train by a loop with DistributedDataParallel."""
    module = torch.nn.parallel.DistributedDataParallel(MLP(**LARGE))
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    loss, rng = ForwardLoss(T), np.random.default_rng(0)
    rank, X, codes = (
        torch.distributed.get_rank(),
        torch.from_numpy(X),
        torch.from_numpy(y),
    )
    for _ in range(EPOCHS):
        order = rng.permutation(len(y))
        for start in range(0, len(y), BATCH):
            batch = order[start : start + BATCH][rank::N_PROCESSES]
            optimizer.zero_grad()
            loss(module(X[batch]), codes[batch]).backward()
            optimizer.step()


SYSTEMS = {"sklnoise": fit_accelerated, "DDP loop": fit_distributed}


def train(rounds):
    """Time both systems in each process; the first prints the seconds as JSON."""
    torch.distributed.init_process_group("gloo")
    samples, seconds = make_samples(10_000, 784, 10), {name: [] for name in SYSTEMS}
    for _ in range(1 + int(rounds)):
        for name, run in SYSTEMS.items():
            torch.distributed.barrier()
            start = time.perf_counter()
            with limited(1):
                run(*samples)
            seconds[name].append(time.perf_counter() - start)
    if torch.distributed.get_rank() == 0:
        print(json.dumps({name: values[1:] for name, values in seconds.items()}))
    torch.distributed.destroy_process_group()


def processes_cell(rounds):
    """Train by two processes."""
    import pandas as pd

    launch = "torch.distributed.run", "--standalone", f"--nproc-per-node={N_PROCESSES}"
    module = "-m", "benchmarks.bench_cluster", "--train", str(rounds)
    done = subprocess.run(
        [sys.executable, "-m", *launch, *module], check=True, capture_output=True
    )
    seconds = pd.DataFrame(json.loads(done.stdout.splitlines()[-1]))
    setting = "two processes, 3 million weights"
    return [compare("processes", setting, seconds, *SYSTEMS, clock="wall")]


CELLS = {"bytes": bytes_cell, "search": search_cell, "processes": processes_cell}


def main():
    """Run the cells and refresh the CSV; or train in one of two processes."""
    if sys.argv[1:2] == ["--train"]:
        train(sys.argv[2])
    else:
        run_cells(CELLS, __doc__, "cluster", lambda frame, path: None, rounds=3)


if __name__ == "__main__":
    main()
