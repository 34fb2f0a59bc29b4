"""What a column of a table holds, and its cells as values of that kind."""

import re
from typing import NamedTuple

import numpy as np

from sklnoise.cli._cells import cells_of
from sklnoise.cli._dates import date_format_of, seconds_of
from sklnoise.cli._numbers import MOSTLY, measures_of, number_style

WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n"), 0.0),
}
"""Words for true and false, in lower case."""

TEXT_WORDS = 2.5
"""Words a cell has on average in a column of text, not of categories."""

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"  # kana, hanzi
)
"""Characters of scripts that set no blank between words."""

TEXT_SIGNS = 6
"""Of these characters a cell has on average in a column of text; names have fewer."""

WORD = re.compile(r"\w")

MANY = 40
"""Different values that are too many for categories of several words."""

ID_SHARE = 0.9
"""Share of rows with a value of their own from which a column is an identifier."""

FEW_ROWS = 20
"""With fewer rows nothing is said of identifiers."""

ID_NAME = re.compile(r"(.*[_\s.-])?(id|uuid|guid|index)|unnamed: 0", re.IGNORECASE)


class Kind(NamedTuple):
    """What a column holds."""

    name: str
    detail: str | None = None
    stray: str | None = None


def kind_of(column, name):
    """Recognise what a column holds."""
    cells = cells_of(column)
    n_values, n_missing = len(cells.texts), (cells.codes < 0).sum()
    if not n_values:
        return Kind("dropped", "all values are missing")
    if n_values == 1 and not n_missing:
        return Kind("dropped", "the same value in all rows")
    if {value.lower() for value in cells.texts} <= set(WORDS):
        return Kind("boolean")
    style, stray = number_style(cells)
    if style:
        is_id = counts_rows(cells, measures_of(cells.texts, style), name)
        dropped = Kind("dropped", "numbers the rows")
        return dropped if is_id else Kind("number", style, stray)
    date_format = date_format_of(cells.texts)
    if date_format:
        return Kind("date", date_format)
    style, stray = number_style(cells, MOSTLY)
    return Kind("number", style, stray) if style else kind_of_strings(cells)


def kind_of_strings(cells):
    """Tell categories, text and identifiers apart."""
    n_values, n_present = len(cells.texts), (cells.codes >= 0).sum()
    weights = cells.weights()
    n_words = weights @ [len(value.split()) for value in cells.texts]
    n_signs = weights @ [len(UNSPACED.findall(value)) for value in cells.texts]
    is_varied = n_values > MANY or n_values > n_present / 2
    if is_varied and (n_words >= TEXT_WORDS or n_signs >= TEXT_SIGNS):
        has_word = weights @ [bool(WORD.search(value)) for value in cells.texts]
        in_words = n_signs < TEXT_SIGNS and has_word >= 0.5
        return Kind("text", "words" if in_words else "characters")
    if n_present >= FEW_ROWS and n_values > ID_SHARE * n_present:
        return Kind("dropped", "nearly every row has a value of its own")
    return Kind("category")


def counts_rows(cells, numbers, name):
    """Tell whether numbers do no more than name the rows."""
    if len(numbers) < max(len(cells.codes), FEW_ROWS) or (numbers % 1).any():
        return False
    return numbers.max() - numbers.min() == len(numbers) - 1 or bool(
        ID_NAME.fullmatch(str(name))
    )


def convert(column, kind):
    """Turn the cells of a column into values of its kind."""
    cells = cells_of(column)
    if kind.name == "number":
        return cells.spread(measures_of(cells.texts, kind.detail), np.nan)
    if kind.name == "boolean":
        found = [WORDS.get(value.lower(), np.nan) for value in cells.texts]
        return cells.spread(np.array(found, dtype=np.float64), np.nan)
    if kind.name == "date":
        return cells.spread(seconds_of(cells.texts, kind.detail), np.nan)
    return cells.spread(cells.texts, "")
