"""Dates: how they are written, and the numbers that a network can use."""

import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd

ISO = "ISO8601"

DATE_FORMATS = (ISO, "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y")
"""Ways to write a date; the first that fits all cells of a column is taken."""

DATE_LIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")

DAY = 86_400.0
"""Seconds."""

DATE_PARTS = ("day", "month", "weekday", "hour")


def date_format_of(values):
    """Find how dates are written."""
    if not all(DATE_LIKE.match(value) for value in values):
        return None
    for date_format in DATE_FORMATS:
        if not np.isnan(seconds_of(values, date_format)).any():
            return date_format
    return None


def seconds_of(values, date_format):
    """Read texts as dates."""
    dates = pd.to_datetime(
        pd.Series(values, dtype=object), format=date_format, errors="coerce", utc=True
    )
    stamps = dates.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    seconds = (stamps - np.datetime64(0, "us")) / np.timedelta64(1, "s")
    # pandas may count nanoseconds, which end in the year 2262; 9999-12-31 is "for ever".
    for place in np.flatnonzero(np.isnan(seconds)):
        seconds[place] = far_seconds(values[place], date_format)
    return seconds


def far_seconds(value, date_format):
    """Read a date of any year."""
    try:
        if date_format == ISO:
            date = datetime.fromisoformat(value)
        else:
            date = datetime.strptime(value, date_format)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return (date - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        return np.nan


def date_parts(seconds):
    """Take dates apart."""
    parts = []
    for column in np.asarray(seconds, dtype=np.float64).T:
        whole = np.nan_to_num(np.floor(column)).astype("datetime64[s]")
        whole[np.isnan(column)] = np.datetime64("NaT")
        dates = pd.DatetimeIndex(whole)
        parts += [column / DAY, dates.month, dates.day_of_week, dates.hour]
    return np.column_stack([np.asarray(part, dtype=np.float64) for part in parts])


def date_part_names(transformer, names):
    """Name the parts of dates."""
    return [f"{name} ({part})" for name in names for part in DATE_PARTS]
