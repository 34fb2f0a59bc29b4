"""The rows behind label issues, shown as what they are."""

from functools import partial

from scipy.sparse import issparse

from sklnoise._compat import safe_indexing
from sklnoise.inspection._contact_sheet import ContactSheet, as_pictures
from sklnoise.inspection._glyphs import fitting
from sklnoise.inspection._row_names import (
    JUDGED,
    index_header,
    index_of,
    row_name,
    told_apart,
)
from sklnoise.inspection._row_table import MOST_CHARACTERS, RowTable, first_columns

in_short = partial(fitting, most=MOST_CHARACTERS)


def rows_beside(X, rows, labels, suggested, quality):
    """Choose how rows are shown."""
    if issparse(X) or not (hasattr(X, "shape") or isinstance(X, list | tuple)):
        return None
    taken, index = safe_indexing(X, rows), index_of(X)
    names = [in_short(row_name(index, row)) for row in rows]
    labels, suggested = map(in_short, labels), map(in_short, suggested)
    images = as_pictures(taken)
    if images is not None:
        return ContactSheet(images, names, list(labels), list(suggested))
    header, cells = first_columns(taken)
    if header is None:
        return None
    quality = [f"{value:.2f}" for value in quality]
    lines = [
        [*judged, *line]
        for *judged, line in zip(names, labels, suggested, quality, cells)
    ]
    judged = [index_header(index) or "row", *JUDGED]
    header = [*judged, *told_apart(header, judged)]
    return RowTable(list(map(in_short, header)), lines)
