"""What samples are called, and how those that are images look."""

import numpy as np

# Bytes that stay below this, such as those from 0 to 16, would be a black image.
MIN_BRIGHTEST = 64

# In pixels; with fewer, two axes are a short sequence and no image.
MIN_IMAGE_SIDE = 4


def index_of(*data):
    """Return the first index that some data have, or None."""
    for part in data:
        index = getattr(part, "index", None)
        if hasattr(index, "names"):  # a list has a method `index`
            return index
    return None


def sample_name(index, row):
    """Return the name of the sample at a position."""
    name = row if index is None else index[row]
    return ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def as_images(X):
    """Return samples as images of values in [0, 1], or None if they are no images."""
    if not hasattr(X, "ndim") or X.ndim not in (3, 4):
        return None
    X = np.asarray(X)
    if X.dtype.kind not in "fiub":
        return None
    if X.ndim == 4:
        if X.shape[1] in (1, 3, 4) and min(X.shape[2:]) >= MIN_IMAGE_SIDE:
            X = np.moveaxis(X, 1, 3)
        if X.shape[3] not in (1, 3, 4):
            return None
        X = X[..., 0] if X.shape[3] == 1 else X[..., :3]
    return scale_pixels(X) if min(X.shape[1:3]) >= MIN_IMAGE_SIDE else None


def scale_pixels(images):
    """Scale pixels to the range from 0 to 1."""
    if images.dtype == np.uint8 and images.max(initial=0) >= MIN_BRIGHTEST:
        return images / 255
    images = np.nan_to_num(images.astype(float), posinf=0, neginf=0)
    low, high = images.min(), images.max()
    if low >= 0 and high <= 1:
        return images
    return (images - low) / max(high - low, np.finfo(float).tiny)
