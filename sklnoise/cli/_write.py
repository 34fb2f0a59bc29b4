"""Files that are written together, each whole or not at all."""

import os
import secrets
from collections import Counter
from contextlib import contextmanager

from sklnoise.cli._errors import BadInput


def check_outputs(outputs, inputs):
    """Refuse files that could not be written, before any work is done."""
    for option, path in outputs.items():
        folder = path.absolute().parent
        if path.is_dir():
            raise BadInput(f"{option} {path} is a folder. Name a file in it.")
        if not folder.is_dir():
            raise BadInput(
                f"{option} {path}: the folder {folder} does not exist. Make it first."
            )
        if not os.access(folder, os.W_OK):
            raise BadInput(
                f"{option} {path}: the folder {folder} cannot be written to. "
                "Name a file elsewhere."
            )
        if path.resolve() in [source.resolve() for source in inputs]:
            raise BadInput(f"{option} {path} would replace the data. Name another file.")
    counts = Counter(path.resolve() for path in outputs.values())
    if counts and max(counts.values()) > 1:
        options = " and ".join(outputs)
        raise BadInput(f"{options} must name different files.")


@contextmanager
def written_together(paths):
    """Give a file beside each path, and put all in place when the block succeeds."""
    # Beside what a link points to, so that the link stays.
    final = {path: path.resolve() for path in paths}
    token = secrets.token_hex(4)
    beside = {
        path: target.with_name(f".{target.name}.{token}.part")
        for path, target in final.items()
    }
    try:
        yield beside
        for part in beside.values():
            part.stat()  # None is put in place where another is missing.
        for path, target in final.items():
            os.replace(beside[path], target)
    except OSError as error:
        raise BadInput(
            f"Nothing was written: {error.strerror or error}"
            f"{f' ({error.filename})' if error.filename else ''}."
        ) from error
    finally:
        for part in beside.values():
            part.unlink(missing_ok=True)
