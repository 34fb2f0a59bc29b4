"""Tables read from files of any format."""

import re
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import PurePath
from typing import NamedTuple

import pandas as pd

from sklnoise.cli._decoding import COMPRESSIONS, Decoded, decode, decompress
from sklnoise.cli._errors import BadInput
from sklnoise.cli._formats import (
    COLUMNAR,
    read_arff,
    read_columnar,
    read_spreadsheet,
)
from sklnoise.cli._json import parse_json
from sklnoise.cli._separated import Separated, split_text
from sklnoise.cli._structure import complete_names, make_sheet

TEXT = ".csv", ".tsv", ".psv", ".tab", ".txt", ".dat", ".data"
SPREADSHEETS = ".xlsx", ".xlsm", ".xls", ".ods"
JSON = ".json", ".jsonl", ".ndjson"
FORMATS = (*SPREADSHEETS, *COLUMNAR, *JSON)
COMPRESSED = (*COMPRESSIONS, ".zip")
KNOWN = (*TEXT, *SPREADSHEETS, *COLUMNAR, *JSON, ".arff", *COMPRESSED)

# How files begin, whatever they are called.
BEGINNINGS = {
    b"PAR1": ".parquet",
    b"ARROW1": ".feather",
    b"\xd0\xcf\x11\xe0": ".xls",
}

# How texts begin that are no separated values.
OF_JSON = re.compile(r'\s*(\[\s*[\[{]|\{\s*["}])')
OF_ARFF = re.compile(r"(\s|%.*\n)*@relation\b", re.IGNORECASE)
OF_MARKUP = re.compile(r"\s*<(!doctype|\?xml|html|head|body|table|meta|div)\b", re.I)


class ReadOptions(NamedTuple):
    """What a user says of a file."""

    encoding: str | None = None
    no_header: bool = False
    sheet: str | None = None


class TableFile(NamedTuple):
    """A table, what was noticed when it was read, and what it was read from."""

    frame: pd.DataFrame
    notes: list
    path: PurePath
    may_lack_header: bool = False
    kind: str = ".csv"
    # The file, decompressed.
    data: bytes = b""
    decoded: Decoded | None = None
    separated: Separated | None = None
    # The place of each column in the records of the file.
    places: dict | None = None
    sheet: str | None = None


def read_table(path, *, wanted=(), options=None):
    """Read a table; its rows are numbered as in the file.

    `wanted` are names of columns, by which a header is known.
    """
    options = options or ReadOptions()
    data, name = decompress(read_bytes(path), path)
    kind = kind_of_file(data, name, path)
    if not data.strip():
        raise BadInput(f"{path} is empty. It must hold a header line and rows.")
    if kind in COLUMNAR:
        file = number_rows(read_columnar(data, kind, path), path)
    elif kind in SPREADSHEETS:
        records, sheet, notes = read_spreadsheet(data, kind, path, options.sheet, wanted)
        file = from_records(records, path, wanted, options, notes)
        file = file._replace(frame=file.frame.infer_objects(), sheet=sheet)
    else:
        decoded = decode(data, path, options.encoding)
        kind = kind_of_text(decoded.text, kind, path)
        file = from_text(decoded, kind, path, wanted, options)
    notes = file.notes
    if name.suffix.lower() in FORMATS and kind in TEXT:
        notes = [f"The file is text, whatever its name, {path.name}, says.", *notes]
    return file._replace(kind=kind, data=data, notes=notes)


def from_text(decoded, kind, path, wanted, options):
    """Return the table of a text."""
    if not decoded.text.strip():
        raise BadInput(f"{path} is empty. It must hold a header line and rows.")
    notes = [decoded.note] if decoded.note else []
    if kind in JSON:
        frame = parse_json(decoded.text, kind, path).frame
        return number_rows(frame, path)._replace(decoded=decoded)
    if kind == ".arff":
        return from_records(read_arff(decoded.text, path), path, wanted, options, notes)
    separated = split_text(decoded.text, path)
    notes += [separated.note] if separated.note else []
    file = from_records(separated.records, path, wanted, options, notes)
    return file._replace(decoded=decoded, separated=separated)


def read_bytes(path):
    """Read a file, or the standard input where its name is "-"."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    if path.is_dir():
        raise BadInput(f"{path} is a folder. Name the file with the table.")
    if not path.exists():
        raise BadInput(f"{path} does not exist. Check the name and the folder.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def kind_of_file(data, name, path):
    """Return the suffix that tells how a file is to be read."""
    suffix = name.suffix.lower()
    if data.startswith(b"PK\x03\x04"):
        is_open = b"opendocument" in data[:100]
        return ".ods" if is_open else ".xlsm" if suffix == ".xlsm" else ".xlsx"
    for beginning, kind in BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    # Text is called .xls or .json by some programs; pipes have no suffix.
    is_text = b"\0" not in data[:1000] or data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    if is_text and suffix in (*FORMATS, ""):
        return suffix if suffix in JSON else ".csv"
    if suffix in KNOWN:
        return suffix
    raise BadInput(
        f"{path} must end in one of {', '.join(KNOWN)}, which tells how to read it. "
        "Save the table as CSV, or rename the file."
    )


def kind_of_text(text, kind, path):
    """Return the suffix that fits a text, by how it begins."""
    if OF_MARKUP.match(text):
        raise BadInput(
            f"{path} is a web page, or XML. Open it in a spreadsheet and save it as "
            ".xlsx or CSV."
        )
    if OF_ARFF.match(text):
        return ".arff"
    if kind in JSON:
        return kind if text.lstrip()[:1] in set('[{"') else ".csv"
    return ".json" if OF_JSON.match(text) else kind


def number_rows(frame, path):
    """Number the rows of a table without lines, from 1."""
    if frame.empty:
        raise BadInput(f"{path} has columns but no rows. It must hold rows.")
    names, notes = complete_names([str(name) for name in frame.columns])
    rows = pd.RangeIndex(1, len(frame) + 1, name="row")
    return TableFile(frame.set_axis(names, axis=1).set_axis(rows, axis=0), notes, path)


def from_records(records, path, wanted, options, notes):
    """Return the table of records."""
    sheet = make_sheet(records, path, wanted=wanted, no_header=options.no_header)
    is_numbered = any(name.isdecimal() for name in wanted)
    if sheet.may_lack_header and is_numbered:
        sheet = make_sheet(records, path, no_header=True)
        notes = [
            *notes,
            "The first line looks like all others and was read as a row: the file has no "
            "header.",
        ]
    return TableFile(
        sheet.frame,
        [*notes, *sheet.notes],
        path,
        sheet.may_lack_header,
        places=sheet.places,
    )
