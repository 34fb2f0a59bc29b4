"""The labels in a column of a table, and their spellings."""

import re
import unicodedata
from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import cell_text, enumerate_names
from sklnoise.cli._errors import BadInput, one_line
from sklnoise.tables._cells import SHEET_ERRORS

# Cells without a label, in lower case. "none", "-" and "inf" may be names of classes.
NO_LABEL = {"", "?", "n/a", "#n/a", "nan", "nat", "<na>", "null", *SHEET_ERRORS}

# North America or "not available": which of them is asked of the other classes.
AMBIGUOUS = "NA"
MIN_AMBIGUOUS = 5

# Labels that are numbers; "01" is a name, and so is what float64 would round.
WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.0*)?")

# A target of more different numbers is a quantity if it has fractions.
MAX_NUMERIC_CLASSES = 20

# A target of more different values must have enough rows of each.
MAX_RARE_CLASSES = 100
MIN_ROWS_PER_CLASS = 10

BETWEEN_WORDS = re.compile(r"(?<=\w)[-_\s]+(?=\w)")
AT_THE_ENDS = " .,;:!_'\"`"

MAX_SHOWN = 40


class Labels(NamedTuple):
    """The labels of the rows that have one."""

    y: np.ndarray
    is_labelled: np.ndarray
    # What is said at the top, as it changes what is a class.
    cautions: list


def read_labels(column, *, join=False, missing=None, unit="row"):
    """Return the labels of a column; `missing` are spellings that are no label."""
    texts = column.astype(object).map(label_text).to_numpy(dtype=object)
    counts = Counter(texts)
    absent, cautions = find_missing(counts, missing, unit)
    is_labelled = np.array([text not in absent for text in texts], dtype=bool)
    meaning = {text: text for text in counts if text not in absent}
    # "1" and "1.0" are one class, but only where all labels are whole numbers.
    if meaning and all(map(WHOLE_NUMBER.fullmatch, meaning)):
        meaning = {text: int(float(text)) for text in meaning}
    else:
        meaning, of_spellings = join_spellings(meaning, counts, join)
        cautions += of_spellings
    n_labelled = int(is_labelled.sum())
    check_classes(set(meaning.values()), column.name, n_labelled, unit)
    values = [meaning[text] for text in texts[is_labelled]]
    is_whole = all(isinstance(label, int) for label in meaning.values())
    # As objects, texts take no more room than they have letters.
    values = np.array(values, dtype=np.int64 if is_whole else object)
    return Labels(values, is_labelled, cautions)


def label_text(cell):
    """Write a cell as text, a missing one as an empty text."""
    is_nested = isinstance(cell, list | tuple | dict | np.ndarray)
    return "" if not is_nested and pd.isna(cell) else cell_text(cell)


def find_missing(counts, missing, unit):
    """Return the texts that are no label, and what is to be said of them."""
    if missing:
        return {"", *missing}, []
    absent = {text for text in counts if text.lower() in NO_LABEL}
    n_ambiguous = counts[AMBIGUOUS]
    others = [n for text, n in counts.items() if text not in absent | {AMBIGUOUS}]
    if not n_ambiguous:
        return absent | {text for text in counts if text.lower() == "na"}, []
    rows = f"{n_ambiguous} {unit}" + "s" * (n_ambiguous != 1)
    if others and n_ambiguous >= max(MIN_AMBIGUOUS, min(others) / 2):
        return absent, [
            f"{AMBIGUOUS!r} was read as a class, in {rows}. If it means that the label "
            f"is missing, say --missing-label {AMBIGUOUS}."
        ]
    return absent | {AMBIGUOUS}, [
        f"{AMBIGUOUS!r} was read as a missing label, in {rows}. If it is a class, say "
        'which cells have no label: --missing-label "".'
    ]


def join_spellings(meaning, counts, join):
    """Return what each spelling means, and what is to be said of them."""
    groups = {}
    for text in meaning:
        groups.setdefault(normal_form(text), []).append(text)
    groups = [
        sorted(group, key=lambda text: (-counts[text], text))
        for group in groups.values()
        if len(group) > 1
    ]
    if not groups:
        return meaning, []
    listed = "; ".join(
        enumerate_names(repr(one_line(text, MAX_SHOWN)) for text in group)
        for group in groups[:MAX_SHOWN]
    )
    if not join:
        return meaning, [
            "Some labels differ only in their spelling and are different classes: "
            f"{listed}. If they are the same, say --join-labels."
        ]
    joined = {text: group[0] for group in groups for text in group}
    return meaning | joined, [
        f"Spellings of a label were joined under the most frequent one: {listed}."
    ]


def normal_form(label):
    """Return what spellings of one label have in common."""
    text = unicodedata.normalize("NFKC", label).casefold()
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    # Other punctuation tells labels apart: "<=50K", ">50K"; "C", "C++".
    text = BETWEEN_WORDS.sub(" ", text)
    return text.strip(AT_THE_ENDS) or text


def check_classes(labels, name, n_rows, unit):
    """Raise BadInput if a target does not hold classes."""
    n_classes = len(labels)
    if not n_classes:
        raise BadInput(f"--target {name!r} has no label in any row. Name another column.")
    if n_classes == 1:
        label = one_line(next(iter(labels)), MAX_SHOWN)
        raise BadInput(
            f"--target {name!r} has the label {label!r} in all {n_rows} {unit}s that "
            "have one. At least two classes are needed."
        )
    is_many = n_classes > MAX_NUMERIC_CLASSES
    is_sparse = n_classes > MAX_RARE_CLASSES and n_rows < MIN_ROWS_PER_CLASS * n_classes
    is_sparse |= is_many and n_classes > n_rows / 2
    numbers = pd.to_numeric(pd.Series(sorted(labels, key=str)), errors="coerce")
    is_numeric = np.isfinite(numbers.astype(float)).all()
    if is_numeric and (is_sparse or (is_many and (numbers % 1).any())):
        raise BadInput(
            f"--target {name!r} has {n_classes} different numbers in {n_rows} {unit}s, "
            "like a quantity, not classes. Name a column of classes, or group the "
            "numbers."
        )
    if is_sparse:
        raise BadInput(
            f"--target {name!r} has {n_classes} different values in {n_rows} {unit}s, "
            "like an identifier or free text, not classes. Name a column of classes."
        )
