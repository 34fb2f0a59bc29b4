"""Tables from files: CSV as the text that it is, Parquet with its types."""

from collections import Counter

import pandas as pd

from sklnoise.cli._errors import BadInput, free_name, some
from sklnoise.cli._read_parquet import PARQUET, read_parquet
from sklnoise.cli._read_text import SEPARATORS, read_text


def read_table(path):
    """Read a CSV, TSV or Parquet file."""
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
        table = named(*read(path))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    check_names(table.columns, path)
    if table.empty:
        raise BadInput(f"{path} has columns but no rows. It must hold a header and rows.")
    return table


def named(table, names, first_row):
    """Name the columns, and number the rows as the file does."""
    names = [
        name or free_name(f"column {place}", " (no name)", names)
        for place, name in enumerate(names, start=1)
    ]
    rows = pd.RangeIndex(first_row, first_row + len(table), name="row")
    return table.set_axis(names, axis=1).set_axis(rows, axis=0)


def check_names(names, path):
    """Refuse columns that share a name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadInput(
            f"{path} has more than one column named {some(twice, 5)}. "
            "Give each column a name of its own."
        )
