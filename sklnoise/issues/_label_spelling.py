"""Labels that went through a file, as the classes that they were."""

from numbers import Integral, Real

import numpy as np

from sklnoise._labels import is_label, is_missing
from sklnoise._text import cell_text, list_some, shorten

# How a type of labels is called, by the kind of its array.
KINDS = {"i": "integers", "u": "integers", "f": "numbers", "b": "booleans", "U": "text"}
OBJECTS = {"U": str, "b": bool | np.bool_, "i": Integral, "f": Real}


class LabelSpelling:
    """The classes of some labels, found by what a file makes of them."""

    def __init__(self, labels):
        entries = labels.tolist()
        self.classes = dict.fromkeys(label for label in entries if is_label(label))
        self.kind = kind_of(labels)
        keys = itself, cell_text, number, word
        self.tables = [(key, self.index_by(key)) for key in keys]

    def index_by(self, key):
        """Return the classes by a key; those that share one are left out."""
        table, shared = {}, set()
        for label in self.classes:
            found = key(label)
            shared |= {found} & table.keys()
            table[found] = label
        return {k: v for k, v in table.items() if k is not None and k not in shared}

    def find(self, value):
        """Return the class that a cell of a file means, or None."""
        if not is_label(value):
            return None
        for key, table in self.tables:
            found = key(value)
            if found in table and (key is not word or self.kind == "b"):
                return table[found]
        return None

    def is_same(self, value, label):
        """Return whether a cell means a label of y; none is meant by an empty one."""
        if is_missing(label):
            return is_missing(value) or not str(value).strip()
        found = self.find(value)
        return found is not None and found == label

    def read(self, value):
        """Return the class that a cell means, or else a new class of the same kind."""
        found = self.find(value)
        if found is not None:
            return found
        as_number = number(value)
        if self.kind == "U":
            return cell_text(value)
        if self.kind in "iu" and as_number is not None and as_number.is_integer():
            whole = cell_text(value)  # not rounded, as a float of many digits is
            return int(whole) if whole.lstrip("-").isdigit() else int(as_number)
        if self.kind == "f" and as_number is not None:
            return as_number
        if self.kind not in KINDS:
            return value
        raise ValueError(
            f"corrected must hold labels of the kind of y, {KINDS[self.kind]}; got "
            f"{shorten(repr(value))}, where y has {list_some(self.classes)}."
        )


def kind_of(labels):
    """Return the kind of labels, by the labels themselves in an array of objects."""
    entries = [label for label in labels.tolist() if not is_missing(label)]
    if labels.dtype != object or not entries:
        return labels.dtype.kind
    for kind, types in OBJECTS.items():
        if all(isinstance(label, types) for label in entries):
            return kind
    return "O"


def itself(label):
    """Return a label."""
    return label


def number(label):
    """Return a label as a number, or None."""
    if not isinstance(label, str | Real):
        return None
    try:
        value = float(label)
    except (ValueError, OverflowError):
        return None
    return value if np.isfinite(value) else None


def word(label):
    """Return a label as text without case, as a spreadsheet writes True."""
    return str(label).strip().lower()
