"""How a column is read, in words for a person who never programmed."""

import re

import numpy as np

from sklnoise._text import shorten
from sklnoise.tables._dates import DateFormat
from sklnoise.tables._numbers import NumberFormat, read_plain

ISO = re.compile(r"\d{4}-\d\d-\d\d")
NUMERIC_DATE = re.compile(r"\d{1,2}[-./]\d{1,2}[-./]\d{2,4}\b")
ORDERS = {"DMY": ", the day first", "MDY": ", the month first", "YMD": ", the year first"}


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
