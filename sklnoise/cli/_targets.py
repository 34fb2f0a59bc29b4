"""A table split into columns to learn from, labels and trusted rows."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.annotators._answers import Answers, check_answers
from sklnoise.cli._answers import (
    check_beginning,
    check_several,
    find_like_answers,
    is_pattern,
    list_names,
    match_columns,
    read_answers,
)
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
    """What is learned from: the rows that have a label.

    Of several annotators, `y` is a frame with a column for each, and `answers` holds the
    same as triplets.
    """

    X: pd.DataFrame
    y: np.ndarray | pd.DataFrame
    trusted: np.ndarray
    target: str
    n_left_out: int
    # What may change the result, and what was done to columns.
    cautions: list
    left_out: dict
    # Rows whose label a reviewer has corrected or confirmed.
    decided: np.ndarray
    answers: Answers | None = None

    @property
    def class_codes(self):
        """The class of each row, of several answers the most frequent one."""
        if self.answers is not None:
            return self.answers.votes.argmax(axis=1)
        return np.unique(self.y, return_inverse=True)[1]

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
    names = options.target, *list_names(options.target), options.trusted
    wanted = list(dict.fromkeys(name for name in names if name is not None))
    file = read_table(path, wanted=wanted, options=reading)
    return file, split_table(file, options)


def split_table(file, options):
    """Split a table into the columns to learn from, labels and trusted rows."""
    frame, path = file.frame, file.path
    targets = find_targets(file, options.target)
    target = targets[0] if len(targets) == 1 else options.target
    trusted = None
    if options.trusted is not None:
        trusted = find_column(file, options.trusted, "--trusted")
        if trusted in targets:
            raise BadInput("--trusted and --target must name different columns.")
    spelling = {"join": options.join_labels, "missing": options.missing_label}
    if len(targets) == 1:
        labels = read_labels(frame[target], **spelling)
    else:
        labels = read_answers(frame, targets, target, **spelling)
    X = take_columns(file, options, [*targets, trusted])
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
    table = Table(
        X,
        labels.y,
        is_trusted,
        target,
        int((~labels.is_labelled).sum()),
        labels.cautions,
        {},
        np.zeros(len(X), dtype=bool),
        check_answers(labels.y) if len(targets) > 1 else None,
    )
    X, left_out, of_twins = leave_out_twins(X, table.class_codes, options, path)
    if table.answers is not None:
        of_twins += caution_of_answers(X, table.answers.classes)
    cautions = [*table.cautions, *of_twins]
    return table._replace(X=X, cautions=cautions, left_out=left_out)


def find_targets(file, text):
    """Return the column that --target names, or those of a pattern or list."""
    columns = file.frame.columns
    names = list_names(text, columns)
    if text in columns or (names == [text] and not is_pattern(text)):
        check_beginning(text, columns)
        return [find_column(file, text, "--target")]
    found = []
    for name in names:
        if name in columns or not is_pattern(name):
            found.append(find_column(file, name, "--target"))
        else:
            found += match_columns(name, columns)
    found = list(dict.fromkeys(found))
    check_several(text, found)
    return found


def caution_of_answers(X, classes):
    """Return a caution of columns that look like answers but are learned from."""
    found = find_like_answers(X, classes)
    if not found:
        return []
    return [
        "Learned from, but with the names of classes, as the answers: "
        f"{enumerate_names(map(repr, found))}. What has the answers of an annotator "
        "belongs in --target; what was made from answers should be left out by --drop."
    ]


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
