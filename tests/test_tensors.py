"""Tensors are taken wherever arrays are, whatever their type and their history."""

import numpy as np
import pytest
import sklearn
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import issparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseRobustClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise._tensors import as_numpy
from sklnoise.datasets import make_instance_dependent_labels, make_noisy_labels
from sklnoise.metrics import (
    noise_corrected_accuracy_score,
    noise_corrected_confusion_matrix,
    transition_error,
)
from sklnoise.transition import AnchorEstimator, ClusterabilityEstimator

T = np.array([[0.75, 0.25], [0.125, 0.875]])

KINDS = {
    "plain": torch.from_numpy,
    "with a graph": lambda array: torch.from_numpy(array).requires_grad_() * 1,
    "bfloat16": lambda array: torch.from_numpy(array).to(torch.bfloat16),
    "a list of tensors": lambda array: list(torch.from_numpy(array).requires_grad_()),
}


def floats_as(kind, array):
    """Turn an array into tensors; integers need no gradient."""
    if array.dtype.kind != "f" and kind != "plain":
        return torch.from_numpy(array)
    return KINDS[kind](array)


@pytest.fixture(params=[False, True], ids=["no dispatch", "dispatch"])
def dispatch(request):
    with sklearn.config_context(array_api_dispatch=request.param):
        yield


@pytest.fixture
def problem():
    """Samples, labels, weights and probabilities that bfloat16 can hold."""
    rng = np.random.RandomState(0)
    y = np.arange(60) % 2
    X = np.round(rng.normal(size=(60, 3)) * 8 + 16 * y[:, None]) / 8
    weight = rng.randint(1, 4, size=60).astype(np.float64)
    first = rng.randint(1, 63, size=60) / 64
    return X, y, weight, np.column_stack([first, 1 - first])


FUNCTIONS = {
    "find_label_issues": lambda t, X, y, w, p: find_label_issues(
        t(y), t(p), transition_matrix=t(T), sample_weight=t(w)
    ),
    "label_quality_scores": lambda t, X, y, w, p: label_quality_scores(t(y), t(p)),
    "noise_corrected_accuracy_score": lambda t, X, y, w, p: (
        noise_corrected_accuracy_score(t(y), t(y[::-1].copy()), t(T), sample_weight=t(w))
    ),
    "noise_corrected_confusion_matrix": lambda t, X, y, w, p: (
        noise_corrected_confusion_matrix(t(y), t(y), t(T))
    ),
    "transition_error": lambda t, X, y, w, p: transition_error(t(T), t(np.eye(2))),
    "estimator of T": lambda t, X, y, w, p: (
        AnchorEstimator().fit(t(p), t(y), t(w)).transition_matrix_
    ),
    "estimator with features": lambda t, X, y, w, p: (
        ClusterabilityEstimator(random_state=0)
        .fit(t(p), t(y), t(w), features=t(X))
        .transition_matrix_
    ),
    "make_noisy_labels": lambda t, X, y, w, p: make_noisy_labels(
        t(y), t(T), random_state=0
    ),
    "make_instance_dependent_labels": lambda t, X, y, w, p: (
        make_instance_dependent_labels(t(X), t(y), 0.3, random_state=0)
    ),
}


@pytest.mark.usefixtures("dispatch")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_take_tensors_as_arrays(problem, name, kind):
    with sklearn.config_context(array_api_dispatch=False):
        expected = FUNCTIONS[name](lambda array: array, *problem)
    result = FUNCTIONS[name](lambda array: floats_as(kind, array), *problem)
    assert not isinstance(result, torch.Tensor)
    # Half-precision probabilities are read in single precision.
    assert_allclose(result, expected, rtol=1e-6)


CLASSIFIERS = {
    "net": NoiseRobustClassifier(cv=2, device="cpu", dtype="float64", random_state=0),
    "known T": NoiseRobustClassifier(
        transition=torch.from_numpy(T), device="cpu", dtype="float64", random_state=0
    ),
    "other first pass": NoiseRobustClassifier(
        first_pass=LogisticRegression(),
        cv=2,
        device="cpu",
        dtype="float64",
        random_state=0,
    ),
    "pruning": ConfidentLearningClassifier(LogisticRegression(), cv=2, random_state=0),
}


@pytest.mark.usefixtures("dispatch")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of nets trained for a moment
def test_classifiers_take_tensors_as_arrays(problem, name, kind):
    X, y, weight, _ = problem
    clf = sklearn.clone(CLASSIFIERS[name])
    if name in ("net", "known T", "other first pass"):
        clf.set_params(estimator__max_epochs=2)
    with sklearn.config_context(array_api_dispatch=False):
        expected = clf.fit(X, y, weight).predict_proba(X)
        score = clf.score(X, y)
    X_t, weight_t, y_t = floats_as(kind, X), floats_as(kind, weight), floats_as(kind, y)
    clf.fit(X_t, y_t, weight_t)
    assert clf.n_features_in_ == 3
    assert_allclose(clf.predict_proba(X_t), expected, atol=1e-6)
    assert_array_equal(clf.predict(X_t), clf.predict(X))
    assert_allclose(clf.label_quality(X_t, y_t), clf.label_quality(X, y), atol=1e-6)
    assert clf.score(X_t, y_t) == score


@pytest.mark.usefixtures("dispatch")
@pytest.mark.parametrize("name", ["known T", "pruning"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # of nets trained for a moment
def test_tensors_are_cross_validated(problem, name):
    X, y, _, _ = problem
    clf = sklearn.clone(CLASSIFIERS[name])
    scores = cross_val_score(clf, torch.from_numpy(X), torch.from_numpy(y), cv=2)
    assert np.isfinite(scores).all()


@pytest.mark.filterwarnings("ignore:Sparse CS. tensor support is in beta")
@pytest.mark.parametrize("layout", ["to_sparse_csr", "to_sparse_coo", "to_sparse_csc"])
def test_sparse_tensor_becomes_a_sparse_matrix(layout):
    dense = torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    matrix = as_numpy(getattr(dense, layout)())
    assert issparse(matrix)
    assert matrix.format == "csr"
    assert_array_equal(matrix.toarray(), dense)


def test_tensor_without_values_is_an_error(problem):
    X, y, _, _ = problem
    clf = CLASSIFIERS["known T"]
    with pytest.raises(ValueError, match="meta"):
        clf.fit(torch.from_numpy(X).to("meta"), y)
