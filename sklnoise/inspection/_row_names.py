"""What rows and the columns beside them are called, so that none passes for another."""

JUDGED = "label", "suggested", "quality"
"""Columns that say what is thought of a row."""


def index_of(*data):
    """Return the first index that data have."""
    for part in data:
        index = getattr(part, "index", None)
        if hasattr(index, "names"):  # a list has a method `index`
            return index
    return None


def index_header(index):
    """Return the name that an index has."""
    names = [str(name) for name in getattr(index, "names", ()) if name is not None]
    return told_apart([", ".join(names)], JUDGED, "index")[0] if names else None


def row_name(index, row):
    """Return the name of a row."""
    name = row if index is None else index[row]
    return ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def counts_from_0(index):
    """Tell whether an index says no more than the positions of the rows."""
    return list(index) == list(range(len(index)))


def told_apart(names, taken, source="X"):
    """Mark columns whose name another one has."""
    names, taken = list(map(str, names)), set(taken)
    marked = []
    for name in names:
        if name in taken:
            while name in taken or name in names:
                name = f"{name} ({source})"
        marked.append(name)
    return marked
