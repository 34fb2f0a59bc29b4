"""Callbacks of the user are called as skorch calls them, and see an ordinary net."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from skorch import NeuralNetClassifier
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    InputShapeSetter,
    LRScheduler,
)
from skorch.dataset import ValidSplit
from torch.optim.lr_scheduler import StepLR

from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)

EPOCH_EVENTS = ["on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"]
BATCH_EVENTS = ["on_batch_begin", "on_batch_end", "on_grad_computed"]


class Records(Callback):
    """Records the events and the names of what comes with them."""

    events = ()

    def initialize(self):
        self.seen_ = []
        return self


def recorder(events):
    """Make a callback that defines only some of the events."""

    def record(event):
        def method(self, net, **kwargs):
            assert net.module_ is not None
            self.seen_.append((event, sorted(kwargs)))

        return method

    return type("Recorder", (Records,), {event: record(event) for event in events})()


@pytest.mark.parametrize("split", [None, ValidSplit(3)], ids=["all", "validation"])
@pytest.mark.parametrize("events", [EPOCH_EVENTS, EPOCH_EVENTS + BATCH_EVENTS])
@pytest.mark.parametrize("module", ["MLP", "plain"])
def test_events_are_those_of_skorch(table, plain, make_net, events, module, split):
    X, y = table
    module = plain if module == "plain" else MLP(4, 3, hidden=(8,))
    net = make_net(
        module, callbacks=[("recorder", recorder(events))], train_split=split
    ).set_params(criterion=torch.nn.CrossEntropyLoss)
    alone = deepcopy(net).fit(X.astype(np.float32), y)
    clf = NoiseRobustClassifier(net, correction="none", device="cpu", random_state=0)
    clf.fit(X, y)
    seen, expected = (
        dict(fitted.callbacks_)["recorder"].seen_ for fitted in (clf.estimator_, alone)
    )
    assert seen == expected
    assert clf.history_[:, "epoch"] == alone.history[:, "epoch"]


class Sized(torch.nn.Linear):
    """A module of the user."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)


class ReadsGradients(Callback):
    """Records the norms of the gradients and the sizes of the batches."""

    def initialize(self):
        self.norms_, self.sizes_ = [], []
        return self

    def on_grad_computed(self, net, named_parameters, batch, **kwargs):
        self.norms_.append(sum(p.grad.norm().item() for _, p in named_parameters))
        self.sizes_.append(len(batch[0]))


def test_gradients_can_be_read_in_each_step(table, plain, make_net):
    X, y = table
    net = make_net(plain, callbacks=[("reads", ReadsGradients())])
    clf = NoiseRobustClassifier(net, correction="none", random_state=0).fit(X, y)
    reads = dict(clf.estimator_.callbacks_)["reads"]
    assert reads.sizes_ == [9, 9, 9, 9, 9, 9, 6] * 3
    assert np.all(np.array(reads.norms_) > 0)


class Freezes(Callback):
    """Sets the gradients to zero."""

    def on_grad_computed(self, net, named_parameters, **kwargs):
        for _, parameter in named_parameters:
            parameter.grad.zero_()


def test_gradients_can_be_changed_in_each_step(table, plain, make_net, make_clf):
    X, y = table
    net = make_net(plain, callbacks=[Freezes()], optimizer=torch.optim.SGD)
    clf = make_clf(net).fit(X, y)
    with torch.no_grad():
        untrained = plain.double()(torch.from_numpy(X)).softmax(dim=1)
    assert_allclose(clf.predict_proba(X), untrained)


