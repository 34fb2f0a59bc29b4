"""Answers of several annotators: from a table with a column for each to triplets."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np
from scipy.sparse import csr_array

from sklnoise._labels import encode_labels, is_label, sort_classes
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise.annotators._columns import read_array, read_frame

# Answers that all differ, from which they are no labels.
MIN_DIFFERENT = 20

# What missing values become when lists are turned into an array of text.
MISSING_AS_TEXT = {"nan", "None", "<NA>", "NaN", "NaT"}


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers as triplets of sample, annotator and code of the class.

    Of a table with a column for each annotator, only the cells that are not missing are
    kept, so that the memory does not depend on the number of its cells.
    """

    sample: np.ndarray
    annotator: np.ndarray
    code: np.ndarray
    classes: np.ndarray
    annotators: np.ndarray
    n_samples: int

    def __len__(self):
        """Return the number of answers."""
        return len(self.code)

    @property
    def n_classes(self):
        """Return the number of classes."""
        return len(self.classes)

    @property
    def n_annotators(self):
        """Return the number of annotators, also of those without an answer."""
        return len(self.annotators)

    def select(self, kept):
        """Return some of the answers."""
        parts = self.sample[kept], self.annotator[kept], self.code[kept]
        return Answers(*parts, self.classes, self.annotators, self.n_samples)

    @cached_property
    def indicator(self):
        """Return a sparse matrix with a 1 for each sample, annotator and class."""
        column = self.annotator * np.int32(self.n_classes) + self.code
        shape = self.n_samples, self.n_annotators * self.n_classes
        return csr_array((np.ones(len(self)), (self.sample, column)), shape=shape)

    @cached_property
    def votes(self):
        """Return how many annotators gave each sample each class."""
        cell = self.sample.astype(np.int64) * self.n_classes + self.code
        votes = np.bincount(cell, minlength=self.n_samples * self.n_classes)
        return votes.reshape(self.n_samples, self.n_classes)

    @cached_property
    def answered(self):
        """Return whether each sample has an answer."""
        return self.votes.any(axis=1)

    @cached_property
    def usage(self):
        """Return how often each annotator gave each class."""
        cell = self.annotator.astype(np.int64) * self.n_classes + self.code
        usage = np.bincount(cell, minlength=self.n_annotators * self.n_classes)
        return usage.reshape(self.n_annotators, self.n_classes)


def check_answers(y, missing_label=np.nan, *, classes=None, annotators=None):
    """Validate the answers of several annotators and return them as triplets.

    With `classes` and `annotators`, those of a fit, answers are encoded as theirs.
    """
    if isinstance(y, Answers):
        return y
    if np.ndim(missing_label) or not isinstance(missing_label, Hashable):
        raise ValueError(
            "missing_label must be one label, which stands for a missing answer; got "
            f"{shorten(repr(missing_label))}."
        )
    names, cells = read_table(y, missing_label)
    n_samples, sample, annotator, values = cells
    if len(names) < 2 and annotators is None:
        raise ValueError(
            "y must have a column for each of at least 2 annotators, shape (n_samples, "
            f"n_annotators); got {len(names)}. For the labels of one annotator, use "
            "NoiseRobustClassifier or find_label_issues. A long table of one answer a "
            "row is turned into such columns by annotations_to_frame."
        )
    if not len(values) and classes is None:
        raise ValueError(
            f"y must hold answers; all {n_samples} x {len(names)} cells are missing. "
            "Check missing_label and how the file was read."
        )
    values = unify_values(values, annotator, names) if len(values) else values
    if classes is None:
        classes = sort_classes(values)
    code = encode_answers(values, classes) if len(values) else np.zeros(0, dtype=int)
    if annotators is not None:
        annotator = place_annotators(names, annotators, hasattr(y, "columns"))[annotator]
        names = annotators
    order = np.lexsort((annotator, sample))
    triplets = (part[order].astype(np.int32) for part in (sample, annotator, code))
    return Answers(*triplets, classes, names, n_samples)


