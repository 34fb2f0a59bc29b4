"""A saved model says what it was made of, and predicts new rows of any order."""

import csv
import io

import joblib
import pytest


def predict(cli, model, tmp_path, text):
    """Predict a table given as text; return exit code, stdout, stderr and rows."""
    path = tmp_path / "new.csv"
    path.write_text(text)
    done = cli("predict", model, path)
    return done, list(csv.DictReader(io.StringIO(done.out)))


def test_model_says_what_it_was_made_of(blob_audit):
    saved = joblib.load(blob_audit.model)
    assert saved["target"] == "label"
    assert saved["columns"] == ["width", "height"]
    assert saved["classes"] == ["cat", "dog"]
    assert saved["versions"].keys() == {"sklnoise", "scikit-learn", "torch"}
    assert saved["pipeline"][-1].verbose == 0


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
        ("corrupt", "cannot be read as a model"),
        ("not a model", "is no model"),
    ],
)
def test_bad_model_is_refused(cli, tmp_path, blob_file, check_refused, kind, message):
    path = tmp_path / "model.joblib"
    if kind == "folder":
        path.mkdir()
    elif kind == "corrupt":
        path.write_bytes(b"junk")
    elif kind == "not a model":
        joblib.dump({"pipeline": 1}, path)
    check_refused(cli("predict", path, blob_file), message)


@pytest.mark.parametrize("package", ["sklnoise", "scikit-learn"])
def test_model_of_another_version_is_refused(
    cli, tmp_path, blob_audit, blob_file, check_refused, package
):
    model = joblib.load(blob_audit.model)
    model["versions"][package] = "0.0.1"
    joblib.dump(model, tmp_path / "model.joblib")
    done = cli("predict", tmp_path / "model.joblib", blob_file)
    check_refused(done, f"{package} 0.0.1", "here is")
