"""Texts of pictures in characters that the font of matplotlib can draw."""

from sklnoise._text import shorten

WEIGHTS = "normal", "bold"
"""Of the texts that are drawn; the fonts of a family do not hold the same characters."""


def drawable(text):
    """Write characters that cannot be drawn by their numbers."""
    missing = missing_glyphs(text)
    if not missing:
        return text
    return "".join(
        char.encode("unicode_escape").decode() if char in missing else char
        for char in text
    )


def missing_glyphs(text):
    """Find the characters that cannot be drawn."""
    if text.isascii() and text.isprintable():
        return set()
    fonts = {weight: fonts_of(weight) for weight in WEIGHTS}
    return {
        char
        for char in set(text)
        if not char.isprintable()  # some fonts have these, but draw nothing
        or not all(any(f.get_char_index(ord(char)) for f in fonts[w]) for w in WEIGHTS)
    }


def fonts_of(weight):
    """Return the fonts that matplotlib looks for a character in."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    paths = []
    for family in FontProperties().get_family():
        wanted = FontProperties(family=[family], weight=weight)
        try:
            paths.append(findfont(wanted, fallback_to_default=False))
        except ValueError:  # not installed: matplotlib passes over it
            continue
    return list(map(get_font, paths or [findfont("DejaVu Sans")]))


def fitting(value, most):
    """Write a value in one line that can be drawn, shorten where it is long."""
    return shorten(drawable(shorten(value, most)), most)
