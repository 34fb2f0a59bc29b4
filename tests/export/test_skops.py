"""skops stores classifiers, of whatever they hold, and pickle as before."""

import pickle
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochScoring, GradientNormClipping
from skorch.exceptions import DeviceWarning

import sklnoise
from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
)
from sklnoise.losses import GeneralizedCrossEntropyLoss
from sklnoise.nn import ConvNet
from tests.export.modules import Block, Deep, TwoInputs

io = pytest.importorskip("skops.io")

OWN = [f"{kind.__module__}.{kind.__name__}" for kind in (Block, Deep, TwoInputs)]


def round_trip(estimator, trusted=()):
    """Store an estimator and load it, with no more trust than a user is told to have."""
    types = [*sklnoise.skops_trusted_types(), *trusted]
    return io.loads(io.dumps(estimator), trusted=types)


def robust(estimator=None, **params):
    params = {"transition": 0.1, "n_estimators": 1, "random_state": 0} | params
    clf = NoiseRobustClassifier(estimator, **params)
    return clf.set_params(estimator__max_epochs=3)


def net(optimizer=torch.optim.SGD, **params):
    """A net of skorch with callbacks."""
    return NeuralNetClassifier(
        Deep,
        module__n_features=2,
        module__n_classes=3,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=optimizer,
        verbose=0,
        max_epochs=3,
        callbacks=[EarlyStopping(patience=2), GradientNormClipping(1.0)],
        **params,
    )