def check_are_labels(answers):
    """Raise a ValueError if answers name samples, or measure them."""
    n_answers = answers.usage.sum(axis=1)
    differ = (answers.usage.max(axis=1) == 1) & (n_answers >= MIN_DIFFERENT)
    if differ.any():
        name = answers.annotators[differ][0]
        raise ValueError(
            "y must have a column for each annotator, with labels that recur; column "
            f"{str(name)!r} has another value in each row, as if it named or measured "
            "the samples. Leave it out."
        )


def read_table(y, missing_label):
    """Return the names of the annotators, and the cells that hold an answer."""
    if hasattr(y, "columns"):
        return read_frame(y, missing_label)
    if hasattr(y, "predict"):
        raise TypeError(
            f"y must hold the answers of annotators; got the estimator "
            f"{type(y).__name__}. Pass an array or a frame of labels."
        )
    return read_array(as_numpy(y), missing_label)


def unify_values(values, annotator, names):
    """Return answers of one kind as an array that can be sorted."""
    if values.dtype.kind in "US":
        values = values.astype(object)
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise ValueError("y must hold finite answers; got infinity. Replace it.")
        # Whole numbers became floats because some are missing.
        whole = values.astype(np.int64) if np.abs(values).max() < 2**53 else values
        return whole if np.array_equal(whole, values) else values
    if values.dtype != object:
        return values
    types = set(map(type, values))
    different = {kind_of(type_of_label) for type_of_label in types}
    if len(different) > 1 or not all(issubclass(kind, Hashable) for kind in types):
        raise_for_kinds(values, annotator, names)
    if "numbers" in different:
        return unify_values(np.array([*values]), annotator, names)
    found = MISSING_AS_TEXT.intersection(values) if "text" in different else ()
    if found:
        raise ValueError(
            f"y has the text {list_some(sorted(found))} as an answer, which seems to "
            "stand for a missing one: numpy turns missing values in a list with text "
            "into text. Pass a frame or an array of dtype=object, or this text as "
            "missing_label."
        )
    return values


def kind_of(type_of_label):
    """Name the kind of a label."""
    if issubclass(type_of_label, str):
        return "text"
    return "numbers" if issubclass(type_of_label, Real) else type_of_label.__name__


def raise_for_kinds(values, annotator, names):
    """Raise an error that says which annotators gave labels of which kind."""
    first_of_kind = {}
    for at, value in enumerate(values):
        if not is_label(value):
            raise TypeError(
                "y must hold labels that can be compared, such as text and numbers; got "
                f"{shorten(repr(value))}. Turn them into text."
            )
        first_of_kind.setdefault(kind_of(type(value)), at)
    examples = ", annotator ".join(
        f"{names[annotator[at]]!s} has {shorten(repr(values[at]))}"
        for at in first_of_kind.values()
    )
    raise ValueError(
        f"y must hold labels of one kind in all columns; annotator {examples}. Turn all "
        "into text, or all into numbers."
    )


def encode_answers(values, classes):
    """Return the code of each answer."""
    if values.dtype != object and values.dtype == classes.dtype:
        code = np.searchsorted(classes, values).clip(max=len(classes) - 1)
        if np.array_equal(classes[code], values):
            return code
    return encode_labels(
        values, classes, "y", "Fit again with these answers, or leave them out."
    )


def place_annotators(names, annotators, by_name):
    """Return the position of each column among the annotators of the fit."""
    if not by_name:
        if len(names) != len(annotators):
            raise ValueError(
                f"y must have a column for each of the {len(annotators)} annotators of "
                f"the fit; got {len(names)}. Columns of some annotators only can be "
                "passed as a frame that names them."
            )
        return np.arange(len(names))
    position = {name: at for at, name in enumerate(annotators.tolist())}
    unknown = [name for name in names.tolist() if name not in position]
    if unknown:
        raise ValueError(
            f"y has the annotators {list_some(unknown)}, which are not those of the fit, "
            f"{list_some(annotators)}. Leave them out, or fit with their answers."
        )
    return np.array([position[name] for name in names.tolist()])
