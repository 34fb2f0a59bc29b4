"""Numbers of the benchmarks in the text, read from their CSV when the docs are built.

`:measured:`reproduce_tabular accuracy; model=digits; noise=none; system=sklnoise`` is the
mean of a column over the rows that match, which differ in their seed.
"""

import csv
import statistics
from pathlib import Path

from docutils import nodes

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def measure(text):
    """Return the mean of a column over the matching rows, as text."""
    head, *conditions = (part.strip() for part in text.split(";"))
    table, column = head.split(maxsplit=1)
    wanted = dict(condition.split("=", 1) for condition in conditions)
    path = RESULTS / f"{table}.csv"
    if not path.is_file():
        raise ValueError(f"benchmarks/results has no {table}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    unknown = {column, *wanted} - set(reader.fieldnames)
    if unknown:
        raise ValueError(f"{table}.csv has no columns {sorted(unknown)}")
    found = [
        float(row[column]) for row in rows if all(row[k] == v for k, v in wanted.items())
    ]
    if not found:
        raise ValueError(f"{table}.csv has no row with {wanted}")
    return f"{statistics.fmean(found):.1f}"


def _measured_role(name, rawtext, text, lineno, inliner, options=None, content=()):
    try:
        return [nodes.Text(measure(text))], []
    except ValueError as error:
        message = inliner.reporter.error(f"measured: {error}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]


def setup(app):
    """Add the role `measured`."""
    app.add_role("measured", _measured_role)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
