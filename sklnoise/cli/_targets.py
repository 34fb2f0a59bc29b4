"""A table split into columns to learn from, labels and trusted rows."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import BadInput, did_you_mean, one_line
from sklnoise.cli._files import read_table
from sklnoise.cli._labels import NO_LABEL, label_text, read_labels
from sklnoise.cli._twins import find_twins
from sklnoise.tables._kinds import BOOLEANS

# What a column of trusted rows may hold, in lower case.
TRUSTED_VALUES = {**BOOLEANS, "1": True, "0": False, "": False}

# Cells that say nothing, in lower case, count as false.
NOT_KNOWN = {*NO_LABEL, "na", "none", "-"}


class ColumnOptions(NamedTuple):
    """What a user says of the columns of a table."""

    target: str
    trusted: str | None = None
    columns: list | None = None
    drop: list | None = None
    join_labels: bool = False
    missing_label: list | None = None


class Table(NamedTuple):
    """What is learned from: the rows that have a label."""

    X: pd.DataFrame
    y: np.ndarray
    trusted: np.ndarray
    target: str
    n_left_out: int
    # What may change the result, and what was done to columns.
    cautions: list
    left_out: dict
    # Rows whose label a reviewer has corrected or confirmed.
    decided: np.ndarray

    @property
    def known(self):
        """Which rows have a label that is known to be right."""
        return self.trusted | self.decided


def as_arguments(options):
    """Return what a user says, a named tuple, as the arguments of a command."""
    arguments = []
    for name, value in options._asdict().items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            arguments += [option] * value
        else:
            values = [value] if isinstance(value, str) else value or ()
            arguments += [part for each in values for part in (option, each)]
    return arguments


def load_table(path, options, reading):
    """Read a file, and split it; return both."""
    wanted = [name for name in (options.target, options.trusted) if name is not None]
    file = read_table(path, wanted=wanted, options=reading)
    return file, split_table(file, options)


def split_table(file, options):
    """Split a table into the columns to learn from, labels and trusted rows."""
    frame, path = file.frame, file.path
    target = find_column(file, options.target, "--target")
    trusted = None
    if options.trusted is not None:
        trusted = find_column(file, options.trusted, "--trusted")
        if trusted == target:
            raise BadInput("--trusted and --target must name different columns.")
    labels = read_labels(
        frame[target], join=options.join_labels, missing=options.missing_label
    )
    X = take_columns(file, options, [target, trusted])
    if X.columns.empty:
        raise BadInput(f"{path} has no column besides {target} to learn from.")
    is_trusted = np.zeros(len(frame), dtype=bool)
    if trusted is not None:
        is_trusted = read_trusted(frame[trusted])
    X, is_trusted = X[labels.is_labelled], is_trusted[labels.is_labelled]
    if is_trusted.all():
        raise BadInput(
            f"--trusted {trusted!r} is true in all rows that have a label: none is left "
            "to audit. Mark only the rows that you have checked."
        )
    X, left_out, of_twins = leave_out_twins(X, labels.y, options, path)
    return Table(
        X,
        labels.y,
        is_trusted,
        target,
        int((~labels.is_labelled).sum()),
        [*labels.cautions, *of_twins],
        left_out,
        np.zeros(len(X), dtype=bool),
    )


def find_column(file, name, option):
    """Return the name of a column that is named, or numbered from 1."""
    columns = file.frame.columns
    if name in columns:
        return name
    if name.isdecimal() and 1 <= int(name) <= len(columns):
        return columns[int(name) - 1]
    hint = ""
    if file.may_lack_header:
        hint = "The first line looks like a row: if there is no header, say --no-header. "
    raise BadInput(
        f"{option} {one_line(name, 100)!r} is no column of {file.path}. "
        f"{did_you_mean(name, columns)}{hint}"
        f"The columns are {enumerate_names(repr(one_line(c, 40)) for c in columns)}."
    )


def find_columns(file, names, option):
    """Return the columns of an option, which may be a list with commas."""
    found = []
    for name in names or ():
        is_list = "," in name and name not in file.frame
        parts = [part.strip() for part in name.split(",")] if is_list else [name]
        found += [find_column(file, part, option) for part in parts]
    return list(dict.fromkeys(found))


def take_columns(file, options, special):
    """Return the columns that are to be learned from."""
    frame = file.frame
    kept = find_columns(file, options.columns, "--columns")
    dropped = find_columns(file, options.drop, "--drop")
    return frame[
        [
            name
            for name in (kept or frame.columns)
            if name not in special and name not in dropped
        ]
    ]


def read_trusted(column):
    """Return which rows have a label that is known to be right."""
    texts = column.astype(object).map(label_text)
    texts = texts.where(~texts.str.lower().isin(NOT_KNOWN), "")
    unknown = [text for text in texts.unique() if text.lower() not in TRUSTED_VALUES]
    if unknown:
        raise BadInput(
            f"--trusted {column.name!r} must hold true or false, yes or no, or 1 or 0; "
            f"got {one_line(unknown[0], 40)!r} too."
        )
    return texts.str.lower().map(TRUSTED_VALUES).to_numpy(dtype=bool)


def leave_out_twins(X, labels, options, path):
    """Leave out the columns that copy the label, unless the user has named them."""
    copies, close = find_twins(X, labels)
    cautions, left_out = [], {}
    if options.columns:
        close, copies = [*copies, *close], []
    if copies:
        listed = enumerate_names(map(repr, copies))
        if len(copies) == len(X.columns):
            raise BadInput(
                f"{path} has no column to learn from besides {listed}, which copies the "
                "label: with it, every label looks right."
            )
        X = X.drop(columns=copies)
        left_out = dict.fromkeys(copies, "left out: it copies the label")
        cautions.append(
            f"Left out, as it copies the label: {listed}. With it, every label would "
            "look right. --columns names the columns that are used in any case."
        )
    if close:
        listed = enumerate_names(map(repr, close))
        cautions.append(
            f"This alone tells nearly every label: {listed}. If it "
            "was made from the label, or the label from it, leave it out by --drop: "
            "wrong labels look right with it."
        )
    return X, left_out, cautions
