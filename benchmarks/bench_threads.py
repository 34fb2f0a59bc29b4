"""Claim: a fit in one thread does not disturb modules that other threads call.

While a thread fits again and again, with our MLP, with a module of the user's own and
with sparse samples, and predicts, the main thread calls modules of its own that no fit
knows, and checks what they return. Threads take turns every 10 microseconds, so that a
call falls into every part of a fit. The number of errors is printed; there must be none.

    python -m benchmarks.bench_threads --calls 100000
"""

import argparse
import sys
import warnings
from collections import Counter
from itertools import cycle
from threading import Event, Thread

import torch
from torch import nn

from benchmarks._rounds import limited, make_net, make_samples, make_sparse_samples
from benchmarks.bench_speed import OwnNet
from sklnoise import NoiseRobustClassifier

SWITCH_INTERVAL, EPOCHS, HIDDEN = 1e-5, 2, (16, 8)


def make_fits():
    """Make pairs of a classifier and its data that train in different ways."""
    X, y, _ = make_samples(500, 20, 3)
    X_sparse, y_sparse, _ = make_sparse_samples(3, n_samples=500, n_features=100)
    usual = make_net(20, 3, EPOCHS, HIDDEN)
    net = make_net(20, 3, EPOCHS, HIDDEN, callbacks="disable")
    own = make_net(20, 3, EPOCHS, HIDDEN).set_params(module=OwnNet)
    sparse = make_net(100, 3, EPOCHS, HIDDEN, callbacks="disable")
    nets = {usual: (X, y), net: (X, y), own: (X, y), sparse: (X_sparse, y_sparse)}
    return [
        (NoiseRobustClassifier(net, device="cpu", random_state=0), data)
        for net, data in nets.items()
    ]


def fit_until(stop, started, errors, fitted):
    """Fit and predict in turn until `stop` is set, and count what fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few epochs
        for clf, (X, y) in cycle(make_fits()):
            if stop.is_set():
                return
            try:
                clf.fit(X, y).predict(X[:10])
            except Exception as error:
                errors[f"a fit: {error!r}"] += 1
            fitted.append(clf)
            started.set()


def call_modules(n_calls, errors):
    """Call modules that no fit knows, and compare to what they returned before."""
    modules = [nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 3)), OwnNet(20, 3)]
    X = torch.randn(4, 20)
    with torch.inference_mode():
        expected = [module(X) for module in modules]
        for i in range(n_calls):
            try:
                if not modules[i % 2](X).equal(expected[i % 2]):
                    errors["a call: another result"] += 1
            except Exception as error:
                errors[f"a call: {error!r}"] += 1


def count_errors(n_calls):
    """Call modules while fits run; return the errors and the number of fits."""
    stop, started, errors, fitted = Event(), Event(), Counter(), []
    fitting = Thread(target=fit_until, args=(stop, started, errors, fitted))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        fitting.start()
        started.wait()  # imports are done, and the warm-up too
        call_modules(n_calls, errors)
    finally:
        stop.set()
        fitting.join()
        sys.setswitchinterval(interval)
    return errors, len(fitted)


def main():
    """Print the number of errors; exit with 1 if there is any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    n_calls = parser.parse_args().calls
    with limited(1):
        errors, n_fits = count_errors(n_calls)
    print(f"{errors.total()} errors in {n_calls} calls during {n_fits} fits")
    for error, count in errors.most_common(10):
        print(f"{count} x {error}")
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
