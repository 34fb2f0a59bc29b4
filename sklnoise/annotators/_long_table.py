"""A long table of one answer a row, as a frame with a column for each annotator."""

from itertools import pairwise

import numpy as np

from sklnoise._labels import missing_labels
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some


def annotations_to_frame(task, annotator, label):
    """Turn a long table of answers into a frame with a column for each annotator.

    Parameters
    ----------
    task : array-like of shape (n_answers,)
        The sample that each answer is about. A column of this kind is called `task` in
        crowd-kit.

    annotator : array-like of shape (n_answers,)
        Who gave each answer. The column is called `worker` in crowd-kit.

    label : array-like of shape (n_answers,)
        The answers. Missing ones, such as None and NaN, are left out, but their samples
        and annotators are kept.

    Returns
    -------
    frame : pandas.DataFrame of shape (n_samples, n_annotators)
        The answers, NaN where there is none. Its index holds the different tasks and
        its columns the annotators, both sorted. The columns are sparse: they take
        memory for the answers only. Sort the samples as those of `X` with
        `frame.reindex(X.index)`.

    Raises
    ------
    ValueError
        If the lengths differ, a task or an annotator is missing, or an annotator has
        several answers for a task.

    Examples
    --------
    >>> from sklnoise.annotators import annotations_to_frame
    >>> frame = annotations_to_frame(
    ...     task=["t1", "t1", "t2", "t2"],
    ...     annotator=["Ann", "Bob", "Ann", "Cid"],
    ...     label=["cat", "dog", "dog", "dog"],
    ... )
    >>> print(frame)
        Ann  Bob  Cid
    t1  cat  dog  NaN
    t2  dog  NaN  dog
    """
    import pandas as pd

    task, annotator, label = (
        check_column(column, name)
        for name, column in {"task": task, "annotator": annotator, "label": label}.items()
    )
    if not len(task) == len(annotator) == len(label):
        raise ValueError(
            "task, annotator and label must be columns of one table; got lengths "
            f"{len(task)}, {len(annotator)} and {len(label)}."
        )
    rows, tasks = number(task, "task")
    columns, annotators = number(annotator, "annotator")
    answered = ~missing_labels(label)
    rows, columns, label = rows[answered], columns[answered], label[answered]
    order = np.lexsort((rows, columns))
    rows, columns, label = rows[order], columns[order], label[order].astype(object)
    repeated = np.flatnonzero((np.diff(rows) == 0) & (np.diff(columns) == 0))
    if len(repeated):
        first = repeated[0]
        raise ValueError(
            "an annotator must have at most one answer for a task; "
            f"{annotators[columns[first]]!s} has {list_some(label[first : first + 2])} "
            f"for task {tasks[rows[first]]!s}, and {len(repeated)} answers repeat an "
            "annotator and task in all. Keep one of them, for instance with "
            'table.drop_duplicates(["task", "worker"], keep="last").'
        )
    bounds = np.searchsorted(columns, np.arange(len(annotators) + 1))
    arrays = {
        at: make_sparse(label[start:stop], rows[start:stop], len(tasks))
        for at, (start, stop) in enumerate(pairwise(bounds))
    }
    frame = pd.DataFrame(arrays, index=tasks)
    frame.columns = annotators
    return frame


def make_sparse(values, rows, n_rows):
    """Return a sparse column of pandas with NaN in all other rows."""
    import pandas as pd

    if hasattr(pd.arrays.SparseArray, "from_indices"):
        return pd.arrays.SparseArray.from_indices(
            values, rows, n_rows, fill_value=np.nan, dtype=object
        )
    from pandas._libs.sparse import IntIndex  # pandas < 3.1

    index = IntIndex(n_rows, rows)
    dtype = pd.SparseDtype(object, np.nan)
    return pd.arrays.SparseArray(values, sparse_index=index, dtype=dtype)


def check_column(column, name):
    """Validate a column of a long table and return it as an array."""
    column = np.asarray(as_numpy(column))
    if column.ndim != 1 or not len(column):
        raise ValueError(
            f"{name} must be a column of a table with one answer a row, shape "
            f"(n_answers,); got shape {column.shape}."
        )
    return column


def number(values, name):
    """Return the position of each value among the different ones, and those."""
    import pandas as pd

    missing = np.flatnonzero(missing_labels(values))
    if len(missing):
        raise ValueError(
            f"{name} must be known for each answer; row {missing[0]} has "
            f"{values[missing[0]]}. Leave such rows out."
        )
    codes, different = pd.factorize(values, sort=True)
    return codes.astype(np.int32), pd.Index(different)
