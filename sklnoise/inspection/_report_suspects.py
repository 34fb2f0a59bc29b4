"""The most suspicious rows of a report."""

import numpy as np

from sklnoise.inspection._report_cells import show_rows
from sklnoise.inspection._report_html import Html, element, folded, number, table, titled
from sklnoise.inspection._row_names import (
    JUDGED,
    counts_from_0,
    index_header,
    index_of,
    row_name,
    told_apart,
)

MOST_ROWS = 1000
MOST_BYTES = 1_000_000
"""Size of the table at which it ends, so that the file stays small."""


def suspect_section(X, y, judgement, n_suspects):
    """Show the most suspicious rows."""
    found = np.flatnonzero(judgement.is_issue)
    order = np.argsort(judgement.quality[found], kind="stable")
    worst = found[order][: min(n_suspects, MOST_ROWS)]
    title = element("h2", "Most suspicious labels", id="suspects")
    if not len(found):
        return element("section", title, element("p", "No label is suspected."))
    headers, rows, note = [], [], ""
    if len(worst):
        headers, rows, note = table_rows(X, y, judgement, worst)
    shown = within(rows, MOST_BYTES)
    told = [list_words(len(found), len(shown)), note]
    if len(shown) < len(worst):
        told.append("The list ends early to keep the file small.")
    parts = [title, element("p", " ".join(filter(None, told)))]
    if shown:
        parts.append(table("Most suspicious labels", headers, shown, all_rows=True))
    return element("section", parts)


def list_words(n_found, n_shown):
    """Tell what the list is."""
    rows = "1 row" if n_found == 1 else f"{n_found:,} rows"
    part = f"The {n_shown:,} most suspicious are listed, the worst first."
    if n_shown == n_found:
        part = "All are listed, the worst first."
    elif not n_shown:
        part = "None is listed."
    return (
        f"In {rows} another label is more likely. {part} Quality is the probability that "
        "the label is right. A suggestion is a reason to look, not a correction."
    )


def table_rows(X, y, judgement, worst):
    """Make the rows of the table, when they are asked for."""
    positions = judgement.rows[worst]
    headers, cells, note = show_rows(X, positions)
    naming, names = row_names(index_of(X, y), positions)
    judged = [*naming, *JUDGED]

    def rows():
        for k, (name, *others), of_row in zip(worst, names, cells):
            yield [
                element("th", folded(name), scope="row"),
                *map(folded, others),
                element("td", titled(judgement.labels[k]), class_="name"),
                element("td", titled(judgement.suggested_labels[k]), class_="name"),
                number(quality_text(judgement.quality[k])),
                *of_row,
            ]

    heads = [titled(name) for name in judged + told_apart(headers, judged)]
    return heads, rows(), note


def row_names(index, positions):
    """Name rows by their index, or their positions, or both."""
    header = index_header(index)
    if header is not None:
        return [header], [[row_name(index, row)] for row in positions]
    if index is None or counts_from_0(index):
        return ["row"], [[str(row)] for row in positions]
    return ["row", "index"], [[str(row), row_name(index, row)] for row in positions]


def quality_text(quality):
    """Write a quality."""
    return f"{quality:.3f}" if quality >= 0.0005 else "<0.001"


def within(rows, n_bytes):
    """Take rows while they are small enough together."""
    taken, size = [], 0
    for row in rows:
        size += sum(len(Html(cell).encode()) for cell in row)
        if size > n_bytes:
            break
        taken.append(row)
    return taken
