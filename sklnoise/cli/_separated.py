"""Separated values: the records of a text, and where each of them begins."""

import csv
import re
from collections import Counter
from contextlib import contextmanager
from io import StringIO
from typing import NamedTuple

from sklnoise.cli._errors import BadInput

# What may separate cells. The first wins where two split all lines alike: in "1,5;2,5"
# commas are decimal. Blanks separate only where nothing else does.
SEPARATORS = "\t;|,"
BLANK = " "

# A first line that names the separator to Excel, which does not show it.
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)

# Lines that decide the separator.
N_DECIDING = 1000

# Share of the lines that must have the same number of cells.
MIN_AGREEMENT, MIN_AGREEMENT_OF_BLANKS = 0.5, 0.9

# Share of the lines that must, if quotes are to be read line by line.
MIN_AGREEMENT_OF_LINES = 0.95

MAX_CELL_LENGTH = 2**31 - 1


class Separated(NamedTuple):
    """The records of a text, with what is needed to write one of them anew."""

    records: list
    lines: list
    first_lines: list
    separator: str
    by_line: bool = False
    skips_blanks: bool = False
    note: str | None = None


def split_text(text, path):
    """Split a text into records of cells, by the separator that fits its lines."""
    lines = list(StringIO(text, newline=""))
    named = SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    n_hidden = int(bool(named))
    separator = named[1] if named else find_separator(lines[:N_DECIDING])
    start = "".join(lines[:N_DECIDING])
    # Otherwise a blank before a quote would make it a part of the cell.
    skips = separator == BLANK or re.search(f'{re.escape(separator)} +"', start)
    found = Separated([], lines, [], separator, skips_blanks=bool(skips))
    with long_cells():
        records, first_lines = parse(lines[n_hidden:], found)
        opened = open_quote(records, first_lines, lines[n_hidden:], found)
        if opened is not None:
            found = found._replace(by_line=True)
            records, first_lines = parse(lines[n_hidden:], found)
            check_lines(records, path, opened + n_hidden)
            found = found._replace(
                note=f"The quote in line {opened + n_hidden + 1} of the file is never "
                "closed. Such quotes were read as characters."
            )
    first_lines = [line + n_hidden for line in first_lines]
    return found._replace(records=records, first_lines=first_lines)


@contextmanager
def long_cells():
    """Let cells be as long as they are, for a while."""
    before = csv.field_size_limit(MAX_CELL_LENGTH)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def find_separator(lines):
    """Return what splits most lines into the same number of cells."""
    found = {separator: agreement(lines, separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=found.get)
    if found[best] >= MIN_AGREEMENT:
        return best
    return BLANK if agreement(lines, BLANK) >= MIN_AGREEMENT_OF_BLANKS else ","


def agreement(lines, separator):
    """Return the share of the records that have the most frequent number of cells."""
    with long_cells():
        records = csv.reader(
            lines, delimiter=separator, skipinitialspace=separator == BLANK
        )
        widths = [
            len(record)
            for record in trim(records, separator)
            if any(map(str.strip, record))
        ]
    counts = Counter(widths)
    width = max(counts, key=lambda width: (counts[width], width), default=1)
    return counts[width] / len(widths) if width > 1 else 0


def parse(lines, found):
    """Return the records of some lines, and the first line of each."""
    options = {"delimiter": found.separator, "skipinitialspace": found.skips_blanks}
    if found.by_line:
        records = [parse_line(line, options) for line in lines]
        return trim(records, found.separator), list(range(len(lines)))
    reader = csv.reader(lines, **options)
    records, ends = [], [0]
    for record in reader:
        records.append(record)
        ends.append(reader.line_num)
    return trim(records, found.separator), ends[:-1]


def parse_line(line, options):
    """Return the cells of one line, whose quotes may never be closed."""
    quoting = csv.QUOTE_NONE if line.count('"') % 2 else csv.QUOTE_MINIMAL
    return next(csv.reader([line.rstrip("\r\n")], quoting=quoting, **options), [])


def trim(records, separator):
    """Leave out the empty cell that blanks at the end of a line make."""
    if separator != BLANK:
        return records
    return [r[:-1] if len(r) > 1 and not r[-1] else r for r in records]


def open_quote(records, first_lines, lines, found):
    """Return the first line with a quote that should have been closed in it, or None."""
    ends = [*first_lines[1:], len(lines)]
    width = Counter(map(len, records)).most_common(1)[0][0] if records else 0
    options = {"delimiter": found.separator, "skipinitialspace": found.skips_blanks}
    for start, end in zip(first_lines, ends):
        # A quoted cell may have lines, but each of them would not be a record.
        if end - start > 1 and all(
            len(parse_line(line, options)) == width for line in lines[start:end]
        ):
            return start
    return None


def check_lines(records, path, line):
    """Raise BadInput if the lines of a text are no records without its open quote."""
    widths = Counter(len(record) for record in records if record)
    if max(widths.values()) < MIN_AGREEMENT_OF_LINES * sum(widths.values()):
        raise BadInput(
            f'{path} has a quote (") in line {line + 1} that is never closed. Close it, '
            "or leave it out."
        )


def replace_cells(found, changes):
    """Return the text with some cells changed, all others as they were.

    `changes` has the new cell of each record and column.
    """
    lines = list(found.lines)
    ends = [*found.first_lines[1:], len(lines)]
    for record, of_record in group(changes).items():
        start, end = found.first_lines[record], ends[record]
        raw = "".join(found.lines[start:end])
        lines[start:end] = [replace_in_record(raw, of_record, found)]
        lines[start + 1 : start + 1] = [""] * (end - start - 1)
    return "".join(lines)


def group(changes):
    """Return the changes of each record."""
    grouped = {}
    for (record, column), cell in changes.items():
        grouped.setdefault(record, {})[column] = cell
    return grouped


def replace_in_record(raw, cells, found):
    """Return one record with some cells changed."""
    spans = list(cell_spans(raw, found))
    for column in sorted(cells, reverse=True):
        start, end = spans[column]
        raw = raw[:start] + quote(cells[column], raw[start:end], found) + raw[end:]
    return raw


def cell_spans(raw, found):
    """Yield where each cell of a record begins and ends."""
    content = raw.rstrip("\r\n")
    ignores_quotes = found.by_line and content.count('"') % 2
    at = 0
    while True:
        if found.skips_blanks:
            at += len(content[at:]) - len(content[at:].lstrip(" "))
        start = at
        if not ignores_quotes and content.startswith('"', at):
            closed = re.compile(r'"(?:[^"]|"")*"?').match(content, at)
            at = closed.end()
        at = content.find(found.separator, at)
        at = len(content) if at < 0 else at
        yield start, at
        if at == len(content):
            return
        at += 1


def quote(cell, former, found):
    """Write a cell with quotes where it needs them, or where they were."""
    needs = found.separator in cell or any(char in cell for char in '"\r\n')
    if needs or (former.startswith('"') and not found.by_line):
        return '"' + cell.replace('"', '""') + '"'
    return cell
