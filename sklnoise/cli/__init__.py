"""The command line: `sklnoise` and `python -m sklnoise`."""

import sys

__all__ = ["main"]

EXTRAS = ("typer", "rich", "matplotlib")


def main():
    """Run the command that the arguments of the process name.

    Raises
    ------
    SystemExit
        Always; with code 1 if a package of the extras is missing.
    """
    try:
        from sklnoise.cli._app import app

        app(prog_name="sklnoise")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRAS:
            raise
        print(
            f"sklnoise's command line needs {error.name}. "
            'Install it by: pip install "sklnoise[cli,plot]"',
            file=sys.stderr,
        )
        sys.exit(1)
