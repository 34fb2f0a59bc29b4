"""Files whose format knows more than text: spreadsheets, JSON, Parquet, ARFF."""

import re
from io import BytesIO

import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import BadInput, did_you_mean, one_line
from sklnoise.cli._separated import split_text
from sklnoise.cli._structure import N_LEADING

# The function of pandas for each format of columns.
COLUMNAR = {
    ".parquet": pd.read_parquet,
    ".pq": pd.read_parquet,
    ".feather": pd.read_feather,
}

# The package that reads each kind of file for pandas.
READERS = {
    **dict.fromkeys((".xlsx", ".xlsm"), "openpyxl"),
    ".xls": "xlrd",
    ".ods": "odfpy",
    **dict.fromkeys(COLUMNAR, "pyarrow"),
}

ATTRIBUTE = re.compile(r"\s*@attribute\s+('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\S+)\s", re.I)
DATA = re.compile(r"^\s*@data\s*$", re.IGNORECASE | re.MULTILINE)
IN_APOSTROPHES = re.compile(r"'((?:[^'\\]|\\.)*)'")


def read_spreadsheet(data, kind, path, sheet=None, wanted=()):
    """Return the records of a sheet, its name, and notes.

    `wanted` are names of columns, by which the sheet of the table is known.
    """
    try:
        book = pd.ExcelFile(BytesIO(data))
        # Sheets of charts have no cells.
        names = [s.title for s in getattr(book.book, "worksheets", ())]
        names = names or book.sheet_names
        sheets = pd.read_excel(
            book, sheet_name=names, header=None, dtype=object, na_filter=False
        )
    except ImportError as error:
        raise BadInput(missing_package(kind, path)) from error
    except Exception as error:  # The readers of pandas raise errors of any kind.
        raise BadInput(
            f"{path} is not a spreadsheet that can be read ({one_line(error, 120)}). "
            "Save it as .xlsx, or as CSV."
        ) from error
    if sheet is not None and sheet not in sheets:
        raise BadInput(
            f"--sheet {sheet!r} is not in {path}. {did_you_mean(sheet, sheets)}"
            f"The sheets are {enumerate_names(map(repr, sheets))}."
        )
    filled = [name for name, frame in sheets.items() if not frame.empty]
    if not filled:
        raise BadInput(f"{path} is empty. It must hold a header line and rows.")
    taken, notes = sheet, []
    if sheet is None:
        named = [
            name
            for name in filled
            if sheets[name][:N_LEADING].isin(list(wanted)).any(axis=None)
        ]
        taken = [*named, *filled][0]
        others = [name for name in filled if name != taken]
        if others:
            notes.append(
                f"The sheet {taken!r} was read. --sheet names another one: "
                f"{enumerate_names(map(repr, others))}."
            )
    return sheets[taken].to_numpy(dtype=object).tolist(), taken, notes


def read_columnar(data, kind, path):
    """Return the table of a Parquet or Feather file."""
    try:
        # The bytes, not the name: brackets in a name would be a pattern.
        frame = COLUMNAR[kind](BytesIO(data))
    except ImportError as error:
        raise BadInput(missing_package(kind, path)) from error
    except Exception as error:  # pyarrow raises errors of any kind.
        raise BadInput(
            f"{path} is not a {kind[1:].capitalize()} file that can be read: "
            f"{one_line(error, 200)}."
        ) from error
    names = [name for name in frame.index.names if name is not None]
    frame = frame.reset_index(names) if names else frame
    for name in frame.columns:
        if frame[name].map(type).eq(bytes).any():
            frame[name] = [decode_cell(cell, name, path) for cell in frame[name]]
    return frame


def missing_package(kind, path):
    """Say which package reads a kind of file."""
    return (
        f"{path} cannot be read without {READERS[kind]}. Install it by: pip install "
        f'{READERS[kind]}, or all that is needed by: pip install "sklnoise[cli]"'
    )


def decode_cell(cell, name, path):
    """Return bytes as text."""
    try:
        return cell.decode() if isinstance(cell, bytes) else cell
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} has a column {name!r} that cannot be read as text, numbers or "
            "dates. Leave it out of the file."
        ) from error


def read_arff(text, path):
    """Return the records of an ARFF file, of which the first one is the header."""
    found = DATA.search(text)
    head = text[: found.start()] if found else ""
    names = [
        match[1].strip("'\"").replace("\\", "")
        for match in map(ATTRIBUTE.match, head.splitlines())
        if match
    ]
    if not names:
        raise BadInput(f"{path} is no ARFF file: @attribute or @data is missing.")
    lines = text[found.end() :].splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("%")]
    if any(line.lstrip().startswith("{") for line in lines):
        raise BadInput(f"{path} is a sparse ARFF file. Save it as CSV.")
    # ARFF quotes by apostrophes.
    body = IN_APOSTROPHES.sub(quote_again, "\n".join(lines))
    return [names, *split_text(f"sep=,\n{body}", path).records]


def quote_again(match):
    """Return a cell in apostrophes as one in double quotes."""
    cell = re.sub(r"\\(.)", r"\1", match[1])
    return '"' + cell.replace('"', '""') + '"'
