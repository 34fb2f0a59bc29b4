"""What an audit found: tables for people, one JSON document for programs."""

import json
from collections import Counter

import numpy as np
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sklnoise._text import percent, shorten
from sklnoise.classifiers._fitted import transition_of_noise
from sklnoise.classifiers._judgement import has_annotators
from sklnoise.classifiers._noise_text import largest_flips
from sklnoise.cli._annotators import (
    annotator_parts,
    annotators_overview,
    answers_as_json,
)
from sklnoise.cli._errors import one_line
from sklnoise.cli._model import versions

MAX_SUSPECTS = 15

# With more classes, or a narrow terminal, only the largest entries of T are shown.
MAX_CLASSES = 10
MAX_PAIRS = 10

MAX_LABEL_LENGTH = 24

# Characters of a label that are looked at: it may be a whole file.
MAX_LABEL_READ = 10_000

# A terminal so wide that nothing is squeezed.
UNLIMITED_WIDTH = 10_000

# The digits of a lower quality say nothing.
MIN_QUALITY_SHOWN = 0.001

# Smaller entries of T are a dot.
MIN_ENTRY_SHOWN = 0.05


def audit_as_json(audit, only_ascii=False):
    """Return an audit as a JSON document."""
    table, clf = audit.table, audit.classifier
    summary = clf.noise_summary_
    suspects = audit.suspects.rename_axis("row").reset_index()
    found = {
        "target": table.target,
        "rows": len(table.y),
        "rows_left_out": table.n_left_out,
        "rows_trusted": int(table.known.sum()),
        "columns": {
            **dict.fromkeys(table.left_out, "dropped"),
            **{name: kind.name for name, kind in audit.pipeline[0][0].kinds_.items()},
        },
        "classes": clf.classes_,
        "class_counts": class_counts(table),
        "correction": clf.correction,
        "noise_rate": summary.noise_rate,
        "noise_rate_interval": summary.noise_rate_interval,
        "noise_rate_per_class": summary.noise_rate_per_class,
        "noise_rate_per_class_interval": summary.noise_rate_per_class_interval,
        "transition_matrix": transition_of_noise(clf),
        "verdict": summary.verdict,
        "weak_first_pass": summary.weak_first_pass,
        "dominated_classes": summary.dominated_classes,
        "indistinguishable_classes": summary.indistinguishable_classes,
        **({} if table.answers is None else answers_as_json(clf)),
        "n_suspicious": len(suspects),
        "suspicious": suspects.to_dict("records"),
        "cautions": audit.cautions,
        "notes": audit.notes,
        "before_decisions": noise_before(audit),
        "written": {
            option.removeprefix("--"): str(path) for option, path in audit.written.items()
        },
        "versions": versions(),
    }
    found = json_value(found)
    return json.dumps(found, ensure_ascii=only_ascii, allow_nan=False, indent=2)


def class_counts(table):
    """Return how often each class is a label, or an answer."""
    if table.answers is not None:
        return table.answers.votes.sum(axis=0)
    return np.unique(table.y, return_counts=True)[1]


