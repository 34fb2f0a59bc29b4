"""Files become tables, cell by cell, as a spreadsheet would show them."""

import gzip
import json
import zipfile
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from sklnoise.cli._errors import BadInput
from sklnoise.cli._files import ReadOptions, read_table

FRAME = pd.DataFrame({"size": [1.5, 2.0, 3.25], "label": ["a", "b", "a"]})


def table_of(tmp_path, text, name="table.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, wanted=["label"], options=ReadOptions(**options))


def lists_of(*args, **options):
    return table_of(*args, **options).frame.to_dict("list")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " "])
def test_separator_is_found(tmp_path, separator):
    text = "a,b\n1,2\n3,4\n".replace(",", separator)
    assert lists_of(tmp_path, text) == {"a": ["1", "3"], "b": ["2", "4"]}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('"x, y, z";b\n1;2\n', {"x, y, z": ["1"], "b": ["2"]}),
        ("x|y|z?,b\n1,2\n3,4\n", {"x|y|z?": ["1", "3"], "b": ["2", "4"]}),
        ("a;b\n1,5;2,5\n3,5;4,5\n", {"a": ["1,5", "3,5"], "b": ["2,5", "4,5"]}),
        ('a, b\n1, "x, y"\n', {"a": ["1"], "b": ["x, y"]}),
        ('"a\n(mm)";b\n1;2\n', {"a (mm)": ["1"], "b": ["2"]}),
        ("a b\n1  2\n 3 4 \n", {"a": ["1", "3"], "b": ["2", "4"]}),
    ],
)
def test_rows_decide_the_separator(tmp_path, text, columns):
    assert lists_of(tmp_path, text) == columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('"said,label"\n"""x, y"",a"\n"z,b"\n', ["x, y", "z"], id="line"),
        pytest.param('said,label\n"""x, y"",a"\nz,b\n', ["x, y", "z"], id="some lines"),
        pytest.param("'said','label'\n'x, y','a'\n'z','b'\n", ["x, y", "z"], id="'"),
        pytest.param(
            'said,label\n"x \\", y",a\n"z\\", y",b\n', ['x ", y', 'z", y'], id="escape"
        ),
        pytest.param(
            "said,label\nx\\, y,a\nz\\, y,b\n", ["x, y", "z, y"], id="escaped comma"
        ),
        pytest.param('said,label\n"C:\\x",a\n"C:\\",b\n', ["C:\\x", "C:\\"], id="paths"),
    ],
)
def test_quotes_and_escapes_of_other_programs_are_read(tmp_path, text, said):
    assert lists_of(tmp_path, text) == {"said": said, "label": ["a", "b"]}


def test_cells_stay_as_they_stand_there(tmp_path):
    table = table_of(tmp_path, "a,b\n007,NA\n1.50,None\n").frame
    assert table.to_numpy().tolist() == [["007", "NA"], ["1.50", "None"]]


def test_column_without_a_name_is_called_after_its_place(tmp_path):
    columns = table_of(tmp_path, ",b\n1,2\n").frame.columns
    assert columns.tolist() == ["column 1", "b"]
    columns = table_of(tmp_path, ",column 1\n1,2\n").frame.columns
    assert columns.tolist() == ["column 1 (no name)", "column 1"]


def test_second_column_of_a_name_gets_a_number(tmp_path):
    file = table_of(tmp_path, "a,a,a (2)\n1,2,3\n")
    assert file.frame.columns.tolist() == ["a", "a (3)", "a (2)"]
    assert "'a'" in file.notes[0]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("has_mark", [True, False])
def test_unicode_is_read_with_and_without_its_mark(tmp_path, encoding, has_mark):
    if not has_mark and encoding == "utf-32":
        pytest.skip("is not known without its mark")
    mark = "\ufeff" if has_mark and encoding.endswith(("le", "be")) else ""
    data = f"{mark}ä;label\n1;☃\n2;☃\n".encode(encoding)
    assert lists_of(tmp_path, data) == {"ä": ["1", "2"], "label": ["☃", "☃"]}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_western_encodings_are_read_with_a_note(tmp_path, encoding):
    file = table_of(tmp_path, "espèce,label\nChêne,1\n".encode(encoding))
    assert file.frame.columns.tolist() == ["espèce", "label"]
    assert "--encoding" in file.notes[0]


