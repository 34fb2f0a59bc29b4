"""The labels of a table, and the rows whose label is known to be right."""

import re

import numpy as np

from sklnoise.cli._cells import MISSING, NO_NUMBER, Cells, cells_of
from sklnoise.cli._errors import BadInput, one_line
from sklnoise.cli._kinds import WORDS
from sklnoise.cli._numbers import numbers_of

NO_LABEL = MISSING - {"none", "-"} - NO_NUMBER
"""Cells that say that there is no label; "none" is the name of a class at times."""

WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})(\.0*)?")
"""How a whole number is written; "01" is a name, and more digits are one too."""

KNOWN = {**WORDS, "1": 1.0, "0": 0.0}
"""What a column of trusted rows may hold, in lower case."""

MANY_NUMBERS = 20
"""Different numbers from which a target that has fractions is a quantity."""

MANY_CLASSES = 100
"""Different values from which a target needs enough rows of each."""

FEW_A_CLASS = 10
"""Rows a class that are too few where there are so many classes."""


def read_labels(column):
    """Read the labels of a column."""
    cells = cells_of(column, missing=NO_LABEL)
    is_labelled = cells.codes >= 0
    values = np.array(cells.texts.tolist())
    if len(values) and all(WHOLE.fullmatch(text) for text in cells.texts):
        values, places = np.unique(numbers_of(values).astype(int), return_inverse=True)
        cells = Cells(cells.spread(places, -1), values.astype(str).astype(object))
    check_classes(cells, column.name, is_labelled.sum())
    return values[cells.codes[is_labelled]], is_labelled


def alike_labels(classes):
    """Find labels that differ in upper and lower case only."""
    groups = {}
    for label in map(str, classes):
        groups.setdefault(label.casefold(), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def check_classes(cells, name, n_rows):
    """Refuse a target that names no classes."""
    n_classes = len(cells.texts)
    if not n_classes:
        raise BadInput(f"--target {name!r} has no label in any row. Name another column.")
    if n_classes == 1:
        label = one_line(cells.texts[0], 40)
        raise BadInput(
            f"--target {name!r} has the label {label!r} in all {n_rows} rows that have "
            "one. Two classes at least are needed."
        )
    numbers = numbers_of(cells.texts)
    fractions = np.isfinite(numbers).all() and (numbers % 1).any()
    rare = n_classes > MANY_CLASSES and n_rows < FEW_A_CLASS * n_classes
    unique = n_classes > MANY_NUMBERS and n_classes > n_rows / 2
    if np.isfinite(numbers).all() and (
        rare or unique or (fractions and n_classes > MANY_NUMBERS)
    ):
        raise BadInput(
            f"--target {name!r} has {n_classes} different numbers in {n_rows} rows, like "
            "a quantity, not classes. Name a column of classes, or group the numbers."
        )
    if rare or unique:
        raise BadInput(
            f"--target {name!r} has {n_classes} different values in {n_rows} rows, like "
            "an identifier or free text, not classes. Name a column of classes."
        )


def read_trusted(column):
    """Read which rows have a label that is known to be right."""
    cells = cells_of(column)
    unknown = [value for value in cells.texts if value.lower() not in KNOWN]
    if unknown:
        raise BadInput(
            f"--trusted {column.name!r} must hold true or false, yes or no, or 1 or 0; "
            f"got {one_line(unknown[0], 40)!r} too."
        )
    values = np.array([KNOWN[value.lower()] > 0 for value in cells.texts], dtype=bool)
    return cells.spread(values, False)
