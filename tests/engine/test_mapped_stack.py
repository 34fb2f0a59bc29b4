"""Nets of any kind are mapped where a trial shows that they can be."""

import threading
import warnings

import numpy as np
import pytest
import torch
from sklnoise.engine._mapped_stack import try_mapped
from sklnoise.engine._stack import let_go, point_to
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations


class Residual(nn.Module):
    """Adds to the hidden units what a layer makes of them."""

    def __init__(self, between=None):
        super().__init__()
        self.hidden = nn.Linear(4, 6)
        self.between = between
        self.logits = nn.Linear(6, 3)

    def forward(self, X):
        hidden = self.hidden(X)
        return self.logits(hidden + self.between(hidden).tanh())


class Image(nn.Module):
    """Is a small convolutional net."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 2, 2), nn.ReLU(), nn.MaxPool2d(1), nn.Flatten(), nn.Linear(2, 3)
        )

    def forward(self, X):
        return self.layers(X.view(len(X), 1, 2, 2))


class Scaled(Residual):
    """Standardises by buffers."""

    def __init__(self):
        super().__init__(nn.LayerNorm(6))
        self.register_buffer("mean", torch.rand(4))

    def forward(self, X):
        return super().forward(X - self.mean)


class DependsOnTraining(Residual):
    """Does something else in training."""

    def forward(self, X):
        return super().forward(2 * X if self.training else X)


def shared():
    """Let two layers share their weights."""
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 3))
    net[2].weight = net[0].weight
    return net


KNOWN = {
    "layer normalisation": lambda: Residual(nn.LayerNorm(6)),
    "trained slope": lambda: Residual(nn.PReLU()),
    "group normalisation": lambda: Residual(nn.GroupNorm(2, 6)),
    "convolution": Image,
    "buffer": Scaled,
    "depends on training": lambda: DependsOnTraining(nn.LayerNorm(6)),
    "shared weights": shared,
}


def nets_of(make, n_nets=3):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return [make().double() for _ in range(n_nets)]


def rows(*shape):
    draws = torch.Generator().manual_seed(0)
    return torch.randn(*shape, generator=draws, dtype=torch.float64)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_mapped_stack_gives_what_its_nets_give(make, training):
    nets, X = nets_of(make), rows(3, 7, 4)
    stack = try_mapped(nets, X[0]).train(training)
    expected = torch.stack([net.train(training)(part) for net, part in zip(nets, X)])
    torch.testing.assert_close(stack(X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_gradients_are_those_of_each_net(make):
    nets, X = nets_of(make), rows(3, 7, 4)
    stack = try_mapped(nets, X[0]).train()
    stack.zero_grad()
    stack(X).square().sum().backward()
    for number, net in enumerate(nets):
        net.train()(X[number]).square().sum().backward()
    for name, parameter in stack.named_parameters():
        expected = torch.stack([net.get_parameter(name).grad for net in nets])
        torch.testing.assert_close(parameter.grad, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_parameters_have_the_names_of_those_of_one_net(make):
    nets = nets_of(make)
    names = [name for name, _ in try_mapped(nets, rows(5, 4)).named_parameters()]
    assert names == [name for name, _ in nets[0].named_parameters()]


@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_nets_that_point_to_their_stack_change_with_it_until_they_let_go(make):
    nets, X = nets_of(make), rows(3, 7, 4)
    stack = try_mapped(nets, X[0])
    point_to(stack, nets)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(1.5)
    given = torch.stack([net.eval()(part) for net, part in zip(nets, X)])
    torch.testing.assert_close(stack.eval()(X), given)
    for net in nets:
        let_go(net)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.zero_()
    again = torch.stack([net(part) for net, part in zip(nets, X)])
    torch.testing.assert_close(again, given)


def test_nets_that_stay_go_on_as_before():
    nets, X = nets_of(Scaled), rows(3, 7, 4)
    stack = try_mapped(nets, X[0]).eval()
    kept = torch.tensor([True, False, True])
    expected = stack(X)[kept]
    for parameter in stack.parameters():
        parameter.data = parameter.data[kept]
    stack.keep(kept.tolist())
    torch.testing.assert_close(stack(X[kept]), expected)


class FunctionalDropout(Residual):
    """Draws by a function."""

    def forward(self, X):
        return functional.dropout(super().forward(X), 0.5, self.training)


class Counting(Residual):
    """Counts its batches in a buffer that is not saved."""

    def __init__(self):
        super().__init__(nn.Identity())
        self.register_buffer("n_batches", torch.zeros(()), persistent=False)

    def forward(self, X):
        self.n_batches += self.training
        return super().forward(X) * (1 + 1e-6 * self.n_batches)


class Annealed(Residual):
    """Counts its batches in an attribute."""

    n_batches = 0

    def forward(self, X):
        self.n_batches += self.training
        return super().forward(X) * (1 + 1e-6 * self.n_batches)


class GivesFeatures(Residual):
    """Gives its hidden units too."""

    def forward(self, X):
        return super().forward(X), self.hidden(X)


class Unused(Residual):
    """Has a layer that it does not apply."""

    def __init__(self):
        super().__init__(nn.ReLU())
        self.unused = nn.Linear(2, 2)


class LooksAtRows(Residual):
    """Does what depends on the values."""

    def forward(self, X):
        return super().forward(X if X.sum() > 0 else -X)


class Locked(Residual):
    """Has what cannot be copied."""

    def __init__(self):
        super().__init__(nn.ReLU())
        self.lock = threading.Lock()


UNKNOWN = {
    "LSTM": lambda: nn.Sequential(nn.LSTM(4, 3, batch_first=True)),
    "dropout": lambda: Residual(nn.Dropout(0.5)),
    "alpha dropout": lambda: Residual(nn.AlphaDropout(0.5)),
    "functional dropout": lambda: FunctionalDropout(nn.Identity()),
    "random slope": lambda: Residual(nn.RReLU()),
    "batch normalisation": lambda: Residual(nn.BatchNorm1d(6)),
    "spectral norm": lambda: Residual(parametrizations.spectral_norm(nn.Linear(6, 6))),
    "weight norm": lambda: Residual(parametrizations.weight_norm(nn.Linear(6, 6))),
    "batches counted in a buffer": Counting,
    "batches counted in an attribute": lambda: Annealed(nn.Identity()),
    "features": lambda: GivesFeatures(nn.ReLU()),
    "unused layer": Unused,
    "looks at rows": lambda: LooksAtRows(nn.ReLU()),
    "lock": Locked,
}


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_net_that_cannot_be_mapped_is_not(make):
    assert try_mapped(nets_of(make), rows(5, 4)) is None


@pytest.mark.parametrize(
    "make", [*KNOWN.values(), *UNKNOWN.values()], ids=[*KNOWN, *UNKNOWN]
)
def test_trial_leaves_nets_as_they_were(make):
    nets, expected = nets_of(make), nets_of(make)
    try_mapped(nets, rows(5, 4))
    for net, other in zip(nets, expected):
        for name, value in net.state_dict().items():
            np.testing.assert_array_equal(value, other.state_dict()[name], err_msg=name)
        assert all(parameter.grad is None for parameter in net.parameters())


class Bilinear(Residual):
    """Has a layer that can only be mapped by a loop, of which torch warns."""

    def forward(self, X):
        hidden = self.hidden(X)
        return self.logits(self.between(hidden, hidden))


def test_layer_that_torch_would_map_by_a_loop_is_not_mapped():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stack = try_mapped(nets_of(lambda: Bilinear(nn.Bilinear(6, 6, 6))), rows(5, 4))
    assert stack is None
    assert [str(warning.message) for warning in caught] == []