def test_encoding_can_be_named(tmp_path):
    data = "дуб,label\nклён,1\n".encode("cp1251")
    assert "дуб" in table_of(tmp_path, data, encoding="cp1251").frame
    with pytest.raises(BadInput, match="not known"):
        table_of(tmp_path, data, encoding="cp-1")
    with pytest.raises(BadInput, match="not written in utf-8"):
        table_of(tmp_path, data, encoding="utf-8")


def test_separator_named_for_excel_is_taken_and_its_line_not_counted(tmp_path):
    table = table_of(tmp_path, "sep=;\na,b,c;d\n1,5;2\n").frame
    assert table.to_dict("list") == {"a,b,c": ["1,5"], "d": ["2"]}
    assert table.index.tolist() == [2]


@pytest.mark.parametrize(
    ("before", "n_skipped"),
    [
        ("\n  \n", 2),
        ("# exported today\n", 1),
        ("Trees of the park\nCounted in May\n\n", 3),
        ("Trees of the park,,\n", 1),
    ],
)
def test_lines_before_the_header_are_skipped_and_counted(tmp_path, before, n_skipped):
    table = table_of(tmp_path, f"{before}size,ok,label\n1,yes,x\n2,no,y\n").frame
    assert table.columns.tolist() == ["size", "ok", "label"]
    assert table.index.tolist() == [n_skipped + 2, n_skipped + 3]


def test_rows_are_numbered_as_in_the_file(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n\n3,4\n\n\n").frame
    assert table.index.tolist() == [2, 3, 4]
    assert table.loc[4].tolist() == ["3", "4"]


def test_cell_of_several_lines_is_one_row(tmp_path):
    table = table_of(tmp_path, 'a,label\n"one\ntwo",x\nb,y\n').frame
    assert table["a"].tolist() == ["one\ntwo", "b"]
    assert table.index.tolist() == [2, 3]


def test_quote_that_is_never_closed_is_a_character(tmp_path):
    lines = [f"{i},fine {i},a" for i in range(30)]
    lines[9], lines[20] = '9,"odd,b', '20,"odd too,b'
    file = table_of(tmp_path, "\n".join(["n,said,label", *lines]))
    assert len(file.frame) == 30
    assert file.frame.loc[11].tolist() == ["9", '"odd', "b"]
    assert "line 11" in file.notes[0]


def test_names_of_rows_become_a_column(tmp_path):
    file = table_of(tmp_path, "size,ok,label\n1,5,yes,a\n2,6,no,b\n")
    assert file.frame.loc[2].tolist() == ["1", "5", "yes", "a"]
    assert file.frame.columns.tolist() == ["column 1", "size", "ok", "label"]


def test_separator_at_the_end_of_each_row_makes_no_column(tmp_path):
    table = table_of(tmp_path, "size,label\n1,a,\n2,b,\n").frame
    assert table.to_dict("list") == {"size": ["1", "2"], "label": ["a", "b"]}


def test_few_rows_with_too_many_cells_are_left_out(tmp_path):
    rows = ["1,a"] * 30 + ["2,b,c"]
    file = table_of(tmp_path, "\n".join(["size,label", *rows]))
    assert len(file.frame) == 30
    assert "row 32" in file.notes[0]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (1, "cm,(g),-"),
        (1, "float,float,string"),
        (1, "---,---,---"),
        (15, "size,weight,label"),
    ],
)
def test_rows_that_belong_to_a_header_are_left_out(tmp_path, place, line):
    lines = ["size,weight,label", *(f"{i},{i / 7},{'ab'[i % 2]}" for i in range(30))]
    lines.insert(place, line)
    file = table_of(tmp_path, "\n".join(lines))
    assert len(file.frame) == 30
    assert place + 1 not in file.frame.index
    assert f"row {place + 1}" in file.notes[0]


