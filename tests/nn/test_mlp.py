"""The multilayer perceptron."""

import numpy as np
import pytest
import torch
from torch import nn

from sklnoise.nn import MLP


def widths(net):
    return [layer.out_features for layer in net.layers if isinstance(layer, nn.Linear)]


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
    kinds = [type(layer) for layer in MLP(4, 3, hidden=(7, 5)).layers]
    assert kinds == [nn.Flatten, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]


@pytest.mark.parametrize(("dropout", "n_modules"), [(0.0, 0), (0.5, 2)])
def test_dropout_follows_each_hidden_layer_only_when_asked(dropout, n_modules):
    net = MLP(4, 3, hidden=(7, 5), dropout=dropout)
    assert [m.p for m in net.layers if isinstance(m, nn.Dropout)] == [dropout] * n_modules


def test_images_are_flattened():
    net, images = MLP(12, 3), torch.randn(5, 3, 2, 2)
    torch.testing.assert_close(net(images), net(images.reshape(5, 12)))
