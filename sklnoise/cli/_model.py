"""The model of an audit: fitted to a table, saved, loaded and used to predict."""

import sys
import warnings
from contextlib import redirect_stdout
from typing import NamedTuple

import joblib
import pandas as pd
import sklearn
import torch
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

import sklnoise
from sklnoise import export
from sklnoise._text import enumerate_names
from sklnoise.classifiers._annotator_input import (
    ANNOTATOR_CORRECTIONS,
    ONLY_OF_ANNOTATORS,
)
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.classifiers._first_pass import make_trees
from sklnoise.cli._errors import BadInput, did_you_mean, first_sentence, one_line
from sklnoise.cli._files import read_table
from sklnoise.cli._outputs import (
    check_outputs,
    has_formulas,
    print_table,
    write_table,
    written_together,
)
from sklnoise.exceptions import FoldFitError, NonFiniteLossError
from sklnoise.tables import make_table_encoder
from sklnoise.training import resolve_device

CORRECTION_NAMES = (*CORRECTIONS, "auto", *ONLY_OF_ANNOTATORS)

MAX_WARNING_LENGTH = 200

PICKLE_KEYS = {"pipeline", "columns"}


class Settings(NamedTuple):
    """How the classifier is fitted."""

    correction: str = "default"
    device: str = "auto"
    seed: int = 0
    jobs: int | None = None
    # Whether trees alone judge the labels, and whether a network is fitted at the end.
    fast: bool = False
    refit: bool = False


def check_settings(settings):
    """Raise BadInput if the classifier does not know a setting."""
    name = settings.correction
    if name not in CORRECTION_NAMES:
        raise BadInput(
            f"--correction {name!r} is not known. {did_you_mean(name, CORRECTION_NAMES)}"
            f"The corrections are {', '.join(map(repr, CORRECTION_NAMES))}."
        )
    refused = f"--device {settings.device!r} cannot be used here"
    advice = "Use auto, cpu, or cuda or mps where there is one."
    if settings.device.partition(":")[0] == "meta":
        raise BadInput(f"{refused}: it computes no values. {advice}")
    try:
        resolve_device(settings.device)
    except ValueError as error:
        reason = first_sentence(error.__cause__ or error, MAX_WARNING_LENGTH, ends=".!?:")
        raise BadInput(f"{refused}: {reason} {advice}") from error


def check_correction(settings, table):
    """Raise BadInput if a correction does not go with the number of targets."""
    name = settings.correction
    if table.answers is None and name in ONLY_OF_ANNOTATORS:
        raise BadInput(
            f"--correction {name!r} needs the answers of several annotators, but "
            f"--target {one_line(table.target, 40)!r} is one column. Name all of them, "
            'such as --target "rater_*", or use another correction.'
        )
    if table.answers is not None and name not in ANNOTATOR_CORRECTIONS:
        raise BadInput(
            f"--correction {name!r} takes one label a row, but --target "
            f"{one_line(table.target, 40)!r} names {table.answers.n_annotators} columns. "
            f"With several use {', '.join(map(repr, ANNOTATOR_CORRECTIONS))}."
        )


def fit_table(table, settings, verbose):
    """Fit the encoder and the classifier; return the pipeline and the warnings."""
    check_correction(settings, table)
    classifier = sklnoise.NoiseRobustClassifier(
        correction=settings.correction,
        first_pass=make_trees() if settings.fast else "with-trees",
        refit="scratch" if settings.refit else False,
        device=settings.device,
        n_jobs=settings.jobs,
        random_state=settings.seed,
        verbose=verbose,
    )
    pipeline = Pipeline([("table", make_table_encoder()), ("classifier", classifier)])
    trusted = {"classifier__trusted": table.trusted} if table.trusted.any() else {}
    # Progress goes to stderr, so that stdout can be piped.
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sys.stderr):
        warnings.simplefilter("always")
        try:
            pipeline.fit(table.X, table.y, **trusted)
        except (ValueError, FoldFitError, NonFiniteLossError) as error:
            raise BadInput(f"The fit failed: {one_line(error)}") from error
    if not settings.refit and not hasattr(classifier, "out_of_fold_proba_"):
        raise BadInput(
            "The labels cannot be judged, as no row can be held out: that takes two "
            "classes, and rows of them that are not known to be right."
        )
    pipeline.set_params(classifier__verbose=0)
    notes = [
        f"{warning.category.__name__}: "
        f"{first_sentence(warning.message, MAX_WARNING_LENGTH)}"
        for warning in caught
    ]
    return pipeline, list(dict.fromkeys(notes))


