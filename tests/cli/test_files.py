"""Files become tables, cell by cell; what is cut short leaves no file behind."""

import signal
import subprocess
import sys
import time
from datetime import date

import numpy as np
import polars as pl
import pytest

from sklnoise.cli._errors import BadInput
from sklnoise.cli._files import read_table, written_together


def table_of(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_table(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_found(tmp_path, separator):
    text = "a,b\n1,2\n".replace(",", separator)
    assert table_of(tmp_path, text).to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_quoted_names_do_not_decide_the_separator(tmp_path):
    table = table_of(tmp_path, '"x, y, z";b\n1;2\n')
    assert table.columns.tolist() == ["x, y, z", "b"]


def test_tsv_is_separated_by_tabs(tmp_path):
    table = table_of(tmp_path, "a, b\tc\n1\t2\n", "table.tsv")
    assert table.columns.tolist() == ["a, b", "c"]


def test_cells_stay_as_they_stand_there(tmp_path):
    table = table_of(tmp_path, "a,b\n007,NA\n1.50,None\n")
    assert table.to_numpy().tolist() == [["007", "NA"], ["1.50", "None"]]


def test_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert table_of(tmp_path, "\ufeffa,b\n1,2\n").columns.tolist() == ["a", "b"]


def test_column_without_a_name_is_called_after_its_place(tmp_path):
    assert table_of(tmp_path, ",b\n1,2\n").columns.tolist() == ["column 1", "b"]


def test_name_for_a_nameless_column_is_free(tmp_path):
    table = table_of(tmp_path, ",column 1\n1,2\n")
    assert table.columns.tolist() == ["column 1 (no name)", "column 1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_of_two_or_four_bytes_is_read_by_its_mark(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    path = tmp_path / "table.csv"
    path.write_bytes(f"{mark}ä;b\n1;☃\n".encode(encoding))
    assert read_table(path).to_dict("list") == {"ä": ["1"], "b": ["☃"]}


def test_separator_named_for_excel_is_taken_and_its_line_not_counted(tmp_path):
    table = table_of(tmp_path, "sep=;\na,b,c;d\n1,5;2\n")
    assert table.to_dict("list") == {"a,b,c": ["1,5"], "d": ["2"]}
    assert table.index.tolist() == [2]


def test_leading_blank_lines_are_skipped_and_counted(tmp_path):
    table = table_of(tmp_path, "\n  \na;b\n1;2\n")
    assert table.to_dict("list") == {"a": ["1"], "b": ["2"]}
    assert table.index.tolist() == [4]


def test_rows_are_numbered_as_in_the_file(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n\n3,4\n\n\n")
    assert table.index.tolist() == [2, 3, 4]
    assert table.loc[4].tolist() == ["3", "4"]


def test_parquet_keeps_integers_beside_missing_ones(tmp_path):
    columns = {"n": [1, None], "day": [date(2020, 1, 2), None], "tags": [["x"], None]}
    pl.DataFrame(columns).write_parquet(tmp_path / "table.parquet")
    table = read_table(tmp_path / "table.parquet")
    assert table["n"].tolist() == [1, None]
    assert table["day"].tolist() == [date(2020, 1, 2), None]
    assert table["tags"].tolist() == ["['x']", None]
    assert table.index.tolist() == [1, 2]


def test_text_that_parquet_holds_as_bytes_is_read(tmp_path):
    pl.DataFrame({"x": [b"cat", None]}).write_parquet(tmp_path / "table.parquet")
    assert read_table(tmp_path / "table.parquet")["x"].tolist() == ["cat", None]


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


@pytest.mark.parametrize("place", ["sklnoise.NoiseRobustClassifier.fit", "joblib.dump"])
def test_ctrl_c_leaves_no_file(cli, blob_file, folder, quick_fit, monkeypatch, place):
    monkeypatch.setattr(place, interrupt)
    done = cli("audit", blob_file, "--target", "label", *wanted(folder))
    assert done.code == 130
    assert done.err.splitlines()[-1] == "sklnoise: interrupted; nothing was written."
    assert list(folder.iterdir()) == []


def test_full_disk_leaves_no_file_and_keeps_the_old(
    cli, blob_file, folder, quick_fit, monkeypatch
):
    def fail(model, path, compress):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    (folder / "issues.csv").write_text("old")
    monkeypatch.setattr("joblib.dump", fail)
    done = cli("audit", blob_file, "--target", "label", *wanted(folder), "--quiet")
    assert (done.code, done.out) == (2, "")
    assert done.err == "sklnoise: Nothing was written: No space left on device.\n"
    assert [path.name for path in folder.iterdir()] == ["issues.csv"]
    assert (folder / "issues.csv").read_text() == "old"


def test_error_in_one_file_keeps_all_others(folder):
    first, second = folder / "a", folder / "b"

    def write_first_only():
        with written_together([first, second]) as temporary:
            temporary[first].write_text("whole")

    with pytest.raises(BadInput, match="Nothing was written"):
        write_first_only()
    assert list(folder.iterdir()) == []


def test_error_says_which_file_was_written_before_it(folder):
    first, second = folder / "a", folder / "b"

    def second_becomes_a_folder():
        with written_together([first, second]) as temporary:
            for part in temporary.values():
                part.write_text("whole")
            second.mkdir()

    with pytest.raises(BadInput, match=f"Only {first} was written"):
        second_becomes_a_folder()
    assert first.read_text() == "whole"


def test_link_stays_a_link(folder):
    (folder / "file").write_text("old")
    (folder / "link").symlink_to("file")
    with written_together([folder / "link"]) as temporary:
        temporary[folder / "link"].write_text("new")
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
