"""The first step of a table encoder: the raw cells of a table as typed columns."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklnoise._text import list_some
from sklnoise.tables._cells import cells_of
from sklnoise.tables._frames import as_frame, typed_values
from sklnoise.tables._numbers import find_table_decimal
from sklnoise.tables._reading import read_again, strings_of
from sklnoise.tables._recognise import recognise_strings, recognise_values


class ColumnReader(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Read the columns of a table as numbers, dates, categories or texts.

    skrub's ``Cleaner`` converts a column if all its cells convert: one stray word makes
    numbers a category. This step decides by most cells, and reads what ``ToFloat`` and
    ``ToDatetime`` do not: units, multipliers, ranges, one spelling of numbers per column
    found by itself, dates in any order, of any year and in several languages, and times
    of the day. It says what it did. Columns that are typed already keep their values.

    Attributes
    ----------
    kinds_ : dict of str to Kind
        What each column holds: `name` is "number", "boolean", "date", "category", "text"
        or "dropped", `detail` an example of the spelling or why a column is dropped, and
        `notes` are sentences for people.
    readings_ : dict of str to Reading
        How the cells of each column that is used become values.
    feature_names_in_ : ndarray of str
        The names of the columns.
    n_features_in_ : int
        Their number.
    """

    def fit(self, X, y=None):
        """Recognise what the columns hold."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Recognise what the columns hold, and return them typed."""
        X = as_frame(X)
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = len(X.columns)
        typed = {name: typed_values(X[name]) for name in X.columns}
        cells = {name: cells_of(X[name]) for name in X.columns if typed[name] is None}
        decimal = find_table_decimal([found.texts for found in cells.values()])
        self.kinds_, self.readings_, columns = {}, {}, {}
        for name in X.columns:
            if name in cells:
                is_category = isinstance(X[name].dtype, pd.CategoricalDtype)
                found = recognise_strings(cells[name], name, decimal, is_category)
            else:
                found = recognise_values(*typed[name], name)
            self.kinds_[name] = found.kind
            if found.kind.name != "dropped":
                self.readings_[name], columns[name] = found.reading, found.column
        if not columns:
            reasons = "; ".join(f"{n!r}: {k.detail}" for n, k in self.kinds_.items())
            raise ValueError(
                "X must have a column to learn from; all are of no use "
                f"({reasons or 'there is none'}). Add columns that describe the rows."
            )
        return pd.DataFrame(columns, index=X.index)

    def transform(self, X):
        """Return the columns that are used, typed as in the training table."""
        check_is_fitted(self)
        X = as_frame(X)
        absent = self.missing_columns(X.columns)
        if absent:
            raise ValueError(
                f"X must have all columns of the training table; {list_some(absent)} are "
                "missing. Add them, with empty cells where nothing is known."
            )
        columns = {name: self._read(X[name]) for name in self.readings_}
        return pd.DataFrame(columns, index=X.index)

    def missing_columns(self, names):
        """Return the columns that are needed and not among the names."""
        known = set(map(str, names))
        return [name for name in self.readings_ if name not in known]

    @property
    def notes_(self):
        """What a person should know of how the columns are read, one line each."""
        pairs = [(name, note) for name in self.kinds_ for note in self.kinds_[name].notes]
        return [f"{name!r}: {note}" for name, note in pairs]

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns that are used."""
        return np.array(list(self.readings_), dtype=object)

    def set_output(self, *, transform=None):
        """Return the reader: its output is always a data frame of pandas."""
        return self

    def _read(self, column):
        """Return the cells of a new column as values of the kind of the old one."""
        kind, reading = self.kinds_[column.name].name, self.readings_[column.name]
        if kind in ("category", "text"):
            return strings_of(cells_of(column), kind)
        typed = typed_values(column)
        if typed is not None and (typed[0] == "date") == (kind == "date"):
            return reading.without_code(typed[1])
        return read_again(cells_of(column), reading, column.name)
