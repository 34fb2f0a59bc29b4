"""The classes in a report: how noisy each is, and what it is mistaken for."""

import numpy as np

from sklnoise._text import percent
from sklnoise.classifiers._noise_text import (
    MIN_DIFFERENCE,
    format_interval,
    largest_flips,
)
from sklnoise.inspection._report_html import element, join, number, table, titled

MOST_IN_ORDER, MOST_CLASSES = 20, 200
"""Classes that are listed in their order, and that are listed at all."""

RATE_WORDS = (
    "The noise rate is the share of rows truly of this class that carry another label. "
)


def class_table(clf, transition_matrix, judgement):
    """Show how noisy each class is."""
    K, known = len(clf.classes_), transition_matrix is not None
    codes = np.searchsorted(clf.classes_, judgement.labels)
    n_labelled = np.bincount(codes, minlength=K)
    n_issues = np.bincount(codes[judgement.is_issue], minlength=K)
    order, note = np.arange(K), ""
    if K > MOST_IN_ORDER:
        order = np.argsort(-n_issues / np.maximum(n_labelled, 1), kind="stable")
        note = "Those with the largest share of suspected labels come first."
    if K > MOST_CLASSES:
        order, note = order[:MOST_CLASSES], f"{note} {MOST_CLASSES} of {K} are shown."
    rows = []
    for k in order:
        row = [
            element("th", titled(clf.classes_[k]), scope="row", class_="name"),
            number(f"{n_labelled[k]:,}"),
            number(f"{n_issues[k]:,}"),
        ]
        if known:
            row.append(number(rate_of(clf.noise_summary_, k)))
            other = mistaken_for(transition_matrix, k, clf.classes_)
            row.append(element("td", other, class_="name"))
        rows.append(row)
    headers = ["class", "labelled so", "suspected"]
    headers += ["noise rate (95%)", "mistaken for"] if known else []
    return element(
        "section",
        element("h2", "Classes", id="classes"),
        element(
            "p",
            "Suspected are labels of this name that are probably wrong. ",
            RATE_WORDS if known else "",
            note,
        ),
        table("Noise by class", headers, rows),
    )


def rate_of(summary, k):
    """Write the noise rate of a class with its interval."""
    if summary.noise_rate_per_class is None:
        return "–"
    rate = percent(summary.noise_rate_per_class[k])
    interval = format_interval(summary.noise_rate_per_class_interval[k])
    return f"{rate} ({interval})" if interval else rate


def mistaken_for(transition_matrix, k, classes):
    """Name the label that a class gets most often besides its own."""
    others = np.delete(transition_matrix[k], k)
    if others.max(initial=0) < 0.005:
        return "–"
    if len(others) > 1 and np.ptp(others) < MIN_DIFFERENCE:
        return f"all others alike ({percent(others[0])} each)"
    row = np.where(np.arange(len(classes)) == k, -1, transition_matrix[k])
    other = row.argmax()
    return join(titled(classes[other]), f" ({percent(row[other])})")


def pair_table(transition_matrix, classes, n_pairs):
    """Show the largest entries of T off its diagonal."""
    rows = [
        [
            element("td", titled(classes[i]), class_="name"),
            element("td", titled(classes[j]), class_="name"),
            number(percent(transition_matrix[i, j])),
        ]
        for i, j in largest_flips(transition_matrix, n_pairs)
    ]
    if not rows:
        return element("p", "No class stands out as mistaken for another one.")
    headers = ["clean class", "labelled as", "share of the class"]
    return table("Largest entries of T off the diagonal", headers, rows)
