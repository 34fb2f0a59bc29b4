"""The decisions of a reviewer, read from a file and matched with the labels."""

import pandas as pd

from sklnoise._text import cell_text, enumerate_names
from sklnoise.cli._errors import BadInput, one_line
from sklnoise.cli._files import read_table
from sklnoise.cli._labels import normal_form
from sklnoise.cli._outputs import unescape_formula
from sklnoise.issues import apply_decisions
from sklnoise.issues._decision_table import REQUIRED, Line


def read_decisions(path):
    """Read a file of decisions."""
    frame = read_table(path, wanted=REQUIRED).frame
    # Columns of the data may be called so in other letters: what is exact comes first.
    spelled = {name.lower(): name for name in reversed(frame.columns)}
    spelled |= {name: name for name in frame.columns}
    ours = [name for name in (*Line._fields, "part") if name in spelled]
    frame = frame.rename(columns={spelled[name]: name for name in ours})
    absent = [name for name in REQUIRED if name not in frame]
    if absent:
        raise BadInput(
            f"{path} has no column {enumerate_names(map(repr, absent))}. Name the "
            "decisions.csv that the report exports, or what sklnoise review writes."
        )
    if "corrected" not in frame:
        frame["corrected"] = ""
    # A spreadsheet may have made 2 to 2.0.
    return frame.assign(row=frame["row"].map(cell_text))


def decide(labels, decisions, path):
    """Apply decisions to labels, whose index has the numbers of the rows."""
    try:
        return apply_decisions(labels, with_spelling_of(decisions, labels))
    except ValueError as error:
        raise BadInput(f"{path.name} does not fit the data: {one_line(error)}") from error


def with_spelling_of(decisions, labels):
    """Return decisions with the labels spelled as in the data."""
    own = labels.astype(str).rename(index=str)
    own = own[~own.index.duplicated()].reindex(decisions["row"])
    known = set(own)
    spelled = [spell_as(mine, theirs) for theirs, mine in zip(decisions["label"], own)]
    corrected = [
        cell if cell in known else unescape_formula(cell)
        for cell in decisions["corrected"]
    ]
    return decisions.assign(
        label=pd.Series(spelled, decisions.index, dtype=object),
        corrected=pd.Series(corrected, decisions.index, dtype=object),
    )


def spell_as(mine, theirs):
    """Return the label of the data if that of a decision differs in spelling only."""
    plain = unescape_formula(theirs)
    if not isinstance(mine, str):
        return plain
    forms = {normal_form(str(theirs)), normal_form(str(plain))}
    return mine if normal_form(mine) in forms else plain
