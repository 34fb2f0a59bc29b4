"""Tables in JSON: the layouts that programs write, and how a cell is changed in them."""

import json
from itertools import product
from typing import NamedTuple

import pandas as pd

from sklnoise.cli._errors import BadInput, one_line

# How programs write JSON: indent, separators, whether as ASCII, and slashes.
STYLES = [
    (indent, separators, is_ascii, slash)
    for is_ascii, slash in product((False, True), ("/", "\\/"))
    for separators in ((", ", ": "), (",", ": "), (",", ":"))
    for indent in (None, 2, 4, 1, 3, "\t")
]


class Found(NamedTuple):
    """What a text in JSON holds, as a table."""

    frame: pd.DataFrame
    # The document, or the one of each line.
    content: object
    # Gives the list or object that a cell stands in, and its place there.
    locate: object
    has_lines: bool


def parse_json(text, kind, path):
    """Read JSON: one document, or one in each line."""
    content, error = loads(text)
    has_lines = content is None or (kind != ".json" and isinstance(content, dict))
    if has_lines:
        contents = [loads(line) for line in text.split("\n") if line.strip()]
        if any(content is None for content, _ in contents):
            reason = error or next(reason for _, reason in contents if reason)
            raise BadInput(
                f"{path} is not JSON that can be read: {one_line(reason, 120)}."
            )
        content = [content for content, _ in contents]
    try:
        located = locate_table(content)
    except RecursionError:
        located = None
    if located is None:
        raise BadInput(
            f"{path} is not a table in JSON. It must hold a list of objects, one for "
            'each row, such as [{"size": 3, "label": "cat"}].'
        )
    frame, locate = located
    return Found(frame, content, locate, has_lines)


def loads(text):
    """Return what a document holds, or None and the reason why it cannot be read."""
    try:
        found = json.loads(text)
        # Escapes may hold halves of characters, which no file can be written with.
        whole = json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")
        return json.loads(whole) if b"?" in whole and "\\u" in text else found, None
    except (ValueError, RecursionError) as error:
        return None, error


def locate_table(found):
    """Return the table in a JSON document, and how to find its cells; or None."""
    if isinstance(found, list):
        return locate_rows(found)
    if not isinstance(found, dict):
        return None
    names, rows = found.get("columns"), found.get("data")
    if isinstance(names, list) and isinstance(rows, list) and is_grid(rows, len(names)):
        names = list(map(str, names))
        frame = pd.DataFrame(rows, columns=names)
        return frame, lambda row, name: (rows[row], names.index(name))
    values = list(found.values())
    is_columns = len(values) > 1 and all(isinstance(value, list) for value in values)
    if is_columns and len(set(map(len, values))) == 1:
        return pd.DataFrame(found), lambda row, name: (found[name], row)
    if len(values) > 1 and all(isinstance(value, dict) for value in values):
        keys = list(values[0])
        if all(list(value) == keys for value in values):
            # Rows by their names, or columns by theirs with the same names of rows.
            if not all(map(str.isdecimal, keys)):
                return locate_rows(values)
            frame = pd.DataFrame(found)
            return frame, lambda row, name: (found[name], keys[row])
    inner = [value for value in values if isinstance(value, list | dict) and value]
    inner = [located for located in map(locate_table, inner) if located is not None]
    # The table is what has the most rows, where there is a schema or the like too.
    return max(inner, key=lambda located: len(located[0]), default=None)


def is_grid(rows, width):
    """Return whether there are only rows of some width."""
    return all(isinstance(row, list) and len(row) == width for row in rows)


def locate_rows(rows):
    """Return the table of a list of objects, or of lists below a list of names."""
    if all(isinstance(row, dict) for row in rows):
        if any(isinstance(cell, dict) for row in rows for cell in row.values()):
            return pd.json_normalize(rows), lambda row, name: walk(rows[row], name)
        return pd.DataFrame(rows), lambda row, name: (rows[row], name)
    names, *rest = rows or [None]
    is_head = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if is_head and len(names) > 1 and rest and is_grid(rest, len(names)):
        frame = pd.DataFrame(rest, columns=names)
        return frame, lambda row, name: (rest[row], names.index(name))
    return None


def walk(cells, name):
    """Return the object that holds a cell of a nested one, such as "size.height"."""
    while name not in cells:
        outer = next(
            key
            for key, cell in cells.items()
            if isinstance(cell, dict) and name.startswith(f"{key}.")
        )
        cells, name = cells[outer], name[len(outer) + 1 :]
    return cells, name


def dump_like(text, former, content):
    """Write JSON as a text is written that holds the former content."""
    body = text.strip()
    style = next((style for style in STYLES if dump(former, *style) == body), None)
    if style is None:
        style = STYLES[1 if "\n" in body else 0]
    at = text.index(body)
    return text[:at] + dump(content, *style) + text[at + len(body) :]


def dump(content, indent, separators, is_ascii, slash):
    """Write JSON in one of the styles of programs."""
    text = json.dumps(
        content, indent=indent, separators=separators, ensure_ascii=is_ascii
    )
    return text.replace("/", slash)
