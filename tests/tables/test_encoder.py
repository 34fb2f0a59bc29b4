"""Columns of any kind become features, the same for text and typed cells."""

import pickle
import subprocess
import sys
from io import StringIO

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklnoise import make_table_encoder

N_ROWS = 60


def column(make):
    """Make a column of text, one cell per row."""
    return pd.Series([make(i) for i in range(N_ROWS)], dtype=object)


# One column of each kind; none is an identifier.
TABLE = pd.DataFrame(
    {
        "number": column(lambda i: "?" if i % 7 == 0 else f" {i % 5}.5 "),
        "boolean": column(lambda i: "yes" if i % 2 else "No"),
        "date": column(lambda i: f"2020-01-{i % 28 + 1:02}T08:{i % 60:02}:00"),
        "category": column(lambda i: ["red", "green", "dark blue", ""][i % 4]),
        "text": column(lambda i: f"what a {i} of a day" if i % 5 else ""),
        "dropped": column(lambda i: "same"),
    }
)


@pytest.fixture(scope="module")
def encoder():
    return make_table_encoder().fit(TABLE)


def encode(cells, new=None):
    """Fit to a column; return it, or new cells, encoded."""
    encoder = make_table_encoder().fit(pd.DataFrame({"x": cells}))
    return encoder.transform(pd.DataFrame({"x": cells if new is None else new}))


def test_kinds_are_those_of_the_columns(encoder):
    assert {name: kind.name for name, kind in encoder[0].kinds_.items()} == {
        name: name for name in TABLE.columns
    }


def test_output_is_dense_finite_float32_with_names(encoder):
    encoded = encoder.transform(TABLE)
    assert encoded.dtype == np.float32
    assert np.isfinite(encoded).all()
    names = encoder.get_feature_names_out()
    assert len(set(names)) == encoded.shape[1] == len(names)


def test_fit_and_transform_in_one_is_the_same(encoder):
    assert_array_equal(
        make_table_encoder().fit_transform(TABLE), encoder.transform(TABLE)
    )


def test_table_is_left_as_it_is():
    before = TABLE.copy(deep=True)
    make_table_encoder().fit(TABLE).transform(TABLE)
    pd.testing.assert_frame_equal(TABLE, before)


def test_typed_cells_are_encoded_as_their_text():
    X = TABLE[["number", "boolean", "category", "date"]]
    typed = pd.read_csv(StringIO(X.to_csv(index=False)), na_values="?")
    typed["date"] = pd.to_datetime(typed["date"])
    encoded = make_table_encoder().fit_transform(X)
    assert typed["number"].dtype == np.float64
    assert_array_equal(make_table_encoder().fit_transform(typed), encoded)
    assert_array_equal(make_table_encoder().fit(X).transform(typed), encoded)


@pytest.mark.parametrize(
    "make",
    [
        lambda codes: pd.DataFrame({"x": pd.Categorical(codes)}),
        lambda codes: pd.DataFrame({"x": pd.Categorical(list(map(str, codes)))}),
        lambda codes: pl.DataFrame(
            {"x": pl.Series(map(str, codes), dtype=pl.Categorical)}
        ),
    ],
    ids=["numbers", "texts", "polars"],
)
def test_numbers_that_are_typed_as_categories_stay_so(make):
    encoder = make_table_encoder()
    assert encoder.fit_transform(make([11, 12, 15] * 20)).shape[1] == 3
    assert encoder[0].kinds_["x"].name == "category"


def test_texts_that_cannot_be_written_are_encoded():
    assert encode(column(lambda i: ("\ud800", "x")[i % 2])).shape[1] == 2


