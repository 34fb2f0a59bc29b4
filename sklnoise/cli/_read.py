"""Tables from files: CSV as the text that it is, Parquet with its types."""

import csv
from collections import Counter

import pandas as pd

from sklnoise.cli._errors import BadInput, one_line, some

SEPARATORS = {".csv": ",;\t|", ".tsv": "\t"}
"""Separators that a file of a kind may have; the first line decides."""

PARQUET = (".parquet", ".pq")

FIRST_ROW = 2
"""Number of the first row below the header, as spreadsheets count."""


def read_table(path):
    """Read a CSV, TSV or Parquet file.

    Parameters
    ----------
    path : Path
        The file. Its name decides how it is read.

    Returns
    -------
    table : pandas.DataFrame
        The cells of a CSV file are str, as they stand there, or NaN where a row is
        short. The index is the number of the row in the file: the header of a CSV file
        is row 1, the first row of a Parquet file too.

    Raises
    ------
    BadInput
        If the file cannot be read, or holds no rows with different column names.
    """
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
        table = read(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    check_names(table.columns, path)
    if table.empty:
        raise BadInput(f"{path} has columns but no rows. It must hold a header and rows.")
    return table


def read_text(path):
    """Read a file of separated values in UTF-8.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    table : pandas.DataFrame
        Without the blank lines at the end.

    Raises
    ------
    BadInput
        If it is empty, not UTF-8 or its rows have more cells than the header.
    """
    try:
        separator = separator_of(path)
        cells = pd.read_csv(
            path,
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
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
    table = cells.iloc[1 : filled[-1] + 1 if len(filled) else 1]
    return named(table, names, FIRST_ROW)


def separator_of(path):
    """Find the separator that the first line has most of.

    Parameters
    ----------
    path : Path
        A file of separated values.

    Returns
    -------
    separator : str
        The first one that its kind may have, where the line has none.
    """
    candidates = SEPARATORS[path.suffix.lower()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    unquoted = "".join(line.split('"')[::2])
    counts = Counter({char: unquoted.count(char) for char in candidates})
    return counts.most_common(1)[0][0]


def read_parquet(path):
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    table : pandas.DataFrame
        Without the index that pandas may have stored in it.

    Raises
    ------
    BadInput
        If it is not a Parquet file.
    """
    import polars as pl

    try:
        read = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise BadInput(
            f"{path} is not a Parquet file that can be read: {one_line(error, 200)}."
        ) from error
    names = [name for name in read.columns if not name.startswith("__index_level_")]
    # As objects, so that integers stay integers where some are missing.
    columns = {place: objects_of(read[name]) for place, name in enumerate(names)}
    return named(pd.DataFrame(columns), names, 1)


def objects_of(series):
    """Take the cells of a column as they are, lists and the like as text.

    Parameters
    ----------
    series : polars.Series
        A column.

    Returns
    -------
    column : pandas.Series
        Of dtype object.
    """
    cells = series.to_list()
    if series.dtype.is_nested():
        cells = [None if cell is None else str(cell) for cell in cells]
    return pd.Series(cells, dtype=object)


def named(table, names, first_row):
    """Name the columns, and number the rows as the file does.

    Parameters
    ----------
    table : pandas.DataFrame
        The cells.

    names : list of str
        A column without a name is called after its place.

    first_row : int
        Number of the first row.

    Returns
    -------
    table : pandas.DataFrame
        The same cells.
    """
    names = [name or f"column {place}" for place, name in enumerate(names, start=1)]
    rows = pd.RangeIndex(first_row, first_row + len(table), name="row")
    return table.set_axis(names, axis=1).set_axis(rows, axis=0)


def check_names(names, path):
    """Refuse columns that share a name.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.

    path : Path
        The file.

    Raises
    ------
    BadInput
        If a name is there twice.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadInput(
            f"{path} has more than one column named {some(twice, 5)}. "
            "Give each column a name of its own."
        )
