"""A compiled net has a graph for each loss, however many steps it takes."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from sklnoise import NoiseRobustClassifier
from sklnoise.losses import SimpleAdaptationLoss

# Torch's compiler looks at the gradient of each of its inputs.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute")

T = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])
TABLE = np.random.RandomState(0).normal(size=(60, 4)).astype(np.float32)
N_GRAPHS = []


def count_graphs(graph, inputs):
    """Compile nothing, but note that there is something to compile."""
    N_GRAPHS.append(graph)
    return graph.forward


class FollowsBatches(Callback):
    """Lets skorch run the training."""

    def on_batch_begin(self, net, **kwargs):
        pass


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))

    def forward(self, X):
        return self.layers(X)


def make_clf(correction="forward", **params):
    defaults = {"max_epochs": 10, "batch_size": 20, "train_split": None, "verbose": 0}
    net = NeuralNetClassifier(
        Net, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, **defaults
    )
    net.set_params(**params)
    return NoiseRobustClassifier(
        net,
        correction=correction,
        transition=T,
        warm_up=0.3,
        device="cpu",
        random_state=0,
    )


@pytest.fixture
def n_graphs():
    """Count the graphs of a fit; skip the test where torch cannot compile."""
    try:
        torch.compile(nn.Identity(), backend="eager")(torch.zeros(1))
    except RuntimeError as error:
        pytest.skip(str(error))

    def count(clf):
        torch.compiler.reset()
        N_GRAPHS.clear()
        clf.fit(TABLE, (TABLE[:, 0] > 0).astype(int) + (TABLE[:, 1] > 0))
        return len(N_GRAPHS)

    yield count
    torch.compiler.reset()


@pytest.mark.parametrize(
    "callbacks", [None, [FollowsBatches()]], ids=["ours", "skorch's"]
)
@pytest.mark.parametrize(
    ("correction", "n_losses"),
    [
        ("none", 1),
        ("forward", 2),
        ("backward", 2),
        ("adaptation", 2),
        ("gce", 1),
        ("unhinged", 1),
        (partial(SimpleAdaptationLoss, frozen_steps=8), 2),
    ],
)
def test_compiled_net_has_a_graph_per_loss(n_graphs, correction, n_losses, callbacks):
    clf = make_clf(
        correction, compile=True, compile__backend=count_graphs, callbacks=callbacks
    )
    n_of_module = 2  # in training and in prediction
    assert n_graphs(clf) <= n_of_module + n_losses


def test_compiled_net_learns_what_it_learns_without(n_graphs):
    compiled = make_clf(compile=True, compile__backend=count_graphs)
    plain = make_clf()
    n_graphs(plain)
    assert n_graphs(compiled)
    assert_allclose(compiled.predict_proba(TABLE), plain.predict_proba(TABLE), atol=1e-6)


def test_hidden_features_of_a_compiled_net_are_refused(n_graphs):
    clf = make_clf("adaptation-complex", compile=True, compile__backend=count_graphs)
    with pytest.raises(ValueError, match="compile"):
        n_graphs(clf)
