"""A y with a column for each annotator, checked and encoded once."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from sklnoise._text import list_some, shorten
from sklnoise._validation import (
    check_transition_matrix,
    check_trusted,
    check_weight,
)
from sklnoise.annotators._answers import Answers, check_answers, check_are_labels
from sklnoise.annotators._checks import warn_of_answers
from sklnoise.annotators._copies import (
    find_duplicates,
    merge_duplicates,
    warn_of_copies,
    warn_of_duplicates,
)
from sklnoise.annotators._em import CrowdModel, fit_em
from sklnoise.classifiers._fit_input import FitInput, check_fit_input
from sklnoise.losses._annotators import check_transition_matrices

ANNOTATOR_CORRECTIONS = (
    *("default", "forward", "forward-elr", "em"),
    *("crowd-layer", "trace", "majority"),
)
# Of many classes and few answers, the matrices of more iterations follow chance.
FIRST_ITERATIONS = 3

# Those that a single label for each sample has no use for.
ONLY_OF_ANNOTATORS = "crowd-layer", "trace", "majority"


@dataclass(frozen=True, eq=False)
class AnnotatedInput(FitInput):
    """The samples of a fit with the answers of annotators; `y` is their consensus.

    `first` is a first model of them without features, which has not overfitted yet.
    `leader` is the annotator whose answers one has repeated, `counted` are the answers
    without those, and `place` that of an annotator in them. `known` are the transition
    matrices that were given, and `posterior` is that of the clean classes, once known.
    """

    answers: Answers = None
    first: CrowdModel = None
    leader: np.ndarray = None
    counted: Answers = None
    place: np.ndarray = None
    known: np.ndarray | None = None
    posterior: np.ndarray | None = None


def is_annotated(y):
    """Return whether y has several columns, one for each annotator."""
    if y is None or isinstance(y, str) or issparse(y):
        return False
    if isinstance(y, list | tuple) and not (len(y) and np.ndim(y[0]) == 1):
        return False
    try:
        shape = np.shape(y)
    except (TypeError, ValueError):  # rows of several lengths
        return False
    return len(shape) == 2 and shape[1] > 1


def check_annotated_input(classifier, X, y, sample_weight, trusted):
    """Validate what `fit` was given with the answers of several annotators."""
    answers = check_answers(y, classifier.missing_label)
    check_no_probabilities(answers)
    check_are_labels(answers)
    check_annotator_correction(classifier)
    known = known_matrices(classifier.transition, answers)
    weight = check_weight(sample_weight, answers.n_samples)
    is_silent = (weight > 0) & ~answers.answered
    weight = np.where(answers.answered, weight, 0)
    answers = answers.select(weight[answers.sample] > 0)
    if not len(answers):
        raise ValueError("y must hold answers to samples of positive weight; got none.")
    leader = find_duplicates(answers)
    warn_of_duplicates(answers, leader)
    given = answers.votes.argmax(axis=1)
    data = check_fit_input(classifier, X, given, weight, trusted)
    check_trusted_have_answers(trusted, is_silent)
    counted, place = count_answers(answers, data.trusted, leader)
    warn_of_answers(answers.select(~data.trusted[answers.sample]))
    warn_of_copies(counted)
    first = fit_em(counted, max_iter=FIRST_ITERATIONS)
    consensus = np.where(data.trusted, given, first.proba.argmax(axis=1))
    # Some class may be nowhere the consensus.
    fields = {name: getattr(data, name) for name in FitInput.__dataclass_fields__}
    fields |= {"y": consensus.astype(np.int64), "classes": answers.classes}
    of_answers = {"leader": leader, "counted": counted, "place": place, "known": known}
    return AnnotatedInput(**fields, answers=answers, first=first, **of_answers)


def check_trusted_have_answers(trusted, is_silent):
    """Raise a ValueError if the class of a trusted sample is not known."""
    if trusted is None:
        return
    at = np.flatnonzero(check_trusted(trusted, len(is_silent)) & is_silent)
    if len(at):
        raise ValueError(
            "trusted samples must have an answer, as it is known to be right; sample "
            f"{at[0]} has none. Answer it, or do not trust it."
        )


def count_answers(answers, trusted, leader):
    """Return the answers that T is estimated by, and the place of each annotator there.

    Those to trusted samples are all right, and so not drawn like the others.
    """
    differ = trusted & ((answers.votes > 0).sum(axis=1) > 1)
    if differ.any():
        at = np.flatnonzero(differ)[0]
        raise ValueError(
            "trusted samples must have a label that is right, and so answers that are "
            f"equal; those to sample {at} differ. Leave out the wrong answers."
        )
    counted, place = merge_duplicates(answers.select(~trusted[answers.sample]), leader)
    if not len(counted):
        raise ValueError(
            "y must hold answers to samples that are not trusted, by which annotators "
            "are judged; got none."
        )
    return counted, place


def check_no_probabilities(answers):
    """Raise a ValueError if the columns of y are those of classes, not of annotators."""
    n_samples, m = answers.n_samples, answers.n_annotators
    if answers.classes.dtype.kind not in "biuf" or len(answers) < n_samples * m:
        return
    total = np.bincount(answers.sample, answers.classes[answers.code].astype(float))
    if answers.classes.min() >= 0 and np.allclose(total, 1, atol=1e-3):
        raise ValueError(
            "y must hold one label per sample, shape (n_samples,), or the answer of each "
            f"annotator, shape (n_samples, n_annotators); got shape {(n_samples, m)}, "
            "whose rows sum to 1. Soft labels, or one column per class, are no target of "
            "a classifier: pass the most probable class, y.argmax(axis=1), and its "
            "probability as sample_weight."
        )


def check_annotator_correction(classifier):
    """Raise a ValueError if a correction cannot take several answers to a sample."""
    correction = classifier.correction
    if classifier.refit is False:
        return
    if not isinstance(correction, str) or correction not in ANNOTATOR_CORRECTIONS:
        raise ValueError(
            "with several annotators, correction must be one of "
            f"{list_some(ANNOTATOR_CORRECTIONS)}; got {shorten(repr(correction), 100)}. "
            "For other corrections fit to DawidSkene().fit(y).consensus_."
        )
    is_auto = isinstance(classifier.transition, str)
    if correction in ("crowd-layer", "trace") and not is_auto:
        raise ValueError(
            f'correction="{correction}" learns the T of each annotator; got one as '
            'transition. Leave it at "auto", or use "forward".'
        )


def check_single_correction(correction):
    """Raise a ValueError if a correction needs the answers of several annotators."""
    if isinstance(correction, str) and correction in ONLY_OF_ANNOTATORS:
        raise ValueError(
            f'correction="{correction}" needs y of shape (n_samples, n_annotators), with '
            "a column for each of at least 2 annotators; got one label for each sample."
        )


def known_matrices(transition, answers):
    """Return the T of each annotator where it is given, otherwise None."""
    if isinstance(transition, str) and transition == "auto":
        return None
    K, m = answers.n_classes, answers.n_annotators
    shape = np.shape(transition)
    if shape == (K, K):
        T = check_transition_matrix(transition, K, answers.classes)
        return np.repeat(T[np.newaxis], m, axis=0)
    if shape == (m, K, K):
        return check_transition_matrices(transition, answers.annotators)
    found = f"shape {shape}" if shape else shorten(repr(transition), 100)
    raise ValueError(
        'with several annotators, transition must be "auto" or hold the matrix of each, '
        f"shape (n_annotators, n_classes, n_classes) = {(m, K, K)}, or one for all, "
        f"shape {(K, K)}; got {found}."
    )
