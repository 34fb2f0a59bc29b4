"""HTML that is escaped unless it was made here."""

from base64 import b64encode
from html import escape
from itertools import chain

from sklnoise._text import as_text, shorten

# Characters of a cell that are shown at once; more are folded away.
MAX_SHOWN_LENGTH = 80

# Characters that are kept of a text that is folded away.
MAX_TEXT_LENGTH = 2000

# Longer tables scroll up and down in their box.
MAX_LINES_AT_ONCE = 25

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
    """Concatenate pieces."""
    flat = chain.from_iterable([p] if isinstance(p, str) else p for p in parts)
    return Html("".join(p if isinstance(p, Html) else escape(as_text(p)) for p in flat))


def table(caption, headers, lines, *, class_=None, scrolls=None):
    """Make a table that scrolls inside a box of its own."""
    lines = [[as_cell(cell) for cell in line] for line in lines]
    first = lines[0] if lines else headers
    if scrolls is None:
        scrolls = len(lines) > MAX_LINES_AT_ONCE
    head = (
        element("th", name, scope="col", class_="number" if is_number(cell) else None)
        for name, cell in zip(headers, first)
    )
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", head)),
        element("tbody", (element("tr", line) for line in lines)),
        class_=class_,
    )
    # Boxes that scroll can be reached by the keyboard.
    return element(
        "div",
        whole,
        class_="box tall" if scrolls else "box",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def number(text):
    """Make a cell of a number, aligned to the right."""
    return Html(f"{NUMBER}{escape(text)}</td>")


def is_number(cell):
    """Return whether a cell holds a number."""
    return cell.startswith(NUMBER)


def as_cell(content):
    """Put content into a cell, unless it is one."""
    is_cell = isinstance(content, Html) and content.startswith(("<td", "<th"))
    return content if is_cell else element("td", content)


def titled(text):
    """Return a name, shortened, with the whole of a long one as its tooltip."""
    whole, short = as_text(text), shorten(text)
    if short == whole:
        return join(short)
    return element("span", short, title=whole[:MAX_TEXT_LENGTH])


def folded(text):
    """Show the beginning of a text, and the rest of it on demand."""
    if len(text) <= MAX_SHOWN_LENGTH:
        return join(text)
    kept = text[:MAX_TEXT_LENGTH]
    if len(text) > MAX_TEXT_LENGTH:
        kept += f" … ({len(text) - MAX_TEXT_LENGTH} more characters)"
    start = text[: MAX_SHOWN_LENGTH - 1] + "…"
    return element("details", element("summary", start), element("p", kept))


def picture(png, description, **attributes):
    """Embed a picture."""
    source = "data:image/png;base64," + b64encode(png).decode()
    opened = element("img", src=source, alt=description, **attributes)
    return Html(opened.removesuffix("</img>"))
