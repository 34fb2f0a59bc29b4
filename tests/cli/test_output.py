"""What people read fits the terminal, and is printed in every encoding."""

import json
import sys
from io import BytesIO, TextIOWrapper

import numpy as np
import pandas as pd
import pytest

from sklnoise.cli import main

LONG = {
    "cat": "a class with a rather long name, number 1",
    "dog": "a class with a rather long name, number 2",
}
SNOW = {"cat": "dög", "dog": "☃"}


@pytest.fixture
def labelled(blobs, tmp_path):
    """A function that writes the blobs with other labels."""

    def write(names):
        path = tmp_path / "labelled.csv"
        blobs.assign(label=blobs["label"].map(names)).to_csv(path, index=False)
        return path

    return write


def test_labels_of_one_beginning_can_be_distinguished(cli, labelled, quick_fit):
    done = cli("audit", labelled(LONG), "--target", "label")
    rows = [line.split("│")[2:4] for line in done.out.splitlines() if "│" in line]
    assert len({cell.strip() for row in rows[-2:] for cell in row}) == 2


@pytest.mark.parametrize(("width", "is_whole"), [(60, False), (200, True)])
def test_matrix_is_shown_whole_where_it_fits(
    cli, labelled, quick_fit, monkeypatch, width, is_whole
):
    monkeypatch.setenv("COLUMNS", str(width))
    done = cli("audit", labelled(LONG), "--target", "label")
    assert ("labelled as" in done.out) != is_whole
    assert ("rows of a clean class" in done.out) == is_whole
    assert max(map(len, done.out.splitlines()[1:])) <= width


def test_many_classes_are_shown_by_the_largest_entries(cli, tmp_path, quick_fit):
    y = np.arange(80) % 12
    T = np.full((12, 12), 0.01) + 0.88 * np.eye(12)
    T[4, 4:6] = 0.71, 0.19
    quick_fit.attributes |= {
        "transition_matrix_": T,
        "transition_estimator_": None,
        "out_of_fold_proba_": T[y],
    }
    pd.DataFrame({"x": np.arange(80) / 2, "label": y}).to_csv(
        tmp_path / "many.csv", index=False
    )
    done = cli("audit", tmp_path / "many.csv", "--target", "label")
    rows = [line.split("│")[1:4] for line in done.out.splitlines() if "│" in line]
    assert [cell.strip() for cell in rows[0]] == ["4", "5", "19"]


def test_labels_cannot_write_to_the_terminal(cli, labelled, quick_fit):
    names = {"cat": "[red]\x1b[31mcat", "dog": "d\u202eog\x07"}
    done = cli("audit", labelled(names), "--target", "label")
    assert done.code == 0
    assert "[red]?[31mcat" in done.out
    assert all(char.isprintable() for char in done.out.replace("\n", ""))


def audit_in(encoding, path, monkeypatch, *options):
    """Audit a table in a terminal of an encoding; return what it shows."""
    stdout = TextIOWrapper(BytesIO(), encoding=encoding)
    arguments = ("audit", str(path), "--target", "label", *options)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "argv", ["sklnoise", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code
    return stdout.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_json_is_whole_in_every_encoding(labelled, quick_fit, monkeypatch, encoding):
    found = json.loads(audit_in(encoding, labelled(SNOW), monkeypatch, "--json"))
    assert found["classes"] == ["dög", "☃"]


def test_labels_that_the_encoding_lacks_are_escaped(labelled, quick_fit, monkeypatch):
    text = audit_in("cp1252", labelled(SNOW), monkeypatch)
    assert "dög" in text
    assert "\\u2603" in text
