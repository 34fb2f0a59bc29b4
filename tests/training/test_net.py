"""How nets are sized from the data."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier

from sklnoise.nn import MLP
from sklnoise.training import (
    AutoSizedNet,
    LabelledData,
    Trainer,
    TrainingConfig,
    as_net,
)
from sklnoise.training._net import DataSize, size_net

ONE = np.ones(5000)


def sized(net, n_samples, n_features=20, n_classes=3):
    size_net(net, DataSize(n_samples, n_features, n_classes), seed=0)
    return net


def steps(n_samples):
    data = LabelledData(
        np.zeros((n_samples, 2)), np.arange(n_samples) % 2, ONE[:n_samples]
    )
    config = TrainingConfig(2, torch.device("cpu"), torch.float64, 1)
    loss = torch.nn.CrossEntropyLoss(reduction="none")
    net = AutoSizedNet(module__hidden=2)
    size_net(net, DataSize(n_samples, 2, 2), seed=0)
    net = AutoSizedNet(module__hidden=2, max_epochs=net.max_epochs, callbacks="disable")
    rows = np.arange(n_samples)
    net = Trainer(net, data, config, 0).fit(rows, loss)
    return sum(net.history[:, "train_batch_count"])


@pytest.mark.parametrize("n_samples", [257, 285, 300])
def test_steps_hardly_change_where_minibatches_begin(n_samples):
    assert steps(n_samples) == pytest.approx(steps(256), rel=0.06)


def test_steps_do_not_depend_on_rows_in_the_full_batch():
    assert steps(10) == steps(150) == steps(256)


def test_steps_grow_slower_than_rows():
    assert steps(500) < steps(5000) < 5 * steps(500)


@pytest.mark.parametrize(("of_fold", "least_epochs"), [(False, 20), (True, 8)])
def test_many_rows_are_passed_through_that_often(of_fold, least_epochs):
    net = AutoSizedNet()
    size_net(net, DataSize(10**7, 20, 3), seed=0, of_fold=of_fold)
    assert net.max_epochs == least_epochs


@pytest.mark.parametrize("n_samples", [200, 2000, 14_000])
def test_net_of_a_fold_of_few_rows_is_trained_like_any_other(n_samples):
    of_fold, other = AutoSizedNet(), AutoSizedNet()
    size_net(of_fold, DataSize(n_samples, 20, 3), seed=0, of_fold=True)
    assert of_fold.max_epochs == sized(other, n_samples).max_epochs


def test_full_batch_has_no_dropout_no_validation_and_no_shuffle():
    net = sized(AutoSizedNet(), 256)
    assert net.module__dropout == 0
    assert net.train_split is None
    assert not net.iterator_train__shuffle


def test_minibatches_have_dropout_validation_and_shuffles():
    net = sized(AutoSizedNet(), 257)
    assert net.module__dropout > 0
    assert net.train_split is not None
    assert net.iterator_train__shuffle


def test_width_grows_with_the_features_up_to_a_bound():
    widths = [sized(AutoSizedNet(), 99, d).module__hidden[0] for d in (1, 64, 784, 10**5)]
    assert widths == [64, 128, 512, 512]


@pytest.mark.parametrize(
    ("n_features", "sparse", "linear"),
    [(999, True, False), (1000, True, True), (1000, False, False)],
)
def test_many_sparse_columns_have_no_hidden_layer(n_features, sparse, linear):
    net = AutoSizedNet()
    size_net(net, DataSize(999, n_features, 3, sparse), seed=0)
    assert (net.module__hidden == ()) == linear


@pytest.mark.parametrize(
    ("hidden", "dropout"), [(512, 0.5), ((128, 64), 0.25), (8, 0.0), ((), 0.0)]
)
def test_dropout_is_that_of_the_width_that_the_user_set(hidden, dropout):
    net = sized(AutoSizedNet(module__hidden=hidden), 999, 784)
    assert net.module__dropout == dropout


def test_users_implementation_of_the_optimizer_is_kept():
    net = sized(AutoSizedNet(optimizer__foreach=True), 9)
    assert "optimizer__fused" not in vars(net)


def test_what_the_user_set_is_kept():
    net = AutoSizedNet(
        max_epochs=3, train_split=None, module__hidden=7, optimizer=torch.optim.SGD
    )
    sized(net, 1000)
    assert net.max_epochs == 3
    assert net.train_split is None
    assert net.module__hidden == 7
    assert "optimizer__fused" not in vars(net)


def test_callbacks_can_be_disabled():
    assert sized(AutoSizedNet(callbacks="disable"), 1000).callbacks == "disable"


class Named(torch.nn.Linear):
    """Takes the names of torch."""

    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)


class Embedding(torch.nn.Linear):
    """Means other things by the names of torch."""

    def __init__(self, input_dim=30, output_dim=16, num_classes=2):
        super().__init__(input_dim, output_dim)


class Unnamed(torch.nn.Linear):
    """Takes nothing."""

    def __init__(self):
        super().__init__(2, 2)


def test_features_and_classes_are_passed_by_their_names():
    net = sized(NeuralNetClassifier(Named), 99, 8, 4)
    assert net.get_params_for("module") == {"in_features": 8, "out_features": 4}


def test_ambiguous_names_with_a_default_are_left_alone():
    net = sized(NeuralNetClassifier(Embedding), 99, 8, 4)
    assert net.get_params_for("module") == {"num_classes": 4}


def test_features_that_the_user_set_are_kept():
    net = sized(NeuralNetClassifier(Named, module__in_features=5), 99, 8, 4)
    assert net.get_params_for("module") == {"in_features": 5, "out_features": 4}


@pytest.mark.parametrize("module", [Unnamed, Unnamed(), lambda: Unnamed()])
def test_module_that_takes_nothing_gets_nothing(module):
    assert sized(NeuralNetClassifier(module), 99).get_params_for("module") == {}


def test_users_net_keeps_its_budget():
    net = sized(NeuralNetClassifier(MLP, max_epochs=7), 99)
    assert net.max_epochs == 7
    assert net.callbacks is None


def test_network_is_wrapped_once():
    net = NeuralNetClassifier(MLP)
    assert as_net(net) is net
    assert as_net(MLP).module is MLP
    assert isinstance(as_net(None), AutoSizedNet)
