"""By whatever route nets are trained, each becomes what it would be alone."""

import threading
from contextlib import contextmanager

import joblib
import numpy as np
import pytest
import torch
from sklnoise.engine import LabelledData, _device
from sklnoise.engine._data import HoldOut
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping
from skorch.dataset import ValidSplit
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.utils.data import DataLoader, TensorDataset, random_split

from sklnoise.nn import MLP


class Layers(nn.Module):
    """Applies some layers one after the other."""

    between = ()

    def __init__(self, n_features, n_classes):
        super().__init__()
        first, last = nn.Linear(n_features, 6), nn.Linear(6, n_classes)
        between = [make() for make in self.between]
        self.layers = nn.Sequential(nn.Flatten(), first, *between, last)

    def forward(self, X):
        return self.layers(X)


def layers(*between):
    """Make a kind of net with some layers between the first and the last."""
    return type("Net", (Layers,), {"between": between})


Residual = layers(lambda: nn.LayerNorm(6), nn.Tanh)
Alpha = layers(nn.SELU, lambda: nn.AlphaDropout(0.3))


class Recurrent(nn.Module):
    """Reads the features one after the other."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.cells = nn.LSTM(1, 4, batch_first=True)
        self.logits = nn.Linear(4, n_classes)

    def forward(self, X):
        return self.logits(self.cells(X.flatten(1)[..., None])[0][:, -1])


CLIPPED = {"callbacks": [GradientNormClipping(0.5)]}
ROUTES = {
    "stacked": ("table", {"module__dropout": 0.3}),
    "mapped": ("table", {"module": Residual}),
    "in turn": ("table", {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2}),
    "in turn with draws": ("table", {"module": Alpha}),
    "in turn on all threads": ("images", {"module": Alpha}),
    "stacked on threads": ("images", {"module__dropout": 0.3}),
    "beside": ("images", {"module__dropout": 0.3, **CLIPPED}),
    "beside with validation": (
        "images",
        {"module": Residual, "train_split": ValidSplit(3)},
    ),
}
ON_THREADS = [name for name in ROUTES if "on threads" in name or "beside" in name]
STACKED = [name for name in ROUTES if "stacked" in name or name == "mapped"]


@pytest.fixture
def impatient(monkeypatch):
    """Let a thread that waits for itself fail instead."""
    lock = threading.RLock()

    class Lock:
        def __enter__(self):
            assert lock.acquire(timeout=2), "a thread waits for the one that waits for it"

        def __exit__(self, *error):
            lock.release()

    monkeypatch.setattr(_device, "TRAINING_LOCK", Lock())


@pytest.fixture
def threads(setting):
    """As many threads as make a difference."""
    return setting._replace(n_threads=2)


class Where:
    """Takes a net as it is, and notes the thread that it came from."""

    def __init__(self):
        self.seen = set()

    def __call__(self, net, number):
        self.seen.add(threading.current_thread())
        return net


@pytest.mark.parametrize("route", ROUTES)
def test_route_is_the_one_that_fits_the_net(
    make_net, fit_routed, stacks, folds, threads, request, route
):
    rows, params = ROUTES[route]
    where = Where()
    data = request.getfixturevalue(rows)
    fit_routed(make_net(**params), data, folds, threads, finish=where)
    assert sum(n_nets for _, n_nets in stacks) == (3 if route in STACKED else 0)
    if route in ON_THREADS:
        assert threading.main_thread() not in where.seen
    else:
        assert where.seen == {threading.main_thread()}


@pytest.mark.parametrize("route", ROUTES)
def test_bits_do_not_depend_on_jobs(
    make_net, fit_routed, folds, threads, request, assert_same_weights, route
):
    rows, params = ROUTES[route]
    net, data = make_net(**params), request.getfixturevalue(rows)
    alone = fit_routed(net, data, folds, threads)
    with joblib.parallel_config("threading"):
        shared = fit_routed(net, data, folds, threads, n_jobs=2)
    for one, other in zip(alone, shared, strict=True):
        assert_same_weights(one, other)


@pytest.mark.parametrize("route", ON_THREADS)
def test_nets_on_threads_equal_nets_in_turn(
    make_net, fit_routed, fit_separately, folds, threads, request, assert_same_nets, route
):
    rows, params = ROUTES[route]
    net, data = make_net(**params), request.getfixturevalue(rows)
    expected = fit_separately(net, data, folds)
    for _ in range(3):
        nets = fit_routed(net, data, folds, threads)
        assert_same_nets(nets, expected, data.X)


@contextmanager
def other_random_state(seed):
    """Let torch be in another random state, which nothing may change."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        yield
        assert torch.equal(torch.get_rng_state(), before)


class OwnLoader(DataLoader):
    """A user's own."""


class Mixing(NeuralNetClassifier):
    """Adds noise to each batch."""

    def train_step_single(self, batch, **fit_params):
        X, targets = batch
        return super().train_step_single((X + torch.randn_like(X), targets), **fit_params)


class RandomSplit:
    """Splits as torch does."""

    def __call__(self, dataset, y, **fit_params):
        return random_split(dataset, [0.7, 0.3])


