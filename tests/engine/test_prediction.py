"""Predictions come in chunks, of as many rows as there are."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklnoise.engine import _prediction, predict_proba
from skorch import NeuralNetClassifier
from torch import nn


class Halved(NeuralNetClassifier):
    """Infers in a way of its own."""

    def infer(self, X, **fit_params):
        return 0.5 * super().infer(X, **fit_params)


@pytest.mark.parametrize("normalized", [False, True])
def test_no_row_has_no_probabilities(make_net, fit, table, normalized):
    layer = nn.BatchNorm1d(8) if normalized else nn.Identity()
    module = nn.Sequential(nn.Linear(4, 8), layer, nn.Linear(8, 3))
    net = fit(make_net(lambda: module), table)
    assert predict_proba(net, table.X, np.array([], dtype=int)).shape == (0, 3)


def test_inference_of_the_user_is_used(make_net, fit, table):
    net = fit(make_net(kind=Halved), table)
    X = torch.from_numpy(table.X)
    expected = (0.5 * net.module_.eval()(X)).softmax(dim=1).detach()
    torch.testing.assert_close(torch.from_numpy(predict_proba(net, table.X)), expected)


@pytest.mark.parametrize("least", [1, 7, 1000])
def test_chunks_do_not_matter(make_net, fit, table, monkeypatch, least):
    net = fit(make_net(), table)
    expected = predict_proba(net, table.X)
    monkeypatch.setattr(_prediction, "PREDICT_VALUES", 1)
    monkeypatch.setattr(_prediction, "LEAST_ROWS", least)
    np.testing.assert_allclose(predict_proba(net, table.X), expected, rtol=1e-12)


def test_net_is_left_in_the_mode_of_prediction_and_without_gradients(
    make_net, fit, table
):
    net = fit(make_net(module__dropout=0.5), table)
    net.module_.train()
    first, second = (predict_proba(net, table.X) for _ in range(2))
    assert_array_equal(first, second)
    assert not any(part.training for part in net.module_.modules())
