"""The most suspicious samples of a report, and what each of them looks like."""

import numpy as np
from scipy.sparse import issparse
from torch.utils.data import Dataset

from sklnoise._compat import safe_indexing
from sklnoise._labels import is_missing
from sklnoise._samples import as_images, index_of, sample_name
from sklnoise.report._charts import NO_PILLOW, has_pillow, thumbnail
from sklnoise.report._html import Html, element, folded, number, table, titled

MAX_SUSPECTS = 1000
MAX_COLUMNS, MAX_IMAGES = 8, 200

# Size of the list from which it ends early, so that the file stays small.
MAX_BYTES = 1_000_000

# Up to here floats hold all whole numbers.
MAX_WHOLE = 1e15

# Columns that say how a sample is judged.
JUDGED = "label", "suggested", "quality"


def suspect_section(X, y, judgement, n_suspects):
    """Show the most suspicious samples."""
    n_found = int(judgement.is_issue.sum())
    worst = judgement.worst_issues(min(n_suspects, MAX_SUSPECTS))
    title = element("h2", "Most suspicious labels", id="suspects")
    if not n_found:
        return element("section", title, element("p", "No label is suspected."))
    headers, lines, note = [], [], ""
    if len(worst):
        headers, lines, note = suspect_lines(X, y, judgement, worst)
    shown = take_bytes(lines, MAX_BYTES)
    sentences = [list_sentence(n_found, len(shown)), note]
    if len(shown) < len(worst):
        sentences.append("The list ends early to keep the file small.")
    parts = [title, element("p", " ".join(filter(None, sentences)))]
    if shown:
        parts.append(table("Most suspicious labels", headers, shown, scrolls=False))
    return element("section", parts)


def list_sentence(n_found, n_shown):
    """Say what the list is."""
    rows = "1 row" if n_found == 1 else f"{n_found:,} rows"
    if not n_shown:
        part = "None is listed."
    elif n_shown == n_found:
        part = "All are listed, the worst first." if n_found > 1 else "It is listed."
    elif n_shown == 1:
        part = "The most suspicious one is listed."
    else:
        part = f"The {n_shown:,} most suspicious are listed, the worst first."
    return (
        f"In {rows} another label is more likely. {part} Quality is the probability that "
        "the label is right. A suggestion is a reason to look, not a correction."
    )


def suspect_lines(X, y, judgement, worst):
    """Return headers, lines that are made when asked for, and a note."""
    positions = judgement.rows[worst]
    headers, cells, note = sample_cells(X, positions)
    name_headers, names = name_samples(index_of(X, y), positions)
    judged = [*name_headers, *JUDGED]

    def lines():
        for k, (name, *others), of_sample in zip(worst, names, cells):
            quality = judgement.quality[k]
            yield [
                element("th", folded(name), scope="row"),
                *map(folded, others),
                element("td", titled(judgement.labels[k]), class_="name"),
                element("td", titled(judgement.suggested_labels[k]), class_="name"),
                number(f"{quality:.3f}" if quality >= 0.0005 else "<0.001"),
                *of_sample,
            ]

    headers = judged + rename_duplicates(headers, judged, "X")
    return [titled(name) for name in headers], lines(), note


def name_samples(index, positions):
    """Return headers and names of samples: of their index, their positions or both."""
    header = ", ".join(str(n) for n in getattr(index, "names", ()) if n is not None)
    if header:
        headers = rename_duplicates([header], JUDGED, "index")
        return headers, [[sample_name(index, row)] for row in positions]
    if index is None or list(index) == list(range(len(index))):
        return ["row"], [[str(row)] for row in positions]
    names = [[str(row), sample_name(index, row)] for row in positions]
    return ["row", "index"], names


def rename_duplicates(names, taken, source):
    """Append their source to names that are taken."""
    names, renamed = list(map(str, names)), []
    for name in names:
        if name in taken:
            while name in taken or name in names:
                name = f"{name} ({source})"
        renamed.append(name)
    return renamed


