"""The commands and their options."""

from pathlib import Path
from typing import Annotated

import typer

import sklnoise as package

# What a command needs is imported when it runs: help and completion come at once.
app = typer.Typer(pretty_exceptions_enable=False)


def print_version(wanted: bool):  # numpydoc ignore=PR01
    """Print the version and end."""
    if wanted:
        typer.echo(f"sklnoise {package.__version__}")
        raise typer.Exit


def matching_corrections(incomplete: str):
    """Complete the name of a correction."""
    from sklnoise.cli._model import CORRECTION_NAMES

    return [name for name in CORRECTION_NAMES if name.startswith(incomplete)]


@app.callback(invoke_without_command=True)
def sklnoise(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=print_version,
            is_eager=True,
            help="Print the version and end.",
        ),
    ] = False,
):  # numpydoc ignore=PR01
    """Train neural networks on noisy labels as if they were clean."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


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
    from sklnoise.cli._demo import run_demo

    run_demo(out, seeds, jobs)


@app.command()
def audit(
    data: Annotated[Path, typer.Argument(help="Table: .csv, .tsv or .parquet.")],
    target: Annotated[str, typer.Option(help="Column of the labels.")],
    out: Annotated[
        Path | None, typer.Option(help="Report to write, one HTML file.")
    ] = None,
    issues: Annotated[
        Path | None, typer.Option(help="CSV to write: all suspicious rows.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Fitted model to write, for sklnoise predict.")
    ] = None,
    correction: Annotated[
        str,
        typer.Option(
            help="How the training corrects for wrong labels.",
            autocompletion=matching_corrections,
        ),
    ] = "default",
    trusted: Annotated[
        str | None,
        typer.Option(help="Column that is true where the label is known to be right."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same result.")
    ] = 0,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; the result does not depend on it."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print errors only; with --json the document.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
):  # numpydoc ignore=PR01
    """Find the suspicious labels of a table and the noise behind them."""
    from sklnoise.cli._audit import run_audit
    from sklnoise.cli._model import Settings

    outputs = {"--out": out, "--issues": issues, "--model": model}
    run_audit(
        data,
        target,
        Settings(correction, device, seed, jobs),
        trusted=trusted,
        outputs={option: path for option, path in outputs.items() if path is not None},
        quiet=quiet,
        as_json=as_json,
    )


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="Model that audit --model wrote.")],
    data: Annotated[Path, typer.Argument(help="Table with the columns of the audit's.")],
    out: Annotated[
        Path | None, typer.Option(help="CSV to write; without it, it is printed.")
    ] = None,
):  # numpydoc ignore=PR01
    """Predict the clean labels of new rows."""
    from sklnoise.cli._model import run_predict

    run_predict(model, data, out)
