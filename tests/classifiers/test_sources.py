"""Samples that are read from files when they are needed give what an array gives."""

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn
from torch.utils.data import Dataset

from sklnoise import NoiseRobustClassifier, find_label_issues

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)


class Joined(nn.Module):
    """Takes two parts by keyword."""

    def __init__(self, n_classes):
        super().__init__()
        self.linear = nn.Linear(2, n_classes)

    def forward(self, left, right):
        return self.linear(torch.stack([left, right], dim=1))


@pytest.fixture
def blobs(noisy_blobs):
    """Samples in single precision, and noisy labels."""
    return noisy_blobs[0].astype(np.float32), noisy_blobs[1]


@pytest.fixture
def clf(quick_net):
    return NoiseRobustClassifier(quick_net, cv=3, random_state=0)


@pytest.fixture
def clf_of_parts(clf):
    net = NeuralNetClassifier(
        Joined,
        optimizer=torch.optim.Adam,
        lr=0.1,
        max_epochs=20,
        train_split=None,
        verbose=0,
    )
    return clf.set_params(estimator=net)


class Items(Dataset):
    """Samples that are read one by one."""

    def __init__(self, X):
        self.X = X

    def __len__(self):
        return len(self.X)

    def __getitem__(self, row):
        return self.X[row]


class Lists(Items):
    """The same, a batch at a time."""

    def __getitems__(self, rows):
        return [torch.from_numpy(row) for row in self.X[rows]]


class RowGroups(Dataset):
    """Samples of a Parquet file, which counts how often a row group is read."""

    def __init__(self, path):
        from pyarrow import parquet

        self.file = parquet.ParquetFile(path)
        groups = range(self.file.num_row_groups)
        self.block_sizes = [self.file.metadata.row_group(g).num_rows for g in groups]
        self.ends = np.cumsum(self.block_sizes)
        self.number = self.X = None
        self.n_reads = 0

    def __len__(self):
        return self.ends[-1]

    def __getitem__(self, row):
        number = np.searchsorted(self.ends, row, side="right")
        if number != self.number:
            columns = self.file.read_row_group(number).columns
            self.X = np.column_stack([column.to_numpy() for column in columns])
            self.number, self.n_reads = number, self.n_reads + 1
        return self.X[row - self.ends[number]]


