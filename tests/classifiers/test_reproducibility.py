"""The same seed gives the same bits; global state is left alone."""

import random

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP


class Wide(MLP):
    """Wide and with dropout: large enough a step for more than one thread."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, hidden=(700, 700), dropout=0.3)


def numpy_state():
    return np.random.get_state()[1].copy()  # noqa: NPY002 (the global one is the point)


@pytest.fixture
def net(quick_net):
    return clone(quick_net).set_params(module__dropout=0.2, batch_size=32)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_bits_do_not_depend_on_jobs_nor_backend(net, noisy_blobs, backend):
    X, y_noisy, _, _ = noisy_blobs
    alone = NoiseRobustClassifier(net, random_state=0).fit(X, y_noisy)
    with joblib.parallel_backend(backend):
        two = NoiseRobustClassifier(net, random_state=0, n_jobs=2).fit(X, y_noisy)
    assert_array_equal(two.out_of_fold_proba_, alone.out_of_fold_proba_)
    assert_array_equal(two.predict_proba(X), alone.predict_proba(X))


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_bits_of_large_steps_do_not_depend_on_jobs(quick_net, rng):
    X = rng.normal(size=(300, 40))
    y = (X[:, 0] > 0).astype(int)
    net = clone(quick_net).set_params(module=Wide, max_epochs=2)
    del net.module__hidden
    proba = [
        NoiseRobustClassifier(net, transition="frequency", random_state=0, n_jobs=n_jobs)
        .fit(X, y)
        .out_of_fold_proba_
        for n_jobs in (None, 2)
    ]
    assert_array_equal(*proba)


def test_other_seed_gives_other_weights(net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    proba = [
        NoiseRobustClassifier(net, random_state=seed).fit(X, y_noisy).predict_proba(X)
        for seed in (0, 1)
    ]
    assert np.abs(proba[0] - proba[1]).max() > 1e-6


# Fresh entropy may draw folds and weights of which the classifier rightly complains.
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.parametrize("random_state", [0, None])
def test_global_random_states_are_left_alone(net, noisy_blobs, random_state):
    X, y_noisy, _, _ = noisy_blobs
    before = torch.get_rng_state(), numpy_state(), random.getstate()
    NoiseRobustClassifier(net, random_state=random_state).fit(X, y_noisy)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert_array_equal(numpy_state(), before[1])
    assert random.getstate() == before[2]


def test_global_random_states_do_not_matter(net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    proba = []
    for seed in (1, 2):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            clf = NoiseRobustClassifier(net, random_state=0).fit(X, y_noisy)
        proba.append(clf.predict_proba(X))
    assert_array_equal(*proba)


def test_thread_count_is_restored(net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        NoiseRobustClassifier(net, random_state=0).fit(X, y_noisy)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_data_are_not_changed(net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    X.flags.writeable = y_noisy.flags.writeable = False
    NoiseRobustClassifier(net, random_state=0).fit(X, y_noisy).predict(X)


def test_estimator_given_is_not_changed(net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    before = {name: repr(value) for name, value in net.get_params(deep=False).items()}
    NoiseRobustClassifier(net, random_state=0).fit(X, y_noisy)
    after = {name: repr(value) for name, value in net.get_params(deep=False).items()}
    assert after == before
    assert not net.initialized_
