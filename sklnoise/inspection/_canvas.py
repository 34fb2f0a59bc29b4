"""Figures and names that fit: sizes in points, widths of texts, steps of ticks."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#222222")
"""Of Okabe and Ito: those who are colour-blind can tell them apart."""

GREY = "#8a8a8a"
ALMOST = 1 - 1e-9


def new_figure(width, height):
    """Make a figure of pyplot that keeps everything inside."""
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")


def font_points(name):
    """Look up a font size of matplotlib's settings."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    return FontProperties(size=rcParams[name]).get_size_in_points()


def text_width(texts, points):
    """Measure the widest of some texts."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=points)
    sizes = (text_to_path.get_text_width_height_descent(t, font, False) for t in texts)
    return max((width for width, _, _ in sizes), default=0.0)


def nice_step(least):
    """Round a step between ticks up to 1, 2, 5, 10, 20, 50 and so on."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least * ALMOST:
                return factor * power
        power *= 10
