"""The annotators in a report: what the answers of each are worth."""

import numpy as np

from sklnoise._text import as_text, percent, shorten
from sklnoise.annotators import krippendorff_alpha
from sklnoise.annotators._shown import shown_annotators
from sklnoise.classifiers._annotator_answers import answers_of_fit
from sklnoise.classifiers._judgement import has_annotators
from sklnoise.classifiers._noise_text import MIN_FLIP_RATE, format_interval
from sklnoise.report._cells import Cell, text_cell
from sklnoise.report._noise import matrix_entries

# Of more annotators, the most active and the least accurate are shown.
MAX_ANNOTATORS = 40

# More annotators, or classes, have no matrix of each annotator.
MAX_PANELS, MAX_PANEL_CLASSES = 20, 10

# Characters of a name that are shown at once.
MAX_NAME_LENGTH = 40


def annotator_context(findings):
    """Return what is known of the annotators, None if there is one label per sample."""
    clf = findings.clf
    if not has_annotators(clf):
        return None
    summary, answers = clf.annotator_summary_, answers_of_fit(clf)
    shown = shown_annotators(summary, MAX_ANNOTATORS)
    with_panel = len(findings.names) <= MAX_PANEL_CLASSES and len(shown) <= MAX_PANELS
    return {
        "count": f"{answers.n_annotators:,}",
        "agreement": format_agreement(krippendorff_alpha(answers)),
        "note": describe_others(summary, shown),
        "lines": [annotator_line(summary, a, findings) for a in shown],
        "panels": [
            annotator_panel(clf, a, findings.names)
            for a in shown
            if with_panel and summary.n_answers[a]
        ],
    }


def format_agreement(alpha):
    """Return Krippendorff's alpha as text."""
    return "unknown" if np.isnan(alpha) else f"{alpha:.2f}"


def describe_others(summary, shown):
    """Say who is not shown, and how many answer at random or not at all."""
    n_annotators, sentences = len(summary.annotator), []
    n_random, n_silent = int(summary.is_random.sum()), int((summary.n_answers == 0).sum())
    if len(shown) < n_annotators:
        sentences.append(
            f"Of {n_annotators:,} annotators, the most active and the least accurate are "
            f"shown; the other {n_annotators - len(shown):,} are not."
        )
    if n_random:
        answer = "annotator answers" if n_random == 1 else "annotators answer"
        sentences.append(f"{n_random:,} {answer} at random.")
    if n_silent:
        gave = "annotator has" if n_silent == 1 else "annotators have"
        sentences.append(f"{n_silent:,} {gave} no answer.")
    return " ".join(sentences)


def annotator_line(summary, a, findings):
    """Return a line of the table of annotators."""
    name = as_text(summary.annotator[a])
    short = shorten(name, MAX_NAME_LENGTH) or "(empty)"
    line = {
        "name": Cell(
            "text", short, "" if short == name else text_cell(name).whole or name
        ),
        "n_answers": f"{summary.n_answers[a]:,}",
    }
    if not summary.n_answers[a]:
        unknown = dict.fromkeys(("accuracy", "interval", "confusion", "information"), "–")
        return line | unknown | {"verdict": "no answer", "range": None}
    low, value, high = (
        summary[key][a] for key in ("accuracy_low", "accuracy", "accuracy_high")
    )
    return line | {
        "accuracy": percent(value),
        "interval": format_interval((low, high)),
        "confusion": format_confusion(summary, a, findings),
        "information": f"{summary.information[a]:.2f}",
        "verdict": "at random" if summary.is_random[a] else "",
        "range": {
            name: f"{100 * share:.1f}"
            for name, share in (("low", low), ("value", value), ("high", high))
        },
    }


def format_confusion(summary, a, findings):
    """Name the most frequent wrong answer of an annotator."""
    share = summary.confusion[a]
    if share < MIN_FLIP_RATE:
        return "–"
    pair = summary.confused_class[a], summary.confused_as[a]
    clean, answer = (
        findings.names[k] for k in np.searchsorted(findings.clf.classes_, pair)
    )
    return f"{clean} as {answer} ({percent(share)})"


def annotator_panel(clf, a, names):
    """Return the matrix of an annotator."""
    error = clf.standard_error_[a]
    return {
        "name": shorten(clf.annotators_[a], MAX_NAME_LENGTH) or "(empty)",
        "n_answers": f"{clf.annotator_summary_.n_answers[a]:,}",
        "rows": matrix_entries(clf.transition_matrices_[a], error, names),
        "has_errors": bool((np.nan_to_num(error) >= MIN_FLIP_RATE).any()),
    }
