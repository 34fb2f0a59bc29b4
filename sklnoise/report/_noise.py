"""The noise in a report: how noisy each class is, and the transition matrix."""

import numpy as np

from sklnoise._text import percent
from sklnoise._transition_matrix import is_identity
from sklnoise.classifiers._fitted import transition_of_noise
from sklnoise.classifiers._noise_text import (
    MIN_DIFFERENCE,
    MIN_FLIP_RATE,
    format_interval,
    largest_flips,
)
from sklnoise.report._charts import matrix_picture
from sklnoise.report._html import element, join, number, table, titled

# More classes are sorted by their share of suspected labels.
MAX_IN_ORDER = 20

MAX_CLASSES = 200

# More classes have no table of all entries of T, or one without standard errors.
MAX_MATRIX_CLASSES, MAX_ERROR_CLASSES = 20, 12

MAX_PAIRS = 30

# Entries of T from here on have light text on a dark cell.
DARK_CELL_THRESHOLD = 0.65

RATE_MEANING = (
    "The noise rate is the share of samples truly of this class with another label. "
)

HOW_TO_READ = (
    "A row of the matrix is a clean class, a column is a label: the cell in row a and "
    "column b is the share of samples truly of class a that are labelled b. On the "
    "diagonal are the right labels; each row sums to 1."
)


def class_section(clf, judgement):
    """Show how noisy each class is."""
    T, _, _ = shown_transition(clf)
    n_classes = len(clf.classes_)
    codes = np.searchsorted(clf.classes_, judgement.labels)
    n_labelled = np.bincount(codes, minlength=n_classes)
    n_issues = np.bincount(codes[judgement.is_issue], minlength=n_classes)
    order, note = np.arange(n_classes), ""
    if n_classes > MAX_IN_ORDER:
        order = np.argsort(-n_issues / np.maximum(n_labelled, 1), kind="stable")
        note = "Those with the largest share of suspected labels come first."
    if n_classes > MAX_CLASSES:
        order = order[:MAX_CLASSES]
        note += f" {MAX_CLASSES} of {n_classes} are shown."
    lines = []
    for k in order:
        line = [
            element("th", titled(clf.classes_[k]), scope="row", class_="name"),
            number(f"{n_labelled[k]:,}"),
            number(f"{n_issues[k]:,}"),
        ]
        if T is not None:
            line.append(number(class_rate(clf.noise_summary_, k)))
            other = most_frequent_flip(T, k, clf.classes_)
            line.append(element("td", other, class_="name"))
        lines.append(line)
    headers = ["class", "labelled so", "suspected"]
    headers += ["noise rate (95%)", "mistaken for"] if T is not None else []
    return element(
        "section",
        element("h2", "Classes", id="classes"),
        element(
            "p",
            "Suspected are labels of this name that are probably wrong. ",
            "" if T is None else RATE_MEANING,
            note,
        ),
        table("Noise by class", headers, lines),
    )


def class_rate(summary, k):
    """Return the noise rate of a class with its interval, as text."""
    if summary.noise_rate_per_class is None:
        return "–"
    rate = percent(summary.noise_rate_per_class[k])
    interval = format_interval(summary.noise_rate_per_class_interval[k])
    return f"{rate} ({interval})" if interval else rate


def most_frequent_flip(transition_matrix, k, classes):
    """Name the label that a class gets most often, other than its own."""
    others = np.delete(transition_matrix[k], k)
    if others.max(initial=0) < MIN_FLIP_RATE:
        return "–"
    if len(others) > 1 and np.ptp(others) < MIN_DIFFERENCE:
        return f"all others alike ({percent(others[0])} each)"
    row = np.where(np.arange(len(classes)) == k, -1, transition_matrix[k])
    other = row.argmax()
    return join(titled(classes[other]), f" ({percent(row[other])})")


def shown_transition(clf):
    """Return the T to show, its standard error and a sentence on its source."""
    T, estimator = transition_of_noise(clf), clf.transition_estimator_
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


def matrix_section(clf):
    """Show T: all entries for few classes, the largest and a picture for many."""
    T, error, source = shown_transition(clf)
    title = element("h2", "Which classes are mistaken for which", id="matrix")
    if T is None:
        return element("section", title, element("p", source))
    if len(T) <= MAX_MATRIX_CLASSES:
        shown = heat_table(T, error, clf.classes_)
    else:
        shown = join(pair_table(T, clf.classes_), matrix_picture(T))
    condition = f" Condition number: {np.linalg.cond(T):.3g}."
    parts = element("p", HOW_TO_READ), element("p", source + condition), shown
    return element("section", title, *parts)


def heat_table(transition_matrix, standard_error, classes):
    """Show T as a table with coloured cells."""
    n_classes, names = len(classes), [titled(name) for name in classes]
    if standard_error is None or n_classes > MAX_ERROR_CLASSES:
        standard_error = np.full((n_classes, n_classes), np.nan)
    lines = (
        [element("th", name, scope="row"), *map(heat_cell, row, errors)]
        for name, row, errors in zip(names, transition_matrix, standard_error)
    )
    caption = "P(label | clean class)"
    if np.isfinite(standard_error).any():
        caption += ", ± standard error"
    return table(caption, ["clean \\ label", *names], lines, class_="heat")


def heat_cell(value, error):
    """Return a cell whose colour is its value."""
    content = [f"{value:.2f}"]
    if error >= MIN_FLIP_RATE:
        content.append(element("small", f"±{error:.2f}"))
    kind = "faint" if value < MIN_FLIP_RATE else None
    if value >= DARK_CELL_THRESHOLD:
        kind = "deep"
    style = f"background:rgb(var(--heat) / {value:.3f})"
    return element("td", content, style=style, class_=kind)


def pair_table(transition_matrix, classes):
    """Show the largest entries of T off its diagonal."""
    lines = [
        [
            element("td", titled(classes[i]), class_="name"),
            element("td", titled(classes[j]), class_="name"),
            number(percent(transition_matrix[i, j])),
        ]
        for i, j in largest_flips(transition_matrix, MAX_PAIRS)
    ]
    if not lines:
        return element("p", "No class stands out as mistaken for another one.")
    headers = ["clean class", "labelled as", "share of the class"]
    return table("Largest entries of T off the diagonal", headers, lines)
