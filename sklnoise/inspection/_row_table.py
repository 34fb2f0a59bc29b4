"""Suspect rows of a table, with their labels and what these may be instead."""

import numpy as np

from sklnoise.inspection._canvas import text_width
from sklnoise.inspection._glyphs import fitting
from sklnoise.inspection._values import frame_columns, value_text

POINTS = 9
"""Font size."""

MOST_COLUMNS = 4
MOST_CHARACTERS = 20
MOST_OF_TEXT = 40
LINE = 0.27
"""Height of a line in inches."""

BOLD = 1.12
"""By how much bold text is wider, about."""


class RowTable:
    """A table of rows, one a line."""

    def __init__(self, header, lines):
        self.header = header
        self.lines = lines
        heads = [BOLD * text_width([name], POINTS) for name in header]
        cells = [text_width(column, POINTS) for column in zip(*lines)]
        self.widths = (np.maximum(heads, cells) + 1.4 * POINTS) / 72
        self.size = self.widths.sum(), LINE * (len(lines) + 1)

    def draw(self, figure, height):
        """Draw the table at the top of a figure."""
        share = min(1, self.size[1] / height)
        ax = figure.subplots()
        ax.set_axis_off()
        table = ax.table(
            self.lines,
            colLabels=self.header,
            colWidths=(self.widths / self.widths.sum()).tolist(),
            cellLoc="left",
            colLoc="left",
            bbox=[0, 1 - share, 1, share],
            edges="horizontal",
        )
        table.auto_set_font_size(False)
        table.set_fontsize(POINTS)
        for (line, column), cell in table.get_celld().items():
            cell.set_edgecolor("#bbbbbb")
            cell.PAD = 0.4 * POINTS / 72 / self.widths[column]  # a share of its width
            cell.set_text_props(parse_math=False, fontweight="normal" if line else "bold")
        return [ax]


def first_columns(X):
    """Turn rows into the cells of a small table."""
    if hasattr(X, "columns") and hasattr(X, "shape"):
        columns = frame_columns(X, MOST_COLUMNS)
        lines = [list(map(cell_text, line)) for line in zip(*columns)]
        return list(map(str, X.columns))[:MOST_COLUMNS], lines
    try:
        X = np.asarray(X)
    except ValueError:  # lists of different lengths
        return None, []
    if X.ndim == 1 and X.dtype.kind in "OUS":
        lines = [[fitting(text, MOST_OF_TEXT)] for text in X.tolist()]
        return ["text"], lines
    if X.ndim != 2:
        return None, []
    X = X[:, :MOST_COLUMNS]
    names = [f"column {i}" for i in range(X.shape[1])]
    return names, [[cell_text(value) for value in line] for line in X.tolist()]


def cell_text(value):
    """Write a value of a table in few characters."""
    return fitting(value_text(value) or "", MOST_CHARACTERS)