def versions():
    """Return the versions that what an audit finds depends on."""
    return {
        "sklnoise": sklnoise.__version__,
        "scikit-learn": sklearn.__version__,
        "torch": str(torch.__version__),
    }


def save_model(pipeline, target, columns, path):
    """Write a fitted pipeline."""
    try:
        export.save_model(pipeline, path, {"target": target, "columns": columns})
    except ModuleNotFoundError as error:
        raise BadInput(f"--model: {error}") from error


def load_model(path, unsafe=False):
    """Read a fitted pipeline, of skops or, where nothing is safe anyway, of joblib.

    Nothing of a file of skops is run.
    """
    if path.is_dir() or not path.exists():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise BadInput(
            f"{path} {reason}. Name a model that sklnoise audit --model wrote."
        )
    try:
        pipeline, about = export.read_model(path)
    except export.NotSavedError as error:
        if unsafe:
            return load_pickle(path)
        hint = " Or run its code with --unsafe." if error.is_pickle else ""
        raise BadInput(f"{one_line(error)}{hint}") from error
    except (ValueError, ModuleNotFoundError) as error:
        raise BadInput(one_line(error)) from error
    if "columns" not in about:
        raise BadInput(
            f"{path} is no model of sklnoise audit --model: it does not say which "
            "columns of a table it needs. Load it with sklnoise.load in Python."
        )
    # What another version wrote may mean something else here.
    if changed := export.changed_versions(about):
        raise BadInput(
            f"{path} was written with {changed}. Run sklnoise audit again, or install "
            "these versions."
        )
    return pipeline, about["columns"]


def load_pickle(path):
    """Read a pipeline and its columns from a pickle, which can run any code."""
    try:
        # What another version wrote may mean something else here.
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            model = joblib.load(path)
    except Exception as error:  # A broken pickle may raise anything.
        raise BadInput(
            f"{path} cannot be read as a model ({type(error).__name__}: "
            f"{one_line(error, 120)}). Name one that sklnoise audit --model wrote with "
            "the versions installed here, or write it again."
        ) from error
    if not isinstance(model, dict) or not model.keys() >= PICKLE_KEYS:
        raise BadInput(
            f"{path} is no model of sklnoise audit --model. Name one that it wrote, or a "
            f"pickle of a dict with the keys {enumerate_names(sorted(PICKLE_KEYS))}."
        )
    return model["pipeline"], model["columns"]


def run_predict(model, data, out=None, reading=None, *, unsafe=False):
    """Predict the rows of a table and write them as CSV."""
    outputs = {} if out is None else {"--out": out}
    check_outputs(outputs, [model, data])
    pipeline, columns = load_model(model, unsafe)
    file = read_table(data, wanted=columns, options=reading)
    absent = pipeline[0][0].missing_columns(file.frame.columns)
    if absent:
        hint = ""
        if file.may_lack_header:
            hint = " The first line looks like a row: a file needs the names of columns."
        raise BadInput(
            f"{data} lacks {len(absent)} of the columns that the model was fitted "
            f"on: {enumerate_names(map(repr, absent))}. Add them, with empty cells where "
            f"nothing is known.{hint}"
        )
    try:
        y_proba = pipeline.predict_proba(file.frame)
    except ValueError as error:
        raise BadInput(f"{data} cannot be predicted: {one_line(error)}") from error
    for note in file.notes:
        print(f"Note: {one_line(note)}", file=sys.stderr)
    classes = pipeline.classes_
    columns = {"predicted": classes[y_proba.argmax(axis=1)]}
    columns |= {f"probability_{label}": p for label, p in zip(classes, y_proba.T)}
    predictions = pd.DataFrame(columns, index=file.frame.index)
    if has_formulas(predictions):
        note = "Labels that a spreadsheet would run as a formula got an apostrophe."
        print(f"Note: {note}", file=sys.stderr)
    if out is None:
        print_table(predictions)
        return
    with written_together([out]) as temporary:
        write_table(predictions, temporary[out])
