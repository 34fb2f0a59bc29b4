"""Train a skorch net with a loss of ours on some rows."""

from contextlib import contextmanager
from functools import partial

from skorch.utils import to_numpy

from sklnoise.engine._callbacks import (
    check_finite_loss,
    raised_by_callback,
    without_silent_logs,
)
from sklnoise.engine._data import without_small_sparsity
from sklnoise.engine._device import (
    is_small_step,
    mixed_precision,
    seeded,
    thread_limit,
)
from sklnoise.engine._dropout import own_dropout
from sklnoise.engine._hidden import HiddenFeatures
from sklnoise.engine._lean import lean_epoch
from sklnoise.engine._lean_gate import is_lean
from sklnoise.engine._preparation import prepare
from sklnoise.engine._replaced import Replaced
from sklnoise.engine._sparse import sparse_rows_for
from sklnoise.engine._watch import told_by_loop


def fit_net(net, data, rows, loss, setting, **params):
    """Fit a clone of a net on some rows, leaving all global state as it was."""
    data = without_small_sparsity(data)
    return run_alone(prepare(net, data, rows, loss, setting, **params))


def run_alone(training):
    """Train a net that is ready, while no other is trained in this process."""
    setting = training.setting
    small = is_small_step(training.net.module_, training.batch_shape())
    n_threads = 1 if small else setting.n_threads
    with seeded(training.seed, setting.device), thread_limit(n_threads):
        run(training)
    return training.net


def run(training):
    """Train a net that is ready, in this thread and with torch's state as it is."""
    net, dataset, y, seed, setting, fit_params, watch = training
    with (
        mixed_precision(setting),
        own_dropout(net.module_, seed, setting.device),
        features_for(net, dataset),
        net.criterion_.mean_inside(),
        without_silent_logs(net),
        sparse_rows_for(net, dataset),
    ):
        train(net, dataset, y, fit_params, watch)


@contextmanager
def features_for(net, dataset):
    """Let a loss that wants the hidden features have them while the net is trained."""
    if not getattr(net.criterion_.loss, "wants_features", False):
        yield
        return
    with HiddenFeatures(net, dataset.probe()) as hidden:
        net.criterion_.hidden = hidden
        yield
        net.criterion_.hidden = None


def train(net, dataset, y, fit_params, watch):
    """Run skorch's loop; an interrupt by the user ends more than this net."""
    for _, callback in net.callbacks_:
        if hasattr(callback, "target_extractor"):
            callback.target_extractor = label_codes
            callback.use_caching = True  # our dataset has no X and y to predict again
    net.notify("on_train_begin", X=dataset, y=y)
    if is_lean(net, fit_params):
        name = "run_single_epoch"
        vars(net)[name] = Replaced(net, name, partial(lean_epoch, net))
    epochs = fit_params.get("epochs")
    n_epochs = net.max_epochs if epochs is None else epochs
    try:
        with told_by_loop(net, watch, n_epochs):
            net.fit_loop(dataset, y, **fit_params)
    except KeyboardInterrupt as interrupt:
        if not raised_by_callback(interrupt):
            raise
    finally:
        vars(net).pop("run_single_epoch", None)
    net.notify("on_train_end", X=dataset, y=y)
    if watch is not None:
        watch("on_train_end", net, n_epochs)
    for epoch in net.history:
        check_finite_loss(epoch)
    for _, callback in net.callbacks_:
        # A schedule holds the weights of the optimizer, on its device: without it the
        # net is pickled once, and can be loaded where there is no such device.
        vars(callback).pop("lr_scheduler_", None)


def label_codes(target):
    """Return the labels of our targets, for the scoring callbacks of skorch."""
    return to_numpy(target[0] if isinstance(target, (tuple, list)) else target)
