"""The repair of a file: the labels that were decided on, and nothing else."""

import copy
from io import BytesIO

import numpy as np
import pandas as pd

from sklnoise._text import enumerate_names
from sklnoise.cli._decisions import decide, read_decisions
from sklnoise.cli._decoding import COMPRESSIONS
from sklnoise.cli._errors import BadInput, one_line
from sklnoise.cli._files import FORMATS, JSON, read_table
from sklnoise.cli._formats import COLUMNAR
from sklnoise.cli._json import dump_like, parse_json
from sklnoise.cli._labels import label_text
from sklnoise.cli._outputs import check_outputs, write_table, written_together
from sklnoise.cli._separated import replace_cells
from sklnoise.cli._targets import find_targets

# Labels in the log on the terminal are cut at this length.
MAX_SHOWN = 60


def run_repair(data, decisions, out, *, target, log, reading):
    """Write a copy of a file in which the decided labels are corrected."""
    outputs = {"--out": out} | ({"--log": log} if log is not None else {})
    check_outputs(outputs, [data, decisions])
    for option, path in outputs.items():
        if path.is_file():
            raise BadInput(
                f"{option} {path} is there already, and is not replaced. Name another "
                "file, or move it away."
            )
    file = read_table(data, wanted=() if target is None else (target,), options=reading)
    check_format(file, out)
    decided = read_decisions(decisions)
    column, result = find_labels(file, target, decided, decisions)
    labels = texts_of(file.frame[column])
    is_changed = np.asarray(result.y != labels)
    changes = pd.DataFrame(
        {"column": column, "before": labels[is_changed], "after": result.y[is_changed]}
    )
    repaired = rewrite(file, column, changes["after"], out)
    with written_together(outputs.values()) as temporary:
        temporary[out].write_bytes(repaired)
        if log is not None:
            write_table(changes, temporary[log])
    print_changes(changes, result, out)


def check_format(file, out):
    """Raise BadInput if the name of the copy says another format than it will have."""
    suffix, own = out.suffix.lower(), file.path.suffix.lower()
    if suffix in ("", own, file.kind) or suffix in COMPRESSIONS:
        return
    if file.kind in FORMATS or suffix in FORMATS:
        raise BadInput(
            f"--out {out}: the copy keeps the format of {file.path.name}. Name a file "
            f"that ends in {file.kind}."
        )


def find_labels(file, target, decisions, path):
    """Return the column that the decisions are about, and what they make of it."""
    if target is not None:
        column, *others = find_targets(file, target)
        if others:
            raise BadInput(
                f"sklnoise repair corrects one column, but --target {target!r} names "
                f"{1 + len(others)}. Name the one that the decisions are about."
            )
        return column, decide(texts_of(file.frame[column]), decisions, path)
    fitting, reason = {}, None
    for column in file.frame.columns:
        try:
            labels = texts_of(file.frame[column])
            fitting[column] = decide(labels, decisions, path)
        except BadInput as error:
            reason = error
    if not fitting:
        raise BadInput(
            f"No column of {file.path.name} has the labels of {path.name}: were they "
            f"decided on for another file? --target names the column. {reason}"
        )
    if len(fitting) > 1:
        raise BadInput(
            f"{enumerate_names(map(repr, fitting))} all have the labels of {path.name}. "
            "Name the column of the labels by --target."
        )
    return next(iter(fitting.items()))


def texts_of(column):
    """Return the cells of a column as text."""
    return column.astype(object).map(label_text)


def rewrite(file, column, labels, out):
    """Return the bytes of a file with some labels changed."""
    if file.separated is not None:
        data = rewrite_text(file, column, labels)
    elif file.kind in JSON:
        data = rewrite_json(file, column, labels)
    elif file.kind in COLUMNAR:
        data = rewrite_columns(file, column, labels)
    elif file.kind in (".xlsx", ".xlsm"):
        data = rewrite_sheet(file, column, labels)
    else:
        data = None
    if data is None or file.path.suffix.lower() == ".zip":
        raise BadInput(
            f"{file.path} cannot be written again as it is. Save it as .csv or .xlsx."
        )
    if out.suffix.lower() in COMPRESSIONS:
        return COMPRESSIONS[out.suffix.lower()].compress(data)
    return data


