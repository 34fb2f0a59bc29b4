"""What samples look like in a table: numbers, texts and images."""

from html import escape
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from torch.utils.data import Dataset

from sklnoise._compat import safe_indexing
from sklnoise._labels import is_missing
from sklnoise._samples import as_images
from sklnoise.report._images import NO_PILLOW, byte_limit, encode_image, has_pillow
from sklnoise.report._page import reveal

MAX_COLUMNS, MAX_IMAGES = 8, 300

# Characters of a cell that are shown at once; more are folded away.
MAX_SHOWN_LENGTH = 80

# Characters that are kept of a folded text: as many as fit, and between these.
TEXT_LENGTHS, TEXTS_LENGTH = (1_000, 20_000), 1_000_000

# Up to here floats hold all whole numbers.
MAX_WHOLE = 1e15

# Bytes around the text of a cell.
CELL_BYTES = 20


class Cell(NamedTuple):
    """A cell: its kind, the text to show and, if that is cut, the whole of it.

    Of an image the text describes it, and the whole is the address of its data.
    """

    kind: str
    text: str
    whole: str = ""

    @property
    def size(self):
        """The number of bytes in the page."""
        texts = escape(reveal(self.text)), escape(reveal(self.whole))
        return CELL_BYTES + sum(len(text.encode()) for text in texts)


def text_cell(text, max_length=TEXT_LENGTHS[0]):
    """Return the cell of a text; the rest of a long one is folded away."""
    text = str(text)
    if len(text) <= MAX_SHOWN_LENGTH:
        return Cell("text", text)
    whole = text[:max_length]
    if len(text) > max_length:
        whole += f" … ({len(text) - max_length:,} more characters)"
    return Cell("text", f"{text[: MAX_SHOWN_LENGTH - 1]}…", whole)


def value_cell(value, max_length):
    """Return the cell of one value."""
    text = format_value(value)
    if text is None:
        return Cell("missing", "missing")
    if isinstance(value, int | float | np.number):
        return Cell("number", text)
    return text_cell(text, max_length)


def format_value(value):
    """Return a value as text, None where it is missing."""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        value = float(value)  # 1e15 overflows in half precision
        is_whole = abs(value) < MAX_WHOLE and value == np.round(value)
        return f"{value:.0f}" if is_whole else f"{value:.4g}"
    return None if is_missing(value) else str(value)


def sample_cells(X, rows, column_order=None):
    """Return headers, the cells of some samples, made when asked for, and a note."""
    if X is None:
        return [], ([] for _ in rows), "X was not given, so the rows are not shown."
    if isinstance(X, Dataset | dict):
        kind = "Dataset" if isinstance(X, Dataset) else "dict"
        return [], ([] for _ in rows), f"The rows of a {kind} are not shown."
    if issparse(X):
        return sparse_cells(X.tocsr()[rows])
    max_length = int(np.clip(TEXTS_LENGTH // max(len(rows), 1), *TEXT_LENGTHS))
    if hasattr(X, "columns") and hasattr(X, "shape"):
        return frame_cells(safe_indexing(X, rows), column_order, max_length)
    if getattr(X, "ndim", 1) > 2:
        return image_cells(safe_indexing(X, rows[:MAX_IMAGES]), len(rows))
    samples = as_array(safe_indexing(X, rows))
    if samples.ndim > 2:
        return image_cells(samples[:MAX_IMAGES], len(rows))
    return array_cells(samples, max_length)


def as_array(samples):
    """Return samples as an array; lists of different lengths as one of objects."""
    try:
        return np.asarray(samples)
    except ValueError:
        uneven = np.empty(len(samples), dtype=object)
        uneven[:] = samples
        return uneven


def frame_cells(frame, column_order, max_length):
    """Return the first columns of a data frame in an order, each with its own type."""
    names = list(map(str, frame.columns))
    places = range(len(names)) if column_order is None else column_order
    places = list(places)[:MAX_COLUMNS]
    if hasattr(frame, "iloc"):
        columns = [list(frame.iloc[:, j]) for j in places]
    else:
        columns = [list(frame[frame.columns[j]]) for j in places]
    cells = ([value_cell(value, max_length) for value in line] for line in zip(*columns))
    note = column_note(len(names), ordered=column_order is not None)
    return [names[j] for j in places], cells, note


def sparse_cells(samples):
    """Return the largest entries of sparse samples."""

    def cell(row):
        part = slice(*samples.indptr[row : row + 2])
        columns, values = samples.indices[part], samples.data[part]
        largest = np.argsort(-np.abs(values), kind="stable")[:MAX_COLUMNS]
        text = ", ".join(f"{columns[k]}: {format_value(values[k])}" for k in largest)
        return [text_cell(text or "all zero")]

    return ["largest entries (column: value)"], map(cell, range(samples.shape[0])), ""


def array_cells(samples, max_length):
    """Return texts, or the first columns of a table."""
    if samples.ndim == 1:
        return ["row of X"], ([value_cell(v, max_length)] for v in samples), ""
    n_columns = samples.shape[1]
    headers = [f"column {j}" for j in range(min(n_columns, MAX_COLUMNS))]
    lines = (
        [value_cell(value, max_length) for value in line[:MAX_COLUMNS]]
        for line in samples
    )
    return headers, lines, column_note(n_columns)


def image_cells(samples, n_rows):
    """Return images of the first samples; the others have none."""
    samples = np.asarray(samples)
    images = as_images(samples)
    if images is None:
        shape = " x ".join(map(str, samples.shape[1:]))
        return [], ([] for _ in range(n_rows)), f"Rows of shape {shape} are not shown."
    if not has_pillow():
        return [], ([] for _ in range(n_rows)), f"{NO_PILLOW}."
    max_bytes = byte_limit(len(images))

    def cell(row):
        if row >= len(images):
            return [Cell("missing", "not shown")]
        height, width = images[row].shape[:2]
        description = f"Image of this row, {height} by {width} pixels"
        return [Cell("image", description, encode_image(images[row], max_bytes))]

    note = f"The first {MAX_IMAGES} come with their image." if n_rows > MAX_IMAGES else ""
    return ["image"], map(cell, range(n_rows)), note


def column_note(n_columns, ordered=False):
    """Say which columns are not shown."""
    if n_columns <= MAX_COLUMNS:
        return ""
    if ordered:
        return (
            f"The {MAX_COLUMNS} of {n_columns} columns are shown that tell most about "
            "the label."
        )
    return f"The first {MAX_COLUMNS} of {n_columns} columns are shown."
