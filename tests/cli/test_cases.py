"""Files as people have them are audited as a person would read them.

Each file has 60 rows, in which the size tells the kind of a tree; the labels of three
rows are wrong. The audit finds them whatever the file looks like.
"""

import csv
import io
import json
import os
import stat
import sys
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from sklnoise.cli import main

N_ROWS, WRONG = 60, (9, 25, 41)
KINDS = np.array(["oak", "ash", "elm"])
CLEAN = KINDS[np.arange(N_ROWS) % 3]
RNG = np.random.RandomState(0)
SIZE = np.round(RNG.normal([20, 50, 80] * 20, 3), 2)
OTHER = np.round(RNG.normal(size=N_ROWS), 2)


def noisy(clean):
    """Return labels of which three are wrong."""
    labels = np.array(clean, dtype=object)
    for row in WRONG:
        labels[row] = clean[(row + 1) % N_ROWS]
    return labels


def frame(size=SIZE, kind=CLEAN, **columns):
    """Make a table."""
    table = pd.DataFrame({"size": list(size), "other": OTHER, **columns})
    return table.assign(kind=noisy(kind))


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Let fewer trees judge, which is quicker."""
    trees = ExtraTreesClassifier(25, min_samples_leaf=3)
    monkeypatch.setattr("sklnoise.cli._model.make_trees", lambda: trees)


@pytest.fixture
def audited(cli, tmp_path):
    """A function that audits a file; it returns the document and the worst rows."""
    return partial(audit, cli, tmp_path)


def audit(cli, tmp_path, path, *options, target="kind"):
    """Audit a file quickly."""
    ranking = ("--issues", tmp_path / "ranking.csv", "--all-rows")
    ranking = () if "--issues" in options else ranking
    options = ("--fast", "--json", "--quiet", *ranking, *options)
    done = cli("audit", path, "--target", target, *options)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    if ranking:
        found["worst"] = pd.read_csv(ranking[1])["row"].tolist()[: len(WRONG)]
    return found


def write(tmp_path, content, name="trees.csv", encoding="utf-8", **options):
    """Write a table or a text."""
    path = tmp_path / name
    if isinstance(content, pd.DataFrame):
        content = content.to_csv(index=False, **options)
    path.write_bytes(content.encode(encoding))
    return path


def check_found(found, first_row=2):
    """Check that the wrong labels are the worst ones; a few trees may miss one."""
    assert found["rows"] == N_ROWS
    assert len({row - first_row for row in found["worst"]} & set(WRONG)) >= 2


def as_dates(form):
    """Write the size as days."""
    days = pd.Timestamp(2018, 1, 1) + pd.to_timedelta(SIZE * 10, "D")
    return [day.strftime(form) for day in days]


def with_some(cells, word):
    """Replace some cells by a word."""
    return [word if i % 9 == 4 else cell for i, cell in enumerate(cells)]


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(with_some(SIZE, 9999999999), id="typing error"),
        pytest.param(with_some(SIZE, -999), id="code for missing"),
        pytest.param([f"${100 * s:,.2f}" for s in SIZE], id="price"),
        pytest.param([f"{s:.1f}%" for s in SIZE], id="percent"),
        pytest.param([f"{s:.1f} kmpl" for s in SIZE], id="unit"),
        pytest.param([f"\u2212{s}" for s in SIZE], id="minus"),
        pytest.param([f"({s})" for s in SIZE], id="brackets"),
        pytest.param([f"{s:.1f}k" for s in SIZE], id="thousand"),
        pytest.param([f"{s:.2f}".replace(".", ",") for s in SIZE], id="comma"),
        pytest.param(with_some(SIZE, "."), id="dot"),
        pytest.param(with_some(SIZE, "n.a."), id="not available"),
        pytest.param(with_some(SIZE, "TBD"), id="to be determined"),
        pytest.param(as_dates("%d-%b-%y"), id="day, month, year"),
        pytest.param(as_dates("%m/%d/%y"), id="month first"),
        pytest.param(as_dates("%d.%m.%Y %H:%M"), id="date and time"),
        pytest.param(as_dates("%B %d, %Y %I:%M %p"), id="name of the month"),
        pytest.param(with_some(as_dates("%Y-%m-%d"), "soon"), id="stray word"),
    ],
)
def test_cells_are_read_as_people_write_them(audited, tmp_path, size):
    check_found(audited(write(tmp_path, frame(size))))


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [("cp1252", ";"), ("utf-16-le", ","), ("utf-16", "\t"), ("utf-8-sig", "|")],
)
def test_encodings_and_separators_are_found(audited, tmp_path, encoding, separator):
    table = frame(kind=np.char.add(CLEAN, "é")).rename(columns={"kind": "espèce"})
    path = write(tmp_path, table, encoding=encoding, sep=separator)
    check_found(audited(path, target="espèce"))


@pytest.mark.parametrize(
    ("change", "first_row"),
    [
        pytest.param(lambda text: f"Trees\n\n{text}", 4, id="title"),
        pytest.param(lambda text: f"# a comment\n{text}", 3, id="comment"),
        pytest.param(
            lambda text: "\n".join(f"{line}," for line in text.splitlines()),
            2,
            id="comma",
        ),
        pytest.param(lambda text: text.replace("other", "size"), 2, id="twice"),
        pytest.param(lambda text: text.replace("other", '"ot\nher"'), 2, id="line break"),
        pytest.param(lambda text: text.replace("other", "a|b|c|d"), 2, id="bars"),
        pytest.param(lambda text: text.replace(",", ", "), 2, id="blanks"),
        pytest.param(lambda text: text.replace(",", "  "), 2, id="only blanks"),
        pytest.param(
            lambda text: "\n".join(
                line if not i else f"{i},{line}"
                for i, line in enumerate(text.splitlines())
            ),
            2,
            id="names of rows",
        ),
    ],
)
def test_structure_of_the_file_is_found(audited, tmp_path, change, first_row):
    text = frame().to_csv(index=False)
    check_found(audited(write(tmp_path, change(text))), first_row)


def test_open_quotes_cost_no_row(audited, tmp_path):
    said = ["fine by me"] * N_ROWS
    said[10] = said[40] = '"fine by me'
    text = frame(said=said).to_csv(index=False, quoting=csv.QUOTE_NONE)
    check_found(audited(write(tmp_path, text)))


def test_file_without_a_header_is_audited_by_the_number_of_its_column(
    audited, cli, tmp_path
):
    path = write(tmp_path, frame(), header=False)
    check_found(audited(path, target="3"), first_row=1)
    check_found(audited(path, "--no-header", target="3"), first_row=1)
    done = cli("audit", path, "--target", "kind")
    assert done.code == 2
    assert "--no-header" in done.err


def test_copy_of_the_label_is_left_out(audited, tmp_path):
    ids = dict(zip(KINDS, "012"))
    path = write(tmp_path, frame(kind_id=[ids[label] for label in noisy(CLEAN)]))
    found = audited(path)
    check_found(found)
    assert found["columns"]["kind_id"] == "dropped"
    assert "'kind_id'" in found["cautions"][0]
    kept = audited(path, "--columns", "size", "--columns", "kind_id")
    assert kept["columns"] == {"size": "number", "kind_id": "category"} | kept["columns"]
    for options in (
        ["--drop", "kind_id", "--drop", "other"],
        ["--drop", "kind_id,other"],
    ):
        assert audited(path, *options)["columns"] == {"size": "number"}


def test_spellings_of_a_label_can_be_joined(audited, tmp_path):
    ends = np.array(["", " ", ".", "\u200b"])[np.arange(N_ROWS) % 4]
    path = write(tmp_path, frame(kind=np.char.add(CLEAN, ends)))
    found = audited(path, "--join-labels")
    check_found(found)
    assert found["classes"] == sorted(KINDS)
    assert "--join-labels" in audited(path)["cautions"][0]


def test_class_called_na_is_one(audited, tmp_path):
    kind = np.where(CLEAN == "elm", "NA", CLEAN)
    found = audited(write(tmp_path, frame(kind=kind)))
    check_found(found)
    assert found["classes"] == ["NA", "ash", "oak"]


def test_one_word_texts_are_learned_from(audited, tmp_path):
    sites = {"oak": "shop", "ash": "blog", "elm": "login"}
    letters = np.random.RandomState(0).choice(list("abcdefgh"), (N_ROWS, 6))
    urls = [f"http://{''.join(w)}-{sites[k]}.org" for w, k in zip(letters, CLEAN)]
    table = pd.DataFrame({"url": urls, "kind": noisy(CLEAN)})
    check_found(audited(write(tmp_path, table)))


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".json", ".csv.gz", ".zip"])
def test_formats_of_other_programs_are_audited(audited, tmp_path, suffix):
    path = tmp_path / f"trees{suffix}"
    table = frame()
    if suffix == ".xlsx":
        table.to_excel(path, index=False)
    elif suffix == ".parquet":
        table.to_parquet(path)
    elif suffix == ".json":
        table.to_json(path, orient="records")
    else:
        table.to_csv(path, index=False)
    numbered_from_1 = suffix in (".parquet", ".json")
    check_found(audited(path), first_row=2 - numbered_from_1)


def test_standard_input_is_read(audited, monkeypatch):
    data = io.BytesIO(frame().to_csv(index=False).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data))
    check_found(audited("-"))


def test_new_file_in_another_spelling_is_predicted_alike(audited, cli, tmp_path):
    path, model = write(tmp_path, frame()), tmp_path / "model.skops"
    assert audited(path, "--model", model)["written"]
    predicted = {}
    for name, decimal, sep in (("points", ".", ","), ("commas", ",", ";")):
        new = write(tmp_path, frame(), f"{name}.csv", decimal=decimal, sep=sep)
        done = cli("predict", model, new)
        assert done.code == 0, done.err
        predicted[name] = done.out
    assert predicted["points"] == predicted["commas"]
    assert pd.read_csv(io.StringIO(done.out))["row"].tolist() == list(range(2, 62))


HOSTILE = "=1+cmd|' /C calc'!A0"


def test_no_file_holds_what_a_spreadsheet_would_run(audited, cli, tmp_path):
    kind = np.where(CLEAN == "oak", HOSTILE, CLEAN)
    table = frame(kind=kind, **{"@note": ["-x\x1b[31m", "+1", "-2.5"] * 20})
    path, issues = write(tmp_path, table), tmp_path / "issues.csv"
    model, out = tmp_path / "model.skops", tmp_path / "predictions.csv"
    found = audited(path, "--issues", issues, "--model", model)
    assert any("apostrophe" in note for note in found["notes"])
    assert cli("predict", model, path, "--out", out).code == 0
    for written in (issues, out):
        assert written.read_bytes().startswith(b"\xef\xbb\xbf")
        for line in csv.reader(written.read_text("utf-8-sig").splitlines()):
            assert not any(c[:1] in "=+-@" and not is_number(c) for c in line if c)
    # The report's decisions on such a label can still be repaired.
    row = found["suspicious"][0]["row"]
    label = table["kind"][row - 2]
    decisions = pd.DataFrame(
        {"row": [row], "label": [f"'{label}" if label == HOSTILE else label]}
    ).assign(decision="wrong", corrected="new")
    decisions.to_csv(tmp_path / "decisions.csv", index=False)
    done = cli(
        "repair", path, tmp_path / "decisions.csv", "--out", tmp_path / "clean.csv"
    )
    assert done.code == 0, done.err


def is_number(cell):
    """Return whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


