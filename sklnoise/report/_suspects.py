"""The most suspicious samples of a report: how they are called, judged and look."""

from typing import NamedTuple

from sklnoise._samples import index_of, sample_name
from sklnoise._text import as_text
from sklnoise.report._cells import sample_cells, text_cell
from sklnoise.report._findings import whole_labels

MAX_SUSPECTS = 5000

# Size of the list from which it ends early, so that the file stays small.
MAX_BYTES = 2_300_000

# Bytes of a line beside its cells: its markup, and its part in the data of the script.
LINE_BYTES = 150

# Characters of names that decisions are exported by: of a sample, and of all classes.
MAX_ROW_LENGTH, MAX_LABEL_LENGTH, LABELS_LENGTH = 1_000, 10_000, 400_000

# Columns that say whose label is judged, where several people answered, and how.
ANNOTATOR = "annotator"
JUDGED = "label", "suggested", "quality"


class Suspect(NamedTuple):
    """A line of the list; label and suggestion are positions of classes."""

    names: list
    label: int
    suggested: int
    quality: float
    cells: list

    @property
    def size(self):
        """The number of bytes in the page."""
        return LINE_BYTES + sum(cell.size for cell in [*self.cells, *self.names])

    @property
    def shown_quality(self):
        """The quality as text."""
        return f"{self.quality:.3f}" if self.quality >= 0.0005 else "<0.001"


def suspect_context(findings, X, y, n_suspects, column_order):
    """Return the list of suspects, what is said of it, and the data of the script."""
    judgement = findings.judgement
    n_found = int(judgement.is_issue.sum())
    worst = judgement.worst_issues(min(n_suspects, MAX_SUSPECTS))
    positions = judgement.rows[worst]
    headers, cells, note = [], [], ""
    if len(worst):
        headers, cells, note = sample_cells(X, positions, column_order)
    of_annotators = judgement.annotators is not None
    judged = (ANNOTATOR, *JUDGED) if of_annotators else JUDGED
    name_headers, names = name_samples(index_of(X, y), positions, judged)
    if of_annotators:
        name_headers = [*name_headers, ANNOTATOR]
        names = [[*name, judgement.annotators[k]] for name, k in zip(names, worst)]
    lines = (
        Suspect(
            [text_cell(name) for name in names[at]],
            int(findings.labels[k]),
            int(findings.suggested[k]),
            float(judgement.quality[k]),
            of_sample,
        )
        for at, (k, of_sample) in enumerate(zip(worst, cells))
    )
    shown = take_bytes(lines, MAX_BYTES)
    if len(shown) < len(worst):
        note += " The list ends early to keep the file small."
    return {
        "n_found": n_found,
        "note": note.strip(),
        "name_headers": name_headers,
        "headers": rename_duplicates(headers, [*name_headers, *JUDGED], "X"),
        "lines": shown,
        "data": script_data(findings, shown, [name[0] for name in names]),
    }


def script_data(findings, suspects, row_names):
    """Return the names by which decisions are kept and exported, each of them once."""
    n_classes = len(findings.names)
    limit = max(200, min(MAX_LABEL_LENGTH, LABELS_LENGTH // n_classes))
    return {
        "names": findings.names,
        "labels": whole_labels(findings.clf.classes_, limit),
        # Decisions are on the label of a sample, of which there are several here.
        "decides": findings.judgement.annotators is None,
        "suspects": [
            [as_text(name)[:MAX_ROW_LENGTH], s.label, s.suggested, round(s.quality, 6)]
            for name, s in zip(row_names, suspects)
        ],
    }


def name_samples(index, positions, judged):
    """Return headers and names of samples: of their index, their positions or both."""
    header = ", ".join(str(n) for n in getattr(index, "names", ()) if n is not None)
    if header:
        headers = rename_duplicates([header], judged, "index")
        return headers, [[sample_name(index, row)] for row in positions]
    if index is None or list(index) == list(range(len(index))):
        return ["row"], [[str(row)] for row in positions]
    names = [[str(row), sample_name(index, row)] for row in positions]
    return ["row", "index"], names


def rename_duplicates(names, taken, source):
    """Append their source to names that are taken."""
    names, renamed = list(map(str, names)), []
    for name in names:
        if name in taken:
            while name in taken or name in names:
                name = f"{name} ({source})"
        renamed.append(name)
    return renamed


def take_bytes(lines, n_bytes):
    """Take lines while they are small enough together."""
    taken, size = [], 0
    for line in lines:
        size += line.size
        if size > n_bytes:
            break
        taken.append(line)
    return taken
