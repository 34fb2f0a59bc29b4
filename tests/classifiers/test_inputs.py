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
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from skorch import NeuralNetClassifier
from skorch.helper import SliceDataset, SliceDict

from sklnoise import NoiseRobustClassifier
from sklnoise.transition import ClusterabilityEstimator


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
    dtypes = {weight.dtype for weight in clf.estimator_.module_.parameters()}
    assert dtypes == {torch.float32}
    assert clf.score(images, y[:400]) > 0.9


@pytest.mark.parametrize("dtype", [">f8", np.longdouble, np.float16, np.uint16, bool])
def test_unusual_types_are_converted_batch_by_batch(noisy_blobs, dtype):
    X, y_noisy, _, _ = noisy_blobs
    X = (X > 0).astype(dtype)
    assert np.isfinite(
        NoiseRobustClassifier(correction="none", random_state=0)
        .fit(X, y_noisy)
        .predict_proba(X)
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


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
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
    clf = NoiseRobustClassifier(
        dtype=dtype, device="cpu", correction="none", random_state=0
    )
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


class NamedParts(torch.nn.Module):
    """Takes token ids and numbers by keyword."""

    def __init__(self, n_classes):
        super().__init__()
        self.embed = torch.nn.EmbeddingBag(12, 8)
        self.linear = torch.nn.Linear(2, 8)
        self.out = torch.nn.Linear(16, n_classes)

    def forward(self, tokens, numbers, scale=None):
        hidden = [self.embed(tokens), self.linear(numbers)]
        return self.out(torch.cat(hidden, dim=1).relu())


class ItemsOfParts(torch.utils.data.Dataset):
    """Pairs of a dict and a label."""

    def __init__(self, parts, y):
        self.parts, self.y = parts, y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, row):
        return {name: part[row] for name, part in self.parts.items()}, self.y[row]


@pytest.fixture
def parts(rng):
    """Two arrays whose class is known by the tokens, and the classes."""
    y = np.arange(90) // 2 % 3
    tokens = rng.randint(4, size=(90, 5)) + 4 * y[:, np.newaxis]
    return {"tokens": tokens, "numbers": rng.normal(size=(90, 2))}, y


@pytest.fixture
def net_of_parts():
    return NeuralNetClassifier(
        NamedParts,
        optimizer=torch.optim.Adam,
        lr=0.05,
        max_epochs=15,
        batch_size=40,
        train_split=None,
        verbose=0,
    )


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"correction": "adaptation-complex"},
        {"correction": "em"},
        {"correction": "auto"},
        {"transition": ClusterabilityEstimator(space="input")},
        {"transition": ClusterabilityEstimator(space="hidden")},
        {"first_pass": NamedParts},
        {"dtype": "float32"},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_dict_of_arrays_is_passed_to_the_module_by_keyword(net_of_parts, parts, params):
    X, y = parts
    clf = NoiseRobustClassifier(net_of_parts, cv=3, random_state=0, **params).fit(X, y)
    assert clf.score(X, y) > 0.9
    assert not hasattr(clf, "n_features_in_")
    assert_allclose(np.exp(clf.predict_log_proba(X)), clf.predict_proba(X), rtol=1e-5)
    assert clf.label_quality(X, y).shape == (90,)


def test_module_class_takes_a_dict_too(parts):
    X, y = parts
    assert (
        NoiseRobustClassifier(NamedParts, cv=3, random_state=0).fit(X, y).score(X, y)
        > 0.7
    )


def test_all_containers_of_parts_give_the_same(net_of_parts, parts):
    X, y = parts
    dataset = ItemsOfParts(X, y)
    clf = NoiseRobustClassifier(net_of_parts, cv=3, random_state=0)
    expected = clf.fit(X, y).predict_proba(X)
    for other in (SliceDict(**X), dataset, SliceDataset(dataset)):
        assert_allclose(clf.predict_proba(other), expected)
        assert_allclose(clone(clf).fit(other, y).predict_proba(X), expected)


def test_parts_of_another_type_at_predict_are_converted(net_of_parts, parts):
    X, y = parts
    clf = NoiseRobustClassifier(net_of_parts, cv=3, random_state=0).fit(X, y)
    other = {
        "numbers": torch.from_numpy(X["numbers"]),
        "tokens": pd.DataFrame(X["tokens"].astype(float)),
    }
    assert_allclose(clf.predict_proba(other), clf.predict_proba(X))


