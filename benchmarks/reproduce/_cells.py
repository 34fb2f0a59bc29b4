"""Cells of a table: what is missing is run, and appended to the CSV when it is done."""

import time
import warnings
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from joblib import Parallel, delayed
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks.reproduce._machine import machine, versions

RESULTS = Path(__file__).parents[1] / "results"


class Cell(NamedTuple):
    """What is run at once: some systems on one draw of the noise.

    Attributes
    ----------
    model : str
        Network and protocol.

    noise : str
        Kind and rate, such as "symmetric .2".

    systems : tuple of str
        Names of the rows of the table.

    seed : int
        Of the noise, the weights and the shuffles.
    """

    model: str
    noise: str
    systems: tuple
    seed: int


def results_of(table):
    """Return the path of a table's CSV."""
    return RESULTS / f"reproduce_{table}.csv"


def read_results(table):
    """Read what has been run of a table."""
    path = results_of(table)
    columns = ["model", "noise", "system", "seed", "accuracy"]
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=columns)


def missing_cells(cells, frame):
    """Leave out the cells all of whose systems have been run."""
    done = set(zip(frame.model, frame.noise, frame.system, frame.seed))
    rest = [
        cell._replace(
            systems=tuple(
                system
                for system in cell.systems
                if (cell.model, cell.noise, system, cell.seed) not in done
            )
        )
        for cell in cells
    ]
    return [cell for cell in rest if cell.systems]


def run_missing(table, cells, run, jobs):
    """Run the cells that are missing, with a progress bar, and append them to the CSV."""
    cells = missing_cells(cells, read_results(table))
    path = results_of(table)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
    )
    with Progress(*columns, speed_estimate_period=3600) as progress:
        task = progress.add_task(table, total=len(cells))
        for rows in Parallel(jobs, return_as="generator_unordered", batch_size=1)(
            delayed(run_cell)(run, cell) for cell in cells
        ):
            append(path, rows)
            progress.advance(task)


def append(path, rows):
    """Append rows to a CSV."""
    frame, is_new = pd.DataFrame(rows), not path.exists()
    if not is_new:
        columns = pd.read_csv(path, nrows=0).columns
        if set(columns) != set(frame):
            raise ValueError(
                f"{path} has the columns {sorted(columns)}; got {sorted(frame)}. Move it "
                "out of the way to run the table anew."
            )
        frame = frame[columns]
    text = frame.to_csv(header=is_new, index=False, float_format="%.4f")
    with path.open("a", encoding="utf-8") as file:
        file.write(text)  # at once: a kill tears no row


def run_cell(run, cell):
    """Run one cell."""
    rows, start = [], time.perf_counter()
    where = {"versions": versions(), "machine": machine()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for row in run(cell):
            own = cell._asdict() | {"system": row.pop("system")}
            del own["systems"]
            said = {type_of(warning) for warning in caught}
            seconds = time.perf_counter() - start
            more = {"seconds": seconds, "warnings": " ".join(sorted(said)), **where}
            rows.append({**own, **row, **more})
            caught.clear()
            start = time.perf_counter()
    return rows


def type_of(warning):
    """Return the name of the class of a warning."""
    return warning.category.__name__
