"""Claim: training on noisy labels costs hardly more than a bare torch loop.

More exactly, the limits of the lanes below hold for the median of the rounds. In a round
each rival runs once, in rotating order. Lanes on one thread count the CPU time of the
process, those on two threads the time on the wall. Rivals get the same net, batches and
epochs; ours has its default parameters, but where a lane says else.

    1  refit with a known T / a bare loop with cross-entropy
    2  whole fit, five folds / bare loops for the same, cleanlab, one skorch fit
    3  whole fit on two cores / on one
    4  whole fit in bfloat16 / in float32, and its accuracy on MNIST
    5  training step with a corrected loss / with cross-entropy
    6  epoch on sparse rows / that of scikit-learn's MLPClassifier
    7  predict_proba / a chunked forward pass
    10 grid of four corrections with `memory` / without

    SKLNOISE_DATA=... python -m benchmarks.bench_speed --rounds 15

`--only 1 2-mnist` runs some lanes and refreshes their rows of the CSV.
"""

import tempfile
from functools import cache, partial

import numpy as np
import torch
from cleanlab.classification import CleanLearning
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks._rounds import (
    BATCH,
    FIGURES,
    HIDDEN,
    NOISE_RATE,
    RESULTS,
    compare,
    limited,
    make_net,
    make_row,
    make_rows,
    make_sparse_rows,
    plot_limits,
    race,
    run_lanes,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import fetch_mnist, make_noisy_labels, make_transition_matrix
from sklnoise.losses import BackwardLoss, ForwardLoss
from sklnoise.transition import LabelFrequencyEstimator

SHAPES = {  # (rows, features, classes), epochs, hidden units
    "mnist": ("10 000 x 784", (10_000, 784, 10), 5, (128, 128)),
    "table": ("2000 x 20", (2000, 20, 3), 20, (64, 32)),
}
FOLDS, CHUNK, SEEDS = 5, 4096, 5
GRID = ["forward", "backward", "reweight", "adaptation"]
make_shape = cache(lambda shape: make_rows(*SHAPES[shape][1]))


def shape_net(shape, **params):
    """Make the net for a shape; skorch's callbacks are off unless told."""
    _, (_, *sizes), epochs, hidden = SHAPES[shape]
    return make_net(*sizes, epochs, hidden, **({"callbacks": "disable"} | params))


def classifier(net, **params):
    """Make our classifier."""
    return NoiseRobustClassifier(net, device="cpu", random_state=0, **params)


def bare_net(n_features, n_classes, hidden=HIDDEN):
    """Make the net of `shape_net` without skorch."""
    first, second = hidden
    return nn.Sequential(
        nn.Linear(n_features, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, n_classes),
    )


def bare_fit(shape, rows=None):
    """Train the net on some rows with a loop that does nothing else."""
    X, y, _ = make_shape(shape)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    _, (_, *sizes), epochs, hidden = SHAPES[shape]
    rows = torch.arange(len(X)) if rows is None else torch.from_numpy(rows)
    net = bare_net(*sizes, hidden)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        for batch in rows[torch.randperm(len(rows))].split(BATCH):
            optimizer.zero_grad()
            cross_entropy(net(X[batch]), y[batch]).backward()
            optimizer.step()
    return net


@torch.inference_mode()
def bare_proba(net, X):
    """Predict probabilities in chunks."""
    net.eval()
    chunks = torch.from_numpy(X).split(CHUNK)
    return torch.cat([net(chunk).softmax(dim=1) for chunk in chunks]).numpy()


def bare_whole_fit(shape):
    """Do what a whole fit does: folds, out-of-fold probabilities, T, refit."""
    X, y, T = make_shape(shape)
    y_proba = np.empty((len(X), len(T)), dtype=np.float32)
    for train, test in StratifiedKFold(FOLDS, shuffle=True).split(X, y):
        y_proba[test] = bare_proba(bare_fit(shape, train), X[test])
    LabelFrequencyEstimator().fit(y_proba, y)
    return bare_fit(shape)


def clean_learning(model, X, y):
    """Fit cleanlab's classifier, in this process so that the clock sees all of it."""
    in_process = {"n_jobs": 1}
    model = CleanLearning(model, cv_n_folds=FOLDS, find_label_issues_kwargs=in_process)
    model.fit(X, y)


def sklearn_net(epochs, hidden=HIDDEN):
    """Make scikit-learn's net, for exactly this many epochs."""
    return MLPClassifier(
        hidden,
        batch_size=BATCH,
        learning_rate_init=1e-3,
        alpha=0.0,
        max_iter=epochs,
        n_iter_no_change=epochs,
    )


def refit_lane(shape, limit, limit_with_callbacks, rounds):
    """Compare the refit with a known T to the bare loop."""
    X, y, T = make_shape(shape)
    usual = shape_net(shape, callbacks=None)
    plain = classifier(shape_net(shape), correction="none")
    seconds = race(
        {
            "refit": lambda: classifier(shape_net(shape), transition=T).fit(X, y),
            "refit, no correction": lambda: plain.fit(X, y),
            "refit, epoch callbacks": lambda: classifier(usual, transition=T).fit(X, y),
            "bare loop": lambda: bare_fit(shape),
        },
        rounds,
    )
    row = partial(compare, 1, SHAPES[shape][0], seconds)
    return [
        row("refit", "bare loop", limit=limit),
        row("refit, no correction", "bare loop"),
        row("refit, epoch callbacks", "bare loop", limit=limit_with_callbacks),
    ]


def whole_fit_lane(shape, limits, rounds):
    """Compare the whole fit to bare loops, to cleanlab and to one plain fit."""
    X, y, _ = make_shape(shape)
    net, rival = shape_net(shape), sklearn_net(*SHAPES[shape][2:])
    seconds = race(
        {
            "whole fit": lambda: classifier(net, cv=FOLDS).fit(X, y),
            "bare loops": lambda: bare_whole_fit(shape),
            "cleanlab, skorch": lambda: clean_learning(net, X, y),
            "cleanlab, MLPClassifier": lambda: clean_learning(rival, X, y),
            "one skorch fit": lambda: shape_net(shape, callbacks=None).fit(X, y),
        },
        rounds,
    )
    row = partial(compare, 2, SHAPES[shape][0], seconds, "whole fit")
    return [
        row(rival, limit=limit, aim=aim, note=note)
        for rival, (limit, aim, note) in limits.items()
    ]


def cores_lane(setting, sizes, epochs, hidden, rounds, *, limit):
    """Compare the whole fit on two threads to one."""
    X, y, _ = make_rows(*sizes)
    net = make_net(*sizes[1:], epochs, hidden, callbacks="disable")

    def fit():
        classifier(net, cv=FOLDS).fit(X, y)

    threads = {"two threads": 2, "one thread": 1}
    seconds = race(dict.fromkeys(threads, fit), rounds, threads=threads, clock="wall")
    about = {"limit": limit, "threads": "2 / 1", "clock": "wall"}
    return [compare(3, setting, seconds, *threads, **about)]


def bare_loop_on_two_cores(rounds):
    """Compare two threads to one for the bare loop, which shows what torch can gain."""
    threads = {"bare loop, two threads": 2, "bare loop, one thread": 1}
    fits = dict.fromkeys(threads, partial(bare_fit, "mnist"))
    seconds = race(fits, rounds, threads=threads, clock="wall")
    about = {"threads": "2 / 1", "clock": "wall"}
    return [compare(3, SHAPES["mnist"][0], seconds, *threads, **about)]


def tables_on_two_cores(rounds):
    """Compare two threads to one on small tables."""
    _, (_, *sizes), *training = SHAPES["table"]
    rows = []
    for n in (200, 1000, 2000, 5000):
        rows += cores_lane(f"{n} x 20", (n, *sizes), *training, rounds, limit=1.1)
    return rows


def knows_bfloat16():
    """Tell whether the classifier takes this type, and say so if it does not."""
    X, y, T = make_rows(100, 4, 2)
    try:
        classifier(make_net(4, 2, 1), dtype="bfloat16", transition=T).fit(X, y)
    except ValueError as error:
        if "'dtype' parameter" not in str(error):
            raise
        print('lane 4 is skipped: this version does not take dtype="bfloat16"')
        return False
    return True


def bfloat16_lane(rounds):
    """Compare the time of the whole fit in bfloat16 to float32."""
    if not knows_bfloat16():
        return []
    X, y, _ = make_shape("mnist")
    net = shape_net("mnist")
    seconds = race(
        {
            dtype: lambda dtype=dtype: classifier(net, dtype=dtype).fit(X, y)
            for dtype in ("bfloat16", "float32")
        },
        rounds,
    )
    return [compare(4, SHAPES["mnist"][0], seconds, *seconds.columns, limit=0.7)]


def product_lane(rounds, calls=300):
    """Compare the first product of a step in bfloat16 to float32."""

    def multiply(dtype):
        X, weight = torch.randn(BATCH, 784, dtype=dtype), torch.randn(784, 128).to(dtype)
        for _ in range(calls):
            X @ weight

    products = {
        "product in bfloat16": partial(multiply, torch.bfloat16),
        "in float32": partial(multiply, torch.float32),
    }
    seconds = race(products, rounds)
    return [compare(4, "128 x 784 x 128", seconds, *products, per=calls)]


def accuracy_lane(rounds):
    """Compare the accuracy of bfloat16 to float32 on MNIST, over five seeds."""
    if not knows_bfloat16():
        return []
    X, y = fetch_mnist(return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
    X, y = X[:10_000], y[:10_000]
    T = make_transition_matrix("symmetric", 10, NOISE_RATE)
    found = {"bfloat16": [], "float32": []}
    for seed in range(SEEDS):
        y_noisy = make_noisy_labels(y, T, random_state=seed)
        for dtype, accuracies in found.items():
            clf = classifier(shape_net("mnist"), dtype=dtype)
            with limited(1):
                clf.set_params(random_state=seed).fit(X, y_noisy)
                accuracies.append(100 * clf.score(X_test, y_test))
    (half, half_sd), (single, single_sd) = (
        (np.mean(values), np.std(values, ddof=1)) for values in found.values()
    )
    shown = f"{half:.2f} ± {half_sd:.2f} and {single:.2f} ± {single_sd:.2f}"
    about = {"unit": "points", "limit": 0.3, "note": f"{shown} %, {SEEDS} seeds"}
    row = make_row(4, "MNIST, symmetric .2", *found, [abs(half - single)], **about)
    return [row | {"rounds": SEEDS}]


def training_step(loss, n_classes, steps):
    """Return a function that trains a net of one hidden layer for some steps."""
    X, y = torch.randn(BATCH, 784), torch.arange(BATCH) % n_classes
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, n_classes))
    # It must not learn its one batch by heart: tiny gradients would cost more time.
    optimizer = torch.optim.Adam(net.parameters(), lr=0.0, fused=True)

    def run():
        for _ in range(steps):
            optimizer.zero_grad()
            loss(net(X), y).backward()
            optimizer.step()

    return run


