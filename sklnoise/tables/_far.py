"""Numbers far from all others: codes for a missing value, and slips of the pen."""

import numpy as np

# A number is far from the others if its distance from the median is as many times that of
# the next one.
MIN_DISTANCE_RATIO = 20

# The distance of a code for missing values from the others, in ranges of the others.
MIN_CODE_DISTANCE = 1

MIN_VALUES = 10

# At most as many numbers are noted as far.
MAX_FAR = 3

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
