"""Data frames of pandas and polars, and the columns in them that are typed already."""

import numpy as np
import pandas as pd

from sklnoise.tables._numbers import MAX_NUMBER

# What pandas infers of the objects in a column, by the kind of their values.
NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}
DATES = {"datetime", "datetime64", "date"}


def as_frame(X):
    """Return a table as a data frame of pandas whose names are different strings."""
    if type(X).__module__.split(".")[0] == "polars" and hasattr(X, "get_columns"):
        columns = X.get_columns()
        X = pd.DataFrame({column.name: from_polars(column) for column in columns})
    if not isinstance(X, pd.DataFrame):
        raise TypeError(
            f"X must be a pandas.DataFrame; got {type(X).__name__}. The columns are "
            "found by their names: pd.DataFrame(X, columns=[...])."
        )
    X = X.set_axis([str(name) for name in X.columns], axis=1)
    if not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()][0]
        raise ValueError(
            f"X must have columns of different names; {twice!r} is there more than once."
        )
    return X


def from_polars(column):
    """Return a column of polars as one of pandas."""
    dtype = column.dtype
    if dtype.is_numeric() and not dtype.is_decimal():
        return pd.Series(column.to_numpy())
    if dtype.is_temporal() and str(dtype).partition("(")[0] in ("Date", "Datetime"):
        return pd.Series(column.to_numpy())
    is_category = str(dtype).partition("(")[0] in ("Categorical", "Enum")
    return pd.Series(column.to_list(), dtype="category" if is_category else object)


def typed_values(column):
    """Return the kind and the values of a column that holds no text, or None.

    Numbers and booleans are floats, and dates count seconds.
    """
    types, dtype = pd.api.types, column.dtype
    if isinstance(dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    elif isinstance(dtype, pd.SparseDtype):
        column = column.sparse.to_dense()
    elif types.is_object_dtype(dtype):
        return values_of_objects(column)
    if types.is_bool_dtype(column.dtype):
        return "boolean", as_floats(column)
    if types.is_complex_dtype(column.dtype):
        return None
    if types.is_numeric_dtype(column.dtype):
        return "number", as_floats(column)
    if types.is_datetime64_any_dtype(column.dtype):
        return "date", as_seconds(column)
    if types.is_timedelta64_dtype(column.dtype):
        return "number", as_floats(column.dt.total_seconds())
    return None


def values_of_objects(column):
    """Return the kind and the values of objects that are no texts, or None."""
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred == "boolean":
        return "boolean", as_floats(column.map(float, na_action="ignore"))
    if inferred in NUMBERS:
        return "number", as_floats(pd.to_numeric(column, errors="coerce"))
    if inferred in DATES:
        return "date", seconds_of_objects(column)
    if inferred in ("timedelta", "timedelta64"):
        return "number", as_floats(pd.to_timedelta(column).dt.total_seconds())
    if inferred == "period":
        return "date", seconds_of_objects(
            column.map(lambda cell: cell.to_timestamp(), na_action="ignore")
        )
    return None


def as_floats(column):
    """Return numbers as floats; what is missing or infinite is NaN."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.abs(values) <= MAX_NUMBER, values, np.nan)


def as_seconds(column):
    """Return dates to the second, those with a time zone in UTC."""
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.to_numpy(dtype="datetime64[s]")


def seconds_of_objects(column):
    """Return date objects to the second."""
    return np.array([second_of(cell) for cell in column], dtype="datetime64[s]")


def second_of(cell):
    """Return a date object to the second."""
    if pd.isna(cell):
        return np.datetime64("NaT")
    if getattr(cell, "tzinfo", None) is not None:
        cell = (cell - cell.utcoffset()).replace(tzinfo=None)
    return np.datetime64(cell, "s")
