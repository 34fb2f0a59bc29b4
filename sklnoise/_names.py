"""The classes that the names of a frame's rows and columns stand for."""

import numpy as np

from sklnoise._text import list_some


def frame_classes(frame, *labels):
    """Return the sorted classes that a frame names, in the type of some labels, or None.

    A table of polars, or of a file, may name integer classes by strings.
    """
    row_names, column_names = names_of_rows(frame), names_of_columns(frame)
    names = column_names if column_names is not None else row_names
    if names is None:
        return None
    check_names(names)
    in_labels = {str(label): label for y in labels for label in set(y.tolist())}
    names = [in_labels.get(str(name), name) for name in names]
    if any(y.dtype.kind in "iu" for y in labels):
        names = [int(n) if isinstance(n, str) and n.isdigit() else n for n in names]
    try:
        return np.array(sorted(names))
    except TypeError as error:
        raise ValueError(
            "the columns of a frame of classes must have names of one kind; got "
            f"{list_some(names)}. Rename them, or pass frame.to_numpy()."
        ) from error


def names_of_columns(frame):
    """Return the names of the columns, or None where they are mere positions."""
    return meaningful(getattr(frame, "columns", None))


def names_of_rows(frame):
    """Return the names of the rows, or None where they are mere positions."""
    index = getattr(frame, "index", None)
    has_columns = getattr(frame, "columns", None) is not None
    # A list and a string have a method of that name.
    return meaningful(index) if has_columns and hasattr(index, "names") else None


def meaningful(axis):
    """Return names as a list, or None if they are 0, 1, 2, ..., as by default."""
    if axis is None:
        return None
    names = list(axis.tolist() if hasattr(axis, "tolist") else axis)
    positions = range(len(names))
    # Those of pandas, of its files, and of polars.
    defaults = list(positions), [*map(str, positions)], [f"column_{i}" for i in positions]
    return None if names in defaults else names


def check_names(names):
    """Raise a ValueError if names cannot be those of classes."""
    if any(isinstance(name, tuple) or name is None or name != name for name in names):
        problem = "one label each, none of them missing"
    elif len(set(map(str, names))) < len(names):
        problem = "names that differ"
    else:
        return
    raise ValueError(
        f"the rows and columns of a frame of classes must have {problem}; got "
        f"{list_some(names)}. Rename them, or pass frame.to_numpy()."
    )


def locate(names, classes, argument):
    """Return where each class is among names."""
    check_names(names)
    classes = np.ravel(np.asarray(classes)).tolist()
    for key in (lambda name: name), str:  # as they are, or else as text
        position = {key(name): at for at, name in enumerate(names)}
        if position.keys() == {key(label) for label in classes}:
            return [position[key(label)] for label in classes]
    raise ValueError(
        f"the rows and columns of {argument} must be named as the classes, "
        f"{list_some(classes)}; got {list_some(names)}. Rename them, or pass "
        f"{argument}.to_numpy(), with rows and columns in the order of the classes."
    )


def align_columns(array, frame, classes, argument):
    """Sort the columns of an array as the classes, by the names of its frame."""
    names = names_of_columns(frame)
    return array if names is None else array[:, locate(names, classes, argument)]


def align_square(array, frame, classes, argument):
    """Sort rows and columns of an array as the classes, by the names of its frame."""
    row_names, column_names = names_of_rows(frame), names_of_columns(frame)
    if row_names is None and column_names is None:
        return array
    positions = list(range(len(array)))
    named = row_names if row_names is not None else column_names
    # One named axis names both: a frame of polars has no names of rows.
    default = positions if set(named) == set(positions) else named
    axes = (default if names is None else names for names in (row_names, column_names))
    return array[np.ix_(*(locate(names, classes, argument) for names in axes))]
