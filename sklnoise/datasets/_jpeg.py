"""JPEG images that share a header, as arrays."""

from io import BytesIO

import numpy as np

END = b"\xff\xd9"
"""The marker that ends a JPEG image."""


def import_pillow(caller):
    """Import Pillow, an extra, or say how to install it."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ModuleNotFoundError(
            f'{caller} needs Pillow. Install it by: pip install "sklnoise[images]"',
            name="PIL",
        ) from error
    return Image


def decode_jpegs(Image, header, scans, size):
    """Decode images that are stored without their common header and end."""
    X = np.empty((len(scans), 3, size, size), dtype=np.uint8)
    for pixels, scan in zip(X, scans):
        with Image.open(BytesIO(header + scan + END), formats=["JPEG"]) as image:
            if image.size != (size, size):
                raise ValueError(f"an image has size {image.size}")
            pixels[:] = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    return X
