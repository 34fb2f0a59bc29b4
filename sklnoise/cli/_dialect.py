"""How the lines of a text are split into cells: separator, quotes and escapes."""

import csv
import re
from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

# What may separate cells. The first wins where two split all lines alike: in "1,5;2,5"
# commas are decimal. Blanks separate only where nothing else does.
SEPARATORS = "\t;|,"
BLANK = " "

# A first line of cells in apostrophes, and a line that is one cell in quotes.
IN_APOSTROPHES = re.compile(r"\s*'[^']*'(?:[\t;|, ]'[^']*')+\s*")
WRAPPED = re.compile(r'"(?:[^"]|"")*"[\r\n]*')

# Lines that decide the separator.
N_DECIDING = 1000

# Share of the lines that must have the same number of cells.
MIN_AGREEMENT, MIN_AGREEMENT_OF_BLANKS = 0.5, 0.9

MAX_CELL_LENGTH = 2**31 - 1


class Dialect(NamedTuple):
    """How the cells of a text are told apart."""

    separator: str
    quote: str = '"'
    # A character that takes its meaning from the next one.
    escape: str | None = None
    skips_blanks: bool = False
    # Whether lines that are one cell in quotes have the cells in it.
    is_wrapped: bool = False
    # Whether quotes that are never closed are characters.
    by_line: bool = False

    @property
    def options(self):
        """Return what the reader of Python needs to know."""
        return {
            "delimiter": self.separator,
            "quotechar": self.quote,
            "escapechar": self.escape,
            "skipinitialspace": self.skips_blanks,
        }


def find_dialect(lines, separator=None):
    """Return how lines are split into cells: their separator, quotes and escapes."""
    quote = "'" if any(map(IN_APOSTROPHES.fullmatch, lines[:1])) else '"'
    lines = lines[:N_DECIDING]
    unwrapped, is_wrapped = list(map(unwrap, lines)), False
    if separator is None and unwrapped != lines:
        separator = find_separator(unwrapped, quote)
        is_wrapped = agreement(unwrapped, separator) > agreement(lines, separator)
        separator, lines = (separator, unwrapped) if is_wrapped else (None, lines)
    separator = separator or find_separator(lines, quote)
    # Backslashes are characters, such as in paths, unless the lines agree by them alone.
    agreements = [agreement(lines, separator, quote, escape) for escape in (None, "\\")]
    escape = "\\" if agreements[1] > agreements[0] else None
    # Otherwise a blank before a quote would make it a part of the cell.
    skips = separator == BLANK or re.search(
        f"{re.escape(separator)} +{quote}", "".join(lines)
    )
    return Dialect(separator, quote, escape, bool(skips), is_wrapped)


def find_separator(lines, quote):
    """Return what splits most lines into the same number of cells."""
    found = {separator: agreement(lines, separator, quote) for separator in SEPARATORS}
    best = max(SEPARATORS, key=found.get)
    if found[best] >= MIN_AGREEMENT:
        return best
    return BLANK if agreement(lines, BLANK, quote) >= MIN_AGREEMENT_OF_BLANKS else ","


def agreement(lines, separator, quote='"', escape=None):
    """Return the share of the records that have the most frequent number of cells."""
    with long_cells():
        records = csv.reader(
            lines,
            delimiter=separator,
            quotechar=quote,
            escapechar=escape,
            skipinitialspace=separator == BLANK,
        )
        widths = [
            len(record)
            for record in trim(records, separator)
            if any(map(str.strip, record))
        ]
    counts = Counter(widths)
    width = max(counts, key=lambda width: (counts[width], width), default=1)
    return counts[width] / len(widths) if width > 1 else 0


def trim(records, separator):
    """Leave out the empty cell that blanks at the end of a line make."""
    if separator != BLANK:
        return records
    return [r[:-1] if len(r) > 1 and not r[-1] else r for r in records]


@contextmanager
def long_cells():
    """Let cells be as long as they are, for a while."""
    before = csv.field_size_limit(MAX_CELL_LENGTH)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def unwrap(line):
    """Return the cells of a line if it stands in quotes as a whole, else the line."""
    if not (WRAPPED.fullmatch(line) and any(char in line for char in SEPARATORS)):
        return line
    content = line.rstrip("\r\n")
    return content[1:-1].replace('""', '"') + line[len(content) :]


def wrap(line):
    """Put a line in quotes as a whole."""
    content = line.rstrip("\r\n")
    return '"' + content.replace('"', '""') + '"' + line[len(content) :]
