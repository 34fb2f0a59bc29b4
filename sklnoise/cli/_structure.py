"""From the records of a file to a table: its header, its columns and its rows."""

import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import BadInput, free_name
from sklnoise.cli._rows import (
    MIN_NUMBER_SHARE,
    fit_rows,
    has_number,
    is_empty,
    is_number,
    leave_out_headers,
    n_filled,
    tidy,
)

# Records among which the header is looked for, and those that tell the width of a table.
N_LEADING, N_DECIDING = 50, 10_000

COMMENT = re.compile(r"\s*(#|//|%)")


class Sheet(NamedTuple):
    """A table of cells, with its rows numbered as in the file."""

    frame: pd.DataFrame
    notes: list
    # The place of each column in the records.
    places: dict
    # Whether the first row, which was taken for the header, looks like the others.
    may_lack_header: bool = False


def make_sheet(records, path, *, wanted=(), no_header=False):
    """Find the header, and return the table below it."""
    records = trim_end(records)
    if not records:
        raise BadInput(f"{path} is empty. It must hold a header line and rows.")
    width = width_of(records)
    header = None if no_header else find_header(records, width, wanted)
    first = 0 if header is None else header + 1
    notes = [] if header is None else notes_on_skipped(records[:header])
    names = [] if header is None else [tidy(cell) for cell in records[header]]
    rows = [(i, r) for i, r in enumerate(records[first:], start=first) if r or names]
    if not rows:
        raise BadInput(f"{path} has columns but no rows. It must hold a header and rows.")
    if header is None:
        names = [""] * width
    elif len(names) == width - 1:
        names, note = name_extra_column(names, [row for _, row in rows])
        notes.append(note)
    rows, more = fit_rows(rows, len(names), path)
    if header is not None:
        rows, no_rows = leave_out_headers(rows, names)
        more += no_rows
    names, renamed = complete_names(names)
    lines, cells = zip(*rows)
    index = pd.Index(np.array(lines) + 1, name="row")
    places = {name: place for place, name in enumerate(names)}
    frame = pd.DataFrame(list(cells), columns=names, index=index, dtype=object)
    frame = drop_empty_columns(frame)
    may_lack = header is not None and not wanted_in(wanted, names)
    return Sheet(
        frame,
        [*notes, *more, *renamed],
        places,
        may_lack and looks_like_data(records[header], frame),
    )


def trim_end(records):
    """Leave out the empty records at the end."""
    n_kept = len(records)
    while n_kept and not n_filled(records[n_kept - 1]):
        n_kept -= 1
    return records[:n_kept]


def width_of(records):
    """Return the most frequent number of cells."""
    counts = Counter(len(r) for r in islice(records, N_DECIDING) if n_filled(r))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def find_header(records, width, wanted):
    """Return which record holds the names of the columns."""
    leading = records[:N_LEADING]
    for i, record in enumerate(leading):
        if is_named_header(record, records[i + 1 :], wanted):
            return i
    n_least = width - 1 if width > 2 else width  # names of rows have no name
    for i, record in enumerate(leading):
        following = records[i + 1] if i + 1 < len(records) else []
        if len(record) >= n_least and not is_title(record, following):
            return i
    return 0


def wanted_in(wanted, names):
    """Return whether one of the wanted names is there."""
    return not set(wanted).isdisjoint(names)


def is_named_header(record, below, wanted):
    """Return whether a record has a wanted name, which its column does not hold again."""
    places = [place for place, cell in enumerate(record) if tidy(cell) in wanted]
    return any(
        all(
            len(row) <= place or row[place] != record[place] or row == record
            for row in below
        )
        for place in places
    )


def is_title(record, following):
    """Return whether a record says something about the table, before its header."""
    if not n_filled(record):
        return True
    if COMMENT.match(str(record[0] or "")):
        # "#size,kind" may be a header; a comment comes before one.
        return n_filled(following) >= n_filled(record) and not has_number(following)
    return n_filled(record) == 1 < n_filled(following) and len(record) > 2


def notes_on_skipped(records):
    """Tell what stands before the header."""
    texts = [str(r[0]) for r in records if n_filled(r)]
    if not texts:
        return []
    return [
        f"{len(records)} line{'s' * (len(records) > 1)} before the header "
        f"{'were' if len(records) > 1 else 'was'} skipped: "
        f"{enumerate_names(map(repr, texts))}."
    ]


def name_extra_column(names, rows):
    """Name the column that the rows have and the header lacks: their first or last."""
    last_cells = [row[-1] for row in rows if len(row) == len(names) + 1]
    if all(map(is_empty, last_cells)):
        return [*names, ""], "Each row ends in a separator, which makes no column."
    note = "The rows have one cell more than the header: the first one names the row."
    return ["", *names], note


def complete_names(names):
    """Name the columns that have no name, or that of another one."""
    complete, twice = [], []
    for place, name in enumerate(names, start=1):
        if not name:
            name = free_name(f"column {place}", " (no name)", {*names, *complete})
        if name in complete:
            twice.append(name)
            number = 2
            while f"{name} ({number})" in {*names, *complete}:
                number += 1
            name = f"{name} ({number})"
        complete.append(name)
    if not twice:
        return complete, []
    listed = enumerate_names(map(repr, dict.fromkeys(twice)))
    return complete, [
        f"More than one column is named {listed}: the later ones got a number."
    ]


def drop_empty_columns(frame):
    """Leave out columns without a name in which nothing stands."""
    empty = [
        name
        for place, name in enumerate(frame.columns, start=1)
        if name.startswith(f"column {place}") and frame[name].map(is_empty).all()
    ]
    return frame.drop(columns=empty)


def looks_like_data(record, frame):
    """Return whether a record looks like the rows below it rather than like names."""
    agrees = False
    for cell, name in zip(record, frame.columns):
        filled = [c for c in islice(frame[name], N_DECIDING) if not is_empty(c)]
        if not filled:
            continue
        if np.mean(list(map(is_number, filled))) < MIN_NUMBER_SHARE:
            agrees |= cell in filled and len(set(filled)) <= len(filled) / 2
        elif not is_number(cell):
            return False
        else:
            agrees = True
    return agrees
