"""What became of rows, columns and labels, a line each."""

from sklnoise.cli._errors import one_line, some
from sklnoise.cli._targets import alike_labels

MOST_STRAYS = 8
"""Columns that have a note each on their cells that are no numbers."""


def notes_on(pipeline, table, n_not_judged):
    """Tell what became of rows, columns and labels."""
    notes = []
    if table.n_left_out:
        notes.append(f"{table.n_left_out} rows without a label were left out.")
    notes += notes_on_columns(pipeline[0].kinds_)
    for group in alike_labels(pipeline.classes_.tolist()):
        notes.append(
            "Labels that differ in upper and lower case only are different classes: "
            f"{some(group, 4)}."
        )
    if not hasattr(pipeline[-1], "out_of_fold_proba_"):
        notes.append(
            "This correction fits no folds: the labels are judged by a network that has "
            "learned them, and wrong ones that it knows by heart look right."
        )
    if n_not_judged:
        notes.append(f"{n_not_judged} rows were held out by no fold and are not judged.")
    return notes


def notes_on_columns(kinds):
    """Tell which columns are not used, and which cells."""
    notes, by_reason, strays = [], {}, {}
    for name, kind in kinds.items():
        if kind.name == "dropped":
            by_reason.setdefault(kind.detail, []).append(name)
        elif kind.stray is not None:
            strays[name] = one_line(kind.stray, 40)
    for reason, names in by_reason.items():
        notes.append(f"Not used, {reason}: {some(names, 8)}.")
    for name, cell in list(strays.items())[:MOST_STRAYS]:
        notes.append(
            f"{name!r} holds numbers; cells that cannot be used as such, like {cell!r}, "
            "count as missing."
        )
    if len(strays) > MOST_STRAYS:
        notes.append(f"So they do in {len(strays) - MOST_STRAYS} more columns.")
    return notes