def test_polars_is_read_as_pandas():
    X = pl.DataFrame(TABLE.to_dict("list")).with_columns(
        width=pl.Series([None, 2] * (N_ROWS // 2)), sold=pl.Series([None, "x"] * 30)
    )
    as_pandas = TABLE.assign(width=[None, 2] * 30, sold=[None, "x"] * 30)
    encoded = make_table_encoder().fit_transform(X)
    assert_array_equal(encoded, make_table_encoder().fit_transform(as_pandas))


def test_order_of_the_columns_and_further_ones_do_not_matter(encoder):
    other = TABLE[TABLE.columns[::-1]].assign(more=1)
    assert_array_equal(encoder.transform(TABLE), encoder.transform(other))


def test_one_row_can_be_encoded(encoder):
    assert_allclose(
        encoder.transform(TABLE[4:5]), encoder.transform(TABLE)[4:5], rtol=1e-5
    )


def test_missing_column_is_named(encoder):
    with pytest.raises(ValueError, match=r"\['number'\] are missing"):
        encoder.transform(TABLE.drop(columns="number"))
    assert encoder[0].missing_columns(["date", "text"]) == [
        *("number", "boolean", "category")
    ]


def test_dropped_column_is_not_needed(encoder):
    encoder.transform(TABLE.drop(columns="dropped"))


def test_array_is_refused():
    with pytest.raises(TypeError, match=r"must be a pandas\.DataFrame; got ndarray"):
        make_table_encoder().fit(np.zeros((3, 2)))


def test_names_must_differ_as_text():
    X = pd.DataFrame([[1.5, 2], [3, 4]], columns=["0", 0])
    with pytest.raises(ValueError, match="'0' is there more than once"):
        make_table_encoder().fit(X)
    names = make_table_encoder().fit(X.set_axis([0, 1], axis=1))[0].feature_names_in_
    assert names.tolist() == ["0", "1"]


@pytest.mark.parametrize(
    "X", [{"x": ["1", "1"]}, {"x": ["", "?"]}, {"x": []}, {}, {"x": [None, np.nan]}]
)
def test_table_without_use_is_refused(X):
    with pytest.raises(ValueError, match="must have a column to learn from"):
        make_table_encoder().fit(pd.DataFrame(X))


def test_copy_and_clone_keep_what_they_should(encoder):
    copy = pickle.loads(pickle.dumps(encoder))
    assert_array_equal(copy.transform(TABLE), encoder.transform(TABLE))
    with pytest.raises(NotFittedError):
        clone(encoder).transform(TABLE)


def test_trees_learn_from_the_features():
    y = np.arange(N_ROWS) % 4
    model = make_pipeline(
        make_table_encoder(), HistGradientBoostingClassifier(max_iter=9)
    )
    assert model.fit(TABLE, y).predict(TABLE).shape == (N_ROWS,)


@pytest.mark.parametrize("name", ["a__b", "text 1", "__", "number", ""])
def test_columns_may_have_any_name(name):
    X = TABLE[["text", "date"]].set_axis([name, f"{name}2"], axis=1)
    assert_array_equal(
        make_table_encoder().fit_transform(X),
        make_table_encoder().fit_transform(TABLE[["text", "date"]]),
    )


def test_without_skrub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "skrub", None)
    for name in [name for name in sys.modules if name.startswith("sklnoise.tables._p")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "sklnoise.tables._strings", raising=False)
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[cli\]"'):
        make_table_encoder()


@pytest.mark.slow
def test_package_is_imported_without_skrub():
    code = "import sys, sklnoise; print('skrub' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_numbers_are_centred_by_the_median_and_their_gaps_marked():
    encoded = encode(TABLE["number"])
    is_missing = TABLE["number"].to_numpy() == "?"
    assert encoded.shape == (N_ROWS, 2)
    assert np.median(encoded[:, 0]) == 0
    assert_array_equal(encoded[:, 1] == 1, is_missing)


def test_far_number_leaves_the_others_apart():
    near = encode([f"{i}.5" for i in range(30)])[:, 0]
    far = encode([*(f"{i}.5" for i in range(30)), "9999999999"])[:, 0]
    assert_allclose(far[:30], near, atol=0.2)
    assert near.max() < far[30] <= 3


def test_numbers_of_any_size_stay_finite_and_in_order():
    encoded = encode([f"{i}e-20" for i in range(30)], ["-1e29", "0", "1e29"])[:, 0]
    assert (np.diff(encoded) > 0).all()
    huge, missing = encode([*(f"{i / 4}" for i in range(30)), ""], ["1e300", ""])
    assert_array_equal(huge, missing)


def test_missing_is_a_category_and_an_unseen_one_is_zeros():
    encoded = encode(TABLE["category"])
    assert encoded.shape[1] == 4
    assert_array_equal(encoded.sum(axis=1), np.ones(N_ROWS))
    assert not encode(TABLE["category"], ["ultraviolet"]).any()


def test_rare_categories_share_a_feature():
    cells = ["a", "a", "b", "b", "c", "d"] * 10 + ["rare", "seldom"]
    assert encode(cells).shape[1] == 5
    assert_array_equal(*encode(cells, ["rare", "seldom"]))


@pytest.mark.parametrize(
    "make",
    [
        lambda i: f"http://{'abc'[i % 3] * 4}{i * 7919 % 1000}.example/{i}",
        lambda i: f"{['Anna', 'Bert', 'Carl'][i % 3]} {chr(97 + i % 26) * 5}{i}",
        lambda i: " ".join(np.array(list("ACGT"))[[i // 16, i // 4 % 4, i % 4]]),
        lambda i: f"{'😀 ' * (i % 8)}😡 {'👍 ' * (i // 8)}😴",
        lambda i: f"这部电影非常好看{chr(0x4E00 + i)}",
        lambda i: f"หนังเรื่องนี้ดีมาก{'ก' * i}",
        lambda i: f"a comment on item {i} " * 30,
    ],
)
def test_texts_become_features(make):
    encoded = encode(column(make))
    assert encoded.shape[1] == 5
    assert len(np.unique(encoded.round(4), axis=0)) > 15


def test_similar_names_are_near():
    names = column(lambda i: f"{['northern', 'southern'][i % 2]}{i * 7919 % 1000}")
    encoded = encode(names)
    centres = encoded[::2].mean(axis=0), encoded[1::2].mean(axis=0)
    to_centres = [np.linalg.norm(encoded - centre, axis=1) for centre in centres]
    assert np.mean(np.argmin(to_centres, axis=0) == np.arange(N_ROWS) % 2) > 0.9


def test_dates_of_all_years_are_in_order():
    years = ["0001", "1492", "1970", "2020", "9999"]
    encoded = encode([f"{year}-01-01" for year in years])
    is_growing = (np.diff(encoded, axis=0) > 0).all(axis=0)
    assert is_growing.any()


def test_huge_cells_and_many_columns_are_encoded():
    X = pd.DataFrame({f"c{j}": [str(i * j % 7) for i in range(9)] for j in range(1, 300)})
    X["long"] = ["x" * 1_000_000, "a\0b", *["abc"] * 7]
    assert np.isfinite(make_table_encoder().fit_transform(X)).all()
