"""Several columns as the target are the answers of annotators."""

import json

import numpy as np
import pandas as pd
import pytest

from sklnoise.cli._model import load_model
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

RATES = {"Ann": 0.1, "Bob": 0.3, "Eve": 0.5}
RATERS = [f"rater_{name}" for name in RATES]


@pytest.fixture(scope="session")
def crowd():
    """Two classes of 60 rows and the answers of three annotators, some missing."""
    rng = np.random.RandomState(0)
    codes = np.arange(120) % 2
    X = rng.normal(size=(120, 2)).round(3) + 4 * codes[:, np.newaxis]
    table = pd.DataFrame(X, columns=["width", "height"])
    for name, rate in RATES.items():
        T = make_transition_matrix("symmetric", 2, rate)
        labels = np.array(["cat", "dog"])[make_noisy_labels(codes, T, random_state=rng)]
        table[f"rater_{name}"] = np.where(rng.uniform(size=120) < 0.3, None, labels)
    table.loc[5, RATERS] = None
    return table


@pytest.fixture
def crowd_file(crowd, tmp_path):
    path = tmp_path / "crowd.csv"
    crowd.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def audited(cli, crowd, tmp_path_factory):
    """An audit of the answers: its document, and the files that it wrote."""
    folder = tmp_path_factory.mktemp("crowd")
    crowd.to_csv(folder / "crowd.csv", index=False)
    files = {"--out": "r.html", "--issues": "i.csv", "--model": "m.skops"}
    files |= {"--consensus": "c.csv"}
    options = [part for o, name in files.items() for part in (o, folder / name)]
    done = cli(
        *("audit", folder / "crowd.csv", "--target", "rater_*", "--fast", "--json"),
        *options,
    )
    assert done.code == 0, done.err
    return json.loads(done.out), folder


def test_each_annotator_is_summarized(audited, crowd):
    found, _ = audited
    lines = {line["annotator"]: line for line in found["annotators"]}
    assert list(lines) == RATERS
    for name in RATERS:
        assert lines[name]["n_answers"] == crowd[name].notna().sum()
    assert lines["rater_Ann"]["accuracy"] > lines["rater_Eve"]["accuracy"]
    assert sum(found["class_counts"]) == crowd[RATERS].notna().to_numpy().sum()
    assert found["rows"] == crowd[RATERS].notna().any(axis=1).sum()
    assert sum(found["consensus_counts"]) == found["rows"] == 120 - found["rows_left_out"]
    assert list(found["columns"]) == ["width", "height"]


def test_issues_have_a_line_for_each_answer(audited, crowd):
    found, folder = audited
    issues = pd.read_csv(folder / "i.csv")
    assert list(issues.columns[:5]) == [
        "row",
        "annotator",
        "label",
        "suggested",
        "quality",
    ]
    assert len(issues) == found["n_suspicious"]
    assert issues["quality"].is_monotonic_increasing
    for line in issues.itertuples():
        assert crowd.loc[line.row - 2, line.annotator] == line.label != line.suggested


def test_consensus_has_a_line_for_each_row(audited, crowd):
    found, folder = audited
    lines = pd.read_csv(folder / "c.csv")
    assert lines["probability"].is_monotonic_increasing
    assert lines["probability"].between(0.5, 1).all()
    lines = lines.set_index(lines["row"] - 2).sort_index()
    answers = crowd.loc[lines.index, RATERS]
    assert answers.notna().any(axis=1).all()
    assert len(lines) == found["rows"]
    assert (lines["answers"] == answers.notna().sum(axis=1)).all()
    agreeing = answers.eq(lines["consensus"], axis=0).sum(axis=1)
    assert (lines["agreeing"] == agreeing).all()
    clean = np.array(["cat", "dog"])[lines.index % 2]
    assert np.mean(lines["consensus"] == clean) > 0.95
    assert (lines["width"] == crowd.loc[lines.index, "width"]).all()


def test_consensus_needs_several_annotators(cli, crowd_file, tmp_path, check_refused):
    out = tmp_path / "c.csv"
    done = cli("audit", crowd_file, "--target", "rater_Ann", "--consensus", out)
    check_refused(done, "'rater_Ann' names one column")


def test_report_names_the_annotators(audited):
    html = (audited[1] / "r.html").read_text("utf-8")
    assert "columns rater_*" in html
    assert "What each annotator is worth" in html
    assert "repair" not in html


def test_model_predicts_rows_without_answers(cli, audited, crowd):
    folder = audited[1]
    crowd[["width", "height"]].to_csv(folder / "new.csv", index=False)
    out = folder / "p.csv"
    done = cli("predict", folder / "m.skops", folder / "new.csv", "--out", out)
    assert done.code == 0, done.err
    predicted = pd.read_csv(out)["predicted"]
    clean = np.array(["cat", "dog"])[np.arange(120) % 2]
    assert np.mean(predicted == clean) > 0.95
    clf = load_model(folder / "m.skops")[0][-1]
    assert clf.annotators_.tolist() == RATERS


def test_summary_has_a_line_for_each_annotator(cli, crowd_file):
    done = cli("audit", crowd_file, "--target", "rater_*", "--fast", "--quiet")
    assert done.out == ""
    done = cli("audit", crowd_file, "--target", "rater_*", "--fast")
    for text in (*RATERS, "Consensus", "Agreement", "of the answers", "any answer"):
        assert text in done.out


