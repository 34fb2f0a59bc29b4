"""The hidden features of a net, whatever its module looks like."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise.losses import ComplexAdaptationLoss
from sklnoise.training import LabelledData, Trainer, TrainingConfig, hidden_features
from sklnoise.training._hidden import HiddenFeatures

CONFIG = TrainingConfig(3, torch.device("cpu"), torch.float64, 1)


class LastDefinedIsAppliedFirst(nn.Module):
    """Defines its linear layers in the order opposite to that of their use."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(5, 3)
        self.unused = nn.Linear(7, 7)
        self.into = nn.Linear(2, 5)

    def hidden(self, X):
        return self.into(X).tanh()

    def forward(self, X):
        return self.out(self.hidden(X))


class GivesFeatures(LastDefinedIsAppliedFirst):
    """Returns features of its own choice beside the logits."""

    def forward(self, X):
        return super().forward(X), 2 * X


class LinearOverTime(nn.Module):
    """Applies its last linear layer to a sequence, of which it takes the mean."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(2, 8)
        self.out = nn.Linear(2, 3)

    def hidden(self, X):
        return self.into(X).unflatten(1, (4, 2))

    def forward(self, X):
        return self.out(self.hidden(X)).mean(dim=1)


class NoLinearLayer(nn.Module):
    """Has weights, but no linear layer."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 3))

    def forward(self, X):
        return X @ self.weight


def initialized(module):
    return NeuralNetClassifier(module, verbose=0).initialize()


def features_of(net, X):
    with HiddenFeatures(net, X[:2]) as hidden:
        return hidden.of(net.evaluation_step((X, None)))


@pytest.fixture
def X():
    return torch.randn(6, 2, generator=torch.Generator().manual_seed(0))


def test_features_are_the_input_of_the_linear_layer_applied_last(X):
    net = initialized(LastDefinedIsAppliedFirst)
    with torch.no_grad():
        expected = net.module_.hidden(X)
    assert_array_equal(features_of(net, X), expected)


def test_features_are_what_the_module_gives_beside_the_logits(X):
    assert_array_equal(features_of(initialized(GivesFeatures), X), 2 * X)


def test_features_of_more_dimensions_are_flattened(X):
    net = initialized(LinearOverTime)
    with torch.no_grad():
        expected = net.module_.hidden(X).reshape(6, 8)
    assert_array_equal(features_of(net, X), expected)


def test_features_are_those_of_the_batch_that_was_seen_last(X):
    net = initialized(LastDefinedIsAppliedFirst)
    with HiddenFeatures(net, X) as hidden, torch.no_grad():
        net.evaluation_step((X, None))
        last = net.evaluation_step((X[4:], None))
        assert_allclose(hidden.of(last), net.module_.hidden(X[4:]), atol=1e-7)


def test_features_have_a_gradient_while_the_net_is_trained(X):
    net = initialized(LastDefinedIsAppliedFirst)
    with HiddenFeatures(net, X) as hidden:
        hidden.of(net.module_.train()(X)).sum().backward()
    assert net.module_.into.weight.grad.abs().sum() > 0


def test_module_without_a_linear_layer_is_explained(X):
    with pytest.raises(ValueError, match=r"NoLinearLayer has no linear layer.*features"):
        HiddenFeatures(initialized(NoLinearLayer), X)


def hooks_of(module):
    return [hook for part in module.modules() for hook in part._forward_pre_hooks]


@pytest.mark.parametrize("module", [LastDefinedIsAppliedFirst, GivesFeatures])
def test_no_hook_is_left(X, module):
    net = initialized(module)
    features_of(net, X)
    assert hooks_of(net.module_) == []


def test_no_hook_is_left_by_rows_that_the_module_cannot_take(X):
    net = initialized(LastDefinedIsAppliedFirst)
    with pytest.raises(RuntimeError):
        HiddenFeatures(net, X[:, :1])
    assert hooks_of(net.module_) == []


def test_no_hook_is_left_by_an_error_within(X):
    net = initialized(LastDefinedIsAppliedFirst)
    with pytest.raises(KeyError), HiddenFeatures(net, X):
        raise KeyError
    assert hooks_of(net.module_) == []


@pytest.fixture
def data(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    return LabelledData(X, y_noisy, np.ones(len(X)))


def test_no_hook_is_left_by_a_training_with_features(quick_net, data):
    loss = ComplexAdaptationLoss(np.eye(3), n_features=8, reduction="none")
    quick_net.set_params(max_epochs=2)
    net = Trainer(quick_net, data, CONFIG, 0).fit(np.arange(240), loss)
    assert hooks_of(net.module_) == []
    assert net.criterion_.hidden is None


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("rows", [None, np.arange(0, 240, 7), np.tile(range(240), 6)])
def test_hidden_features_are_the_activations_before_the_logits_without_dropout(
    quick_net, data, dropout, rows
):
    quick_net.set_params(max_epochs=2, module__dropout=dropout)
    loss = nn.CrossEntropyLoss(reduction="none")
    net = Trainer(quick_net, data, CONFIG, 0).fit(np.arange(240), loss)
    X = data.X if rows is None else data.X[rows]
    with torch.no_grad():
        expected = net.module_.eval().layers[:-1](torch.from_numpy(X))
    assert_allclose(hidden_features(net, data.X, rows), expected, atol=1e-12)


class WithState(torch.nn.Module):
    """Returns the state of a layer beside the logits, as a recurrent net does."""

    def __init__(self, state):
        super().__init__()
        self.state = state
        self.inner, self.last = torch.nn.Linear(2, 4), torch.nn.Linear(4, 3)

    def forward(self, X):
        return self.last(self.inner(X).relu()), self.state


@pytest.mark.parametrize("state", [None, (1, 2), torch.zeros(5)], ids=str)
def test_company_of_the_logits_that_is_no_features_is_passed_over(state):
    net = NeuralNetClassifier(WithState, module__state=state).initialize()
    X = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    with HiddenFeatures(net, torch.from_numpy(X)) as hidden:
        features = hidden.of(net.module_(torch.from_numpy(X)))
    torch.testing.assert_close(features, net.module_.inner(torch.from_numpy(X)).relu())


class LogitsByHand(torch.nn.Module):
    """Has a linear layer, but another operation makes the logits."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 4)
        self.weight = torch.nn.Parameter(torch.ones(4, 3))

    def forward(self, X):
        return self.inner(X).relu() @ self.weight


def test_linear_layer_that_does_not_give_the_logits_is_no_last_layer():
    net = NeuralNetClassifier(LogitsByHand).initialize()
    with pytest.raises(ValueError, match="no linear layer that gives the logits"):
        HiddenFeatures(net, torch.zeros(4, 2))
