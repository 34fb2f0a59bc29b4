"""IMDB, from its file."""

import json
import lzma

import pytest

from sklnoise.datasets import fetch_imdb


@pytest.fixture
def rewrite(folder):
    """A function that writes other lines into the file."""

    def rewrite(lines):
        with lzma.open(folder / "imdb.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    return rewrite


def test_reviews_are_a_list_of_strings_in_their_order(folder, reviews):
    texts = [review["text"] for review in reviews if review["split"] == "train"]
    assert fetch_imdb(data_home=folder).data == texts


def test_split_decides_what_to_test_on(folder, reviews):
    texts, y = fetch_imdb(subset="test", data_home=folder, return_X_y=True)
    assert texts == [reviews[1]["text"], reviews[4]["text"]]
    assert y.tolist() == [reviews[1]["y"], reviews[4]["y"]]


def test_all_reviews_are_a_list(folder):
    assert isinstance(fetch_imdb(subset="all", data_home=folder).data, list)


def test_names_are_negative_and_positive(folder):
    assert fetch_imdb(data_home=folder).target_names.tolist() == ["negative", "positive"]


def test_missing_file_is_told_with_what_it_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLNOISE_DATA", "nowhere")
    with pytest.raises(FileNotFoundError, match=r"imdb\.jsonl\.xz is in no") as caught:
        fetch_imdb(data_home=str(tmp_path))
    told = str(caught.value)
    assert f"got data_home={str(tmp_path)!r} and SKLNOISE_DATA='nowhere'" in told
    assert '"split": "train" or "test"' in told
    assert "https://ai.stanford.edu/~amaas/data/sentiment/" in told


def test_openml_is_not_asked(openml):
    with pytest.raises(FileNotFoundError):
        fetch_imdb()
    assert openml.calls == []


@pytest.mark.parametrize("key", ["split", "y", "text"])
def test_missing_key_is_named(folder, reviews, rewrite, key):
    del reviews[3][key]
    rewrite(map(json.dumps, reviews))
    with pytest.raises(ValueError, match=rf"imdb\.jsonl\.xz must hold .*: '{key}'"):
        fetch_imdb(data_home=folder)


def test_unknown_split_is_named(folder, reviews, rewrite):
    rewrite(map(json.dumps, [*reviews, {"split": "unsup", "y": 0, "text": ""}]))
    with pytest.raises(ValueError, match=r"must hold .* KeyError: 'unsup'"):
        fetch_imdb(data_home=folder)


def test_line_that_is_no_json_is_told(folder, rewrite):
    rewrite(["a fine film"])
    with pytest.raises(ValueError, match=r"must hold .* JSONDecodeError"):
        fetch_imdb(data_home=folder)


def test_missing_reviews_are_counted(folder, reviews, rewrite):
    rewrite(map(json.dumps, reviews[:4]))
    with pytest.raises(
        ValueError, match=r"4 reviews to train on and 2 to .* it has 3 and 1"
    ):
        fetch_imdb(data_home=folder)
