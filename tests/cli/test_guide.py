"""The session that the guide shows is what the commands print."""

import re
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pandas as pd
import pytest

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
GUIDE = GUIDES / "cli.rst"


def blocks(language, guide=GUIDE):
    """Return the code blocks of a language."""
    found = re.findall(
        rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", guide.read_text(), re.M
    )
    return [dedent(block).strip("\n") for block in found]


def without_digits(text):
    """Replace what may differ between machines: digits and spaces."""
    return re.sub(r"[\d\s]+", " ", text).strip()


@pytest.fixture(scope="module")
def session(cli, tmp_path_factory):
    """The commands of the guide, run in a folder of their own."""
    audit, predict = (block for block in blocks("console") if "model.skops" in block)
    command, _, shown = audit.partition("\n")
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("session"))
        patch.setenv("COLUMNS", "80")
        exec(blocks("python")[0], made)
        audited = cli(*command.removeprefix("$ sklnoise ").split())
        predicted = cli(*predict.removeprefix("$ sklnoise ").split())
        issues, predictions = pd.read_csv("issues.csv"), pd.read_csv("predictions.csv")
    return SimpleNamespace(**locals())


@pytest.mark.slow
def test_session_of_the_guide_is_what_is_printed(session):
    assert session.audited.code == 0
    assert without_digits(session.audited.out) == without_digits(session.shown)


@pytest.mark.slow
def test_every_row_of_the_session_is_predicted(session):
    assert session.predicted.code == 0
    assert len(session.predictions) == 178


@pytest.mark.slow
def test_numbers_that_the_guide_tells_are_those_of_the_session(session):
    names, clean = session.made["wine"].target_names, session.made["wine"].target
    wrong = session.made["noisy"] != clean.to_numpy()
    issues, rows = session.issues, session.issues["row"].to_numpy() - 2
    n_found = wrong[rows].sum()
    text = GUIDE.read_text().replace("\n", " ")
    found = f"The {len(issues)} suspicious samples include {n_found} of the {wrong.sum()}"
    assert found in text
    assert f"False positives: {len(issues) - n_found}." in text
    n_right = (issues["suggested"] == names[clean[rows]]).sum()
    assert f"{n_right} with the right suggestion" in text


@pytest.mark.slow
def test_half_hour_from_the_file_to_the_second_audit(cli, tmp_path, monkeypatch):
    guide, made = GUIDES / "audit.rst", {}
    monkeypatch.chdir(tmp_path)
    exec(blocks("python", guide)[0], made)
    _, audit, repair, again, review, result = blocks("console", guide)

    def run(block, *options):
        command, _, shown = block.partition("\n")
        done = cli(*command.removeprefix("$ sklnoise ").split(), *options)
        assert done.code == 0, done.err
        assert not shown or without_digits(done.out) == without_digits(shown)
        return done.out

    run(audit, "--issues", "issues.csv")
    issues = pd.read_csv("issues.csv").head(10)
    decided = issues.assign(decision="wrong", corrected=issues["suggested"])
    decided.to_csv("decisions.csv", index=False)
    run(repair)
    before, after = pd.read_excel("wine.xlsx"), pd.read_excel("wine_repaired.xlsx")
    clean = made["wine"].target_names[made["wine"].target]
    n_wrong = [(table["cultivar"] != clean).sum() for table in (before, after)]
    assert n_wrong == [27, 17]
    assert "Before the decisions" in run(again)
    run(review)
    rows = pd.read_csv("review.csv", keep_default_na=False)
    is_wrong = rows["label"] != clean[rows["row"] - 2]
    rows["decision"] = is_wrong.map({True: "wrong", False: "right"})
    rows["corrected"] = clean[rows["row"] - 2]
    rows.loc[~is_wrong, "corrected"] = ""
    rows.to_csv("review.csv", index=False)
    low, high = re.search(r"\((.*?)% to (.*?)% with", run(result)).groups()
    assert float(low) <= 100 * n_wrong[1] / len(clean) <= float(high)
