"""Thumbnails of images, as PNG and without an image library."""

import struct
import zlib

import numpy as np

LONGEST_SIDE = 64
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}
"""PNG's number for grey and RGB, by the number of channels."""


def thumbnail(image):
    """Draw a small picture."""
    pixels = shrunk(image.reshape(*image.shape[:2], -1))
    return encode_png(np.round(255 * pixels).astype(np.uint8))


def shrunk(image):
    """Average blocks of pixels until an image is small."""
    height, width, n_channels = image.shape
    block = -(-max(height, width) // LONGEST_SIDE)
    tall, wide = min(block, height), min(block, width)
    rows, columns = height // tall, width // wide
    cut = image[: rows * tall, : columns * wide]
    return cut.reshape(rows, tall, columns, wide, n_channels).mean(axis=(1, 3))


def encode_png(pixels):
    """Write pixels as a PNG."""
    height, width, n_channels = pixels.shape
    header = struct.pack(">2I5B", width, height, 8, COLOUR_TYPES[n_channels], 0, 0, 0)
    no_filter = np.zeros((height, 1), dtype=np.uint8)
    lines = np.hstack([no_filter, pixels.reshape(height, -1)]).tobytes()
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind, data):
    """Write a chunk of a PNG."""
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
