"""The audit finds the flipped labels, prints them, and writes what it should."""

import json
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.metrics import roc_auc_score

from sklnoise.cli._files import read_table
from sklnoise.cli._importance import order_columns
from sklnoise.cli._model import load_model
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.issues._judgement import judge_fitted
from sklnoise.tables import make_table_encoder

FILES = {"--out": "report.html", "--issues": "issues.csv", "--model": "model.skops"}


def flip(y, names, rate):
    """Flip labels; return them as names, and which are wrong."""
    T = make_transition_matrix("symmetric", len(names), rate)
    noisy = make_noisy_labels(y, T, random_state=0)
    return np.asarray(names)[noisy], noisy != y


def audit(cli, folder, table, *arguments, files=FILES):
    """Write the table as CSV, audit it, and collect all that came of it."""
    data = folder / "data.csv"
    table.to_csv(data, index=False)
    outputs = {option: folder / name for option, name in files.items()}
    options = [part for pair in outputs.items() for part in pair]
    done = cli("audit", data, "--target", "label", *options, *arguments)
    return SimpleNamespace(**vars(done), data=data, table=table, folder=folder)


def auroc(audited, is_wrong):
    """Return how well the quality of the saved model ranks the wrong labels first."""
    pipeline = load_model(audited.folder / "model.skops")[0]
    X = read_table(audited.data).frame.drop(columns="label")
    judged = judge_fitted(pipeline[-1], X, audited.table["label"], model=pipeline)
    return roc_auc_score(is_wrong, -judged.quality)


@pytest.fixture(scope="module")
def cancer(cli, tmp_path_factory):
    """Breast cancer with 20 % wrong labels."""
    bunch = load_breast_cancer(as_frame=True)
    label, is_wrong = flip(bunch.target, bunch.target_names, 0.2)
    table = bunch.data.assign(label=label)
    audited = audit(cli, tmp_path_factory.mktemp("cancer"), table, "--json")
    audited.is_wrong, audited.found = is_wrong, json.loads(audited.out)
    return audited


@pytest.mark.slow
def test_flipped_rows_of_breast_cancer_are_ranked_first(cancer):
    # 0.94 to 0.99 in eight fits with four draws of the noise; chance is 0.5.
    assert auroc(cancer, cancer.is_wrong) > 0.9


@pytest.mark.slow
def test_json_holds_the_numbers_of_the_fit(cancer):
    pipeline = load_model(cancer.folder / "model.skops")[0]
    found, clf = cancer.found, pipeline[-1]
    assert cancer.code == 0
    assert found["rows"] == len(cancer.table)
    assert found["classes"] == ["benign", "malignant"]
    # That of the noise, also where the refit is better without it.
    estimate = clf.transition_estimator_.transition_matrix_
    assert found["transition_matrix"] == estimate.tolist()
    assert found["noise_rate"] == clf.noise_summary_.noise_rate
    low, high = found["noise_rate_interval"]
    assert low <= found["noise_rate"] <= high


@pytest.mark.slow
def test_noise_rate_of_breast_cancer_is_within_its_interval(cancer):
    low, high = cancer.found["noise_rate_interval"]
    assert low < cancer.is_wrong.mean() < high


@pytest.mark.slow
def test_issues_are_the_suspicious_rows_with_their_cells(cancer):
    issues = pd.read_csv(cancer.folder / "issues.csv")
    listed = pd.DataFrame(cancer.found["suspicious"])
    names = ["row", "label", "suggested", "quality"]
    pd.testing.assert_frame_equal(issues[names], listed[names])
    assert issues["quality"].is_monotonic_increasing
    original = cancer.table.iloc[issues["row"] - 2].reset_index(drop=True)
    renamed = original.rename(columns={"label": "label (file)"})
    pd.testing.assert_frame_equal(issues[renamed.columns], renamed)
    assert (issues["label"] == issues["label (file)"]).all()
    assert (issues["label"] != issues["suggested"]).all()


