"""Somebody works in the page: filters, decides, exports, and finds it all again.

drive.mjs does so in headless Chromium, where SKLNOISE_CHROMIUM names one and
SKLNOISE_NODE_MODULES a folder node_modules with puppeteer-core and axe-core.
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import noise_report

CHROMIUM = os.environ.get("SKLNOISE_CHROMIUM")
MODULES = os.environ.get("SKLNOISE_NODE_MODULES")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and MODULES and shutil.which("node")),
        reason="SKLNOISE_CHROMIUM and SKLNOISE_NODE_MODULES are not set",
    ),
]
# One is a formula for a spreadsheet, one has all that a CSV file must quote.
LABELS = np.array(["=1+2", 'b "quoted", and\nmore', "-3", "plain"])


def make_rows():
    """Make rows as a file numbers them, and their labels, of which some are wrong."""
    rng = np.random.RandomState(0)
    codes = np.arange(200) % 4
    X = 4.0 * np.eye(4)[codes] + rng.standard_normal((200, 4))
    codes[::10] = (codes[::10] + 1) % 4
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["text"] = ["word " * (20 * (row % 40)) for row in range(200)]
    frame.index = pd.RangeIndex(2, 202, name="row")
    return frame, LABELS[codes]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What was seen in the page, once for all tests."""
    folder = tmp_path_factory.mktemp("page")
    frame, labels = make_rows()
    clf = NoiseRobustClassifier(cv=3, random_state=0)
    clf.fit(frame[list("abcd")].to_numpy(), labels)
    source = {
        "file_name": "letters.csv",
        "columns": [{"name": "a", "kind": "number", "note": "in metres"}],
        "notes": ["A note."],
        "next_steps": [("Repair:", "sklnoise repair letters.csv decisions.csv")],
    }
    path = folder / "report.html"
    noise_report(clf, frame, labels, path=path, source=source)
    driver = Path(__file__).with_name("drive.mjs")
    command = ["node", driver, path, folder, MODULES, CHROMIUM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_page_runs_without_errors_and_fetches_nothing(found):
    assert found["errors"] == []
    assert found["fetched"] == []


def test_page_is_accessible_in_light_and_dark(found):
    assert found["violations"] == {"light": [], "dark": []}


def test_page_never_scrolls_sideways(found):
    assert len(found["overflow"]) == 6
    assert set(found["overflow"].values()) == {0}


def test_first_paint_is_within_a_second(found):
    assert found["paint"] < 1000


def test_rows_are_filtered(found):
    pair, count = found["pair"]["said"].rsplit(" ", 1)
    assert found["pair"]["labels"] == [pair] * int(count.strip("()"))
    qualities = [float(text.strip("<")) for text in found["qualities"]]
    assert qualities
    assert max(qualities) <= 0.1
    searched = found["searched"]
    assert searched["name"] in searched["rows"]
    assert len(searched["rows"]) < found["nRows"]


def test_rows_are_sorted(found):
    rows = list(map(int, found["sorted"]["rows"]))
    assert rows == sorted(rows)
    assert found["sorted"]["aria"] == "ascending"
    assert found["sortedBack"] == {
        "rows": [str(row) for row in rows[::-1]],
        "aria": "descending",
    }


def test_decisions_are_exported(found):
    assert found["decidedWithoutLabel"].startswith("4 of ")
    assert found["decided"].startswith("5 of ")
    csv_text = found["marked"]["csv"]
    assert csv_text.startswith("\ufeffrow,label,decision,corrected\r\n")
    _, *lines = csv.reader(io.StringIO(csv_text[1:], newline=""))
    lines = {row: rest for row, *rest in lines}
    written = {" ".join(label.split()): label for label in LABELS}
    written["=1+2"] = "'=1+2"  # what a spreadsheet would run; -3 is a number
    listed = [
        (row, written[label], written[suggested])
        for row, label, suggested in found["marked"]["listed"]
    ]
    expected = ["right", "wrong", "unsure", "wrong", "wrong"]
    assert [lines[row][:2] for row, _, _ in listed] == [
        [label, decision] for (_, label, _), decision in zip(listed, expected)
    ]
    corrected = ["", listed[1][2], "", listed[3][2], written[found["marked"]["other"]]]
    assert [lines[row][2] for row, _, _ in listed] == corrected


def test_exported_decisions_repair_the_file_and_audit_it_again(found, tmp_path):
    frame, labels = make_rows()
    path, decisions = tmp_path / "letters.csv", tmp_path / "decisions.csv"
    frame.assign(label=labels).to_csv(path, index=False)
    decisions.write_bytes(found["marked"]["csv"].encode())
    out = tmp_path / "clean.csv"

    def run(*arguments):
        command = [sys.executable, "-m", "sklnoise", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "3 labels changed, 1 found right, 1 unsure" in run(
        *("repair", path, decisions, "--out", out)
    )
    changed = pd.read_csv(out, dtype=str)["label"].to_numpy() != labels
    assert changed.sum() == 3
    again = run(
        *("audit", path, "--target", "label", "--decisions", decisions),
        *("--fast", "--json", "--quiet"),
    )
    assert json.loads(again)["rows_trusted"] == 4


def test_decisions_are_found_again(found):
    assert found["afterReload"] == found["decided"]
    assert found["doneRows"] == 5
    assert found["afterUndo"].startswith("4 of ")
    assert found["afterClear"].startswith("0 of ")


def test_exported_decisions_can_be_read_again(found):
    assert found["afterImport"] == found["decided"]
    assert found["again"] == found["marked"]["csv"]


def test_page_works_without_storage_and_without_scripts(found):
    decided, message = found["withoutStorage"]
    assert decided.startswith("1 of ")
    assert "export them before you close" in message
    without = found["withoutScripts"]
    assert without["rows"] == found["nRows"]
    assert without["tools"] == 0
    assert "no scripts" in without["note"]
