"""Dropout from a generator of its own."""

import copy

import numpy as np
import pytest
import torch
from sklnoise.engine._dropout import drop, keep_mask, own_dropout
from skorch.callbacks import Callback
from torch import nn

CPU = torch.device("cpu")
P = [0.1, 0.25, 0.5, 0.9]
N_UNITS = 2**16


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("p", P)
@pytest.mark.parametrize("seed", range(4))
def test_share_of_kept_units_is_the_rest_of_p(p, seed):
    mask = keep_mask(torch.Size([256, 256]), p, generator(seed))
    error = np.sqrt(p * (1 - p) / N_UNITS)
    assert abs(mask.double().mean().item() - (1 - p)) < 4 * error


@pytest.mark.parametrize("p", P)
@pytest.mark.parametrize("seed", range(4))
def test_mean_stays_what_it_was(p, seed):
    dropped = drop(nn.Dropout(p), generator(seed), torch.full((256, 256), 3.0).double())
    error = 3 * np.sqrt(p / (1 - p) / N_UNITS)
    assert abs(dropped.mean().item() - 3) < 4 * error


@pytest.mark.parametrize("p", P)
def test_unit_is_dropped_or_scaled(p):
    X = torch.randn(7, 9, generator=generator(1)).double()
    dropped = drop(nn.Dropout(p), generator(0), X)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], X[kept] / (1 - p), rtol=1e-4, atol=0)
    assert kept.any()


@pytest.mark.parametrize("p", [1e-6, 1e-9])
def test_hardly_any_dropout_drops_hardly_anything(p):
    X = torch.ones(100)
    torch.testing.assert_close(drop(nn.Dropout(p), generator(0), X), X)


@pytest.mark.parametrize("p", [1 - 1e-6, 1.0])
def test_almost_certain_dropout_drops_almost_everything(p):
    dropped = drop(nn.Dropout(p), generator(0), torch.ones(50, 4))
    assert (dropped == 0).double().mean() > 0.95


@pytest.mark.parametrize(
    "shape", [(), (1,), (3,), (4,), (5, 3), (2, 3, 5), (0, 4)], ids=str
)
def test_mask_has_any_shape(shape):
    assert keep_mask(torch.Size(shape), 0.5, generator(0)).shape == shape


def test_units_and_steps_are_dropped_independently():
    draws = generator(0)
    first, second = (keep_mask(torch.Size([N_UNITS]), 0.5, draws) for _ in range(2))
    error = 0.5 / np.sqrt(N_UNITS)
    for other in (second, *(first.roll(shift) for shift in range(1, 6))):
        assert abs((first == other).double().mean().item() - 0.5) < 4 * error


@pytest.mark.parametrize(
    "layer", [nn.Dropout(0.0), nn.Dropout(0.5).eval()], ids=["p = 0", "eval"]
)
def test_no_dropout_is_the_identity_and_draws_nothing(layer):
    draws = generator(0)
    before = draws.get_state()
    X = torch.randn(4, 3, generator=generator(1))
    assert torch.equal(drop(layer, draws, X), X)
    assert torch.equal(draws.get_state(), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_type_of_the_units_stays(dtype):
    assert drop(nn.Dropout(0.5), generator(0), torch.ones(8, dtype=dtype)).dtype == dtype


def test_gradient_is_that_of_the_units_that_are_kept():
    X = torch.ones(20, requires_grad=True)
    dropped = drop(nn.Dropout(0.25), generator(0), X)
    dropped.sum().backward()
    assert torch.equal(X.grad, dropped.detach())


@pytest.fixture
def module():
    return nn.Sequential(nn.Dropout(0.5), nn.ReLU(), nn.Sequential(nn.Dropout(0.25)))


def test_seed_decides_what_is_dropped(module):
    X = torch.ones(30)
    results = []
    for seed in (0, 0, 1):
        with own_dropout(module, seed, CPU):
            results.append(module(X))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_torchs_random_state_is_neither_read_nor_written(module):
    results = []
    for seed in (0, 1):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            before = torch.get_rng_state()
            with own_dropout(module, 3, CPU):
                results.append(module(torch.ones(30)))
            assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*results)


def fail_within(module):
    with own_dropout(module, 0, CPU):
        raise KeyError


def test_layers_are_as_they_were_also_after_an_error(module):
    with own_dropout(module, 0, CPU):
        assert "forward" in vars(module[0])
    with pytest.raises(KeyError):
        fail_within(module)
    assert all("forward" not in vars(layer) for layer in module.modules())


class OwnDropout(nn.Dropout):
    """May do something else."""


@pytest.mark.parametrize("layer", [nn.AlphaDropout(), nn.Dropout2d(), OwnDropout()])
def test_other_kinds_of_dropout_are_left_alone(layer):
    with own_dropout(nn.Sequential(layer), 0, CPU):
        assert "forward" not in vars(layer)


class Copies(Callback):
    """Keeps a copy of the module of each epoch, as callbacks of users do."""

    copies = []

    def on_epoch_end(self, net, **kwargs):
        Copies.copies.append(copy.deepcopy(net.module_))


def test_module_can_be_copied_by_a_callback(make_net, fit, table):
    Copies.copies = []
    net = fit(make_net(module__dropout=0.5, callbacks=[Copies()]), table)
    X = torch.from_numpy(table.X)
    assert torch.equal(Copies.copies[-1].eval()(X), net.module_.eval()(X))
