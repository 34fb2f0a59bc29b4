"""The cells of a column, each different one once, as text and as numbers."""

from typing import NamedTuple

import numpy as np
import pandas as pd

NO_NUMBER = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}
"""What a calculation that failed leaves in a cell."""

SHEET_ERRORS = {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}
"""What a spreadsheet writes where a formula failed."""

MISSING = {"", "?", "-", "na", "n/a", "#n/a", "nan", "nat", "<na>", "null", "none"}
MISSING |= NO_NUMBER | SHEET_ERRORS
"""Cells that say that there is no value, in lower case."""


class Cells(NamedTuple):
    """The cells of a column, each different one once."""

    codes: np.ndarray
    texts: np.ndarray

    def spread(self, values, missing):
        """Give each row what was found for its value."""
        values = np.asarray(values)
        return np.append(values, np.array([missing], dtype=values.dtype))[self.codes]

    def weights(self):
        """Return the share of each value in the cells that are not missing."""
        present = self.codes[self.codes >= 0]
        return np.bincount(present, minlength=len(self.texts)) / max(len(present), 1)


def cells_of(column, missing=MISSING):
    """Find the different cells of a column, as text."""
    codes, raw = pd.factorize(column.astype(object), use_na_sentinel=True)
    texts = [as_text(value) for value in raw]
    present = [text for text in texts if text.lower() not in missing]
    place = {text: code for code, text in enumerate(dict.fromkeys(present))}
    moved = np.array([place.get(text, -1) for text in texts] + [-1], dtype=np.int64)
    return Cells(moved[codes], np.array(list(place), dtype=object))


def as_text(value):
    """Write a cell as text."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value).strip()
