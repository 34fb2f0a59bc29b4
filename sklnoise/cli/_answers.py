"""Answers of several annotators: the columns that --target names, and their labels."""

import re
from difflib import get_close_matches

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import BadInput, one_line
from sklnoise.cli._labels import Labels, label_text, read_labels

WILDCARDS = re.compile(r"[*?]")

# Names that an error offers for a pattern, and how like it they must be.
MAX_CLOSEST, MIN_LIKENESS = 3, 0.4

# Letters of a beginning that is no mere typing error.
MIN_BEGINNING = 3


def is_pattern(name):
    """Return whether a name has a wildcard."""
    return WILDCARDS.search(name) is not None


def list_names(target, columns=()):
    """Return the names in a target, which may be a list with commas."""
    if target in columns or "," not in target:
        return [target]
    return [part.strip() for part in target.split(",") if part.strip()] or [target]


def match_columns(pattern, columns):
    """Return the columns that match a pattern, or raise BadInput if none does."""
    text = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    found = [name for name in columns if re.fullmatch(text, name, re.DOTALL)]
    if found:
        return found
    close = [name for name in columns if re.fullmatch(text, name, re.DOTALL | re.I)]
    if not close:
        lower = {name.lower(): name for name in columns}
        plain = WILDCARDS.sub("", pattern).lower()
        matches = get_close_matches(plain, lower, MAX_CLOSEST, MIN_LIKENESS)
        close = [lower[name] for name in matches]
    listed = enumerate_names(repr(one_line(name, 40)) for name in close or columns)
    raise BadInput(
        f"--target {one_line(pattern, 100)!r} matches no column. The "
        f"{'closest' if close else 'columns'} are {listed}."
    )


def check_beginning(target, columns):
    """Raise BadInput if several columns begin with a target that is none of them."""
    found = [name for name in columns if name.startswith(target)]
    if len(target) >= MIN_BEGINNING and len(found) > 1 and target not in columns:
        listed = enumerate_names(repr(one_line(name, 40)) for name in found)
        raise BadInput(
            f"--target {one_line(target, 100)!r} is no column, but {listed} begin with "
            "it. Name one of them, or if they are the answers of annotators, all: "
            f'--target "{one_line(target, 100)}*".'
        )


def check_several(target, found):
    """Raise BadInput if a pattern or a list names one column only."""
    if len(found) > 1:
        return
    raise BadInput(
        f"--target {one_line(target, 100)!r} names one column only, "
        f"{one_line(found[0], 40)!r}. For answers of several annotators it must name at "
        "least two; for labels of one column, name that itself."
    )


def read_answers(frame, columns, target, **options):
    """Return the labels in several columns, None in `y` where somebody has none."""
    cells = pd.concat([frame[name].astype(object) for name in columns])
    labels = read_labels(cells.rename(target), unit="answer", **options)
    table = np.full(len(cells), None, dtype=object)
    table[labels.is_labelled] = labels.y
    table = table.reshape(len(columns), len(frame)).T
    is_answered = labels.is_labelled.reshape(len(columns), len(frame)).any(axis=0)
    y = pd.DataFrame(table, index=frame.index, columns=columns, dtype=object)
    return Labels(y[is_answered], is_answered, labels.cautions)


def find_like_answers(X, classes):
    """Return the columns whose cells are names of classes, as answers are."""
    if classes.dtype != object:
        return []  # 0 and 1 may be anything
    known = set(classes.tolist())
    found = []
    for name in X.columns:
        texts = set(X[name].astype(object).map(label_text)) - {""}
        if len(texts) > 1 and texts <= known:
            found.append(name)
    return found
