"""Imports follow the layers of the package."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklnoise

ROOT = Path(sklnoise.__file__).parent

# From the bottom to the top. A package imports from lower layers only, so that those of
# one layer never import each other. Private modules of the root are below all of them,
# and import each other without a circle.
LAYERS = [
    {"exceptions"},
    {"losses", "transition", "datasets", "nn", "tables"},
    {"annotators", "issues", "metrics", "training", "engine"},
    {"export"},
    {"classifiers"},
    {"report"},
    {"inspection"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
# The packages that may import a library which is optional, slow to import or replaceable.
IMPORTERS = {
    "skorch": {"training", "engine"},
    "matplotlib": {"inspection"},
    "typer": {"cli"},
    "rich": {"cli", "classifiers"},
    "skrub": {"tables", "cli"},
    "PIL": {"datasets", "report", "inspection"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "skops": {"export"},
    "onnx": {"export"},
    "safetensors": {"export"},
}


def layer_of(package):
    for number, packages in enumerate(LAYERS):
        if package in packages:
            return number
    assert package.startswith("_"), f"sklnoise/{package} has no layer in LAYERS"
    return 0


def package_of(module):
    """Return what of the root a module is in, or is itself."""
    return module.split(".")[1] if "." in module else "__init__"


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_imported(tree):
    """Return each name of a module's imports, with the dots before it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots, module = "." * node.level, node.module or ""
            yield from (f"{dots}{module}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def imports():
    """The names that each module imports, read once."""
    return {
        module_name(path): set(names_imported(ast.parse(path.read_text("utf-8"))))
        for path in sorted(ROOT.rglob("*.py"))
    }


@pytest.fixture(scope="module")
def graph(imports):
    """The modules of the package that each module imports from."""
    return {
        module: {
            # The last part of a name is a module, or something that is defined in one.
            name if name in imports else name.rpartition(".")[0]
            for name in names
            if name.split(".")[0] == "sklnoise"
        }
        for module, names in imports.items()
    }


def test_imports_go_down_and_never_in_a_circle(imports, graph):
    relative = {m for m, names in imports.items() if any(n[0] == "." for n in names)}
    assert relative == set(), "these import relatively"
    upward = [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if package_of(other) != package_of(module)
        and layer_of(package_of(other)) >= max(layer_of(package_of(module)), 1)
    ]
    assert upward == []
    TopologicalSorter(graph).prepare()  # raises a CycleError that lists the modules


def test_optional_and_heavy_libraries_are_imported_where_they_belong(imports):
    misplaced = [
        f"{module} imports {name}"
        for module, names in imports.items()
        for name in names
        if (library := name.split(".")[0]) in IMPORTERS
        and package_of(module) not in IMPORTERS[library]
    ]
    assert misplaced == []


def test_private_names_of_scikit_learn_come_through_compat(imports):
    private = [
        f"{module} imports {name}"
        for module, names in imports.items()
        for name in names
        if name.split(".")[0] == "sklearn"
        and any(part.startswith("_") for part in name.split("."))
        and module != "sklnoise._compat"
    ]
    assert private == []
