"""What the columns of a table hold: numbers, dates, categories, texts or nothing."""

import re
from typing import NamedTuple

import numpy as np

from sklnoise.tables._codes import ID_NAME, MIN_ID_ROWS, may_be_dates
from sklnoise.tables._dates import DateFormat, find_date_format
from sklnoise.tables._numbers import NumberFormat, find_number_format, read_plain

# True and false as words, in lower case.
BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n"), 0.0),
}

# Share of numbers or dates from which on the other cells of a column are slips.
MIN_READ_SHARE = 0.95

# A thousand different texts show how the others are written.
MAX_EXAMINED = 1000

# In a smaller share of cells, numbers or dates may still stand beside this many words.
MIN_SHARE_WITH_WORDS = 0.5
MAX_STRAY_WORDS = 2

# Words per cell, on average, from which on a column is text rather than categories.
MIN_TEXT_WORDS = 2.5

# Characters of scripts that set no blank between words.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"  # kana, hanzi
)
# As many of them, on average, has a cell of text; names have fewer.
MIN_TEXT_CHARACTERS = 6

# Columns with more distinct strings are texts.
MAX_CATEGORIES = 40

HEX = re.compile(r"[0-9a-fA-F-]{16,}")
DIGITS = re.compile(r"\d+")


class Kind(NamedTuple):
    """What a column holds.

    Attributes
    ----------
    name : {"number", "boolean", "date", "category", "text", "dropped"}
        The kind.
    detail : str or None
        An example of the spelling of numbers and dates, or why a column is dropped.
    notes : tuple of str
        What a person should know of how the column is read, in plain English.
    """

    name: str
    detail: str | None = None
    notes: tuple = ()


class BooleanFormat(NamedTuple):
    """True and false as words or as 1 and 0."""

    def read(self, texts):
        """Return 1 for true, 0 for false and NaN for other texts."""
        words = BOOLEANS | {"1": 1.0, "0": 0.0}
        return np.array([words.get(text.lower(), np.nan) for text in texts], dtype=float)


def find_format(cells, decimal="."):
    """Return the format of the numbers, dates or booleans of a column, or None."""
    cells = cells.sample(MAX_EXAMINED)
    texts, counts = cells.texts, cells.counts()
    if {text.lower() for text in texts} <= set(BOOLEANS):
        return BooleanFormat()
    if not np.isnan(numbers := read_plain(texts)).any():
        is_date = may_be_dates(numbers) and not np.isnat(DateFormat().read(texts)).any()
        return DateFormat() if is_date else NumberFormat()
    candidates = [
        find_date_format(texts, counts),
        find_number_format(texts, counts, decimal),
    ]
    readable = [
        (share, style)
        for style in candidates
        if style is not None and (share := share_of_read(cells, style)) is not None
    ]
    # Of equal shares, the first: a date is never a number.
    return max(readable, key=lambda pair: pair[0])[1] if readable else None


def read_texts(texts, style):
    """Return the values written in a format, and which of them are bounds, as in <5."""
    if isinstance(style, NumberFormat):
        return style.read(texts)
    return style.read(texts), np.zeros(len(texts), dtype=bool)


def share_of_read(cells, style):
    """Return the share of cells that a format reads, or None if it does not fit."""
    values, is_bound = read_texts(cells.texts, style)
    counts, is_read, is_filled = cells.counts(), ~np.isnan(values), cells.is_filled()
    n_filled = counts[is_filled].sum()
    if not n_filled or counts[is_read].sum() == 0:
        return None
    # A column of nothing but "<1" and "<2" has groups rather than numbers.
    if counts[is_bound].sum() > n_filled / 2:
        return None
    share = counts[is_read].sum() / n_filled
    strays = {text.lower() for text in cells.texts[~is_read & is_filled]}
    few = len(strays) <= min(MAX_STRAY_WORDS, is_read.sum() - 1)
    few = few and share >= MIN_SHARE_WITH_WORDS
    # "unknown" beside a few 1 and 2 is a category.
    varies = is_read.sum() > 2 or counts[is_read].sum() >= counts[~is_filled].sum()
    return share if (few or share >= MIN_READ_SHARE) and varies else None


def is_identifier(cells, name):
    """Return whether strings do no more than name the rows."""
    n_present = (cells.codes >= 0).sum()
    if n_present < MIN_ID_ROWS or len(cells.texts) < n_present:
        return False
    if ID_NAME.fullmatch(name) or all(HEX.fullmatch(text) for text in cells.texts):
        return True
    # P-0001, P-0002: the same letters around one number.
    skeletons = {DIGITS.sub("0", text) for text in cells.texts}
    skeleton = skeletons.pop()
    return not skeletons and skeleton.count("0") == 1 and len(skeleton.split()) <= 2


def kind_of_strings(cells):
    """Distinguish categories and texts."""
    n_values, n_present = len(cells.texts), (cells.codes >= 0).sum()
    if n_values > MAX_CATEGORIES:
        return "text"
    shares = cells.counts() / n_present
    n_words = shares @ [len(text.split()) for text in cells.texts]
    n_unspaced = shares @ [len(UNSPACED.findall(text)) for text in cells.texts]
    is_long = n_words >= MIN_TEXT_WORDS or n_unspaced >= MIN_TEXT_CHARACTERS
    is_varied = n_values > n_present / 2
    return "text" if is_varied and (is_long or n_present >= MIN_ID_ROWS) else "category"