def take_bytes(lines, n_bytes):
    """Take lines while they are small enough together."""
    taken, size = [], 0
    for line in lines:
        size += sum(len(Html(cell).encode()) for cell in line)
        if size > n_bytes:
            break
        taken.append(line)
    return taken


def sample_cells(X, rows):
    """Return headers, the cells of some samples, made when asked for, and a note."""
    if X is None:
        return [], ([] for _ in rows), "X was not given, so the rows are not shown."
    if isinstance(X, Dataset | dict):
        kind = "Dataset" if isinstance(X, Dataset) else "dict"
        return [], ([] for _ in rows), f"The rows of a {kind} are not shown."
    if issparse(X):
        return sparse_cells(X.tocsr()[rows])
    taken = safe_indexing(X, rows)
    if hasattr(X, "columns") and hasattr(X, "shape"):
        return frame_cells(taken)
    return array_cells(as_array(taken))


def as_array(samples):
    """Return samples as an array; lists of different lengths as one of objects."""
    try:
        return np.asarray(samples)
    except ValueError:
        uneven = np.empty(len(samples), dtype=object)
        uneven[:] = samples
        return uneven


def frame_cells(frame):
    """Return the first columns of a data frame, each with its own type."""
    names = list(map(str, frame.columns))
    if hasattr(frame, "iloc"):
        columns = [list(frame.iloc[:, j]) for j in range(min(len(names), MAX_COLUMNS))]
    else:
        columns = [list(frame[name]) for name in frame.columns[:MAX_COLUMNS]]
    cells = (list(map(value_cell, line)) for line in zip(*columns))
    return names[:MAX_COLUMNS], cells, column_note(len(names))


def sparse_cells(samples):
    """Return the largest entries of sparse samples."""

    def cell(row):
        part = slice(*samples.indptr[row : row + 2])
        columns, values = samples.indices[part], samples.data[part]
        largest = np.argsort(-np.abs(values), kind="stable")[:MAX_COLUMNS]
        text = ", ".join(f"{columns[k]}: {format_value(values[k])}" for k in largest)
        return [folded(text or "all zero")]

    return ["largest entries (column: value)"], map(cell, range(samples.shape[0])), ""


def array_cells(samples):
    """Return texts, the first columns of a table, or thumbnails."""
    if samples.ndim == 1:
        return ["row of X"], ([value_cell(value)] for value in samples), ""
    if samples.ndim == 2:
        n_columns = samples.shape[1]
        headers = [f"column {j}" for j in range(min(n_columns, MAX_COLUMNS))]
        cells = (list(map(value_cell, line[:MAX_COLUMNS])) for line in samples)
        return headers, cells, column_note(n_columns)
    images = as_images(samples[:MAX_IMAGES])
    if images is None:
        shape = " x ".join(map(str, samples.shape[1:]))
        return [], ([] for _ in samples), f"Rows of shape {shape} are not shown."
    if not has_pillow():
        return [], ([] for _ in samples), f"{NO_PILLOW}."
    return ["image"], ([thumbnail(image)] for image in images), ""


def value_cell(value):
    """Return the cell of one value."""
    text = format_value(value)
    if text is None:
        return element("td", "missing", class_="quiet")
    if isinstance(value, int | float | np.number):
        return number(text)
    return element("td", folded(text))


def format_value(value):
    """Return a value as text, None where it is missing."""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        value = float(value)  # 1e15 overflows in half precision
        is_whole = abs(value) < MAX_WHOLE and value == np.round(value)
        return f"{value:.0f}" if is_whole else f"{value:.4g}"
    return None if is_missing(value) else str(value)


def column_note(n_columns):
    """Say how many columns are not shown."""
    if n_columns <= MAX_COLUMNS:
        return ""
    return f"The first {MAX_COLUMNS} of {n_columns} columns are shown."
