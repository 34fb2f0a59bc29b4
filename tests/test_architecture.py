"""The floors of the house: imports go downwards only."""

import ast
from pathlib import Path

import pytest

import sklnoise

ROOT = Path(sklnoise.__file__).parent
FLOORS = {
    "exceptions": 0,
    "_blocks": 0,
    "_labels": 0,
    "_transition_matrix": 0,
    "_validation": 0,
    "_warnings": 0,
    "_compat": 0,
    "losses": 1,
    "transition": 1,
    "datasets": 1,
    "nn": 1,
    "metrics": 2,
    "issues": 2,
    "engine": 2,
    "classifiers": 3,
    "inspection": 4,
    "cli": 5,
    "__main__": 6,
    "__init__": 4,
}
ONLY_IMPORTER = {
    "skorch": {"engine"},
    "matplotlib": {"inspection"},
    "typer": {"cli"},
    "rich": {"cli", "classifiers"},
    "PIL": {"datasets"},
}
FILES = sorted(ROOT.rglob("*.py"))


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            if node.module == "sklnoise":
                yield "sklnoise.__init__"
                yield from (f"sklnoise.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_imports_from_lower_floors_only(path):
    here = room_of(path)
    for name in imports_of(path):
        if name.startswith("sklnoise."):
            there = name.split(".")[1]
            if there in FLOORS and there != here:
                assert FLOORS[there] < FLOORS[here], f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_library_has_one_importer(path):
    for name in imports_of(path):
        allowed = ONLY_IMPORTER.get(name.split(".")[0])
        assert allowed is None or room_of(path) in allowed, f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_private_scikit_learn_names_come_through_compat(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sklearn"):
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            private = any(name.startswith("_") for name in names)
            assert not private or room_of(path) == "_compat", f"{path}: {node.module}"


def test_every_room_has_its_floor():
    assert {room_of(path) for path in FILES} <= set(FLOORS)
