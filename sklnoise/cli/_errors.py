"""Errors of the user, and texts brought onto one printable line."""

import re
from difflib import get_close_matches

from sklnoise._text import shorten

# Characters of a message; the rest is cut off.
MAX_MESSAGE_LENGTH = 400


class BadInput(Exception):
    """Arguments or files that a command cannot work with; exit code 2."""


def one_line(text, max_length=MAX_MESSAGE_LENGTH):
    """Return a text as one line of printable characters."""
    # The slice comes first: a text may be a whole file.
    start = str(text)[: 4 * max_length]
    line = "".join(c if c.isprintable() or c.isspace() else "?" for c in start)
    return shorten(line, max_length)


def first_sentence(text, max_length, ends=".!?"):
    """Return the first sentence of a text, as one line."""
    sentence = re.split(rf"(?<=[{ends}])\s", str(text).strip())[0]
    return one_line(sentence.rstrip(".:") + ".", max_length)


def did_you_mean(name, names):
    """Return a hint at the closest of the names, or an empty text."""
    lower = {str(known).lower(): str(known) for known in names}
    close = get_close_matches(name.lower(), lower, n=1)
    return f"Did you mean {lower[close[0]]!r}? " if close else ""


def free_name(name, suffix, taken):
    """Append a suffix to a name until nothing else has it."""
    while name in taken:
        name += suffix
    return name
