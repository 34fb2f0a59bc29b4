"""Parquet files as cells of any type."""

import pandas as pd

from sklnoise.cli._errors import BadInput, one_line

PARQUET = (".parquet", ".pq")
"""Ends of the names of such files."""


def read_parquet(path):
    """Read a Parquet file."""
    import polars as pl

    try:
        read = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise BadInput(
            f"{path} is not a Parquet file that can be read: {one_line(error, 200)}."
        ) from error
    names = [name for name in read.columns if not name.startswith("__index_level_")]
    # As objects, so that integers stay integers where some are missing.
    columns = {place: objects_of(read[name], path) for place, name in enumerate(names)}
    return pd.DataFrame(columns), names, 1


def objects_of(series, path):
    """Take the cells of a column as they are, lists and the like as text."""
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
