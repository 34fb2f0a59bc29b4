"""Losses of trainings as curves over the epochs."""

import numpy as np

from sklnoise.inspection._canvas import COLOURS

LINES = (
    ("train_loss", "training", COLOURS[0], "-"),
    ("valid_loss", "held out (noisy labels)", COLOURS[1], "--"),
)


def losses_of(history):
    """Collect the losses of a training."""
    losses = {
        name: np.array([epoch.get(name, np.nan) for epoch in history], dtype=float)
        for name, *_ in LINES
    }
    if np.isnan(losses["train_loss"]).all():
        return None
    return {name: values for name, values in losses.items() if np.isfinite(values).any()}


def draw_refit(ax, losses, kept_epoch):
    """Draw the losses of the refit."""
    lines = draw_losses(ax, losses)
    if kept_epoch is not None:
        mark = {"color": "#222222", "lw": 1}
        ax.axvline(kept_epoch, ls=":", label=f"kept: epoch {kept_epoch}", **mark)
        judged = lines[-1].get_ydata()
        ax.plot(kept_epoch, judged[kept_epoch - 1], "o", ms=6, mfc="white", **mark)
    finish(ax, "Refit")
    return lines


def draw_folds(ax, folds):
    """Draw the losses of the folds thin and their means thick."""
    for losses in folds:
        draw_losses(ax, losses, lw=0.7, alpha=0.4, label="_fold")
    names = set.intersection(*(set(losses) for losses in folds))
    shortest = min(len(losses["train_loss"]) for losses in folds)
    means = {
        name: np.mean([losses[name][:shortest] for losses in folds], axis=0)
        for name, *_ in LINES
        if name in names
    }
    lines = draw_losses(ax, means, lw=2.5)
    finish(ax, f"First pass, mean of {len(folds)} folds")
    return lines


def draw_losses(ax, losses, **style):
    """Draw a line for each loss."""
    lines = []
    for name, label, colour, dashes in LINES:
        if name in losses:
            values = losses[name]
            epochs = np.arange(1, len(values) + 1)
            marker = "o" if len(values) == 1 else None
            looks = {"color": colour, "ls": dashes, "marker": marker, "label": label}
            lines += ax.plot(epochs, values, **looks | style)
    return lines


def finish(ax, title):
    """Name what the axes show."""
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    ax.set(xlabel="Epoch", ylabel="Loss", title=title)
    ax.legend()
