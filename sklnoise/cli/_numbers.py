"""Numbers: how they are written, and their values."""

import numpy as np
import pandas as pd

STYLES = {
    "point": None,
    # Before the comma of decimals: 1,234 beside 900 is more than a thousand.
    "thousands": r"[+-]?(?:\d{1,3}|[1-9]\d{0,2}(?:,\d{3})+)",
    "comma": r"[+-]?\d+(?:,\d+)?",
}
"""Ways to write numbers, with what a cell looks like where it is not Python's way."""

LARGEST = 1e30
"""Numbers beyond this are no measurements, and their squares overflow."""

MOSTLY = 0.95
"""Share of rows that hold a number from which the other cells are slips."""


def numbers_of(values, style="point"):
    """Read texts as numbers."""
    texts = pd.Series(values, dtype=object)
    if STYLES[style] is not None:
        texts = texts.where(texts.map(str).str.fullmatch(STYLES[style]))
        texts = texts.str.replace(",", "." if style == "comma" else "", regex=False)
    numbers = pd.to_numeric(texts, errors="coerce")
    numbers = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def measures_of(values, style="point"):
    """Read texts as numbers that can be learned from."""
    numbers = numbers_of(values, style)
    return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)


def number_style(cells, least=1.0):
    """Find how the numbers of a column are written."""
    weights = cells.weights()
    found = {}
    for style in STYLES:
        found[style] = numbers_of(cells.texts, style)
        if not np.isnan(found[style]).any():
            break
    best = max(found, key=lambda style: weights[~np.isnan(found[style])].sum())
    is_number = ~np.isnan(found[best])
    if not is_number.all() and (least == 1 or weights[is_number].sum() < least):
        return None, None
    is_stray = ~(np.abs(found[best]) <= LARGEST)
    if weights[is_stray].sum() > 0.5:
        return None, None
    strays = cells.texts[is_stray]
    return best, strays[weights[is_stray].argmax()] if len(strays) else None
