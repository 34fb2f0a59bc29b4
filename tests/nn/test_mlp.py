"""The multilayer perceptron."""

import numpy as np
import pytest
import torch
from torch import nn

from sklnoise.nn import MLP


def widths(net):
    return [layer.out_features for layer in net.layers if hasattr(layer, "out_features")]


@pytest.mark.parametrize("n_classes", [1, 2, 10])
def test_mlp_gives_one_logit_a_class(n_classes):
    assert MLP(4, n_classes)(torch.zeros(5, 4)).shape == (5, n_classes)


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [((), [3]), ((7,), [7, 3]), ((7, 5), [7, 5, 3]), (7, [7, 3]), (np.int64(7), [7, 3])],
)
def test_hidden_names_the_width_of_each_layer(hidden, expected):
    assert widths(MLP(4, 3, hidden=hidden)) == expected


def test_without_hidden_layers_the_logits_are_affine():
    net, x = MLP(4, 3, hidden=()), torch.randn(2, 4)
    torch.testing.assert_close(net(x).sum(0) / 2, net(x.mean(0, keepdim=True))[0])


def test_every_hidden_layer_is_followed_by_a_relu():
    kinds = [type(layer).__name__ for layer in MLP(4, 3, hidden=(7, 5)).layers]
    assert kinds == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]


@pytest.mark.parametrize(("dropout", "n_modules"), [(0.0, 0), (0.5, 2)])
def test_dropout_follows_each_hidden_layer_only_when_asked(dropout, n_modules):
    net = MLP(4, 3, hidden=(7, 5), dropout=dropout)
    assert [m.p for m in net.layers if isinstance(m, nn.Dropout)] == [dropout] * n_modules


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5])
def test_dropout_keeps_the_mean_and_drops_the_share(p):
    layer = MLP(4, 3, hidden=(7,), dropout=p or 0.1).layers.dropout0
    layer.p = p
    units = layer.train()(torch.ones(500, 400))
    assert (units == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert units.mean().item() == pytest.approx(1, abs=0.01)
    torch.testing.assert_close(layer.eval()(units), units)


def test_initial_weights_are_those_of_torch():
    torch.manual_seed(0)
    module = MLP(4, 3, hidden=())
    torch.manual_seed(0)
    expected = nn.Linear(4, 3)
    X = torch.randn(5, 4)
    torch.testing.assert_close(module(X), expected(X))


def test_images_are_flattened():
    net, images = MLP(12, 3), torch.randn(5, 3, 2, 2)
    torch.testing.assert_close(net(images), net(images.reshape(5, 12)))
