"""What the user got wrong, in one line that says what to do."""

from difflib import get_close_matches

LONGEST = 400
"""Characters of a message; the rest is cut off."""


class BadInput(Exception):
    """Arguments or files that a command cannot work with; ends it with exit code 2."""


def one_line(text, longest=LONGEST):
    """Bring a text onto one line of printable characters."""
    line = " ".join(str(text)[: 4 * longest].split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= longest else line[: longest - 3] + "..."


def choices(name, names, what):
    """Tell which names there are, the closest one first."""
    names = [str(known) for known in names]
    lower = {known.lower(): known for known in names}
    close = get_close_matches(name.lower(), lower, n=1)
    hint = f"Did you mean {lower[close[0]]!r}? " if close else ""
    return f"{hint}The {what} are {some(names, 20)}."


def free_name(name, suffix, taken):
    """Lengthen a name until it is free."""
    while name in taken:
        name += suffix
    return name


def some(names, most):
    """Name the first few, and how many there are besides."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
