"""The commands and their options."""

from pathlib import Path
from typing import Annotated

import typer

from sklnoise.cli._demo import run_demo

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


@app.callback()
def sklnoise():
    """Train neural networks on noisy labels as if they were clean."""


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(dir_okay=False, writable=True, help="Picture to write, a PNG.")
    ] = Path("sklnoise-demo.png"),
    seeds: Annotated[int, typer.Option(min=1, help="Number of repetitions.")] = 5,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; the result does not depend on it."),
    ] = None,
):  # numpydoc ignore=PR01
    """Learn real handwritten digits from labels of which 40 % are wrong."""
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"the folder of {out} does not exist.")
    run_demo(out, seeds, jobs)
