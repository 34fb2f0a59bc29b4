"""Tables read from files, and files that are written together or not at all."""

import codecs
import csv
import os
import re
import secrets
from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import BadInput, free_name, one_line

# Separators that a text file may have, by its suffix; the header decides.
SEPARATORS = {".csv": ",;\t|", ".tsv": "\t"}

PARQUET = (".parquet", ".pq")

# Byte order marks of what is not UTF-8; the longer ones first, as they begin alike.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# A first line that names the separator to Excel, which does not show it.
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


class TextFormat(NamedTuple):
    """How a file of separated values is to be read."""

    encoding: str
    separator: str
    n_skipped: int
    header_row: int


def read_table(path):
    """Read a CSV, TSV or Parquet file; its rows are numbered as in the file."""
    suffix = path.suffix.lower()
    if suffix not in (*SEPARATORS, *PARQUET):
        known = ", ".join((*SEPARATORS, *PARQUET))
        raise BadInput(
            f"{path} must end in one of {known}, which tells how to read it. "
            "Save the table as CSV or Parquet."
        )
    if path.is_dir():
        raise BadInput(f"{path} is a folder. Name the file with the table.")
    if not path.exists():
        raise BadInput(f"{path} does not exist. Check the name and the folder.")
    try:
        read = read_parquet if suffix in PARQUET else read_text
        cells, names, first_row = read(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    names = [
        name or free_name(f"column {place}", " (no name)", names)
        for place, name in enumerate(names, start=1)
    ]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadInput(
            f"{path} has more than one column named {enumerate_names(map(repr, twice))}. "
            "Give each column a name of its own."
        )
    if cells.empty:
        raise BadInput(f"{path} has columns but no rows. It must hold a header and rows.")
    rows = pd.RangeIndex(first_row, first_row + len(cells), name="row")
    return cells.set_axis(names, axis=1).set_axis(rows, axis=0)


def read_text(path):
    """Read a file of separated values as text; return cells, names and first row."""
    try:
        text_format = detect_format(path)
        cells = pd.read_csv(
            path,
            sep=text_format.separator,
            header=None,
            skiprows=text_format.n_skipped,
            dtype=str,
            keep_default_na=False,
            encoding=text_format.encoding,
            skip_blank_lines=False,
        )
    except UnicodeError as error:
        raise BadInput(
            f"{path} must be UTF-8 text, and is not. Save it as UTF-8, "
            f"or convert it: iconv -f LATIN1 -t UTF-8 {path.name} > utf8{path.suffix}"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise BadInput(
            f"{path} is empty. It must hold a header line and rows."
        ) from error
    except (pd.errors.ParserError, csv.Error) as error:
        reason = one_line(error).removeprefix("Error tokenizing data. C error: ")
        raise BadInput(
            f"{path} is not a table: {reason}. Each row must have as many cells as the "
            "header, and a cell with the separator in it must be quoted."
        ) from error
    names = [name.strip() for name in cells.iloc[0].fillna("")]
    # Empty rows in the middle are rows, as in a spreadsheet; those at the end are not.
    filled = (cells.notna() & (cells != "")).any(axis=1).to_numpy().nonzero()[0]
    rows = cells.iloc[1 : filled[-1] + 1 if len(filled) else 1]
    return rows, names, text_format.header_row + 1


def detect_format(path):
    """Find the encoding, the separator and the header of a text file."""
    encoding = detect_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        line = file.readline()
        named = SEPARATOR_LINE.fullmatch(line)
        if named:
            line = file.readline()
        n_blank = 0
        while line and not line.strip():
            n_blank += 1
            line = file.readline()
    # What stands in quotes does not separate: every second part of the line.
    unquoted = "".join(line.split('"')[::2])
    candidates = SEPARATORS[path.suffix.lower()]
    separator = named[1] if named else max(candidates, key=unquoted.count)
    return TextFormat(encoding, separator, n_blank + bool(named), n_blank + 1)


def detect_encoding(path):
    """Find the encoding of a file by its first bytes."""
    with path.open("rb") as file:
        start = file.read(1024)
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        raise BadInput(
            f"{path} must be UTF-8 text, and has zero bytes, as UTF-16 has. Save it as "
            f"UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8 {path.name} > "
            f"utf8{path.suffix}"
        )
    return "utf-8-sig"


def read_parquet(path):
    """Read a Parquet file; return cells, names and first row."""
    # polars is optional, and only Parquet needs it.
    import polars as pl

    try:
        read = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise BadInput(
            f"{path} is not a Parquet file that can be read: {one_line(error, 200)}."
        ) from error
    names = [name for name in read.columns if not name.startswith("__index_level_")]
    # As objects, so that integers stay integers where some are missing.
    columns = {i: parquet_cells(read[name], path) for i, name in enumerate(names)}
    return pd.DataFrame(columns), names, 1


def parquet_cells(series, path):
    """Return the cells of a Parquet column; lists and the like become text."""
    import polars as pl

    try:
        if series.dtype == pl.Binary:
            series = series.cast(pl.String)
        cells = series.to_list()
    except (pl.exceptions.PolarsError, ValueError, OverflowError) as error:
        raise BadInput(
            f"{path} has a column {series.name!r} ({series.dtype}) that cannot be read "
            "as text, numbers or dates. Leave it out of the file."
        ) from error
    if series.dtype.is_nested():
        cells = [None if cell is None else str(cell) for cell in cells]
    return pd.Series(cells, dtype=object)


def check_outputs(outputs, inputs):
    """Raise BadInput if a file could not be written, before any work is done."""
    for option, path in outputs.items():
        folder = path.absolute().parent
        if path.is_dir():
            raise BadInput(f"{option} {path} is a folder. Name a file in it.")
        if not folder.is_dir():
            raise BadInput(
                f"{option} {path}: the folder {folder} does not exist. Make it first."
            )
        if not os.access(folder, os.W_OK):
            raise BadInput(
                f"{option} {path}: the folder {folder} cannot be written to. "
                "Name a file elsewhere."
            )
        if path.resolve() in [source.resolve() for source in inputs]:
            raise BadInput(f"{option} {path} would replace the data. Name another file.")
    counts = Counter(path.resolve() for path in outputs.values())
    if counts and max(counts.values()) > 1:
        raise BadInput(f"{' and '.join(outputs)} must name different files.")


@contextmanager
def written_together(paths):
    """Yield a temporary path per path, and move all in place when the block succeeds."""
    # Next to what a link points to, so that the link stays, and on the same disk, so that
    # moving a file is one step.
    targets = {path: path.resolve() for path in paths}
    token = secrets.token_hex(4)
    temporary = {
        path: target.with_name(f".{target.name}.{token}.part")
        for path, target in targets.items()
    }
    moved = []
    try:
        yield temporary
        for part in temporary.values():
            part.stat()  # None is put in place where another is missing.
        for path, target in targets.items():
            os.replace(temporary[path], target)
            moved.append(str(path))
    except OSError as error:
        written = f"Only {' and '.join(moved)}" if moved else "Nothing"
        raise BadInput(
            f"{written} was written: {error.strerror or error}"
            f"{f' ({error.filename})' if error.filename else ''}."
        ) from error
    finally:
        for part in temporary.values():
            part.unlink(missing_ok=True)
