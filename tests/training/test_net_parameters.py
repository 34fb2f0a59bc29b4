"""Every parameter of a user's net is honoured, or refused with a clear error."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch.callbacks import Checkpoint, EarlyStopping, LRScheduler
from skorch.dataset import Dataset as SkorchDataset
from skorch.dataset import ValidSplit
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import Dataset, WeightedRandomSampler

from sklnoise.exceptions import FoldFitError
from sklnoise.nn import MLP
from sklnoise.training import resolve_device

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


class Linear(nn.Linear):
    """A module of the user."""

    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)


class Normalized(nn.Sequential):
    """A module that needs two samples in a batch."""

    def __init__(self, n_features, n_classes):
        super().__init__(
            nn.Linear(n_features, 6), nn.BatchNorm1d(6), nn.Linear(6, n_classes)
        )


class Embedded(nn.Sequential):
    """A module for ten token ids."""

    def __init__(self, n_classes):
        super().__init__(nn.EmbeddingBag(10, 8), nn.Linear(8, n_classes))


class Scaled(SkorchDataset):
    """A dataset that prepares its samples, of a class of skorch."""

    def __init__(self, X, y=None, *, factor):
        super().__init__(X, y)
        self.factor = factor

    def transform(self, X, y):
        X, y = super().transform(X, y)
        return X * self.factor, y


class Doubled(Dataset):
    """The same, of a class of torch."""

    def __init__(self, X, y=None):
        self.X, self.y = 2 * X, y

    def __len__(self):
        return len(self.X)

    def __getitem__(self, index):
        return self.X[index], 0 if self.y is None else self.y[index]


DATASETS = {
    "skorch": {"dataset": Scaled, "dataset__factor": 2},
    "torch": {"dataset": Doubled},
}
OPTIMIZERS = {
    "Adam": {"optimizer": torch.optim.Adam},
    "LBFGS": {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2},
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("module", [MLP, Linear])
@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("correction", ["forward", "adaptation-complex"])
def test_dataset_of_the_user_makes_the_samples(
    table, make_net, make_clf, dataset, module, optimizer, correction
):
    X, y = table
    params = OPTIMIZERS[optimizer] | {"train_split": ValidSplit(3)}
    if module is MLP:
        params |= {"module__hidden": (8,), "module__dropout": 0.0}
    weight = np.arange(60) % 4
    expected = make_clf(make_net(module, **params), correction=correction)
    expected.fit(2 * X, y, weight)
    net = make_net(module, **params, **DATASETS[dataset])
    clf = make_clf(net, correction=correction).fit(X, y, weight)
    assert_allclose(clf.out_of_fold_proba_, expected.out_of_fold_proba_, atol=1e-6)
    assert_allclose(clf.predict_proba(X), expected.predict_proba(2 * X), atol=1e-6)


class Swaps(Doubled):
    """Gives other labels."""

    def __getitem__(self, index):
        X, y = super().__getitem__(index)
        return X, (y + 1) % 3


class Repeats(Doubled):
    """Gives more samples."""

    def __len__(self):
        return 2 * super().__len__()

    def __getitem__(self, index):
        return super().__getitem__(index // 2)


def test_parameter_groups_have_rates_of_their_own(table, make_net, make_clf):
    X, y = table
    groups = [("*bias", {"lr": 0.0})]
    for module in (MLP, Linear):
        net = make_net(module, optimizer__param_groups=groups)
        clf = make_clf(net, correction="none").fit(X, y)
        frozen = make_clf(make_net(module, lr=0.0), correction="none").fit(X, y)
        weights = dict(frozen.estimator_.module_.named_parameters())
        for name, parameter in clf.estimator_.module_.named_parameters():
            assert torch.equal(parameter, weights[name]) == ("bias" in name)


def test_classes_of_the_net_are_codes(table, make_net, make_clf):
    X, y = table
    net = make_net(Linear, classes=["a", "b", "c"])
    clf = make_clf(net).fit(X, np.array(["a", "b", "c"])[y])
    assert_array_equal(clf.estimator_.classes_, [0, 1, 2])


@pytest.mark.parametrize(
    ("device", "of_net", "expected"),
    [("cpu", "meta", "cpu"), ("cpu", None, "cpu"), ("auto", "cpu:0", "cpu:0")],
)
def test_device_of_the_classifier_comes_before_that_of_the_net(device, of_net, expected):
    assert resolve_device(device, of_net) == torch.device(expected)


def test_samples_that_the_user_holds_out_are_validated_on(table, make_net, make_clf):
    X, y = table
    split = predefined_split(SkorchDataset(X[:20], y[:20]))
    history = make_clf(make_net(Linear, train_split=split)).fit(X, y).history_
    assert np.isfinite(history[:, "valid_loss"]).all()


SAMPLER = WeightedRandomSampler(np.ones(60), 30)
VALUE, TYPE = ValueError, TypeError
REFUSED = {
    "lr: NaN": (Linear, {"lr": np.nan}, VALUE, "lr"),
    "lr: negative": (Linear, {"lr": -0.1}, VALUE, "lr"),
    "lr: infinite": (MLP, {"optimizer__lr": np.inf}, VALUE, "lr"),
    "lr: text": (MLP, {"lr": "0.1"}, TYPE, "lr"),
    "batch_size: 0": (Linear, {"batch_size": 0}, VALUE, "batch_size"),
    "batch_size: negative": (MLP, {"batch_size": -2}, VALUE, "batch_size"),
    "batch_size: float": (MLP, {"batch_size": 2.5}, TYPE, "batch_size"),
    "batch_size: iterator": (
        Linear,
        {"iterator_train__batch_size": 0},
        VALUE,
        "iterator_train__batch_size",
    ),
    "max_epochs: 0": (Linear, {"max_epochs": 0}, VALUE, "max_epochs"),
    "max_epochs: negative": (MLP, {"max_epochs": -1}, VALUE, "max_epochs"),
    "max_epochs: None": (MLP, {"max_epochs": None}, TYPE, "max_epochs"),
    "optimizer": (Linear, {"optimizer": "adam"}, TYPE, "optimizer"),
    "train_split": (Linear, {"train_split": 5}, TYPE, "train_split"),
    "warm_start": (Linear, {"warm_start": True}, VALUE, "warm_start"),
    "classes": (Linear, {"classes": [0, 1]}, VALUE, "classes"),
    "callbacks: no list": (Linear, {"callbacks": "print_log"}, TYPE, "callbacks"),
    "callbacks: no callback": (Linear, {"callbacks": [len]}, TYPE, "callbacks"),
    "dataset: instance": (
        Linear,
        {"dataset": Doubled(np.ones((60, 4)))},
        TYPE,
        "dataset",
    ),
    "dataset: other labels": (Linear, {"dataset": Swaps}, VALUE, "label"),
    "dataset: more samples": (Linear, {"dataset": Repeats}, VALUE, "dataset"),
    "hidden: text": (MLP, {"module__hidden": "64"}, VALUE, "hidden"),
    "hidden: 0": (MLP, {"module__hidden": (8, 0)}, VALUE, "hidden"),
    "hidden: nested": (MLP, {"module__hidden": [[8]]}, VALUE, "hidden"),
    "dropout": (MLP, {"module__dropout": 1.5}, VALUE, "dropout"),
    "drop_last": (
        Linear,
        {"batch_size": 99, "iterator_train__drop_last": True},
        VALUE,
        "drop_last",
    ),
    "drop_last, closure": (
        Linear,
        {"batch_size": 99, "iterator_train__drop_last": True} | OPTIMIZERS["LBFGS"],
        VALUE,
        "drop_last",
    ),
    "early stopping without a split": (
        Linear,
        {"callbacks": [EarlyStopping()]},
        VALUE,
        "train_split",
    ),
    "early stopping by an unknown score": (
        MLP,
        {"callbacks": [EarlyStopping("val_loss")], "train_split": ValidSplit(3)},
        VALUE,
        "val_loss",
    ),
    "checkpoint without a split": (
        Linear,
        {"callbacks": [Checkpoint()]} | OPTIMIZERS["LBFGS"],
        VALUE,
        "train_split",
    ),
    "schedule without a split": (
        MLP,
        {"callbacks": [LRScheduler("ReduceLROnPlateau", monitor="valid_loss")]},
        VALUE,
        "train_split",
    ),
    "batch of one": (Normalized, {"batch_size": 1}, VALUE, "batch_size"),
}


@pytest.mark.parametrize("transition", [0.2, "frequency"], ids=["refit", "folds"])
@pytest.mark.parametrize("name", REFUSED)
def test_parameters_that_cannot_be_honoured_are_errors(
    table, make_net, make_clf, name, transition, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # a checkpoint writes there
    X, y = table
    module, params, error, word = REFUSED[name]
    clf = make_clf(make_net(module, **params), transition=transition)
    with pytest.raises((error, FoldFitError), match=word):
        clf.fit(X, y)


def test_sampler_for_more_samples_than_a_fold_has_is_an_error(table, make_net, make_clf):
    X, y = table
    net = make_net(Linear, iterator_train__sampler=SAMPLER)
    assert make_clf(net, transition=0.2).fit(X, y).n_iter_ == 3
    net.set_params(iterator_train__sampler=range(60))
    with pytest.raises(FoldFitError, match="sampler"):
        make_clf(net).fit(X, y)


class TwoSizes(nn.Linear):
    """Calls its sizes what nobody knows."""

    def __init__(self, width, height):
        super().__init__(width, height)


def test_sizes_that_are_not_filled_in_are_named(table, make_net, make_clf):
    X, y = table
    with pytest.raises(TypeError, match=r"width, height.*n_features.*n_classes"):
        make_clf(make_net(TwoSizes), transition=0.2).fit(X, y)
    net = make_net(TwoSizes, module__width=4, module__height=3)
    assert make_clf(net, transition=0.2).fit(X, y).n_iter_ == 3


def test_number_of_epochs_of_fit_is_checked(table, make_net, make_clf):
    X, y = table
    with pytest.raises(ValueError, match="epochs"):
        make_clf(make_net(Linear), transition=0.2).fit(X, y, epochs=0)


@pytest.mark.parametrize("labels", [np.array(["a", "b", "c"]), np.array([1, 2, 3])])
def test_labels_that_the_user_holds_out_must_be_codes(table, make_net, make_clf, labels):
    X, y = table
    split = predefined_split(SkorchDataset(X, labels[y]))
    with pytest.raises(ValueError, match="train_split"):
        make_clf(make_net(Linear, train_split=split)).fit(X, labels[y])


@pytest.mark.parametrize("shift", [5, -20])
@pytest.mark.parametrize("row", [0, 50])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_ids_that_no_embedding_has_are_an_error(
    make_net, make_clf, row, shift, optimizer
):
    ids = np.random.RandomState(0).randint(10, size=(60, 5))
    y = np.arange(60) % 3
    wrong = ids.copy()
    wrong[row] += shift
    clf = make_clf(make_net(Embedded, **OPTIMIZERS[optimizer]), transition=0.2)
    with pytest.raises(ValueError, match="from 0 to 9"):
        clf.fit(wrong, y)
    clf.fit(ids, y)
    with pytest.raises(ValueError, match="from 0 to 9"):
        clf.predict(wrong)


@pytest.mark.parametrize("device", ["meta", "cuda:77", "gpu", torch.device("meta")])
def test_device_that_computes_nothing_is_an_error(table, make_net, make_clf, device):
    X, y = table
    for clf in (
        make_clf(make_net(Linear), device=device),
        make_clf(make_net(Linear, device=device), device="auto"),
    ):
        with pytest.raises(ValueError, match="device"):
            clf.fit(X, y)


NORMALIZED = {
    "batches of ours": {},
    "loader": {"iterator_train__num_workers": 0},
    "closure": OPTIMIZERS["LBFGS"],
    "validation": {"train_split": ValidSplit(3)},
    "dataset": {"dataset": Doubled},
}


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.RareClassWarning")
@pytest.mark.parametrize("n_samples", [11, 16, 28, 55, 60])
@pytest.mark.parametrize("name", NORMALIZED)
def test_batch_normalisation_never_gets_a_single_sample(
    table, make_net, make_clf, name, n_samples
):
    X, y = table[0][:n_samples], np.arange(n_samples) % 3
    clf = make_clf(make_net(Normalized, **NORMALIZED[name]), cv=3).fit(X, y)
    assert np.isfinite(clf.out_of_fold_proba_).all()
    assert np.isfinite(clf.predict_proba(X)).all()


@pytest.mark.parametrize("n_samples", [285, 286])
def test_default_batches_suit_batch_normalisation(rng, make_clf, n_samples):
    X, y = rng.normal(size=(n_samples, 4)), rng.randint(3, size=n_samples)
    clf = make_clf(Normalized, cv=2).set_params(estimator__max_epochs=2)
    assert np.isfinite(clf.fit(X, y).predict_proba(X)).all()
