"""What is cut short leaves no file behind, and none half written."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sklnoise.cli._errors import BadInput
from sklnoise.cli._files import written_together

OUTPUTS = ("report.html", "issues.csv", "model.joblib")


def wanted(folder):
    """Return options that ask for all files in a folder."""
    options = ("--out", "--issues", "--model")
    return [
        part for pair in zip(options, OUTPUTS) for part in (pair[0], folder / pair[1])
    ]


@pytest.fixture
def folder(tmp_path):
    """An empty folder."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "place", ["sklnoise.NoiseRobustClassifier.fit", "sklnoise.cli._audit.save_model"]
)
def test_ctrl_c_leaves_no_file(cli, blob_file, folder, blob_fit, monkeypatch, place):
    if "save_model" in place:
        monkeypatch.setattr("sklnoise.cli._audit.fit_table", blob_fit)
    monkeypatch.setattr(place, interrupt)
    done = cli("audit", blob_file, "--target", "label", *wanted(folder))
    assert done.code == 130
    assert done.err.splitlines()[-1] == "sklnoise: interrupted; nothing was written."
    assert list(folder.iterdir()) == []


def test_full_disk_leaves_no_file_and_keeps_the_old(
    cli, blob_file, folder, blob_fit, monkeypatch
):
    def fail(pipeline, target, columns, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    (folder / "issues.csv").write_text("old")
    monkeypatch.setattr("sklnoise.cli._audit.fit_table", blob_fit)
    monkeypatch.setattr("sklnoise.cli._audit.save_model", fail)
    done = cli("audit", blob_file, "--target", "label", *wanted(folder), "--quiet")
    assert (done.code, done.out) == (2, "")
    assert done.err == "sklnoise: Nothing was written: No space left on device.\n"
    assert [path.name for path in folder.iterdir()] == ["issues.csv"]
    assert (folder / "issues.csv").read_text() == "old"


def test_error_in_one_file_keeps_all_others(folder):
    first, second = folder / "a", folder / "b"

    def write_first_only():
        with written_together([first, second]) as beside:
            beside[first].write_text("whole")

    with pytest.raises(BadInput, match="Nothing was written"):
        write_first_only()
    assert list(folder.iterdir()) == []


def test_link_stays_a_link(folder):
    (folder / "file").write_text("old")
    (folder / "link").symlink_to("file")
    with written_together([folder / "link"]) as beside:
        beside[folder / "link"].write_text("new")
    assert (folder / "link").is_symlink()
    assert (folder / "file").read_text() == "new"


@pytest.mark.slow
def test_sigint_ends_a_real_audit_without_a_file(tmp_path, folder):
    rng = np.random.RandomState(0)
    rows = np.column_stack([rng.randn(5_000, 40).round(3), rng.randint(2, size=5_000)])
    data = tmp_path / "large.csv"
    names = ",".join([*(f"x{i}" for i in range(40)), "label"])
    np.savetxt(data, rows, delimiter=",", header=names, comments="", fmt="%g")
    command = [sys.executable, "-m", "sklnoise", "audit", data, "--target", "label"]
    process = subprocess.Popen(
        list(map(str, [*command, *wanted(folder)])),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where these tests run in the background, interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        assert "first pass" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    # Python may end itself by the signal, of which a shell says 130 too.
    assert process.returncode in (130, -signal.SIGINT), err
    assert out == ""
    assert err.splitlines()[-1] == "sklnoise: interrupted; nothing was written."
    assert "Traceback" not in err
    assert list(folder.iterdir()) == []
