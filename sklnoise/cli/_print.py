"""What an audit found, for people to read."""

from collections import Counter

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sklnoise.classifiers._noise_words import shortened, worst_pairs
from sklnoise.cli._errors import one_line
from sklnoise.cli._tables import matrix_table

MOST_SUSPECTS = 15
"""Suspicious rows that are shown."""

MOST_CLASSES = 10
"""Classes up to which all of T is shown."""

MOST_PAIRS = 10
"""Entries of T that are shown with more classes."""

LONGEST_LABEL = 24

LONGEST_READ = 10_000
"""Characters of a label that are looked at."""

UNLIMITED = 10_000
"""Width at which nothing is squeezed."""

SMALLEST = 0.001
"""Quality below which its digits say nothing."""


def print_audit(audit):
    """Print an audit on stdout."""
    console = Console(highlight=False)
    numbers = Table.grid(padding=(0, 2))
    for name, told in overview(audit):
        numbers.add_row(Text(name, style="bold"), Text(told))
    console.print(numbers)
    for part in transition(audit.classifier, console):
        console.print(part)
    for part in suspect_rows(audit.suspects):
        console.print(part)
    console.print()
    for note in audit.notes:
        console.print(Text(f"Note: {one_line(note)}", style="yellow"))
    for path in audit.written.values():
        console.print(Text(f"Written: {path}"), soft_wrap=True)


def overview(audit):
    """Tell the numbers that come first."""
    table, summary = audit.table, audit.classifier.noise_summary_
    kinds = Counter(kind.name for kind in audit.pipeline[0].kinds_.values())
    counts = Counter(table.y.tolist()).most_common()
    classes = ", ".join(f"{short(label)} {n}" for label, n in counts[:MOST_CLASSES])
    rate = "not estimated: this correction does without a transition matrix"
    if summary.noise_rate is not None:
        low, high = summary.noise_rate_interval
        interval = f"95% interval {low:.1%} to {high:.1%}"
        rate = f"{summary.noise_rate:.1%} of the labels, {interval}"
    known = f", {table.trusted.sum()} of them trusted" if table.trusted.any() else ""
    return [
        ("Rows", f"{len(table.y)}{known}"),
        ("Columns", ", ".join(f"{n} {name}" for name, n in kinds.items())),
        ("Classes", f"{len(counts)}: {classes}" + ", ..." * (len(counts) > MOST_CLASSES)),
        ("Noise rate", rate),
        ("Suspicious", f"{len(audit.suspects)} rows whose label is probably wrong"),
    ]


def transition(clf, console):
    """Lay out T, or its largest entries off the diagonal where it is too wide."""
    T, names = clf.transition_matrix_, [short(label) for label in clf.classes_.tolist()]
    if clf.noise_summary_.noise_rate is None:
        return []
    if len(names) <= MOST_CLASSES:
        title = "\nLabels (columns) that the rows of a clean class (lines) get, in %"
        matrix = matrix_table(None, T, names)
        anywhere = console.options.update(max_width=UNLIMITED)
        if Measurement.get(console, anywhere, matrix).maximum <= console.width:
            return [Text(title, style="bold"), matrix]
    pairs = worst_pairs(T, MOST_PAIRS)
    if not pairs:
        return []
    table = Table()
    table.add_column("clean class")
    table.add_column("labelled as")
    table.add_column("in %", justify="right")
    for i, j in pairs:
        table.add_row(Text(names[i]), Text(names[j]), f"{100 * T[i, j]:.0f}")
    return [
        Text("\nClasses that are most often labelled as another", style="bold"),
        table,
    ]


def suspect_rows(suspects):
    """Lay out the most suspicious rows."""
    if not len(suspects):
        return []
    shown = min(len(suspects), MOST_SUSPECTS)
    title = f"\nThe most suspicious rows, {shown} of {len(suspects)}"
    table = Table()
    for name in ("row", "label", "suggested", "quality"):
        table.add_column(name, justify="right" if name in ("row", "quality") else "left")
    for row, label, suggested, quality in suspects.head(shown).itertuples():
        told = f"{quality:.3f}" if quality >= SMALLEST else f"< {SMALLEST}"
        table.add_row(*map(Text, (str(row), short(label), short(suggested), told)))
    return [Text(title, style="bold"), table]


def short(label):
    """Write a label on one short line."""
    return shortened(one_line(label, LONGEST_READ), LONGEST_LABEL)
