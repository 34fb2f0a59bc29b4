"""The noise in a report: how noisy each class is, and the transition matrix."""

import numpy as np

from sklnoise._text import percent
from sklnoise.classifiers._noise_text import (
    MIN_DIFFERENCE,
    MIN_FLIP_RATE,
    format_interval,
    largest_flips,
)
from sklnoise.report._cells import Cell, text_cell
from sklnoise.report._findings import shown_transition
from sklnoise.report._images import NO_PILLOW, encode_matrix, has_pillow

# More classes are sorted by their share of suspected labels.
MAX_IN_ORDER = 20

MAX_CLASSES = 200

# More classes have no table of all entries of T, or one without standard errors.
MAX_MATRIX_CLASSES, MAX_ERROR_CLASSES = 20, 12

MAX_PAIRS = 30

# Shades of the cells of T in the style sheet.
N_SHADES = 10


def class_context(findings):
    """Return how often each class is labelled, suspected and mistaken."""
    T, _, _ = shown_transition(findings.clf)
    n_classes = len(findings.names)
    n_labelled = np.bincount(findings.labels, minlength=n_classes)
    is_issue = findings.judgement.is_issue
    n_issues = np.bincount(findings.labels[is_issue], minlength=n_classes)
    order, note = np.arange(n_classes), ""
    if n_classes > MAX_IN_ORDER:
        order = np.argsort(-n_issues / np.maximum(n_labelled, 1), kind="stable")
        note = "Those with the largest share of suspected labels come first."
    if n_classes > MAX_CLASSES:
        order = order[:MAX_CLASSES]
        note += f" {MAX_CLASSES} of {n_classes} are shown."
    rates = [] if T is None else [class_rate(findings.noise, k) for k in order]
    return {
        "note": note,
        "lines": [
            {
                "name": class_cell(findings, k),
                "n_labelled": f"{n_labelled[k]:,}",
                "n_issues": f"{n_issues[k]:,}",
                "mistaken_for": most_frequent_flip(T, k, findings.names),
            }
            for k in order
        ],
        "rates": [(findings.names[k], rate) for k, rate in zip(order, rates)],
        "has_transition": T is not None,
    }


def class_cell(findings, k):
    """Return the name of a class, with the whole of a label that was shortened."""
    name, label = findings.names[k], str(findings.clf.classes_[k])
    if name == label:
        return Cell("text", name)
    return Cell("text", name, text_cell(label).whole or label)


def class_rate(summary, k):
    """Return the noise rate of a class with its interval, as text."""
    if summary.noise_rate_per_class is None:
        return "–"
    rate = percent(summary.noise_rate_per_class[k])
    interval = format_interval(summary.noise_rate_per_class_interval[k])
    return f"{rate} ({interval})" if interval else rate


def most_frequent_flip(transition_matrix, k, names):
    """Name the label that a class gets most often, other than its own."""
    if transition_matrix is None:
        return ""
    others = np.delete(transition_matrix[k], k)
    if others.max(initial=0) < MIN_FLIP_RATE:
        return "–"
    if len(others) > 1 and np.ptp(others) < MIN_DIFFERENCE:
        return f"all others alike ({percent(others[0])} each)"
    row = np.where(np.arange(len(names)) == k, -1, transition_matrix[k])
    other = row.argmax()
    return f"{names[other]} ({percent(row[other])})"


def matrix_context(findings):
    """Return T: all entries for few classes, the largest and an image for many."""
    T, error, source = shown_transition(findings.clf)
    if T is None:
        return {"source": source, "kind": "none"}
    source += f" Condition number: {np.linalg.cond(T):.3g}."
    names = findings.names
    if len(T) > MAX_MATRIX_CLASSES:
        return {
            "source": source,
            "kind": "pairs",
            "pairs": [
                (names[i], names[j], percent(T[i, j]))
                for i, j in largest_flips(T, MAX_PAIRS)
            ],
            "image": encode_matrix(T) if has_pillow() else "",
            "no_image": NO_PILLOW,
        }
    if error is None or len(T) > MAX_ERROR_CLASSES:
        error = np.full(T.shape, np.nan)
    return {
        "source": source,
        "kind": "table",
        "has_errors": bool(np.isfinite(error).any()),
        "rows": matrix_entries(T, error, names),
    }


def matrix_entries(T, error, names):
    """Return the name and the cells of each row of T."""
    return [
        (name, [heat_cell(*entry) for entry in zip(values, errors)])
        for name, values, errors in zip(names, T, error)
    ]


def heat_cell(value, error):
    """Return an entry of T as text, its error and its shade."""
    return {
        "text": f"{value:.2f}",
        "error": f"±{error:.2f}" if error >= MIN_FLIP_RATE else "",
        "shade": round(float(value) * N_SHADES),
        "is_faint": bool(value < MIN_FLIP_RATE),
    }
