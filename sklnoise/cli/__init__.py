"""The command line: `sklnoise` and `python -m sklnoise`."""

import os
import sys
from contextlib import suppress

from sklnoise.cli._errors import BadInput, one_line

__all__ = ["main"]

# Extras that bring what a package is needed for.
EXTRAS = {
    **dict.fromkeys(("typer", "rich", "matplotlib", "pandas", "skrub"), "cli"),
    **dict.fromkeys(("openpyxl", "pyarrow", "odf"), "cli"),
}

# Exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130


def main():
    """Run the command that the arguments of the process name."""
    try:
        escape_unencodable()
        code = run()
        sys.stdout.flush()  # What fails here would print a traceback at the exit.
        sys.exit(code)
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
    except BrokenPipeError:
        discard_output()
        sys.exit(1)
    except OSError as error:
        discard_output()
        stop(f"sklnoise: {one_line(error)}. Is there room, and may it be written?", 2)
    except KeyboardInterrupt:
        stop("sklnoise: interrupted; nothing was written.", INTERRUPTED)


def escape_unencodable():
    """Make the output escape the characters that its encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def discard_output():
    """Discard what stdout could not write, which it would try again at the exit."""
    # It fails where stdout is no file of the process.
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run():
    """Run the command; wrong arguments end it with one line."""
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
        message = one_line(error.format_message())
        end = "" if message.endswith((".", "?")) else "."
        stop(f"sklnoise: {message}{end} See: {command} --help", error.exit_code)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code


def stop(message, code):
    """Print an error and end."""
    print(message, file=sys.stderr)
    sys.exit(code)
