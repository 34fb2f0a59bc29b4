"""Values and their standard errors in the cells of a heat map."""

import numpy as np


def write_values(image, T, values_format, style):
    """Write each value in the end of the colour map that its cell is far from."""
    low, high = image.cmap(0.0), image.cmap(1.0)
    texts = np.empty(T.shape, dtype=object)
    for (i, j), value in np.ndenumerate(T):
        colour = high if image.norm(value) < 0.5 else low
        where = {"ha": "center", "va": "center", "color": colour}
        text = format(value, values_format)
        texts[i, j] = image.axes.text(j, i, text, **where | style)
    return texts


def write_errors(values, errors, points, cell):
    """Write the standard errors that are known below the values, and lift those."""
    texts, line = [], points / cell
    for (i, j), error in np.ndenumerate(errors):
        if np.isfinite(error):
            value = values[i, j]
            value.set_y(i - 0.4 * line)
            where = {"ha": "center", "va": "center", "color": value.get_color()}
            where["fontsize"] = 0.75 * points
            text = plus_minus(error)
            texts.append(value.axes.text(j, i + 0.75 * line, text, **where))
    return texts


def plus_minus(error):
    """Write a standard error in few characters."""
    if 0 < error < 0.005:
        return "±<.01"
    return f"±{error:.2f}".replace("0.", ".", 1)
