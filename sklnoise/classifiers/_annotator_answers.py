"""What a fitted classifier says of the answers of annotators."""

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._tensors import as_numpy
from sklnoise._validation import check_weight
from sklnoise.annotators._answers import Answers, check_answers
from sklnoise.annotators._copies import without_duplicates
from sklnoise.annotators._em import expect
from sklnoise.classifiers._annotator_input import is_annotated
from sklnoise.issues._find import make_frame


def answers_of_fit(classifier):
    """Return the answers that a classifier was fitted to."""
    return Answers(
        *classifier._fitted_answers,
        classifier.classes_,
        classifier.annotators_,
        len(classifier.consensus_proba_),
    )


def holds_answers(classifier, y):
    """Return whether y are answers of annotators, as those of the fit."""
    if is_annotated(y):
        return True
    names = getattr(classifier, "annotators_", ())
    columns = getattr(y, "columns", ())
    return len(columns) == 1 and columns[0] in list(names)


def check_answers_of(classifier, y):
    """Return answers encoded as those of the fit."""
    if not hasattr(classifier, "annotators_"):
        raise ValueError(
            "y must hold one label per sample, shape (n_samples,), as in fit; got shape "
            f"{np.shape(y)}. For answers of several annotators fit to them, too."
        )
    return check_answers(
        y,
        classifier.missing_label,
        classes=classifier.classes_,
        annotators=classifier.annotators_,
    )


def posterior_of(classifier, y_proba, answers):
    """Return the posterior of the clean classes, given the samples and the answers."""
    proba = y_proba.astype(np.float64)
    answers = without_duplicates(answers, classifier._leader)
    return expect(answers, classifier.transition_matrices_, None, proba)[0]


def quality_of_answers(classifier, y_proba, y):
    """Return the probability that each answer is right, NaN where there is none."""
    answers = check_answers_of(classifier, y)
    check_consistent_length(y_proba, y)
    posterior = posterior_of(classifier, y_proba, answers)
    quality = np.full((answers.n_samples, answers.n_annotators), np.nan)
    of_answer = posterior[answers.sample, answers.code]
    quality[answers.sample, answers.annotator] = of_answer
    return quality


def score_answers(classifier, y_pred, y, sample_weight):
    """Return the share of the answers that are predicted."""
    answers = check_answers_of(classifier, y)
    check_consistent_length(y_pred, y)
    weight = check_weight(as_numpy(sample_weight), len(y_pred))[answers.sample]
    equal = classifier.classes_[answers.code] == y_pred[answers.sample]
    return float(np.average(equal, weights=weight))


def judge_by_posterior(answers, posterior):
    """Return the suggested code and the quality of each answer, and if it is an issue.

    These are the answers to which another class is more probable, given all of them.
    """
    suggested = posterior.argmax(axis=1)[answers.sample]
    quality = posterior[answers.sample, answers.code]
    is_issue = quality < posterior[answers.sample, suggested]
    return np.where(is_issue, suggested, answers.code), quality, is_issue


def find_answer_issues(classifier, return_type):
    """Find the answers of the fit that are probably wrong."""
    answers = answers_of_fit(classifier)
    suggested, quality, is_issue = judge_by_posterior(
        answers, classifier.consensus_proba_
    )
    if return_type == "frame":
        return make_frame(
            answers.classes[answers.code],
            answers.classes[suggested],
            quality,
            is_issue,
            sample=answers.sample,
            annotator=answers.annotators[answers.annotator],
        )
    cells = np.stack([answers.sample, answers.annotator], axis=1)
    if return_type == "indices":
        order = np.argsort(quality, kind="stable")
        return cells[order[is_issue[order]]].astype(np.int64)
    mask = np.zeros((answers.n_samples, answers.n_annotators), dtype=bool)
    mask[tuple(cells[is_issue].T)] = True
    return mask
