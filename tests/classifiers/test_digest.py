"""A cache tells data apart by a digest of them."""

import joblib
import numpy as np
import pytest
from scipy import sparse

from sklnoise.classifiers import _digest
from sklnoise.classifiers._digest import Digested, digest
from sklnoise.engine import LabelledData

X = np.arange(24.0).reshape(6, 4)


def changed(X):
    X = X.copy()
    X[-1, -1] += 1
    return X


@pytest.mark.parametrize(
    "other",
    [
        changed(X),
        X.astype("f4"),
        X.reshape(4, 6),
        X[::-1],
        X[:5],
        sparse.csr_array(X),
        sparse.csr_array(changed(X)),
        None,
    ],
)
def test_other_data_have_another_digest(other):
    assert digest(other) != digest(X)
    assert digest(other) == digest(other)


@pytest.mark.parametrize("same", [X.copy(), np.asfortranarray(X), X[::-1].copy()[::-1]])
def test_equal_values_have_the_same_digest_however_they_lie(same):
    assert digest(same) == digest(X)


def test_chunks_do_not_matter(monkeypatch):
    expected = digest(X)
    monkeypatch.setattr(_digest, "CHUNK_BYTES", 64)
    assert digest(X) == expected


def test_sparse_digest_depends_on_where_the_values_are():
    first, second = np.eye(3)[[0, 1]], np.eye(3)[[0, 2]]
    assert digest(sparse.csr_array(first)) != digest(sparse.csr_array(second))


def test_joblib_sees_each_part_of_the_data():
    y, weight = np.arange(6), np.ones(6)
    hashes = {
        joblib.hash(Digested(data))
        for data in (
            LabelledData(X, y, weight),
            LabelledData(changed(X), y, weight),
            LabelledData(X, y[::-1], weight),
            LabelledData(X, y, 2 * weight),
            LabelledData(X, y, weight, y > 2),
        )
    }
    assert len(hashes) == 5
    same = [joblib.hash(Digested(LabelledData(X.copy(), y, weight))) for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] in hashes
