"""Files of separated values as cells of text."""

import codecs
import csv
import re
from collections import Counter
from typing import NamedTuple

import pandas as pd

from sklnoise.cli._errors import BadInput, one_line

SEPARATORS = {".csv": ",;\t|", ".tsv": "\t"}
"""Separators that a file of a kind may have; the header decides."""

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""How a file begins that is not UTF-8 and says so; the longer marks come first."""

TOLD = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""First line by which Excel is told the separator, and which it does not show."""


class Start(NamedTuple):
    """How a file of separated values is to be read."""

    encoding: str
    separator: str
    n_skipped: int
    header_row: int


def read_text(path):
    """Read a file of separated values."""
    try:
        start = start_of(path)
        cells = pd.read_csv(
            path,
            sep=start.separator,
            header=None,
            skiprows=start.n_skipped,
            dtype=str,
            keep_default_na=False,
            encoding=start.encoding,
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
    filled = (cells.notna() & (cells != "")).any(axis=1).to_numpy().nonzero()[0]
    rows = cells.iloc[1 : filled[-1] + 1 if len(filled) else 1]
    return rows, names, start.header_row + 1


def start_of(path):
    """Find how a file is to be read."""
    encoding = encoding_of(path)
    candidates = SEPARATORS[path.suffix.lower()]
    with path.open(encoding=encoding, newline="") as file:
        line = file.readline()
        told = TOLD.fullmatch(line)
        if told:
            line = file.readline()
        n_blank = 0
        while line and not line.strip():
            n_blank += 1
            line = file.readline()
    unquoted = "".join(line.split('"')[::2])
    counts = Counter({char: unquoted.count(char) for char in candidates})
    separator = told[1] if told else counts.most_common(1)[0][0]
    return Start(encoding, separator, n_blank + bool(told), n_blank + 1)


def encoding_of(path):
    """Find the encoding that the first bytes of a file tell."""
    with path.open("rb") as file:
        start = file.read(1024)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        raise BadInput(
            f"{path} must be UTF-8 text, and has zero bytes, as UTF-16 has. Save it as "
            f"UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8 {path.name} > "
            f"utf8{path.suffix}"
        )
    return "utf-8-sig"