@pytest.mark.slow
def test_most_suspicious_rows_are_wrong(cancer):
    rows = [suspect["row"] - 2 for suspect in cancer.found["suspicious"][:20]]
    assert cancer.is_wrong[rows].mean() > 0.9


class Text(HTMLParser):
    """The text of a page."""

    def __init__(self, page):
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data):
        self.text += data


@pytest.mark.slow
def test_report_is_that_of_the_table(cancer):
    text = Text((cancer.folder / "report.html").read_text(encoding="utf-8")).text
    assert "Labels of data.csv, column label" in text
    assert "malignant" in text
    assert "mean radius" in text
    assert f"{cancer.found['noise_rate']:.1%}" in text


@pytest.mark.slow
def test_nothing_but_the_files_is_left(cancer):
    left = {path.name for path in cancer.folder.iterdir()}
    assert left == {"data.csv", *FILES.values()}


@pytest.mark.slow
def test_saved_model_predicts_as_the_audit_judged(cancer, cli):
    pipeline = load_model(cancer.folder / "model.skops")[0]
    out = cancer.folder.parent / "predictions.csv"
    done = cli("predict", cancer.folder / "model.skops", cancer.data, "--out", out)
    predicted = pd.read_csv(out)
    assert (done.code, done.out, done.err) == (0, "", "")
    expected = pipeline.predict_proba(cancer.table)
    assert predicted.columns.tolist() == [
        *("row", "predicted"),
        "probability_benign",
        "probability_malignant",
    ]
    assert np.allclose(predicted.iloc[:, 2:], expected, atol=1e-6)
    assert predicted["predicted"].tolist() == pipeline.predict(cancer.table).tolist()


@pytest.mark.slow
def test_wine_with_strings_and_gaps_is_audited(cli, tmp_path, rng):
    bunch = load_wine(as_frame=True)
    label, is_wrong = flip(bunch.target, bunch.target_names, 0.15)
    table = bunch.data.astype(object)
    table.loc[rng.rand(len(table)) < 0.1, "alcohol"] = "?"
    table["hue"] = table["hue"].where(rng.rand(len(table)) > 0.1)
    table["hill"] = np.where(rng.rand(len(table)) < 0.3, "", bunch.target % 2)
    table["hill"] = table["hill"].replace({"0": "north side", "1": "south side"})
    audited = audit(cli, tmp_path, table.assign(label=label), "--quiet")
    assert (audited.code, audited.out, audited.err) == (0, "", "")
    # 0.72 to 1.00 in eight fits with four draws of the noise. By chance it would be 0.5
    # with a standard deviation of 0.06, as there are about 27 wrong labels.
    assert auroc(audited, is_wrong) > 0.68


def reviews(rng):
    """Make short reviews, their labels and which are wrong."""
    words = (["dull", "weak", "bad", "slow"], ["bright", "strong", "good", "quick"])
    things = ["plot", "cast", "end", "score", "camera", "script"]
    y = rng.randint(2, size=200)
    texts = [
        f"a {rng.choice(words[k])} {rng.choice(things)} with {rng.choice(words[k])} "
        f"{rng.choice(things)} and a {rng.choice(words[k])} {rng.choice(things)}"
        for k in y
    ]
    label, is_wrong = flip(y, ["bad", "good"], 0.15)
    return pd.DataFrame({"review": texts, "label": label}), is_wrong


@pytest.mark.slow
def test_text_is_audited(cli, tmp_path, rng):
    table, is_wrong = reviews(rng)
    audited = audit(cli, tmp_path, table, "--json")
    assert json.loads(audited.out)["columns"] == {"review": "text"}
    # 0.99 in four draws of reviews and noise.
    assert auroc(audited, is_wrong) > 0.95


@pytest.fixture(scope="module")
def printed(cli, blobs, tmp_path_factory):
    """The audit of blobs as people read it, with two rows that have no label."""
    table = pd.concat([blobs, blobs[:2].assign(label=None)]).assign(same=1)
    return audit(cli, tmp_path_factory.mktemp("blobs"), table, files={})