def rewrite_text(file, column, labels):
    """Change cells of separated values; every other character stays."""
    place = file.places[column]
    records = file.separated.records
    short = [row for row in labels.index if place >= len(records[row - 1])]
    if short:
        raise BadInput(f"Row {short[0]} of {file.path.name} has no cell for {column!r}.")
    changes = {(row - 1, place): label for row, label in labels.items()}
    return file.decoded.encode(replace_cells(file.separated, changes))


def rewrite_json(file, column, labels):
    """Change values of a JSON document, or of the lines of one."""
    text = file.decoded.text
    found = parse_json(text, file.kind, file.path)
    former = copy.deepcopy(found.content)
    for row, label in labels.items():
        cells, key = found.locate(row - 1, column)
        is_there = not isinstance(cells, dict) or key in cells
        cells[key] = like(cells[key] if is_there else None, label)
    if not found.has_lines:
        return file.decoded.encode(dump_like(text, former, found.content))
    # Not by splitlines, as cells may hold other ends of lines.
    lines = text.split("\n")
    filled = [at for at, line in enumerate(lines) if line.strip()]
    for row in labels.index:
        at = filled[row - 1]
        lines[at] = dump_like(lines[at], former[row - 1], found.content[row - 1])
    return file.decoded.encode("\n".join(lines))


def rewrite_columns(file, column, labels):
    """Change cells of a Parquet or Feather file."""
    frame = COLUMNAR[file.kind](BytesIO(file.data))
    cells = frame[column]
    new = [like(cells.iloc[row - 1], label) for row, label in labels.items()]
    if hasattr(cells, "cat"):
        known = set(cells.cat.categories)
        cells = cells.cat.add_categories(
            [c for c in dict.fromkeys(new) if c not in known]
        )
    cells = cells.copy()
    try:
        cells.iloc[[row - 1 for row in labels.index]] = new
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"{column!r} holds {cells.dtype} in {file.path.name}, which has no room for "
            f"{one_line(list(labels), MAX_SHOWN)}. Correct the labels to such values."
        ) from error
    frame[column] = cells
    written = BytesIO()
    (frame.to_feather if file.kind == ".feather" else frame.to_parquet)(written)
    return written.getvalue()


def rewrite_sheet(file, column, labels):
    """Change cells of a spreadsheet; formats and formulas stay."""
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(file.data), keep_vba=file.kind == ".xlsm")
    sheet = book[file.sheet]
    for row, label in labels.items():
        cell = sheet.cell(row, file.places[column] + 1)
        cell.value = like(cell.value, label)
        if isinstance(cell.value, str):
            cell.data_type = "s"  # a label that begins with "=" is no formula
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def like(cell, label):
    """Return a label in the type of the cell that it replaces."""
    if isinstance(cell, bool | np.bool_) and label.lower() in ("true", "false"):
        return label.lower() == "true"
    for kind, builtin in ((int | np.integer, int), (float | np.floating, float)):
        if isinstance(cell, kind) and not isinstance(cell, bool | np.bool_):
            try:
                return builtin(label)
            except ValueError:
                return label
    return label


def print_changes(changes, result, out):
    """Print every change, and what was left as it is."""
    for row, _, before, after in changes.itertuples():
        print(f"row {row}: {one_line(before, MAX_SHOWN)} -> {one_line(after, MAX_SHOWN)}")
    print(
        f"{len(changes)} labels changed, {result.n_right} found right, "
        f"{result.n_unsure} unsure, {int(result.wrong.sum())} wrong without a correction."
    )
    print(f"Written: {out}")
