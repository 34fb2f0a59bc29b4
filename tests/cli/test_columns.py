"""Columns of any kind become numbers, the same for text and typed cells."""

import pickle
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklnoise.cli._columns import TableEncoder

N_ROWS = 60


def column(make):
    """Make a column of text, one cell per row."""
    return pd.Series([make(i) for i in range(N_ROWS)], dtype=object)


COLUMNS = {
    "number": [
        column(lambda i: f"{i / 4}"),
        column(lambda i: "?" if i % 7 == 0 else f" {i % 5}.5 "),
        column(lambda i: "NA" if i % 7 == 0 else f"-{i}e3"),
        column(lambda i: str(i % 2)),
        column(lambda i: i * 0.1),
        column(lambda i: "5" if i % 2 else ""),
        column(lambda i: f"{i},5" if i % 3 else str(i)),
        column(lambda i: f"{i + 1},250" if i % 3 else "900"),
        column(lambda i: [0.5 * i, np.inf][i % 9 == 0]),
        column(lambda i: "#DIV/0!" if i % 9 == 0 else f"{i / 4}"),
        column(lambda i: ">5" if i == 7 else f"{i / 4}"),
        column(lambda i: "1e300" if i == 7 else f"{i / 4}"),
    ],
    "boolean": [
        column(lambda i: "yes" if i % 2 else "No"),
        column(lambda i: bool(i % 2)),
        column(lambda i: ["True", "False", ""][i % 3]),
    ],
    "date": [
        column(lambda i: f"2020-{i % 12 + 1:02}-03"),
        column(lambda i: f"2020-01-{i % 28 + 1:02}T08:{i % 60:02}:00"),
        column(lambda i: f"{i % 28 + 1:02}.11.1999" if i % 9 else "?"),
        column(lambda i: f"12/{i % 28 + 1}/1999"),
        column(lambda i: pd.Timestamp(2020, 1, i % 28 + 1)),
        column(lambda i: "9999-12-31" if i % 2 else f"2020-01-{i % 28 + 1:02}"),
        column(lambda i: f"1492-01-{i % 28 + 1:02}"),
        column(lambda i: "31.12.9999" if i % 2 else f"{i % 28 + 1:02}.01.2020"),
    ],
    "category": [
        column(lambda i: ["red", "green", "dark blue", ""][i % 4]),
        column(lambda i: f"<{i % 3}"),
        column(lambda i: ["New York City", "Rio de Janeiro"][i % 2]),
        column(lambda i: ">5" if i % 10 == 0 else f"{i % 7}"),
    ],
    "text": [
        column(lambda i: f"a comment on item {i}"),
        column(lambda i: f"what a {i} of a day" if i % 5 else ""),
        column(lambda i: " ".join(np.array(list("ACGT"))[[i // 16, i // 4 % 4, i % 4]])),
        column(lambda i: f"{'😀 ' * (i % 8)}😡 {'👍 ' * (i // 8)}😴"),
        column(lambda i: f"这部电影非常好看{chr(0x4E00 + i)}"),
        column(lambda i: f"หนังเรื่องนี้ดีมาก{'ก' * i}"),
    ],
    "dropped": [
        column(lambda i: ""),
        column(lambda i: ["?", "", "NA", None][i % 4]),
        column(lambda i: "same"),
        column(lambda i: f"u-{i:04}"),
        column(lambda i: str(i + 7)),
    ],
}


@pytest.fixture(scope="module")
def kinds():
    """The kinds of all columns, as an encoder recognises them."""
    frame = {
        f"{kind} {i}": cells for kind in COLUMNS for i, cells in enumerate(COLUMNS[kind])
    }
    return TableEncoder().fit(pd.DataFrame(frame)).kinds_


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_are_recognised(kinds, kind):
    found = {name: found.name for name, found in kinds.items() if name.startswith(kind)}
    assert found == dict.fromkeys(found, kind)


def kinds_of(**columns):
    """Return the name of the kind of each column."""
    kinds = TableEncoder().fit(pd.DataFrame(columns)).kinds_
    return {name: kind.name for name, kind in kinds.items()}


def test_different_integers_are_dropped_only_if_called_an_id():
    squares = column(lambda i: str(i * i))
    assert kinds_of(id=squares, user_id=squares, width=squares) == {
        "id": "dropped",
        "user_id": "dropped",
        "width": "number",
    }


def test_few_rows_are_no_evidence_of_identifiers():
    found = kinds_of(x=["3", "4", "5"], y=["a", "b", "c"])
    assert found == {"x": "number", "y": "category"}


@pytest.fixture(scope="module")
def table():
    """One column of each kind; no column is an identifier."""
    return pd.DataFrame(
        {kind: columns[1] for kind, columns in COLUMNS.items() if kind != "boolean"}
        | {"boolean": COLUMNS["boolean"][0]}
    )


def dense(X):
    return X.toarray() if issparse(X) else X


def encode(cells, new=None):
    """Fit to a column; return it, or new cells, encoded."""
    encoder = TableEncoder().fit(pd.DataFrame({"x": cells}))
    return dense(encoder.transform(pd.DataFrame({"x": cells if new is None else new})))


def test_stray_cell_among_numbers_is_remembered():
    cells = column(lambda i: [">5", "n.b."][i == 9] if i in (7, 8, 9) else f"{i / 4}")
    kind = TableEncoder().fit(pd.DataFrame({"x": cells})).kinds_["x"]
    assert (kind.name, kind.stray) == ("number", ">5")


def test_decimal_commas_are_read_as_decimal_points():
    points = column(lambda i: f"{i / 4}")
    assert np.array_equal(encode(points.str.replace(".", ",")), encode(points))


def test_new_cells_are_read_with_the_comma_of_the_training_table():
    commas = column(lambda i: f"{i},5")
    found = encode(commas, ["2,25", "3", "2.25", ""])
    points = commas.str.replace(",", ".")
    assert np.array_equal(found, encode(points, ["2.25", "3", "", ""]))


def test_commas_between_thousands_are_no_decimals():
    cells = column(lambda i: ["900", "1,250", "2,000,000"][i % 3])
    assert np.array_equal(encode(cells), encode(cells.str.replace(",", "")))


def test_dates_of_all_years_are_as_far_apart_as_the_years():
    years = np.array([1, 1492, 1970, 2020, 9999])
    days = encode([f"{year:04}-01-01" for year in years])[:, 0]
    assert np.allclose(days, (years - years.mean()) / years.std(), atol=1e-3)


def test_last_day_of_all_is_a_friday_in_december():
    friday = "2021-12-31T23:00"
    found = encode(["9999-12-31T23:00", friday, "2020-01-01T00:00"])
    assert np.array_equal(found[0, 1:], found[1, 1:])
    assert (found[0, 1:] != found[2, 1:]).all()


@pytest.fixture(scope="module")
def encoder(table):
    return TableEncoder().fit(table)


def test_kinds_are_those_of_the_columns(encoder):
    assert {name: kind.name for name, kind in encoder.kinds_.items()} == {
        name: name for name in encoder.kinds_
    }


def test_output_is_finite_float32_without_missing_values(encoder, table):
    encoded = encoder.transform(table)
    assert encoded.dtype == np.float32
    assert np.isfinite(dense(encoded)).all()


@pytest.mark.parametrize("name", ["a__b", "text 1", "__", "number"])
def test_text_column_may_have_any_name(name):
    X = pd.DataFrame({name: COLUMNS["text"][0], "other": COLUMNS["text"][1]})
    plain = X.set_axis(["first", "second"], axis=1)
    encoded = [dense(TableEncoder().fit_transform(frame)) for frame in (X, plain)]
    assert np.array_equal(*encoded)


@pytest.mark.parametrize("place", [0, 2, 3, 4])
def test_texts_become_features(place):
    encoded = encode(COLUMNS["text"][place])
    assert len(np.unique(encoded, axis=0)) > 15


def test_number_far_from_all_others_stays_finite():
    low, high = encode([f"{i}e-20" for i in range(30)], ["-1e29", "1e29"])[:, 0]
    assert -1e6 < low < 0 < high < 1e6


def test_number_beyond_all_measure_counts_as_missing():
    cells = [*(f"{i / 4}" for i in range(30)), ""]
    huge, missing = encode(cells, ["1e300", ""])
    assert np.array_equal(huge, missing)


def test_numbers_are_standardised_and_their_gaps_marked(table):
    encoded = TableEncoder().fit_transform(table[["number"]])
    is_missing = table["number"].to_numpy() == "?"
    assert encoded.shape == (N_ROWS, 2)
    assert np.allclose(encoded.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(encoded.std(axis=0), 1, atol=1e-6)
    assert np.array_equal(encoded[:, 1] > 0, is_missing)


def test_missing_is_a_category(table):
    encoded = dense(TableEncoder().fit_transform(table[["category"]]))
    assert encoded.shape[1] == len(table["category"].unique())
    assert np.array_equal(encoded.sum(axis=1), np.ones(N_ROWS))


def test_typed_cells_are_encoded_as_their_text(table):
    X = table[["number", "boolean", "category", "date"]]
    typed = pd.read_csv(StringIO(X.to_csv(index=False)), na_values="?")
    encoder = TableEncoder().fit(X)
    assert typed["number"].dtype == np.float64
    assert np.array_equal(dense(encoder.transform(X)), dense(encoder.transform(typed)))


def test_order_of_the_columns_and_further_ones_do_not_matter(encoder, table):
    other = table[table.columns[::-1]].assign(more=1)
    assert np.array_equal(
        dense(encoder.transform(table)), dense(encoder.transform(other))
    )


def test_unknown_cells_count_as_missing(encoder, table):
    known = ["number", "boolean", "date"]
    strange = table.assign(**dict.fromkeys(known, "what?"))
    absent = table.assign(**dict.fromkeys(known, ""))
    assert np.array_equal(
        dense(encoder.transform(strange)), dense(encoder.transform(absent))
    )


def test_unseen_category_is_encoded(encoder, table):
    encoded = dense(encoder.transform(table.assign(category="ultraviolet")))
    assert np.isfinite(encoded).all()


def test_rare_categories_share_a_column():
    cells = ["a", "a", "b", "b", "c", "d"] * 10 + ["rare", "seldom"]
    assert encode(cells).shape[1] == 5
    assert np.array_equal(*encode(cells, ["rare", "seldom"]))


def test_one_row_can_be_encoded(encoder, table):
    assert np.array_equal(
        dense(encoder.transform(table[4:5])), dense(encoder.transform(table))[4:5]
    )


def test_missing_column_is_named(encoder, table):
    with pytest.raises(ValueError, match=r"\['number'\] are missing"):
        encoder.transform(table.drop(columns="number"))


def test_dropped_column_is_not_needed(encoder, table):
    encoder.transform(table.drop(columns="dropped"))


def test_array_is_refused():
    with pytest.raises(TypeError, match=r"must be a pandas\.DataFrame; got ndarray"):
        TableEncoder().fit(np.zeros((3, 2)))


def test_table_without_use_is_refused():
    with pytest.raises(ValueError, match="'x': the same value in all rows"):
        TableEncoder().fit(pd.DataFrame({"x": ["1", "1"]}))


def test_copy_and_clone_keep_what_they_should(encoder, table):
    copy = pickle.loads(pickle.dumps(encoder))
    assert np.array_equal(dense(copy.transform(table)), dense(encoder.transform(table)))
    with pytest.raises(NotFittedError):
        clone(encoder).transform(table)
