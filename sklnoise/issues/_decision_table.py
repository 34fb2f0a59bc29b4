"""Decisions of a reviewer, read from a frame, columns or records."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from sklnoise._labels import is_missing
from sklnoise._text import list_some, shorten

REQUIRED = "row", "label", "decision"
DECISIONS = "right", "wrong", "unsure"


class Line(NamedTuple):
    """A decision on a sample; the corrected label is None where there is none."""

    row: object
    label: object
    decision: str
    corrected: object = None


def read_decisions(decisions):
    """Return the lines of a table of decisions that hold one."""
    if hasattr(decisions, "columns") or isinstance(decisions, Mapping):
        names = wanted(getattr(decisions, "columns", decisions))
        lines = lines_of_columns({name: decisions[name] for name in names})
    elif isinstance(decisions, Iterable) and not isinstance(decisions, str | bytes):
        lines = [line_of_record(record) for record in decisions]
    else:
        raise TypeError(
            "decisions must be a data frame, a mapping of columns or a list of mappings; "
            f"got {shorten(repr(decisions))}. Read a file by pandas.read_csv."
        )
    return [
        line._replace(decision=check_word(line.decision, line.row))
        for line in lines
        if not is_blank(line.decision)
    ]


def wanted(names):
    """Return the columns that are read, or raise a ValueError if some are missing."""
    names = list(names)
    missing = [name for name in REQUIRED if names.count(name) != 1]
    if missing:
        raise ValueError(
            f"decisions must have the columns {list_some(REQUIRED)}, each once; got "
            f"{list_some(names)}."
        )
    return [name for name in Line._fields if name in names]


def lines_of_columns(columns):
    """Return the lines of a table from its columns."""
    for name, column in columns.items():
        if not isinstance(column, Iterable) or isinstance(column, str | bytes):
            raise TypeError(
                f"decisions must hold a list for each column; {name} is "
                f"{shorten(repr(column))}."
            )
    lists = {name: list(column) for name, column in columns.items()}
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"decisions must have columns of one length; got {lengths}.")
    return [Line(**dict(zip(lists, cells))) for cells in zip(*lists.values())]


def line_of_record(record):
    """Return the line of a mapping from the names of columns."""
    if not isinstance(record, Mapping):
        raise TypeError(
            "decisions must be mappings with the keys row, label, decision and "
            f"corrected; got {shorten(repr(record))}."
        )
    return Line(**{name: record[name] for name in wanted(record)})


def check_word(word, row):
    """Return a decision in lower case."""
    found = str(word).strip().lower()
    if found in DECISIONS:
        return found
    close = get_close_matches(found[:20], DECISIONS, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f'decision must be "right", "wrong" or "unsure"; that on row '
        f"{shorten(repr(row))} is {shorten(repr(word))}.{hint}"
    )


def is_blank(value):
    """Return whether a cell is empty."""
    return is_missing(value) or (isinstance(value, str) and not value.strip())