def test_rows_classes_and_noise_are_printed(printed):
    assert printed.code == 0
    lines = [line.split() for line in printed.out.splitlines()]
    assert ["Rows", "80"] in lines
    assert ["Classes", "2:", "cat", "40,", "dog", "40"] in lines
    assert any(line[:2] == ["Noise", "rate"] and "95%" in line for line in lines)


def test_wrong_rows_are_printed(printed):
    rows = [line.split("│")[1:5] for line in printed.out.splitlines() if "│" in line]
    cells = [[cell.strip() for cell in row] for row in rows]
    found = {tuple(row[:3]) for row in cells}
    assert found == {("5", "dog", "cat"), ("52", "cat", "dog")}


def test_what_was_left_out_is_noted(printed):
    assert "Note: 2 rows without a label were left out." in printed.out
    assert "Note: Not used, the same value in all rows: 'same'." in printed.out


def test_progress_goes_to_stderr(printed):
    assert "NoiseRobustClassifier" not in printed.out
    assert "first pass" in printed.err


def test_json_stands_alone_on_stdout(blob_audit):
    found = json.loads(blob_audit.out)
    assert (blob_audit.code, blob_audit.err) == (0, "")
    assert [suspect["row"] for suspect in found["suspicious"]] in ([5, 52], [52, 5])
    assert found["written"] == {"model": str(blob_audit.model)}


def test_correction_without_a_matrix_says_so(cli, blob_file):
    model = blob_file.with_name("model.skops")
    arguments = ("audit", blob_file, "--target", "label", "--correction", "gce")
    arguments += ("--model", model)
    assert "not estimated" in cli(*arguments).out
    found = json.loads(cli(*arguments, "--json").out)
    assert found["noise_rate"] is None
    assert any("fits no folds" in note for note in found["notes"])


def test_trusted_rows_are_no_suspects_and_no_feature(
    cli, blobs, tmp_path, quick_fit, monkeypatch
):
    reported = {}

    def report(pipeline, X, y, *, path, trusted, **kwargs):
        reported["trusted"] = trusted
        path.write_text("")

    monkeypatch.setattr("sklnoise.cli._audit.noise_report", report)
    checked = np.arange(len(blobs)) % 10 == 3
    table = blobs.assign(checked=np.where(checked, "yes", "no"))
    options = ("--trusted", "checked", "--json")
    done = audit(cli, tmp_path, table, *options, files={"--out": "report.html"})
    found = json.loads(done.out)
    assert found["rows_trusted"] == 8
    assert "checked" not in found["columns"]
    # Row 3 is wrong, but its user says that it is right.
    assert [suspect["row"] for suspect in found["suspicious"]] == [52]
    assert np.array_equal(quick_fit.trusted, checked)
    assert np.array_equal(reported["trusted"], checked)


def test_columns_of_the_issues_have_different_names(cli, blobs, tmp_path, quick_fit):
    table = blobs.assign(**{"label (file)": "x", "row": "y"})
    audit(cli, tmp_path, table, files={"--issues": "issues.csv"})
    issues = pd.read_csv(tmp_path / "issues.csv")
    assert issues.columns.tolist() == [
        *("row", "label", "suggested", "quality", "width", "height"),
        *("label (file) (file)", "label (file)", "row (file)"),
    ]
    assert (issues["label (file) (file)"] == issues["label"]).all()


def test_stray_cells_and_labels_of_another_case_are_noted(
    cli, blobs, tmp_path, quick_fit
):
    table = blobs.assign(label=blobs["label"].map({"cat": "Dog", "dog": "dog"}))
    table["width"] = table["width"].astype(object)
    table.loc[7, "width"] = ">5"
    found = json.loads(audit(cli, tmp_path, table, "--json", files={}).out)
    assert any("'width'" in note and "'>5'" in note for note in found["notes"])
    assert any(
        "spelling" in said and "'Dog', 'dog'" in said for said in found["cautions"]
    )


