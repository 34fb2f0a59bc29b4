"""A table split into columns to learn from, labels and trusted rows."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._cells import INFINITE, MISSING, Cells, cells_of, parse_numbers
from sklnoise.cli._columns import BOOLEANS
from sklnoise.cli._errors import BadInput, did_you_mean, one_line

# Cells without a label. "none", "-" and "inf" are names of classes at times.
NO_LABEL = MISSING - {"none", "-"} - INFINITE

# Labels that are numbers; "01" is a name, and so is what float64 would round.
WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.0*)?")

# What a column of trusted rows may hold, in lower case.
TRUSTED_VALUES = {**BOOLEANS, "1": 1.0, "0": 0.0}

# A target of more different numbers is a quantity if it has fractions.
MAX_NUMERIC_CLASSES = 20

# A target of more different values must have enough rows of each.
MAX_RARE_CLASSES = 100
MIN_ROWS_PER_CLASS = 10


class Table(NamedTuple):
    """What is learned from: the rows that have a label."""

    X: pd.DataFrame
    y: np.ndarray
    trusted: np.ndarray
    n_left_out: int


def split_table(file, path, target, trusted=None):
    """Split a table into the columns to learn from, labels and trusted rows."""
    check_column(file, target, "--target", path)
    is_trusted = np.zeros(len(file), dtype=bool)
    special = [target]
    if trusted is not None:
        check_column(file, trusted, "--trusted", path)
        if trusted == target:
            raise BadInput("--trusted and --target must name different columns.")
        is_trusted = read_trusted(file[trusted])
        special.append(trusted)
    y, is_labelled = read_labels(file[target])
    X = file.drop(columns=special)
    if X.columns.empty:
        raise BadInput(
            f"{path} has no column besides {', '.join(special)} to learn from."
        )
    is_trusted = is_trusted[is_labelled]
    if is_trusted.all():
        raise BadInput(
            f"--trusted {trusted!r} is true in all rows that have a label: none is left "
            "to audit. Mark only the rows that you have checked."
        )
    return Table(X[is_labelled], y, is_trusted, int((~is_labelled).sum()))


def check_column(table, name, option, path):
    """Raise BadInput if a table has no column of a name."""
    if name not in table.columns:
        raise BadInput(
            f"{option} {name!r} is no column of {path}. "
            f"{did_you_mean(name, table.columns)}"
            f"The columns are {enumerate_names(map(repr, table.columns))}."
        )


def read_labels(column):
    """Return the labels of a column, and which cells have one."""
    cells = cells_of(column, missing=NO_LABEL)
    is_labelled = cells.codes >= 0
    values = np.array(cells.texts.tolist())
    # "1" and "1.0" are one class, but only where all labels are whole numbers.
    if len(values) and all(WHOLE_NUMBER.fullmatch(text) for text in cells.texts):
        values, codes = np.unique(parse_numbers(values).astype(int), return_inverse=True)
        cells = Cells(cells.expand(codes, -1), values.astype(str).astype(object))
    check_classes(cells, column.name, is_labelled.sum())
    return values[cells.codes[is_labelled]], is_labelled


def check_classes(cells, name, n_rows):
    """Raise BadInput if a target does not hold classes."""
    n_classes = len(cells.texts)
    if not n_classes:
        raise BadInput(f"--target {name!r} has no label in any row. Name another column.")
    if n_classes == 1:
        label = one_line(cells.texts[0], 40)
        raise BadInput(
            f"--target {name!r} has the label {label!r} in all {n_rows} rows that have "
            "one. At least two classes are needed."
        )
    numbers = parse_numbers(cells.texts)
    is_numeric = np.isfinite(numbers).all()
    is_many = n_classes > MAX_NUMERIC_CLASSES
    is_sparse = n_classes > MAX_RARE_CLASSES and n_rows < MIN_ROWS_PER_CLASS * n_classes
    is_sparse |= is_many and n_classes > n_rows / 2
    if is_numeric and (is_sparse or (is_many and (numbers % 1).any())):
        raise BadInput(
            f"--target {name!r} has {n_classes} different numbers in {n_rows} rows, like "
            "a quantity, not classes. Name a column of classes, or group the numbers."
        )
    if is_sparse:
        raise BadInput(
            f"--target {name!r} has {n_classes} different values in {n_rows} rows, like "
            "an identifier or free text, not classes. Name a column of classes."
        )


def read_trusted(column):
    """Return which rows have a label that is known to be right."""
    cells = cells_of(column)
    unknown = [text for text in cells.texts if text.lower() not in TRUSTED_VALUES]
    if unknown:
        raise BadInput(
            f"--trusted {column.name!r} must hold true or false, yes or no, or 1 or 0; "
            f"got {one_line(unknown[0], 40)!r} too."
        )
    values = [TRUSTED_VALUES[text.lower()] > 0 for text in cells.texts]
    return cells.expand(np.array(values, dtype=bool), False)


def labels_that_differ_in_case(classes):
    """Return the groups of labels that differ in upper and lower case only."""
    groups = {}
    for label in map(str, classes):
        groups.setdefault(label.casefold(), []).append(label)
    return [group for group in groups.values() if len(group) > 1]