def test_missing_header_is_noticed(tmp_path):
    text = "1.5,yes,oak\n2.5,no,ash\n3.5,yes,oak\n4.5,no,ash\n"
    assert table_of(tmp_path, text).may_lack_header
    assert not table_of(tmp_path, "size,ok,kind\n" + text).may_lack_header
    table = table_of(tmp_path, text, no_header=True).frame
    assert table.columns.tolist() == ["column 1", "column 2", "column 3"]
    assert table.loc[1].tolist() == ["1.5", "yes", "oak"]


def test_cells_may_be_long(tmp_path):
    assert len(table_of(tmp_path, f"a,b\n{'x' * 10**6},1\n").frame.loc[2, "a"]) == 10**6


@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        (".xlsx", FRAME.to_excel),
        (".ods", FRAME.to_excel),
        (".parquet", FRAME.to_parquet),
        (".feather", lambda path, index: FRAME.to_feather(path)),
        (".csv.gz", FRAME.to_csv),
        (".csv.xz", FRAME.to_csv),
        (".json", lambda path, index: FRAME.to_json(path, orient="records")),
        (".jsonl", lambda path, index: FRAME.to_json(path, orient="records", lines=True)),
    ],
)
def test_what_pandas_writes_is_read(tmp_path, suffix, write):
    path = tmp_path / f"data[1]{suffix}"
    write(path, index=False)
    # The brackets are no pattern: the other file is not read.
    FRAME.iloc[:1].to_csv(tmp_path / "data1.csv")
    table = read_table(path).frame
    assert table["size"].astype(float).tolist() == [1.5, 2.0, 3.25]
    assert table["label"].tolist() == ["a", "b", "a"]


def test_types_of_typed_files_are_kept(tmp_path):
    frame = pd.DataFrame(
        {"n": [1, 2], "day": [datetime(2020, 1, 2), datetime(2021, 3, 4)]}
    )
    frame.to_excel(tmp_path / "table.xlsx", index=False)
    table = read_table(tmp_path / "table.xlsx").frame
    assert table["n"].dtype.kind == "i"
    assert table["day"].dtype.kind == "M"


def test_sheet_can_be_named(tmp_path):
    path = tmp_path / "table.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame().to_excel(book, sheet_name="empty")
        FRAME.to_excel(book, sheet_name="first", index=False)
        FRAME.iloc[:1].to_excel(book, sheet_name="second", index=False)
    file = read_table(path)
    assert len(file.frame) == 3
    assert "'second'" in file.notes[0]
    assert len(read_table(path, options=ReadOptions(sheet="second")).frame) == 1
    with pytest.raises(BadInput, match="Did you mean 'second'"):
        read_table(path, options=ReadOptions(sheet="secnd"))


def test_sheet_with_the_wanted_column_is_read(tmp_path):
    path = tmp_path / "table.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"About": ["made in May"]}).to_excel(book, sheet_name="info")
        FRAME.to_excel(book, sheet_name="data", index=False)
    file = read_table(path, wanted=["label"])
    assert len(file.frame) == 3
    assert "'info'" in file.notes[0]


def test_title_of_a_sheet_is_skipped(tmp_path):
    FRAME.assign(more=1).to_excel(tmp_path / "table.xlsx", index=False, startrow=3)
    table = read_table(tmp_path / "table.xlsx").frame
    assert table.columns.tolist() == ["size", "label", "more"]
    assert table.index.tolist() == [5, 6, 7]


def test_nested_values_of_parquet_are_read(tmp_path):
    columns = {
        "day": [date(2020, 1, 2), None],
        "tags": [["x"], None],
        "b": [b"cat", None],
    }
    pd.DataFrame(columns).to_parquet(tmp_path / "table.parquet")
    table = read_table(tmp_path / "table.parquet").frame
    assert table["day"].tolist()[0] == date(2020, 1, 2)
    assert list(table["tags"].iloc[0]) == ["x"]
    assert table["b"].iloc[0] == "cat"


def test_only_file_of_an_archive_is_read(tmp_path):
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", "a,label\n1,x\n")
    assert read_table(path).frame.to_dict("list") == {"a": ["1"], "label": ["x"]}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", "a,label\n1,x\n")
    with pytest.raises(BadInput, match="it holds 2"):
        read_table(path)


