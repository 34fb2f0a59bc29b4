"""Matrices and probabilities are read by the names of the classes."""

import inspect

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

import sklnoise
from sklnoise import datasets, inspection, issues, losses, metrics, transition

CLASSES = ["high", "low", "medium"]  # sorted
ORDERED = ["low", "medium", "high"]  # as an ordered categorical has them
ARGUMENTS = {
    "transition_matrix",
    "transition_matrix_true",
    "transition_matrix_pred",
    "transition",
    "y_proba",
}

T = np.array([[0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.05, 0.05, 0.9]])
rng = np.random.default_rng(0)
codes = np.where(rng.random(90) < 0.2, rng.integers(3, size=90), np.arange(90) % 3)
X = rng.normal(size=(90, 2)) + 3 * np.eye(3, 2)[codes]
y, y_pred = np.array(CLASSES)[codes], np.array(CLASSES)[np.arange(90) % 3]
proba = rng.dirichlet(np.ones(3), size=90) + 2 * np.eye(3)[codes]
proba /= proba.sum(axis=1, keepdims=True)


def robust(transition, correction):
    clf = sklnoise.NoiseRobustClassifier(
        transition=transition, correction=correction, random_state=0
    )
    return clf.set_params(estimator__max_epochs=2).fit(X, y).predict_proba(X)


def pruning(transition):
    clf = sklnoise.ConfidentLearningClassifier(
        LogisticRegression(), transition=transition, random_state=0
    )
    return clf.fit(X, y).label_quality_


def score(scorer):
    return scorer(LogisticRegression().fit(X, y), X, y)


def picture(T):
    display = inspection.TransitionMatrixDisplay.from_matrix(
        T, display_labels=CLASSES, ax=Figure().subplots()
    )
    return display.transition_matrix


def judged(y_proba=proba, **params):
    display = inspection.LabelIssuesDisplay.from_predictions(
        y, y_proba, ax=Figure().subplots(), **params
    )
    return display.quality


def wrapped(kind, transition):
    clf = kind(LogisticRegression(), transition=transition, cv=2, random_state=0)
    return clf.fit(X, y).predict_proba(X)


def curve(method, *args, **params):
    make = getattr(inspection.NoisyCalibrationDisplay, method)
    return make(*args, ax=Figure().subplots(), random_state=0, **params).prob_true


PREDICTIONS = {
    "noise_corrected_average_precision_score": proba,
    "noise_corrected_balanced_accuracy_score": y_pred,
    "noise_corrected_brier_score_loss": proba,
    "noise_corrected_calibration_error": proba,
    "noise_corrected_coverage_score": proba > 0.2,
    "noise_corrected_f1_score": y_pred,
    "noise_corrected_log_loss": proba,
    "noise_corrected_roc_auc_score": proba,
    "noise_corrected_top_k_accuracy_score": proba,
}
OPTIONS = {
    "noise_corrected_f1_score": {"average": "macro"},
    "noise_corrected_roc_auc_score": {"multi_class": "ovr"},
}


def corrected(name, prediction, T):
    options = OPTIONS.get(name, {})
    return getattr(metrics, name)(y, prediction, T, **options)


