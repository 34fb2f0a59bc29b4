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


Data = Annotated[
    Path, typer.Argument(help='Table: CSV, Excel, Parquet, JSON, ...; "-" is the input.')
]
Target = Annotated[str, typer.Option(help="Column of the labels: its name or number.")]
Targets = Annotated[
    str,
    typer.Option(
        help='Column of the labels: its name or number. Of several annotators, "rater_*" '
        "or a list with commas."
    ),
]
Trusted = Annotated[
    str | None,
    typer.Option(help="Column that is true where the label is known to be right."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--columns", help="Columns to learn from, with commas. Otherwise all."),
]
Drop = Annotated[
    list[str] | None, typer.Option("--drop", help="Columns to leave out, with commas.")
]
JoinLabels = Annotated[
    bool, typer.Option("--join-labels", help="Take spellings of a label for one class.")
]
MissingLabel = Annotated[
    list[str] | None,
    typer.Option("--missing-label", help="Cell that is no label; repeat it."),
]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of a text file, such as cp1252.")
]
NoHeader = Annotated[
    bool, typer.Option("--no-header", help="The first line is a row, not names.")
]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a spreadsheet.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Seed = Annotated[
    int, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same result.")
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Processes; the result does not depend on it.")
]
Fast = Annotated[bool, typer.Option("--fast", help="Judge by trees alone: quicker.")]


@app.command()
def audit(
    data: Data,
    target: Targets,
    out: Annotated[
        Path | None, typer.Option(help="Report to write, one HTML file.")
    ] = None,
    issues: Annotated[
        Path | None, typer.Option(help="CSV to write: all suspicious rows.")
    ] = None,
    all_rows: Annotated[
        bool, typer.Option("--all-rows", help="Write all rows to --issues.")
    ] = False,
    consensus: Annotated[
        Path | None,
        typer.Option(help="CSV to write: the class of each row, by all annotators."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Fitted model to write, for sklnoise predict.")
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="Decisions on rows, as the report exports them.")
    ] = None,
    correction: Annotated[
        str,
        typer.Option(
            help="How the training of the model corrects for wrong labels.",
            autocompletion=matching_corrections,
        ),
    ] = "default",
    trusted: Trusted = None,
    columns: Columns = None,
    drop: Drop = None,
    join_labels: JoinLabels = False,
    missing_label: MissingLabel = None,
    encoding: Encoding = None,
    no_header: NoHeader = False,
    sheet: Sheet = None,
    fast: Fast = False,
    device: Device = "auto",
    seed: Seed = 0,
    jobs: Jobs = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print errors only; with --json the document.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
):  # numpydoc ignore=PR01
    """Find the suspicious labels of a table and the noise behind them."""
    from sklnoise.cli._audit import run_audit
    from sklnoise.cli._files import ReadOptions
    from sklnoise.cli._model import Settings
    from sklnoise.cli._targets import ColumnOptions

    outputs = {
        "--out": out,
        "--issues": issues,
        "--consensus": consensus,
        "--model": model,
    }
    run_audit(
        data,
        ColumnOptions(target, trusted, columns, drop, join_labels, missing_label),
        Settings(correction, device, seed, jobs, fast, refit=model is not None),
        ReadOptions(encoding, no_header, sheet),
        outputs={option: path for option, path in outputs.items() if path is not None},
        decisions=decisions,
        all_rows=all_rows,
        quiet=quiet,
        as_json=as_json,
    )


@app.command()
def review(
    data: Data,
    target: Target,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write: the rows to look at.")
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="The same file with the decisions filled in.")
    ] = None,
    random: Annotated[
        int | None, typer.Option(min=0, help="Number of random rows; otherwise planned.")
    ] = None,
    suspicious: Annotated[
        int | None,
        typer.Option(min=0, help="Number of suspicious rows; otherwise planned."),
    ] = None,
    trusted: Trusted = None,
    columns: Columns = None,
    drop: Drop = None,
    join_labels: JoinLabels = False,
    missing_label: MissingLabel = None,
    encoding: Encoding = None,
    no_header: NoHeader = False,
    sheet: Sheet = None,
    fast: Fast = False,
    seed: Seed = 0,
    jobs: Jobs = None,
):  # numpydoc ignore=PR01
    """Pick the rows to look at, and say what they show of all labels."""
    from sklnoise.cli._files import ReadOptions
    from sklnoise.cli._model import Settings
    from sklnoise.cli._review import run_review
    from sklnoise.cli._targets import ColumnOptions

    run_review(
        data,
        ColumnOptions(target, trusted, columns, drop, join_labels, missing_label),
        Settings(seed=seed, jobs=jobs, fast=fast),
        ReadOptions(encoding, no_header, sheet),
        out=out,
        decisions=decisions,
        n_random=random,
        n_suspicious=suspicious,
    )


@app.command()
def repair(
    data: Data,
    decisions: Annotated[
        Path, typer.Argument(help="Decisions on rows, of the report or the review.")
    ],
    out: Annotated[Path, typer.Option(help="Corrected copy of the table to write.")],
    target: Annotated[
        str | None, typer.Option(help="Column of the labels; otherwise found.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="CSV to write: every change.")] = None,
    encoding: Encoding = None,
    no_header: NoHeader = False,
    sheet: Sheet = None,
):  # numpydoc ignore=PR01
    """Correct the labels that were decided on in a copy of a table."""
    from sklnoise.cli._files import ReadOptions
    from sklnoise.cli._repair import run_repair

    reading = ReadOptions(encoding, no_header, sheet)
    run_repair(data, decisions, out, target=target, log=log, reading=reading)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="Model that audit --model wrote.")],
    data: Annotated[Path, typer.Argument(help="Table with the columns of the audit's.")],
    out: Annotated[
        Path | None, typer.Option(help="CSV to write; without it, it is printed.")
    ] = None,
    encoding: Encoding = None,
    no_header: NoHeader = False,
    sheet: Sheet = None,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe", help="Read a pickle too, which can run code."),
    ] = False,
):  # numpydoc ignore=PR01
    """Predict the clean labels of new rows."""
    from sklnoise.cli._files import ReadOptions
    from sklnoise.cli._model import run_predict

    reading = ReadOptions(encoding, no_header, sheet)
    run_predict(model, data, out, reading, unsafe=unsafe)
