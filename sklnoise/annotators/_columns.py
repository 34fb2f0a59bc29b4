"""The cells of arrays and frames that are not missing, without a dense copy."""

import numpy as np

from sklnoise._labels import missing_labels
from sklnoise._text import list_some


def read_array(y, missing_label):
    """Return the numbers of the columns, and the cells that hold an answer."""
    if np.ma.isMaskedArray(y):
        y = np.where(np.ma.getmaskarray(y), None, y.astype(object))
    try:
        # Numbers and missing values in a list with text would become text.
        y = np.array(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    except ValueError as error:
        raise ValueError(
            "y must have a column for each annotator, shape (n_samples, n_annotators); "
            f"got a {type(y).__name__} that is no array: {error}"
        ) from error
    if y.ndim != 2 or not y.size:
        raise ValueError(
            "y must have a column for each annotator, shape (n_samples, n_annotators); "
            f"got shape {y.shape}. A long table of one answer a row is turned into such "
            "columns by annotations_to_frame."
        )
    if y.dtype.kind == "c":
        raise ValueError("y must hold labels; got complex numbers.")
    sample, annotator = np.nonzero(~find_missing(y, missing_label))
    cells = len(y), sample, annotator, y[sample, annotator]
    return np.arange(y.shape[1]), cells


def read_frame(frame, missing_label):
    """Return the names of the columns, and the cells that hold an answer."""
    names = list(frame.columns)
    if len(set(names)) < len(names):
        raise ValueError(
            "y must have columns whose names differ, one for each annotator; got "
            f"{list_some(names)}. Rename them."
        )
    if not len(names) or not len(frame):
        raise ValueError(
            "y must have a column for each annotator, shape (n_samples, n_annotators); "
            f"got shape {frame.shape}."
        )
    columns = [read_column(column, missing_label) for column in iterate_columns(frame)]
    sample = np.concatenate([rows for rows, _ in columns])
    sizes = [len(rows) for rows, _ in columns]
    annotator = np.repeat(np.arange(len(names), dtype=np.int32), sizes)
    values = concatenate([values for _, values in columns if len(values)])
    kept = ~find_missing(values, missing_label)  # of sparse columns, all at once
    cells = len(frame), sample[kept], annotator[kept], values[kept]
    return as_objects_or_array(names), cells


def iterate_columns(frame):
    """Yield the columns of a frame of pandas or polars."""
    if hasattr(frame, "iter_columns"):
        yield from frame.iter_columns()
    else:
        yield from (column.array for _, column in frame.items())


def read_column(column, missing_label):
    """Return where a column has answers, and the answers.

    Of a sparse column some of what is stored may be missing.
    """
    if is_sparse(column):
        return column.sp_index.indices, np.asarray(column.sp_values)
    values = np.asarray(column)
    if values.dtype.kind not in "biufUO":
        values = values.astype(object)
    rows = np.flatnonzero(~find_missing(values, missing_label))
    return rows.astype(np.int32), values[rows]


def is_sparse(column):
    """Return whether a column stores only the cells that hold an answer."""
    if not hasattr(column, "sp_values"):
        return False
    import pandas as pd

    return pd.isna(column.fill_value)


def concatenate(values):
    """Join the answers of columns, as objects where their kinds differ."""
    if not values:
        return np.array([])
    numeric = all(v.dtype.kind in "iuf" for v in values)
    same = len({v.dtype for v in values}) == 1
    return np.concatenate(
        values if numeric or same else [v.astype(object) for v in values]
    )


def find_missing(values, missing_label):
    """Return which cells of an array hold no answer."""
    if values.dtype == object:
        try:  # much faster than a loop, but pandas.NA is neither equal to itself nor not
            missing = np.equal(values, None) | np.not_equal(values, values)
        except (TypeError, ValueError):
            missing = missing_labels(values)
    else:
        missing = missing_labels_of_numbers(values)
    if not missing_labels(np.array([missing_label], dtype=object))[0]:
        known = ~missing  # what is missing may not be comparable
        same = np.equal(values[known].astype(object), missing_label)
        missing[known] = same.astype(bool)
    return missing


def missing_labels_of_numbers(values):
    """Return which entries of an array that holds no objects are missing."""
    return np.isnan(values) if values.dtype.kind == "f" else missing_labels(values)


def as_objects_or_array(names):
    """Return names as an array of one dimension, also where they are tuples."""
    kinds = {type(name) for name in names}
    if len(kinds) == 1 and kinds <= {int, str}:
        return np.array(names)
    array = np.empty(len(names), dtype=object)
    array[:] = names
    return array
