"""The networks for tables, embeddings and texts among which the data choose."""

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone

from sklnoise.nn import MLP, PiecewiseLinearEncoding, RobustScaling
from sklnoise.nn._mlp import check_widths
from sklnoise.training._callbacks import ACTING
from sklnoise.training._data import MIN_LINEAR_COLUMNS, count_values
from sklnoise.training._net import AutoSizedNet, default_dropout, wants_floats

# Dense samples with more values are images or embeddings.
MAX_TABLE_VALUES = 255
MAX_QUANTILE_SAMPLES, MAX_QUANTILE_VALUES = 100_000, 2**24

# What the data may choose of a net: where the user has not set it, and always.
OF_OPTIMIZER = "optimizer", "optimizer__momentum", "optimizer__nesterov"
CHOSEN_IF_FREE = (
    "module__hidden",
    "module__dropout",
    "module__encoding",
    "lr",
    *OF_OPTIMIZER,
)
CHOSEN_ALWAYS = "n_steps", "averages_weights"

WIDTHS, N_BINS = (128, 128), 8
# A linear model needs larger steps than a deep one.
LINEAR_RATE, ADDITIVE_RATE, DEEP_RATE = 5e-2, 2e-2, 5e-3
# So many columns may be the leading ones of an embedding, whose scales mean something.
MIN_EMBEDDING_COLUMNS, EMBEDDING_WIDTHS = 32, (256,)
WIDE_WIDTHS, WIDE_LINEAR_RATE, WIDE_DEEP_RATE = (512, 256), 1e-2, 2e-3
USER_RATES = 2e-3, 2e-2, 5e-2
# Adam learns rare words as fast as frequent ones, and wrong labels by them: plain
# descent is ahead of it. Its rate is that for two classes and samples whose squared
# length, with a value of 1 for the bias, is 1.
DESCENT_RATE = 4.0
DESCENT = {
    "optimizer": torch.optim.SGD,
    "optimizer__momentum": 0.9,
    "optimizer__nesterov": True,
}

# Steps of the longest training on a number of samples: less on fewer samples, by the
# square root of their number, and hardly more on more. A part of them tells which
# candidate is the best.
MAX_STEPS, SAMPLES_OF_MAX_STEPS = 1600, 4000
COMPARED_SHARE = 0.25
# Epochs that a memory of the samples takes to be of use.
N_VISITS = 5
# Dense samples above which nets of folds are not trained for longer than candidates are
# compared by, as more would cost much and tell little, and the refit is of a single net.
MAX_TRIAL_SAMPLES, MAX_WIDE_SAMPLES, TRIAL_FACTOR = 5000, 25_000, 2.5


def chooses_net(net, X, fit_params):
    """Return whether the data may choose what the user has left open of a net."""
    if type(net) is not AutoSizedNet or net.train_split != "auto":
        return False
    has_own_steps = net.n_steps is not None and net.averages_weights
    if has_own_steps or "epochs" in (fit_params or {}):
        return False
    callbacks = [cb[-1] if isinstance(cb, tuple) else cb for cb in net.callbacks or []]
    if net.callbacks == "disable" or any(isinstance(cb, ACTING) for cb in callbacks):
        return False
    if issparse(X):
        return net.module is MLP
    if not isinstance(X, np.ndarray) or (is_wide(X) and net.module is not MLP):
        return False
    return wants_floats(net) or X.dtype.kind == "f"  # integers may be token ids


def is_wide(X):
    """Return whether samples are images or embeddings, not rows of a table."""
    return isinstance(X, np.ndarray) and count_values(X) > MAX_TABLE_VALUES


