"""Folds and searches on a cluster: the same bits, few bytes, and workers that die."""

import os
import signal
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetClassifier

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]


class Recorded(LogisticRegression):
    """Writes a file for each fit; the first of them may kill its process."""

    def __init__(self, folder=None, *, dies=False):
        super().__init__()
        self.folder = folder
        self.dies = dies

    def fit(self, X, y, sample_weight=None):
        number = len(os.listdir(self.folder))
        Path(self.folder, f"{number}-{os.getpid()}").touch()
        if self.dies and number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y, sample_weight)


def linear_net(n_features):
    """Make a net that several workers train, not one stack in this process."""
    return NeuralNetClassifier(
        torch.nn.Linear,
        module__in_features=n_features,
        module__out_features=2,
        max_epochs=2,
        lr=0.1,
        verbose=0,
    )


def make_data(n_samples, n_features):
    """Make two classes of which a fifth of the labels is wrong."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n_samples, n_features)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    return X, np.where(rng.uniform(size=n_samples) < 0.2, 1 - y, y)


@contextmanager
def dask_cluster():
    """Start two worker processes, and stop them."""
    distributed = pytest.importorskip("distributed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**settings) as cluster,
        distributed.Client(cluster, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def dask():
    """A client of two worker processes."""
    with dask_cluster() as client:
        yield client


@pytest.fixture
def sent(monkeypatch):
    """The number of bytes that this process, also the scheduler, has sent."""
    tcp = pytest.importorskip("distributed.comm.tcp")
    write, counts = tcp.TCP.write, []

    async def counted(comm, message, *args, **kwargs):
        counts.append(await write(comm, message, *args, **kwargs))
        return counts[-1]

    monkeypatch.setattr(tcp.TCP, "write", counted)
    return counts


def make_model(name, n_features, **params):
    """Make a classifier whose folds are tasks for workers."""
    if name == "confident":
        estimator = LogisticRegression()
        return ConfidentLearningClassifier(estimator, random_state=0, **params)
    return NoiseRobustClassifier(linear_net(n_features), random_state=0, **params)


@pytest.mark.parametrize("name", ["confident", "robust"])
def test_dask_gives_the_same_bits(dask, name):
    X, y = make_data(600, 5)
    model = make_model(name, 5, n_jobs=2)
    expected = model.fit(X, y).predict_proba(X)
    with parallel_config("dask"):
        np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize("name", ["confident", "robust"])
def test_samples_are_not_sent_once_per_fold(dask, sent, name):
    X, y = make_data(3000, 300)
    n_bytes = []
    for cv in (3, 12):
        sent.clear()
        with parallel_config("dask"):
            make_model(name, 300, n_jobs=2, cv=cv).fit(X, y)
        n_bytes.append(sum(sent))
    assert n_bytes[0] > X.nbytes
    assert n_bytes[1] < 1.5 * n_bytes[0]


def test_fold_whose_worker_dies_is_run_again(tmp_path):
    X, y = make_data(600, 5)
    estimator = Recorded(str(tmp_path), dies=True)
    model = ConfidentLearningClassifier(estimator, n_jobs=2, random_state=0)
    with dask_cluster(), parallel_config("dask"):
        model.fit(X, y)
    assert len(os.listdir(tmp_path)) > 6  # five folds and the refit
    plain = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    expected = plain.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_search_on_dask_shares_the_first_pass(dask, tmp_path):
    X, y = make_data(300, 5)
    fits, memory = tmp_path / "fits", tmp_path / "memory"
    fits.mkdir()
    model = NoiseRobustClassifier(
        linear_net(5),
        first_pass=Recorded(str(fits)),
        memory=str(memory),
        n_jobs=1,
        random_state=0,
    )
    corrections = ["forward", "backward", "reweight", "adaptation"]
    search = GridSearchCV(model, {"correction": corrections}, cv=3, error_score="raise")
    with parallel_config("dask"):
        search.fit(X, y)
    # Five folds of each of three outer folds and of the refit.
    assert len(os.listdir(fits)) == 5 * 4


@pytest.mark.parametrize("name", ["confident", "robust"])
def test_ray_gives_the_same_bits(name, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    ray = pytest.importorskip("ray")
    register_ray = pytest.importorskip("ray.util.joblib").register_ray
    X, y = make_data(600, 5)
    model = make_model(name, 5, n_jobs=2)
    expected = model.fit(X, y).predict_proba(X)
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": paths}},
    )
    try:
        register_ray()
        with parallel_config("ray", n_jobs=2):
            found = model.fit(X, y).predict_proba(X)
    finally:
        ray.shutdown()
    np.testing.assert_array_equal(found, expected)
