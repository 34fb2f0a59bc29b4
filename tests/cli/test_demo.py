"""The demo prints its table, saves its picture and leaves nothing else behind."""

import runpy
import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from types import SimpleNamespace

import pytest

from sklnoise.cli import _study, main
from sklnoise.datasets import load_noisy_digits

PNG_SIGNATURE = b"\x89PNG"


def run_main(*arguments):
    """Run the command line and return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["sklnoise", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    return stop.value.code or 0


def few_digits(**params):
    """Load every tenth digit: what is tested is not how well they are learned."""
    digits = load_noisy_digits(**params)
    for name in ("data", "target", "clean_target"):
        digits[name] = digits[name][::10]
    return digits


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder, temporary = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("temp")
    picture, output = folder / "picture.png", StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output):
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setattr(_study, "load_noisy_digits", few_digits)
        code = run_main("demo", "--seeds", 1, "--out", picture)
    return SimpleNamespace(
        code=code, text=output.getvalue(), picture=picture, temporary=temporary
    )


def test_demo_succeeds(demo):
    assert demo.code == 0


@pytest.mark.parametrize(
    "row",
    [
        "plain network, noisy labels",
        "forward, estimated T",
        "backward, estimated T",
        "adaptation, T learned",
        "forward, true T",
        "plain network, clean labels",
    ],
)
def test_table_has_row(demo, row):
    table = [line for line in demo.text.splitlines() if line.startswith("│")]
    assert sum(row in line for line in table) == 1


def test_both_matrices_are_printed(demo):
    assert "True T" in demo.text
    assert "T found" in demo.text
    assert "Mean absolute row error" in demo.text


def test_picture_is_a_png(demo):
    assert demo.picture.read_bytes().startswith(PNG_SIGNATURE)


def test_path_of_the_picture_comes_last(demo):
    assert demo.text.splitlines()[-1] == f"Picture: {demo.picture}"


def test_memory_folder_is_gone(demo):
    left = {path.name for path in demo.temporary.iterdir()}
    assert {name for name in left if not name.startswith("torch")} == set()


def test_missing_folder_is_told_before_the_work(tmp_path, capsys):
    assert run_main("demo", "--out", tmp_path / "nowhere" / "picture.png") == 2
    assert "does not exist" in capsys.readouterr().err


def test_module_runs_as_a_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sklnoise", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module("sklnoise", run_name="__main__")
    assert "demo" in capsys.readouterr().out


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_missing_extra_says_what_to_install(forget, monkeypatch, capsys, package):
    forget("sklnoise.cli._", f"{package}.")
    monkeypatch.setitem(sys.modules, package, None)
    assert run_main("--help") == 1
    assert 'pip install "sklnoise[cli]"' in capsys.readouterr().err


def test_missing_matplotlib_is_told_before_the_work(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run_main("demo", "--seeds", 1) == 1
    assert 'pip install "sklnoise[cli]"' in capsys.readouterr().err


def test_another_missing_module_is_not_blamed_on_the_extras(forget, monkeypatch):
    forget("sklnoise.cli._")
    monkeypatch.setitem(sys.modules, "sklnoise.cli._app", None)
    with pytest.raises(ModuleNotFoundError, match="_app"):
        main()
