"""Batch normalisation of the logits, as that of torch but for the weights."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklnoise.engine import LabelledData, Setting, fit_net, predict_proba
from sklnoise.engine._normalization import NormalizedLogits
from skorch import NeuralNetClassifier
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn

from sklnoise.losses import SigmoidLoss, UnhingedLoss
from sklnoise.nn import MLP

SETTING = Setting(3, torch.device("cpu"), torch.float64, 1)


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(0)
    return 3 + 2 * torch.randn(7, 3, generator=generator, dtype=torch.float64)


def normalized(module=None, **params):
    module = nn.Identity() if module is None else module
    return NormalizedLogits(module, 3, **params).double()


def test_value_and_gradient_of_a_training_step_are_those_of_torch(logits):
    pull = torch.linspace(-1, 1, 21, dtype=torch.float64).reshape(7, 3)
    results = []
    for layer in (normalized(), nn.BatchNorm1d(3, affine=False).double()):
        leaf = logits.clone().requires_grad_()
        value = layer(leaf)
        (pull * value).sum().backward()
        results.append((value, leaf.grad))
    torch.testing.assert_close(*results)


def test_integer_weights_equal_repeats(logits):
    weight = torch.tensor([1, 2, 3, 1, 4, 1, 2])
    weighted, repeated = normalized(), normalized()
    weighted.sample_weight = weight.double()
    expected = repeated(logits.repeat_interleave(weight, dim=0))
    once = weighted(logits)
    torch.testing.assert_close(once.repeat_interleave(weight, dim=0), expected)
    torch.testing.assert_close(weighted.state_dict(), repeated.state_dict())


def test_rows_of_weight_zero_do_not_count(logits):
    layer, without = normalized(), normalized()
    layer.sample_weight = torch.tensor([1.0, 1, 1, 1, 1, 0, 0]).double()
    torch.testing.assert_close(layer(logits)[:5], without(logits[:5]))


def test_batch_of_one_row_is_normalised_by_the_running_moments(logits):
    layer = normalized()
    layer(logits)
    expected = layer.eval()(logits[:1])
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    torch.testing.assert_close(layer.train()(logits[:1]), expected)
    torch.testing.assert_close(layer.state_dict(), before)


def test_running_moments_are_the_mean_over_the_first_batches(logits):
    layer, batches = normalized(), (logits, -logits, 5 + 2 * logits)
    for batch in batches:
        layer(batch)
    means = torch.stack([batch.mean(dim=0) for batch in batches])
    variances = torch.stack([batch.var(dim=0, correction=0) for batch in batches])
    torch.testing.assert_close(layer.running_mean, means.mean(dim=0))
    torch.testing.assert_close(layer.running_var, variances.mean(dim=0))


def test_prediction_uses_the_running_moments_whatever_the_batch(logits):
    layer = normalized()
    layer(logits)
    layer.eval()
    torch.testing.assert_close(
        torch.cat([layer(row) for row in logits.split(1)]), layer(logits)
    )


def test_prediction_leaves_the_running_moments(logits):
    layer = normalized().eval()
    torch.testing.assert_close(layer(logits), logits / np.sqrt(1 + 1e-5))
    assert layer.n_batches == 0


def test_logarithms_of_probabilities_are_normalised(logits):
    from_proba = normalized(nn.Softmax(dim=1), from_probabilities=True)
    from_logits = normalized(nn.LogSoftmax(dim=1))
    torch.testing.assert_close(from_proba(logits), from_logits(logits))


def test_probability_of_zero_stays_finite():
    proba = torch.eye(3, dtype=torch.float64)
    assert normalized(from_probabilities=True)(proba).isfinite().all()


def test_normalisation_has_no_parameters():
    assert list(normalized().parameters()) == []


def test_pickle_keeps_module_and_moments(logits):
    layer = normalized(nn.Linear(3, 3).double())
    layer(logits)
    copy = pickle.loads(pickle.dumps(layer))
    torch.testing.assert_close(copy.eval()(logits), layer.eval()(logits))


@pytest.fixture
def data(noisy_blobs, rng):
    X, y_noisy, _, _ = noisy_blobs
    return LabelledData(X, y_noisy, rng.randint(1, 4, size=240).astype(float))


def fit(data, rows=None, *, loss=UnhingedLoss, **params):
    defaults = {"max_epochs": 4, "batch_size": -1, "train_split": None, "verbose": 0}
    net = NeuralNetClassifier(MLP, module__hidden=4, lr=0.1, **(defaults | params))
    rows = np.arange(240) if rows is None else rows
    return fit_net(net, data, rows, loss(reduction="none"), SETTING, seed=0)


def test_weights_are_forgotten_after_the_training(data):
    assert fit(data).module_.sample_weight is None


@pytest.mark.parametrize("callbacks", [None, "disable"])
@pytest.mark.parametrize("loss", [UnhingedLoss, SigmoidLoss])
def test_training_with_integer_weights_equals_one_with_repeats(data, loss, callbacks):
    params = {"loss": loss, "callbacks": callbacks}
    repeats = np.repeat(np.arange(240), data.sample_weight.astype(int))
    repeated = fit(data._replace(sample_weight=np.ones(240)), repeats, **params)
    weighted = fit(data, **params)
    assert_allclose(
        predict_proba(weighted, data.X), predict_proba(repeated, data.X), atol=1e-9
    )


def test_users_own_validation_data_may_end_in_a_batch_of_one_row(data):
    split = predefined_split(Dataset(data.X[:5], data.y[:5]))
    net = fit(data, batch_size=4, train_split=split)
    assert np.isfinite(net.history[:, "valid_loss"]).all()