def list_candidates(net, data, rows):
    """List the parameters that a net may take, the cheapest first.

    What the user has set stays.
    """
    if net.module is not MLP:
        found = [{"lr": lr} for lr in USER_RATES]
    elif issparse(data.X):
        found = sparse_candidates(net, data, rows)
    else:
        found = dense_candidates(data, rows)
    candidates, seen = [], set()
    for params in found:
        if net.module is MLP:
            params["module__dropout"] = dropout_of(net, params, len(rows))
        free = {name: value for name, value in params.items() if is_free(net, name)}
        key = repr(sorted((name, name_of(value)) for name, value in free.items()))
        if key not in seen:
            candidates.append(free)
        seen.add(key)
    return candidates


def is_free(net, name):
    """Return whether the user has not set a parameter of a net."""
    if name in OF_OPTIMIZER:
        return has_free_optimizer(net)
    return name not in vars(net) or (name == "lr" and net.lr is None)


def has_free_optimizer(net):
    """Return whether the user has set nothing of the optimizer of a net."""
    is_set = any(name.startswith("optimizer__") for name in vars(net))
    return net.lr is None and net.optimizer is AutoSizedNet().optimizer and not is_set


def chosen_params(net, chosen):
    """Return what the data have chosen of a net."""
    if chosen is net:
        return {}
    names = [name for name in CHOSEN_IF_FREE if is_free(net, name)]
    values = vars(chosen)
    return {name: values[name] for name in (*names, *CHOSEN_ALWAYS) if name in values}


def name_of(value):
    """Return a short name of what a parameter is set to."""
    if not is_named(value):
        return repr(value)
    return getattr(value, "__name__", type(value).__name__)


def is_named(value):
    """Return whether a parameter is an encoding of the columns or an optimizer."""
    return isinstance(value, PiecewiseLinearEncoding | RobustScaling | type)


def sparse_candidates(net, data, rows):
    """List the nets for sparse samples."""
    linear = {"module__hidden": (), "lr": LINEAR_RATE}
    deep = {"module__hidden": WIDTHS, "lr": DEEP_RATE}
    if vars(net).get("module__hidden", ()) != ():
        return [deep]
    if has_free_optimizer(net):
        linear |= {"lr": descent_rate(data, rows), **DESCENT}
    return [linear] if data.X.shape[1] >= MIN_LINEAR_COLUMNS else [linear, deep]


def descent_rate(data, rows):
    """Return the learning rate of plain descent on sparse samples.

    The loss curves less where the probability is shared by many classes.
    """
    X = data.X[rows].astype(np.float64)
    squares = np.asarray(X.multiply(X).sum(axis=1)).ravel()
    mean_square = 1 + np.average(squares, weights=data.sample_weight[rows])
    n_classes = len(np.unique(data.y[rows]))
    return DESCENT_RATE * np.sqrt(n_classes / 2) / mean_square


def dropout_of(net, params, n_samples):
    """Return the dropout of a candidate, the same for the folds and for the refit."""
    hidden = vars(net).get("module__hidden", params["module__hidden"])
    return default_dropout(hidden) if n_samples > net.batch_size > 0 else 0.0


