"""Claim: training on noisy labels costs hardly more than a bare torch loop.

More exactly, the limits of the cells below hold for the median of the rounds. In a round
each rival runs once, in rotating order. Cells on one thread count the CPU time of the
process, those on two threads the time on the wall. Rivals get the same net, batches and
epochs; ours has its default parameters, but where a cell says else.

    1  refit with a known T / a bare loop with cross-entropy
    2  whole fit, five folds / bare loops for the same, cleanlab, one skorch fit;
       with our MLP, with the default net and with a module of the user's own
    3  whole fit on two cores / on one
    4  whole fit in bfloat16 / in float32, and its accuracy on MNIST
    5  training step with a corrected loss / with cross-entropy
    6  epoch on sparse samples / that of scikit-learn's MLPClassifier
    7  predict_proba / a chunked forward pass
    10 grid of four corrections with `memory` / without
    11 whole fit of a few epochs less bare loops: what is not training

    SKLNOISE_DATA=... python -m benchmarks.bench_speed --rounds 15

`--only own-small,1` runs some cells and refreshes their rows of the CSV; "small" is
2000 x 20, "large" is 10 000 x 784. `--out` names another CSV.
"""

import tempfile
from copy import deepcopy
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
    HIDDEN,
    NOISE_RATE,
    compare,
    limited,
    make_net,
    make_row,
    make_samples,
    make_sparse_samples,
    plot_limits,
    race,
    run_cells,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import fetch_mnist, make_noisy_labels, make_transition_matrix
from sklnoise.losses import BackwardLoss, ForwardLoss
from sklnoise.transition import LabelFrequencyEstimator

SHAPES = {  # (samples, features, classes), epochs, hidden units
    "large": ("10 000 x 784", (10_000, 784, 10), 5, (128, 128)),
    "small": ("2000 x 20", (2000, 20, 3), 20, (64, 32)),
}
# What the default net chooses for these shapes: hidden units and dropout.
DEFAULT_NETS = {"large": ((512, 256), 0.5), "small": ((64, 32), 0.25)}
SHORT_EPOCHS = {"large": 3, "small": 10}
FOLDS, CHUNK, SEEDS = 5, 4096, 5
GRID = ["forward", "backward", "reweight", "adaptation"]
make_shape = cache(lambda shape: make_samples(*SHAPES[shape][1]))


class OwnNet(nn.Module):
    """A module as users write it, of which the library knows nothing."""

    def __init__(self, n_features, n_classes, hidden=HIDDEN):
        super().__init__()
        self.first = nn.Linear(n_features, hidden[0])
        self.second = nn.Linear(hidden[0], hidden[1])
        self.logits = nn.Linear(hidden[1], n_classes)

    def forward(self, X):
        """Compute the logits."""
        X = torch.relu(self.first(X))
        X = torch.relu(self.second(X))
        return self.logits(X)


def shape_net(shape, module=None, epochs=None, **params):
    """Make the net for a shape; skorch's callbacks are off unless they are passed."""
    _, (_, *sizes), usual_epochs, hidden = SHAPES[shape]
    net = make_net(*sizes, epochs or usual_epochs, hidden)
    module = {} if module is None else {"module": module}
    return net.set_params(**({"callbacks": "disable"} | module | params))


def classifier(net, **params):
    """Make our classifier."""
    return NoiseRobustClassifier(net, device="cpu", random_state=0, **params)


def bare_net(n_features, n_classes, hidden=HIDDEN, dropout=0.0):
    """Make our MLP without the library."""
    layers, widths = [], (n_features, *hidden)
    for n_in, n_out in zip(widths, hidden):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_classes))


def bare_fit(net, X, y, epochs, samples=None, batch_size=BATCH):
    """Train a net on some samples with a loop that does nothing else."""
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    samples = torch.arange(len(X)) if samples is None else torch.from_numpy(samples)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        bare_epoch(net, X, y, samples, optimizer, batch_size)
    return net


def bare_epoch(net, X, y, samples, optimizer, batch_size):
    """Take the steps of one epoch."""
    for batch in samples[torch.randperm(len(samples))].split(batch_size):
        optimizer.zero_grad()
        cross_entropy(net(X[batch]), y[batch]).backward()
        optimizer.step()


