"""The columns of a new table, read as those of the training table were."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import shorten
from sklnoise.tables._dates import DateFormat
from sklnoise.tables._kinds import BooleanFormat, find_format, read_texts
from sklnoise.tables._numbers import NumberFormat

# In a new table, a column of which less than this share can be read has another spelling.
MIN_SHARE_READ = 0.5

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
        return is_inside.mean() >= MIN_SHARE_READ if len(values) else False


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
    n_filled = cells.counts()[cells.is_filled()].sum()
    if n_filled >= MIN_CELLS_TO_REFUSE and share_read(cells, values) < MIN_SHARE_READ:
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


def share_read(cells, values):
    """Return the share of the filled cells that are read."""
    counts = cells.counts()
    return counts[~pd.isna(values)].sum() / max(counts[cells.is_filled()].sum(), 1)
