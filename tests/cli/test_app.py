"""Version, help, completion, missing packages, and output that cannot be written."""

import os
import runpy
import subprocess
import sys
from io import StringIO

import pytest

import sklnoise
from sklnoise.cli import main


def test_version_is_printed(cli):
    done = cli("--version")
    assert (done.code, done.out) == (0, f"sklnoise {sklnoise.__version__}\n")


def test_no_argument_prints_the_help(cli):
    done = cli()
    assert done.code == 0
    for word in ("demo", "audit", "predict", "--install-completion", "--show-completion"):
        assert word in done.out


@pytest.mark.parametrize("command", ["demo", "audit", "predict"])
def test_command_has_help(cli, command):
    done = cli(command, "--help")
    assert done.code == 0
    assert f"Usage: sklnoise {command}" in done.out


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("sklnoise aud", ["audit"]),
        ("sklnoise audit --correction bo", ["bootstrap-soft", "bootstrap-hard"]),
    ],
)
def test_shell_completes_commands_and_corrections(cli, monkeypatch, words, completed):
    monkeypatch.setenv("_SKLNOISE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert cli().out.split() == completed


def test_module_runs_as_a_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sklnoise", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module("sklnoise", run_name="__main__")
    assert "demo" in capsys.readouterr().out


def test_missing_package_of_tables_says_what_to_install(
    cli, forget, tmp_path, monkeypatch
):
    forget("sklnoise.cli._")
    monkeypatch.setitem(sys.modules, "pandas", None)
    done = cli("audit", tmp_path / "x.csv", "--target", "y")
    assert done.code == 1
    assert done.err == (
        "sklnoise's command line needs pandas. "
        'Install it by: pip install "sklnoise[cli]"\n'
    )


def test_missing_package_of_a_format_says_what_to_install(cli, tmp_path, monkeypatch):
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = cli("audit", tmp_path / "x.parquet", "--target", "y")
    assert done.code == 2
    assert "pyarrow" in done.err
    assert 'pip install "sklnoise[cli]"' in done.err


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_missing_extra_says_what_to_install(cli, forget, monkeypatch, package):
    forget("sklnoise.cli._", f"{package}.")
    monkeypatch.setitem(sys.modules, package, None)
    done = cli("demo", "--seeds", 1)
    assert done.code == 1
    assert 'pip install "sklnoise[cli]"' in done.err


def test_missing_matplotlib_is_reported_before_the_work(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = cli("demo", "--seeds", 1)
    assert done.code == 1
    assert 'pip install "sklnoise[cli]"' in done.err


def test_another_missing_module_is_not_blamed_on_the_extras(cli, forget, monkeypatch):
    forget("sklnoise.cli._")
    monkeypatch.setitem(sys.modules, "sklnoise.cli._app", None)
    with pytest.raises(ModuleNotFoundError, match="_app"):
        main()


class Unwritable(StringIO):
    """A stream that fails where it is flushed."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def flush(self):
        raise self.error


def run_into(stdout, monkeypatch, *arguments):
    """Run the command line with another stdout, and return its exit code."""
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "argv", ["sklnoise", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code or 0


def test_full_device_is_reported_in_one_line(monkeypatch, capsys):
    full = Unwritable(OSError(28, "No space left on device"))
    assert run_into(full, monkeypatch, "--version") == 2
    err = capsys.readouterr().err
    assert err.startswith("sklnoise: [Errno 28] No space left on device.")
    assert err.count("\n") == 1


def test_closed_pipe_is_silent(monkeypatch, capsys):
    closed = Unwritable(BrokenPipeError(32, "Broken pipe"))
    assert run_into(closed, monkeypatch, "--version") == 1
    assert capsys.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_full_device_leaves_no_traceback_at_the_exit():
    command = [sys.executable, "-m", "sklnoise", "--version"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