def loss_alone(loss, n_classes, steps):
    """Return a function that runs a loss forth and back some times."""
    logits = torch.randn(BATCH, n_classes, requires_grad=True)
    y = torch.arange(BATCH) % n_classes

    def run():
        for _ in range(steps):
            logits.grad = None
            loss(logits, y).backward()

    return run


def step_lane(rounds):
    """Compare the corrected losses to cross-entropy, in a training step and alone."""
    rows = []
    for n_classes, steps, limit, aim in ((1000, 100, 1.3, 1.1), (10, 500, 1.1, None)):
        T = make_transition_matrix("symmetric", n_classes, NOISE_RATE)
        losses = {
            "forward": ForwardLoss(T).float(),
            "backward": BackwardLoss(T).float(),
            "cross-entropy": cross_entropy,
        }
        for make, setting in ((training_step, "step"), (loss_alone, "loss alone")):
            rivals = {k: make(loss, n_classes, steps) for k, loss in losses.items()}
            row = partial(
                compare,
                5,
                f"{setting}, {n_classes} classes",
                race(rivals, rounds),
                rival="cross-entropy",
                per=steps,
                **({"limit": limit, "aim": aim} if setting == "step" else {}),
            )
            rows += [row(ours="forward"), row(ours="backward")]
    return rows


