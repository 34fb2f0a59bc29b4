"""One judgement of labels or of answers, for the displays and the report."""

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._text import list_some
from sklnoise._validation import check_trusted
from sklnoise.classifiers._annotator_answers import (
    answers_of_fit,
    check_answers_of,
    judge_by_posterior,
    posterior_of,
)
from sklnoise.classifiers._annotator_input import is_annotated
from sklnoise.issues._judgement import Judgement, check_fitted_samples, judge_fitted


def has_annotators(classifier):
    """Return whether a classifier was fitted to the answers of several annotators."""
    return hasattr(classifier, "annotators_")


def judge_labels(classifier, X, y, *, model, new_rows=False, trusted=None):
    """Judge labels, or each answer of annotators, by a fitted classifier."""
    options = {"model": model, "new_rows": new_rows, "trusted": trusted}
    if has_annotators(classifier):
        return judge_answers(classifier, X, y, **options)
    if is_annotated(y):
        raise ValueError(
            "y must hold one label per sample, shape (n_samples,), as in fit; got shape "
            f"{np.shape(y)}. Answers of several annotators are judged by a "
            "NoiseRobustClassifier that was fitted to them."
        )
    return judge_fitted(classifier, X, y, **options)


def judge_answers(classifier, X, y, *, model, new_rows, trusted):
    """Judge the answers of annotators; `rows` are the samples of the answers."""
    if not is_annotated(y):
        raise ValueError(
            "y must hold the answers of the annotators of the fit, "
            f"{list_some(classifier.annotators_)}, in a column for each; got shape "
            f"{np.shape(y)}."
        )
    if trusted is not None:
        trusted = check_trusted(trusted, len(y))
    answers, n_left_out = check_answers_of(classifier, y), 0
    if not len(answers):
        raise ValueError("y must hold answers; all of them are missing.")
    if new_rows:
        posterior = judge_new_samples(classifier, X, answers, model)
    else:
        check_fitted_samples(X, y, len(classifier.consensus_proba_))
        posterior = classifier.consensus_proba_
        fitted = answers_of_fit(classifier)
        n_left_out, answers = check_same_answers(answers, fitted), fitted
    suggested, quality, is_issue = judge_by_posterior(answers, posterior)
    judgement = Judgement(
        answers.sample,
        answers.classes[answers.code],
        answers.classes[suggested],
        quality,
        is_issue,
        n_left_out,
        annotators=answers.annotators[answers.annotator],
    )
    return judgement if trusted is None else judgement.trust(trusted)


def judge_new_samples(classifier, X, answers, model):
    """Return the posterior of samples that the classifier was not fitted on."""
    if X is None or not hasattr(model, "predict_proba"):
        raise ValueError(
            "X must be the new samples, and the classifier must have a refit, as they "
            'are judged by predict_proba(X). Pass X and fit with refit="scratch".'
        )
    y_proba = model.predict_proba(X)
    check_consistent_length(y_proba, range(answers.n_samples))
    return posterior_of(classifier, y_proba, answers)


def check_same_answers(answers, fitted):
    """Raise a ValueError if answers are not those of the fit.

    Returns the number of samples with answers that were fitted without, as their
    weight was 0.
    """
    in_fit = fitted.votes.any(axis=1)[answers.sample]
    same = all(
        np.array_equal(getattr(answers, name)[in_fit], getattr(fitted, name))
        for name in ("sample", "annotator", "code")
    )
    if not same:
        raise ValueError(
            "y must hold the answers that the classifier was fitted on; some differ. Fit "
            "it again, or pass new_rows=True to judge other answers by predict_proba."
        )
    return len(np.unique(answers.sample[~in_fit]))
