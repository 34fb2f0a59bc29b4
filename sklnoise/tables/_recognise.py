"""The columns of a training table recognised, with notes for people."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import shorten
from sklnoise.tables._codes import (
    dates_of_numbers,
    find_far_values,
    find_missing_code,
    is_row_number,
)
from sklnoise.tables._dates import DateFormat
from sklnoise.tables._kinds import (
    BooleanFormat,
    Kind,
    find_format,
    is_identifier,
    kind_of_strings,
    read_texts,
)
from sklnoise.tables._numbers import NumberFormat, read_plain
from sklnoise.tables._reading import Reading, strings_of

CONSTANT, EMPTY = "the same value in all rows", "all values are missing"
UNIQUE, ROW_NUMBER = "nearly every row has a value of its own", "numbers the rows"

ISO = re.compile(r"\d{4}-\d\d-\d\d")
NUMERIC_DATE = re.compile(r"\d{1,2}[-./]\d{1,2}[-./]\d{2,4}\b")
ORDERS = {"DMY": ", the day first", "MDY": ", the month first", "YMD": ", the year first"}


class Recognised(NamedTuple):
    """A column of the training table: what it holds, how it is read, and its values."""

    kind: Kind
    reading: Reading | None = None
    column: object = None


def recognise_strings(cells, name, decimal, is_category=False):
    """Recognise a column of texts, or of categories that are typed as such."""
    if not len(cells.texts):
        return dropped(EMPTY)
    if len(cells.texts) == 1 and (cells.codes >= 0).all():
        return dropped(CONSTANT)
    style = None if is_category else find_format(cells, decimal)
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


def dropped(reason):
    """Return a column that is left out."""
    return Recognised(Kind("dropped", reason, (f"left out, {reason}",)))


def notes_on_spelling(style, example):
    """Return how the cells of a column are read, where that is not plain to see."""
    if isinstance(style, DateFormat) and not ISO.match(example):
        order = ORDERS[style.order] if NUMERIC_DATE.match(example) else ""
        return [f"read as dates or times written like {quote(example)}{order}"]
    if isinstance(style, NumberFormat) and np.isnan(read_plain([example])).any():
        return [f"read as numbers written like {quote(example)}"]
    return []


def notes_on_strays(cells, values, is_bound):
    """Return notes on the cells that are not as the others of a column."""
    is_read, notes = ~np.isnan(values), []
    if not is_read.all():
        n, text = cells.most_frequent(~is_read)
        verb = "counts" if n == 1 else "count"
        notes.append(f"{count_cells(n)} such as {quote(text)} {verb} as missing")
    if is_bound.any():
        n, text = cells.most_frequent(is_bound)
        verb = "is" if n == 1 else "are"
        notes.append(f"{count_cells(n)} such as {quote(text)} {verb} read as a number")
    return notes


def count_cells(n):
    """Return the number of cells as words."""
    return "1 cell" if n == 1 else f"{n} cells"


def quote(text):
    """Return a text in quotes, on one line and without escapes."""
    return f"'{shorten(text)}'"
