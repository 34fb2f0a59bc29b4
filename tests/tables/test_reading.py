"""The cells of a column are read as a person would read them."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise import make_table_encoder

N_ROWS = 60
NUMBERS = np.array([(37 * i % 61 + 1) * 1.25 for i in range(N_ROWS)])
DATES = pd.date_range("2018-01-09", periods=N_ROWS, freq="11D 7h 1min")


def column(make):
    """Make a column of text, one cell per row."""
    return pd.Series([make(i) for i in range(N_ROWS)], dtype=object)


def read(cells, new=None, name="x"):
    """Fit to a column; return its kind, and its cells or new ones as they are read."""
    X = pd.DataFrame({name: cells, "other": np.arange(len(cells)) % 7})
    reader = make_table_encoder()[0].fit(X)
    if new is not None:
        X = pd.DataFrame({name: new, "other": 0.0})
    kind = reader.kinds_[name]
    return kind, None if kind.name == "dropped" else reader.transform(X)[name]


KINDS = {
    "number": [
        column(lambda i: f"{i / 4}"),
        column(lambda i: "NA" if i % 7 == 0 else f"-{i}e3"),
        column(lambda i: str(i % 2)),
        column(lambda i: i * 0.1),
        column(lambda i: "5" if i % 2 else ""),
        column(lambda i: [0.5 * i, np.inf][i % 9 == 0]),
        column(lambda i: "#DIV/0!" if i % 9 == 0 else f"{i / 4}"),
        column(lambda i: "1e300" if i == 7 else f"{i / 4}"),
        column(lambda i: decimal.Decimal(i) / 4),
        column(lambda i: datetime.timedelta(hours=i * i)),
        pd.Series([None, 1, 2] * 20, dtype="Int64"),
    ],
    "boolean": [
        column(lambda i: "yes" if i % 2 else "No"),
        column(lambda i: bool(i % 2)),
        column(lambda i: [True, False, None][i % 3]),
        column(lambda i: ["True", "False", ""][i % 3]),
    ],
    "date": [
        column(lambda i: pd.Timestamp(2020, 1, i % 28 + 1)),
        column(lambda i: datetime.date(1492 + 100 * (i % 9), 1, i % 28 + 1)),
        column(lambda i: "9999-12-31" if i % 2 else f"2020-01-{i % 28 + 1:02}"),
        column(lambda i: "31.12.9999" if i % 2 else f"{i % 28 + 1:02}.01.2020"),
        pd.Series(pd.date_range("2020", periods=N_ROWS, tz="Asia/Tokyo")),
        pd.Series(pd.period_range("2020", periods=N_ROWS, freq="M")),
        pd.Series([20140601 + i % 28 for i in range(N_ROWS)]),
    ],
    "category": [
        column(lambda i: ["red", "green", "dark blue", ""][i % 4]),
        column(lambda i: f"<{i % 3}"),
        column(lambda i: ["New York City", "Rio de Janeiro"][i % 2]),
        column(lambda i: f"{i % 4}-{i % 3}"),
        column(lambda i: ["1", "2", "low", "high"][i % 4]),
        column(lambda i: [b"a", b"b"][i % 2]),
        pd.Series(pd.Categorical(["a", None, "b"] * 20)),
    ],
    "text": [
        column(lambda i: f"a comment on item {i}"),
        column(lambda i: f"http://{i * 7919 % 1000}.example/{i}"),
        column(lambda i: f"{i}{'ABCDEF'[i % 6]}"),
        column(lambda i: f"这部电影非常好看{chr(0x4E00 + i)}"),
        column(lambda i: [i, i * i, "b"]),
    ],
    "dropped": [
        column(lambda i: ""),
        column(lambda i: ["?", "", "NA", None][i % 4]),
        column(lambda i: "same"),
        column(lambda i: f"P-{i:04}"),
        column(lambda i: f"{i * 7919:08x}-{i * 104729:016x}"),
        column(lambda i: str(i + 7)),
        pd.Series(np.arange(N_ROWS)[::-1]),
    ],
}


@pytest.mark.parametrize(
    ("kind", "cells"), [(kind, cells) for kind in KINDS for cells in KINDS[kind]]
)
def test_columns_are_recognised(kind, cells):
    assert read(cells)[0].name == kind


def test_different_integers_are_dropped_only_if_called_an_id():
    squares = column(lambda i: str(i * i))
    names = ["id", "user_id", "width"]
    found = [read(squares, name=name)[0].name for name in names]
    assert found == ["dropped", "dropped", "number"]


def test_few_rows_are_no_evidence_of_identifiers():
    assert [read(cells)[0].name for cells in (["3", "4", "5"], ["a", "b", "c"])] == [
        *("number", "category")
    ]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: f"{x * 100:,.2f}",
        lambda x: f"${x * 100:,.2f}",
        lambda x: f"{x * 100:,.2f}".translate(str.maketrans(",.", ".,")),
        lambda x: f"{x * 100:,.2f} €".replace(",", "\u00a0").replace(".", ","),
        lambda x: f"CHF {x * 100:,.2f}".replace(",", "'"),
        lambda x: f"Rs. {x * 100:,.2f}",
        lambda x: f"'{x}",
        lambda x: f'="{x}"',
        lambda x: f"{x * 100:.0f}%",
        lambda x: f"{x * 100} km/h",
        lambda x: f"{x * 100}m²",
        lambda x: f"{x * 100}k" if x < 40 else f"{x / 10}M",
        lambda x: f"{x * 100:.0f}-{x * 100:.0f}",
        lambda x: f"{x * 100 - 3} – {x * 100 + 3}",
        lambda x: f"~{x * 100}" if x < 10 else f"{x * 100}",
        lambda x: f"$ {x / 10:.3f} million",
        lambda x: f"{x * 100:,.0f}[{int(x) % 9}]",
    ],
)
def test_numbers_are_read_as_people_write_them(write):
    kind, found = read([write(x) for x in NUMBERS])
    assert kind.name == "number"
    assert_allclose(found / found[0], NUMBERS / NUMBERS[0], rtol=1e-3)


@pytest.mark.parametrize(
    "pattern", ["−{}", "-{}", "({})", "-${}", "$-{}", "(${})", "$({})", "{}-"]
)
def test_negative_numbers_are_read(pattern):
    found = read([pattern.format(x) if x < 40 else f"{x}" for x in NUMBERS])[1]
    assert_allclose(found, np.where(NUMBERS < 40, -NUMBERS, NUMBERS))


@pytest.mark.parametrize(
    "word",
    [".", "--", "n.a.", "unknown", "(null)", "\\N", "*", "TBD", "not available", "ex."],
)
def test_words_among_numbers_are_missing_and_noted(word):
    kind, found = read([word if i % 8 == 1 else f"{x}" for i, x in enumerate(NUMBERS)])
    assert kind.name == "number"
    assert_array_equal(np.isnan(found), np.arange(N_ROWS) % 8 == 1)
    assert kind.notes == (f"8 cells such as '{word}' count as missing",)


def test_bounds_among_numbers_are_their_numbers():
    kind, found = read(["<5" if i % 8 == 1 else f"{x}" for i, x in enumerate(NUMBERS)])
    assert (found[1::8] == 5).all()
    assert kind.notes == ("8 cells such as '<5' are read as a number",)


def test_units_may_be_plural_and_groups_open():
    cells = column(lambda i: ["< 1 year", "1 year", "2 years", "10+ years"][i % 4])
    assert_array_equal(read(cells)[1][:4], [1, 1, 2, 10])


def test_commas_between_thousands_are_no_decimals():
    cells = column(lambda i: ["900", "1,250", "2,000,000"][i % 3])
    assert_array_equal(read(cells)[1][:3], [900, 1250, 2_000_000])


@pytest.mark.parametrize(("other", "first"), [("20,5", 2.857), ("20.5", 2857)])
def test_other_columns_tell_what_a_comma_is(other, first):
    X = pd.DataFrame({"x": ["2,857", "7,143", "11,429"] * 9, "other": other})
    X.loc[0, "other"] = other.replace("5", "7")
    assert make_table_encoder()[0].fit_transform(X)["x"][0] == first


@pytest.mark.parametrize(
    "write",
    [
        lambda d: f"{d:%Y-%m-%d}",
        lambda d: f"{d:%Y%m%d}",
        lambda d: f"{d:%Y/%m/%d}",
        lambda d: f"{d:%d.%m.%Y}",
        lambda d: f"{d:%d/%m/%Y}",
        lambda d: f"{d.month}/{d.day}/{d:%y}",
        lambda d: f"{d:%d-%m-%y}",
        lambda d: f"{d:%d-%b-%y}",
        lambda d: f"{d:%B} {d.day}, {d.year}",
        lambda d: f"{d:%A}, {d.day}th of {d:%B} {d.year}",
        lambda d: f"{d.year}年{d.month}月{d.day}日",
    ],
)
def test_dates_are_read_in_their_order(write):
    kind, found = read([write(d) for d in DATES])
    assert kind.name == "date"
    assert_array_equal(found.to_numpy(), DATES.to_numpy().astype("datetime64[D]"))


@pytest.mark.parametrize(
    "pattern",
    ["%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%dT%H%M%S"],
)
def test_times_of_dates_are_read(pattern):
    found = read(list(DATES.strftime(pattern)))[1]
    assert_array_equal(found.to_numpy(), DATES.to_numpy().astype("datetime64[s]"))


@pytest.mark.parametrize("pattern", ["%Y-%m", "%b-%y", "%m/%Y", "%B %Y"])
def test_months_are_read(pattern):
    found = read(list(DATES.strftime(pattern)))[1]
    assert_array_equal(found.to_numpy(), DATES.to_numpy().astype("datetime64[M]"))


@pytest.mark.parametrize(
    "cell", ["3. März 2019", "3 mars 2019", "3 de marzo de 2019", "3 mrt 2019"]
)
def test_months_are_read_in_other_languages(cell):
    cells = column(lambda i: cell.replace("3", str(i % 28 + 1)))
    assert read(cells)[1][2] == pd.Timestamp(2019, 3, 3)


def test_clock_times_and_time_zones_are_read():
    clock = read(column(lambda i: f"{i % 24}:{i % 60:02}"))[1]
    assert_array_equal(clock[[5, 23]].dt.hour, [5, 23])
    zones = column(lambda i: f"2020-01-{i % 28 + 1:02}T08:05+02:00")
    assert read(zones)[1][0] == pd.Timestamp(2020, 1, 1, 6, 5)


@pytest.mark.parametrize(("day", "order"), [("16/3", "day"), ("3/16", "month")])
def test_order_of_day_and_month_is_noted(day, order):
    kind, found = read(["1/2/2019", *[f"{day}/2019"] * 8])
    assert found[0] == pd.Timestamp(2019, *((2, 1) if order == "day" else (1, 2)))
    assert kind.notes[0].endswith(f"written like '{day}/2019', the {order} first")


def test_stray_word_among_dates_is_missing():
    cells = [f"{d:%Y-%m-%d}" for d in DATES]
    kind, found = read(["later", *cells[1:]])
    assert kind.name == "date"
    assert found.isna().tolist() == [True] + [False] * (N_ROWS - 1)
    assert "1 cell such as 'later' counts as missing" in kind.notes


@pytest.mark.parametrize("code", [-999, 9999, -1])
def test_code_far_from_all_numbers_is_missing(code):
    numbers = np.where(np.arange(N_ROWS) % 10 == 3, code, 500 + NUMBERS)
    kind, found = read(numbers)
    assert_array_equal(found.isna(), numbers == code)
    assert kind.notes == (f"6 cells with {code} count as missing",)


def test_number_far_from_all_others_is_noted():
    kind, _ = read([9999999999, *NUMBERS[1:]])
    assert kind.notes == ("the value 9999999999 is far from all others",)
    assert read(np.exp(NUMBERS / 20))[0].notes == ()


def test_spellings_and_what_is_left_out_are_noted():
    X = pd.DataFrame({"price": [f"${x}" for x in NUMBERS], "same": "x"})
    assert make_table_encoder()[0].fit(X).notes_ == [
        "'price': read as numbers written like '$1.25'",
        "'same': left out, the same value in all rows",
    ]


@pytest.mark.parametrize(
    ("train", "new"),
    [("{:.2f}", "{:.2f} km"), ("{:.3f}", "comma"), ("comma", "{:.3f}"), ("${}", "{}")],
)
def test_new_table_may_have_another_spelling_of_numbers(train, new):
    def write(pattern):
        if pattern == "comma":
            return [f"{x:.3f}".replace(".", ",") for x in NUMBERS]
        return [pattern.format(x) for x in NUMBERS]

    # Another column tells what the comma is in the training table.
    X = pd.DataFrame({"x": write(train), "other": NUMBERS * 10})
    X["other"] = X["other"].map(str).str.replace(".", "," if train == "comma" else ".")
    reader = make_table_encoder()[0].fit(X)
    found = reader.transform(X.assign(x=write(new)))["x"]
    assert_allclose(found, reader.transform(X)["x"])


def test_most_cells_of_a_column_may_be_unknown():
    kind, found = read([f"{x}" if i % 3 else "unknown" for i, x in enumerate(NUMBERS)])
    assert (kind.name, found.isna().sum()) == ("number", 20)
    assert read(["unknown"] * 50 + ["7.5", "8.5", "9.25"] * 3)[0].name == "number"


def test_new_table_may_have_another_order_of_day_and_month():
    iso, american = (DATES.strftime(pattern) for pattern in ("%Y-%m-%d", "%m/%d/%Y"))
    assert_array_equal(read(list(iso), list(american[:9]))[1], read(list(iso))[1][:9])


def test_new_table_may_have_another_spelling_of_dates():
    iso, german = (DATES.strftime(pattern) for pattern in ("%Y-%m-%d", "%d.%m.%Y"))
    assert_array_equal(read(list(iso), list(german))[1], read(list(iso))[1])


@pytest.mark.parametrize("kind", ["number", "boolean", "date"])
def test_new_column_that_cannot_be_read_is_refused(kind):
    cells = KINDS[kind][0]
    with pytest.raises(ValueError, match=r"column 'x' that held .*, such as 'what\?'"):
        read(cells, ["what?"] * 9)
    assert read(cells, ["what?", cells[3], ""])[1].isna().tolist() == [True, False, True]
    assert read(cells, ["unknown"] * 9)[1].isna().all()
