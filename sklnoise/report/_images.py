"""Images of a report, as the text of their files."""

from base64 import b64encode
from importlib.util import find_spec
from io import BytesIO

import numpy as np

# Bytes of all images together, and of a single one.
IMAGES_BYTES, MAX_IMAGE_BYTES = 1_200_000, 60_000

# Longest sides in pixels that are tried until an image is small enough.
SIDES = 512, 256, 128, 96, 64, 48, 32, 16

# Up to here an image is kept as it is, pixel by pixel, rather than as a JPEG.
MAX_EXACT_SIDE = 64

# What a probability of 1 looks like in the picture of T; 0 is white.
DARK_BLUE = np.array([8, 48, 107])

NO_PILLOW = 'Images are shown where Pillow is installed: pip install "sklnoise[images]"'


def has_pillow():
    """Return whether images can be encoded."""
    return find_spec("PIL") is not None


def byte_limit(n_images):
    """Return how many bytes an image may have as text."""
    return min(MAX_IMAGE_BYTES, IMAGES_BYTES // max(n_images, 1))


def encode_image(image, max_bytes):
    """Encode an image of values in [0, 1], as large as the number of bytes allows."""
    from PIL import Image

    whole = Image.fromarray(np.round(255 * image).astype(np.uint8))
    for side in SIDES:
        small = whole.copy()
        small.thumbnail((side, side))
        formats = ["jpeg"] if max(small.size) > MAX_EXACT_SIDE else ["png", "jpeg"]
        for name in formats:
            source = encode(small, name)
            if len(source) <= max_bytes:
                return source
    return source


def encode_matrix(transition_matrix):
    """Encode T as an image of one pixel per entry."""
    from PIL import Image

    pixels = 255 - np.asarray(transition_matrix)[:, :, np.newaxis] * (255 - DARK_BLUE)
    return encode(Image.fromarray(np.round(pixels).astype(np.uint8)), "png")


def encode(image, name):
    """Return an image as the address of its own data."""
    file = BytesIO()
    image.save(file, format=name, optimize=True, quality=80)
    return f"data:image/{name};base64,{b64encode(file.getvalue()).decode()}"
