"""The criterion weights the losses of the samples, after a warm-up."""

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from skorch.callbacks import Callback
from torch.nn import CrossEntropyLoss
from torch.nn.functional import cross_entropy

from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss
from sklnoise.training._criterion import WeightedCriterion

T = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])


@pytest.fixture
def batch(rng):
    logits = torch.tensor(rng.normal(size=(20, 3)))
    return logits, torch.tensor(rng.randint(3, size=20))


def test_loss_is_the_weighted_mean_over_the_samples(batch, rng):
    logits, codes = batch
    weight = torch.tensor(rng.uniform(1, 2, size=20))
    loss = WeightedCriterion(CrossEntropyLoss(reduction="none"))(logits, (codes, weight))
    expected = (weight * cross_entropy(logits, codes, reduction="none")).mean()
    torch.testing.assert_close(loss, expected)


def test_codes_alone_weigh_the_same(batch):
    loss = WeightedCriterion(CrossEntropyLoss(reduction="none"))(*batch)
    torch.testing.assert_close(loss, cross_entropy(*batch))


def test_warm_up_is_cross_entropy_in_training_only(batch):
    forward = ForwardLoss(T, reduction="none").double()
    criterion = WeightedCriterion(forward, warm_up_steps=1)
    expected = forward(*batch).mean()
    torch.testing.assert_close(criterion.eval()(*batch), expected)
    torch.testing.assert_close(criterion.train()(*batch), cross_entropy(*batch))
    criterion.count_step()
    torch.testing.assert_close(criterion(*batch), expected)


def test_loss_is_copied(batch):
    loss = CrossEntropyLoss(reduction="none")
    assert WeightedCriterion(loss).loss is not loss


class FollowsBatches(Callback):
    """Lets skorch run the training."""

    def on_batch_begin(self, net, **kwargs):
        pass


def train_alone(module, optimizer, X, y, *, n_steps, n_first, **params):
    """Train with cross-entropy for the first steps and with the forward loss then."""
    X, y, forward = torch.from_numpy(X), torch.from_numpy(y), ForwardLoss(T)
    optimizer = optimizer(module.parameters(), **params)
    for step in range(n_steps):
        loss = cross_entropy if step < n_first else forward

        def closure(loss=loss):
            optimizer.zero_grad()
            value = loss(module(X), y)
            value.backward()
            return value

        optimizer.step(closure)
    return module(X).softmax(dim=1).detach()


OPTIMIZERS = {"Adam": torch.optim.Adam, "several evaluations": torch.optim.LBFGS}
each_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
each_route = pytest.mark.parametrize(
    "callbacks", [None, [FollowsBatches()]], ids=["ours", "skorch's"]
)


@each_optimizer
@each_route
def test_warm_up_counts_steps_of_the_optimizer(
    plain, make_net, make_clf, table, optimizer, callbacks
):
    X, y = table
    params = {"optimizer": optimizer, "lr": 0.1, "batch_size": -1, "max_epochs": 6}
    net = make_net(plain.double(), callbacks=callbacks, **params)
    clf = make_clf(net, transition=T, warm_up=0.5).fit(X, y)
    expected = train_alone(deepcopy(plain), optimizer, X, y, n_steps=6, n_first=3, lr=0.1)
    assert_allclose(clf.predict_proba(X), expected, atol=1e-7)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.PermutedClassesWarning")
@each_optimizer
@each_route
@pytest.mark.parametrize(("frozen_steps", "moves"), [(6, False), (5, True)])
def test_frozen_layer_counts_steps_of_the_optimizer(
    plain, make_net, make_clf, table, optimizer, callbacks, frozen_steps, moves
):
    params = {"optimizer": optimizer, "lr": 0.1, "batch_size": -1, "max_epochs": 6}
    net = make_net(plain, callbacks=callbacks, **params)
    loss = partial(SimpleAdaptationLoss, frozen_steps=frozen_steps)
    clf = make_clf(net, correction=loss, transition=T, warm_up=0.0).fit(*table)
    assert np.allclose(clf.transition_matrix_, T, atol=1e-6) == (not moves)