def sparse_lane(rounds, epochs=3):
    """Compare an epoch of the refit on CSR rows to one of scikit-learn."""
    rows = []
    for n_classes in (2, 5, 10):
        X, y, T = make_sparse_rows(n_classes)
        net = make_net(X.shape[1], n_classes, epochs, callbacks="disable")
        ours = classifier(net, transition=T)
        rival = sklearn_net(epochs)
        fits = {
            "refit": partial(ours.fit, X, y),
            "MLPClassifier": partial(rival.fit, X, y),
        }
        seconds = race(fits, rounds)
        setting = f"CSR 20 000 x 5000, {n_classes} classes"
        rows.append(compare(6, setting, seconds, *fits, limit=0.55, per=epochs))
    return rows


def predict_lane(rounds, calls=300):
    """Compare predict_proba to a forward pass, for many rows and for one."""
    X, y, T = make_rows(60_000, 784, 10)
    clf = classifier(make_net(784, 10, 1, callbacks="disable"), transition=T)
    clf.fit(X[:1000], y[:1000])
    net = bare_net(784, 10)

    def each(predict):
        for _ in range(calls):
            predict(X[:1])

    many = {
        "predict_proba": lambda: clf.predict_proba(X),
        "chunked torch": lambda: bare_proba(net, X),
    }
    one = {
        "predict_proba": lambda: each(clf.predict_proba),
        "bare forward": lambda: each(partial(bare_proba, net)),
    }
    seconds = race(one, rounds) / calls
    more = 1e6 * (seconds["predict_proba"] - seconds["bare forward"])
    about = {"unit": "µs more", "limit": 250}
    about |= zip(("ours_seconds", "rival_seconds"), seconds.median())
    return [
        compare(7, "60 000 x 784", race(many, rounds), *many, limit=1.1),
        make_row(7, "one row", *one, more, **about),
    ]


