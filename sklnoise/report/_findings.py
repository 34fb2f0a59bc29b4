"""What the parts of a report are made from: a fitted classifier and judged labels."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from sklnoise._text import as_text, shorten
from sklnoise._transition_matrix import is_identity
from sklnoise.classifiers._fitted import transition_of_noise
from sklnoise.classifiers._judgement import has_annotators
from sklnoise.issues._judgement import Judgement


class Findings(NamedTuple):
    """What a fit found; labels and suggestions are positions in `clf.classes_`."""

    clf: object
    judgement: Judgement
    names: list
    labels: np.ndarray
    suggested: np.ndarray
    new_rows: bool

    @property
    def noise(self):
        """The noise summary of the fit."""
        return self.clf.noise_summary_

    @property
    def is_estimated(self):
        """Whether the noise was estimated, rather than given."""
        if has_annotators(self.clf):
            return self.noise.verdict != "known"
        return self.clf.transition_estimator_ is not None

    @property
    def judged(self):
        """What is judged: labels, or the answers of annotators."""
        return "answers" if has_annotators(self.clf) else "labels"


def find(clf, judgement, new_rows):
    """Gather what a report is made from."""
    labels, suggested = (
        np.searchsorted(clf.classes_, values)
        for values in (judgement.labels, judgement.suggested_labels)
    )
    names = class_names(clf.classes_)
    return Findings(clf, judgement, names, labels, suggested, new_rows)


def class_names(classes):
    """Return short names of classes, all of them different."""
    names = [shorten(label) or "(empty)" for label in classes]
    counts = Counter(names)
    return [
        f"{name} (class {k})" if counts[name] > 1 else name
        for k, name in enumerate(names, start=1)
    ]


def whole_labels(classes, max_length):
    """Return labels as text; one that is too long is cut, and numbered to be unique."""
    texts = map(as_text, classes)
    return [
        text
        if len(text) <= max_length
        else f"{text[:max_length]}… (class {k}, {len(text):,} characters)"
        for k, text in enumerate(texts, start=1)
    ]


def shown_transition(clf):
    """Return the T to show, its standard error and a sentence on its source."""
    T, estimator = transition_of_noise(clf), clf.transition_estimator_
    if has_annotators(clf):
        return T, None, "The pool of all annotators: T of an answer by anybody."
    if estimator is None:
        if clf.noise_summary_.noise_rate is None and is_identity(T):
            return None, None, "No transition matrix was given or estimated."
        return T, None, "This T was given or learned, not estimated from a first pass."
    source = f"Estimated by {type(estimator).__name__}"
    if not np.allclose(T, estimator.transition_matrix_):
        source += ", and changed before or in the refit."
        return T, None, f"{source} The noise rates are those of the estimate."
    if not np.allclose(T, clf.transition_matrix_):
        source += "; the refit did not correct by it"
    return T, getattr(estimator, "standard_error_", None), f"{source}."
