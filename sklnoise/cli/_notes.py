"""What was noticed in an audit, in plain English."""

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import one_line

# Notes on single columns that are listed.
MAX_COLUMN_NOTES = 12


def list_notes(file, table, pipeline, judged, warned):
    """Return the notes on the file, its rows and its columns, and the warnings."""
    return [
        *file.notes,
        *notes_on_rows(table, judged),
        *notes_on_columns(pipeline[0][0]),
        *warned,
    ]


def notes_on_rows(table, judged):
    """Return notes on rows."""
    notes = []
    if table.n_left_out:
        rows, were = ("row", "was") if table.n_left_out == 1 else ("rows", "were")
        label = "a label" if table.answers is None else "any answer"
        notes.append(f"{table.n_left_out} {rows} without {label} {were} left out.")
    if judged.judged_in_sample:
        notes.append(
            "This correction fits no folds: the labels are judged by a network that has "
            "learned them, and wrong ones that it has memorised look right."
        )
    if judged.n_left_out:
        rows, were = ("row", "was") if judged.n_left_out == 1 else ("rows", "were")
        are = "is" if judged.n_left_out == 1 else "are"
        notes.append(
            f"{judged.n_left_out} {rows} {were} held out by no fold and {are} not judged."
        )
    return notes


def notes_on_columns(reader):
    """Return notes on columns that are not used, and on how others were read."""
    by_reason, others = {}, []
    for name, kind in reader.kinds_.items():
        if kind.name == "dropped":
            by_reason.setdefault(kind.detail, []).append(name)
        else:
            others += [f"{one_line(name, 40)!r}: {note}." for note in kind.notes]
    notes = [
        f"Not used, {reason}: {enumerate_names(map(repr, names))}."
        for reason, names in by_reason.items()
    ]
    notes += others[:MAX_COLUMN_NOTES]
    n_more = len(others) - MAX_COLUMN_NOTES
    if n_more > 0:
        notes.append(f"The report has more notes on columns: {n_more}.")
    return notes


def columns_read(encoder, left_out):
    """Return how each column was read: its name, its kind and a note."""
    read = [
        {
            "name": name,
            "kind": kind.name,
            "note": "; ".join(kind.notes or filter(None, [kind.detail])),
        }
        for name, kind in encoder[0].kinds_.items()
    ]
    of_twins = [
        {"name": name, "kind": "dropped", "note": note} for name, note in left_out.items()
    ]
    return [*of_twins, *read]
