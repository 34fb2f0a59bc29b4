"""Columns recognised in a training table, and read in the same way in others."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import shorten
from sklnoise.tables._cells import MISSING_WORDS
from sklnoise.tables._dates import DateFormat
from sklnoise.tables._far import find_far_values, find_missing_code
from sklnoise.tables._kinds import (
    BooleanFormat,
    Kind,
    find_format,
    is_identifier,
    is_row_number,
    kind_of_strings,
    read_texts,
)
from sklnoise.tables._notes import count_cells, notes_on_spelling, notes_on_strays
from sklnoise.tables._numbers import NumberFormat

CONSTANT, EMPTY = "the same value in all rows", "all values are missing"
UNIQUE, ROW_NUMBER = "nearly every row has a value of its own", "numbers the rows"

# In a new table, a column of which less than this share can be read has another spelling.
MIN_READ_SHARE = 0.5

# With fewer cells than this, what cannot be read counts as missing.
MIN_CELLS_TO_REFUSE = 5


class Reading(NamedTuple):
    """How the cells of a column become values."""

    style: object = None
    missing_code: float | None = None
    low: float = -np.inf
    high: float = np.inf

    def without_code(self, values):
        """Return values with NaN where the code for a missing value stands."""
        if self.missing_code is None:
            return values
        return np.where(values == self.missing_code, np.nan, values)

    def is_usual(self, values, slack):
        """Return whether most numbers are in the range of the training table."""
        values, slack = values[~np.isnan(values)], slack * (self.high - self.low)
        is_inside = (values >= self.low - slack) & (values <= self.high + slack)
        return is_inside.mean() >= MIN_READ_SHARE if len(values) else False


class Recognised(NamedTuple):
    """A column of the training table: what it holds, how it is read, and its values."""

    kind: Kind
    reading: Reading | None = None
    column: object = None


def recognise_strings(cells, name, decimal):
    """Recognise a column of texts."""
    if not len(cells.texts):
        return dropped(EMPTY)
    if len(cells.texts) == 1 and (cells.codes >= 0).all():
        return dropped(CONSTANT)
    style = find_format(cells, decimal)
    if style is None:
        if is_identifier(cells, name):
            return dropped(UNIQUE)
        kind = kind_of_strings(cells)
        return Recognised(Kind(kind), Reading(), strings_of(cells, kind))
    values, is_bound = read_texts(cells.texts, style)
    example = shorten(cells.most_frequent(~np.isnan(values) & ~is_bound)[1])
    notes = [
        *notes_on_spelling(style, example),
        *notes_on_strays(cells, values, is_bound),
    ]
    missing = np.datetime64("NaT") if isinstance(style, DateFormat) else np.nan
    values = cells.expand(values, missing)
    if isinstance(style, NumberFormat):
        return recognise_numbers(values, name, style, example, notes)
    kind = "date" if isinstance(style, DateFormat) else "boolean"
    return Recognised(Kind(kind, example, tuple(notes)), Reading(style), values)


def recognise_values(kind, values, name):
    """Recognise a column that is typed already."""
    present = values[~pd.isna(values)]
    if not len(present):
        return dropped(EMPTY)
    if len(present) == len(values) and (present == present[0]).all():
        return dropped(CONSTANT)
    if kind == "number":
        dates = dates_of_numbers(values)
        if dates is not None:
            example = f"{present[0]:.0f}"
            notes = tuple(notes_on_spelling(DateFormat(), example))
            return Recognised(Kind("date", example, notes), Reading(DateFormat()), dates)
        return recognise_numbers(values, name, NumberFormat())
    style = DateFormat() if kind == "date" else BooleanFormat()
    return Recognised(Kind(kind), Reading(style), values)


def recognise_numbers(values, name, style, example=None, notes=()):
    """Recognise numbers; codes for missing values and far values are noted."""
    is_plain = style == NumberFormat() and not notes
    if is_plain and is_row_number(values, name):
        return dropped(ROW_NUMBER)
    notes = list(notes)
    code = find_missing_code(values)
    reading = Reading(style, code)
    if code is not None:
        n = int((values == code).sum())
        notes.append(f"{count_cells(n)} with {code:.15g} count as missing")
        values = reading.without_code(values)
    for far in find_far_values(values):
        notes.append(f"the value {far:.15g} is far from all others")
    low, high = np.nanquantile(values, [0.01, 0.99])
    reading = reading._replace(low=low, high=high)
    return Recognised(Kind("number", example, tuple(notes)), reading, values)


def dates_of_numbers(values):
    """Return the dates of numbers such as 20140616, or None if they are others."""
    is_present = ~np.isnan(values)
    present = values[is_present]
    if present.min() < 19000101 or present.max() >= 22000000 or (present % 1).any():
        return None
    distinct, codes = np.unique(present.astype(np.int64), return_inverse=True)
    dates = DateFormat().read([str(number) for number in distinct])
    if np.isnat(dates).any() or len(distinct) < 3:
        return None
    found = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[s]")
    found[is_present] = dates[codes]
    return found


def dropped(reason):
    """Return a column that is left out."""
    return Recognised(Kind("dropped", reason, (f"left out, {reason}",)))


def strings_of(cells, kind):
    """Return the cells of categories or texts; a missing one is an empty text."""
    strings = pd.Series(cells.expand(cells.texts, ""), dtype=object)
    # The type tells the two kinds apart in what follows.
    return (strings.astype("category") if kind == "category" else strings).array


def read_again(cells, reading, name):
    """Return the values of a new column, in its own spelling if it has another."""
    style, is_date = reading.style, isinstance(reading.style, DateFormat)
    missing = np.datetime64("NaT") if is_date else np.nan
    values = read_texts(cells.texts, style)[0]
    share = share_read(cells, values)
    if share < 1 or not (is_date or reading.is_usual(values, 1)):
        others = read_in_other_format(cells, style)
        share_of_others = share_read(cells, others)
        is_better = share_of_others > share
        if not is_date and share_of_others == share:
            # Both can be read: 2,857 is less than three or nearly three thousand.
            is_better = reading.is_usual(others, 0.1) and not reading.is_usual(values, 1)
        values = others if is_better else values
    n_filled = sum_of_filled(cells)
    if n_filled >= MIN_CELLS_TO_REFUSE and share_read(cells, values) < MIN_READ_SHARE:
        text = shorten(cells.most_frequent(pd.isna(values))[1])
        holds = "dates" if is_date else "numbers"
        if isinstance(style, BooleanFormat):
            holds = "true or false"
        raise ValueError(
            f"X has a column {name!r} that held {holds} in the training table; most of "
            f"its cells are none here, such as {text!r}. Write them as in that table."
        )
    return reading.without_code(cells.expand(values, missing))


def read_in_other_format(cells, style):
    """Return the values in the format that fits a new column best, of the same kind."""
    other = style
    if isinstance(style, NumberFormat):
        other = find_format(cells, "," if style.decimal == "." else ".")
    elif isinstance(style, DateFormat):
        other = find_format(cells)
    return read_texts(cells.texts, other if isinstance(other, type(style)) else style)[0]


def sum_of_filled(cells):
    """Return the number of cells that hold more than a word for missing."""
    words = [text.lower() in MISSING_WORDS for text in cells.texts]
    return cells.counts()[~np.array(words, dtype=bool)].sum()


def share_read(cells, values):
    """Return the share of the filled cells that are read."""
    return cells.counts()[~pd.isna(values)].sum() / max(sum_of_filled(cells), 1)