class FunctionalDropout(Layers):
    """Draws by a function."""

    def forward(self, X):
        return super().forward(functional.dropout(X, 0.2, self.training))


class RandomDepth(Layers):
    """Leaves out a layer by chance, in training."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.shortcut = nn.Linear(n_features, n_classes)

    def forward(self, X):
        output = super().forward(X)
        if not self.training or torch.rand(()) < 0.7:
            output = output + self.shortcut(X.flatten(1))
        return output


DRAWING = {
    "functional dropout": {"module": FunctionalDropout},
    "alpha dropout": {"module": Alpha},
    "random depth": {"module": RandomDepth},
    "own loader": {"iterator_train": OwnLoader, **CLIPPED},
    "own steps": {"kind": Mixing},
    "random split": {"train_split": RandomSplit()},
    "random split and clipping": {"train_split": RandomSplit(), **CLIPPED},
    "Dataset": {"data": "Dataset"},
    "Dataset with validation": {"data": "Dataset", "train_split": HoldOut(0.3, 0)},
}


@pytest.mark.parametrize("params", [p for _, p in ROUTES.values()], ids=ROUTES)
@pytest.mark.parametrize("rows", ["table", "images"])
def test_torchs_random_state_is_neither_read_nor_written(
    make_net, fit_routed, folds, threads, request, assert_same_weights, rows, params
):
    net, data = make_net(**params), request.getfixturevalue(rows)
    found = []
    for seed in range(2):
        with other_random_state(seed):
            found.append(fit_routed(net, data, folds, threads))
    for one, other in zip(*found):
        assert_same_weights(one, other)


@pytest.mark.parametrize("params", DRAWING.values(), ids=DRAWING)
@pytest.mark.parametrize("rows", ["table", "images"])
def test_whatever_draws_draws_what_it_would_draw_alone(
    make_net,
    fit_routed,
    fit_separately,
    folds,
    threads,
    request,
    assert_same_nets,
    rows,
    params,
):
    params, data = dict(params), request.getfixturevalue(rows)
    X = data.X
    if params.pop("data", None):
        data = data._replace(X=TensorDataset(torch.from_numpy(X)))
    net = make_net(**params, max_epochs=1)
    expected = fit_separately(net, data, folds, threads)
    for seed in range(2):
        with other_random_state(seed):
            nets = fit_routed(net, data, folds, threads)
        assert_same_nets(nets, expected, X)


class Shared(Layers):
    """Has two layers that share their weights."""

    between = (nn.Tanh, lambda: nn.Linear(6, 6), nn.Tanh, lambda: nn.Linear(6, 6))

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.layers[5].weight = self.layers[3].weight


class DependsOnTraining(Layers):
    """Does something else in training."""

    def forward(self, X):
        return super().forward(2 * X if self.training else X)


class Annealed(Layers):
    """Counts its batches, and does something else in each."""

    n_batches = 0

    def forward(self, X):
        self.n_batches += self.training
        return super().forward(X) * (1 + 0.1 * self.n_batches)


class StaysInPrediction(Layers):
    """Keeps its normalisation as it is, as frozen parts are kept."""

    between = (lambda: nn.BatchNorm1d(6), lambda: nn.Dropout(0.5))

    def train(self, mode=True):
        super().train(mode)
        self.layers[2:4].eval()
        return self


class MixesRows(Layers):
    """Centres the logits of a batch in training."""

    def forward(self, X):
        logits = super().forward(X)
        return logits - logits.mean(0) if self.training else logits


class NormalizedImages(Layers):
    """Normalises images over a batch, without keeping statistics."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.norm = nn.BatchNorm2d(1, track_running_stats=False)

    def forward(self, X):
        images = X.view(len(X), 1, 2, -1)
        return super().forward(self.norm(images) if self.training else images)


class Locked(Layers):
    """Has what cannot be copied."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.lock = threading.Lock()

    def forward(self, X):
        with self.lock:
            return super().forward(X)


class Spectral(Layers):
    """Changes a buffer in each step."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        parametrizations.spectral_norm(self.layers[1])


def hooked(register, hook):
    """Make a kind of net whose last layer, or its weight, has a hook."""

    class Hooked(Layers):
        def __init__(self, n_features, n_classes):
            super().__init__(n_features, n_classes)
            part = self.layers[-1]
            part = part if hasattr(part, register) else part.weight
            getattr(part, register)(hook)

    return Hooked


def forget(weight):
    """Leave nothing of the gradient."""
    weight.grad = None


STRANGE = {
    "recurrent": Recurrent,
    "shared weights": Shared,
    "depends on training": DependsOnTraining,
    "annealed": Annealed,
    "stays in prediction": StaysInPrediction,
    "mixes rows": MixesRows,
    "normalized images": NormalizedImages,
    "lock": Locked,
    "spectral norm": Spectral,
    "forward hook": hooked("register_forward_hook", lambda _, X, output: 2 * output),
    "forward pre-hook": hooked("register_forward_pre_hook", lambda _, X: (X[0] + 1,)),
    "backward hook": hooked(
        "register_full_backward_hook", lambda _, gradient, by_output: (gradient[0] * 0,)
    ),
    "backward pre-hook": hooked(
        "register_full_backward_pre_hook", lambda _, gradient: (gradient[0] * 0.1,)
    ),
    "gradient hook": hooked("register_hook", lambda gradient: 0 * gradient),
    "accumulation hook": hooked("register_post_accumulate_grad_hook", forget),
}


