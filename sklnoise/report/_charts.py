"""The charts of a report, as SVG in the colours of the page, and its pictures."""

from importlib.util import find_spec
from io import BytesIO

import numpy as np

from sklnoise.classifiers._fitted import epoch_losses, kept_epoch, mean_losses
from sklnoise.report._html import element, join, picture

# Size and margins of a chart, in its own units.
WIDTH, HEIGHT = 600, 180
LEFT, BOTTOM, TOP = 76, 40, 16

N_BINS = 20

# Of a line: longer histories are thinned out.
MAX_POINTS = 200

# Longest side of a thumbnail in pixels.
MAX_SIDE = 64

# What a probability of 1 looks like in the picture of T; 0 is white.
DARK_BLUE = np.array([8, 48, 107])

LOSS_NAMES = {"train_loss": "training", "valid_loss": "held out (noisy labels)"}

NO_PILLOW = 'Images are shown where Pillow is installed: pip install "sklnoise[images]"'


def chart_section(clf, judgement):
    """Show the quality of all labels, and the training."""
    return element(
        "section",
        element("h2", "Quality of the labels", id="pictures"),
        element(
            "p",
            "Quality is the probability that a label is right. The strong part of a "
            "bar is suspected: another label is more likely.",
        ),
        quality_histogram(judgement.quality, judgement.is_issue),
        element("h3", "Training"),
        loss_charts(clf),
    )


def quality_histogram(quality, is_issue):
    """Draw the qualities as bars, those of suspected labels dark."""
    edges = np.linspace(0, 1, N_BINS + 1)
    n_samples = np.histogram(quality, edges)[0]
    n_issues = np.histogram(quality[is_issue], edges)[0]
    highest, width = max(1, n_samples.max()), (WIDTH - LEFT) / N_BINS
    bars = []
    for counts, kind in ((n_samples, "all"), (n_issues, "issue")):
        for k in np.flatnonzero(counts):
            title = (
                f"quality {edges[k]:.2f} to {edges[k + 1]:.2f}: {n_samples[k]:,} labels, "
                f"{n_issues[k]:,} suspected"
            )
            height = max(1.5, counts[k] / highest * (HEIGHT - BOTTOM - TOP))
            bars.append(bar(LEFT + k * width, width, height, kind, title))
    ticks = [
        text(LEFT + (WIDTH - LEFT) * x, HEIGHT - BOTTOM + 17, f"{x:g}", anchor)
        for x, anchor in zip(
            (0, 0.25, 0.5, 0.75, 1), ("start", "middle", "middle", "middle", "end")
        )
    ]
    description = (
        f"Histogram of the quality of {len(quality):,} labels, of which "
        f"{is_issue.sum():,} are suspected. {n_samples[-1]:,} have a quality above "
        f"{edges[-2]:.2f}."
    )
    return chart(bars, ticks, axes("0", f"{highest:,}", "quality"), label=description)


def loss_charts(clf):
    """Draw the losses of the first pass, averaged over its folds, and of the refit."""
    refit = epoch_losses(clf.history_)
    if refit is None:
        return element("p", "The net has kept no losses.", class_="quiet")
    folds = map(epoch_losses, getattr(clf, "first_pass_history_", None) or [])
    folds = [losses for losses in folds if losses is not None]
    charts = []
    if folds:
        title = f"First pass, mean of {len(folds)} folds"
        charts.append(loss_chart(title, mean_losses(folds)))
    title, kept = f"Refit, {clf.n_iter_} epochs", kept_epoch(clf)
    if kept is not None:
        title += f", of which epoch {kept} was kept"
    return join(*charts, loss_chart(title, refit))


