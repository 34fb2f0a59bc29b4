"""The cells of a column as distinct texts, each with the rows that hold it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import cell_text

# What a spreadsheet writes where a formula failed.
SHEET_ERRORS = {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}

# Cells that stand for a missing value in a column of any kind, in lower case.
MISSING = {"", "?", "-", "na", "n/a", "#n/a", "nan", "nat", "<na>", "null", "none"}
MISSING |= {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", *SHEET_ERRORS}

# Cells that stand for a missing value among numbers and dates. Among words they may be a
# category of their own.
MISSING_WORDS = MISSING | {
    *(".", "..", "...", "--", "---", "*", "**", "n.a.", "n.a", "na.", "#n/a n/a", "\\n"),
    *("(null)", "(none)", "(missing)", "[null]", "nil", "void", "missing", "unknown"),
    *("not available", "not applicable", "not known", "not reported", "undefined"),
    *("tbd", "tba", "tbc", "pending", "blank", "(blank)", "empty", "k.a.", "n.b."),
    *("unbekannt", "keine angabe", "inconnu", "desconocido", "s/d", "nd", "n.d."),
    *("—", "–", "未知", "不明", "无"),
}


class Cells(NamedTuple):
    """The distinct texts of a column, and the code of each cell; -1 is missing."""

    codes: np.ndarray
    texts: np.ndarray

    def expand(self, values, missing):
        """Return the value of each cell from the values of the distinct texts."""
        values = np.asarray(values)
        # The code -1 picks the last element, the value of missing cells.
        return np.append(values, np.array([missing], dtype=values.dtype))[self.codes]

    def counts(self):
        """Return the number of cells with each text."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))

    def is_filled(self):
        """Return which texts are more than a word for a missing value."""
        return np.array([t.lower() not in MISSING_WORDS for t in self.texts], dtype=bool)

    def sample(self, n_texts):
        """Return the cells of at most so many texts, evenly spread."""
        if len(self.texts) <= n_texts:
            return self
        chosen = np.linspace(0, len(self.texts) - 1, n_texts).astype(np.int64)
        new_codes = np.full(len(self.texts) + 1, -1)
        new_codes[chosen] = np.arange(n_texts)
        return Cells(new_codes[self.codes], self.texts[chosen])

    def most_frequent(self, chosen):
        """Return the number of cells with one of some texts, and the text of most."""
        counts = np.where(chosen, self.counts(), 0)
        return int(counts.sum()), self.texts[counts.argmax()]


def cells_of(column):
    """Find the distinct texts of a column."""
    column = column.astype(object)
    try:
        codes, raw = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # Lists and the like have no hash.
        codes, raw = pd.factorize(column.map(decoded_text, na_action="ignore"))
    texts = [decoded_text(value) for value in raw]
    present = [text for text in texts if text.lower() not in MISSING]
    # Values of different types may have the same text, and share a code then.
    code_of = {text: code for code, text in enumerate(dict.fromkeys(present))}
    text_codes = np.array([code_of.get(text, -1) for text in texts] + [-1], np.int64)
    return Cells(text_codes[codes], np.array(list(code_of), dtype=object))


def decoded_text(value):
    """Return a cell as text, also one of bytes."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = cell_text(value)
    # Files for Excel keep zeros in front by ="007".
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1].strip()
    return text
