"""Separated values: the records of a text, and where each of them begins."""

import csv
import re
from collections import Counter
from io import StringIO
from typing import NamedTuple

from sklnoise.cli._dialect import Dialect, find_dialect, long_cells, trim, unwrap, wrap
from sklnoise.cli._errors import BadInput

# A first line that names the separator to Excel, which does not show it.
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)

# Share of the lines that must, if quotes are to be read line by line.
MIN_AGREEMENT_OF_LINES = 0.95


class Separated(NamedTuple):
    """The records of a text, with what is needed to write one of them anew."""

    records: list
    lines: list
    first_lines: list
    dialect: Dialect
    # Which lines were taken out of their quotes.
    wrapped: list
    note: str | None = None


def split_text(text, path):
    """Split a text into records of cells, by the separator that fits its lines."""
    lines = list(StringIO(text, newline=""))
    named = SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    n_hidden = int(bool(named))
    dialect = find_dialect(lines[n_hidden:], named and named[1])
    written = lines
    if dialect.is_wrapped:
        lines = list(map(unwrap, lines))
    wrapped = [line != former for line, former in zip(lines, written)]
    note = None
    with long_cells():
        records, first_lines = parse(lines[n_hidden:], dialect)
        opened = open_quote(records, first_lines, lines[n_hidden:], dialect)
        if opened is not None:
            dialect = dialect._replace(by_line=True)
            records, first_lines = parse(lines[n_hidden:], dialect)
            check_lines(records, path, opened + n_hidden)
            note = (
                f"The quote in line {opened + n_hidden + 1} of the file is never closed. "
                "Such quotes were read as characters."
            )
    first_lines = [line + n_hidden for line in first_lines]
    return Separated(records, lines, first_lines, dialect, wrapped, note)


def parse(lines, dialect):
    """Return the records of some lines, and the first line of each."""
    if dialect.by_line:
        records = [parse_line(line, dialect) for line in lines]
        return trim(records, dialect.separator), list(range(len(lines)))
    reader = csv.reader(lines, **dialect.options)
    records, ends = [], [0]
    for record in reader:
        records.append(record)
        ends.append(reader.line_num)
    return trim(records, dialect.separator), ends[:-1]


def parse_line(line, dialect):
    """Return the cells of one line, whose quotes may never be closed."""
    quoting = csv.QUOTE_NONE if line.count(dialect.quote) % 2 else csv.QUOTE_MINIMAL
    reader = csv.reader([line.rstrip("\r\n")], quoting=quoting, **dialect.options)
    return next(reader, [])


def open_quote(records, first_lines, lines, dialect):
    """Return the first line with a quote that should have been closed in it, or None."""
    ends = [*first_lines[1:], len(lines)]
    width = Counter(map(len, records)).most_common(1)[0][0] if records else 0
    for start, end in zip(first_lines, ends):
        # A quoted cell may have lines, but each of them would not be a record.
        if end - start > 1 and all(
            len(parse_line(line, dialect)) == width for line in lines[start:end]
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
        lines[start:end] = [replace_in_record(raw, of_record, found.dialect)]
        lines[start + 1 : start + 1] = [""] * (end - start - 1)
    return "".join(
        wrap(line) if is_wrapped else line
        for line, is_wrapped in zip(lines, found.wrapped)
    )


def group(changes):
    """Return the changes of each record."""
    grouped = {}
    for (record, column), cell in changes.items():
        grouped.setdefault(record, {})[column] = cell
    return grouped


def replace_in_record(raw, cells, dialect):
    """Return one record with some cells changed."""
    spans = list(cell_spans(raw, dialect))
    for column in sorted(cells, reverse=True):
        start, end = spans[column]
        raw = raw[:start] + quote(cells[column], raw[start:end], dialect) + raw[end:]
    return raw


def cell_spans(raw, dialect):
    """Yield where each cell of a record begins and ends."""
    content = raw.rstrip("\r\n")
    ignores_quotes = dialect.by_line and content.count(dialect.quote) % 2
    escaped = r"\\.|" if dialect.escape else ""
    quote, separator = re.escape(dialect.quote), re.escape(dialect.separator)
    in_quotes = re.compile(f"{quote}(?:{escaped}{quote * 2}|[^{quote}])*{quote}?", re.S)
    bare = re.compile(f"(?:{escaped}[^{separator}])*", re.S)
    at = 0
    while True:
        if dialect.skips_blanks:
            at += len(content[at:]) - len(content[at:].lstrip(" "))
        start = at
        if not ignores_quotes and content.startswith(dialect.quote, at):
            at = in_quotes.match(content, at).end()
        at = bare.match(content, at).end()
        yield start, at
        if at == len(content):
            return
        at += 1


def quote(cell, former, dialect):
    """Write a cell with quotes where it needs them, or where they were."""
    if dialect.escape:
        cell = cell.replace("\\", r"\\")
    needs = any(char in cell for char in (dialect.separator, dialect.quote, "\r", "\n"))
    if needs or (former.startswith(dialect.quote) and not dialect.by_line):
        return (
            dialect.quote + cell.replace(dialect.quote, 2 * dialect.quote) + dialect.quote
        )
    return cell
