"""A table of any columns as the numbers that a network takes."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.utils.validation import check_is_fitted

from sklnoise.cli._kinds import convert, kind_of
from sklnoise.cli._parts import category_part, date_part, number_part, text_part


class TableEncoder(TransformerMixin, BaseEstimator):
    """Encode the columns of a data frame, each by what it holds."""

    def __init__(self, *, max_categories=100, max_words=20_000):
        self.max_categories = max_categories
        self.max_words = max_words

    def fit(self, X, y=None):
        """Recognise the columns and fit their parts."""
        check_frame(X)
        self.kinds_ = {name: kind_of(X[name], name) for name in X.columns}
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = len(X.columns)
        if all(kind.name == "dropped" for kind in self.kinds_.values()):
            reasons = "; ".join(f"{n!r}: {k.detail}" for n, k in self.kinds_.items())
            raise ValueError(
                "X must have a column to learn from; all are of no use "
                f"({reasons or 'there is none'}). Add columns that describe the rows."
            )
        self.transformer_ = self._parts().fit(self._converted(X))
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
        encoded = self.transformer_.transform(self._converted(X)).astype(np.float32)
        return encoded.tocsr() if issparse(encoded) else encoded

    def missing_columns(self, names):
        """Find the columns that are needed and not there."""
        there = set(names)
        return [name for name in self._used() if name not in there]

    def get_feature_names_out(self, input_features=None):
        """Name the columns of the encoded table."""
        check_is_fitted(self)
        named = self.feature_names_in_
        texts = {f"text {place}": f"text of {named[place]}" for place in self._texts()}
        names = self.transformer_.get_feature_names_out()
        parts = [name.partition("__") for name in names]
        names = [f"{texts.get(step, step)}__{rest}" for step, _, rest in parts]
        return np.array(names, dtype=object)

    def _texts(self):
        """Return the places of the texts among the columns."""
        kinds = enumerate(self.kinds_.values())
        return [place for place, kind in kinds if kind.name == "text"]

    def _used(self, *kinds):
        """Return the names of the columns of some kinds, or of all that are used."""
        return [
            name
            for name, kind in self.kinds_.items()
            if kind.name != "dropped" and (not kinds or kind.name in kinds)
        ]

    def _converted(self, X):
        """Return a frame of the used columns as values of their kind."""
        columns = {name: convert(X[name], self.kinds_[name]) for name in self._used()}
        return pd.DataFrame(columns, index=X.index)

    def _parts(self):
        """Return the transformer of each group of columns, and of each text."""
        numbers = self._used("number", "boolean")
        dates, categories = self._used("date"), self._used("category")
        steps = [
            ("number", number_part(), numbers),
            ("date", date_part(), dates),
            ("category", category_part(self.max_categories), categories),
        ]
        steps = [step for step in steps if step[2]]
        # By their places: the name of a step must not hold all that a column's may.
        for place in self._texts():
            name = self.feature_names_in_[place]
            part = text_part(self.kinds_[name].detail, self.max_words)
            steps.append((f"text {place}", part, name))
        return ColumnTransformer(steps)


def check_frame(X):
    """Refuse what has no named columns."""
    if not isinstance(X, pd.DataFrame):
        raise TypeError(
            f"X must be a pandas.DataFrame; got {type(X).__name__}. The columns are "
            "found by their names: pd.DataFrame(X, columns=[...])."
        )
