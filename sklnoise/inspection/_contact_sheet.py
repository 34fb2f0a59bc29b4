"""Suspect images side by side, with their labels and what these may be instead."""

import numpy as np

from sklnoise._text import shorten
from sklnoise.inspection._canvas import text_width

POINTS = 9
"""Font size of the captions."""

PER_LINE = 4
TILE = 1.3
"""Width in inches of an image with its margins."""

CAPTION = 0.55
"""Height in inches of the text above and below an image."""

LEAST_BRIGHTEST = 64
"""Of images that use the range of bytes; others, such as from 0 to 16, would be black."""

LEAST_SIDE = 4
"""Pixels from which two axes are an image and not a short sequence."""


class ContactSheet:
    """Images side by side, four a line."""

    def __init__(self, images, names, labels, suggested):
        self.images = images
        self.names = names
        self.labels = labels
        self.suggested = suggested
        self.n_columns = min(PER_LINE, len(images))
        self.n_lines = -(-len(images) // self.n_columns)
        self.size = TILE * self.n_columns, (TILE + CAPTION) * self.n_lines

    def draw(self, figure, height):
        """Draw the sheet."""
        grid = figure.subplots(self.n_lines, self.n_columns, squeeze=False).ravel()
        axes = list(grid[: len(self.images)])
        for ax in grid[len(axes) :]:
            ax.set_axis_off()
        for ax, image, name, *pair in zip(
            axes, self.images, self.names, self.labels, self.suggested
        ):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.set_title(caption(*pair), fontsize=POINTS, parse_math=False)
            ax.set_xlabel(f"row {name}", fontsize=POINTS - 2, parse_math=False)
        return axes


def caption(label, suggested):
    """Write "label → suggested" as wide as an image, in two lines where it is long."""
    room = 72 * (TILE - 0.1)
    text = f"{label} → {suggested}"
    if text_width([text], POINTS) <= room:
        return text
    lines = []
    for part in (label, f"→ {suggested}"):
        most = len(part)
        while text_width([shorten(part, most)], POINTS) > room:
            most -= 1
        lines.append(shorten(part, most))
    return "\n".join(lines)


def as_pictures(X):
    """Turn rows that look like images into pictures."""
    if not hasattr(X, "ndim") or X.ndim not in (3, 4):
        return None
    X = np.asarray(X)
    if X.dtype.kind not in "fiub":
        return None
    if X.ndim == 4:
        if X.shape[1] in (1, 3, 4) and min(X.shape[2:]) >= LEAST_SIDE:
            X = np.moveaxis(X, 1, 3)
        if X.shape[3] not in (1, 3, 4):
            return None
        X = X[..., 0] if X.shape[3] == 1 else X[..., :3]
    if min(X.shape[1:3]) < LEAST_SIDE:
        return None
    return scaled(X)


def scaled(images):
    """Scale pixels to the range from 0 to 1."""
    if images.dtype == np.uint8 and images.max(initial=0) >= LEAST_BRIGHTEST:
        return images / 255
    images = np.nan_to_num(images.astype(float), posinf=0, neginf=0)
    low, high = images.min(), images.max()
    if low >= 0 and high <= 1:
        return images
    return (images - low) / max(high - low, np.finfo(float).tiny)