def search(shape, memory):
    """Search a grid of corrections."""
    X, y, _ = make_shape(shape)
    clf = classifier(shape_net(shape), memory=memory)
    grid = {"correction": GRID}
    GridSearchCV(clf, grid, cv=3, refit=False, error_score="raise").fit(X, y)


def search_with_memory(shape):
    """Search with an empty folder to remember the first passes in."""
    with tempfile.TemporaryDirectory() as folder:
        search(shape, folder)


def grid_lane(shape, limit, rounds):
    """Compare a grid over corrections with memory to one without."""
    searches = {
        "grid with memory": lambda: search_with_memory(shape),
        "without": lambda: search(shape, None),
    }
    seconds = race(searches, rounds)
    return [compare(10, SHAPES[shape][0], seconds, *searches, limit=limit)]


LANES = {
    "1-mnist": partial(refit_lane, "mnist", 1.05, 1.05),
    "1-table": partial(refit_lane, "table", 1.1, 1.25),
    "2-mnist": partial(
        whole_fit_lane,
        "mnist",
        {  # limit, aim
            "bare loops": (1.0, 0.9, ""),
            "cleanlab, skorch": (1 / 1.5, 1 / 2, "at least 1.5 times as fast"),
            "cleanlab, MLPClassifier": (1 / 1.25, None, "at least 1.25 times as fast"),
            "one skorch fit": (3.3, 2.5, ""),
        },
    ),
    "2-table": partial(
        whole_fit_lane,
        "table",
        {
            "bare loops": (0.65, 0.55, ""),
            "cleanlab, skorch": (1 / 4.5, 1 / 6, "at least 4.5 times as fast"),
            "cleanlab, MLPClassifier": (1 / 1.7, None, "at least 1.7 times as fast"),
            "one skorch fit": (1.0, 0.8, ""),
        },
    ),
    "3-mnist": partial(cores_lane, *SHAPES["mnist"], limit=0.65),
    "3-bare": bare_loop_on_two_cores,
    "3-table": tables_on_two_cores,
    "4-time": bfloat16_lane,
    "4-product": product_lane,
    "4-accuracy": accuracy_lane,
    "5-step": step_lane,
    "6-csr": sparse_lane,
    "7-predict": predict_lane,
    "10-mnist": partial(grid_lane, "mnist", 0.45),
    "10-table": partial(grid_lane, "table", None),
}


def main():
    """Run the lanes, refresh the CSV and draw."""
    plot_limits(run_lanes(LANES, __doc__, RESULTS / "speed.csv"), FIGURES / "speed.png")


if __name__ == "__main__":
    main()
