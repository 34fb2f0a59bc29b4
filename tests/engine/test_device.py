"""Devices, types, random state and threads."""

import numpy as np
import pytest
import torch
from sklnoise.engine import predict_proba
from sklnoise.engine._device import (
    is_small_step,
    resolve_device,
    resolve_dtype,
    resolve_half,
    seeded,
    thread_limit,
)

from sklnoise.nn import MLP

CPU = torch.device("cpu")


def test_auto_takes_the_best_device_at_hand(monkeypatch):
    for cuda, mps, best in (
        (True, True, "cuda"),
        (False, True, "mps"),
        (False, False, "cpu"),
    ):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=cuda: found)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda found=mps: found)
        assert resolve_device("auto").type == best


def test_unknown_device_is_an_error():
    with pytest.raises(ValueError, match="spelled right"):
        resolve_device("gpu")


def test_auto_type_is_single_precision_on_an_accelerator():
    assert resolve_dtype("auto", np.dtype("f8"), torch.device("cuda")) == torch.float32
    assert resolve_dtype("auto", np.dtype("f8"), CPU) == torch.float64
    assert resolve_dtype("float64", np.dtype("f4"), torch.device("cuda")) == torch.float64


def test_seeded_repeats_and_restores():
    before = torch.get_rng_state()
    draws = []
    for _ in range(2):
        with seeded(3, CPU):
            draws.append(torch.rand(4))
    assert torch.equal(*draws)
    assert torch.equal(torch.get_rng_state(), before)


def test_double_precision_on_mps_is_explained():
    with pytest.raises(ValueError, match="not available on the device"):
        resolve_dtype("float64", np.dtype("f8"), torch.device("mps"))


def fail_while_seeded():
    with seeded(3, CPU), thread_limit(torch.get_num_threads() + 1):
        torch.rand(1)
        raise KeyError


def test_state_is_restored_after_an_error():
    before = torch.get_rng_state(), torch.get_num_threads()
    with pytest.raises(KeyError):
        fail_while_seeded()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]


def test_step_is_small_by_its_multiplications():
    assert is_small_step(MLP(20, 3), (256, 20))
    assert not is_small_step(MLP(784, 10, hidden=(512, 256)), (256, 784))
    assert not is_small_step(torch.nn.Conv2d(3, 8, 3), (64, 3, 32, 32))


def test_half_precision_is_used_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert resolve_half("bfloat16", CPU) == torch.bfloat16
    assert resolve_half("float32", CPU) is None


def test_emulated_half_precision_is_left_with_a_warning(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    with pytest.warns(UserWarning, match="no instructions for bfloat16"):
        assert resolve_half("bfloat16", CPU) is None


def test_products_are_rounded_in_half_precision_and_weights_are_not(
    make_net, fit, table, setting
):
    single = setting._replace(dtype=torch.float32)
    nets = [
        fit(make_net(max_epochs=20), table, single._replace(half=half))
        for half in (None, torch.bfloat16)
    ]
    weights = [net.module_.layers.hidden0.weight for net in nets]
    assert weights[1].dtype == torch.float32
    assert not torch.equal(*weights)
    expected, proba = (predict_proba(net, table.X) for net in nets)
    np.testing.assert_allclose(proba, expected, atol=0.02)