def dense_candidates(data, rows):
    """List the nets for dense samples: linear, and deep ones on several encodings."""
    n_quantile = min(MAX_QUANTILE_SAMPLES, MAX_QUANTILE_VALUES // count_values(data.X))
    step = -(-len(rows) // n_quantile)
    X = data.X[rows[::step]].reshape(len(rows[::step]), -1)
    weight = data.sample_weight[rows[::step]]
    scaled = RobustScaling.from_samples(X, sample_weight=weight)
    if is_wide(data.X):
        deep = {"module__hidden": WIDE_WIDTHS, "lr": WIDE_DEEP_RATE}
        linear = {"module__hidden": (), "lr": WIDE_LINEAR_RATE}
        return [
            linear | {"module__encoding": scaled},
            deep | {"module__encoding": None},
            deep | {"module__encoding": scaled},
        ]
    piecewise = PiecewiseLinearEncoding.from_samples(X, N_BINS, sample_weight=weight)
    deep = {"module__hidden": WIDTHS, "lr": DEEP_RATE}
    found = [
        {"module__hidden": (), "lr": LINEAR_RATE, "module__encoding": scaled},
        {"module__hidden": (), "lr": ADDITIVE_RATE, "module__encoding": piecewise},
        deep | {"module__encoding": scaled},
        deep | {"module__encoding": piecewise},
    ]
    if count_values(data.X) < MIN_EMBEDDING_COLUMNS:
        return found
    wide = {"module__hidden": EMBEDDING_WIDTHS, "lr": WIDE_DEEP_RATE}
    return [*found, wide | {"module__encoding": None}]


def chosen_net(net, params, n_samples):
    """Return a net with chosen parameters, for the longest training where that is free.

    Only the weights of our own module are averaged: one of a user may hold running
    statistics.
    """
    net = clone(net).set_params(**params)
    if net.module is not MLP or net.n_steps is not None:
        return net
    if net.averages_weights is None:
        net.set_params(averages_weights=True)
    return longest_training(net, n_samples)


def longest_training(net, n_samples):
    """Return a net that is trained for as many steps as one may take."""
    return clone(net).set_params(n_steps=max_steps(n_samples))


def max_steps(n_samples):
    """Return the number of steps of the longest training."""
    growth = 0.5 if n_samples < SAMPLES_OF_MAX_STEPS else 0.25
    return round(MAX_STEPS * (n_samples / SAMPLES_OF_MAX_STEPS) ** growth)


def shorten_training(net):
    """Return a net that is trained for as many steps as candidates are compared by."""
    if not chooses_steps(net):
        return net
    return clone(net).set_params(n_steps=round(COMPARED_SHARE * net.n_steps))


def is_unfinished(net, longest):
    """Return whether the held-out loss still fell where a comparison ended."""
    return chooses_steps(net) and 2 * net.n_steps > COMPARED_SHARE * longest.n_steps


def ends_trials(X, n_samples):
    """Return whether trainings on folds go on to the end, dear for many samples.

    Sparse samples have linear nets, whose steps are cheap, and images and embeddings need
    few steps.
    """
    most = MAX_WIDE_SAMPLES if is_wide(X) else MAX_TRIAL_SAMPLES
    return issparse(X) or n_samples <= most


def lengthen_training(net, n_samples):
    """Return a net for a corrected loss on samples too many for a trial of the steps.

    So many wrong labels are not learned by heart within a few times the steps that
    cross-entropy takes.
    """
    n_steps = round(min(max_steps(n_samples), TRIAL_FACTOR * net.n_steps))
    return clone(net).set_params(n_steps=n_steps)


def prolong_training(net, n_samples):
    """Return a net that is trained on with a memory of its samples.

    It needs a few visits of each of them, and then keeps the net where it is.
    """
    n_batches = n_samples / net.batch_size if net.batch_size > 0 else 1
    n_more = max(net.n_steps, round(N_VISITS * n_batches))
    return clone(net).set_params(n_steps=net.n_steps + n_more)


def chooses_steps(net):
    """Return whether the steps of a net are chosen by its trajectory."""
    averages = getattr(net, "averages_weights", None)
    return bool(averages) and net.max_epochs is None and net.n_steps is not None


def is_deep(net, X):
    """Return whether a net has hidden layers, not wider than those we would choose."""
    if net.module is not MLP:
        return False
    widths = check_widths(vars(net).get("module__hidden", ()))
    n_values = 0 if issparse(X) else count_values(X)
    widest = WIDTHS if n_values < MIN_EMBEDDING_COLUMNS else WIDE_WIDTHS
    return 0 < max(widths, default=0) <= max(widest)


def stops_by_itself(net, n_samples):
    """Return whether a net was trained until its held-out loss no longer fell."""
    averages = getattr(net, "averages_weights", None)
    return averages and net.n_steps is not None and net.n_steps < max_steps(n_samples)


def describe_candidate(params):
    """Return what was tried, in the names of the parameters of the net."""
    return {
        name: name_of(value) if is_named(value) else value
        for name, value in params.items()
        if not name.startswith("optimizer__")
    }
