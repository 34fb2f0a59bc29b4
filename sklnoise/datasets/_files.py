"""Where the files of real data lie, and what is said of those that fail."""

import os
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "SKLNOISE_DATA"
"""Environment variable that names the folder of the files."""


def find_file(name, data_home):
    """Find a file in `data_home`, or else in the folder of the environment variable."""
    for folder in (data_home, os.environ.get(VARIABLE)):
        if folder:
            path = Path(folder).expanduser() / name
            if path.is_file():
                return path
    return None


def tell_where(name, data_home):
    """Tell where a file was looked for in vain, and where to put it."""
    homes = f"data_home={data_home!r}", f"{VARIABLE}={os.environ.get(VARIABLE)!r}"
    return (
        f"The file {name} is in no folder that was named; got {' and '.join(homes)}. "
        f"Pass data_home, or set the environment variable {VARIABLE}, to a folder with "
        "the file"
    )


@contextmanager
def explain_broken(path, expected):
    """Turn whatever goes wrong while a file is read into a ValueError about the file."""
    try:
        yield
    except MemoryError:
        raise
    # Zip, xz, JSON and JPEG have errors of their own, without a common base.
    except Exception as error:
        raise ValueError(
            f"{path} must hold {expected}; reading it failed with "
            f"{type(error).__name__}: {error}. Replace the file by an intact one."
        ) from error