def write_row_groups(X, path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pa.table({f"x{k}": column for k, column in enumerate(X.T)})
    parquet.write_table(table, path, row_group_size=50)


def assert_learns_alike(clf, source, X, y):
    """Compare fit, out-of-fold, predictions and issues to those of an array."""
    clf.fit(X, y)
    expected = clf.out_of_fold_proba_, clf.predict_proba(X), clf.find_label_issues()
    clf.fit(source, y)
    assert_allclose(clf.out_of_fold_proba_, expected[0], atol=1e-6)
    assert_allclose(clf.predict_proba(source), expected[1], atol=1e-6)
    assert_array_equal(clf.find_label_issues(), expected[2])


@pytest.mark.parametrize("kind", [Items, Lists])
def test_shuffled_batches_of_a_dataset_are_those_of_its_array(clf, blobs, kind):
    clf.estimator.set_params(iterator_train__shuffle=True, batch_size=32)
    assert_learns_alike(clf, kind(blobs[0]), *blobs)


@pytest.mark.parametrize("shuffle", [False, True])
def test_dataset_of_dicts_is_learned_like_a_dict(clf_of_parts, blobs, shuffle):
    X, y = blobs
    clf_of_parts.estimator.set_params(iterator_train__shuffle=shuffle)
    parts = {"left": X[:, 0], "right": X[:, 1]}

    class Named(Items):
        def __getitem__(self, row):
            return {"left": self.X[row, 0], "right": self.X[row, 1]}

    assert_learns_alike(clf_of_parts, Named(X), parts, y)


def test_row_groups_are_each_read_once_a_pass(clf, blobs, tmp_path):
    X, y = blobs
    write_row_groups(X, tmp_path / "X.parquet")
    source = RowGroups(tmp_path / "X.parquet")
    assert_learns_alike(clf, source, X, y)
    clf.set_params(transition=0.2)
    clf.estimator.set_params(iterator_train__shuffle=True, max_epochs=7, batch_size=32)
    before = source.n_reads
    clf.fit(source, y)
    # Besides the passes, the first samples are looked at.
    assert source.n_reads - before <= 7 * len(source.block_sizes) + 10
    assert clf.score(source, y) > 0.5


def test_samples_of_several_blocks_are_never_held_at_once(clf, blobs):
    class Blocks(Lists):
        block_sizes = (50,) * (len(blobs[0]) // 50) + (len(blobs[0]) % 50,)

        def __getitems__(self, rows):
            assert len(set(np.asarray(rows) // 50)) == 1
            return super().__getitems__(rows)

    clf.estimator.set_params(iterator_train__shuffle=True, batch_size=32)
    blocks = Blocks(blobs[0])
    proba = clf.fit(blocks, blobs[1]).predict_proba(blocks)
    assert_allclose(proba, clf.predict_proba(blobs[0]), atol=1e-6)


def test_sizes_of_blocks_that_do_not_sum_to_the_samples_are_an_error(clf, blobs):
    source = Items(blobs[0])
    source.block_sizes = [3, 4]
    with pytest.raises(ValueError, match="block_sizes"):
        clf.fit(source, blobs[1])


def test_samples_of_several_shapes_are_explained(clf, blobs):
    clf.set_params(correction="none")
    source = Items([row[: 1 + k % 2] for k, row in enumerate(blobs[0])])
    with pytest.raises(ValueError, match="one shape"):
        clf.fit(source, blobs[1])


@pytest.mark.parametrize("form", ["torch", "numpy", None])
def test_hugging_face_dataset_is_learned_like_a_dict(clf_of_parts, blobs, form):
    datasets = pytest.importorskip("datasets")
    X, y = blobs
    parts = {"left": X[:, 0], "right": X[:, 1]}
    source = datasets.Dataset.from_dict(parts | {"label": y}).with_format(form)
    clf_of_parts.estimator.set_params(iterator_train__shuffle=True)
    assert_learns_alike(clf_of_parts, source.remove_columns("label"), parts, y)


def test_lists_of_a_hugging_face_dataset_are_vectors(clf, blobs):
    datasets = pytest.importorskip("datasets")
    X, y = blobs
    source = datasets.Dataset.from_dict({"X": X}).with_format("torch")
    assert_learns_alike(clf, source, X, y)


def test_hugging_face_dataset_is_cached_by_its_content(clf_of_parts, blobs, tmp_path):
    datasets = pytest.importorskip("datasets")
    samples, y = blobs
    clf_of_parts.set_params(memory=str(tmp_path))
    probas = []
    for X in (samples, samples.copy(), 2 * samples):
        source = datasets.Dataset.from_dict({"left": X[:, 0], "right": X[:, 1]})
        probas.append(clf_of_parts.fit(source, y).out_of_fold_proba_)
    assert_array_equal(probas[0], probas[1])
    assert abs(probas[0] - probas[2]).max() > 1e-3


def test_folds_on_processes_read_a_hugging_face_dataset(clf_of_parts, blobs):
    datasets = pytest.importorskip("datasets")
    X, y = blobs
    source = datasets.Dataset.from_dict({"left": X[:, 0], "right": X[:, 1]})
    expected = clf_of_parts.fit(source, y).out_of_fold_proba_
    with joblib.parallel_config("loky"):
        clf_of_parts.set_params(n_jobs=2).fit(source, y)
    assert_array_equal(clf_of_parts.out_of_fold_proba_, expected)


@pytest.mark.parametrize(
    "column", [["text"] * 240, [[1.0], [1.0, 2.0]] * 120], ids=["texts", "lengths"]
)
def test_columns_that_are_no_numbers_are_named(clf_of_parts, blobs, column):
    datasets = pytest.importorskip("datasets")
    clf_of_parts.set_params(correction="none")
    parts = {"left": blobs[0][:, 0], "right": column}
    source = datasets.Dataset.from_dict(parts).with_format("torch")
    with pytest.raises(TypeError, match="right"):
        clf_of_parts.fit(source, blobs[1])


def test_hugging_face_stream_is_refused_with_what_to_do(clf, blobs):
    datasets = pytest.importorskip("datasets")
    source = datasets.Dataset.from_dict({"X": blobs[0]}).to_iterable_dataset()
    for stream in (source, source.with_format("torch")):
        with pytest.raises(ValueError, match="one after another"):
            clf.fit(stream, blobs[1])


def test_lines_of_the_error_make_a_memmap(clf, blobs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = blobs

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(X)

    dataset = Stream()
    with pytest.raises(ValueError, match="one after another") as caught:
        clf.fit(dataset, y)
    lines = [line for line in str(caught.value).splitlines() if line.startswith("    ")]
    code = "\n".join(line[4:] for line in lines)
    exec(code, {"np": np, "dataset": dataset, "shape": X.shape})
    assert_learns_alike(clf, np.load("X.npy", mmap_mode="r"), X, y)


@pytest.mark.parametrize("n_classes", [2, 40])
def test_issues_are_found_in_a_memmap_as_in_an_array(rng, tmp_path, n_classes):
    y_proba = rng.dirichlet(np.full(n_classes, 0.3), size=3000).astype(np.float32)
    y = np.array([rng.choice(n_classes, p=p / p.sum()) for p in y_proba.astype(float)])
    y[::10] = (y[::10] + 1) % n_classes
    np.save(tmp_path / "proba.npy", y_proba)
    mapped = np.load(tmp_path / "proba.npy", mmap_mode="r")
    assert_array_equal(find_label_issues(y, mapped), find_label_issues(y, y_proba))
