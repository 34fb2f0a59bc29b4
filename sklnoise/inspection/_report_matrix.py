"""The transition matrix in a report: cells for few classes, a picture for many."""

import numpy as np

from sklnoise._transition_matrix import is_identity
from sklnoise.inspection._report_classes import pair_table
from sklnoise.inspection._report_html import element, join, table, titled
from sklnoise.inspection._report_pictures import matrix_picture

MOST_CELLS = 20
"""Classes up to which T is a table of cells."""

MOST_ERRORS = 12
"""Classes up to which the cells tell their standard errors."""

MOST_PAIRS = 30
SMALL, DEEP = 0.005, 0.65
"""Probability below which a cell is faint, and from which its text is light on dark."""

HOW_TO_READ = (
    "A row is a clean class, a column the label that it was given: the cell in row a and "
    "column b is the share of rows truly of class a that are labelled b. On the diagonal "
    "are the right labels; each row sums to 1."
)


def shown_transition(clf):
    """Return the T to show."""
    T, estimator = clf.transition_matrix_, clf.transition_estimator_
    if estimator is None:
        if clf.noise_summary_.noise_rate is None and is_identity(T):
            return None, None, "No transition matrix was given or estimated."
        return T, None, "This T was given or learned, not estimated from a first pass."
    name, found = type(estimator).__name__, estimator.transition_matrix_
    error = getattr(estimator, "standard_error_", None)
    if np.allclose(T, found):
        return T, error, f"Estimated by {name}."
    if np.array_equal(T, np.eye(len(T))):
        return found, error, f"Estimated by {name}; the refit did not correct by it."
    return (
        T,
        None,
        f"Estimated by {name}, and changed before or in the refit. The noise rates are "
        "those of the estimate.",
    )


def matrix_section(clf):
    """Show T."""
    T, error, source = shown_transition(clf)
    title = element("h2", "Which classes are mistaken for which", id="matrix")
    if T is None:
        return element("section", title, element("p", source))
    condition = f" Condition number: {np.linalg.cond(T):.3g}."
    few = len(T) <= MOST_CELLS
    shown = [heat_table(T, error, clf.classes_)] if few else []
    if not few:
        shown = [pair_table(T, clf.classes_, MOST_PAIRS), matrix_picture(T, clf.classes_)]
    return element(
        "section",
        title,
        element("p", HOW_TO_READ),
        element("p", source + condition),
        join(*shown),
    )


def heat_table(transition_matrix, standard_error, classes):
    """Show T as a table with coloured cells."""
    K, names = len(classes), [titled(name) for name in classes]
    if standard_error is None or K > MOST_ERRORS:
        standard_error = np.full((K, K), np.nan)
    rows = (
        [element("th", names[i], scope="row")]
        + [heat_cell(transition_matrix[i, j], standard_error[i, j]) for j in range(K)]
        for i in range(K)
    )
    caption = "P(label | clean class)"
    if np.isfinite(standard_error).any():
        caption += ", ± standard error"
    return table(caption, ["clean \\ label", *names], rows, class_="heat")


def heat_cell(value, error):
    """Make a cell whose colour is its value."""
    small = f"±{error:.2f}" if error >= SMALL else None
    kind = "deep" if value >= DEEP else "faint" if value < SMALL else None
    return element(
        "td",
        f"{value:.2f}",
        [element("small", small)] if small else [],
        style=f"background:rgb(var(--heat) / {value:.3f})",
        class_=kind,
    )
