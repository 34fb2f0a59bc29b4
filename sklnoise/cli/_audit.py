"""The audit of a table: read, fit, judge, write and tell."""

import codecs
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise.cli._document import document
from sklnoise.cli._errors import free_name
from sklnoise.cli._fit import check_setting, fit_table
from sklnoise.cli._model import save_model
from sklnoise.cli._notes import notes_on
from sklnoise.cli._print import print_audit
from sklnoise.cli._read import read_table
from sklnoise.cli._rows import Table, take_apart
from sklnoise.cli._write import check_outputs, written_together
from sklnoise.inspection._judgement import judge_fitted

DIGITS = 6
"""Digits of a quality that are told; no one needs more."""


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


def run_audit(data, target, *, trusted, outputs, quiet, as_json, **setting):
    """Find the suspicious labels of a table."""
    check_setting(setting["correction"], setting["device"])
    check_outputs(outputs, [data])
    file = read_table(data)
    table = take_apart(file, data, target, trusted)
    pipeline, notes = fit_table(*table[:3], **setting, verbose=0 if quiet else 1)
    suspects, n_not_judged = find_suspects(pipeline, table)
    notes = notes_on(pipeline, table, n_not_judged) + notes
    audit = Audit(target, table, pipeline, suspects, notes, outputs)
    write_files(audit, file, data.name)
    if as_json:
        encoding = sys.stdout.encoding or "utf-8"
        print(document(audit, only_ascii=codecs.lookup(encoding).name != "utf-8"))
    elif not quiet:
        print_audit(audit)


def find_suspects(pipeline, table):
    """Find the labels that are more likely wrong than right."""
    judged = judge_fitted(pipeline, table.X, table.y, trusted=table.trusted)
    columns = {
        "label": judged.labels,
        "suggested": judged.suggested_labels,
        "quality": judged.quality.astype(np.float64),
    }
    frame = pd.DataFrame(columns, index=table.X.index[judged.rows])
    frame = frame[judged.is_issue]
    frame = frame.sort_values("quality", kind="stable").round({"quality": DIGITS})
    return frame, judged.n_left_out


def write_files(audit, file, name):
    """Write the files that are wanted, all of them or none."""
    # The report may need matplotlib, and takes a while: only where it is wanted.
    from sklnoise import inspection

    table, pipeline = audit.table, audit.pipeline
    with written_together(audit.written.values()) as beside:
        for option, path in audit.written.items():
            if option == "--out":
                title = f"Labels of {name}, column {audit.target}"
                inspection.noise_report(
                    pipeline,
                    table.X,
                    table.y,
                    path=beside[path],
                    title=title,
                    trusted=table.trusted if table.trusted.any() else None,
                )
            elif option == "--issues":
                issue_table(audit.suspects, file).to_csv(beside[path])
            else:
                columns = table.X.columns.tolist()
                save_model(pipeline, audit.target, columns, beside[path])


def issue_table(suspects, file):
    """Put the suspicious rows beside what the file says of them."""
    rows = file.loc[suspects.index]
    ours = {"row", *suspects.columns}
    renamed = {name: name for name in rows.columns if name not in ours}
    for name in ours.intersection(rows.columns):
        renamed[name] = free_name(name, " (file)", {*ours, *renamed.values()})
    return pd.concat([suspects, rows.rename(columns=renamed)], axis=1)
