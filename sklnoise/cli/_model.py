"""The file that keeps a fitted pipeline, and what it was made with."""

import warnings

import joblib
import sklearn
import torch

import sklnoise
from sklnoise.cli._errors import BadInput, one_line

KEYS = {"pipeline", "target", "columns", "classes", "versions"}


def versions():
    """Return the versions that a pickled pipeline depends on."""
    return {
        "sklnoise": sklnoise.__version__,
        "scikit-learn": sklearn.__version__,
        "torch": str(torch.__version__),
    }


def save_model(pipeline, target, columns, path):
    """Write a fitted pipeline."""
    model = {
        "versions": versions(),
        "target": target,
        "columns": columns,
        "classes": pipeline.classes_.tolist(),
        "pipeline": pipeline,
    }
    joblib.dump(model, path, compress=3)


def load_model(path):
    """Read a fitted pipeline. The file is a pickle: it can run any code."""
    if path.is_dir() or not path.exists():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise BadInput(
            f"{path} {reason}. Name a model that sklnoise audit --model wrote."
        )
    try:
        # Of other versions scikit-learn warns; they are told below, as an error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = joblib.load(path)
    except Exception as error:  # what a broken pickle raises is anyone's guess
        raise BadInput(
            f"{path} cannot be read as a model ({type(error).__name__}: "
            f"{one_line(error, 120)}). Name one that sklnoise audit --model wrote with "
            "the versions installed here, or write it again."
        ) from error
    if not isinstance(model, dict) or not model.keys() >= KEYS:
        raise BadInput(
            f"{path} is no model of sklnoise audit --model. Name one that it wrote."
        )
    check_versions(model["versions"], path)
    return model


def check_versions(written, path):
    """Refuse a model of other versions, whose pickle may mean something else."""
    here = versions()
    for package in ("sklnoise", "scikit-learn"):
        if written.get(package) != here[package]:
            raise BadInput(
                f"{path} was written with {package} {written.get(package)}; here is "
                f"{here[package]}. Run sklnoise audit again, or install that version."
            )
