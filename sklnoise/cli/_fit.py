"""The fit of an audit: a pipeline, and the warnings as short notes."""

import re
import sys
import warnings
from contextlib import redirect_stdout

from sklearn.pipeline import Pipeline

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.cli._columns import TableEncoder
from sklnoise.cli._errors import BadInput, choices, one_line
from sklnoise.exceptions import FoldFitError, NonFiniteLossError
from sklnoise.training import resolve_device

LONGEST_NOTE = 200

NAMES = (*CORRECTIONS, "auto")
"""Corrections that can be named."""


def check_setting(correction, device):
    """Refuse settings that the classifier does not know, before any file is read."""
    if correction not in NAMES:
        raise BadInput(
            f"--correction {correction!r} is not known. "
            f"{choices(correction, NAMES, 'corrections')}"
        )
    refused = f"--device {device!r} cannot be used here"
    advice = "Use auto, cpu, or cuda or mps where there is one."
    try:
        resolved = resolve_device(device)
    except ValueError as error:
        reason = first_sentence(error.__cause__, ends=".!?:")
        raise BadInput(f"{refused}: {reason} {advice}") from error
    if resolved.type == "meta":
        raise BadInput(f"{refused}: it computes no values. {advice}")


def fit_table(X, y, trusted, *, correction, device, seed, jobs, verbose):
    """Fit the encoder and the classifier to a table."""
    classifier = NoiseRobustClassifier(
        correction=correction,
        device=device,
        n_jobs=jobs,
        random_state=seed,
        verbose=verbose,
    )
    pipeline = Pipeline([("table", TableEncoder()), ("classifier", classifier)])
    known = {"classifier__trusted": trusted} if trusted.any() else {}
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sys.stderr):
        warnings.simplefilter("always")
        try:
            pipeline.fit(X, y, **known)
        except (ValueError, FoldFitError, NonFiniteLossError) as error:
            raise BadInput(f"The fit failed: {one_line(error)}") from error
    pipeline.set_params(classifier__verbose=0)
    return pipeline, list(dict.fromkeys(map(note_of, caught)))


def note_of(warning):
    """Bring a warning onto one line."""
    return f"{warning.category.__name__}: {first_sentence(warning.message)}"


def first_sentence(text, ends=".!?"):
    """Return the first sentence of a text."""
    sentence = re.split(rf"(?<=[{ends}])\s", str(text).strip())[0]
    return one_line(sentence.rstrip(".:") + ".", LONGEST_NOTE)
