"""What the expressions of the fuzz are evaluated in: a small problem, and its tools."""

# ruff: noqa: F401

import importlib
import pkgutil
import tempfile
from functools import cache, partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import torch
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from skorch.helper import SliceDataset, SliceDict
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import sklnoise
from sklnoise.nn import MLP

# Not for users, or with a test of its own.
PRIVATE = {"cli", "export", "training"}


@cache
def public_names():
    """Return the public classes and functions by name."""
    packages = [name for _, name, _ in pkgutil.iter_modules(sklnoise.__path__)]
    found = {}
    for package in ["", *sorted(packages)]:
        if not package.startswith("_") and package not in PRIVATE:
            module = importlib.import_module(f"sklnoise.{package}".rstrip("."))
            names = getattr(module, "__all__", [])
            found |= {name: getattr(module, name) for name in names}
    return {name: value for name, value in found.items() if callable(value)}


def make_problem(n=30, d=2, K=3, seed=0):
    """Make X, y, probabilities p, T, weights w, a mask m and names of K classes."""
    rng = np.random.RandomState(seed)
    y = rng.permutation(np.arange(n) % K)
    p = rng.dirichlet(np.ones(K), size=n) + np.eye(K)[y]
    return {
        "n": n,
        "d": d,
        "K": K,
        "y": y,
        "X": rng.normal(size=(n, d)) + 2 * y[:, None],
        "p": p / p.sum(axis=1, keepdims=True),
        "T": 0.7 * np.eye(K) + 0.3 / K,
        "w": rng.randint(4, size=n).astype(float) if n > 5 else np.ones(n),
        "m": rng.uniform(size=n) < 0.2,
        "names": np.array([f"class {k}" for k in range(K)]),
        "crowd": np.where(
            rng.uniform(size=(n, 3)) < 0.2, np.nan, np.column_stack([y, y, y[::-1]])
        ),
    }


def net(module=MLP, **params):
    """Make a net that is trained in a blink."""
    if module is MLP:
        params = {"module__hidden": 4} | params
    params = {"max_epochs": 2, "train_split": None, "verbose": 0, "lr": 0.05} | params
    return NeuralNetClassifier(module, **params)


def quick(**params):
    """Make a classifier that is fitted in a blink."""
    params = {"estimator": net(), "cv": 2, "device": "cpu", "random_state": 0} | params
    return sklnoise.NoiseRobustClassifier(**params)


def memmap(array):
    """Return an array as a read-only map of a file."""
    path = Path(tempfile.mkdtemp()) / "array.npy"
    np.save(path, array)
    return np.load(path, mmap_mode="r")


def replaced(array, value, at=0):
    """Return a copy with another value somewhere."""
    array = np.array(array, dtype=np.result_type(np.asarray(array), type(value)))
    array[at] = value
    return array


class Plain(nn.Module):
    """A module that gets the sizes of the data."""

    last = nn.Identity()

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(n_features, n_classes))

    def forward(self, X):
        return self.last(self.layers(X))


class Softmax(Plain):
    """A module that returns probabilities."""

    last = nn.Softmax(dim=1)


class Normed(Plain):
    """A module with batch normalisation."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.layers.append(nn.BatchNorm1d(n_classes))


class OneOutput(Plain):
    """A module of one output."""

    def __init__(self, n_features):
        super().__init__(n_features, 1)


class OtherSizes(nn.Module):
    """A module whose sizes have no default and names that nobody knows."""

    def __init__(self, width, height):
        super().__init__()
        self.layer = nn.Linear(width, height)

    def forward(self, X):
        return self.layer(X)


class NanOutput(Plain):
    """A module that returns NaN."""

    def forward(self, X):
        return super().forward(X) * torch.nan


class Splitter:
    """A splitter that yields what it is given."""

    def __init__(self, *splits):
        self.splits = splits

    def split(self, X, y=None, groups=None):
        yield from self.splits

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self.splits)


NAMES = {name: value for name, value in globals().items() if not name.startswith("_")}
NAMES |= public_names()
