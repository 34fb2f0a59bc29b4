"""What the user gets wrong is said in one line, with exit code 2."""

import pandas as pd
import pytest

GOOD = "a,b,label\n1,x,yes\n2,y,no\n3,x,yes\n4,y,no\n"
# The lines that are no records without it are too many.
OPEN_QUOTE = 'a,label\n"1,2\n3,4\n5,6\n"a",7\n"x\ny",1\n"x\ny",2\n'


def write(path, content):
    """Write text or bytes."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content", "messages"),
    [
        ("empty.csv", "", ["is empty"]),
        ("blank.csv", "\n\n", ["is empty"]),
        ("header.csv", "a,label\n", ["no rows"]),
        ("ragged.csv", "a,label\n1,2,3,4\n2,3\n", ["row 2 has 4 cells", "quoted"]),
        ("open_quote.csv", OPEN_QUOTE, ["line 2", "never closed"]),
        ("table.xlsx", "PK\3\4junk", ["not a spreadsheet"]),
        ("table.png", GOOD, ["must end in one of"]),
        ("junk.parquet", "PAR1junk", ["not a Parquet file"]),
        ("one_class.csv", "a,label\n1,yes\n2,yes\n3,\n", ["'yes' in all 2 rows"]),
        ("no_label.csv", "a,label\n1,\n2,NA\n", ["no label in any row"]),
        ("no_feature.csv", "label\nyes\nno\n", ["no column besides label"]),
        ("all_missing.csv", "a,b,label\n,?,yes\nNA,,no\n", ["all values are missing"]),
        ("constant.csv", "a,label\n1,yes\n1,no\n", ["the same value in all rows"]),
    ],
)
def test_bad_file_is_refused(cli, tmp_path, name, content, messages, check_refused):
    path = write(tmp_path / name, content)
    check_refused(cli("audit", path, "--target", "label"), *messages)


def test_bytes_that_are_no_text_are_refused(cli, tmp_path, check_refused):
    path = tmp_path / "pictures.parquet"
    table = pd.DataFrame({"picture": [b"\xff\xd8", b"\xff"], "label": ["a", "b"]})
    table.to_parquet(path)
    check_refused(cli("audit", path, "--target", "label"), "'picture'", "Leave it out")


def test_missing_file_is_refused(cli, tmp_path, check_refused):
    done = cli("audit", tmp_path / "nowhere.csv", "--target", "label")
    check_refused(done, "nowhere.csv does not exist")


def test_folder_is_refused(cli, tmp_path, check_refused):
    (tmp_path / "folder.csv").mkdir()
    done = cli("audit", tmp_path / "folder.csv", "--target", "label")
    check_refused(done, "is a folder")


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["--target", "lable"], ["--target 'lable'", "Did you mean 'label'?", "'b'"]),
        (["--target", "LABEL"], ["Did you mean 'label'?"]),
        (["--target", "label", "--trusted", "bb"], ["--trusted 'bb'"]),
        (["--target", "label", "--trusted", "label"], ["different columns"]),
        (
            ["--target", "label", "--trusted", "b"],
            ["--trusted 'b'", "true or false", "'x'"],
        ),
        (["--target", "label", "--correction", "foward"], ["Did you mean 'forward'?"]),
        (["--target", "label", "--device", "abacus"], ["--device 'abacus'", "auto, cpu"]),
        (["--target", "label", "--device", "meta"], ["--device 'meta'", "no values"]),
        (["--target", "label", "--seed", "-1"], ["--seed", "audit --help"]),
        (["--target", "label", "--seed", "one"], ["--seed"]),
        (["--target", "label", "--jobs", "0"], ["--jobs"]),
        (["--target", "label", "--tarjet", "a"], ["--tarjet"]),
        ([], ["Missing option '--target'", "sklnoise audit --help"]),
    ],
)
def test_bad_option_is_refused(cli, tmp_path, arguments, messages, check_refused):
    path = write(tmp_path / "good.csv", GOOD)
    check_refused(cli("audit", path, *arguments), *messages)


def test_unknown_command_is_refused(cli, check_refused):
    check_refused(cli("audti"), "audti", "sklnoise --help")


@pytest.mark.parametrize("option", ["--out", "--issues", "--model"])
def test_missing_folder_is_refused_before_the_fit(
    cli, fit_input, blob_file, tmp_path, option, check_refused
):
    missing = tmp_path / "nowhere" / "file"
    done = cli("audit", blob_file, "--target", "label", option, missing)
    check_refused(done, option, f"{tmp_path / 'nowhere'} does not exist")
    assert not fit_input


def test_folder_as_output_is_refused_before_the_fit(
    cli, fit_input, blob_file, tmp_path, check_refused
):
    done = cli("audit", blob_file, "--target", "label", "--out", tmp_path)
    check_refused(done, "is a folder")
    assert not fit_input


def test_data_is_never_overwritten(cli, fit_input, blob_file, check_refused):
    before = blob_file.read_bytes()
    done = cli("audit", blob_file, "--target", "label", "--issues", blob_file)
    check_refused(done, "would replace")
    assert not fit_input
    assert blob_file.read_bytes() == before


def test_outputs_must_differ(cli, fit_input, blob_file, tmp_path, check_refused):
    outputs = ["--issues", tmp_path / "x", "--out", tmp_path / "y" / ".." / "x"]
    (tmp_path / "y").mkdir()
    done = cli("audit", blob_file, "--target", "label", *outputs)
    check_refused(done, "must name different files")
    assert not fit_input
