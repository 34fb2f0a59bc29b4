"""What users import."""

import importlib
import inspect

import pytest
from numpydoc.validate import validate

import sklnoise

PACKAGES = ["sklnoise"] + [
    f"sklnoise.{name}"
    for name in (
        "annotators",
        "losses",
        "transition",
        "datasets",
        "nn",
        "inspection",
        "classifiers",
        "metrics",
        "issues",
        "tables",
    )
]
PUBLIC = [
    (package, name)
    for package in PACKAGES
    for name in importlib.import_module(package).__all__
    if not name.startswith("_")
]


NUMPYDOC_IGNORED = {
    "ES01",  # a summary is often enough
    "EX01",  # the examples have a test of their own
    "SA01",  # the guide links what belongs together
    "RT02",  # returned values are named
    "GL01",  # the summary stands on the line of the opening quotes
}


def documented(package, name):
    """List a public name and the public methods that sklnoise defines for it."""
    public = getattr(importlib.import_module(package), name)
    yield f"{package}.{name}"
    for kind in public.__mro__ if inspect.isclass(public) else ():
        if kind.__module__.startswith("sklnoise."):
            for method, value in vars(kind).items():
                if not method.startswith("_") and (
                    inspect.isroutine(value) or isinstance(value, property)
                ):
                    yield f"{package}.{name}.{method}"


@pytest.mark.parametrize(
    ("package", "name"),
    [pair for pair in PUBLIC if pair[1] != "noisy_log_likelihood_scorer"],  # an instance
)
def test_public_docstring_follows_numpydoc(package, name):
    errors = {
        path: [
            f"{code}: {text}"
            for code, text in validate(path)["errors"]
            if code not in NUMPYDOC_IGNORED
        ]
        for path in documented(package, name)
    }
    assert {path: found for path, found in errors.items() if found} == {}


@pytest.mark.parametrize(("package", "name"), PUBLIC)
def test_public_name_is_documented_with_an_example(package, name):
    doc = inspect.getdoc(getattr(importlib.import_module(package), name))
    assert ">>>" in doc or name.startswith("Base")


def test_version_is_that_of_the_distribution():
    assert sklnoise.__version__ == importlib.metadata.version("sklnoise")


def test_default_parameters_are_those_of_the_contract():
    params = sklnoise.NoiseRobustClassifier().get_params()
    contract = {
        "estimator": None,
        "correction": "default",
        "transition": "auto",
        "first_pass": None,
        "refit": "scratch",
        "cv": 5,
        "memory": None,
        "device": "auto",
        "dtype": "auto",
        "n_jobs": None,
        "random_state": None,
        "verbose": None,
    }
    assert contract.items() <= params.items()
