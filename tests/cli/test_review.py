"""A review picks rows, and the decisions on them say how many labels are wrong."""

import pandas as pd
import pytest


@pytest.fixture
def picked(cli, blob_file, quick_fit, tmp_path):
    """The rows of a review as a table, and the file that holds them."""
    path = tmp_path / "review.csv"
    options = ("--random", 20, "--suspicious", 5)
    done = cli("review", blob_file, "--target", "label", "--out", path, *options)
    assert done.code == 0, done.err
    assert "25 rows to look at" in done.out
    return pd.read_csv(path, keep_default_na=False), path


def decide(rows, path, wrong=()):
    """Fill in the decisions."""
    is_wrong = rows["row"].isin(wrong)
    rows["decision"] = is_wrong.map({True: "wrong", False: "right"})
    other = rows["label"].map({"cat": "dog", "dog": "cat"})
    rows["corrected"] = other.where(is_wrong, "")
    rows.to_csv(path, index=False)


def test_rows_are_the_most_suspicious_and_random_others(picked):
    rows, _ = picked
    assert rows["part"].value_counts().to_dict() == {"random": 20, "suspicious": 5}
    assert rows["row"].is_unique
    assert set(rows["row"][:2]) == {5, 52}
    assert {"decision", "corrected", "width", "height"} <= set(rows.columns)


def test_decisions_give_the_noise_rate(cli, blob_file, picked):
    rows, path = picked
    decide(rows, path, wrong=(5, 52))
    done = cli("review", blob_file, "--target", "label", "--decisions", path)
    assert done.code == 0, done.err
    assert "Wrong labels before the review: 2.5%" in done.out
    assert "Not enough to stop" in done.out


def test_review_goes_on_with_more_random_rows(cli, blob_file, picked, tmp_path):
    rows, path = picked
    decide(rows, path, wrong=(5, 52))
    more = tmp_path / "more.csv"
    done = cli(
        *("review", blob_file, "--target", "label", "--decisions", path),
        *("--out", more, "--random", 75, "--suspicious", 5),
    )
    assert done.code == 0, done.err
    continued = pd.read_csv(more, keep_default_na=False)
    assert continued["row"][:25].tolist() == rows["row"].tolist()
    assert continued["decision"][:25].tolist() == rows["decision"].tolist()
    decide(continued, more, wrong=(5, 52))
    done = cli("review", blob_file, "--target", "label", "--decisions", more)
    assert "You may stop" in done.out


def test_columns_of_the_data_may_have_our_names(cli, blobs, quick_fit, tmp_path):
    data, path = tmp_path / "data.csv", tmp_path / "review.csv"
    blobs.rename(columns={"label": "Label", "width": "ROW"}).to_csv(data, index=False)
    review = ("review", data, "--target", "Label")
    done = cli(*review, "--out", path, "--random", 20, "--suspicious", 5)
    assert done.code == 0, done.err
    decide(pd.read_csv(path, keep_default_na=False), path, wrong=(5, 52))
    done = cli(*review, "--decisions", path)
    assert done.code == 0, done.err
    assert "Wrong labels before the review: 2.5%" in done.out


def test_row_may_be_decided_on_twice(cli, blob_file, picked, tmp_path):
    rows, path = picked
    decide(pd.concat([rows, rows[-1:]]), path)
    more = tmp_path / "more.csv"
    done = cli(
        *("review", blob_file, "--target", "label", "--decisions", path),
        *("--out", more, "--random", 30, "--suspicious", 5),
    )
    assert done.code == 0, done.err
    continued = pd.read_csv(more, keep_default_na=False)
    assert continued["decision"].tolist() == 25 * ["right"] + 10 * [""]


def test_next_command_has_the_same_options(cli, blob_file, quick_fit, tmp_path):
    options = ("--target", "label", "--drop", "width", "--join-labels")
    done = cli(
        *("review", blob_file, *options, "--out", tmp_path / "review.csv"),
        *("--random", 20, "--suspicious", 5),
    )
    assert done.code == 0, done.err
    assert f"{' '.join(options)} --decisions" in done.out


def test_rows_may_be_sorted_before_they_are_decided_on(cli, blob_file, picked):
    rows, path = picked
    decide(rows, path, wrong=(5, 52))
    # The last four that were drawn were not looked at yet.
    rows.loc[rows.index[-4:], "decision"] = ""
    rows.to_csv(path, index=False)
    options = ("review", blob_file, "--target", "label", "--decisions", path)
    expected = cli(*options).out
    rows.sort_values("width").to_csv(path, index=False)
    assert cli(*options).out == expected
    assert "Wrong labels before the review: 2.5%" in expected


def test_rows_can_be_repaired(cli, blob_file, picked, tmp_path):
    rows, path = picked
    decide(rows, path, wrong=(5, 52))
    out = tmp_path / "clean.csv"
    done = cli("repair", blob_file, path, "--out", out)
    assert done.code == 0, done.err
    before, after = pd.read_csv(blob_file), pd.read_csv(out)
    assert (before["label"] != after["label"]).to_numpy().nonzero()[0].tolist() == [3, 50]


def test_audit_trusts_what_was_decided(cli, blob_file, picked, quick_fit):
    rows, path = picked
    decide(rows, path, wrong=(5,))
    arguments = ("audit", blob_file, "--target", "label", "--decisions", path)
    done = cli(*arguments)
    assert done.code == 0, done.err
    assert "25 of them known to be right" in done.out
    # They were looked at because the model doubted them: T is not estimated from them.
    assert quick_fit.trusted is None
    assert "corrects 1 of the labels and finds 24 right" in done.out
    assert "so that about 1 (" in done.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--out"),
        (("--out", "review.csv", "--random", 1000), "cannot be picked"),
        (("--decisions", "data"), "has no column"),
        (("--out", "data"), "would replace the data"),
    ],
)
def test_bad_options_are_refused(
    cli, blob_file, quick_fit, tmp_path, monkeypatch, check_refused, options, message
):
    monkeypatch.chdir(tmp_path)
    options = [blob_file if option == "data" else option for option in options]
    done = cli("review", blob_file, "--target", "label", *options)
    check_refused(done, message)
