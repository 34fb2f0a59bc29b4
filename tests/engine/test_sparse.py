"""Sparse rows give what the same rows give that are dense."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import sparse
from sklnoise.engine import (
    LabelledData,
    _data,
    _prediction,
    _sparse,
    hidden_features,
    mean_transition,
    predict_proba,
)
from sklnoise.engine._first_layer import first_layer
from sklnoise.engine._preparation import prepare
from sklnoise.engine._routes import fit_beside
from sklnoise.engine._sparse import multiplied_by
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EpochScoring,
    Freezer,
    GradientNormClipping,
)
from skorch.dataset import ValidSplit
from torch import nn
from torch.nn import CrossEntropyLoss
from torch.utils.data import DataLoader, default_collate

from sklnoise.losses import ComplexAdaptationLoss
from sklnoise.nn import MLP

N_ROWS, N_FEATURES = 48, 20


class Layers(nn.Module):
    """Applies a linear layer first, and then something else."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.hidden = nn.Linear(n_features, 6, bias=False)
        self.logits = nn.Linear(6, n_classes)

    def before(self, X):
        return X

    def forward(self, X):
        return self.logits(self.hidden(self.before(X)).tanh())


class OneLayer(nn.Module):
    """Has a first layer that is the last one too."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.logits = nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.logits(X)


class Bag(nn.Module):
    """Knows the shape of the rows, and gives its hidden units."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.hidden, self.logits = nn.Linear(n_features, 6), nn.Linear(6, n_classes)

    def forward(self, X):
        hidden = self.hidden(X.view(len(X), X.shape[1])).relu()
        return self.logits(hidden), hidden


class OwnLinear(nn.Linear):
    """May do something else."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)

    def forward(self, X):
        return super().forward(X.abs())


class TwoLooks(Layers):
    """Looks at the rows a second time."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.second = nn.Linear(n_features, n_classes)

    def again(self, X):
        return X

    def forward(self, X):
        return super().forward(X) + self.second(self.again(X))


class Presence(TwoLooks):
    """Looks at the second time only for what is there."""

    def again(self, X):
        return (X > 0).to(X.dtype)


class UsesTheWeight(Layers):
    """Uses the weight of its first layer once more."""

    def forward(self, X):
        return super().forward(X) + self.hidden.weight[:3, 0]


class Counted(Layers):
    """Divides by the number of values that are there."""

    def forward(self, X):
        there = (X != 0).sum(dim=1, keepdim=True)
        return super().forward(X) / (1 + there)


class Hooked(Layers):
    """Forgets the gradient of its first layer."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.hidden.weight.register_hook(lambda gradient: 0 * gradient)


class Scaled(Layers):
    """Divides by the sums of the rows."""

    def before(self, X):
        return X / (1 + X.sum(dim=1, keepdim=True))


class Clipped(Layers):
    """Takes large values for smaller ones."""

    def before(self, X):
        return X.clamp(max=2.0)


class Rectified(Layers):
    """Takes negative values for zero."""

    def before(self, X):
        return X.relu()


class InputDropout(Layers):
    """Drops values of the rows in training."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.before = nn.Dropout(0.5)


class InputNoise(Layers):
    """Adds noise to the rows in training."""

    def before(self, X):
        return X + torch.randn_like(X) if self.training else X


