"""The cells of a column as distinct texts, and the numbers and dates written in them."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

# What a failed calculation leaves in a cell.
INFINITE = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}

# What a spreadsheet writes where a formula failed.
SHEET_ERRORS = {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}

# Cells that stand for a missing value, in lower case.
MISSING = {"", "?", "-", "na", "n/a", "#n/a", "nan", "nat", "<na>", "null", "none"}
MISSING |= INFINITE | SHEET_ERRORS

# How a number may be written, with the pattern of a cell where it is not Python's. The
# order decides: "1,234" in a column with "900" is more than a thousand.
NUMBER_STYLES = {
    "point": None,
    "thousands": r"[+-]?(?:\d{1,3}|[1-9]\d{0,2}(?:,\d{3})+)",
    "comma": r"[+-]?\d+(?:,\d+)?",
}

# Larger numbers are no measurements, and their squares overflow in float32.
MAX_NUMBER = 1e30

ISO = "ISO8601"

# The first format that fits all cells of a column is taken.
DATE_FORMATS = (ISO, "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y")

DATE_LIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")

SECONDS_PER_DAY = 86_400.0


class Cells(NamedTuple):
    """The distinct texts of a column, and the code of each cell; -1 is missing."""

    codes: np.ndarray
    texts: np.ndarray

    def expand(self, values, missing):
        """Return the value of each cell from the values of the distinct texts."""
        values = np.asarray(values)
        # The code -1 picks the last element, the value of missing cells.
        return np.append(values, np.array([missing], dtype=values.dtype))[self.codes]

    def shares(self):
        """Return the share of each text in the cells that are not missing."""
        present = self.codes[self.codes >= 0]
        return np.bincount(present, minlength=len(self.texts)) / max(len(present), 1)


def cells_of(column, missing=MISSING):
    """Find the distinct texts of a column."""
    codes, raw = pd.factorize(column.astype(object), use_na_sentinel=True)
    texts = [as_text(value) for value in raw]
    present = [text for text in texts if text.lower() not in missing]
    # Values of different types may have the same text, and share a code then.
    code_of = {text: code for code, text in enumerate(dict.fromkeys(present))}
    text_codes = np.array([code_of.get(text, -1) for text in texts] + [-1], np.int64)
    return Cells(text_codes[codes], np.array(list(code_of), dtype=object))


def as_text(value):
    """Write a cell as text; a whole number has no decimal point."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value).strip()


def parse_numbers(texts, style="point"):
    """Read texts as numbers; what is none, or infinite, is NaN."""
    texts = pd.Series(texts, dtype=object)
    if NUMBER_STYLES[style] is not None:
        texts = texts.where(texts.map(str).str.fullmatch(NUMBER_STYLES[style]))
        texts = texts.str.replace(",", "." if style == "comma" else "", regex=False)
    numbers = pd.to_numeric(texts, errors="coerce")
    numbers = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def parse_measurements(texts, style="point"):
    """Read texts as numbers; those beyond MAX_NUMBER are NaN too."""
    numbers = parse_numbers(texts, style)
    return np.where(np.abs(numbers) <= MAX_NUMBER, numbers, np.nan)


def find_number_style(cells, min_share=1.0):
    """Return the number style of a column, and its most frequent unusable text."""
    shares = cells.shares()
    numbers = {}
    for style in NUMBER_STYLES:
        numbers[style] = parse_numbers(cells.texts, style)
        if not np.isnan(numbers[style]).any():
            break
    best = max(numbers, key=lambda style: shares[~np.isnan(numbers[style])].sum())
    is_number = ~np.isnan(numbers[best])
    if not is_number.all() and (min_share == 1 or shares[is_number].sum() < min_share):
        return None, None
    is_stray = ~(np.abs(numbers[best]) <= MAX_NUMBER)
    if shares[is_stray].sum() > 0.5:
        return None, None
    strays = cells.texts[is_stray]
    return best, strays[shares[is_stray].argmax()] if len(strays) else None


def find_date_format(texts):
    """Return the format in which all texts are dates, or None."""
    if not all(DATE_LIKE.match(text) for text in texts):
        return None
    for date_format in DATE_FORMATS:
        if not np.isnan(parse_dates(texts, date_format)).any():
            return date_format
    return None


def parse_dates(texts, date_format):
    """Read texts as dates, in seconds since 1970; what is no date is NaN."""
    dates = pd.to_datetime(
        pd.Series(texts, dtype=object), format=date_format, errors="coerce", utc=True
    )
    stamps = dates.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    seconds = (stamps - np.datetime64(0, "us")) / np.timedelta64(1, "s")
    # pandas may count nanoseconds, which end in the year 2262; 9999-12-31 is "for ever".
    for i in np.flatnonzero(np.isnan(seconds)):
        seconds[i] = parse_distant_date(texts[i], date_format)
    return seconds


def parse_distant_date(text, date_format):
    """Read a date of any year, in seconds since 1970."""
    try:
        if date_format == ISO:
            date = datetime.fromisoformat(text)
        else:
            date = datetime.strptime(text, date_format)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return (date - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        return np.nan


def split_dates(seconds):
    """Split columns of dates into day, month, weekday and hour."""
    parts = []
    for column in np.asarray(seconds, dtype=np.float64).T:
        whole = np.nan_to_num(np.floor(column)).astype("datetime64[s]")
        whole[np.isnan(column)] = np.datetime64("NaT")
        dates = pd.DatetimeIndex(whole)
        parts += [column / SECONDS_PER_DAY, dates.month, dates.day_of_week, dates.hour]
    return np.column_stack([np.asarray(part, dtype=np.float64) for part in parts])
