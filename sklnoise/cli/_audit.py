"""The audit of a table: read it, fit, judge the labels, write the files and print."""

import codecs
import shlex
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklnoise.classifiers._judgement import judge_labels
from sklnoise.cli._annotators import consensus_frame
from sklnoise.cli._decisions import decide, read_decisions
from sklnoise.cli._errors import BadInput, free_name, one_line
from sklnoise.cli._files import TableFile
from sklnoise.cli._importance import order_columns
from sklnoise.cli._model import check_settings, fit_table, save_model
from sklnoise.cli._notes import columns_read, list_notes
from sklnoise.cli._output import audit_as_json, print_audit
from sklnoise.cli._outputs import (
    check_outputs,
    has_formulas,
    write_table,
    written_together,
)
from sklnoise.cli._targets import Table, as_arguments, load_table
from sklnoise.report import noise_report

# Decimals that a quality is rounded to.
QUALITY_DIGITS = 6


class Audit(NamedTuple):
    """What an audit found."""

    file: TableFile
    table: Table
    pipeline: object
    judged: object
    suspects: pd.DataFrame
    # What may change the result, which comes first, and all else that was noticed.
    cautions: list
    notes: list
    written: dict
    # What was known of the noise before the decisions of a reviewer.
    before: object = None

    @property
    def classifier(self):
        """The fitted classifier."""
        return self.pipeline[-1]


def run_audit(
    data,
    columns,
    settings,
    reading,
    *,
    outputs,
    decisions=None,
    all_rows=False,
    quiet=False,
    as_json=False,
):
    """Find the suspicious labels of a table."""
    check_settings(settings)
    check_outputs(outputs, [data, *([] if decisions is None else [decisions])])
    file, table = load_table(data, columns, reading)
    if "--consensus" in outputs and table.answers is None:
        raise BadInput(
            "--consensus writes what several annotators agree on, but --target "
            f"{one_line(table.target, 40)!r} names one column. Leave it out, or name "
            "the columns of all."
        )
    if decisions is not None and table.answers is not None:
        raise BadInput(
            "--decisions corrects the labels of one column, but --target "
            f"{one_line(table.target, 40)!r} names {table.answers.n_annotators}. Leave "
            "it out, or name one column."
        )
    before = None
    verbose = 0 if quiet else 1
    if decisions is not None:
        table, before = correct_table(table, decisions, settings, verbose)
    pipeline, warned = fit_table(table, settings, verbose=verbose)
    suspects, judged = find_suspects(pipeline, table)
    notes = list_notes(file, table, pipeline, judged, warned)
    of_issues = table.X.index if all_rows else suspects.index
    for option, rows in {"--issues": of_issues, "--consensus": table.X.index}.items():
        if option in outputs and has_formulas(file.frame.loc[rows]):
            notes.append(
                "Cells that a spreadsheet would run as a formula got an apostrophe in "
                f"{outputs[option]}."
            )
    audit = Audit(
        file, table, pipeline, judged, suspects, table.cautions, notes, outputs, before
    )
    steps = next_steps(data, columns, reading, table)
    write_files(audit, data, steps, all_rows)
    if as_json:
        encoding = sys.stdout.encoding or "utf-8"
        print(audit_as_json(audit, only_ascii=codecs.lookup(encoding).name != "utf-8"))
    elif not quiet:
        print_audit(audit)


def correct_table(table, path, settings, verbose):
    """Return a table as it was decided on, and what was known of the noise before."""
    corrected, n_found = apply_to_table(table, path)
    pipeline, _ = fit_table(table, settings._replace(refit=False), verbose=verbose)
    before = pipeline[-1].noise_summary_
    caution = compare_with_found(before, len(table.y), n_found)
    return corrected._replace(cautions=[*corrected.cautions, caution]), before


def apply_to_table(table, path):
    """Correct the labels that were decided on; all of them count as right."""
    labels = pd.Series(table.y, index=table.X.index)
    result = decide(labels, read_decisions(path), path)
    kept = ~result.wrong
    caution = (
        f"{path.name} corrects {result.n_changed} of the labels and finds "
        f"{result.n_right} right."
    )
    if result.wrong.any():
        caution += (
            f" {result.wrong.sum()} rows whose label is wrong, and the right one not "
            "known, were left out."
        )
    # T is not estimated from them: they were looked at because the model doubted them.
    return table._replace(
        X=table.X[kept],
        y=result.y.to_numpy()[kept],
        trusted=table.trusted[kept],
        decided=result.trusted[kept],
        cautions=[*table.cautions, caution],
    ), result.n_changed + int(result.wrong.sum())


