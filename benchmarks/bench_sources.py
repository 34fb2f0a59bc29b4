"""Claim: data that do not fit into memory are learned from as fast as by a bare loop.

More exactly: a fit of two folds and a refit, and a prediction, take at most 1.1 times the
time of a loop in plain torch that makes the same passes over the same source with batches
of the same size, and at most a tenth of X of memory beside the nets.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks._rounds import (
    HIDDEN,
    compare,
    make_net,
    make_row,
    race,
    run_cells,
    plot_limits,
)
from benchmarks._sources import (
    N_CLASSES,
    SOURCES,
    bare_prediction,
    bare_training,
    write_samples,
)
from sklnoise import NoiseRobustClassifier

N_SAMPLES, N_FEATURES, EPOCHS, FOLDS = 120_000, 512, 1, 2
LIMIT = 1.1


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


def time_cell(name, rounds):
    """Time one source."""
    kind, open_source, module = SOURCES[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"X.{kind}"
        y = write_samples(path, N_SAMPLES, N_FEATURES, kind)
        rivals = {
            "sklnoise": lambda: fit_ours(open_source(path), y, module),
            "bare loop": lambda: fit_bare(open_source(path), y, module),
        }
        seconds = race(rivals, rounds, clock="wall")
    return [
        compare("time", name, seconds, "sklnoise", "bare loop", limit=LIMIT, clock="wall")
    ]


CELLS = {f"time-{n}": (lambda rounds, n=n: time_cell(n, rounds)) for n in SOURCES}


def main():
    """Run the cells, refresh the CSV and draw."""
    run_cells(CELLS, __doc__, "sources", plot_limits, rounds=5)


if __name__ == "__main__":
    main()
