"""Kinds of X and y that people have."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier


@pytest.fixture
def fit(quick_net):
    def fit(X, y, **params):
        return NoiseRobustClassifier(quick_net, random_state=0, **params).fit(X, y)

    return fit


def test_data_frames_give_what_arrays_give(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    expected = fit(X, y_noisy).predict(X)
    for frame in (
        pd.DataFrame(X, columns=["a", "b"]),
        pl.DataFrame(X, schema=["a", "b"]),
    ):
        clf = fit(frame, y_noisy)
        assert_array_equal(clf.predict(frame), expected)
        assert_array_equal(clf.feature_names_in_, ["a", "b"])


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix]
)
def test_sparse_gives_what_dense_gives(fit, noisy_blobs, container):
    X, y_noisy, _, _ = noisy_blobs
    expected = fit(X, y_noisy).predict_proba(X)
    proba = fit(container(X), y_noisy).predict_proba(container(X))
    assert_allclose(proba, expected, atol=1e-9)


def test_sparse_is_never_densified_beyond_a_batch(fit, noisy_blobs, monkeypatch):
    X, y_noisy, _, _ = noisy_blobs
    heights = []
    toarray = sparse.csr_array.toarray
    monkeypatch.setattr(
        sparse.csr_array,
        "toarray",
        lambda self, *args: heights.append(self.shape[0]) or toarray(self, *args),
    )
    rows = np.tile(np.arange(len(X)), 6)
    fit(sparse.csr_array(X[rows]), y_noisy[rows])
    assert max(heights) <= 1024 < len(rows)


def test_memmap_is_read_in_place(fit, noisy_blobs, tmp_path):
    X, y_noisy, _, _ = noisy_blobs
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert_array_equal(fit(mapped, y_noisy).predict(mapped), fit(X, y_noisy).predict(X))


def test_default_network_takes_images_of_integers():
    X, y = load_digits(return_X_y=True)
    images = X.reshape(-1, 8, 8).astype(np.uint8)[:400]
    clf = NoiseRobustClassifier(random_state=0).fit(images, y[:400])
    assert clf.estimator_.module_.layers[1].weight.dtype == torch.float32
    assert clf.score(images, y[:400]) > 0.9


@pytest.mark.parametrize("dtype", [">f8", np.longdouble, np.float16, np.uint16, bool])
def test_unusual_types_are_converted_batch_by_batch(noisy_blobs, dtype):
    X, y_noisy, _, _ = noisy_blobs
    X = (10 * np.abs(X)).round().astype(dtype)
    assert np.isfinite(
        NoiseRobustClassifier(correction="none").fit(X, y_noisy).predict_proba(X)
    ).all()


class TokenNet(torch.nn.Module):
    """Mean of embedded tokens."""

    def __init__(self, n_classes):
        super().__init__()
        self.embed = torch.nn.EmbeddingBag(20, 8)
        self.out = torch.nn.Linear(8, n_classes)

    def forward(self, tokens):
        return self.out(self.embed(tokens))


def test_token_ids_stay_integers_for_a_users_network(rng):
    y = rng.randint(2, size=200)
    tokens = rng.randint(10, size=(200, 6)) + 10 * y[:, None]
    clf = NoiseRobustClassifier(TokenNet, random_state=0).fit(tokens, y)
    assert clf.score(tokens, y) > 0.8


class ProbabilityNet(torch.nn.Sequential):
    """Ends in a softmax, as skorch's default criterion asks for."""

    def __init__(self, n_features=2, n_classes=3):
        super().__init__(torch.nn.Linear(n_features, n_classes), torch.nn.Softmax(dim=1))


class LogitNet(torch.nn.Linear):
    """The same without the softmax; takes the names of torch."""


