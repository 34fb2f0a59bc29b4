"""The rows behind label issues, shown as what they are."""

from scipy.sparse import issparse

from sklnoise._compat import safe_indexing
from sklnoise.inspection._canvas import shortened
from sklnoise.inspection._contact_sheet import ContactSheet, as_images
from sklnoise.inspection._row_table import MOST_CHARACTERS, RowTable, first_columns


def rows_beside(X, rows, labels, suggested, quality):
    """Choose how rows are shown.

    Parameters
    ----------
    X : object
        All rows.

    rows : ndarray of shape (n_shown,)
        Positions of those that are shown.

    labels, suggested : list of length n_shown
        Their labels, and those that are more likely.

    quality : list of float of length n_shown
        Probability that the label is right.

    Returns
    -------
    shown : ContactSheet, RowTable or None
        None where the rows are neither images nor a table nor texts.
    """
    if issparse(X) or not (hasattr(X, "shape") or isinstance(X, list | tuple)):
        return None
    taken, names = safe_indexing(X, rows), row_names(X, rows)
    labels, suggested = map(one_line, labels), map(one_line, suggested)
    images = as_images(taken)
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
    return RowTable(["row", "label", "suggested", "quality", *header], lines)


def row_names(X, rows):
    """Return the index of rows where X has one, else their positions.

    Parameters
    ----------
    X : object
        All rows.

    rows : ndarray of shape (n_shown,)
        Positions.

    Returns
    -------
    names : list of str
        One a row.
    """
    if hasattr(X, "iloc"):
        return [one_line(X.index[row]) for row in rows]
    return [str(row) for row in rows]


def one_line(value):
    """Write a label in one short line.

    Parameters
    ----------
    value : object
        A label or the name of a row.

    Returns
    -------
    text : str
        The text.
    """
    return shortened(value, MOST_CHARACTERS)
