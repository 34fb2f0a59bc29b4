"""How rows of X are shown: as columns of a table, as text or as a picture."""

import numpy as np
from scipy.sparse import issparse
from torch.utils.data import Dataset

from sklnoise._compat import safe_indexing
from sklnoise.inspection._contact_sheet import as_pictures
from sklnoise.inspection._report_html import element, folded, number, picture
from sklnoise.inspection._report_image import thumbnail
from sklnoise.inspection._values import frame_columns, value_text

MOST_COLUMNS, MOST_IMAGES = 8, 200


def show_rows(X, rows):
    """Make the cells of some rows, when they are asked for."""
    if X is None:
        return [], ([] for _ in rows), "X was not given, so the rows are not shown."
    if isinstance(X, Dataset):
        return [], ([] for _ in rows), "The rows of a Dataset are not shown."
    if issparse(X):
        return show_sparse(X.tocsr()[rows])
    if hasattr(X, "columns") and hasattr(X, "shape"):
        return show_frame(X, rows)
    taken = safe_indexing(X, rows) if len(rows) else []
    return show_array(as_array(taken))


def as_array(rows):
    """Turn rows into an array; texts and lists of uneven length into one of objects."""
    try:
        return np.asarray(rows)
    except ValueError:
        uneven = np.empty(len(rows), dtype=object)
        uneven[:] = rows
        return uneven


def show_frame(X, rows):
    """Show the first columns of a data frame."""
    names = list(map(str, X.columns))
    columns = frame_columns(safe_indexing(X, rows), MOST_COLUMNS)
    cells = (list(map(show_value, row)) for row in zip(*columns))
    return names[:MOST_COLUMNS], cells, left_out(names)


def show_sparse(taken):
    """Show the largest entries of sparse rows."""

    def cell(row):
        part = slice(*taken.indptr[row : row + 2])
        columns, values = taken.indices[part], taken.data[part]
        top = np.argsort(-np.abs(values), kind="stable")[:MOST_COLUMNS]
        told = ", ".join(f"{columns[k]}: {value_text(values[k])}" for k in top)
        return [folded(told or "all zero")]

    return ["largest entries (column: value)"], map(cell, range(taken.shape[0])), ""


def show_array(taken):
    """Show rows of an array."""
    if taken.ndim == 1:
        return ["row of X"], ([show_value(value)] for value in taken), ""
    if taken.ndim == 2:
        n_columns = taken.shape[1]
        headers = [f"column {j}" for j in range(min(n_columns, MOST_COLUMNS))]
        cells = (list(map(show_value, row[:MOST_COLUMNS])) for row in taken)
        return headers, cells, left_out(range(n_columns))
    images = as_pictures(taken[:MOST_IMAGES])
    if images is None:
        shape = " x ".join(map(str, taken.shape[1:]))
        return [], ([] for _ in taken), f"Rows of shape {shape} are not shown."
    return ["image"], map(show_image, images), ""


def show_image(image):
    """Show an image."""
    height, width = image.shape[:2]
    described = f"Thumbnail of this row's image of {height} by {width} pixels"
    return [picture(thumbnail(image), described, class_="thumb")]


def show_value(value):
    """Show one value."""
    text = value_text(value)
    if text is None:
        return element("td", "missing", class_="quiet")
    if isinstance(value, int | float | np.number):
        return number(text)
    return element("td", folded(text))


def left_out(names):
    """Tell how many columns are not shown."""
    if len(names) <= MOST_COLUMNS:
        return ""
    return f"The first {MOST_COLUMNS} of {len(names)} columns are shown."
