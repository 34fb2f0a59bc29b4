"""The annotators of an audit: lines for people, and entries for programs."""

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from sklnoise._text import percent
from sklnoise.annotators import krippendorff_alpha
from sklnoise.annotators._shown import shown_annotators
from sklnoise.classifiers._annotator_answers import answers_of_fit
from sklnoise.classifiers._noise_text import format_interval

# Of more annotators, the most active and the least accurate are listed.
MAX_ANNOTATORS = 15

# Rows whose most probable class is less probable are counted as uncertain.
MIN_CERTAIN = 0.8

# Decimals that the probability of a consensus is rounded to.
PROBABILITY_DIGITS = 6

SUMMARY_KEYS = (
    *("annotator", "n_answers", "accuracy", "accuracy_low", "accuracy_high"),
    *("confused_class", "confused_as", "confusion", "information", "is_random"),
)


def annotators_overview(audit, short_label):
    """Return the names and texts of the lines on the answers of all."""
    answers, proba = audit.table.answers, audit.classifier.consensus_proba_
    n_silent = int((answers.usage.sum(axis=1) == 0).sum())
    silent = f", {n_silent} of them without an answer" if n_silent else ""
    alpha = krippendorff_alpha(answers)
    counts = np.bincount(proba.argmax(axis=1), minlength=answers.n_classes)
    order = np.argsort(-counts, kind="stable")[:MAX_ANNOTATORS]
    classes = ", ".join(f"{short_label(answers.classes[k])} {counts[k]}" for k in order)
    n_uncertain = int((proba.max(axis=1) < MIN_CERTAIN).sum())
    more = ", ..." if len(counts) > len(order) else ""
    agreement = "unknown: no row has two answers, or all are alike"
    if not np.isnan(alpha):
        agreement = f"{alpha:.2f}, Krippendorff's alpha"
    return [
        ("Annotators", f"{answers.n_annotators}{silent}"),
        ("Answers", f"{len(answers)}"),
        ("Agreement", agreement),
        (
            "Consensus",
            f"{classes}{more}; {n_uncertain} rows are less than "
            f"{100 * MIN_CERTAIN:.0f}% sure",
        ),
    ]


def annotator_parts(clf, short_label):
    """Lay out a line for each annotator."""
    summary = clf.annotator_summary_
    shown = shown_annotators(summary, MAX_ANNOTATORS)
    title = "\nWhat each annotator is worth"
    if len(shown) < len(summary.annotator):
        n_random = int(summary.is_random.sum())
        title += (
            f": the most active and the least accurate, {len(shown)} of "
            f"{len(summary.annotator)} ({n_random} of all answer at random)"
        )
    table = Table("annotator")
    for name in ("answers", "accuracy", "95% interval", "bits"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("note", no_wrap=True)
    for a in shown:
        table.add_row(Text(short_label(summary.annotator[a])), *cells_of(summary, a))
    return [Text(title, style="bold"), table]


def cells_of(summary, a):
    """Return the cells on an annotator, besides the name."""
    n_answers = int(summary.n_answers[a])
    if not n_answers:
        return ["0", "", "", "", "no answer"]
    interval = format_interval((summary.accuracy_low[a], summary.accuracy_high[a]))
    note = "at random" if summary.is_random[a] else ""
    accuracy, bits = percent(summary.accuracy[a]), f"{summary.information[a]:.2f}"
    return [str(n_answers), accuracy, interval, bits, note]


def consensus_frame(audit):
    """Return the class of each row that has an answer, the least certain first."""
    answers, proba = audit.table.answers, audit.classifier.consensus_proba_
    codes, rows = proba.argmax(axis=1), np.arange(len(proba))
    columns = {
        "consensus": audit.classifier.classes_[codes],
        "probability": proba[rows, codes].astype(np.float64).round(PROBABILITY_DIGITS),
        "answers": answers.votes.sum(axis=1),
        "agreeing": answers.votes[rows, codes],
    }
    frame = pd.DataFrame(columns, index=audit.table.X.index)
    return frame.sort_values("probability", kind="stable")


def answers_as_json(clf):
    """Return what is known of each annotator and of the consensus, for JSON."""
    summary, codes = clf.annotator_summary_, clf.consensus_proba_.argmax(axis=1)
    lines = zip(*(summary[key].tolist() for key in SUMMARY_KEYS))
    return {
        "annotators": [dict(zip(SUMMARY_KEYS, line)) for line in lines],
        "agreement": krippendorff_alpha(answers_of_fit(clf)),
        "consensus_counts": np.bincount(codes, minlength=len(clf.classes_)),
    }