def json_value(value):
    """Return a value with its arrays and scalars of NumPy as what JSON knows."""
    if isinstance(value, dict):
        return {str(name): json_value(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return json_value(value.tolist())
    if isinstance(value, list | tuple):
        return [json_value(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def print_audit(audit):
    """Print an audit on stdout."""
    console = Console(highlight=False)
    for caution in audit.cautions:
        console.print(Text(f"Caution: {one_line(caution)}", style="bold yellow"))
    grid = Table.grid(padding=(0, 2))
    for name, text in overview(audit):
        grid.add_row(Text(name, style="bold"), Text(text))
    console.print(grid)
    parts = [*transition_parts(audit.classifier, console), *suspect_parts(audit)]
    if audit.table.answers is not None:
        parts = [*annotator_parts(audit.classifier, short_label), *parts]
    for part in parts:
        console.print(part)
    console.print()
    for note in audit.notes:
        console.print(Text(f"Note: {one_line(note)}", style="yellow"))
    for path in audit.written.values():
        console.print(Text(f"Written: {path}"), soft_wrap=True)


def noise_before(audit):
    """Return the noise rate and its interval before the decisions of a reviewer."""
    if audit.before is None:
        return None
    return {
        "noise_rate": audit.before.noise_rate,
        "noise_rate_interval": audit.before.noise_rate_interval,
    }


def overview(audit):
    """Return the names and texts of the first lines."""
    table, summary = audit.table, audit.classifier.noise_summary_
    kinds = Counter(kind.name for kind in audit.pipeline[0][0].kinds_.values())
    answers = table.answers
    labels = table.y if answers is None else answers.classes[answers.code]
    counts = Counter(labels.tolist()).most_common()
    classes = [f"{short_label(label)} {n}" for label, n in counts[:MAX_CLASSES]]
    more = ["..."] if len(counts) > MAX_CLASSES else []
    kind_of_label = "label" if answers is None else "answer"
    rate = "not estimated: this correction does without a transition matrix"
    if summary.noise_rate is not None:
        low, high = map(percent, summary.noise_rate_interval)
        rate = f"{percent(summary.noise_rate)} of the {kind_of_label}s, "
        rate += f"95% interval {low} to {high}"
    known = (
        f", {table.known.sum()} of them known to be right" if table.known.any() else ""
    )
    suspicious = f"{len(audit.suspects)} rows whose label is probably wrong"
    of_annotators = []
    if answers is not None:
        suspicious = f"{len(audit.suspects)} answers that are probably wrong"
        of_annotators = annotators_overview(audit, short_label)
    return [
        ("Rows", f"{len(table.y)}{known}"),
        *of_annotators,
        ("Columns", ", ".join(f"{n} {name}" for name, n in kinds.items())),
        ("Classes", f"{len(counts)}: {', '.join(classes + more)}"),
        ("Noise rate", rate),
        ("Suspicious", suspicious),
    ]


def transition_parts(clf, console):
    """Lay out T, or its largest entries off the diagonal where it is too wide."""
    if clf.noise_summary_.noise_rate is None:
        return []
    T, names = transition_of_noise(clf), list(map(short_label, clf.classes_.tolist()))
    if len(names) <= MAX_CLASSES:
        labels = "Answers" if has_annotators(clf) else "Labels"
        title = f"\n{labels} (columns) that the rows of a clean class (lines) get, in %"
        matrix = matrix_table(None, T, names)
        unlimited = console.options.update(max_width=UNLIMITED_WIDTH)
        if Measurement.get(console, unlimited, matrix).maximum <= console.width:
            return [Text(title, style="bold"), matrix]
    pairs = largest_flips(T, MAX_PAIRS)
    if not pairs:
        return []
    table = Table("clean class", "labelled as")
    table.add_column("in %", justify="right")
    for i, j in pairs:
        table.add_row(Text(names[i]), Text(names[j]), f"{100 * T[i, j]:.0f}")
    title = "\nClasses that are most often labelled as another"
    return [Text(title, style="bold"), table]


def matrix_table(title, transition_matrix, names=None):
    """Lay out T compactly, small entries as dots."""
    padding = 0 if names is None else (0, 1)
    names = [str(i) for i in range(len(transition_matrix))] if names is None else names
    table = Table(title=title, box=None, padding=padding, header_style="dim")
    for name in ("", *names):
        table.add_column(Text(name), justify="right", min_width=3)
    for name, row in zip(names, transition_matrix):
        cells = (f"{100 * p:.0f}" if p >= MIN_ENTRY_SHOWN else "·" for p in row)
        table.add_row(Text(name, style="dim"), *cells)
    return table


def suspect_parts(audit):
    """Lay out the most suspicious rows."""
    suspects = audit.suspects
    if suspects.empty:
        return []
    n_shown = min(len(suspects), MAX_SUSPECTS)
    rows = "rows" if audit.table.answers is None else "answers"
    title = f"\nThe most suspicious {rows}, {n_shown} of {len(suspects)}"
    table = Table()
    for name in ("row", *suspects.columns):
        table.add_column(name, justify="right" if name in ("row", "quality") else "left")
    for row, *labels, quality in suspects.head(n_shown).itertuples():
        is_shown = quality >= MIN_QUALITY_SHOWN
        digits = f"{quality:.3f}" if is_shown else f"< {MIN_QUALITY_SHOWN}"
        table.add_row(*map(Text, (str(row), *map(short_label, labels), digits)))
    return [Text(title, style="bold"), table]


def short_label(label):
    """Write a label as one short line."""
    return shorten(one_line(label, MAX_LABEL_READ), MAX_LABEL_LENGTH)