def loss_chart(title, losses):
    """Draw losses against epochs."""
    n_epochs = len(losses["train_loss"])
    finite = np.concatenate([values[np.isfinite(values)] for values in losses.values()])
    low, high = finite.min(), finite.max()
    lines, names = [], []
    for at, (name, values) in enumerate(losses.items()):
        known = np.flatnonzero(np.isfinite(values))
        if len(known) > MAX_POINTS:
            known = known[np.linspace(0, len(known) - 1, MAX_POINTS).astype(int)]
        x = LEFT + 4 + (WIDTH - LEFT - 8) * known / max(n_epochs - 1, 1)
        share = (values[known] - low) / ((high - low) or 1)
        y = HEIGHT - BOTTOM - 4 - share * (HEIGHT - BOTTOM - TOP - 4)
        points = [f"{a:.1f},{b:.1f}" for a, b in zip(x, y)]
        # A line to itself is drawn as a dot, so that a single epoch is seen.
        points = " ".join(points * 2 if len(points) == 1 else points)
        lines.append(element("polyline", points=points, class_=name.replace("_", "-")))
        where = WIDTH - 4, TOP + 4 + 15 * at
        names.append(text(*where, LOSS_NAMES[name], "end", name.replace("_", "-")))
    ticks = [
        text(LEFT, HEIGHT - BOTTOM + 17, "1", "start"),
        text(WIDTH, HEIGHT - BOTTOM + 17, f"{n_epochs:,}", "end"),
    ]
    ends = [f"{name} {values[-1]:.3g}" for name, values in losses.items()]
    return join(
        element("p", title, class_="quiet"),
        chart(
            lines,
            names,
            ticks,
            axes(f"{low:.3g}", f"{high:.3g}", "epoch"),
            label=f"Loss against epochs. {title}. At the end: {', '.join(ends)}.",
        ),
    )


def chart(*parts, label):
    """Put the parts of a chart together."""
    box = f"0 0 {WIDTH} {HEIGHT}"
    return element(
        "svg", *parts, viewBox=box, role="img", aria_label=label, class_="chart"
    )


def axes(low, high, x_label):
    """Draw the horizontal axis, and name both."""
    floor = HEIGHT - BOTTOM
    return [
        text(LEFT - 6, floor, low, "end"),
        text(LEFT - 6, TOP + 8, high, "end"),
        text(LEFT + (WIDTH - LEFT) / 2, HEIGHT - 4, x_label, "middle"),
        element("line", x1=LEFT, x2=WIDTH, y1=floor, y2=floor, class_="axis"),
    ]


def bar(x, width, height, kind, title):
    """Draw one bar."""
    return element(
        "rect",
        element("title", title),
        x=f"{x + 1:.1f}",
        y=f"{HEIGHT - BOTTOM - height:.1f}",
        width=f"{width - 2:.1f}",
        height=f"{height:.1f}",
        class_=kind,
    )


def text(x, y, content, anchor, class_=None):
    """Write into a chart."""
    where = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text_anchor": anchor}
    return element("text", content, class_=class_, **where)


def has_pillow():
    """Return whether pictures can be encoded."""
    return find_spec("PIL") is not None


def matrix_picture(transition_matrix):
    """Show T as a picture of one pixel per entry."""
    if not has_pillow():
        return element("p", NO_PILLOW, class_="quiet")
    description = (
        f"Heat map of the transition matrix of {len(transition_matrix)} classes, in "
        "sorted order; the table lists its largest entries off the diagonal."
    )
    pixels = 255 - transition_matrix[:, :, np.newaxis] * (255 - DARK_BLUE)
    return picture(encode_png(pixels / 255), description, class_="matrix")


def thumbnail(image):
    """Show an image in small."""
    height, width = image.shape[:2]
    description = f"Thumbnail of this row's image of {height} by {width} pixels"
    return picture(encode_png(image, MAX_SIDE), description, class_="thumb")


def encode_png(image, max_side=None):
    """Encode an image of values in [0, 1] as a PNG."""
    from PIL import Image

    encoded = Image.fromarray(np.round(255 * image).astype(np.uint8))
    if max_side is not None:
        encoded.thumbnail((max_side, max_side))
    file = BytesIO()
    encoded.save(file, format="png", optimize=True)
    return file.getvalue()
