"""Which records below the header are rows, and what their cells look like."""

import re

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import BadInput

# Of the rows, that may have more cells than the header, and are left out.
MAX_LONG_SHARE = 0.1

# Of the cells of a column, that must be numbers if its first cell shall be one.
MIN_NUMBER_SHARE = 0.8

# A number as it may be written anywhere, with a unit or a currency at most.
NUMBER_LIKE = re.compile(r"[^\d\w]*[+−-]?[\d][\d.,:/\s-]*\W*")

# What the line between the header and the rows is drawn with, in tables for people.
OF_RULES = set("-=:+|_ ")

# In fewer rows, a word in the first one may be one that says "missing".
MIN_ROWS_BELOW_UNITS = 10


def is_empty(cell):
    """Return whether nothing stands in a cell."""
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())


def n_filled(record):
    """Count the cells in which something stands."""
    return sum(not is_empty(cell) for cell in record)


def tidy(cell):
    """Return the name in a cell of the header, on one line."""
    return "" if is_empty(cell) else " ".join(str(cell).split())


def has_number(record):
    """Return whether a cell of a record is a number."""
    return any(is_number(cell) for cell in record)


def is_number(cell):
    """Return whether a cell looks like a number, a date or a time."""
    if isinstance(cell, str):
        return NUMBER_LIKE.fullmatch(cell.strip()) is not None
    return not is_empty(cell)


def fit_rows(rows, width, path):
    """Give all rows the same width; leave out those that have too many cells."""
    fitting, long, n_short = [], [], 0
    for line, row in rows:
        if len(row) > width and n_filled(row[width:]):
            long.append(line)
            continue
        # An empty row in the middle is one, as in a spreadsheet.
        n_short += 0 < len(row) < width
        fitting.append((line, [*row[:width], *[""] * (width - len(row))]))
    if len(long) > MAX_LONG_SHARE * len(rows):
        line = long[0]
        n_cells = next(len(row) for number, row in rows if number == line)
        raise BadInput(
            f"{path} is not a table: row {line + 1} has {n_cells} cells, the header "
            f"{width}. A cell with the separator in it must be quoted."
        )
    notes = []
    if long:
        rows_said = enumerate_names(str(line + 1) for line in long)
        notes.append(
            f"{len(long)} row{'s' * (len(long) > 1)} with more cells than the header "
            f"{'were' if len(long) > 1 else 'was'} left out (row {rows_said}): a cell "
            "with the separator in it must be quoted."
        )
    if n_short:
        notes.append(
            f"{n_short} row{'s' * (n_short > 1)} with fewer cells than the header "
            f"{'were' if n_short > 1 else 'was'} filled up with empty ones."
        )
    return fitting, notes


def leave_out_headers(rows, names):
    """Leave out what belongs to the header, though it stands among the rows."""
    left_out = [
        line
        for line, row in rows
        if [tidy(cell) for cell in row] == names or is_rule(row)
    ]
    kept = [(line, row) for line, row in rows if line not in set(left_out)]
    if not kept:
        return rows, []
    if is_below_header(kept):
        left_out = sorted([*left_out, kept.pop(0)[0]])
    if not left_out:
        return rows, []
    listed = enumerate_names(str(line + 1) for line in left_out)
    return kept, [
        f"{len(left_out)} row{'s' * (len(left_out) > 1)} below the header "
        f"{'were' if len(left_out) > 1 else 'was'} left out (row {listed}): names of "
        "columns again, units, types, or a rule."
    ]


def is_rule(row):
    """Return whether a row is a line that was drawn."""
    filled = [cell for cell in row if not is_empty(cell)]
    return bool(filled) and all(
        isinstance(cell, str)
        and OF_RULES.issuperset(cell)
        and ("---" in cell or "===" in cell)
        for cell in filled
    )


def is_below_header(rows):
    """Return whether the first row names units or types of columns of numbers."""
    (_, first), *others = rows
    if len(others) < MIN_ROWS_BELOW_UNITS or has_number(first):
        return False
    words = [place for place, cell in enumerate(first) if not is_empty(cell)]
    n_numeric = 0
    for place in words:
        below = [row[place] for _, row in others if not is_empty(row[place])]
        if first[place] in below:
            return False
        n_numeric += bool(below) and all(map(is_number, below))
    return n_numeric >= 2