def bare_fit_with_early_stopping(net, X, y, epochs, samples=None):
    """Train as the default net does: hold out a tenth, and keep the best epoch."""
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    samples = torch.arange(len(X)) if samples is None else torch.from_numpy(samples)
    held_out, samples = samples.split([len(samples) // 10, len(samples) * 9 // 10])
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    lowest, best = np.inf, None
    for _ in range(epochs):
        bare_epoch(net.train(), X, y, samples, optimizer, batch_size=256)
        schedule.step()
        with torch.inference_mode():
            loss = cross_entropy(net.eval()(X[held_out]), y[held_out]).item()
        if loss < lowest:
            lowest, best = loss, deepcopy(net.state_dict())
    net.load_state_dict(best)
    return net


@torch.inference_mode()
def bare_proba(net, X):
    """Predict probabilities in chunks."""
    net.eval()
    chunks = torch.from_numpy(X).split(CHUNK)
    return torch.cat([net(chunk).softmax(dim=1) for chunk in chunks]).numpy()


def bare_whole_fit(shape, epochs, make=bare_net, fit=bare_fit, **params):
    """Do what a whole fit does: folds, out-of-fold probabilities, T, refit.

    `epochs` has a number for each fold and one for the refit.
    """
    X, y, T = make_shape(shape)
    sizes, params = SHAPES[shape][1][1:], {"hidden": SHAPES[shape][3]} | params
    y_proba = np.empty((len(X), len(T)), dtype=np.float32)
    folds = StratifiedKFold(FOLDS, shuffle=True).split(X, y)
    for n, (train, test) in zip(epochs, folds):
        net = fit(make(*sizes, **params), X, y, n, train)
        y_proba[test] = bare_proba(net, X[test])
    LabelFrequencyEstimator().fit(y_proba, y)
    return fit(make(*sizes, **params), X, y, epochs[-1])


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


def refit_cell(shape, limit, limit_with_callbacks, rounds):
    """Compare the refit with a known T to the bare loop."""
    X, y, T = make_shape(shape)
    setting, (_, *sizes), epochs, hidden = SHAPES[shape]
    usual = shape_net(shape, callbacks=None)
    plain = classifier(shape_net(shape), correction="none")
    seconds = race(
        {
            "refit": lambda: classifier(shape_net(shape), transition=T).fit(X, y),
            "refit, no correction": lambda: plain.fit(X, y),
            "refit, epoch callbacks": lambda: classifier(usual, transition=T).fit(X, y),
            "bare loop": lambda: bare_fit(bare_net(*sizes, hidden), X, y, epochs),
        },
        rounds,
    )
    row = partial(compare, 1, setting, seconds, rival="bare loop")
    return [
        row("refit", limit=limit),
        row("refit, no correction"),
        row("refit, epoch callbacks", limit=limit_with_callbacks),
    ]


def mlp_cell(shape, limits, rounds):
    """Compare the whole fit to bare loops, to cleanlab and to one plain fit."""
    X, y, _ = make_shape(shape)
    setting, _, epochs, hidden = SHAPES[shape]
    net, rival = shape_net(shape), sklearn_net(epochs, hidden)
    seconds = race(
        {
            "whole fit": lambda: classifier(net, cv=FOLDS).fit(X, y),
            "bare loops": lambda: bare_whole_fit(shape, [epochs] * (FOLDS + 1)),
            "cleanlab, skorch": lambda: clean_learning(net, X, y),
            "cleanlab, MLPClassifier": lambda: clean_learning(rival, X, y),
            "one skorch fit": lambda: shape_net(shape, callbacks=None).fit(X, y),
        },
        rounds,
    )
    row = partial(compare, 2, setting, seconds, "whole fit")
    return [
        row(rival, limit=limit, aim=aim, note=note)
        for rival, (limit, aim, note) in limits.items()
    ]


def default_cell(shape, limit, epochs, rounds):
    """Compare the whole fit of the default net to loops of as many epochs."""
    X, y, _ = make_shape(shape)
    clf = classifier(None, cv=FOLDS)
    if epochs:  # on the large shape the usual number would take minutes
        clf.set_params(estimator__max_epochs=epochs)
    with limited(1):
        clf.fit(X, y)
    taken = [len(history) for history in clf.first_pass_history_] + [clf.n_iter_]
    hidden, dropout = DEFAULT_NETS[shape]
    like_it = {"fit": bare_fit_with_early_stopping, "hidden": hidden, "dropout": dropout}
    rivals = {
        "whole fit, default net": lambda: clf.fit(X, y),
        "bare loops, early stopping": lambda: bare_whole_fit(shape, taken, **like_it),
    }
    note = "epochs of folds and refit: " + ", ".join(map(str, taken))
    seconds = race(rivals, rounds)
    return [compare(2, SHAPES[shape][0], seconds, *rivals, limit=limit, note=note)]


def own_cell(shape, limit, rounds):
    """Compare a whole fit and a refit of a user's own module to bare loops."""
    X, y, T = make_shape(shape)
    setting, (_, *sizes), epochs, hidden = SHAPES[shape]
    net, all_epochs = shape_net(shape, OwnNet), [epochs] * (FOLDS + 1)
    rivals = {
        "whole fit, own module": lambda: classifier(net, cv=FOLDS).fit(X, y),
        "bare loops, own module": lambda: bare_whole_fit(shape, all_epochs, OwnNet),
        "refit, own module": lambda: classifier(net, transition=T).fit(X, y),
        "bare loop, own module": lambda: bare_fit(OwnNet(*sizes, hidden), X, y, epochs),
    }
    seconds = race(rivals, rounds)
    whole_fit, bare_loops, refit, bare_loop = rivals
    return [
        compare(1, setting, seconds, refit, bare_loop),
        compare(2, setting, seconds, whole_fit, bare_loops, limit=limit),
    ]


def short_cell(shape, max_percent, max_ms, rounds):
    """Measure what a short fit takes on top of its training, and its fixed part.

    The latter is that of a linear net with one step on all samples: hardly anything
    but the fixed costs is left, of ours and of the bare loops.
    """
    X, y, _ = make_shape(shape)
    few = SHORT_EPOCHS[shape]
    short = classifier(shape_net(shape, epochs=few), cv=FOLDS)
    # The step is long, since with probabilities by chance an estimate of T takes longer.
    step = {"batch_size": len(X), "module__hidden": (), "lr": 0.1}
    fixed = classifier(shape_net(shape, epochs=1, **step), cv=FOLDS)
    bare_step = {"fit": partial(bare_fit, batch_size=len(X)), "hidden": ()}
    rivals = {
        "short fit": lambda: short.fit(X, y),
        "bare loops": lambda: bare_whole_fit(shape, [few] * (FOLDS + 1)),
        "fit of one step": lambda: fixed.fit(X, y),
        "bare steps": lambda: bare_whole_fit(shape, [1] * (FOLDS + 1), **bare_step),
    }
    seconds = race(rivals, rounds)
    setting = SHAPES[shape][0]

    def more_ms(setting, ours, rival, limit=None):
        medians = zip(("ours_seconds", "rival_seconds"), seconds[[ours, rival]].median())
        more = 1e3 * (seconds[ours] - seconds[rival])
        about = {"unit": "ms more", "limit": limit, **dict(medians)}
        return make_row(11, setting, ours, rival, more, **about)

    percent = 100 * (seconds["short fit"] / seconds["bare loops"] - 1)
    about = {"unit": "% more", "limit": max_percent}
    return [
        make_row(
            11, f"{setting}, {few} epochs", "short fit", "bare loops", percent, **about
        ),
        more_ms(f"{setting}, {few} epochs, ms", "short fit", "bare loops", max_ms),
        more_ms(setting, "fit of one step", "bare steps"),
    ]


def cores_cell(setting, sizes, epochs, hidden, rounds, *, limit):
    """Compare the whole fit on two threads to one."""
    X, y, _ = make_samples(*sizes)
    net = make_net(*sizes[1:], epochs, hidden, callbacks="disable")

    def fit():
        classifier(net, cv=FOLDS).fit(X, y)

    threads = {"two threads": 2, "one thread": 1}
    seconds = race(dict.fromkeys(threads, fit), rounds, threads=threads, clock="wall")
    about = {"limit": limit, "threads": "2 / 1", "clock": "wall"}
    return [compare(3, setting, seconds, *threads, **about)]


def bare_loop_on_two_cores(rounds):
    """Compare two threads to one for the bare loop, which shows what torch can gain."""
    X, y, _ = make_shape("large")
    threads = {"bare loop, two threads": 2, "bare loop, one thread": 1}
    epochs = SHAPES["large"][2]
    fits = dict.fromkeys(threads, lambda: bare_fit(bare_net(784, 10), X, y, epochs))
    seconds = race(fits, rounds, threads=threads, clock="wall")
    about = {"threads": "2 / 1", "clock": "wall"}
    return [compare(3, SHAPES["large"][0], seconds, *threads, **about)]


def tables_on_two_cores(rounds):
    """Compare two threads to one on small tables."""
    _, (_, *sizes), *training = SHAPES["small"]
    rows = []
    for n in (200, 1000, 2000, 5000):
        rows += cores_cell(f"{n} x 20", (n, *sizes), *training, rounds, limit=1.1)
    return rows


def knows_bfloat16():
    """Return whether the classifier takes this type, and say so if it does not."""
    X, y, T = make_samples(100, 4, 2)
    try:
        classifier(make_net(4, 2, 1), dtype="bfloat16", transition=T).fit(X, y)
    except ValueError as error:
        if "'dtype' parameter" not in str(error):
            raise
        print('claim 4 is skipped: this version does not take dtype="bfloat16"')
        return False
    return True


def bfloat16_cell(rounds):
    """Compare the time of the whole fit in bfloat16 to float32."""
    if not knows_bfloat16():
        return []
    X, y, _ = make_shape("large")
    net = shape_net("large")
    seconds = race(
        {
            dtype: lambda dtype=dtype: classifier(net, dtype=dtype).fit(X, y)
            for dtype in ("bfloat16", "float32")
        },
        rounds,
    )
    return [compare(4, SHAPES["large"][0], seconds, *seconds.columns, limit=0.7)]


def product_cell(rounds, calls=300):
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


def accuracy_cell(rounds):
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
            clf = classifier(shape_net("large"), dtype=dtype)
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


def step_cell(rounds):
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


def sparse_cell(rounds, epochs=3):
    """Compare an epoch of the refit on CSR samples to one of scikit-learn."""
    rows = []
    for n_classes in (2, 5, 10):
        X, y, T = make_sparse_samples(n_classes)
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


def predict_cell(rounds, calls=300):
    """Compare predict_proba to a forward pass, for many samples and for one."""
    X, y, T = make_samples(60_000, 784, 10)
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
        make_row(7, "one sample", *one, more, **about),
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


def grid_cell(shape, limit, rounds):
    """Compare a grid over corrections with memory to one without."""
    searches = {
        "grid with memory": lambda: search_with_memory(shape),
        "without": lambda: search(shape, None),
    }
    seconds = race(searches, rounds)
    return [compare(10, SHAPES[shape][0], seconds, *searches, limit=limit)]


CELLS = {
    "1-refit-large": partial(refit_cell, "large", 1.05, 1.05),
    "1-refit-small": partial(refit_cell, "small", 1.1, 1.25),
    "2-mlp-large": partial(
        mlp_cell,
        "large",
        {  # limit, aim
            "bare loops": (1.0, 0.9, ""),
            "cleanlab, skorch": (1 / 1.45, 1 / 2, "at least 1.45 times as fast"),
            "cleanlab, MLPClassifier": (1 / 1.25, None, "at least 1.25 times as fast"),
            "one skorch fit": (3.3, 2.5, ""),
        },
    ),
    "2-mlp-small": partial(
        mlp_cell,
        "small",
        {
            "bare loops": (0.65, 0.55, ""),
            "cleanlab, skorch": (1 / 3, 1 / 6, "at least 3 times as fast"),
            "cleanlab, MLPClassifier": (1 / 1.7, None, "at least 1.7 times as fast"),
            "one skorch fit": (1.0, 0.8, ""),
        },
    ),
    "2-default-large": partial(default_cell, "large", 1.0, 3),
    "2-default-small": partial(default_cell, "small", 0.65, None),
    "2-own-large": partial(own_cell, "large", 1.05),
    "2-own-small": partial(own_cell, "small", 1.15),
    "3-cores-large": partial(cores_cell, *SHAPES["large"], limit=0.8),
    "3-cores-bare": bare_loop_on_two_cores,
    "3-cores-small": tables_on_two_cores,
    "4-bfloat16-time": bfloat16_cell,
    "4-bfloat16-product": product_cell,
    "4-bfloat16-accuracy": accuracy_cell,
    "5-step": step_cell,
    "6-csr": sparse_cell,
    "7-predict": predict_cell,
    "10-grid-large": partial(grid_cell, "large", 0.45),
    "10-grid-small": partial(grid_cell, "small", None),
    "11-short-large": partial(short_cell, "large", 5, None),
    "11-short-small": partial(short_cell, "small", None, 15),
}


if __name__ == "__main__":
    run_cells(CELLS, __doc__, "speed", plot_limits)
