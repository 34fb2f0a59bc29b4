"""A module of any kind becomes, in each fold and the refit, what it becomes in skorch."""

import threading
from copy import deepcopy

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


class Layers(nn.Module):
    """Applies some layers one after the other."""

    between = ()

    def __init__(self, n_features=4, n_classes=3):
        super().__init__()
        first, last = nn.Linear(n_features, 6), nn.Linear(6, n_classes)
        self.layers = nn.Sequential(first, *(make() for make in self.between), last)

    def forward(self, X):
        return self.layers(X)


class Normalized(Layers):
    """Keeps running statistics."""

    between = (lambda: nn.BatchNorm1d(6), nn.Tanh)


class StaysInPrediction(Layers):
    """Keeps its normalisation as it is, as frozen parts are kept."""

    between = (lambda: nn.BatchNorm1d(6), lambda: nn.Dropout(0.5))

    def train(self, mode=True):
        super().train(mode)
        self.layers[1:3].eval()
        return self


class Tied(Layers):
    """Has two layers that share their weights."""

    between = (nn.Tanh, lambda: nn.Linear(6, 6), nn.Tanh, lambda: nn.Linear(6, 6))

    def __init__(self):
        super().__init__()
        self.layers[4].weight = self.layers[2].weight


class Frozen(Layers):
    """Has a layer that is not trained."""

    def __init__(self):
        super().__init__()
        self.layers[0].requires_grad_(False)


class Annealed(Layers):
    """Counts its batches, and does something else in each."""

    n_batches = 0

    def forward(self, X):
        self.n_batches += self.training
        return super().forward(X) * (1 + 0.1 * self.n_batches)


class DependsOnTraining(Layers):
    """Does something else in training."""

    def forward(self, X):
        return super().forward(2 * X if self.training else X)


class MixesSamples(Layers):
    """Centres the logits of a batch in training."""

    def forward(self, X):
        logits = super().forward(X)
        return logits - logits.mean(0) if self.training else logits


class BranchesOnValues(Layers):
    """Takes a way that depends on the batch, in training."""

    def forward(self, X):
        flipped = self.training and X[:, 0].mean() > 0
        return super().forward(-X if flipped else X)


class Recurrent(nn.Module):
    """Reads the features one after the other."""

    def __init__(self):
        super().__init__()
        self.cells = nn.LSTM(1, 4, batch_first=True)
        self.logits = nn.Linear(4, 3)

    def forward(self, X):
        return self.logits(self.cells(X[..., None])[0][:, -1])


class Spectral(Layers):
    """Changes a buffer in each step."""

    def __init__(self):
        super().__init__()
        parametrizations.spectral_norm(self.layers[0])


class GradientHook(Layers):
    """Changes the gradient of a weight."""

    def __init__(self):
        super().__init__()
        self.layers[0].weight.register_hook(scale)


class ForwardHook(Layers):
    """Changes the output of a layer."""

    def __init__(self):
        super().__init__()
        self.layers[0].register_forward_hook(scale_output)


def scale(gradient):
    return 0.1 * gradient


def scale_output(layer, X, output):
    return 2 * output


class LogitsAndFeatures(Layers):
    """Gives its features after the logits, as skorch allows."""

    def forward(self, X):
        features = self.layers[0](X)
        return self.layers[1](features), features


class Probabilities(Layers):
    """Ends in a softmax."""

    def forward(self, X):
        return super().forward(X).softmax(dim=1)


class FirstOutputLoss(nn.CrossEntropyLoss):
    """Cross-entropy of the first of several outputs."""

    def forward(self, outputs, target):
        return super().forward(outputs[0], target)


class ScalesSteps(NeuralNetClassifier):
    """A subclass with a training step of its own."""

    def train_step_single(self, batch, **fit_params):
        X, targets = batch
        return super().train_step_single((2 * X, targets), **fit_params)


class ScalesInference(NeuralNetClassifier):
    """A subclass with an inference of its own."""

    def infer(self, X, **fit_params):
        return super().infer(2 * X, **fit_params)


LBFGS = {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2, "lr": 0.3}
MOMENTUM = {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9}
MODULES = {
    "MLP": (lambda: MLP(4, 3, hidden=(8, 5)), {}),
    "layers": (Layers, {}),
    "SGD with momentum": (Layers, MOMENTUM),
    "optimizer with a closure": (Layers, LBFGS),
    "MLP, optimizer with a closure": (lambda: MLP(4, 3, hidden=(8,)), LBFGS),
    "batch normalisation": (Normalized, {}),
    "stays in prediction": (StaysInPrediction, {}),
    "tied weights": (Tied, {}),
    "frozen layer": (Frozen, {}),
    "annealed": (Annealed, {}),
    "depends on training": (DependsOnTraining, {}),
    "mixes samples": (MixesSamples, {}),
    "branches on values": (BranchesOnValues, {}),
    "recurrent": (Recurrent, {}),
    "spectral norm": (Spectral, {}),
    "gradient hook": (GradientHook, {}),
    "forward hook": (ForwardHook, {}),
    "logits and features": (LogitsAndFeatures, {"criterion": FirstOutputLoss}),
    "probabilities": (Probabilities, {"criterion": nn.NLLLoss}),
    "steps of the user": (Layers, {"kind": ScalesSteps}),
    "inference of the user": (Layers, {"kind": ScalesInference}),
    "MLP, steps of the user": (lambda: MLP(4, 3, hidden=(8,)), {"kind": ScalesSteps}),
}