@pytest.mark.parametrize(
    "target",
    ["rater_*", "rater_???", "rater_Ann,rater_Bob, rater_Eve", "3,4,5", "*Ann,rater_*"],
)
def test_columns_are_named_by_a_pattern_or_a_list(
    cli, crowd_file, crowd, fit_input, target
):
    cli("audit", crowd_file, "--target", target)
    answered = crowd[RATERS].dropna(how="all")
    y = fit_input["y"]
    assert list(y.columns) == RATERS
    assert y.notna().to_numpy().tolist() == answered.notna().to_numpy().tolist()
    assert y["rater_Ann"].dropna().tolist() == answered["rater_Ann"].dropna().tolist()
    assert fit_input["X"].shape[1] == 2


@pytest.mark.parametrize("name", ["rater_*", "a,b", "rater_?"])
def test_column_of_this_very_name_is_one_target(cli, crowd, tmp_path, fit_input, name):
    path = tmp_path / "literal.csv"
    crowd.assign(**{name: crowd["rater_Ann"]}).to_csv(path, index=False)
    cli("audit", path, "--target", name)
    assert fit_input["y"].ndim == 1
    assert len(fit_input["y"]) == crowd["rater_Ann"].notna().sum()


@pytest.mark.parametrize(
    ("target", "messages"),
    [
        ("ratr_*", ["matches no column", "'rater_Ann'"]),
        ("Rater_*", ["matches no column", "'rater_Ann', 'rater_Bob', 'rater_Eve'"]),
        ("zzz*", ["matches no column", "'width'"]),
        ("rater_A*", ["one column only", "'rater_Ann'"]),
        ("rater_Ann,rater_Ann", ["one column only"]),
        ("rater_Ann,rater_Bo", ["Did you mean 'rater_Bob'"]),
        ("rater_", ['--target "rater_*"']),
        ("width,height,rater_*", ["different values"]),
    ],
)
def test_target_that_names_no_answers_is_refused(
    cli, crowd_file, check_refused, target, messages
):
    check_refused(cli("audit", crowd_file, "--target", target), *messages)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--correction", "gce"], "one label a row"),
        (["--trusted", "rater_Ann"], "different columns"),
        (["--columns", "rater_Ann"], "no column besides"),
    ],
)
def test_options_that_do_not_go_with_answers_are_refused(
    cli, crowd_file, check_refused, arguments, message
):
    done = cli("audit", crowd_file, "--target", "rater_*", *arguments)
    check_refused(done, message)


def test_correction_of_answers_needs_answers(cli, crowd_file, check_refused):
    done = cli("audit", crowd_file, "--target", "rater_Ann", "--correction", "trace")
    check_refused(done, "'rater_Ann' is one column")


def test_decisions_are_on_one_column(cli, crowd_file, tmp_path, check_refused):
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("row,label,decision,corrected\n2,cat,right,\n")
    several = (crowd_file, "--target", "rater_*")
    check_refused(cli("audit", *several, "--decisions", decisions), "one column")
    check_refused(cli("review", *several, "--out", tmp_path / "r.csv"), "one column")
    done = cli("repair", crowd_file, decisions, *several[1:], "--out", tmp_path / "o.csv")
    check_refused(done, "one column")


def test_numbers_are_classes_of_numbers(cli, crowd, tmp_path, fit_input):
    path = tmp_path / "crowd.parquet"
    table = crowd.copy()
    for name in RATERS:
        table[name] = table[name].map({"cat": 0, "dog": 1}).astype(float)
    table.to_parquet(path)
    cli("audit", path, "--target", "rater_*")
    values = fit_input["y"].to_numpy()
    assert {type(v) for v in values.ravel() if v is not None} == {int}


def test_spellings_of_annotators_are_joined(cli, crowd, tmp_path, fit_input):
    path = tmp_path / "spelled.csv"
    crowd.assign(rater_Bob=crowd["rater_Bob"].str.upper()).to_csv(path, index=False)
    cli("audit", path, "--target", "rater_*", "--join-labels")
    values = fit_input["y"].to_numpy().ravel()
    assert {v for v in values if v is not None} == {"cat", "dog"}


def test_vote_among_the_columns_is_left_out(cli, crowd, tmp_path):
    path = tmp_path / "vote.csv"
    vote = crowd[RATERS].mode(axis=1)[0]
    table = crowd.assign(vote=vote, other=crowd["rater_Bob"])
    table.to_csv(path, index=False)
    done = cli("audit", path, "--target", "rater_*", "--fast", "--json")
    found = json.loads(done.out)
    assert found["columns"]["vote"] == "dropped"
    assert any("'other'" in caution for caution in found["cautions"])


def test_annotator_without_answers_is_noted(cli, crowd, tmp_path):
    path = tmp_path / "silent.csv"
    crowd.assign(rater_Zoe="").to_csv(path, index=False)
    done = cli("audit", path, "--target", "rater_*", "--fast", "--json")
    found = json.loads(done.out)
    assert found["annotators"][-1]["n_answers"] == 0
    assert any("rater_Zoe" in note for note in found["notes"])


def test_two_annotators_are_enough(cli, crowd_file):
    target = "rater_Ann,rater_Bob"
    done = cli("audit", crowd_file, "--target", target, "--fast", "--json")
    assert [line["annotator"] for line in json.loads(done.out)["annotators"]] == RATERS[
        :2
    ]


def test_all_rows_are_all_answers(cli, crowd, crowd_file, tmp_path):
    path = tmp_path / "all.csv"
    options = ("--fast", "--quiet", "--issues", path, "--all-rows")
    done = cli("audit", crowd_file, "--target", "rater_*", *options)
    assert done.code == 0
    assert len(pd.read_csv(path)) == crowd[RATERS].notna().to_numpy().sum()
