"""Training a net with a loss of ours."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklnoise.engine import (
    AutoSizedNet,
    LabelledData,
    Setting,
    fit_net,
    predict_proba,
)
from sklnoise.engine._criterion import WeightedCriterion
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochScoring
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch.nn import CrossEntropyLoss
from torch.utils.data import DataLoader, default_collate

from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss
from sklnoise.nn import MLP

SETTING = Setting(3, torch.device("cpu"), torch.float64, 1)


@pytest.fixture
def data(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    return LabelledData(X, y_noisy, np.ones(len(X)))


def net_of(**params):
    defaults = {"lr": 0.1, "batch_size": 64, "train_split": None, "verbose": 0}
    return NeuralNetClassifier(MLP, module__hidden=6, **(defaults | params))


def fit(data, net, loss=None, **params):
    loss = CrossEntropyLoss(reduction="none") if loss is None else loss
    return fit_net(net, data, np.arange(240), loss, SETTING, seed=0, **params)


def test_training_equals_a_hand_written_loop(data):
    net = fit(data, net_of(max_epochs=3))
    torch_state = torch.get_rng_state()
    torch.manual_seed(0)
    module = MLP(2, 3, hidden=6)
    torch.set_rng_state(torch_state)
    module.double()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    X, y = torch.from_numpy(data.X), torch.from_numpy(data.y)
    for _ in range(3):
        for X_batch, y_batch in zip(X.split(64), y.split(64)):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(X_batch), y_batch).backward()
            optimizer.step()
    expected = module(X).softmax(dim=1).detach()
    assert_allclose(predict_proba(net, data.X), expected, rtol=1e-10)


@pytest.mark.parametrize(
    "params",
    [
        {"iterator_train": type("Loader", (DataLoader,), {})},
        {"iterator_train__collate_fn": default_collate},
    ],
    ids=["iterator", "collate"],
)
def test_users_own_loader_trains_alike(data, params):
    expected = predict_proba(fit(data, net_of(max_epochs=2)), data.X)
    assert_allclose(
        predict_proba(fit(data, net_of(max_epochs=2, **params)), data.X), expected
    )


def test_criterion_of_the_user_is_replaced(data):
    plain = fit(data, net_of())
    net = fit(data, net_of(criterion=CrossEntropyLoss, criterion__label_smoothing=0.5))
    assert_array_equal(predict_proba(net, data.X), predict_proba(plain, data.X))


def test_callback_that_stops_early_ends_this_training_only(data):
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=1e9)
    assert len(fit(data, net_of(max_epochs=20, callbacks=[stop])).history) < 20


def test_scoring_callbacks_see_labels(data):
    score = EpochScoring("accuracy", name="accuracy", on_train=True)
    net = fit(data, net_of(max_epochs=20, callbacks=[score]))
    assert net.history[-1, "accuracy"] > 0.4


def test_scoring_callback_that_would_predict_again_sees_labels_too(data):
    score = EpochScoring("accuracy", on_train=True, use_caching=False)
    net = fit(data, net_of(max_epochs=20, callbacks=[score]))
    assert net.history[-1, "accuracy"] > 0.4


def test_users_own_validation_data_are_used(data, noisy_blobs):
    X, _, y, _ = noisy_blobs
    net = fit(data, net_of(train_split=predefined_split(Dataset(X, y))))
    assert all(0 <= accuracy <= 1 for accuracy in net.history[:, "valid_acc"])


def test_fit_params_reach_the_module(data):
    class Scaled(torch.nn.Linear):
        def forward(self, X, factor=1.0):
            return factor * super().forward(X)

    net = NeuralNetClassifier(Scaled, train_split=None, verbose=0)
    zero, one = (fit(data, net, fit_params={"factor": f}) for f in (0.0, 1.0))
    assert zero.history[-1, "train_loss"] == pytest.approx(np.log(3))
    assert one.history[-1, "train_loss"] != pytest.approx(np.log(3))


def test_best_epoch_is_restored_with_its_criterion(rng):
    X, y = rng.normal(size=(400, 5)), rng.randint(3, size=400)
    data = LabelledData(X, y, np.ones(400))
    loss = SimpleAdaptationLoss(np.full((3, 3), 0.2) + 0.4 * np.eye(3))
    net = fit_net(
        AutoSizedNet(lr=0.05, max_epochs=40), data, np.arange(400), loss, SETTING, seed=0
    )
    losses = net.history[:, "valid_loss"]
    _, held_out = net.train_split(data, y)
    net.module_.eval()
    with torch.no_grad():
        logits = net.module_(torch.from_numpy(X[held_out.indices]))
        restored = net.criterion_.loss(logits, torch.from_numpy(y[held_out.indices]))
    assert restored.mean().item() == pytest.approx(min(losses))
    assert len(losses) < 40


def test_warm_up_uses_cross_entropy_while_training_only():
    loss = ForwardLoss([[0.6, 0.4], [0.4, 0.6]], reduction="none")
    criterion = WeightedCriterion(loss, warm_up_steps=2)
    logits, codes = torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    target = codes, torch.ones(1)
    values = [criterion(logits, target).item() for _ in range(3)]
    plain = torch.nn.functional.cross_entropy(logits, codes).item()
    corrected = loss(logits, codes).item()
    assert values == pytest.approx([plain, plain, corrected])
    fresh = WeightedCriterion(loss, warm_up_steps=2).eval()
    assert fresh(logits, target).item() == pytest.approx(corrected)


def test_warm_up_is_a_share_of_the_steps(data):
    loss = ForwardLoss(np.eye(3), reduction="none")
    net = fit(data, net_of(max_epochs=8), loss, warm_up=0.25)
    assert net.criterion_.warm_up_steps == 2 * 4
    assert net.criterion_.step == 8 * 4


def test_batch_of_all_rows_is_one_step_an_epoch(data):
    net = fit(
        data,
        net_of(batch_size=-1, max_epochs=8),
        ForwardLoss(np.eye(3), reduction="none"),
        warm_up=0.25,
    )
    assert net.criterion_.warm_up_steps == 2
    assert net.criterion_.step == 8


def test_prediction_in_chunks_equals_prediction_at_once(data):
    net = fit(data, net_of())
    rows = np.tile(np.arange(240), 10)
    assert_allclose(predict_proba(net, data.X, rows)[:240], predict_proba(net, data.X))
