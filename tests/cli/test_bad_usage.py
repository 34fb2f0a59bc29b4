"""What the user gets wrong is told in one line, with exit code 2."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest

GOOD = "a,b,label\n1,x,yes\n2,y,no\n3,x,yes\n4,y,no\n"


def write(path, content):
    """Write text or bytes."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def check_refused(done, *told):
    """Check exit code, silence on stdout, and one line without a traceback."""
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("sklnoise: ")
    assert done.err.count("\n") == 1
    assert done.err.endswith("\n")
    for part in told:
        assert part in done.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", "", ["is empty"]),
        ("blank.csv", "\n\n", ["is empty"]),
        ("header.csv", "a,label\n", ["no rows"]),
        ("latin.csv", b"a,label\ncaf\xe9,1\n", ["UTF-8", "iconv"]),
        ("utf16.csv", "a,label\n1,1\n".encode("utf-16-le"), ["UTF-8", "UTF-16LE"]),
        ("latin_header.csv", b"caf\xe9,label\n1,1\n", ["UTF-8"]),
        ("twice.csv", "a,a,label\n1,2,3\n", ["more than one column named 'a'"]),
        ("ragged.csv", "a,label\n1,2,3\n", ["line 2", "quoted"]),
        ("open_quote.csv", 'a,label\n"1,2\n', ["not a table"]),
        ("table.xlsx", GOOD, [".csv, .tsv, .parquet"]),
        ("table", GOOD, ["must end in one of"]),
        ("junk.parquet", GOOD, ["not a Parquet file"]),
        ("one_class.csv", "a,label\n1,yes\n2,yes\n3,\n", ["'yes' in all 2 rows"]),
        ("no_label.csv", "a,label\n1,\n2,NA\n", ["no label in any row"]),
        ("no_feature.csv", "label\nyes\nno\n", ["no column besides label"]),
        ("all_missing.csv", "a,b,label\n,?,yes\nNA,,no\n", ["all values are missing"]),
        ("constant.csv", "a,label\n1,yes\n1,no\n", ["the same value in all rows"]),
    ],
)
def test_bad_file_is_refused(cli, tmp_path, name, content, told):
    path = write(tmp_path / name, content)
    check_refused(cli("audit", path, "--target", "label"), *told)


def test_bytes_that_are_no_text_are_refused(cli, tmp_path):
    path = tmp_path / "pictures.parquet"
    table = pl.DataFrame({"picture": [b"\xff\xd8", b"\xff"], "label": ["a", "b"]})
    table.write_parquet(path)
    check_refused(cli("audit", path, "--target", "label"), "'picture'", "Leave it out")


def test_missing_file_is_refused(cli, tmp_path):
    done = cli("audit", tmp_path / "nowhere.csv", "--target", "label")
    check_refused(done, "nowhere.csv does not exist")


def test_folder_is_refused(cli, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    done = cli("audit", tmp_path / "folder.csv", "--target", "label")
    check_refused(done, "is a folder")


@pytest.mark.parametrize(
    ("arguments", "told"),
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
def test_bad_option_is_refused(cli, tmp_path, arguments, told):
    path = write(tmp_path / "good.csv", GOOD)
    check_refused(cli("audit", path, *arguments), *told)


def test_trust_in_all_rows_is_refused(cli, tmp_path):
    text = "a,sure,label\n1,1,x\n2,1,y\n3,0,\n"
    path = write(tmp_path / "sure.csv", text)
    done = cli("audit", path, "--target", "label", "--trusted", "sure")
    check_refused(done, "true in all rows that have a label")


def test_unknown_command_is_refused(cli):
    check_refused(cli("audti"), "audti", "sklnoise --help")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.linspace(0, 1, 300).round(5), "300 different numbers in 300 rows"),
        (np.arange(600) % 200, "200 different numbers in 600 rows"),
        ((np.arange(300) % 30) / 7, "like a quantity"),
        ([f"name{i}" for i in range(300)], "like an identifier or free text"),
    ],
)
def test_target_that_names_no_classes_is_refused(cli, tmp_path, labels, told):
    path = tmp_path / "numbers.csv"
    pd.DataFrame({"a": range(len(labels)), "label": labels}).to_csv(path)
    check_refused(cli("audit", path, "--target", "label"), told)


@pytest.fixture
def no_fit(monkeypatch):
    """Fail where a fit begins: what follows must be told before."""

    def fit(*args, **kwargs):
        pytest.fail("the fit has begun")

    monkeypatch.setattr("sklnoise.NoiseRobustClassifier.fit", fit)


@pytest.mark.parametrize("option", ["--out", "--issues", "--model"])
def test_missing_folder_is_told_before_the_fit(cli, no_fit, blob_file, tmp_path, option):
    missing = tmp_path / "nowhere" / "file"
    done = cli("audit", blob_file, "--target", "label", option, missing)
    check_refused(done, option, f"{tmp_path / 'nowhere'} does not exist")


def test_folder_as_output_is_told_before_the_fit(cli, no_fit, blob_file, tmp_path):
    done = cli("audit", blob_file, "--target", "label", "--out", tmp_path)
    check_refused(done, "is a folder")


def test_data_is_never_overwritten(cli, no_fit, blob_file):
    before = blob_file.read_bytes()
    done = cli("audit", blob_file, "--target", "label", "--issues", blob_file)
    check_refused(done, "would replace")
    assert blob_file.read_bytes() == before


def test_outputs_must_differ(cli, no_fit, blob_file, tmp_path):
    outputs = ["--issues", tmp_path / "x", "--out", tmp_path / "y" / ".." / "x"]
    (tmp_path / "y").mkdir()
    done = cli("audit", blob_file, "--target", "label", *outputs)
    check_refused(done, "must name different files")


@pytest.mark.parametrize("kind", ["missing", "folder", "corrupt", "not a model"])
def test_bad_model_is_refused(cli, tmp_path, blob_file, kind):
    path = tmp_path / "model.joblib"
    if kind == "folder":
        path.mkdir()
    elif kind == "corrupt":
        path.write_bytes(b"junk")
    elif kind == "not a model":
        joblib.dump({"pipeline": 1}, path)
    told = {
        "missing": "does not exist",
        "folder": "is a folder",
        "corrupt": "cannot be read as a model",
        "not a model": "is no model",
    }
    check_refused(cli("predict", path, blob_file), told[kind])


@pytest.mark.parametrize("package", ["sklnoise", "scikit-learn"])
def test_model_of_another_version_is_refused(cli, tmp_path, blob_file, package):
    from sklnoise.cli._model import KEYS, versions

    path = tmp_path / "model.joblib"
    model = dict.fromkeys(KEYS) | {"versions": versions() | {package: "0.0.1"}}
    joblib.dump(model, path)
    check_refused(cli("predict", path, blob_file), f"{package} 0.0.1", "here is")
