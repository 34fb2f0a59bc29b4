"""A repair changes the decided labels of a copy, and nothing else."""

import json

import pandas as pd
import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

HEADER = "row,label,decision,corrected\n"


@pytest.fixture
def repair(cli, tmp_path):
    """A function that repairs a file by some decisions, and returns what was written."""

    def repair(data, decisions, *options, out=None):
        path = tmp_path / "decisions.csv"
        path.write_text(HEADER + decisions, encoding="utf-8-sig")
        out = tmp_path / f"clean{data.suffix}" if out is None else out
        return cli("repair", data, path, "--out", out, *options), out

    return repair


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_cells_that_were_decided_on_change(tmp_path, repair, encoding, end):
    text = '# a note\nsize;"label";said\n1,50;cat;"a ""b"";\nc"\n 2;"dog";ä\n\n3;cat;x'
    text = text.replace("\n", end)
    data = write(tmp_path / "data.csv", text, encoding)
    done, out = repair(data, "4,dog,wrong,ca;t\n3,cat,right,\n6,cat,unsure,\n")
    assert done.code == 0, done.err
    changed = text.replace('"dog"', '"ca;t"')
    assert out.read_bytes() == changed.encode(encoding)
    assert "row 4: dog -> ca;t" in done.out
    assert data.read_bytes() == text.encode(encoding)


def test_every_change_is_logged(tmp_path, repair):
    data = write(tmp_path / "data.csv", "x,label\n1,a\n2,b\n3,a\n")
    log = tmp_path / "log.csv"
    done, _ = repair(data, "2,a,wrong,b\n3,b,wrong,=1+1\n", "--log", log)
    assert done.code == 0
    assert pd.read_csv(log).to_dict("list") == {
        "row": [2, 3],
        "column": ["label", "label"],
        "before": ["a", "b"],
        "after": ["b", "'=1+1"],
    }


def test_open_quotes_stay_as_they_were(tmp_path, repair):
    lines = [f'{i},"odd {i},a' if i in (3, 9) else f"{i},fine,a" for i in range(30)]
    text = "\n".join(["n,said,label", *lines])
    data = write(tmp_path / "data.csv", text)
    done, out = repair(data, "5,a,wrong,b\n6,a,wrong,b\n", "--target", "label")
    assert done.code == 0, done.err
    assert out.read_text() == text.replace('"odd 3,a', '"odd 3,b').replace(
        "4,fine,a\n", "4,fine,b\n", 1
    )


def test_label_is_known_in_another_spelling(tmp_path, repair):
    data = write(tmp_path / "data.csv", "x,label\n1,Red_Oak\n2,elm\n3,1.0\n")
    done, out = repair(data, "2,red oak,wrong,elm\n4,1,wrong,2\n")
    assert done.code == 0, done.err
    assert out.read_text() == "x,label\n1,elm\n2,elm\n3,2\n"


def test_cells_of_a_workbook_keep_formats_formulas_and_types(tmp_path, repair):
    path = tmp_path / "data.xlsx"
    frame = pd.DataFrame({"x": [1, 2, 3], "label": [0, 1, 0]})
    frame.to_excel(path, index=False, startrow=2)
    book = load_workbook(path)
    book.active["A1"], book.active["D4"] = "Title", "=A4*2"
    book.active["B4"].font = Font(bold=True)
    book.save(path)
    done, out = repair(path, "4,0,wrong,1\n")
    assert done.code == 0, done.err
    sheet = load_workbook(out).active
    assert [sheet.cell(row, 2).value for row in (4, 5, 6)] == [1, 1, 0]
    assert sheet["B4"].font.bold
    assert (sheet["A1"].value, sheet["D4"].value) == ("Title", "=A4*2")


def test_columns_of_parquet_keep_their_types(tmp_path, repair):
    frame = pd.DataFrame({"x": [1.5, 2.5], "label": pd.Categorical(["a", "b"])})
    frame.to_parquet(tmp_path / "data.parquet")
    done, out = repair(tmp_path / "data.parquet", "1,a,wrong,c\n")
    assert done.code == 0, done.err
    written = pd.read_parquet(out)
    assert written["label"].tolist() == ["c", "b"]
    assert written["label"].dtype == "category"
    assert written["x"].tolist() == [1.5, 2.5]


