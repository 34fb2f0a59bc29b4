"""Cases of a part: those that are missing are run while there is time."""

import time
import warnings
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from benchmarks.reproduce._cells import append
from benchmarks.reproduce._machine import machine, versions

PARTS = "checks", "samples", "folds", "speed", "cifar", "clothing", "human"


class Options(NamedTuple):
    """What the command line says.

    Attributes
    ----------
    device : {"cuda", "cpu"}
        Where everything is trained.

    tiny : bool
        Whether little made data take the place of the real ones.

    results : Path
        Folder of the CSV files.

    images : Path or None
        Folder of the images of part 6.

    labels : Path or None
        File with the labels of people of part 7.
    """

    device: str
    tiny: bool
    results: Path
    images: Path | None = None
    labels: Path | None = None

    def path_of(self, part):
        """Return the path of the CSV of a part."""
        return self.results / f"gpu_{part}.csv"


def run_part(part, cases, options, seconds):
    """Run cases, functions by name that return rows; return how many are left.

    A case begins only if one that takes as long as the longest so far would end in time.
    """
    path = options.path_of(part)
    done = set(pd.read_csv(path)["case"]) if path.exists() else set()
    missing = [name for name in cases if name not in done]
    start, longest = time.perf_counter(), 0.0
    for n_run, name in enumerate(missing):
        begun = time.perf_counter()
        if n_run and begun - start + longest > seconds:
            return len(missing) - n_run
        print(name, flush=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of few epochs, and of what noise does
            rows = cases[name]()
        where = {
            "seconds": time.perf_counter() - begun,
            "device": options.device,
            "versions": versions(),
            "machine": machine(),
        }
        append(path, [{"case": name, **row, **where} for row in rows])
        for row in rows:
            print("   ", ", ".join(f"{key} {value}" for key, value in row.items()))
        longest = max(longest, where["seconds"])
    return 0
