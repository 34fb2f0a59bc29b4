"""Nets made of known layers are stacked, and no others."""

from functools import partial

import numpy as np
import pytest
import torch
from sklnoise.engine._dropout import own_dropout
from sklnoise.engine._stack import (
    ELEMENTWISE_FUNCTIONS,
    ELEMENTWISE_METHODS,
    ELEMENTWISE_MODULES,
    let_go,
    point_to,
    stack_chains,
)
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from sklnoise.nn import MLP

CPU = torch.device("cpu")


class Chain(nn.Module):
    """Two layers with something between them, which gets the hidden units."""

    def __init__(self, between=None):
        super().__init__()
        self.hidden = nn.Linear(4, 6)
        self.between = between
        self.logits = nn.Linear(6, 3)

    def forward(self, X):
        return self.logits(self.between(self.hidden(X)))


class Images(nn.Module):
    """Flattens as it is told, and activates by a function."""

    def __init__(self, flatten):
        super().__init__()
        self.flatten = flatten
        self.hidden = nn.Linear(4, 6)
        self.logits = nn.Linear(6, 3, bias=False)

    def forward(self, X):
        return self.logits(functional.relu(self.hidden(self.flatten(X))))


class Twice(Chain):
    """Applies one layer two times."""

    def forward(self, X):
        hidden = self.hidden(X)
        return self.logits(self.between(hidden) + self.between(hidden.tanh()))


def by_function(function):
    """Let a function of one or two tensors stand between the layers."""
    two = function.__name__ in ("add", "mul", "sub")
    return Chain((lambda units: function(units, units)) if two else function)


def by_method(name):
    return Chain(lambda units: getattr(units, name)(*[0.5] * (name in ("add", "mul"))))


CHAINS = {
    "MLP": lambda: MLP(4, 3, hidden=(6, 5)),
    "linear": lambda: nn.Sequential(nn.Linear(4, 3)),
    "no bias": lambda: nn.Sequential(nn.Linear(4, 3, bias=False)),
    "frozen": lambda: MLP(4, 3, hidden=6).requires_grad_(False),
    "batch normalisation": lambda: Chain(nn.BatchNorm1d(6)),
    "plain normalisation": lambda: Chain(nn.BatchNorm1d(6, affine=False)),
    "no statistics": lambda: Chain(nn.BatchNorm1d(6, track_running_stats=False)),
    "twice": lambda: Twice(nn.Linear(6, 6)),
    "nested": lambda: nn.Sequential(Chain(nn.Sequential(nn.ReLU(), nn.Identity()))),
} | {
    kind.__name__: partial(lambda kind: Chain(kind()), kind)
    for kind in ELEMENTWISE_MODULES
}
FUNCTIONS = [partial(by_function, function) for function in ELEMENTWISE_FUNCTIONS]
METHODS = [partial(by_method, name) for name in ELEMENTWISE_METHODS]
FLATTENINGS = [
    nn.Flatten(),
    nn.Flatten(1, 2),
    nn.Flatten(1, -1),
    lambda X: X.flatten(1),
    lambda X: X.flatten(start_dim=1),
    lambda X: X.flatten(1, -1),
    lambda X: X.flatten(-2),
    lambda X: torch.flatten(X, 1),
    lambda X: torch.flatten(X, start_dim=1, end_dim=2),
    lambda X: torch.flatten(X, -2, -1),
]


