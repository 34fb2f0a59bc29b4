"""What a statistician asks: how the noise was found, by which settings and versions."""

import platform
from importlib.metadata import version
from warnings import catch_warnings, simplefilter

import numpy as np

from sklnoise._containers import innermost
from sklnoise._text import percent
from sklnoise._validation import SINGULAR_CONDITION_THRESHOLD
from sklnoise.classifiers import ConfidentLearningClassifier
from sklnoise.classifiers._fitted import transition_of_noise
from sklnoise.classifiers._judgement import has_annotators
from sklnoise.classifiers._noise_text import (
    caution_sentences,
    format_interval,
    rate_sentence,
)
from sklnoise.metrics import noise_corrected_accuracy_score
from sklnoise.report._cells import text_cell

PACKAGES = "sklnoise", "scikit-learn", "torch", "skorch", "numpy"


def statistics_context(findings):
    """Return how the noise was found, the settings and the versions."""
    clf, noise = findings.clf, findings.noise
    versions = {name: version(name) for name in PACKAGES}
    versions["Python"] = platform.python_version()
    return {
        "sentences": [
            rate_sentence(noise, estimated=findings.is_estimated),
            *caution_sentences(noise),
        ],
        "judged_in_sample": findings.judgement.judged_in_sample,
        "metrics": as_lines(held_out_accuracies(findings)),
        "fitted": as_lines(fitted_facts(clf)),
        "params": as_lines(clf.get_params(deep=False)),
        "versions": as_lines(versions),
    }


def fitted_facts(clf):
    """Return what the parameters of the classifier became."""
    estimator, noise = clf.transition_estimator_, clf.noise_summary_
    facts = {
        "estimator of T": "none" if estimator is None else type(estimator).__name__,
        "condition number of T": f"{noise.condition_number:.3g}",
    }
    if has_annotators(clf):
        facts["estimator of T"] = "answers of all annotators"
    if isinstance(clf, ConfidentLearningClassifier):
        facts["classifier"] = type(innermost(clf.estimator_)).__name__
        if hasattr(clf, "label_issues_"):
            facts["label issues"] = int(clf.label_issues_.sum())
    elif clf.refit is not False:
        network = getattr(clf.estimator_, "module_", clf.estimator_)
        facts |= {
            "network": type(network).__name__,
            "epochs of the refit": clf.n_iter_,
        }
        if hasattr(clf, "correction_"):
            facts["loss of the refit"] = type(clf.correction_).__name__
    if noise.identity_share:
        facts["share of the identity that T was shrunk by"] = noise.identity_share
    return facts


def as_lines(facts):
    """Turn names and values into lines of a table."""
    return [
        (name, text_cell(value if isinstance(value, str) else repr(value)))
        for name, value in facts.items()
    ]


def held_out_accuracies(findings):
    """Return the accuracies of the first pass on samples that it did not see."""
    y_proba = getattr(findings.clf, "out_of_fold_proba_", None)
    if y_proba is None or findings.new_rows:
        return {}
    y_proba = y_proba[findings.judgement.rows]
    y_pred = y_proba.argmax(axis=1)
    is_right = y_pred == findings.labels
    if has_annotators(findings.clf):
        # Of these, some may be of rows that no fold held out.
        is_known = ~np.isnan(y_proba).any(axis=1)
        share = is_right[is_known].mean() if is_known.any() else np.nan
        return {"share of the answers that held-out models predict": percent(share)}
    facts = {"held-out accuracy on the noisy labels": percent(is_right.mean())}
    if not findings.noise.condition_number < SINGULAR_CONDITION_THRESHOLD:
        return facts
    T = transition_of_noise(findings.clf)
    with catch_warnings():
        simplefilter("ignore")
        value, *interval = noise_corrected_accuracy_score(
            findings.labels,
            y_pred,
            T,
            labels=np.arange(len(T)),
            return_interval=True,
            random_state=0,
        )
    text = f"{percent(value)} ({format_interval(interval)})"
    return facts | {"held-out accuracy on the clean labels, by T": text}