class Terminal(io.StringIO):
    """A terminal that keeps what it is sent."""

    def isatty(self):
        return True


def test_terminal_gets_no_characters_that_control_it(audited, tmp_path, monkeypatch):
    kind = np.where(CLEAN == "oak", "o\x1b[31mak\u202e", CLEAN)
    path, model = write(tmp_path, frame(kind=kind)), tmp_path / "model.skops"
    audited(path, "--model", model)
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setattr("sys.argv", ["sklnoise", "predict", str(model), str(path)])
    with pytest.raises(SystemExit):
        main()
    assert "o\\x1b[31mak" in sys.stdout.getvalue()
    assert all(c.isprintable() or c in "\r\n" for c in sys.stdout.getvalue())


def test_labels_of_any_length_make_short_messages(cli, tmp_path):
    kind = np.where(CLEAN == "oak", "x" * 10**6, CLEAN)
    path = write(tmp_path, frame(kind=kind, copy=noisy(kind)))
    out = tmp_path / "report.html"
    done = cli("audit", path, "--target", "kind", "--fast", "--out", out)
    assert done.code == 0, done.err
    assert len(done.out) + len(done.err) < 20_000
    assert out.stat().st_size < 3_000_000
    done = cli("audit", path, "--target", "x" * 10**6)
    assert (done.code, len(done.err) < 2000) == (2, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_pipe_is_written_into_and_stays(audited, tmp_path):
    path, pipe = write(tmp_path, frame()), tmp_path / "issues.csv"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    audited(path, "--issues", pipe)
    reader.join(timeout=30)
    assert read[0].decode("utf-8-sig").startswith("row,label")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