# What takes T, called with it: what comes out depends on the order of the classes.
TAKES_T = {
    "NoiseRobustClassifier.transition": lambda T: robust(T, "forward"),
    "ConfidentLearningClassifier.transition": pruning,
    "find_label_issues.transition_matrix": lambda T: issues.find_label_issues(
        y, proba, transition_matrix=T, return_type="indices"
    ),
    "label_quality_scores.transition_matrix": lambda T: issues.label_quality_scores(
        y, proba, transition_matrix=T
    ),
    "clean_posterior.transition_matrix": lambda T: issues.clean_posterior(
        pd.DataFrame(proba, columns=CLASSES), T
    ),
    "noise_corrected_accuracy_score.transition_matrix": lambda T: (
        metrics.noise_corrected_accuracy_score(y, y_pred, T)
    ),
    "noise_corrected_confusion_matrix.transition_matrix": lambda T: (
        metrics.noise_corrected_confusion_matrix(y, y_pred, T)
    ),
    "make_noise_corrected_scorer.transition_matrix": lambda T: score(
        metrics.make_noise_corrected_scorer(T)
    ),
    "transition_error.transition_matrix_true": lambda T: metrics.transition_error(
        T, pd.DataFrame(np.eye(3)[[1, 2, 0]], CLASSES, CLASSES)
    ),
    "transition_error.transition_matrix_pred": lambda T: metrics.transition_error(
        pd.DataFrame(np.eye(3)[[1, 2, 0]], CLASSES, CLASSES), T
    ),
    "make_noisy_labels.transition_matrix": lambda T: (
        datasets.make_noisy_labels(y, T, random_state=0) == "high"
    ),
    "NoiseCalibratedClassifier.transition": lambda T: wrapped(
        sklnoise.NoiseCalibratedClassifier, T
    ),
    "NoiseRobustConformalClassifier.transition": lambda T: wrapped(
        sklnoise.NoiseRobustConformalClassifier, T
    ),
    "NoisyCalibrationDisplay.from_estimator.transition_matrix": lambda T: curve(
        "from_estimator", LogisticRegression().fit(X, y), X, y, transition_matrix=T
    ),
    "NoisyCalibrationDisplay.from_predictions.transition_matrix": lambda T: curve(
        "from_predictions", y, proba, transition_matrix=T
    ),
    "compare_models.transition_matrix": lambda T: (
        metrics.compare_models(
            y, y_pred, np.roll(y_pred, 1), T, random_state=0
        ).difference
    ),
    "TransitionMatrixDisplay.from_matrix.transition_matrix": picture,
    "LabelIssuesDisplay.from_predictions.transition_matrix": lambda T: judged(
        transition_matrix=T
    ),
}
TAKES_T |= {
    f"{name}.transition_matrix": lambda T, name=name: corrected(
        name, PREDICTIONS[name], T
    )
    for name in PREDICTIONS
}
TAKES_PROBA = {
    "NoisyCalibrationDisplay.from_predictions.y_proba": lambda p: curve(
        "from_predictions",
        y,
        p,
        transition_matrix=pd.DataFrame(T, CLASSES, CLASSES),
    ),
    "find_label_issues.y_proba": lambda p: issues.find_label_issues(
        y, p, return_type="indices"
    ),
    "label_quality_scores.y_proba": lambda p: issues.label_quality_scores(y, p),
    "clean_posterior.y_proba": lambda p: issues.clean_posterior(
        p, pd.DataFrame(T, CLASSES, CLASSES)
    ),
    "bootstrap_transition.y_proba": lambda p: (
        transition.bootstrap_transition(
            transition.ConfusionEstimator(), p, y, n_bootstraps=2, random_state=0
        ).low
    ),
    "compare_transition_estimators.y_proba": lambda p: (
        transition.compare_transition_estimators(p, y).transition_matrix
    ),
    "instance_dependence_test.y_proba": lambda p: (
        metrics.instance_dependence_test(y, y, p, random_state=0).noise_rates
    ),
    "LabelIssuesDisplay.from_predictions.y_proba": judged,
} | {
    f"{name}.fit.y_proba": lambda p, name=name: (
        getattr(transition, name)().fit(p, y, trusted=codes == 0).transition_matrix_
    )
    for name in transition.__all__
    if isinstance(getattr(transition, name), type) and not name.startswith("Base")
}
TAKES_PROBA |= {
    f"{name}.y_proba": lambda p, name=name: corrected(
        name, p, pd.DataFrame(T, CLASSES, CLASSES)
    )
    for name in (
        "noise_corrected_brier_score_loss",
        "noise_corrected_calibration_error",
        "noise_corrected_log_loss",
    )
}
TAKES_CODES = {  # without names of classes
    f"{name}.transition_matrix": lambda T, name=name: getattr(losses, name)(T)
    for name in losses.__all__
    if "transition_matrix" in inspect.signature(getattr(losses, name)).parameters
} | {
    "ComplexAdaptationLoss.transition_matrix": lambda T: losses.ComplexAdaptationLoss(
        T, n_features=2
    )
}
# Their T goes with the codes of hidden columns, or is drawn as it is.
NO_MATTER = {
    "TransitionMatrixDisplay.transition_matrix",
    "NoiseCorrectedScorer.transition_matrix",
    "draw_transition_matrices.transition_matrix",
}


def entries():
    """Yield what is public and takes a matrix or probabilities."""
    packages = sklnoise, datasets, inspection, issues, losses, metrics, transition
    for package in packages:
        for name in package.__all__:
            public = getattr(package, name)
            yield from arguments_of(name, public)
            for method in dir(public) if isinstance(public, type) else ():
                if method == "fit" or method.startswith("from_"):
                    yield from arguments_of(f"{name}.{method}", getattr(public, method))


