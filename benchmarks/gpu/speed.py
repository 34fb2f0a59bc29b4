"""Claim: on a GPU too, training on noisy labels costs hardly more than bare loops.

Seconds of fits with the same layers, batches and epochs: ours with a known T and with
five folds, bare torch for the same, one fit of skorch, and cleanlab around skorch.
"""

from functools import partial

import numpy as np
from cleanlab.classification import CleanLearning
from sklearn.model_selection import StratifiedKFold

from benchmarks._rounds import race
from benchmarks.gpu._rivals import (
    bare_fit,
    bare_proba,
    classifier,
    net_of,
    samples_of,
    shapes,
    summary,
)
from sklnoise.transition import LabelFrequencyEstimator

FOLDS = 5


def cases(options):
    """Return a case per shape."""
    return {shape: partial(measure, options, shape) for shape in shapes(options)}


def measure(options, shape):
    """Race all rivals."""
    X, y, T = samples_of(options, shape)
    make = partial(net_of, options, shape)
    rivals = {
        "refit": lambda: classifier(options, make(), transition=T).fit(X, y),
        "bare loop": lambda: bare_fit(options, shape, X, y),
        "whole fit": lambda: classifier(options, make(), cv=FOLDS).fit(X, y),
        "bare loops": lambda: bare_whole_fit(options, shape, X, y, len(T)),
        "one skorch fit": lambda: make().fit(X, y),
        "cleanlab": lambda: clean_learning(make(), X, y),
    }
    return summary(race(rivals, 2 if options.tiny else 5, clock="wall"))


def bare_whole_fit(options, shape, X, y, n_classes):
    """Do what a whole fit does: folds, out-of-fold probabilities, T, refit."""
    y_proba = np.empty((len(X), n_classes), dtype=np.float32)
    for train, test in StratifiedKFold(FOLDS, shuffle=True).split(X, y):
        net = bare_fit(options, shape, X, y, train)
        y_proba[test] = bare_proba(options, net, X[test])
    LabelFrequencyEstimator().fit(y_proba, y)
    return bare_fit(options, shape, X, y)


def clean_learning(net, X, y):
    """Fit cleanlab's classifier in this process."""
    in_process = {"n_jobs": 1}
    model = CleanLearning(net, cv_n_folds=FOLDS, find_label_issues_kwargs=in_process)
    model.fit(X, y)