class InputNorm(Layers):
    """Normalises the rows, which changes hardly anything before the training."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.before = nn.BatchNorm1d(n_features)
        self.logits = nn.Linear(6, n_classes, bias=False)


SPARSE = {
    "MLP": {},
    "dropout": {"module__dropout": 0.3},
    "own module": {"module": Layers},
    "one layer": {"module": OneLayer},
    "features": {"module": Bag},
    "Adam": {"optimizer": torch.optim.Adam},
    "momentum": {"optimizer__momentum": 0.9},
    "validation": {"train_split": ValidSplit(3)},
    "Adagrad": {"optimizer": torch.optim.Adagrad},
    "drop last": {"iterator_train__drop_last": True},
    "score": {"callbacks": [EpochScoring("accuracy", name="acc", on_train=True)]},
}
DENSE = {
    "closure": {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2},
    "own layer": {"module": OwnLinear},
    "two looks": {"module": TwoLooks},
    "presence": {"module": Presence},
    "counted": {"module": Counted},
    "hooked": {"module": Hooked},
    "clipped gradients": {"callbacks": [GradientNormClipping(0.01)]},
    "frozen layer": {"callbacks": [Freezer("layers.hidden0.*")]},
    "weight used again": {"module": UsesTheWeight},
    "scaled": {"module": Scaled},
    "clipped": {"module": Clipped},
    "rectified": {"module": Rectified},
    "input dropout": {"module": InputDropout},
    "input noise": {"module": InputNoise},
    "input normalisation": {"module": InputNorm},
    "iterator": {"iterator_train": type("Loader", (DataLoader,), {})},
    "collate": {"iterator_train__collate_fn": default_collate},
    "parameters of a loader": {"iterator_train__num_workers": 0},
}
IN_ORDER = {"iterator_train__shuffle": False}


@pytest.fixture
def text(table, monkeypatch):
    """Counts, of which most are 0: the first row is empty, the last ones are large."""
    monkeypatch.setattr(_data, "SMALL_SPARSE", (0, 0))
    monkeypatch.setattr(_prediction, "TRIAL_ROWS", 0)
    X = sparse.random(N_ROWS, N_FEATURES, density=0.2, format="csr", random_state=0)
    X = X.ceil().tolil()
    X[0] = 0
    X[-20:, 3] = 7.0
    X[-20:, 4] = -1.0
    return table._replace(X=X.tocsr())


def dense(data):
    return data._replace(X=data.X.toarray())


@pytest.fixture
def products(monkeypatch):
    """Note the rows of each sparse product."""
    seen, multiply = [], _sparse.SparseRows.multiply

    def noting(self, stand_in):
        seen.append(self.rows.shape[0])
        return multiply(self, stand_in)

    monkeypatch.setattr(_sparse.SparseRows, "multiply", noting)
    return seen


@pytest.mark.parametrize(
    "params", [*SPARSE.values(), *DENSE.values()], ids=[*SPARSE, *DENSE]
)
def test_training_on_sparse_rows_equals_training_on_dense_ones(
    make_net, fit, text, params
):
    net = make_net(**IN_ORDER, **params)
    expected = predict_proba(fit(net, dense(text)), dense(text).X)
    assert np.isfinite(expected).all()
    proba = predict_proba(fit(net, text), dense(text).X)
    assert_allclose(proba, expected, rtol=1e-8)


@pytest.mark.parametrize(
    "params", [*SPARSE.values(), *DENSE.values()], ids=[*SPARSE, *DENSE]
)
@pytest.mark.parametrize("rows", [None, np.array([0]), np.array([5, 0, 5, 40])], ids=str)
def test_prediction_of_sparse_rows_equals_that_of_dense_ones(
    make_net, fit, text, params, rows
):
    net = fit(make_net(**IN_ORDER, **params), dense(text))
    expected = predict_proba(net, dense(text).X, rows)
    assert_allclose(predict_proba(net, text.X, rows), expected, rtol=1e-8)


@pytest.mark.parametrize("module", [MLP, Layers, OneLayer, Bag])
def test_hidden_features_of_sparse_rows_equal_those_of_dense_ones(
    make_net, fit, text, module
):
    net = fit(make_net(module), dense(text))
    expected = hidden_features(net, dense(text).X)
    assert_allclose(hidden_features(net, text.X), expected, rtol=1e-8)


@pytest.mark.parametrize(("module", "n_hidden"), [(MLP, 8), (OneLayer, N_FEATURES)])
def test_loss_of_the_hidden_features_learns_from_sparse_rows(
    make_net, fit, text, module, n_hidden
):
    loss = ComplexAdaptationLoss(np.eye(3), n_features=n_hidden, reduction="none")
    net = make_net(module, **IN_ORDER)
    expected = predict_proba(fit(net, dense(text), loss=loss), dense(text).X)
    proba = predict_proba(fit(net, text, loss=loss), dense(text).X)
    assert_allclose(proba, expected, rtol=1e-8)


@pytest.mark.parametrize("n_values", [2**20, 100])
def test_mean_transition_of_sparse_rows_equals_that_of_dense_ones(
    make_net, fit, text, monkeypatch, n_values
):
    loss = ComplexAdaptationLoss(np.eye(3), n_features=8, reduction="none")
    net = fit(make_net(), dense(text), loss=loss)
    told = net, net.criterion_.loss
    rows, weight = np.arange(N_ROWS), np.linspace(1, 2, N_ROWS)
    expected = mean_transition(*told, dense(text).X, rows, weight)
    monkeypatch.setattr("sklnoise.engine._prediction.PREDICT_VALUES", n_values)
    monkeypatch.setattr("sklnoise.engine._prediction.LEAST_ROWS", 1)
    assert_allclose(mean_transition(*told, text.X, rows, weight), expected)


@pytest.mark.parametrize("params", SPARSE.values(), ids=SPARSE)
def test_sparse_rows_are_multiplied_as_they_are(
    make_net, fit, text, products, params, monkeypatch
):
    net = fit(make_net(**params), text)
    n_batches = net.history[:, "train_batch_count"]
    n_batches += net.history[:, "valid_batch_count"] if net.train_split else []
    assert len(products) >= sum(n_batches)
    products.clear()
    predict_proba(net, text.X)
    assert sum(products) == N_ROWS


@pytest.mark.parametrize(
    ("limits", "dense"),
    [
        ((N_ROWS, N_ROWS * N_FEATURES), True),
        ((N_ROWS - 1, N_ROWS * N_FEATURES), False),
        ((N_ROWS, N_ROWS * N_FEATURES - 1), False),
    ],
)
def test_small_sparse_rows_become_dense(
    make_net, fit, text, products, monkeypatch, limits, dense
):
    monkeypatch.setattr(_data, "SMALL_SPARSE", limits)
    fit(make_net(), text)
    assert (products == []) == dense


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.Adagrad])
def test_optimizer_has_the_weights_of_the_net_afterwards(make_net, fit, text, optimizer):
    net = fit(make_net(optimizer=optimizer), text)
    (group,) = net.optimizer_.param_groups
    for parameter, of_net in zip(group["params"], net.module_.parameters(), strict=True):
        assert parameter is of_net
        state = net.optimizer_.state[parameter]
        assert {v.shape for v in state.values() if v.ndim} == {of_net.shape}


@pytest.mark.parametrize("module", [OwnLinear, TwoLooks, Scaled])
def test_rows_that_a_module_looks_at_otherwise_become_dense(
    make_net, fit, text, products, module
):
    predict_proba(fit(make_net(module), text), text.X)
    assert products == []


@pytest.mark.parametrize(
    "container", [sparse.csr_matrix, sparse.csr_array], ids=["matrix", "array"]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.uint8])
def test_type_and_kind_of_sparse_rows_do_not_matter(
    make_net, fit, text, products, container, dtype
):
    X = np.abs(text.X.toarray()).astype(dtype)
    net = make_net()
    expected = predict_proba(fit(net, text._replace(X=X)), X)
    proba = predict_proba(fit(net, text._replace(X=container(X))), container(X))
    assert_allclose(proba, expected, rtol=1e-8)
    assert products


def test_rows_without_a_value_are_multiplied_too(make_net, fit, text, products):
    net = fit(make_net(), text)
    products.clear()
    empty = sparse.csr_array((3, N_FEATURES))
    expected = predict_proba(net, np.zeros((3, N_FEATURES)))
    assert_allclose(predict_proba(net, empty), expected)


class Failing(Layers):
    """Fails in a step of training."""

    def forward(self, X):
        if self.training:
            raise KeyError
        return super().forward(X)


class Keep(Callback):
    """Keeps the net that is trained."""

    def on_train_begin(self, net, **kwargs):
        Keep.net = net


@pytest.mark.parametrize("module", [Layers, Failing])
def test_layer_is_as_it_was_also_after_an_error(make_net, fit, text, module):
    try:
        fit(make_net(module, callbacks=[Keep()]), text)
    except KeyError:
        assert module is Failing
    assert "forward" not in vars(Keep.net.module_.hidden)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        predict_proba(Keep.net, sparse.csr_array((3, N_FEATURES + 1)))
    assert "forward" not in vars(Keep.net.module_.hidden)


def test_first_layer_is_found_and_left_as_it_was(make_net, text):
    net = make_net(Layers, module__n_features=N_FEATURES, module__n_classes=3)
    net.initialize()
    assert first_layer(net, N_FEATURES) == "hidden"
    assert "forward" not in vars(net.module_.hidden)


def test_gradients_of_the_sparse_product_are_those_of_the_dense_one(text):
    layer = nn.Linear(N_FEATURES, 5).double()
    X = torch.from_numpy(text.X.toarray())
    layer(X).square().sum().backward()
    expected = [parameter.grad.clone() for parameter in layer.parameters()]
    layer.zero_grad()
    turned = nn.Parameter(layer.weight.detach().t().contiguous())
    with multiplied_by(layer, turned) as sparse_rows:
        stand_in = sparse_rows.take(text.X, np.arange(N_ROWS))
        assert stand_in.shape == X.shape
        layer(stand_in).square().sum().backward()
    torch.testing.assert_close(turned.grad.t(), expected[0])
    torch.testing.assert_close(layer.bias.grad, expected[1])


@pytest.mark.parametrize("params", [{}, {"module": TwoLooks}], ids=["MLP", "two looks"])
def test_folds_of_sparse_rows_equal_those_of_dense_ones(
    make_net, fit_routed, text, folds, params, assert_same_nets
):
    net = make_net(**IN_ORDER, **params)
    expected = fit_routed(net, dense(text), folds)
    assert_same_nets(fit_routed(net, text, folds), expected, dense(text).X, rtol=1e-8)


def test_data_are_not_changed(make_net, fit, text):
    before = text.X.copy()
    assert isinstance(text, LabelledData)
    for part in (text.X.data, text.X.indices, text.X.indptr):
        part.flags.writeable = False
    predict_proba(fit(make_net(), text), text.X)
    assert (before != text.X).nnz == 0


def test_other_rows_are_predicted_as_they_are_in_the_training(text):
    layer = nn.Linear(N_FEATURES, 5).double()
    turned = nn.Parameter(layer.weight.detach().t().contiguous())
    others = torch.from_numpy(text.X[:7].toarray())
    expected = layer(others)
    with multiplied_by(layer, turned) as sparse_rows:
        stand_in = sparse_rows.take(text.X, np.arange(9))
        torch.testing.assert_close(layer(others), expected)
        torch.testing.assert_close(layer(stand_in)[:7], expected)


def test_net_that_a_callback_keeps_is_an_ordinary_one(
    make_net, fit, text, tmp_path, assert_same_weights
):
    kept = Checkpoint(monitor=None, dirname=str(tmp_path))
    net = fit(make_net(callbacks=[kept], max_epochs=2), text)
    again = make_net(
        callbacks=[kept], module__n_features=N_FEATURES, module__n_classes=3
    ).initialize()
    again.module_.double()
    again.load_params(checkpoint=kept)
    assert_same_weights(again, net)


def test_weights_lie_in_one_piece_afterwards(make_net, fit, text):
    net = fit(make_net(), text)
    assert all(parameter.is_contiguous() for parameter in net.module_.parameters())


def test_threads_can_predict_with_the_same_net(make_net, fit, text):
    net = fit(make_net(), text)
    expected = predict_proba(net, text.X)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: predict_proba(net, text.X), range(40)))
    for proba in found:
        assert_allclose(proba, expected)


def test_folds_of_sparse_rows_can_be_trained_and_predict_on_threads(
    make_net, text, folds, setting
):
    net, loss = make_net(**IN_ORDER), CrossEntropyLoss(reduction="none")

    def fit(data, n_workers):
        plans = [partial(prepare, net, data, rows, loss, seed=0) for rows in folds]
        return list(
            fit_beside(
                plans, setting, n_workers, lambda net, _: predict_proba(net, data.X)
            )
        )

    for proba, expected in zip(fit(text, 2), fit(dense(text), 1), strict=True):
        assert_allclose(proba, expected, rtol=1e-8)
