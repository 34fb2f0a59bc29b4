"""Numbers that measure nothing: codes for missing values, slips, row numbers, dates."""

import re

import numpy as np

from sklnoise.tables._dates import DateFormat

# A number is far from the others if its distance from the median is as many times that of
# the next one.
MIN_DISTANCE_RATIO = 20

# The distance of a code for missing values from the others, in ranges of the others.
MIN_CODE_DISTANCE = 1

MIN_VALUES = 10

# At most as many numbers are noted as far.
MAX_FAR = 3

# In fewer rows all values may differ by chance: nothing is taken for an identifier.
MIN_ID_ROWS = 20
ID_NAME = re.compile(r"(.*[_\s.-])?(id|uuid|guid|index)|unnamed: 0", re.IGNORECASE)

# Numbers that are written where nothing is known.
CODES = [sign * float("9" * n) for n in range(1, 11) for sign in (1, -1)] + [-1.0, -8.0]


def find_missing_code(values):
    """Return the number that stands for a missing value in several cells, or None."""
    values = values[~np.isnan(values)]
    for code in (values.min(), values.max()) if len(values) >= MIN_VALUES else ():
        others = values[values != code]
        if code not in CODES or len(values) - len(others) < 3 or len(others) < 3:
            continue
        distance = np.abs(others - code).min()
        if distance > MIN_CODE_DISTANCE * np.ptp(others):
            return float(code)
    return None


def find_far_values(values):
    """Return the few numbers that are far from all others."""
    values = np.unique(values[~np.isnan(values)])
    if len(values) < MIN_VALUES:
        return []
    distances = np.abs(values - np.median(values))
    order = np.argsort(distances)
    for n_far in range(MAX_FAR, 0, -1):
        near, far = order[-n_far - 1], order[-n_far]
        if distances[far] > MIN_DISTANCE_RATIO * distances[near]:
            return values[order[-n_far:]].tolist()
    return []


def is_row_number(values, name):
    """Return whether the numbers of a column do no more than name its rows."""
    if len(values) < MIN_ID_ROWS or np.isnan(values).any() or (values % 1).any():
        return False
    if len(np.unique(values)) < len(values):
        return False
    is_consecutive = values.max() - values.min() == len(values) - 1
    return bool(is_consecutive or ID_NAME.fullmatch(name))


def may_be_dates(numbers):
    """Return whether numbers are in the range of dates such as 20140616."""
    if len(numbers) < 3 or (numbers % 1).any():
        return False
    return numbers.min() >= 19000101 and numbers.max() < 22000000


def dates_of_numbers(values):
    """Return the dates of numbers such as 20140616, or None if they are others."""
    is_present = ~np.isnan(values)
    if not may_be_dates(values[is_present]):
        return None
    distinct, codes = np.unique(values[is_present].astype(np.int64), return_inverse=True)
    dates = DateFormat().read([str(number) for number in distinct])
    if np.isnat(dates).any() or len(distinct) < 3:
        return None
    found = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[s]")
    found[is_present] = dates[codes]
    return found