def test_integers_at_predict_are_floats_as_in_fit(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    X = X.round()
    clf = NoiseRobustClassifier(LogitNet, correction="none", random_state=0)
    clf.fit(X, y_noisy)
    assert_allclose(clf.predict_proba(X.astype(int)), clf.predict_proba(X))


@pytest.mark.parametrize("as_slices", [SliceDict, SliceDataset])
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_slices_can_be_cross_validated_and_searched(net_of_parts, parts, as_slices):
    X, y = parts
    X = SliceDict(**X) if as_slices is SliceDict else SliceDataset(ItemsOfParts(X, y))
    clf = NoiseRobustClassifier(net_of_parts, cv=3, random_state=0)
    assert cross_val_score(clf, X, y, cv=2, error_score="raise").mean() > 0.7
    assert cross_val_predict(clf, X, y, cv=2, method="predict_proba").shape == (90, 3)
    grid = {"correction": ["none", "forward"], "estimator__lr": [0.05]}
    search = GridSearchCV(clf, grid, cv=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (90,)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_slices_of_a_dataset_hold_samples_and_labels(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    dataset = torch.utils.data.TensorDataset(*map(torch.from_numpy, (X, y_noisy)))
    clf = NoiseRobustClassifier(quick_net, cv=3, random_state=0)
    samples, labels = SliceDataset(dataset), SliceDataset(dataset, idx=1)
    expected = clone(clf).fit(dataset, y_noisy).predict_proba(X)
    assert_allclose(clone(clf).fit(samples, labels).predict_proba(X), expected)
    scores = cross_val_score(clf, samples, y_noisy, cv=2, error_score="raise")
    assert_array_equal(
        scores, cross_val_score(clf, samples, labels, cv=2, error_score="raise")
    )


@pytest.mark.parametrize("at_predict", [False, True])
@pytest.mark.parametrize(
    ("spoil", "keyword"),
    [
        (lambda X: {}, "empty|tokens"),
        (lambda X: {"tokens": X["tokens"]}, "numbers"),
        (lambda X: {**X, "more": X["tokens"]}, "more"),
        (lambda X: {**X, "numbers": X["numbers"][:9]}, "numbers 9"),
        (lambda X: {**X, "numbers": np.full((90, 2), np.nan)}, r"X\['numbers'\].*NaN"),
        (lambda X: {**X, "numbers": np.full((90, 2), "a")}, r"X\['numbers'\]"),
        (
            lambda X: {**X, "numbers": np.full((90, 2), "2020", "M8[Y]")},
            r"X\['numbers'\]",
        ),
        (lambda X: {**X, "numbers": 3}, r"X\['numbers'\]"),
        (lambda X: {**X, "numbers": None}, r"X\['numbers'\]"),
        (lambda X: {**X, 3: X["tokens"]}, "keys"),
    ],
)
def test_dict_that_the_module_cannot_take_is_explained(
    net_of_parts, parts, spoil, keyword, at_predict
):
    X, y = parts
    clf = NoiseRobustClassifier(net_of_parts, correction="none", random_state=0)
    if at_predict:
        clf.fit(X, y)
    with pytest.raises((TypeError, ValueError), match=keyword):
        clf.predict(spoil(X)) if at_predict else clf.fit(spoil(X), y)


def test_dict_and_array_do_not_stand_for_each_other(net_of_parts, quick_net, parts):
    X, y = parts
    of_parts = NoiseRobustClassifier(net_of_parts, correction="none", random_state=0).fit(
        X, y
    )
    with pytest.raises(ValueError, match="tokens, numbers"):
        of_parts.predict(X["numbers"])
    of_array = NoiseRobustClassifier(quick_net, correction="none", random_state=0).fit(
        X["numbers"], y
    )
    with pytest.raises(ValueError, match="tokens"):
        of_array.predict(X)
    with pytest.raises(ValueError, match="MLP"):
        of_array.fit(X, y)
    with pytest.raises(ValueError, match="LogisticRegression"):
        of_parts.set_params(correction="forward", first_pass=LogisticRegression()).fit(
            X, y
        )


def test_logarithms_of_probabilities_are_minus_infinity_at_zero(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, correction="none", random_state=0)
    clf.fit(X, y_noisy)
    log_proba = clf.predict_log_proba(np.r_[X, [[1e6, -1e6]]])
    assert_allclose(log_proba[:240], np.log(clf.predict_proba(X)))
    assert np.isneginf(log_proba[240]).any()


@pytest.mark.parametrize("kind", ["list", "tensor", "bfloat16 weights"])
def test_score_takes_labels_and_weights_of_every_kind(quick_net, noisy_blobs, kind):
    X, y_noisy, y, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, random_state=0).fit(X, y_noisy)
    labels = y.tolist() if kind == "list" else torch.tensor(y)
    weight = torch.ones(len(y), dtype=torch.bfloat16) if "weights" in kind else None
    assert clf.score(X, labels, weight) == clf.score(X, y)


def test_score_refuses_labels_of_another_kind(quick_net, noisy_blobs):
    X, y_noisy, y, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, random_state=0).fit(X, y_noisy)
    with pytest.raises(ValueError, match="classes_"):
        clf.score(X, y.astype(str))
