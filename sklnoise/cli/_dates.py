"""Dates: how they are written, and the numbers that a network can use."""

import re

import numpy as np
import pandas as pd

DATE_FORMATS = ("ISO8601", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y")
"""Ways to write a date; the first that fits all cells of a column is taken."""

DATE_LIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")

DAY = 86_400.0
"""Seconds."""

DATE_PARTS = ("day", "month", "weekday", "hour")


def date_format_of(values):
    """Find how dates are written.

    Parameters
    ----------
    values : ndarray of str
        Texts.

    Returns
    -------
    date_format : str or None
        None if they are not all dates in one format.
    """
    if not all(DATE_LIKE.match(value) for value in values):
        return None
    for date_format in DATE_FORMATS:
        if not np.isnan(seconds_of(values, date_format)).any():
            return date_format
    return None


def seconds_of(values, date_format):
    """Read texts as dates.

    Parameters
    ----------
    values : ndarray of str
        Texts.

    date_format : str
        How they are written.

    Returns
    -------
    seconds : ndarray of float
        Since 1970 in UTC; NaN where a text is no date.
    """
    dates = pd.to_datetime(
        pd.Series(values, dtype=object), format=date_format, errors="coerce", utc=True
    )
    start = pd.Timestamp(0, tz="UTC")
    return ((dates - start) / pd.Timedelta(seconds=1)).to_numpy(dtype=np.float64)


def date_parts(seconds):
    """Take dates apart.

    Parameters
    ----------
    seconds : DataFrame of shape (n_rows, n_dates)
        Since 1970, NaN where missing.

    Returns
    -------
    parts : ndarray of shape (n_rows, 4 * n_dates)
        Days since 1970, month, weekday and hour of each date; NaN where missing.
    """
    parts = []
    for column in np.asarray(seconds, dtype=np.float64).T:
        dates = pd.to_datetime(pd.Series(column), unit="s").dt
        parts += [column / DAY, dates.month, dates.day_of_week, dates.hour]
    return np.column_stack([np.asarray(part, dtype=np.float64) for part in parts])


def date_part_names(transformer, names):
    """Name the parts of dates.

    Parameters
    ----------
    transformer : FunctionTransformer
        Ignored.

    names : sequence of str
        The dates.

    Returns
    -------
    names : list of str
        One a part.
    """
    return [f"{name} ({part})" for name in names for part in DATE_PARTS]