@pytest.mark.parametrize("module", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("rows", ["table", "images"])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_strangest_net_becomes_what_it_would_be_alone(
    make_net,
    fit_routed,
    fit_separately,
    setting,
    ragged,
    request,
    assert_same_nets,
    rows,
    module,
    n_threads,
):
    net, data = make_net(module, max_epochs=1), request.getfixturevalue(rows)
    nets = fit_routed(net, data, ragged, setting._replace(n_threads=n_threads))
    assert_same_nets(nets, fit_separately(net, data, ragged), data.X)


class NormalizedRows(nn.Module):
    """Normalises each line of an image over a batch."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(n_features, n_classes)
        )

    def forward(self, X):
        return self.layers(X)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("sets", ["folds", "ragged"])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_square_images_are_normalised_along_the_right_axis(
    make_net,
    fit_routed,
    fit_separately,
    setting,
    table,
    rng,
    request,
    assert_same_nets,
    sets,
    n_threads,
):
    scale = [[1], [10], [100]]
    data = table._replace(X=scale * rng.normal(size=(len(table.y), 3, 3)))
    row_sets, net = request.getfixturevalue(sets), make_net(NormalizedRows)
    nets = fit_routed(net, data, row_sets, setting._replace(n_threads=n_threads))
    assert_same_nets(nets, fit_separately(net, data, row_sets), data.X)


@pytest.fixture
def one_wrong_label(table, images, folds):
    """Tables and images of which the last row has no class, and one set that has it."""
    y = np.r_[table.y, 7]
    data = [
        LabelledData(np.r_[data.X, data.X[:1]], y, np.ones(len(y)))
        for data in (table, images)
    ]
    return data, [folds[0], np.r_[folds[1][1:], len(y) - 1], folds[2]]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("route", ROUTES)
def test_net_that_fails_is_reported_in_its_place_and_the_others_are_fitted(
    make_net,
    fit_routed,
    fit_separately,
    threads,
    one_wrong_label,
    assert_same_nets,
    route,
):
    rows, params = ROUTES[route]
    (table, images), row_sets = one_wrong_label
    data, net = images if rows == "images" else table, make_net(**params)
    first, error, third = fit_routed(net, data, row_sets, threads)
    assert isinstance(error, IndexError)
    (expected,) = fit_separately(net, data, row_sets[:1], threads)
    assert_same_nets([first], [expected], data.X)
    assert not isinstance(third, Exception)


class FailsInTraining(Layers):
    """Fails in a step of training."""

    def forward(self, X):
        if self.training:
            raise ZeroDivisionError
        return super().forward(X)


class FailsAtOnce(Layers):
    """Fails where it is made."""

    def __init__(self, n_features, n_classes):
        raise ZeroDivisionError


@pytest.mark.parametrize("rows", ["table", "images"])
@pytest.mark.parametrize("module", [FailsInTraining, FailsAtOnce])
def test_net_that_always_fails_is_reported(
    make_net, fit_routed, folds, threads, request, rows, module
):
    data = request.getfixturevalue(rows)
    first, *_ = fit_routed(make_net(module), data, folds, threads)
    assert isinstance(first, ZeroDivisionError)


@pytest.mark.parametrize("route", ROUTES)
def test_interrupt_by_the_user_ends_all_of_it(
    make_net, fit_routed, folds, threads, request, monkeypatch, route
):
    rows, params = ROUTES[route]
    net, data = make_net(**params), request.getfixturevalue(rows)
    n_steps, before = [], torch.get_num_threads()

    def step(optimizer, closure=None):
        n_steps.append(1)
        if len(n_steps) >= 3:
            raise KeyboardInterrupt

    kind = torch.optim.LBFGS if "optimizer" in params else torch.optim.SGD
    monkeypatch.setattr(kind, "step", step)
    with other_random_state(0), pytest.raises(KeyboardInterrupt):
        fit_routed(net, data, folds, threads)
    assert torch.get_num_threads() == before
    assert len(n_steps) <= 4
    free = []
    other = threading.Thread(target=lambda: free.append(is_free(_device.TRAINING_LOCK)))
    other.start()
    other.join()
    assert free == [True]


def is_free(lock):
    if not lock.acquire(blocking=False):
        return False
    lock.release()
    return True


def test_parameters_of_the_steps_reach_all_nets(
    make_net, fit_routed, table, folds, assert_same_weights
):
    class Scaled(MLP):
        def forward(self, X, factor=1.0):
            return factor * super().forward(X)

    net = make_net(Scaled, module__hidden=(8,))
    zero = fit_routed(net, table, folds, fit_params={"factor": 0.0})
    untrained = fit_routed(net.set_params(lr=0.0), table, folds)
    for one, other in zip(zero, untrained):
        assert_same_weights(one, other)
