"""The charts of a report: where their bars, lines and numbers stand."""

import numpy as np

from sklnoise.classifiers._fitted import epoch_losses, kept_epoch, mean_losses

# Size and margins of a chart, in its own units.
WIDTH, HEIGHT = 600, 180
LEFT, BOTTOM, TOP = 76, 40, 16

N_BINS = 20

# Of a line: longer histories are thinned out.
MAX_POINTS = 200

# Where the template draws axes and names.
CANVAS = {
    "width": WIDTH,
    "height": HEIGHT,
    "left": LEFT,
    "top": TOP,
    "floor": HEIGHT - BOTTOM,
}

LOSS_NAMES = {"train_loss": "training", "valid_loss": "held out (noisy labels)"}


def quality_chart(quality, is_issue):
    """Return a histogram of the qualities, with a part for suspected labels."""
    edges = np.linspace(0, 1, N_BINS + 1)
    n_samples = np.histogram(quality, edges)[0]
    n_issues = np.histogram(quality[is_issue], edges)[0]
    highest, width = max(1, n_samples.max()), (WIDTH - LEFT) / N_BINS
    bars = [
        {
            "kind": kind,
            "x": round(LEFT + k * width + 1, 1),
            "width": round(width - 2, 1),
            "height": round(max(1.5, counts[k] / highest * (HEIGHT - BOTTOM - TOP)), 1),
            "title": f"quality {edges[k]:.2f} to {edges[k + 1]:.2f}: {n_samples[k]:,} "
            f"labels, {n_issues[k]:,} suspected",
        }
        for counts, kind in ((n_samples, "all"), (n_issues, "issue"))
        for k in np.flatnonzero(counts)
    ]
    ticks = [
        (LEFT + (WIDTH - LEFT) * share, f"{share:g}", anchor)
        for share, anchor in zip(
            (0, 0.25, 0.5, 0.75, 1), ("start", "middle", "middle", "middle", "end")
        )
    ]
    description = (
        f"Histogram of the quality of {len(quality):,} labels, of which "
        f"{is_issue.sum():,} are suspected. {n_samples[-1]:,} have a quality above "
        f"{edges[-2]:.2f}."
    )
    axes = {"low": "0", "high": f"{highest:,}", "x_label": "quality"}
    return {"description": description, "ticks": ticks, "bars": bars, **axes}


def loss_charts(clf):
    """Return the losses of the first pass, averaged over its folds, and of the refit."""
    folds = map(epoch_losses, getattr(clf, "first_pass_history_", None) or [])
    folds = [losses for losses in folds if losses is not None]
    charts = []
    if folds:
        title = f"First pass, mean of {len(folds)} folds"
        charts.append(loss_chart(title, mean_losses(folds)))
    refit = epoch_losses(clf.history_) if hasattr(clf, "history_") else None
    if refit is None:
        return charts
    title, kept = f"Refit, {clf.n_iter_} epochs", kept_epoch(clf)
    if kept is not None:
        title += f", of which epoch {kept} was kept"
    return [*charts, loss_chart(title, refit)]


def loss_chart(title, losses):
    """Return losses against epochs."""
    n_epochs = len(losses["train_loss"])
    finite = np.concatenate([values[np.isfinite(values)] for values in losses.values()])
    low, high = finite.min(), finite.max()
    lines = [
        {
            "kind": name.replace("_", "-"),
            "name": LOSS_NAMES[name],
            "points": line_points(values, n_epochs, low, high),
        }
        for name, values in losses.items()
    ]
    ends = [f"{name} {values[-1]:.3g}" for name, values in losses.items()]
    description = f"Loss against epochs. {title}. At the end: {', '.join(ends)}."
    ticks = [(LEFT, "1", "start"), (WIDTH, f"{n_epochs:,}", "end")]
    axes = {"low": f"{low:.3g}", "high": f"{high:.3g}", "x_label": "epoch"}
    texts = {"title": title, "description": description}
    return {**texts, "ticks": ticks, "lines": lines, **axes}


def line_points(values, n_epochs, low, high):
    """Return the points of a line, as SVG has them."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) > MAX_POINTS:
        known = known[np.linspace(0, len(known) - 1, MAX_POINTS).astype(int)]
    x = LEFT + 4 + (WIDTH - LEFT - 8) * known / max(n_epochs - 1, 1)
    share = (values[known] - low) / ((high - low) or 1)
    y = HEIGHT - BOTTOM - 4 - share * (HEIGHT - BOTTOM - TOP - 4)
    points = [f"{a:.1f},{b:.1f}" for a, b in zip(x, y)]
    # A line to itself is drawn as a dot, so that a single epoch is seen.
    return " ".join(points * 2 if len(points) == 1 else points)