@pytest.mark.parametrize("step_every", ["batch", "epoch"])
@pytest.mark.parametrize("module", ["MLP", "plain"])
def test_schedule_sets_the_learning_rate(table, plain, make_net, module, step_every):
    X, y = table
    schedule = LRScheduler(StepLR, step_size=2, gamma=0.5, step_every=step_every)
    module = plain if module == "plain" else MLP(4, 3, hidden=(8,))
    net = make_net(module, callbacks=[("schedule", schedule)])
    clf = NoiseRobustClassifier(net, correction="none", random_state=0).fit(X, y)
    n_steps = 21 if step_every == "batch" else 3
    expected = 0.02 * 0.5 ** (np.arange(n_steps) // 2)
    if step_every == "batch":
        rates = [b["event_lr"] for epoch in clf.history_[:, "batches"] for b in epoch]
    else:
        rates = clf.history_[:, "event_lr"]
    assert_allclose(rates, expected)


def test_early_stopping_of_skorch_ends_each_training(table, make_net, make_clf):
    X, y = table
    stop = EarlyStopping("train_loss", patience=2, threshold=1e9, sink=str)
    net = make_net(MLP, callbacks=[("stop", stop)], max_epochs=30)
    clf = make_clf(net).fit(X, y)
    assert len(clf.history_) < 30


class KeepsWeights(Callback):
    """Records the weights of each epoch."""

    def initialize(self):
        self.weights_ = []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.weights_.append(deepcopy(net.module_.state_dict()))


def assert_weights_are_of_epoch(net, epoch):
    expected = dict(net.callbacks_)["weights"].weights_[epoch]
    for name, weight in net.module_.state_dict().items():
        assert torch.equal(weight, expected[name]), name


class OwnNet(MLP):
    """A net of a user, whose columns are too many for a table."""


def test_default_net_stops_early_and_keeps_its_best_epoch():
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(400, 300)), rng.randint(3, size=400)
    clf = NoiseRobustClassifier(OwnNet, correction="none", device="cpu", random_state=0)
    clf.set_params(estimator__lr=0.05, estimator__callbacks=[("weights", KeepsWeights())])
    clf.set_params(estimator__max_epochs=40)
    history = clf.fit(X, y).history_
    assert len(history) < 40
    best = int(np.argmin(history[:, "valid_loss"]))
    assert best < len(history) - 1
    assert_weights_are_of_epoch(clf.estimator_, best)


def test_early_stopping_of_skorch_goes_back_to_its_best_epoch(table, plain, make_net):
    X, y = table
    stop = EarlyStopping(patience=2, load_best=True, sink=str)
    net = make_net(
        plain,
        callbacks=[("weights", KeepsWeights()), ("stop", stop)],
        lr=0.5,
        max_epochs=30,
        train_split=ValidSplit(3),
    )
    clf = NoiseRobustClassifier(net, correction="none", random_state=0).fit(X, y)
    best = int(np.argmin(clf.history_[:, "valid_loss"]))
    assert best < len(clf.history_) - 1
    assert_weights_are_of_epoch(clf.estimator_, best)


class KeepsData(Callback):
    """Records the data that come with the events of a training."""

    def initialize(self):
        self.given_ = []
        return self

    def on_train_begin(self, net, X, y, **kwargs):
        assert not net.history
        assert next(net.module_.parameters()) is not None
        self.given_.append((X, y))

    def on_train_end(self, net, X, y, **kwargs):
        self.given_.append((X, y))


DATA_NETS = {
    "MLP": (MLP, torch.optim.Adam),
    "module of the user": (Sized, torch.optim.Adam),
    "optimizer with a closure": (Sized, torch.optim.LBFGS),
}


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("name", DATA_NETS)
def test_callbacks_get_the_samples_and_their_codes(
    table, make_net, make_clf, name, container
):
    X, y = table
    weight = np.arange(60) % 3
    module, optimizer = DATA_NETS[name]
    net = make_net(module, callbacks=[("data", KeepsData())], optimizer=optimizer)
    clf = make_clf(net, correction="none").fit(container(X), y + 5, weight)
    given = dict(clf.estimator_.callbacks_)["data"].given_
    assert len(given) == 2
    for samples, codes in given:
        samples = samples.toarray() if sparse.issparse(samples) else samples
        assert_array_equal(samples, X[weight > 0])
        assert_array_equal(codes, y[weight > 0])


def test_callbacks_of_a_first_pass_get_the_samples_of_their_folds(
    table, splits, make_net, make_clf
):
    X, y = table
    shapes = []

    class KeepsShape(Callback):
        def on_train_begin(self, net, X, y, **kwargs):
            shapes.append((X.shape, y.shape))

    first_pass = make_net(MLP, callbacks=[KeepsShape()])
    make_clf(make_net(MLP), first_pass=first_pass).fit(X, y)
    assert shapes == [((40, 4), (40,))] * 3


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.LBFGS])
def test_module_is_sized_by_the_callback_of_skorch(table, make_net, make_clf, optimizer):
    X, y = table
    setter = InputShapeSetter(param_name="n_features")
    params = {"module__n_features": 2, "module__n_classes": 3, "optimizer": optimizer}
    clf = make_clf(make_net(Sized, callbacks=[setter], **params)).fit(X, y)
    assert clf.estimator_.module_.in_features == 4
    assert {p.dtype for p in clf.estimator_.module_.parameters()} == {torch.float64}
    assert_allclose(clf.predict_proba(X).sum(axis=1), 1)


