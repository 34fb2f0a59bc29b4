"""The audit of a table: read it, fit, judge the labels, write the files and print."""

import codecs
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._errors import free_name, one_line
from sklnoise.cli._files import check_outputs, read_table, written_together
from sklnoise.cli._model import check_settings, fit_table, save_model
from sklnoise.cli._output import audit_as_json, print_audit
from sklnoise.cli._targets import Table, labels_that_differ_in_case, split_table
from sklnoise.issues._judgement import judge_fitted
from sklnoise.report import noise_report

# Decimals that a quality is rounded to.
QUALITY_DIGITS = 6

# Columns with a note of their own on cells that are no numbers.
MAX_STRAY_NOTES = 8


class Audit(NamedTuple):
    """What an audit found."""

    target: str
    table: Table
    pipeline: object
    suspects: pd.DataFrame
    notes: list
    written: dict

    @property
    def classifier(self):
        """The fitted classifier."""
        return self.pipeline[-1]


def run_audit(data, target, settings, *, trusted, outputs, quiet, as_json):
    """Find the suspicious labels of a table."""
    check_settings(settings)
    check_outputs(outputs, [data])
    file = read_table(data)
    table = split_table(file, data, target, trusted)
    pipeline, warned = fit_table(table, settings, verbose=0 if quiet else 1)
    suspects, judged = find_suspects(pipeline, table)
    notes = [
        *notes_on_rows(pipeline.classes_, table, judged),
        *notes_on_columns(pipeline[0].kinds_),
        *warned,
    ]
    audit = Audit(target, table, pipeline, suspects, notes, outputs)
    write_files(audit, file, data.name)
    if as_json:
        encoding = sys.stdout.encoding or "utf-8"
        print(audit_as_json(audit, only_ascii=codecs.lookup(encoding).name != "utf-8"))
    elif not quiet:
        print_audit(audit)


def find_suspects(pipeline, table):
    """Return the rows whose label is probably wrong, and the judgement of all rows."""
    judged = judge_fitted(
        pipeline[-1], table.X, table.y, model=pipeline, trusted=table.trusted
    )
    columns = {
        "label": judged.labels,
        "suggested": judged.suggested_labels,
        "quality": judged.quality.astype(np.float64),
    }
    frame = pd.DataFrame(columns, index=table.X.index[judged.rows])
    frame = frame.iloc[judged.worst_issues()]
    return frame.round({"quality": QUALITY_DIGITS}), judged


def notes_on_rows(classes, table, judged):
    """Return notes on rows and labels."""
    notes = []
    if table.n_left_out:
        rows, were = ("row", "was") if table.n_left_out == 1 else ("rows", "were")
        notes.append(f"{table.n_left_out} {rows} without a label {were} left out.")
    for group in labels_that_differ_in_case(classes.tolist()):
        notes.append(
            "Labels that differ in upper and lower case only are different classes: "
            f"{enumerate_names(map(repr, group))}."
        )
    if judged.judged_in_sample:
        notes.append(
            "This correction fits no folds: the labels are judged by a network that has "
            "learned them, and wrong ones that it has memorised look right."
        )
    if judged.n_left_out == 1:
        notes.append("1 row was held out by no fold and is not judged.")
    elif judged.n_left_out:
        notes.append(
            f"{judged.n_left_out} rows were held out by no fold and are not judged."
        )
    return notes


def notes_on_columns(kinds):
    """Return notes on columns and cells that are not used."""
    by_reason, strays = {}, {}
    for name, kind in kinds.items():
        if kind.name == "dropped":
            by_reason.setdefault(kind.detail, []).append(name)
        elif kind.stray is not None:
            strays[name] = one_line(kind.stray, 40)
    notes = [
        f"Not used, {reason}: {enumerate_names(map(repr, names))}."
        for reason, names in by_reason.items()
    ]
    for name, cell in list(strays.items())[:MAX_STRAY_NOTES]:
        notes.append(
            f"{name!r} holds numbers; cells that cannot be used as such, like {cell!r}, "
            "count as missing."
        )
    n_more = len(strays) - MAX_STRAY_NOTES
    if n_more > 0:
        notes.append(f"Such cells are in {n_more} more column{'s' * (n_more > 1)}.")
    return notes


def write_files(audit, file, name):
    """Write the files that are wanted, all of them or none."""
    table, pipeline = audit.table, audit.pipeline
    with written_together(audit.written.values()) as temporary:
        for option, path in audit.written.items():
            if option == "--out":
                noise_report(
                    pipeline,
                    table.X,
                    table.y,
                    path=temporary[path],
                    title=f"Labels of {name}, column {audit.target}",
                    trusted=table.trusted if table.trusted.any() else None,
                )
            elif option == "--issues":
                issue_table(audit.suspects, file).to_csv(temporary[path])
            else:
                columns = table.X.columns.tolist()
                save_model(pipeline, audit.target, columns, temporary[path])


def issue_table(suspects, file):
    """Return the suspicious rows with all columns of the file."""
    rows = file.loc[suspects.index]
    ours = {"row", *suspects.columns}
    renamed = {name: name for name in rows.columns if name not in ours}
    for name in ours.intersection(rows.columns):
        renamed[name] = free_name(name, " (file)", {*ours, *renamed.values()})
    return pd.concat([suspects, rows.rename(columns=renamed)], axis=1)