def nets_of(make, n_nets=3):
    """Make nets with weights of their own, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return [make().double() for _ in range(n_nets)]


def stack_of(nets):
    return stack_chains(nets, [torch.Generator() for _ in nets])


def rows_of(nets, *shape, seed=0):
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(len(nets), 7, *shape, generator=draws, dtype=torch.float64)


def assert_gives_the_same(stack, nets, X):
    expected = torch.stack([net(rows) for net, rows in zip(nets, X)])
    torch.testing.assert_close(stack(X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "make",
    [*CHAINS.values(), *FUNCTIONS, *METHODS],
    ids=[*CHAINS, *(f.__name__ for f in ELEMENTWISE_FUNCTIONS), *ELEMENTWISE_METHODS],
)
def test_stack_gives_what_its_nets_give(make, training):
    nets, reference = nets_of(make), nets_of(make)
    stack = stack_of(nets).train(training)
    for net in reference:
        net.train(training)
    for seed in range(2):
        assert_gives_the_same(stack, reference, rows_of(nets, 4, seed=seed))


@pytest.mark.parametrize("flatten", FLATTENINGS)
def test_stack_flattens_what_its_nets_flatten(flatten):
    nets = nets_of(lambda: Images(flatten))
    assert_gives_the_same(stack_of(nets), nets, rows_of(nets, 2, 2))


@pytest.mark.parametrize("shape", [(5, 4), (2, 5, 4)])
def test_linear_layer_applies_to_the_last_axis_of_many(shape):
    nets = nets_of(lambda: nn.Sequential(nn.Linear(4, 3)))
    assert_gives_the_same(stack_of(nets), nets, rows_of(nets, *shape))


@pytest.mark.parametrize("training", [True, False])
def test_batch_normalisation_is_over_rows_and_positions(training):
    def make():
        return nn.Sequential(nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(16, 3))

    nets, reference = nets_of(make), nets_of(make)
    for net in (*nets, *reference):
        nn.init.uniform_(net[0].weight, generator=torch.Generator().manual_seed(0))
        nn.init.uniform_(net[0].bias, generator=torch.Generator().manual_seed(1))
        net.train(training)
    for number in (1, 3):
        stack = stack_of(nets[:number])
        if stack is not None:
            X = rows_of(nets[:number], 4, 4)
            assert_gives_the_same(stack.train(training), reference[:number], X)


def test_running_statistics_of_the_nets_follow_their_rows():
    nets, reference = (nets_of(CHAINS["batch normalisation"]) for _ in range(2))
    X = rows_of(nets, 4)
    stack_of(nets).train()(X)
    for net, other, rows in zip(nets, reference, X):
        other.train()(rows)
        for name, value in other.state_dict().items():
            torch.testing.assert_close(net.state_dict()[name], value, msg=name)


def test_dropout_of_each_net_is_that_of_the_net_alone():
    def make():
        return MLP(4, 3, hidden=(6, 5), dropout=0.4)

    nets, reference = nets_of(make), nets_of(make)
    stack = stack_chains(nets, [torch.Generator().manual_seed(k) for k in range(3)])
    X = rows_of(nets, 4)
    stack.draws.sizes = sizes = [7, 4, 6]
    output = stack.train()(X)
    for seed, (net, size) in enumerate(zip(reference, sizes)):
        with own_dropout(net.train(), seed, CPU):
            expected = net(X[seed, :size])
        torch.testing.assert_close(output[seed, :size], expected)


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_parameters_have_the_names_and_the_freedom_of_those_of_one_net(make):
    nets = nets_of(make)
    named = {name: p.requires_grad for name, p in stack_of(nets).named_parameters()}
    assert named == {name: p.requires_grad for name, p in nets[0].named_parameters()}


def test_nets_that_point_to_their_stack_change_with_it_until_they_let_go():
    nets = nets_of(CHAINS["batch normalisation"])
    stack = stack_of(nets)
    point_to(stack, nets)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(2)
    X = rows_of(nets, 4)
    assert_gives_the_same(stack.eval(), [net.eval() for net in nets], X)
    expected = nets[1](X[1])
    for net in nets:
        let_go(net)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.zero_()
    torch.testing.assert_close(nets[1](X[1]), expected)
    assert all(p.is_contiguous() for net in nets for p in net.parameters())


def test_stack_has_weights_of_its_own():
    nets = nets_of(CHAINS["MLP"])
    stack = stack_of(nets)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.zero_()
    assert nets[0].layers.hidden0.weight.abs().min() > 0


class OwnLinear(nn.Linear):
    """May do something else."""


class OwnParameter(Chain):
    """Has a parameter that no layer owns."""

    def __init__(self):
        super().__init__(nn.ReLU())
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, X):
        return super().forward(X) * self.scale


class OwnBuffer(OwnParameter):
    """Has a buffer that no layer owns."""

    def __init__(self):
        super().__init__()
        del self.scale
        self.register_buffer("scale", torch.ones(3))


class Unused(Chain):
    """Has a layer that it does not apply."""

    def __init__(self):
        super().__init__(nn.ReLU())
        self.unused = nn.Linear(2, 2)


class FunctionalDropout(Chain):
    """Draws by a function."""

    def forward(self, X):
        hidden = functional.dropout(self.hidden(X), 0.5, self.training)
        return self.logits(hidden)


class AlwaysDraws(Chain):
    """Draws in prediction too."""

    def forward(self, X):
        return self.logits(functional.dropout(self.hidden(X), 0.5))


class DrawsALayer(Chain):
    """Leaves out a layer by chance, in training."""

    def forward(self, X):
        hidden = self.hidden(X)
        if not self.training or torch.rand(()) < 0.7:
            hidden = self.between(hidden)
        return self.logits(hidden)


class DependsOnTraining(Chain):
    """Does something else in training."""

    def forward(self, X):
        return super().forward(2 * X if self.training else X)


class Annealed(Chain):
    """Counts its batches in an attribute, and does something else in each."""

    n_batches = 0

    def forward(self, X):
        self.n_batches += self.training
        return super().forward(X) * (1 + 0.1 * self.n_batches)


class StaysInPrediction(Chain):
    """Keeps a layer in the mode of prediction, as frozen parts are kept."""

    def train(self, mode=True):
        super().train(mode)
        self.between.eval()
        return self


class GivesFeatures(Chain):
    """Gives its hidden units too."""

    def forward(self, X):
        return super().forward(X), self.hidden(X)


class TwoInputs(Chain):
    """Takes more than the rows."""

    def forward(self, X, factor=1.0):
        return factor * super().forward(X)


class LooksAtRows(Chain):
    """Does what depends on the values."""

    def forward(self, X):
        return super().forward(X if X.sum() > 0 else -X)


class MixesRows(Chain):
    """Centres the hidden units of a batch."""

    def forward(self, X):
        hidden = self.hidden(X)
        return self.logits(hidden - hidden.mean(0))


def shared():
    """Let two layers share their weights."""
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 3))
    net[2].weight = net[0].weight
    return net


def hooked(register, *args):
    """Let a layer have a hook."""
    net = Chain(nn.ReLU())
    getattr(net.logits, register)(*args, lambda *seen: None)
    return net


def parameter_hooked(register):
    """Let a parameter have a hook."""
    net = Chain(nn.ReLU())
    getattr(net.logits.weight, register)(lambda gradient: None)
    return net


UNKNOWN = {
    "LSTM": lambda: nn.Sequential(nn.LSTM(4, 3, batch_first=True)),
    "layer normalisation": lambda: Chain(nn.LayerNorm(6)),
    "alpha dropout": lambda: Chain(nn.AlphaDropout(0.5)),
    "channel dropout": lambda: Chain(nn.Dropout1d(0.5)),
    "random slope": lambda: Chain(nn.RReLU()),
    "trained slope": lambda: Chain(nn.PReLU()),
    "softmax": lambda: Chain(nn.Softmax(dim=1)),
    "cumulative statistics": lambda: Chain(nn.BatchNorm1d(6, momentum=None)),
    "flat rows": lambda: Chain(nn.Flatten(0)),
    "own layer": lambda: Chain(OwnLinear(6, 6)),
    "own parameter": OwnParameter,
    "own buffer": OwnBuffer,
    "unused layer": Unused,
    "shared weights": shared,
    "spectral norm": lambda: Chain(parametrizations.spectral_norm(nn.Linear(6, 6))),
    "weight norm": lambda: Chain(parametrizations.weight_norm(nn.Linear(6, 6))),
    "functional dropout": FunctionalDropout,
    "dropout in prediction": AlwaysDraws,
    "depends on training": lambda: DependsOnTraining(nn.ReLU()),
    "annealed": lambda: Annealed(nn.ReLU()),
    "frozen statistics": lambda: StaysInPrediction(nn.BatchNorm1d(6)),
    "frozen dropout": lambda: StaysInPrediction(nn.Dropout(0.5)),
    "features": lambda: GivesFeatures(nn.ReLU()),
    "two inputs": lambda: TwoInputs(nn.ReLU()),
    "looks at rows": lambda: LooksAtRows(nn.ReLU()),
    "mixes rows": MixesRows,
    "forward hook": lambda: hooked("register_forward_hook"),
    "forward pre-hook": lambda: hooked("register_forward_pre_hook"),
    "backward hook": lambda: hooked("register_full_backward_hook"),
    "backward pre-hook": lambda: hooked("register_full_backward_pre_hook"),
    "gradient hook": lambda: parameter_hooked("register_hook"),
    "accumulation hook": lambda: parameter_hooked("register_post_accumulate_grad_hook"),
}


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_net_with_something_unknown_is_not_stacked(make):
    assert stack_of(nets_of(make)) is None


@pytest.mark.parametrize("seed", range(4))
def test_net_that_draws_whether_it_applies_a_layer_is_not_stacked(seed):
    nets = nets_of(lambda: DrawsALayer(nn.Linear(6, 6)))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        assert stack_of(nets) is None


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "make", [*CHAINS.values(), *UNKNOWN.values()], ids=[*CHAINS, *UNKNOWN]
)
def test_trial_leaves_the_net_as_it_was(make, training):
    (net,) = nets_of(make, 1)
    net.train(training)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [layer.training for layer in net.modules()]
    n_batches = getattr(net, "n_batches", None)
    stack_of([net])
    assert getattr(net, "n_batches", None) == n_batches
    assert [layer.training for layer in net.modules()] == modes
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
