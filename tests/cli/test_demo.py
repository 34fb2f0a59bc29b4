"""The demo prints its table, saves its picture and leaves nothing else behind."""

import tempfile
from functools import partial
from types import SimpleNamespace

import pytest
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import load_noisy_digits
from sklnoise.nn import MLP

PNG_SIGNATURE = b"\x89PNG"


def few_digits(**params):
    """Load every tenth digit: what is tested is not how well they are learned."""
    digits = load_noisy_digits(**params)
    for name in ("data", "target", "clean_target"):
        digits[name] = digits[name][::10]
    return digits


@pytest.fixture(scope="module")
def demo(cli, tmp_path_factory):
    folder, temporary = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("temp")
    picture = folder / "picture.png"
    net = NeuralNetClassifier(MLP, max_epochs=2, train_split=None, verbose=0)
    quick = partial(NoiseRobustClassifier, net)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setattr("sklnoise.cli._demo.load_noisy_digits", few_digits)
        patch.setattr("sklnoise.cli._demo.NoiseRobustClassifier", quick)
        done = cli("demo", "--seeds", 1, "--out", picture)
    return SimpleNamespace(**vars(done), picture=picture, temporary=temporary)


def test_demo_succeeds(demo):
    assert demo.code == 0


def test_table_has_a_row_per_training(demo):
    rows = [line.split("│")[1:3] for line in demo.out.splitlines() if line[:1] == "│"]
    assert [name.strip() for name, _ in rows] == [
        "plain network, noisy labels",
        "forward, estimated T",
        "backward, estimated T",
        "adaptation, T learned",
        "forward, true T",
        "plain network, clean labels",
    ]
    assert all(0 <= float(accuracy) <= 100 for _, accuracy in rows)


def test_both_matrices_are_printed(demo):
    assert "True T" in demo.out
    assert "T found" in demo.out
    assert "Mean absolute row error" in demo.out


def test_picture_is_a_png(demo):
    assert demo.picture.read_bytes().startswith(PNG_SIGNATURE)


def test_path_of_the_picture_comes_last(demo):
    assert demo.out.splitlines()[-1] == f"Picture: {demo.picture}"


def test_memory_folder_is_gone(demo):
    left = {path.name for path in demo.temporary.iterdir()}
    assert {name for name in left if not name.startswith("torch")} == set()


def test_missing_folder_is_refused_before_the_work(cli, tmp_path):
    done = cli("demo", "--out", tmp_path / "nowhere" / "picture.png")
    assert done.code == 2
    assert "does not exist" in done.err