def arguments_of(name, function):
    if callable(function):
        parameters = inspect.signature(function).parameters
        yield from (f"{name}.{argument}" for argument in ARGUMENTS & set(parameters))


def test_every_public_entry_is_tried():
    tried = TAKES_T | TAKES_PROBA | TAKES_CODES
    found = {entry for entry in entries() if not entry.startswith("Base")} - NO_MATTER
    assert found == set(tried)


def in_order(matrix, order, rows, make=pd.DataFrame):
    """Return a matrix as a frame with its columns, and rows, in another order."""
    at = [CLASSES.index(name) for name in order]
    matrix = matrix[np.ix_(at, at)] if rows else matrix[:, at]
    return make(matrix, order, order) if rows else make(matrix, columns=order)


FRAMES_OF_T = {
    "crosstab": lambda: in_order(T, ORDERED, rows=True),
    "categories": lambda: in_order(T, ORDERED, rows=True).set_axis(
        pd.CategoricalIndex(ORDERED, categories=ORDERED, ordered=True), axis=1
    ),
    "rows in another order": lambda: in_order(T, ORDERED, rows=True).loc[CLASSES],
    "polars": lambda: pl.DataFrame(
        in_order(T, ORDERED, rows=True).to_numpy(), schema=ORDERED, orient="row"
    ),
    "named by position": lambda: pd.DataFrame(T),
    "polars without names": lambda: pl.DataFrame(T, orient="row"),
}


@pytest.mark.parametrize("frame", FRAMES_OF_T)
@pytest.mark.parametrize("entry", TAKES_T)
def test_transition_matrix_is_read_by_name(entry, frame):
    expected = TAKES_T[entry](T)
    assert_allclose(TAKES_T[entry](FRAMES_OF_T[frame]()), expected)


@pytest.mark.parametrize("entry", TAKES_T)
def test_transition_matrix_of_other_classes_is_refused(entry):
    names = ["small", "large", "middle"]
    with pytest.raises(ValueError, match=r"small|high"):
        TAKES_T[entry](pd.DataFrame(T, names, names))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("entry", TAKES_PROBA)
def test_probabilities_are_read_by_name(entry, make):
    frame = in_order(proba, ORDERED, rows=False)
    frame = frame if make is pd.DataFrame else pl.DataFrame(frame.to_dict("list"))
    expected = TAKES_PROBA[entry](pd.DataFrame(proba, columns=CLASSES))
    assert_allclose(TAKES_PROBA[entry](frame), expected)
    assert_allclose(TAKES_PROBA[entry](make(proba)), expected)


@pytest.mark.parametrize("entry", TAKES_PROBA)
def test_probabilities_of_other_classes_are_refused(entry):
    with pytest.raises(ValueError, match=r"small|high"):
        TAKES_PROBA[entry](pd.DataFrame(proba, columns=["small", "large", "middle"]))


@pytest.mark.parametrize("entry", TAKES_CODES)
def test_losses_know_no_names_of_classes(entry):
    in_order_of_codes = TAKES_CODES[entry](pd.DataFrame(T, [0, 1, 2], [0, 1, 2]))
    by_name = TAKES_CODES[entry](pd.DataFrame(T, [0, 1, 2], [0, 1, 2]).iloc[::-1])
    assert_allclose(by_name.transition_matrix, in_order_of_codes.transition_matrix)
    with pytest.raises(ValueError, match="transition_matrix"):
        TAKES_CODES[entry](pd.DataFrame(T, CLASSES, CLASSES))


@pytest.mark.parametrize("names", [list("122"), ["a", None, "b"]])
def test_names_of_columns_must_be_those_of_classes(names):
    with pytest.raises(ValueError, match="rows and columns"):
        issues.label_quality_scores(y, pd.DataFrame(proba, columns=names))


def test_names_of_integers_may_be_text():
    numbers = codes + 1
    expected = issues.label_quality_scores(numbers, proba)
    frame = pl.DataFrame(proba[:, ::-1], schema=["3", "2", "1"])
    assert_allclose(issues.label_quality_scores(numbers, frame), expected)


def test_names_tell_which_class_does_not_occur():
    some = codes < 2
    y_some, frame = codes[some] + 1, pd.DataFrame(proba[some], columns=[1, 2, 3])
    expected = issues.label_quality_scores(y_some, proba[some], labels=[1, 2, 3])
    assert_allclose(issues.label_quality_scores(y_some, frame), expected)
