"""The histogram of label quality, as SVG in the colours of the page."""

import numpy as np

from sklnoise.inspection._report_html import element

N_BINS = 20
WIDTH, HEIGHT = 600, 180
LEFT, BOTTOM, TOP = 76, 40, 16
"""Margins of the histogram, in its own units."""


def quality_histogram(quality, is_issue):
    """Draw the qualities as bars, those of suspected labels dark."""
    edges = np.linspace(0, 1, N_BINS + 1)
    n_rows = np.histogram(quality, edges)[0]
    n_issues = np.histogram(quality[is_issue], edges)[0]
    most, wide = max(1, n_rows.max()), (WIDTH - LEFT) / N_BINS
    bars = [
        bar(
            LEFT + k * wide,
            wide,
            count,
            most,
            kind,
            f"quality {edges[k]:.2f} to "
            f"{edges[k + 1]:.2f}: {n_rows[k]:,} labels, {n_issues[k]:,} suspected",
        )
        for counts, kind in ((n_rows, "all"), (n_issues, "issue"))
        for k, count in enumerate(counts)
        if count
    ]
    floor = HEIGHT - BOTTOM
    ticks = [
        words(LEFT + (WIDTH - LEFT) * x, floor + 17, f"{x:g}", anchor)
        for x, anchor in (
            (0, "start"),
            (0.25, "middle"),
            (0.5, "middle"),
            (0.75, "middle"),
            (1, "end"),
        )
    ]
    ticks += [
        words(LEFT - 6, floor, "0", "end"),
        words(LEFT - 6, TOP + 8, f"{most:,}", "end"),
        words(LEFT + (WIDTH - LEFT) / 2, HEIGHT - 4, "quality", "middle"),
        element("line", x1=LEFT, x2=WIDTH, y1=floor, y2=floor, class_="axis"),
    ]
    described = (
        f"Histogram of the quality of {len(quality):,} labels, of which "
        f"{is_issue.sum():,} are suspected. {n_rows[-1]:,} have a quality above "
        f"{edges[-2]:.2f}."
    )
    return element(
        "svg",
        bars,
        ticks,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=described,
        class_="histogram",
    )


def bar(x, width, count, most, kind, told):
    """Draw one bar."""
    height = max(1.5, count / most * (HEIGHT - BOTTOM - TOP))
    return element(
        "rect",
        element("title", told),
        x=f"{x + 1:.1f}",
        y=f"{HEIGHT - BOTTOM - height:.1f}",
        width=f"{width - 2:.1f}",
        height=f"{height:.1f}",
        class_=kind,
    )


def words(x, y, text, anchor):
    """Write into the histogram."""
    return element("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)
