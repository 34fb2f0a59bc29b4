"""Warnings of answers that a consensus should not rest on."""

import numpy as np

from sklnoise._text import enumerate_names, list_some, shorten
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import AnnotatorWarning

# Probability, over all annotators, that one is called constant by chance.
CONSTANT_LEVEL = 0.001


def warn_of_answers(answers):
    """Warn of missing, constant and identical answers, and of classes of one person."""
    of_annotator = answers.usage.sum(axis=1)
    problems = [
        describe_missing(answers, of_annotator),
        describe_own_classes(answers),
        describe_constant(answers, of_annotator),
        describe_agreement(answers),
    ]
    for problem in filter(None, problems):
        warn_caller(problem, AnnotatorWarning)


def name_some(answers, which):
    """Return the names of some annotators."""
    return enumerate_names(shorten(answers.annotators[a]) for a in which)


def describe_missing(answers, of_annotator):
    """Return who has no answer."""
    missing = np.flatnonzero(of_annotator == 0)
    if len(missing):
        return (
            f"{len(missing)} of {answers.n_annotators} annotators have no answer: "
            f"{name_some(answers, missing)}. They are taken for average ones."
        )


def describe_own_classes(answers):
    """Return which classes one annotator uses and nobody else."""
    used = answers.usage > 0
    own = np.flatnonzero(used.sum(axis=0) == 1)
    if len(own) and used.any(axis=1).sum() > 1:
        users = np.unique(used[:, own].argmax(axis=0))
        return (
            "only one annotator uses each of the classes "
            f"{list_some(answers.classes[own])}: {name_some(answers, users)}. Check the "
            "spelling; what others answer to such samples counts as wrong."
        )


def describe_constant(answers, of_annotator):
    """Return who always gives the same answer, more often than chance explains."""
    is_constant = (answers.usage.max(axis=1) == of_annotator) & (of_annotator > 0)
    constant = np.flatnonzero(is_constant)
    code = answers.usage[constant].argmax(axis=1)
    n, total = of_annotator[constant], answers.usage.sum(axis=0)
    share = (total[code] - n) / np.maximum(len(answers) - n, 1)  # among the others
    level = CONSTANT_LEVEL / answers.n_annotators
    found = constant[(share**n < level) & (n < len(answers))]
    if len(found):
        return (
            f"{len(found)} of {answers.n_annotators} annotators always give the same "
            f"answer: {name_some(answers, found)}. Their answers say nothing about the "
            "clean class."
        )


def describe_agreement(answers):
    """Return that nobody disagrees, so that nobody can be told to be better."""
    n_votes = answers.votes.sum(axis=1)
    shared = n_votes > 1
    if not shared.any():
        return (
            "no sample has answers of two annotators, so that their errors cannot be "
            "estimated. Ask several annotators about the same samples."
        )
    if (answers.votes.max(axis=1) == n_votes)[shared].all():
        return (
            f"all annotators agree on each of the {shared.sum()} samples that several "
            "answered. If they copied from each other, their answers count as one."
        )