def test_probabilities_are_read_as_such(noisy_blobs):
    X, y_noisy, _, T = noisy_blobs
    proba = []
    for module in (ProbabilityNet, LogitNet):
        net = NeuralNetClassifier(module, lr=0.5, train_split=None, verbose=0)
        clf = NoiseRobustClassifier(net, transition=T, random_state=0).fit(X, y_noisy)
        proba.append(clf.predict_proba(X))
        assert_allclose(clf.estimator_.predict_proba(X), proba[-1])
    assert_allclose(*proba, atol=1e-9)


def test_network_with_skorch_defaults_and_weights_works(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    net = NeuralNetClassifier(LogitNet, lr=0.5, verbose=0)
    clf = NoiseRobustClassifier(net, random_state=0)
    clf.fit(X, y_noisy, sample_weight=np.linspace(0.5, 1.5, len(X)))
    assert all(0 <= accuracy <= 1 for accuracy in clf.history_[:, "valid_acc"])


@pytest.mark.parametrize(
    "labels",
    [
        ["ant", "bee", "cow"],
        [1.0, 2.0, 7.0],
        [-1, 0, 5],
        pd.Categorical(["ant", "bee", "cow"]),
        np.array(["ant", "bee", "cow"], dtype=object),
    ],
    ids=["strings", "floats", "integers", "categorical", "objects"],
)
def test_labels_of_any_kind_come_back(fit, noisy_blobs, labels):
    X, y_noisy, _, _ = noisy_blobs
    expected = np.asarray(labels)[fit(X, y_noisy).predict(X)]
    y = labels[y_noisy] if hasattr(labels, "codes") else np.asarray(labels)[y_noisy]
    assert_array_equal(fit(X, y).predict(X), expected)


def test_booleans_come_back_as_booleans(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    assert fit(X, y_noisy == 0).predict(X).dtype == bool


def test_series_and_lists_are_labels_too(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    expected = fit(X, y_noisy).predict(X)
    for y in (pd.Series(y_noisy), pl.Series(y_noisy), y_noisy.tolist()):
        assert_array_equal(fit(X, y).predict(X), expected)


@pytest.mark.parametrize(
    ("X_dtype", "dtype", "expected"),
    [
        (np.float64, "auto", torch.float64),
        (np.float32, "auto", torch.float32),
        (np.int64, "auto", torch.float32),
        (np.float64, "float32", torch.float32),
        (np.float32, "float64", torch.float64),
    ],
)
def test_type_of_the_network_follows_data_and_parameter(
    noisy_blobs, X_dtype, dtype, expected
):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(dtype=dtype, device="cpu", correction="none")
    clf.fit(X.astype(X_dtype), y_noisy)
    assert {p.dtype for p in clf.estimator_.module_.parameters()} == {expected}


def test_one_class_is_predicted_always(fit, rng):
    X = rng.normal(size=(12, 2))
    assert_array_equal(fit(X, ["yes"] * 12).predict(X), ["yes"] * 12)


def test_one_row_is_enough(fit):
    assert fit([[1.0, 2.0]], [7]).predict([[0.0, 0.0]]) == 7


def test_dataset_equals_its_rows_as_an_array(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.zeros(len(X)))
    net = clone(quick_net).set_params(batch_size=-1, iterator_train__shuffle=False)
    expected = NoiseRobustClassifier(net, random_state=0).fit(X, y_noisy)
    actual = NoiseRobustClassifier(net, random_state=0).fit(dataset, y_noisy)
    assert_allclose(actual.out_of_fold_proba_, expected.out_of_fold_proba_)
    assert_allclose(actual.predict_proba(dataset), expected.predict_proba(X))


@pytest.mark.parametrize("n_samples", [60, 300])
def test_wide_sparse_rows_get_a_linear_network(n_samples):
    X = sparse.random(n_samples, 1000, 0.05, format="csr", random_state=0)
    clf = NoiseRobustClassifier(transition=0.1, random_state=0)
    clf.set_params(estimator__max_epochs=1).fit(X, np.arange(n_samples) % 2)
    weights = [p for p in clf.estimator_.module_.parameters() if p.ndim == 2]
    assert [sorted(weight.shape) for weight in weights] == [[2, 1000]]
