"""Output that cannot take all characters, is full or is closed ends no command badly."""

import json
import os
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper

import numpy as np
import pytest

from sklnoise.cli import main
from sklnoise.cli._fit import fit_table


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


def test_full_device_is_told_in_one_line(monkeypatch, capsys):
    full = Unwritable(OSError(28, "No space left on device"))
    assert run_into(full, monkeypatch, "--version") == 2
    err = capsys.readouterr().err
    assert err.startswith("sklnoise: [Errno 28] No space left on device.")
    assert err.count("\n") == 1


def test_closed_pipe_is_passed_over_in_silence(monkeypatch, capsys):
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


SNOW = {"cat": "☃", "dog": "dög"}


@pytest.fixture(scope="module")
def snow(blobs, tmp_path_factory):
    """The blobs with labels that few encodings have: their file, and their fit."""
    path = tmp_path_factory.mktemp("snow") / "snow.csv"
    table = blobs.assign(label=blobs["label"].map(SNOW))
    table.to_csv(path, index=False)
    setting = {"correction": "forward", "device": "cpu", "seed": 0, "jobs": None}
    X, y = table.drop(columns="label"), table["label"].to_numpy(str)
    return path, fit_table(X, y, np.zeros(len(y), dtype=bool), **setting, verbose=0)


def audit_in(encoding, snow, monkeypatch, *options):
    """Audit the blobs in a terminal of an encoding; return what it shows."""
    path, fitted = snow
    stdout = TextIOWrapper(BytesIO(), encoding=encoding)
    monkeypatch.setattr("sklnoise.cli._audit.fit_table", lambda *args, **params: fitted)
    arguments = ("audit", path, "--target", "label", *options)
    assert run_into(stdout, monkeypatch, *arguments) == 0
    return stdout.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_json_is_whole_in_every_encoding(snow, monkeypatch, encoding):
    found = json.loads(audit_in(encoding, snow, monkeypatch, "--json"))
    assert found["classes"] == ["dög", "☃"]


def test_labels_that_the_encoding_lacks_are_escaped(snow, monkeypatch):
    text = audit_in("cp1252", snow, monkeypatch)
    assert "dög" in text
    assert "\\u2603" in text
