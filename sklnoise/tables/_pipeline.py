"""The steps of a table encoder."""

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from skrub import DatetimeEncoder, SquashingScaler, TableVectorizer

from sklnoise.tables._reader import ColumnReader
from sklnoise.tables._strings import DistinctStringEncoder

# What the reader makes of all columns but texts.
TYPED = ["number", "datetime", "category"]


def build_pipeline():
    """Return the steps: read the cells, encode each kind of column, and use float32."""
    numbers = make_column_selector(dtype_include="number")
    dates = make_column_selector(dtype_include="datetime")
    categories = make_column_selector(dtype_include="category")
    texts = make_column_selector(dtype_exclude=TYPED)
    one_hot = OneHotEncoder(
        handle_unknown="ignore", min_frequency=2, sparse_output=False, dtype=np.float32
    )
    # Zero is the median after scaling.
    fill = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True)
    split = TableVectorizer(datetime=DatetimeEncoder(add_weekday=True))
    # One indicator per date, not one per part of it.
    fill_parts = SimpleImputer(strategy="constant", fill_value=0.0)
    mark = FunctionTransformer(mark_missing, feature_names_out="one-to-one")
    columns = ColumnTransformer(
        [
            ("number", make_pipeline(SquashingScaler(), fill), numbers),
            ("date", make_pipeline(split, SquashingScaler(), fill_parts), dates),
            ("undated", mark, dates),
            ("category", one_hot, categories),
            ("text", DistinctStringEncoder(), texts),
        ],
        sparse_threshold=0,
    )
    single = FunctionTransformer(to_float32, feature_names_out="one-to-one")
    return Pipeline([("read", ColumnReader()), ("encode", columns), ("float32", single)])


def mark_missing(X):
    """Return 1 where a value is missing, and 0 elsewhere."""
    return X.isna().astype(np.float32)


def to_float32(X):
    """Return features in single precision."""
    return np.asarray(X, dtype=np.float32)