@pytest.fixture(params=MODULES)
def net(request, make_net):
    """A net with initial weights that do not depend on a seed, and no random draw."""
    make, params = MODULES[request.param]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = make().double()
    return make_net(module, **({"criterion": nn.CrossEntropyLoss} | params))


def proba_alone(net, X, y, X_test):
    """Return what skorch alone learns and predicts."""
    net = deepcopy(net).fit(X, y)
    output = net.forward(X_test)
    logits = output[0] if isinstance(output, tuple) else output
    is_proba = net.criterion is nn.NLLLoss
    return (logits if is_proba else logits.softmax(dim=1)).numpy()


def test_net_becomes_in_each_fold_and_the_refit_what_it_would_alone(
    net, table, splits, make_clf
):
    X, y = table
    clf = make_clf(net, transition="frequency").fit(X, y)
    for train, test in splits:
        expected = proba_alone(net, X[train], y[train], X[test])
        assert_allclose(clf.out_of_fold_proba_[test], expected, atol=1e-7)
    clf = make_clf(net, correction="none").fit(X, y)
    assert_allclose(clf.predict_proba(X), proba_alone(net, X, y, X), atol=1e-7)


def test_folds_of_different_sizes_become_what_they_would_alone(
    net, table, splits, make_clf
):
    X, y = table
    splits = [(train[number:], test) for number, (train, test) in enumerate(splits)]
    clf = make_clf(net, cv=splits).fit(X, y)
    for train, test in splits:
        expected = proba_alone(net, X[train], y[train], X[test])
        assert_allclose(clf.out_of_fold_proba_[test], expected, atol=1e-7)


def test_module_given_is_not_changed(net, table, make_clf):
    X, y = table
    before = deepcopy(net.module.state_dict())
    make_clf(net).fit(X, y)
    for name, weight in net.module.state_dict().items():
        assert torch.equal(weight, before[name]), name


class FunctionalDropout(Layers):
    """Draws by a function."""

    def forward(self, X):
        return super().forward(functional.dropout(X, 0.2, self.training))


class RandomDepth(Layers):
    """Leaves out a layer by chance, in training."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.shortcut = nn.Linear(n_features, n_classes)

    def forward(self, X):
        output = super().forward(X)
        if not self.training or torch.rand(()) < 0.7:
            output = output + self.shortcut(X)
        return output


class Alpha(Layers):
    """Has a kind of dropout that few have."""

    between = (nn.SELU, lambda: nn.AlphaDropout(0.3))


class Locked(Layers):
    """Has what can neither be copied nor pickled."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.lock = threading.Lock()

    def forward(self, X):
        with self.lock:
            return super().forward(X)


@pytest.mark.parametrize("module", [FunctionalDropout, RandomDepth, Alpha, Locked])
def test_module_that_draws_depends_on_the_seed_alone(table, make_net, make_clf, module):
    X, y = table
    net = make_net(module, iterator_train__shuffle=True)
    fits = []
    for seed, n_jobs in ((0, None), (1, None), (2, 2)):
        with torch.random.fork_rng(), joblib.parallel_config("threading"):
            torch.manual_seed(seed)
            fits.append(make_clf(net, n_jobs=n_jobs).fit(X, y))
    for other in fits[1:]:
        assert_array_equal(other.out_of_fold_proba_, fits[0].out_of_fold_proba_)
        assert_array_equal(other.predict_proba(X), fits[0].predict_proba(X))


class Embedded(nn.Module):
    """Mean of the embeddings of integer ids."""

    def __init__(self, n_classes, sparse=False):
        super().__init__()
        self.embedding = nn.EmbeddingBag(20, 8, sparse=sparse)
        self.logits = nn.Linear(8, n_classes)

    def forward(self, ids):
        return self.logits(self.embedding(ids))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse gradients"])
def test_integer_ids_are_embedded(make_net, make_clf, sparse):
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=60)
    ids = rng.randint(10, size=(60, 6)) + 10 * y[:, None]
    optimizer = torch.optim.SGD if sparse else torch.optim.Adam
    net = make_net(
        Embedded, module__sparse=sparse, optimizer=optimizer, lr=0.5, max_epochs=9
    )
    clf = make_clf(net).fit(ids, y)
    assert clf.score(ids, y) > 0.9
    again = make_clf(net).fit(ids, y)
    assert_array_equal(again.out_of_fold_proba_, clf.out_of_fold_proba_)


def test_tied_weights_stay_tied(table, make_net, make_clf):
    X, y = table
    layers = make_clf(make_net(Tied())).fit(X, y).estimator_.module_.layers
    assert layers[4].weight is layers[2].weight