CLASSIFIERS = {
    "default": lambda: robust(transition="auto", n_estimators=2),
    "adaptation": lambda: robust(correction="adaptation"),
    "complex": lambda: robust(correction="adaptation-complex"),
    "sparse": lambda: robust(correction="adaptation-sparse"),
    "em": lambda: robust(correction="em"),
    "elr": lambda: robust(correction="elr"),
    "forward-elr": lambda: robust(correction="forward-elr"),
    "auto": lambda: robust(correction="auto", transition="auto", cv=2),
    "unhinged": lambda: robust(correction="unhinged"),
    "own loss": lambda: robust(correction=partial(GeneralizedCrossEntropyLoss, q=0.5)),
    "loss of torch": lambda: robust(correction=torch.nn.CrossEntropyLoss()),
    "estimator of T": lambda: robust(transition="dual"),
    "first pass": lambda: robust(transition="auto", first_pass=LogisticRegression()),
    "no refit": lambda: NoiseRobustClassifier(refit=False, random_state=0),
    "double": lambda: robust(dtype="float64"),
    "own module": lambda: robust(Deep),
    "skorch": lambda: robust(net(optimizer__momentum=0.9)),
    "confident learning": lambda: ConfidentLearningClassifier(
        robust(), cv=2, random_state=0
    ),
    "confident learning with a net": lambda: ConfidentLearningClassifier(
        net(), cv=2, random_state=0
    ),
    "calibrated": lambda: NoiseCalibratedClassifier(robust(), cv=2, random_state=0),
    "calibrated by vector": lambda: NoiseCalibratedClassifier(
        LogisticRegression(), method="vector", cv=2, random_state=0
    ),
    "calibrated by class": lambda: NoiseCalibratedClassifier(
        LogisticRegression(), method="isotonic", cv=2, random_state=0
    ),
    "conformal": lambda: NoiseRobustConformalClassifier(robust(), random_state=0),
    "conformal by class": lambda: NoiseRobustConformalClassifier(
        LogisticRegression(), coverage="class", random_state=0
    ),
    "pipeline": lambda: make_pipeline(StandardScaler(), robust()),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_skops_restores_what_was_fitted(blobs, name):
    X, y = blobs
    clf = CLASSIFIERS[name]().fit(X, y)
    again = round_trip(clf, OWN)
    if name != "no refit":
        assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
        assert_array_equal(again.predict(X), clf.predict(X))
    if hasattr(clf, "predict_set"):
        assert_array_equal(again.predict_set(X), clf.predict_set(X))
    if hasattr(clf, "transition_matrix_"):
        assert vars(again).keys() == vars(clf).keys()
        assert_array_equal(again.transition_matrix_, clf.transition_matrix_)
    assert clone(again).get_params().keys() == clone(clf).get_params().keys()


def test_loaded_classifier_judges_labels_and_fits_again(blobs, fitted):
    X, y = blobs
    again = round_trip(fitted)
    assert_array_equal(again.label_issues_, fitted.label_issues_)
    assert_array_equal(again.out_of_fold_proba_, fitted.out_of_fold_proba_)
    assert again.history_ == fitted.history_
    assert again.estimator_ is again.estimators_[0]
    assert_array_equal(again.fit(X, y).predict_proba(X), fitted.predict_proba(X))


def test_images_and_dicts_of_arrays(rng):
    images = rng.normal(size=(60, 8, 8)).astype(np.float32)
    X = {
        "table": rng.normal(size=(60, 2)).astype(np.float32),
        "ids": rng.randint(5, size=(60, 3)),
    }
    y = np.arange(60) % 2
    for module, samples in (ConvNet, images), (TwoInputs, X):
        clf = robust(module, n_estimators=1).fit(samples, y)
        again = round_trip(clf, OWN)
        assert_array_equal(again.predict_proba(samples), clf.predict_proba(samples))


def test_shared_weights_stay_shared_and_optimizers_know_the_weights(blobs):
    clf = CLASSIFIERS["skorch"]().fit(*blobs)
    module = clf.estimator_.module_
    again = round_trip(clf, OWN).estimator_
    assert again.module_.again.linear.weight is again.module_.block.linear.weight
    groups = again.optimizer_.param_groups
    known = {id(p) for group in groups for p in group["params"]}
    assert known == {id(p) for p in again.module_.parameters()}
    assert groups[0]["momentum"] == 0.9
    assert again.module_.block.activation is module.block.activation


def test_training_goes_on_after_loading_as_without(blobs):
    X, y = blobs
    codes = np.unique(y, return_inverse=True)[1]
    clf = CLASSIFIERS["skorch"]().fit(X, y)
    copies = [deepcopy(clf), round_trip(clf, OWN), pickle.loads(pickle.dumps(clf))]
    for copy in copies:
        torch.manual_seed(0)
        copy.estimator_.partial_fit(X, codes)
    expected = copies[0].predict_proba(X)
    assert not np.array_equal(expected, clf.predict_proba(X))
    for copy in copies[1:]:
        assert_array_equal(copy.predict_proba(X), expected)


@pytest.mark.parametrize("copy", [deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_pickle_and_copy_keep_objects_that_skops_cannot_store(blobs, copy):
    clf = robust(net().set_params(callbacks=[("score", EpochScoring(accuracy))]))
    again = copy(clf.fit(*blobs))
    assert again.estimator.callbacks[0][1].scoring is accuracy
    assert_array_equal(again.predict_proba(blobs[0]), clf.predict_proba(blobs[0]))


def accuracy(net, X, y):
    return (net.predict(X) == y).mean()


def test_subclass_adds_to_the_state(blobs):
    clf = WithState(transition=0.1, n_estimators=1, random_state=0)
    clf.set_params(estimator__max_epochs=2).fit(*blobs)
    name = f"{WithState.__module__}.WithState"
    for again in round_trip(clf, [name]), pickle.loads(pickle.dumps(clf)):
        assert again.note == "kept"
        assert_array_equal(again.predict_proba(blobs[0]), clf.predict_proba(blobs[0]))


class WithState(NoiseRobustClassifier):
    def __getstate__(self):
        return super().__getstate__() | {"note": "kept"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device must be missing")
def test_net_of_a_missing_device_comes_to_the_cpu(blobs, small):
    clf = deepcopy(small)
    clf.estimator_.device = "cuda"
    with pytest.warns(DeviceWarning):
        again = round_trip(clf)
    assert str(again.estimator_.device) == "cpu"
    assert_array_equal(again.predict_proba(blobs[0]), small.predict_proba(blobs[0]))


def test_types_of_users_must_be_trusted(blobs):
    clf = robust(Deep, n_estimators=1).fit(*blobs)
    with pytest.raises(io.exceptions.UntrustedTypesFoundException, match="Deep"):
        round_trip(clf)


def test_no_trusted_type_is_a_net_of_skorch():
    # skorch restores its nets by pickle.
    for name in sklnoise.skops_trusted_types():
        assert "NeuralNet" not in name
        assert "AutoSizedNet" not in name


@pytest.mark.parametrize("name", ["AdamW", "Adagrad"])
def test_optimizers_keep_no_moments_and_go_on(blobs, name):
    X, y = blobs
    kind = getattr(torch.optim, name)
    clf = NoiseRobustClassifier(net(kind), transition=0.1, random_state=0).fit(X, y)
    moments = clf.estimator_.optimizer_.state
    assert not moments or name == "Adagrad"  # which cannot go on without
    clf.estimator_.partial_fit(X, np.unique(y, return_inverse=True)[1])
    again = round_trip(clf, OWN)
    assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
