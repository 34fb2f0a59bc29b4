"""A saved model says what it was made of, and predicts new rows of any order."""

import csv
import io
import json
import os
import zipfile

import joblib
import numpy as np
import pandas as pd
import pytest

import sklnoise
from sklnoise.cli._model import load_model


def predict(cli, model, tmp_path, text):
    """Predict a table given as text; return exit code, stdout, stderr and rows."""
    path = tmp_path / "new.csv"
    path.write_text(text)
    done = cli("predict", model, path)
    return done, list(csv.DictReader(io.StringIO(done.out)))


def test_model_says_what_it_was_made_of(blob_audit):
    with zipfile.ZipFile(blob_audit.model) as archive:
        about = json.loads(archive.read("sklnoise.json"))
    assert about["target"] == "label"
    assert about["columns"] == ["width", "height"]
    assert about["classes"] == ["cat", "dog"]
    assert about["versions"].keys() >= {"sklnoise", "scikit-learn", "torch"}
    assert load_model(blob_audit.model)[0][-1].verbose == 0


def test_predictions_are_printed_without_a_file(cli, blob_audit, blob_file):
    done = cli("predict", blob_audit.model, blob_file)
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert done.code == 0
    assert len(rows) == 80
    assert [rows[3]["predicted"], rows[50]["predicted"]] == ["cat", "dog"]


def test_predictions_keep_the_order_and_empty_rows(cli, blob_audit, tmp_path):
    text = "height,more,width\n9,x,9\n\n0,y,0\n"
    _, rows = predict(cli, blob_audit.model, tmp_path, text)
    assert [rows[0]["predicted"], rows[2]["predicted"]] == ["dog", "cat"]
    assert len(rows) == 3


def test_extreme_cells_are_predicted(cli, blob_audit, tmp_path):
    text = "width,height\n1e300,0\n-1e29,1e29\ninf,9999-12-31\n"
    done, rows = predict(cli, blob_audit.model, tmp_path, text)
    assert (done.code, done.err) == (0, "")
    assert all(0 <= float(row["probability_cat"]) <= 1 for row in rows)


def test_rows_that_the_network_cannot_take_are_refused(
    cli, blob_audit, blob_file, monkeypatch
):
    def refuse(self, X):
        raise ValueError("X is strange")

    monkeypatch.setattr("sklearn.pipeline.Pipeline.predict_proba", refuse)
    done = cli("predict", blob_audit.model, blob_file)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"sklnoise: {blob_file} cannot be predicted: X is strange\n"


def test_missing_columns_are_named(cli, blob_audit, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("width,depth\n9,9\n")
    done = cli("predict", blob_audit.model, path, "--out", tmp_path / "out.csv")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "lacks 1 of the columns" in done.err
    assert "'height'" in done.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("corrupt", "no whole file"),
        ("cut short", "no whole file"),
        ("no pipeline of a table", "is no model of sklnoise audit"),
    ],
)
def test_bad_model_is_refused(
    cli, tmp_path, blob_audit, blob_file, check_refused, kind, message
):
    path = tmp_path / "model.skops"
    if kind == "folder":
        path.mkdir()
    elif kind == "corrupt":
        path.write_bytes(b"junk")
    elif kind == "cut short":
        path.write_bytes(blob_audit.model.read_bytes()[:-9])
    elif kind == "no pipeline of a table":
        load_model(blob_audit.model)[0][-1].save(path)
    check_refused(cli("predict", path, blob_file), message)


class Trap:
    """What makes a folder where it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("compress", [0, 3])
def test_joblib_is_refused_before_any_of_it_runs(
    cli, tmp_path, blob_audit, blob_file, check_refused, compress
):
    path, trap = tmp_path / "model.joblib", tmp_path / "trap"
    pipeline, columns = load_model(blob_audit.model)
    model = {"pipeline": pipeline, "columns": columns, "trap": Trap(trap)}
    joblib.dump(model, path, compress=compress)
    check_refused(cli("predict", path, blob_file), "--unsafe")
    assert not trap.exists()
    done = cli("predict", path, blob_file, "--unsafe")
    assert trap.exists()
    assert done.out == cli("predict", blob_audit.model, blob_file).out


def test_unsafe_reads_no_other_pickle(cli, tmp_path, blob_file, check_refused):
    path = tmp_path / "model.joblib"
    joblib.dump({"pipeline": 1}, path)
    check_refused(cli("predict", path, blob_file, "--unsafe"), "is no model")
    path.write_bytes(b"junk")
    check_refused(
        cli("predict", path, blob_file, "--unsafe"), "cannot be read as a model"
    )


def test_model_of_another_version_is_refused(
    cli, blob_audit, blob_file, check_refused, monkeypatch
):
    monkeypatch.setattr("sklnoise.export._file.version", lambda library: "99.0")
    done = cli("predict", blob_audit.model, blob_file)
    check_refused(done, "scikit-learn", "here is 99.0")


def test_unsafe_reads_no_pickle_of_another_version(
    cli, blob_audit, blob_file, tmp_path, check_refused, monkeypatch
):
    path = tmp_path / "model.joblib"
    pipeline, columns = load_model(blob_audit.model)
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "0.1")
        joblib.dump({"pipeline": pipeline, "columns": columns}, path)
    check_refused(cli("predict", path, blob_file, "--unsafe"), "version 0.1")


def test_model_of_every_kind_of_column_is_read(cli, tmp_path):
    n_rows = 60
    rng = np.random.RandomState(0)
    days = pd.date_range("2020-01-01", periods=n_rows)
    words = ["red", "fox", "blue", "dog", "old", "tree", "sun", "moon"]
    table = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows).round(3),
            "price": [f"${value:,.2f}" for value in rng.uniform(0, 5000, n_rows)],
            "sold": days.strftime("%d-%b-%y"),
            "seen": days.astype(str),
            "colour": rng.choice(["red", "blue", "green"], n_rows),
            "flag": rng.choice(["yes", "no"], n_rows),
            "text": [" ".join(rng.choice(words, 5)) for _ in range(n_rows)],
        }
    )
    table.loc[3, "size"] = np.nan
    table["label"] = np.where(np.arange(n_rows) % 2, "cat", "dog")
    data, model = tmp_path / "table.csv", tmp_path / "model.skops"
    table.to_csv(data, index=False)
    options = ("--target", "label", "--fast", "--quiet", "--model", model)
    assert cli("audit", data, *options).code == 0
    done = cli("predict", model, data)
    assert done.code == 0
    assert len(list(csv.DictReader(io.StringIO(done.out)))) == n_rows


def test_model_is_loaded_in_python(blob_audit, blobs):
    pipeline = sklnoise.load(blob_audit.model)
    assert pipeline.predict(blobs[["height", "width"]])[[3, 50]].tolist() == [
        "cat",
        "dog",
    ]
