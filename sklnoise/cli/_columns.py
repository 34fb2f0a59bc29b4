"""A table of any columns as the numbers that a network takes."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from sklnoise.cli._cells import (
    cells_of,
    find_date_format,
    find_number_style,
    parse_dates,
    parse_measurements,
    split_dates,
)

# True and false as words, in lower case.
BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n"), 0.0),
}

# Share of numbers from which on the other cells of a column are slips.
MIN_NUMBER_SHARE = 0.95

# Words per cell, on average, from which on a column is text rather than categories.
MIN_TEXT_WORDS = 2.5

# Characters of scripts that set no blank between words.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"  # kana, hanzi
)

# As many of them, on average, has a cell of text; names have fewer.
MIN_TEXT_CHARACTERS = 6

WORD = re.compile(r"\w")

# With more distinct values, strings of several words are text.
MAX_PHRASES = 40

# With more than this share of distinct values, a column of strings is an identifier.
MAX_DISTINCT_SHARE = 0.9

# In fewer rows all values may differ by chance: nothing is taken for an identifier.
MIN_ID_ROWS = 20

ID_NAME = re.compile(r"(.*[_\s.-])?(id|uuid|guid|index)|unnamed: 0", re.IGNORECASE)

MAX_CATEGORIES = 100
MAX_WORDS = 20_000

# A value is at most this many standard deviations from the mean: more would overflow in a
# network, and no value of less than 100 million rows is so far away.
MAX_DEVIATIONS = 1e4

# What is counted in a text, by the detail of its kind.
TOKENS = {
    "words": {"token_pattern": r"(?u)\b\w+\b"},
    "characters": {"analyzer": "char", "ngram_range": (1, 2)},
}


class Kind(NamedTuple):
    """What a column holds."""

    name: str
    detail: str | None = None
    stray: str | None = None


class TableEncoder(TransformerMixin, BaseEstimator):
    """Encode the columns of a data frame, each by what it holds."""

    def fit(self, X, y=None):
        """Recognise the columns and fit a transformer to each kind."""
        check_frame(X)
        self.kinds_ = {name: kind_of(X[name], name) for name in X.columns}
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = len(X.columns)
        if not self._used():
            reasons = "; ".join(f"{n!r}: {k.detail}" for n, k in self.kinds_.items())
            raise ValueError(
                "X must have a column to learn from; all are of no use "
                f"({reasons or 'there is none'}). Add columns that describe the rows."
            )
        self.transformer_ = self._make_transformer().fit(self._convert(X))
        return self

    def transform(self, X):
        """Encode a table with the same columns."""
        check_is_fitted(self)
        check_frame(X)
        absent = self.missing_columns(X.columns)
        if absent:
            raise ValueError(
                f"X must have all columns of the training table; {absent} are missing. "
                "Add them, with empty cells where nothing is known."
            )
        encoded = self.transformer_.transform(self._convert(X)).astype(np.float32)
        return encoded.tocsr() if issparse(encoded) else encoded

    def missing_columns(self, names):
        """Return the columns that are needed and not among the names."""
        known = set(names)
        return [name for name in self._used() if name not in known]

    def _used(self, *kinds):
        """Return the columns of some kinds, or all that are not dropped."""
        return [
            name
            for name, kind in self.kinds_.items()
            if kind.name != "dropped" and (not kinds or kind.name in kinds)
        ]

    def _convert(self, X):
        """Return a frame of the used columns as values of their kind."""
        columns = {name: convert(X[name], self.kinds_[name]) for name in self._used()}
        return pd.DataFrame(columns, index=X.index)

    def _make_transformer(self):
        """Return the transformer of all columns."""
        steps = [
            ("number", number_transformer(), self._used("number", "boolean")),
            ("date", date_transformer(), self._used("date")),
            ("category", category_transformer(), self._used("category")),
        ]
        steps = [step for step in steps if step[2]]
        # Named by position: the name of a column may hold "__", that of a step may not.
        for i, (name, kind) in enumerate(self.kinds_.items()):
            if kind.name == "text":
                steps.append((f"text {i}", text_transformer(kind.detail), name))
        return ColumnTransformer(steps)


def check_frame(X):
    """Raise a TypeError if X has no named columns."""
    if not isinstance(X, pd.DataFrame):
        raise TypeError(
            f"X must be a pandas.DataFrame; got {type(X).__name__}. The columns are "
            "found by their names: pd.DataFrame(X, columns=[...])."
        )


def kind_of(column, name):
    """Recognise what a column holds."""
    cells = cells_of(column)
    n_values, n_missing = len(cells.texts), (cells.codes < 0).sum()
    if not n_values:
        return Kind("dropped", "all values are missing")
    if n_values == 1 and not n_missing:
        return Kind("dropped", "the same value in all rows")
    if {text.lower() for text in cells.texts} <= set(BOOLEANS):
        return Kind("boolean")
    style, stray = find_number_style(cells)
    if style:
        if is_row_number(cells, parse_measurements(cells.texts, style), name):
            return Kind("dropped", "numbers the rows")
        return Kind("number", style, stray)
    # Before the numbers with slips: a date is never a number.
    date_format = find_date_format(cells.texts)
    if date_format:
        return Kind("date", date_format)
    style, stray = find_number_style(cells, MIN_NUMBER_SHARE)
    return Kind("number", style, stray) if style else kind_of_strings(cells)


def kind_of_strings(cells):
    """Distinguish categories, text and identifiers."""
    n_values, n_present = len(cells.texts), (cells.codes >= 0).sum()
    shares = cells.shares()
    n_words = shares @ [len(text.split()) for text in cells.texts]
    n_unspaced = shares @ [len(UNSPACED.findall(text)) for text in cells.texts]
    is_varied = n_values > MAX_PHRASES or n_values > n_present / 2
    if is_varied and (n_words >= MIN_TEXT_WORDS or n_unspaced >= MIN_TEXT_CHARACTERS):
        has_word = shares @ [bool(WORD.search(text)) for text in cells.texts]
        is_spaced = n_unspaced < MIN_TEXT_CHARACTERS and has_word >= 0.5
        return Kind("text", "words" if is_spaced else "characters")
    if n_present >= MIN_ID_ROWS and n_values > MAX_DISTINCT_SHARE * n_present:
        return Kind("dropped", "nearly every row has a value of its own")
    return Kind("category")


def is_row_number(cells, numbers, name):
    """Return whether the numbers of a column do no more than name its rows."""
    if len(numbers) < max(len(cells.codes), MIN_ID_ROWS) or (numbers % 1).any():
        return False
    is_consecutive = numbers.max() - numbers.min() == len(numbers) - 1
    return is_consecutive or bool(ID_NAME.fullmatch(str(name)))


def convert(column, kind):
    """Return the cells of a column as values of its kind."""
    cells = cells_of(column)
    if kind.name == "number":
        return cells.expand(parse_measurements(cells.texts, kind.detail), np.nan)
    if kind.name == "boolean":
        values = [BOOLEANS.get(text.lower(), np.nan) for text in cells.texts]
        return cells.expand(np.array(values, dtype=np.float64), np.nan)
    if kind.name == "date":
        return cells.expand(parse_dates(cells.texts, kind.detail), np.nan)
    return cells.expand(cells.texts, "")


def number_transformer():
    """Return the transformer of numbers and booleans."""
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        FunctionTransformer(
            np.clip, kw_args={"a_min": -MAX_DEVIATIONS, "a_max": MAX_DEVIATIONS}
        ),
    )


def date_transformer():
    """Return the transformer of dates."""
    return make_pipeline(FunctionTransformer(split_dates), number_transformer())


def category_transformer():
    """Return the transformer of categories."""
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=2,
        max_categories=MAX_CATEGORIES,
        dtype=np.float32,
    )


def text_transformer(tokens):
    """Return the transformer of one column of text."""
    return TfidfVectorizer(
        max_features=MAX_WORDS, sublinear_tf=True, dtype=np.float32, **TOKENS[tokens]
    )
