"""Batch normalisation of the logits, as that of torch but for the weights."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise.losses import SigmoidLoss, UnhingedLoss
from sklnoise.nn import MLP
from sklnoise.training import LabelledData, Trainer, TrainingConfig, predict_proba
from sklnoise.training._criterion import LogitNormalization, NormalizedLogits

CONFIG = TrainingConfig(3, torch.device("cpu"), torch.float64, 1)


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(0)
    return 3 + 2 * torch.randn(7, 3, generator=generator, dtype=torch.float64)


@pytest.fixture
def layer():
    return LogitNormalization(3).double()


def test_value_and_gradient_of_a_training_step_are_those_of_torch(layer, logits):
    pull = torch.linspace(-1, 1, 21, dtype=torch.float64).reshape(7, 3)
    results = []
    for normalize in (layer.over_batch, nn.BatchNorm1d(3, affine=False).double()):
        leaf = logits.clone().requires_grad_()
        value = normalize(leaf)
        (pull * value).sum().backward()
        results.append((value, leaf.grad))
    torch.testing.assert_close(*results)


def test_integer_weights_equal_repeats(layer, logits):
    weight = torch.tensor([1, 2, 3, 1, 4, 1, 2])
    repeated = LogitNormalization(3).double()
    expected = repeated.over_batch(logits.repeat_interleave(weight, dim=0))
    once = layer.over_batch(logits, weight.double())
    torch.testing.assert_close(once.repeat_interleave(weight, dim=0), expected)
    torch.testing.assert_close(layer.state_dict(), repeated.state_dict())


def test_batch_of_one_sample_is_normalised_by_the_running_moments(layer, logits):
    layer.over_batch(logits)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    torch.testing.assert_close(layer.over_batch(logits[:1]), layer(logits[:1]))
    torch.testing.assert_close(layer.state_dict(), before)


def test_running_moments_are_the_mean_over_the_first_batches(layer, logits):
    batches = (logits, -logits, 5 + 2 * logits)
    for batch in batches:
        layer.over_batch(batch)
    means = torch.stack([batch.mean(dim=0) for batch in batches])
    variances = torch.stack([batch.var(dim=0, correction=0) for batch in batches])
    torch.testing.assert_close(layer.running_mean, means.mean(dim=0))
    torch.testing.assert_close(layer.running_var, variances.mean(dim=0))


def test_prediction_leaves_the_running_moments(layer, logits):
    torch.testing.assert_close(layer(logits), logits / np.sqrt(1 + 1e-5))
    assert layer.n_batches == 0


def test_logarithms_of_probabilities_are_normalised(layer, logits):
    from_proba, from_logits = (
        NormalizedLogits(module, layer, from_probabilities=is_proba).eval()
        for module, is_proba in ((nn.Softmax(dim=1), True), (nn.LogSoftmax(dim=1), False))
    )
    torch.testing.assert_close(from_proba(logits), from_logits(logits))


def test_pickle_keeps_module_and_moments(layer, logits):
    module = NormalizedLogits(nn.Linear(3, 3).double(), layer)
    layer.over_batch(logits)
    copy = pickle.loads(pickle.dumps(module))
    torch.testing.assert_close(copy.eval()(logits), module.eval()(logits))


@pytest.mark.parametrize("callbacks", [None, "disable"])
@pytest.mark.parametrize("loss", [UnhingedLoss, SigmoidLoss])
def test_training_with_integer_weights_equals_one_with_repeats(
    noisy_blobs, rng, loss, callbacks
):
    X, y_noisy, _, _ = noisy_blobs
    weight = rng.randint(1, 4, size=240)
    net = NeuralNetClassifier(
        MLP,
        module__hidden=4,
        lr=0.1,
        max_epochs=4,
        batch_size=-1,
        train_split=None,
        verbose=0,
        callbacks=callbacks,
    )
    weighted, repeated = (
        Trainer(net, LabelledData(X, y_noisy, weights), CONFIG, 0).fit(
            rows, loss(reduction="none")
        )
        for weights, rows in (
            (weight.astype(float), np.arange(240)),
            (np.ones(240), np.repeat(np.arange(240), weight)),
        )
    )
    assert_allclose(predict_proba(weighted, X), predict_proba(repeated, X), atol=1e-9)
