"""What users import."""

import importlib
import inspect

import pytest

import sklnoise

PACKAGES = ["sklnoise"] + [
    f"sklnoise.{name}"
    for name in (
        "losses",
        "transition",
        "datasets",
        "nn",
        "inspection",
        "classifiers",
        "metrics",
        "issues",
    )
]
PUBLIC = [
    (package, name)
    for package in PACKAGES
    for name in importlib.import_module(package).__all__
    if not name.startswith("_")
]


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
        "correction": "forward",
        "transition": "auto",
        "first_pass": None,
        "refit": "scratch",
        "cv": 5,
        "memory": None,
        "device": "auto",
        "dtype": "auto",
        "n_jobs": None,
        "random_state": None,
        "verbose": 0,
    }
    assert contract.items() <= params.items()