ROWS = [{"a": 1, "label": "x"}, {"a": None, "label": "y"}]
LAYOUTS = {
    "envelope": {"links": [], "found": {"count": 2, "rows": ROWS}},
    "split": {"columns": ["a", "label"], "data": [[1, "x"], [None, "y"]]},
    "table": {"schema": {"fields": [{"name": "a"}]}, "data": ROWS},
    "columns": {"a": {"0": 1, "1": None}, "label": {"0": "x", "1": "y"}},
    "lists": {"a": [1, None], "label": ["x", "y"]},
    "index": {"0": ROWS[0], "1": ROWS[1]},
    "grid": [["a", "label"], [1, "x"], [None, "y"]],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_json_are_read(tmp_path, layout):
    text = json.dumps(LAYOUTS[layout])
    file = table_of(tmp_path, text, "table.json")
    assert file.frame["label"].tolist() == ["x", "y"]
    assert np.isnan(file.frame["a"].iloc[1])


def test_nested_objects_of_json_make_columns(tmp_path):
    text = json.dumps([{"size": {"cm": 1}, "label": "x"}, {"size": {"cm": 2}}])
    assert table_of(tmp_path, text, "table.json").frame["size.cm"].tolist() == [1, 2]


def test_arff_is_read(tmp_path):
    text = (
        "% a comment\n@RELATION trees\n@attribute 'the size' numeric\n"
        "@attribute kind {oak,'white ash'}\n@data\n1.5,oak\n% more\n?,'white ash'\n"
    )
    file = read_table(write(tmp_path / "table.arff", text))
    assert file.frame.to_numpy().tolist() == [["1.5", "oak"], ["?", "white ash"]]
    assert file.frame.columns.tolist() == ["the size", "kind"]


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("table.gz", b"\x1f\x8bjunk", "cannot be decompressed"),
        ("table.zip", b"PK\x03\x04junk", "cannot be decompressed"),
        ("table.xlsx", b"PK\x03\x04junk", "not a spreadsheet"),
        ("table.parquet", b"PAR1junk", "not a Parquet file"),
        ("table.json", b"{]", "not JSON"),
        ("table.json", b"[1, 2]", "not a table in JSON"),
        ("table.arff", b"@data\n1\n", "no ARFF"),
        ("table.csv", b"\0\1\2\3\xff" * 9, "not a text file"),
        ("table.csv", b",,\n,,\n", "is empty"),
        ("table.xls", b"<html><table><tr><td>1", "is a web page"),
        ("table.png", b"\x89PNG", "must end in one of"),
    ],
)
def test_broken_files_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_table(tmp_path / name)


def test_compressed_bytes_are_known_by_their_beginning(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(gzip.compress(b"a,label\n1,x\n"))
    assert read_table(path).frame["label"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("table.xls", "table.csv"),
        ("table.xlsx", "table.csv"),
        ("table.json", "table.csv"),
        ("table.csv.gz", "table.csv"),
        ("table.csv", "table.xlsx"),
        ("table.xls", "table.xlsx"),
        ("table.csv", "table.parquet"),
        ("table.csv", "table.zip"),
        ("table.json", "table.jsonl"),
        ("table.txt", "table.json"),
    ],
)
def test_file_with_the_wrong_suffix_is_known_by_its_content(tmp_path, name, taken):
    path, suffix = tmp_path / taken, taken.partition(".")[2]
    if suffix.startswith("json"):
        FRAME.to_json(path, orient="records", lines=suffix == "jsonl")
    elif suffix in ("csv", "zip"):
        FRAME.to_csv(path, index=False)
    elif suffix == "xlsx":
        FRAME.to_excel(path, index=False)
    else:
        FRAME.to_parquet(path)
    path.rename(tmp_path / name)
    assert read_table(tmp_path / name).frame["label"].tolist() == ["a", "b", "a"]


def test_halves_of_characters_in_json_are_replaced(tmp_path):
    text = '[{"a": "\\ud800 x?", "label": "y"}]'
    assert table_of(tmp_path, text, "table.json").frame["a"].tolist() == ["? x?"]
