"""Files that a command writes: checked before the work, and safe to open."""

import re
import sys
from collections import Counter
from contextlib import contextmanager

from sklnoise._writing import find_target, replaced_together
from sklnoise.cli._errors import BadInput

# What a spreadsheet would take for a formula, unless it is a number or a mere sign.
FORMULA_SIGNS = "=+-@\t\r"
FORMULA = re.compile(f"[{re.escape(FORMULA_SIGNS)}](?!$)")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?%?")


def check_outputs(outputs, inputs):
    """Raise BadInput if a file could not be written, before any work is done."""
    for option, path in outputs.items():
        try:
            find_target(path)
        except OSError as error:
            raise BadInput(f"{option} {error}") from error
        if path.resolve() in [source.resolve() for source in inputs]:
            raise BadInput(f"{option} {path} would replace the data. Name another file.")
    counts = Counter(path.resolve() for path in outputs.values())
    if counts and max(counts.values()) > 1:
        raise BadInput(f"{' and '.join(outputs)} must name different files.")


@contextmanager
def written_together(paths):
    """Yield a path to write to for each path; all files are put in place, or none."""
    try:
        with replaced_together(paths) as temporary:
            yield temporary
    except OSError as error:
        reason = str(error.strerror or error)
        if "was written" not in reason:
            reason = f"nothing was written: {reason}"
        where = "" if error.filename is None else f" ({error.filename})"
        raise BadInput(f"{reason[0].upper()}{reason[1:]}{where}.") from error


def write_table(frame, path):
    """Write a table as CSV that spreadsheets open as it is meant."""
    # The mark tells Excel that the file is UTF-8.
    without_formulas(frame).to_csv(path, encoding="utf-8-sig")


def without_formulas(frame):
    """Return a table in which no text would be run as a formula by a spreadsheet."""
    escaped = frame.copy()
    for place, name in enumerate(frame.columns):
        if frame[name].dtype.kind not in "biufmM":
            escaped.isetitem(place, frame[name].map(escape_formula).astype(object))
    return escaped.set_axis([escape_formula(name) for name in frame.columns], axis=1)


def escape_formula(cell):
    """Put an apostrophe before what a spreadsheet would run."""
    if isinstance(cell, str) and FORMULA.match(cell) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unescape_formula(cell):
    """Take away the apostrophe that was put before a formula."""
    is_escaped = isinstance(cell, str) and cell[:1] == "'" and cell[1:2] in FORMULA_SIGNS
    return cell[1:] if is_escaped and len(cell) > 1 else cell


def has_formulas(frame):
    """Return whether a spreadsheet would run a cell or the name of a column."""
    return any(
        escape_formula(cell) is not cell
        for name in frame.columns
        for cell in (name, *frame[name])
    )


def print_table(frame):
    """Print a table as CSV; a terminal gets no characters that control it."""
    text = without_formulas(frame).to_csv()
    if sys.stdout.isatty():
        text = "".join(
            c if c.isprintable() or c in "\r\n" else repr(c)[1:-1] for c in text
        )
    sys.stdout.write(text)