def test_lines_of_json_change_where_their_label_does(tmp_path, repair):
    text = '{"x":"\u2028",  "label":"ä"}\n\n{"x":2,"label":"b"}\n'
    data = write(tmp_path / "data.jsonl", text)
    done, out = repair(data, "2,b,wrong,ä\n")
    assert done.code == 0, done.err
    first, blank, last = out.read_text().split("\n")[:3]
    assert (first, blank) == ('{"x":"\u2028",  "label":"ä"}', "")
    assert json.loads(last) == {"x": 2, "label": "ä"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[{"x":1.0,"label":"a\\/\\u00e4"}]\n', id="pandas"),
        pytest.param('[\n    {\n        "label": "a/ä"\n    }\n]', id="indent"),
        pytest.param('{"columns": ["label"], "data": [["a/ä"]]}', id="split"),
        pytest.param('{"rows": [{"tree": {"label": "a/ä"}}]}', id="nested"),
    ],
)
def test_json_keeps_its_layout(tmp_path, repair, text):
    data = write(tmp_path / "data.json", text)
    target = "tree.label" if "tree" in text else "label"
    done, out = repair(data, "1,a/ä,wrong,b\n", "--target", target)
    assert done.code == 0, done.err
    for label in ("a/ä", "a\\/\\u00e4"):
        text = text.replace(label, "b")
    assert out.read_text() == text


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ('"x,label"\r\n"""p, q"",a"\r\n', '"x,label"\r\n"""p, q"",b"\r\n'),
        ('x,label\n"""p, q"",a"\nr,a\n', 'x,label\n"""p, q"",b"\nr,a\n'),
        ("'x','label'\n'p, q','a'\n", "'x','label'\n'p, q','b'\n"),
        ('x,label\n"p\\", q",a\n', 'x,label\n"p\\", q",b\n'),
    ],
)
def test_quotes_of_other_programs_stay(tmp_path, repair, text, repaired):
    data = write(tmp_path / "data.csv", text)
    done, out = repair(data, "2,a,wrong,b\n", "--target", "label")
    assert done.code == 0, done.err
    assert out.read_bytes() == repaired.encode()


@pytest.mark.parametrize(
    ("decisions", "options", "messages"),
    [
        ("9,a,wrong,b\n", (), ["another file", "'9'"]),
        ("2,c,wrong,b\n", (), ["another file"]),
        ("2,a,wrong,b\n2,a,right,\n", (), ["contradict"]),
        ("2,a,rigth,\n", (), ["Did you mean 'right'"]),
        ("2,a,wrong,b\n", ("--target", "lable"), ["Did you mean 'label'"]),
        ("2,a,wrong,b\n", ("--log", "missing/log.csv"), ["does not exist"]),
    ],
)
def test_decisions_that_do_not_fit_are_refused(
    tmp_path, repair, check_refused, decisions, options, messages
):
    data = write(tmp_path / "data.csv", "x,label\n1,a\n2,b\n3,a\n")
    done, out = repair(data, decisions, *options)
    check_refused(done, *messages)
    assert not out.exists()


def test_nothing_is_overwritten(tmp_path, repair, check_refused):
    data = write(tmp_path / "data.csv", "x,label\n1,a\n2,b\n")
    done, _ = repair(data, "2,a,wrong,b\n", out=data)
    check_refused(done, "would replace the data")
    there = write(tmp_path / "there.csv", "mine")
    done, _ = repair(data, "2,a,wrong,b\n", out=there)
    check_refused(done, "is there already")
    assert there.read_text() == "mine"


def test_copy_has_the_format_that_its_name_says(tmp_path, repair, check_refused):
    data = write(tmp_path / "data.csv", "x,label\n1,a\n2,b\n")
    done, _ = repair(data, "2,a,wrong,b\n", out=tmp_path / "clean.xlsx")
    check_refused(done, "ends in .csv")


def test_column_must_be_named_where_two_fit(tmp_path, repair, check_refused):
    data = write(tmp_path / "data.csv", "one,two,x\na,a,1\nb,b,2\n")
    done, _ = repair(data, "2,a,wrong,b\n")
    check_refused(done, "'one', 'two'", "--target")
    done, out = repair(data, "2,a,wrong,b\n", "--target", "two")
    assert out.read_text() == "one,two,x\na,b,1\nb,b,2\n"


def test_file_of_other_columns_is_refused(cli, tmp_path, check_refused):
    data = write(tmp_path / "data.csv", "x,label\n1,a\n2,b\n")
    done = cli("repair", data, data, "--out", tmp_path / "out.csv")
    check_refused(done, "has no column 'row', 'decision'")