def test_data_sets_of_epochs_are_those_of_skorch(table, make_net, make_clf):
    X, y = table
    seen = []

    def reads(net, X, y):
        seen.append((X.shape, X.dtype, len(y)))
        return net.score(X, y)

    scores = [
        ("train", EpochScoring(reads, on_train=True, name="t", use_caching=False)),
        ("valid", EpochScoring(reads, name="v", use_caching=False)),
    ]
    for optimizer in (torch.optim.Adam, torch.optim.LBFGS):
        net = make_net(
            MLP, callbacks=scores, train_split=ValidSplit(3), optimizer=optimizer
        )
        history = make_clf(net, correction="none").fit(X, y).history_
        assert history[:, "v"] == history[:, "valid_acc"]
    assert set(seen) == {((40, 4), X.dtype, 40), ((20, 4), X.dtype, 20)}


def test_scores_see_labels(table, make_net, make_clf):
    X, y = table
    scores = [
        ("own", EpochScoring("accuracy", on_train=True, name="own")),
        ("again", EpochScoring("accuracy", use_caching=False, name="again")),
    ]
    net = make_net(MLP, callbacks=scores, train_split=ValidSplit(3), max_epochs=30)
    history = make_clf(net).fit(X, y).history_
    for name in ("own", "again", "valid_acc"):
        assert 0.5 < history[-1, name] <= 1


class Pickles(Callback):
    """Pickles the net after each epoch, as a checkpoint does."""

    def __init__(self, X):
        self.X = X

    def initialize(self):
        self.pickles_, self.proba_ = [], []
        return self

    def on_epoch_end(self, net, **kwargs):
        with torch.no_grad():
            self.proba_.append(net.module_(self.X).softmax(dim=1).numpy())
        self.pickles_.append(pickle.dumps(net))


@pytest.mark.parametrize("verbose", [0, 1])
@pytest.mark.parametrize("module", ["MLP", "plain"])
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.LBFGS])
def test_net_is_pickled_in_the_middle_of_a_training(
    table, plain, make_net, make_clf, module, optimizer, verbose
):
    X, y = table
    pickles = Pickles(torch.from_numpy(X))
    net = make_net(
        plain if module == "plain" else MLP(4, 3, hidden=(8,)),
        callbacks=[("pickles", pickles)],
        optimizer=optimizer,
        batch_size=30,
    )
    clf = make_clf(net, verbose=verbose).fit(X, y)
    pickles = dict(clf.estimator_.callbacks_)["pickles"]
    assert len(pickles.pickles_) == 3
    for saved, expected in zip(pickles.pickles_, pickles.proba_):
        loaded = pickle.loads(saved)
        assert type(loaded) is NeuralNetClassifier
        assert_array_equal(loaded.predict_proba(X), expected)
    assert_array_equal(expected, clf.predict_proba(X))


def test_checkpoint_of_skorch_is_loaded(table, make_net, make_clf, tmp_path):
    X, y = table
    checkpoint = Checkpoint(
        monitor=None, f_pickle="net.pkl", dirname=str(tmp_path), load_best=False
    )
    net = make_net(MLP, module__hidden=(8,), callbacks=[("checkpoint", checkpoint)])
    clf = make_clf(net, correction="none").fit(X, y)
    loaded = pickle.loads((tmp_path / "net.pkl").read_bytes())
    assert_allclose(loaded.predict_proba(X), clf.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.LBFGS])
def test_fitted_net_is_an_ordinary_one(table, make_net, make_clf, optimizer):
    X, y = table
    module = MLP(4, 3, hidden=(8,))
    net = make_net(
        module,
        callbacks=[("weights", KeepsWeights())],
        optimizer=optimizer,
        batch_size=30,
    )
    clf = make_clf(net, verbose=1).fit(X, y)
    expected = [name for name, _ in deepcopy(net).initialize().callbacks_]
    names = [name for name, _ in clf.estimator_.callbacks_]
    assert [name for name in names if name in expected] == expected
    # No method is replaced by an attribute of the same name.
    assert not any(
        callable(getattr(NeuralNetClassifier, name, None))
        for name in vars(clf.estimator_)
    )
    assert type(clf.estimator_) is NeuralNetClassifier
    loaded = pickle.loads(pickle.dumps(clf))
    assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