def compare_with_found(before, n_rows, n_found):
    """Say how many labels are wrong by the first estimate, and how many are left."""
    rates = np.array([before.noise_rate, *before.noise_rate_interval])
    before = np.round(n_rows * rates).astype(int)
    left = np.maximum(before - n_found, 0)
    texts = [f"{n} ({low} to {high})" for n, low, high in (before, left)]
    return (
        f"Before the decisions, about {texts[0]} of the {n_rows} labels looked wrong. "
        f"You found {n_found} of them, so that about {texts[1]} are left. Rely on "
        "this rather than on the number below: it is estimated anew, and is too low once "
        "the clearest mistakes are corrected."
    )


def find_suspects(pipeline, table):
    """Return the labels that are probably wrong, and the judgement of all."""
    judged = judge_labels(
        pipeline[-1], table.X, table.y, model=pipeline, trusted=table.known
    )
    frame = judged_frame(judged, table)
    return frame.iloc[judged.worst_issues()], judged


def judged_frame(judged, table):
    """Return the judgement of each label, or answer, as a table."""
    whose = {} if judged.annotators is None else {"annotator": judged.annotators}
    columns = whose | {
        "label": judged.labels,
        "suggested": judged.suggested_labels,
        "quality": judged.quality.astype(np.float64),
    }
    frame = pd.DataFrame(columns, index=table.X.index[judged.rows])
    return frame.round({"quality": QUALITY_DIGITS})


def write_files(audit, data, steps, all_rows):
    """Write the files that are wanted, all of them or none."""
    table, pipeline = audit.table, audit.pipeline
    with written_together(audit.written.values()) as temporary:
        for option, path in audit.written.items():
            if option == "--out":
                write_report(audit, data, steps, temporary[path])
            elif option == "--model":
                names = table.X.columns.tolist()
                save_model(pipeline, table.target, names, temporary[path])
            else:
                rows = rows_of(option, audit, all_rows)
                write_table(beside_file(rows, audit.file.frame), temporary[path])


def rows_of(option, audit, all_rows):
    """Return the rows of a CSV file: suspicious labels, all labels or the consensus."""
    if option == "--consensus":
        return consensus_frame(audit)
    if all_rows:
        return judged_frame(audit.judged, audit.table).sort_values("quality")
    return audit.suspects


def write_report(audit, data, steps, path):
    """Write the report."""
    table, pipeline = audit.table, audit.pipeline
    of_columns = "column" if table.answers is None else "columns"
    noise_report(
        pipeline,
        table.X,
        table.y,
        path=path,
        title=f"Labels of {data.name}, {of_columns} {table.target}",
        trusted=table.known if table.known.any() else None,
        column_order=order_columns(pipeline[0], table),
        source={
            "file_name": data.name,
            "columns": columns_read(pipeline[0], table.left_out),
            "cautions": audit.cautions,
            "notes": audit.notes,
            "next_steps": steps,
        },
    )


def next_steps(data, columns, reading, table):
    """Return what to do after the audit, each with its command."""
    if str(data) == "-":
        return []  # there is no file to go on with
    repaired = f"{data.name.partition('.')[0]}_repaired{data.suffix}"
    same_file = as_arguments(reading)
    same_table = [*as_arguments(columns), *same_file]
    if table.answers is not None:
        audit = "audit", data.name, *same_table
        steps = {
            "Write the class of each row to a file, the least certain first:": (
                *(*audit, "--consensus", "consensus.csv"),
            ),
            "Write all suspicious answers to a file, one a line:": (
                *(*audit, "--issues", "answers.csv"),
            ),
            "Learn from all answers, each as reliable as its annotator:": (
                *(*audit, "--model", "model.skops"),
            ),
            "Predict the classes of rows by that model:": (
                *("predict", "model.skops", data.name, *same_file),
                *("--out", "predictions.csv"),
            ),
        }
        return as_commands(steps)
    steps = {
        "Decide on rows in this page, export the decisions, and correct the labels in a "
        "copy of the file:": (
            *("repair", data.name, "decisions.csv"),
            *(*same_file, "--out", repaired),
        ),
        "Have the other rows judged again, by what you decided:": (
            *("audit", data.name, *same_table),
            *("--decisions", "decisions.csv", "--out", "report2.html"),
        ),
        "Find out how many labels are wrong, whatever the model believes:": (
            *("review", data.name, *same_table, "--out", "review.csv"),
        ),
    }
    return as_commands(steps)


def as_commands(steps):
    """Return what to do as pairs of a sentence and a command."""
    return [
        (sentence, shlex.join(["sklnoise", *command]))
        for sentence, command in steps.items()
    ]


def beside_file(frame, cells):
    """Return rows with all columns of the file beside what we say of them."""
    rows = cells.loc[frame.index]
    ours = {"row", *frame.columns}
    renamed = {name: name for name in rows.columns if name not in ours}
    for name in ours.intersection(rows.columns):
        renamed[name] = free_name(name, " (file)", {*ours, *renamed.values()})
    return pd.concat([frame, rows.rename(columns=renamed)], axis=1)
