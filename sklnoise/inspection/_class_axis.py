"""Names of classes along the two axes of a heat map, as many as fit."""

import math

import numpy as np

from sklnoise._text import shorten
from sklnoise.inspection._canvas import font_points, nice_step, text_width
from sklnoise.inspection._glyphs import missing_glyphs

LONGEST_NAME = 24
"""Characters of a name that are shown."""

LINE = 1.3
"""Height of a line of text and its distance to the next, in font sizes."""

MOST_WITH_VALUES = 12
SMALLEST_VALUE = 5
"""Font size in points below which values are not legible."""


def matrix_figure_size(names):
    """Compute the size of a figure for a heat map of all pairs of classes."""
    n, points = len(names), font_points("xtick.labelsize")
    side = max(3.2, 0.55 * n) if n <= MOST_WITH_VALUES else min(8, max(5.5, 0.25 * n))
    longest, cell = text_width(names, points), 72 * side / n
    _, rotation = steps_of(names, cell)
    below = longest if rotation else LINE * points
    return side + longest / 72 + 2, side + below / 72 + 0.8, cell


def cell_size(ax, n_classes):
    """Measure the cells that a heat map would have on some axes."""
    box = ax.get_window_extent()
    return 72 / ax.figure.dpi * min(box.width, box.height) / n_classes


def steps_of(names, cell, rotation="auto"):
    """Compute how many names fit."""
    points = font_points("xtick.labelsize")
    width, height = text_width(names, points) + 0.6 * points, LINE * points

    def step(degrees):
        turned = math.radians(degrees)
        across = max(abs(math.cos(turned)), 1e-9), max(abs(math.sin(turned)), 1e-9)
        return nice_step(max(height, min(width / across[0], height / across[1])) / cell)

    if rotation == "auto":
        rotation = 0 if step(0) <= step(90) else 90
    rotation = {"vertical": 90, "horizontal": 0}.get(rotation, rotation)
    return step(rotation), rotation


def name_classes(ax, names, cell, rotation):
    """Name the cells along both axes, leaving out names that would overlap."""
    step, rotation = steps_of(names, cell, rotation)
    codes = np.arange(0, len(names), step)
    shown = [names[code] for code in codes]
    upright = {"rotation": rotation}
    if rotation % 90:
        upright |= {"ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(codes, shown, parse_math=False, **upright)
    ax.set_yticks(codes, shown, parse_math=False)


def value_points(cell, n_classes, include_values):
    """Choose the font size of values in cells."""
    points = min(font_points("font.size"), cell / 2.6)
    if include_values == "auto":
        include_values = n_classes <= MOST_WITH_VALUES and points >= SMALLEST_VALUE
    return points if include_values else 0


def name_texts(names):
    """Write names as they are shown."""
    texts = [shorten(name, LONGEST_NAME) for name in np.asarray(names).tolist()]
    if missing_glyphs("".join(texts)):
        return list(map(str, range(len(texts)))), True
    return texts, False