def test_next_steps_have_the_options_of_the_audit(cli, blobs, tmp_path, quick_fit):
    audited = audit(
        *(cli, tmp_path, blobs, "--drop", "width", "--encoding", "utf-8"),
        files={"--out": "report.html"},
    )
    assert audited.code == 0, audited.err
    report = (tmp_path / "report.html").read_text()
    assert "repair data.csv decisions.csv --encoding utf-8 --out data_rep" in report
    same = "data.csv --target label --drop width --encoding utf-8 "
    assert f"sklnoise audit {same}--decisions decisions.csv" in report
    assert f"sklnoise review {same}--out review.csv" in report


def test_formulas_of_all_rows_are_noted(cli, blobs, tmp_path, quick_fit):
    cells = ["=1+1", *["plain"] * (len(blobs) - 1)]
    files = {"--issues": "issues.csv"}
    for arguments, is_noted in (((), False), (("--all-rows",), True)):
        audited = audit(cli, tmp_path, blobs.assign(note=cells), *arguments, files=files)
        assert ("apostrophe" in audited.out) == is_noted, audited.out


def test_decisions_that_leave_one_class_are_refused(cli, blobs, tmp_path):
    decisions = tmp_path / "decisions.csv"
    is_cat = (blobs["label"] == "cat").to_numpy()
    rows = np.flatnonzero(is_cat) + 2
    lines = ["row,label,decision", *(f"{row},cat,wrong" for row in rows)]
    decisions.write_text("\n".join(lines))
    audited = audit(cli, tmp_path, blobs, "--fast", "--decisions", decisions, files={})
    assert audited.code == 2
    assert "The labels cannot be judged" in audited.err


def test_columns_that_tell_the_label_come_first():
    is_cat = np.arange(12_000) < 6000  # sorted by the label
    noise = np.random.default_rng(0).normal(size=(2, len(is_cat)))
    X = pd.DataFrame(
        {"price": noise[0], "x": np.where(is_cat, "price", "other"), "y": noise[1]}
    )
    table = SimpleNamespace(X=X, class_codes=is_cat.astype(int))
    encoder = make_table_encoder().fit(X)
    assert order_columns(encoder, table)[0] == "x"


def test_one_row_is_not_called_many(cli, blobs, tmp_path, quick_fit):
    table = pd.concat([blobs, blobs.iloc[:1].assign(label=None)], ignore_index=True)
    notes = json.loads(audit(cli, tmp_path, table, "--json", files={}).out)["notes"]
    assert "1 row without a label was left out." in notes


def test_warnings_of_the_fit_are_noted_by_their_first_sentence(cli, blob_file, quick_fit):
    quick_fit.warning = "these classes: cat and dog. Mark a few rows."
    done = cli("audit", blob_file, "--target", "label", "--json")
    notes = json.loads(done.out)["notes"]
    assert "UserWarning: these classes: cat and dog." in notes


def test_class_of_one_row_is_audited_with_a_note(cli, blobs, tmp_path):
    table = pd.concat([blobs, blobs[:1].assign(label="fox", width=-9, height=20)])
    found = json.loads(audit(cli, tmp_path, table, "--json", files={}).out)
    assert found["class_counts"] == [40, 40, 1]
    assert any("RareClassWarning" in note for note in found["notes"])


def test_parquet_with_the_same_seed_gives_the_same_result(
    cli, blob_audit, blobs, tmp_path
):
    blobs.to_parquet(tmp_path / "blobs.parquet")
    options = ("--target", "label", "--json", "--quiet", "--seed", 0)
    typed = json.loads(cli("audit", tmp_path / "blobs.parquet", *options).out)
    text = json.loads(blob_audit.out)
    # A Parquet file has no header: its first row is row 1.
    for suspect in text["suspicious"]:
        suspect["row"] -= 1
    del text["written"], typed["written"]
    assert typed == text
