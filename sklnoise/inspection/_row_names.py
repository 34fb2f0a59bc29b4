"""What rows and the columns beside them are called, so that none passes for another."""

JUDGED = "label", "suggested", "quality"
"""Columns that say what is thought of a row."""


def index_of(*data):
    """Return the first index that data have.

    Parameters
    ----------
    *data : object
        Rows or labels of any kind.

    Returns
    -------
    index : pandas Index or None
        None where nothing has one.
    """
    for part in data:
        index = getattr(part, "index", None)
        if hasattr(index, "names"):  # a list has a method `index`
            return index
    return None


def index_header(index):
    """Return the name that an index has.

    Parameters
    ----------
    index : pandas Index or None
        The index.

    Returns
    -------
    header : str or None
        Not that of a judged column; None where the index has no name.
    """
    names = [str(name) for name in getattr(index, "names", ()) if name is not None]
    return told_apart([", ".join(names)], JUDGED, "index")[0] if names else None


def row_name(index, row):
    """Return the name of a row.

    Parameters
    ----------
    index : pandas Index or None
        Of all rows.

    row : int
        Its position.

    Returns
    -------
    name : str
        The levels of an index behind one another; the position without an index.
    """
    name = row if index is None else index[row]
    return ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def counts_from_0(index):
    """Tell whether an index says no more than the positions of the rows.

    Parameters
    ----------
    index : pandas Index
        The index.

    Returns
    -------
    counts : bool
        Whether it is 0, 1, 2 and so on.
    """
    return list(index) == list(range(len(index)))


def told_apart(names, taken, source="X"):
    """Mark columns whose name another one has.

    Parameters
    ----------
    names : iterable
        Names of the columns.

    taken : iterable of str
        Names of the others.

    source : str, default="X"
        Where the columns come from.

    Returns
    -------
    names : list of str
        "label" is "label (X)" where "label" is taken.
    """
    names, taken = list(map(str, names)), set(taken)
    marked = []
    for name in names:
        if name in taken:
            while name in taken or name in names:
                name = f"{name} ({source})"
        marked.append(name)
    return marked
