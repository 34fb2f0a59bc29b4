"""Plain text: names shortened to one line, shares as percentages, lists cut short."""

import math
from numbers import Integral, Real

MAX_NAME_LENGTH = 40

# Names that a sentence lists before it counts the rest.
MAX_LISTED = 8


def as_text(value):
    """Return a value as text that can be encoded: lone surrogates become "?"."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def cell_text(value):
    """Return a value as a file has it: a whole number has no decimal point."""
    if isinstance(value, Real) and not isinstance(value, Integral):
        value = int(value) if float(value).is_integer() else value
    return as_text(value).strip()


def shorten(value, max_length=MAX_NAME_LENGTH):
    """Return a value as one line, with its middle left out where it is too long."""
    text = " ".join(as_text(value).split())
    if len(text) <= max_length:
        return text
    # Names often differ at their ends only, as "class 1" and "class 2" do.
    head = math.ceil((max_length - 1) / 2)
    return f"{text[:head]}…{text[len(text) - (max_length - 1 - head) :]}"


def percent(share):
    """Return a share as a percentage with one digit."""
    return f"{100 * share:.1f}%"


def enumerate_names(names):
    """Return the first few names, separated by commas, and the number of the others."""
    names = list(names)
    shown, n_more = ", ".join(names[:MAX_LISTED]), len(names) - MAX_LISTED
    return f"{shown} and {n_more} more" if n_more > 0 else shown


def list_some(values):
    """Return the first few values as the text of a list, each of them cut short."""
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    shown = [shorten(repr(value)) for value in values[:MAX_LISTED]]
    return f"[{', '.join(shown)}{', ...' if len(values) > MAX_LISTED else ''}]"
