"""HTML that is escaped unless it was made here."""

from base64 import b64encode
from html import escape
from itertools import chain

from sklnoise._text import MAX_NAME_LENGTH, as_text, shorten

LONGEST_TEXT = 80
"""Characters of a cell that are shown at once."""

LONGEST_DETAIL = 2000
"""Characters that are kept of a longer one, folded away."""

MOST_AT_ONCE = 25
"""Rows of a table from which its box scrolls up and down too."""

NUMBER = '<td class="number">'


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name, *children, **attributes):
    """Make an element."""
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(as_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{listed}>{join(*children)}</{name}>")


def join(*parts):
    """Put pieces behind one another."""
    flat = chain.from_iterable([p] if isinstance(p, str) else p for p in parts)
    return Html("".join(p if isinstance(p, Html) else escape(as_text(p)) for p in flat))


def table(caption, headers, rows, *, class_=None, all_rows=False):
    """Make a table that scrolls inside a box of its own."""
    rows = [[as_cell(cell) for cell in row] for row in rows]
    above = rows[0] if rows else headers
    head = (
        element("th", name, scope="col", class_="number" if is_number(cell) else None)
        for name, cell in zip(headers, above)
    )
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", head)),
        element("tbody", (element("tr", row) for row in rows)),
        class_=class_,
    )
    # Boxes that scroll can be reached by the keyboard.
    return element(
        "div",
        whole,
        class_="box tall" if len(rows) > MOST_AT_ONCE and not all_rows else "box",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def number(text):
    """Make a cell that is set to the right."""
    return Html(f"{NUMBER}{escape(text)}</td>")


def is_number(cell):
    """Tell whether a cell holds a number."""
    return cell.startswith(NUMBER)


def as_cell(content):
    """Put content into a cell, unless it is one."""
    is_cell = isinstance(content, Html) and content.startswith(("<td", "<th"))
    return content if is_cell else element("td", content)


def titled(text, most=MAX_NAME_LENGTH):
    """Write a name, the whole of a long one where the pointer rests on it."""
    whole, short = as_text(text), shorten(text, most)
    if short == whole:
        return join(short)
    return element("span", short, title=whole[:LONGEST_DETAIL])


def folded(text):
    """Show the beginning of a text, and the rest of it on demand."""
    if len(text) <= LONGEST_TEXT:
        return join(text)
    kept = text[:LONGEST_DETAIL]
    if len(text) > LONGEST_DETAIL:
        kept += f" … ({len(text) - LONGEST_DETAIL} more characters)"
    start = text[: LONGEST_TEXT - 1] + "…"
    return element("details", element("summary", start), element("p", kept))


def picture(png, description, **attributes):
    """Embed a picture."""
    source = "data:image/png;base64," + b64encode(png).decode()
    opened = element("img", src=source, alt=description, **attributes)
    return Html(opened.removesuffix("</img>"))
