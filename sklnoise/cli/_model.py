"""The file that keeps a fitted pipeline, and what it was made with."""

import warnings

import joblib
import sklearn
import torch

import sklnoise
from sklnoise.cli._errors import BadInput, one_line

KEYS = {"pipeline", "target", "columns", "classes", "versions"}


def versions():
    """Return the versions that a pickled pipeline depends on.

    Returns
    -------
    versions : dict of str to str
        By package.
    """
    return {
        "sklnoise": sklnoise.__version__,
        "scikit-learn": sklearn.__version__,
        "torch": str(torch.__version__),
    }


def save_model(pipeline, target, columns, path):
    """Write a fitted pipeline.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; it ends in the classifier.

    target : str
        Name of the column of the labels.

    columns : list of str
        Names of the columns that it takes.

    path : Path
        The file, for `joblib.load`.
    """
    model = {
        "versions": versions(),
        "target": target,
        "columns": columns,
        "classes": pipeline.classes_.tolist(),
        "pipeline": pipeline,
    }
    joblib.dump(model, path, compress=3)


def load_model(path):
    """Read a fitted pipeline. The file is a pickle: it can run any code.

    Parameters
    ----------
    path : Path
        A file of `save_model`.

    Returns
    -------
    model : dict
        What was saved.

    Raises
    ------
    BadInput
        If it is another file, a broken one or one of other versions.
    """
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
    """Refuse a model of other versions, whose pickle may mean something else.

    Parameters
    ----------
    written : dict of str to str
        Versions that it was written with.

    path : Path
        The model.

    Raises
    ------
    BadInput
        If sklnoise or scikit-learn are not the same. Networks of other versions of
        torch can be read.
    """
    here = versions()
    for package in ("sklnoise", "scikit-learn"):
        if written.get(package) != here[package]:
            raise BadInput(
                f"{path} was written with {package} {written.get(package)}; here is "
                f"{here[package]}. Run sklnoise audit again, or install that version."
            )
