"""A table taken apart: columns to learn from, labels and trusted rows."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise.cli._errors import BadInput, choices
from sklnoise.cli._targets import read_labels, read_trusted


class Table(NamedTuple):
    """What is learned from."""

    X: pd.DataFrame
    y: np.ndarray
    trusted: np.ndarray
    n_left_out: int


def take_apart(file, data, target, trusted=None):
    """Take columns and labels out of a table."""
    check_column(file, target, "--target", data)
    known = np.zeros(len(file), dtype=bool)
    special = [target]
    if trusted is not None:
        check_column(file, trusted, "--trusted", data)
        if trusted == target:
            raise BadInput("--trusted and --target must name different columns.")
        known = read_trusted(file[trusted])
        special.append(trusted)
    y, is_labelled = read_labels(file[target])
    X = file.drop(columns=special)
    if X.columns.empty:
        raise BadInput(
            f"{data} has no column besides {', '.join(special)} to learn from."
        )
    if known[is_labelled].all():
        raise BadInput(
            f"--trusted {trusted!r} is true in all rows that have a label: none is left "
            "to audit. Mark only the rows that you have checked."
        )
    left_out = int((~is_labelled).sum())
    return Table(X[is_labelled], y, known[is_labelled], left_out)


def check_column(table, name, option, path):
    """Refuse a column that is not there."""
    if name not in table.columns:
        raise BadInput(
            f"{option} {name!r} is no column of {path}. "
            f"{choices(name, table.columns, 'columns')}"
        )
