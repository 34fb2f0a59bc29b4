"""The command line: `sklnoise` and `python -m sklnoise`."""

import sys

from sklnoise.cli._errors import BadInput, one_line

__all__ = ["main"]

EXTRAS = {
    **dict.fromkeys(("typer", "rich", "matplotlib", "pandas"), "cli"),
    "polars": "cli,frames",
}
"""Extras that bring what a package is needed for."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main():
    """Run the command that the arguments of the process name.

    Raises
    ------
    SystemExit
        Always; with code 1 if a package of the extras is missing, 2 for arguments or
        files that are of no use, 130 after Ctrl-C.
    """
    try:
        sys.exit(run())
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        stop(
            f"sklnoise's command line needs {error.name}. "
            f'Install it by: pip install "sklnoise[{EXTRAS[package]}]"',
            1,
        )
    except BadInput as error:
        stop(f"sklnoise: {one_line(error)}", 2)
    except KeyboardInterrupt:
        stop("sklnoise: interrupted; nothing was written.", INTERRUPTED)


def run():
    """Run the command, and tell wrong arguments in one line.

    Returns
    -------
    code : int or None
        Exit code; None is success.
    """
    from sklnoise.cli._app import app

    try:
        code = app(prog_name="sklnoise", standalone_mode=False)
    except Exception as error:
        # The classes of typer's own errors have moved between its versions.
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from error
        if not hasattr(error, "format_message"):
            raise
        command = getattr(getattr(error, "ctx", None), "command_path", "sklnoise")
        told = one_line(error.format_message())
        end = "" if told.endswith((".", "?")) else "."
        stop(f"sklnoise: {told}{end} See: {command} --help", error.exit_code)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code


def stop(message, code):
    """Print an error and end.

    Parameters
    ----------
    message : str
        One line.

    code : int
        Exit code.
    """
    print(message, file=sys.stderr)
    sys.exit(code)
