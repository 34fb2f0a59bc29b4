"""What is known of the file that the samples of a report come from."""

from sklnoise._text import list_some, shorten

KEYS = "file_name", "cautions", "columns", "notes", "next_steps"
COLUMN_KEYS = "name", "kind", "note"


def check_source(source):
    """Return a source with all of its keys, or raise an error."""
    source = {} if source is None else source
    for key in source:
        if key not in KEYS:
            raise ValueError(f"source may have the keys {', '.join(KEYS)}; got {key!r}.")
    return {
        "file_name": check_text(source.get("file_name") or "", "file_name"),
        "columns": [check_column(column) for column in as_list(source, "columns")],
        **{
            key: [check_text(text, key) for text in as_list(source, key)]
            for key in ("cautions", "notes")
        },
        "next_steps": [check_step(step) for step in as_list(source, "next_steps")],
    }


def as_list(source, key):
    """Return the list of a key, empty where there is none."""
    values = source.get(key, ())
    if not isinstance(values, list | tuple):
        raise TypeError(f"source[{key!r}] must be a list; got {shorten(repr(values))}.")
    return values


def check_text(text, key):
    """Return a text, or raise a TypeError."""
    if not isinstance(text, str):
        raise TypeError(f"source[{key!r}] must be text; got {shorten(repr(text))}.")
    return text


def check_column(column):
    """Return how a column was read, with a text for each key."""
    if not isinstance(column, dict) or "name" not in column:
        keys = ", ".join(COLUMN_KEYS)
        raise TypeError(
            f"source['columns'] must be dicts of {keys}; got {shorten(repr(column))}."
        )
    return {key: str(column.get(key, "")) for key in COLUMN_KEYS}


def check_step(step):
    """Return what to do and its command, or raise an error."""
    if not isinstance(step, list | tuple) or len(step) != 2:
        raise ValueError(
            "source['next_steps'] must hold pairs of a sentence and a command; got "
            f"{shorten(repr(step))}."
        )
    return [check_text(text, "next_steps") for text in step]


def check_column_order(column_order, X):
    """Return the positions of the columns of X in an order; others come last."""
    if not hasattr(X, "columns") or not hasattr(X, "shape"):
        raise ValueError(
            f"column_order names columns, so X must be a DataFrame; got {type(X)}. "
            "Leave column_order out."
        )
    columns = list(X.columns)
    places = {name: place for place, name in reversed([*enumerate(columns)])}
    try:
        order = [places[name] for name in column_order]
    except (KeyError, TypeError) as error:  # unknown, or nothing that names a column
        raise ValueError(
            f"column_order must name columns of X; got {shorten(repr(column_order))}. "
            f"The columns are {list_some(columns)}."
        ) from error
    return list(dict.fromkeys([*order, *range(len(columns))]))
