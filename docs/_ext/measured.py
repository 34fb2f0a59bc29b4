"""Numbers of the benchmarks in the text, read from their CSV when the docs are built.

`:measured:`reproduce_tabular accuracy; model=digits; noise=none; system=sklnoise`` is the
mean of a column over the rows that match, which differ in their seed. "deviation",
"smallest" or "largest" before it replaces the mean, `count transition_table; noise=none`
counts rows, and `-> .3f` at the end formats the number. Conditions compare texts with =
and !=, and numbers with < and >.

`:met:`QUERY at least QUERY + 2`` is "yes" or "no", in bold. The directive
`measured-table` shows the rows of a CSV that match, and links to all of them.
"""

import csv
import operator
import re
import statistics
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
STATISTICS = {
    "mean": statistics.fmean,
    "deviation": statistics.stdev,
    "smallest": min,
    "largest": max,
    "count": len,
}
COMPARISONS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt}


def read_rows(table):
    """Return the columns of a CSV and its rows."""
    path = RESULTS / f"{table}.csv"
    if not path.is_file():
        raise ValueError(f"benchmarks/results has no {table}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return reader.fieldnames, list(reader)


def select_rows(table, conditions, columns=()):
    """Return the rows of a CSV that satisfy all conditions, such as "noise=none"."""
    names, rows = read_rows(table)
    parsed = [re.fullmatch(r"(.*?)(!=|=|<|>)(.*)", text).groups() for text in conditions]
    unknown = {*columns, *(column for column, _, _ in parsed)} - set(names)
    if unknown:
        raise ValueError(f"{table}.csv has no columns {sorted(unknown)}")
    for column, sign, wanted in parsed:
        kind = float if sign in "<>" else str
        compare, wanted = COMPARISONS[sign], kind(wanted)
        rows = [row for row in rows if compare(kind(row[column]), wanted)]
    return rows


def number(text):
    """Return the number that a query asks for, or that the text is."""
    head, *conditions = (part.strip() for part in text.split(";"))
    if re.fullmatch(r"-?[\d.]+", head):
        return float(head)
    statistic, rest = head.split(maxsplit=1)
    if statistic not in STATISTICS:
        statistic, rest = "mean", head
    table, *columns = rest.split(maxsplit=1)
    rows = select_rows(table, conditions, columns)
    if statistic == "count":
        return len(rows)
    if not rows:
        raise ValueError(f"{table}.csv has no row with {conditions}")
    return STATISTICS[statistic]([float(row[columns[0]]) for row in rows])


def measure(text):
    """Return the number that a query asks for, as text."""
    query, _, form = " ".join(text.split()).partition(" -> ")
    value = number(query)
    return format(value, form or ("d" if isinstance(value, int) else ".1f"))


def is_met(text):
    """Compare two sums of queries and numbers."""
    left, sign, right = re.split(r" (at least|at most) ", " ".join(text.split()))
    left, right = (sum(map(number, side.split(" + "))) for side in (left, right))
    return left >= right if sign == "at least" else left <= right


def measured_role(name, rawtext, text, lineno, inliner, options=None, content=()):
    """Put a number, or whether a claim is met, in the place of a query."""
    try:
        if name == "measured":
            return [nodes.Text(measure(text))], []
        return [nodes.Text("yes") if is_met(text) else nodes.strong("", "no")], []
    except ValueError as error:
        message = inliner.reporter.error(f"{name}: {error}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]


def split_names(text):
    """Split an option at its semicolons."""
    return [part.strip() for part in text.split(";")]


class MeasuredTable(SphinxDirective):
    """Show the rows of a CSV that match, and link to the file and to the single runs."""

    required_arguments = 1
    option_spec = {
        "where": split_names,
        "columns": split_names,
        "digits": directives.positive_int,
        "runs": directives.unchanged_required,
    }

    def run(self):
        """Write the rows and the links as reStructuredText, and parse it."""
        table, conditions = self.arguments[0], self.options.get("where", [])
        try:
            names, rows = read_rows(table)
            columns = self.options.get("columns", names)
            shown = select_rows(table, conditions, columns)
            links = [link(name) for name in (table, self.options.get("runs")) if name]
        except ValueError as error:
            raise self.error(f"measured-table: {error}") from error
        if not shown:
            raise self.error(f"measured-table: no row of {table}.csv matches")
        digits = self.options.get("digits")
        cells = [columns, *([shorten(row[c], digits) for c in columns] for row in shown)]
        lines = [",".join(map(quote, row)) for row in cells]
        text = ".. csv-table::\n   :header-rows: 1\n\n   " + "\n   ".join(lines)
        of = "" if len(shown) == len(rows) else f"{len(shown)} of {len(rows)} rows. "
        text += f"\n\n{of}Download {' and '.join(links)}.\n"
        return self.parse_text_to_nodes(text)


def shorten(cell, digits):
    """Write a number with so many significant digits, and leave texts as they are."""
    try:
        return cell if digits is None else f"{float(cell):.{digits}g}"
    except ValueError:
        return cell


def quote(cell):
    """Quote a cell for a csv-table, in which options keep their dashes."""
    text = re.sub(r"--\w+", r"``\g<0>``", cell).replace('"', '""')
    return f'"{text}"'


def link(table):
    """Link to a CSV, with its number of rows."""
    target = f"/../benchmarks/results/{table}.csv"
    return f":download:`{table}.csv <{target}>` ({len(read_rows(table)[1])} rows)"


def setup(app):
    """Add the roles `measured` and `met`, and the directive `measured-table`."""
    app.add_role("measured", measured_role)
    app.add_role("met", measured_role)
    app.add_directive("measured-table", MeasuredTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
