"""Losses that need no T: no folds, the identity, and a normalisation for two of them."""

import pickle
import warnings
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._correction import CORRECTIONS, needs_transition
from sklnoise.exceptions import IllConditionedTransitionWarning
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    SigmoidLoss,
    SoftBootstrappingLoss,
    UnhingedLoss,
)
from sklnoise.training._criterion import NormalizedLogits
from sklnoise.transition import ConfidentJointEstimator

ROBUST = [name for name, loss in CORRECTIONS.items() if not needs_transition(loss)]
NORMALIZED = ["unhinged", "sigmoid"]
WITH_PARAMETERS = [
    (GeneralizedCrossEntropyLoss, {"q": 0.3}),
    (SoftBootstrappingLoss, {"beta": 0.5}),
    (HardBootstrappingLoss, {"beta": 0.5}),
    (LabelSmoothingLoss, {"smoothing": 0.4}),
    (ClippedCrossEntropyLoss, {"max_loss": 0.7}),
]


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    quick_net.set_params(max_epochs=10)

    def fit(correction, net=quick_net, **params):
        clf = NoiseRobustClassifier(net, correction=correction, random_state=0, **params)
        return clf.fit(X, y_noisy)

    return fit


@pytest.mark.parametrize("correction", ROBUST)
def test_loss_without_transition_fits_no_fold_and_has_the_identity(fit, correction):
    clf = fit(correction)
    assert not hasattr(clf, "out_of_fold_proba_")
    assert clf.transition_estimator_ is None
    assert_array_equal(clf.transition_matrix_, np.eye(3))


@pytest.mark.parametrize("correction", ROBUST)
def test_warm_up_is_for_losses_with_a_transition(fit, noisy_blobs, correction):
    X = noisy_blobs[0]
    proba = [fit(correction, warm_up=share).predict_proba(X) for share in (0, 0.5)]
    assert_array_equal(*proba)


@pytest.mark.parametrize("correction", ROBUST)
def test_module_is_normalised_for_losses_without_a_bound_only(fit, correction):
    module = fit(correction).estimator_.module_
    assert isinstance(module, NormalizedLogits) == (correction in NORMALIZED)


@pytest.mark.parametrize("correction", NORMALIZED)
def test_prediction_normalises_the_logits_by_the_running_moments(
    fit, noisy_blobs, correction
):
    X = noisy_blobs[0]
    clf = fit(correction)
    module = clf.estimator_.module_.eval()
    with torch.no_grad():
        logits = module.module(torch.from_numpy(X))
    moments = module.normalization
    z = (logits - moments.running_mean) / (moments.running_var + 1e-5).sqrt()
    assert_allclose(clf.predict_proba(X), z.softmax(dim=1), atol=1e-12)
    assert_allclose(clf.estimator_.predict_proba(X), clf.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("correction", NORMALIZED)
def test_row_alone_is_predicted_as_in_its_batch(fit, noisy_blobs, correction):
    X = noisy_blobs[0]
    clf = fit(correction)
    alone = np.concatenate([clf.predict_proba(row[None]) for row in X[:20]])
    assert_allclose(alone, clf.predict_proba(X)[:20], atol=1e-12)


@pytest.mark.parametrize("correction", NORMALIZED)
@pytest.mark.parametrize(
    "copy",
    [deepcopy, lambda clf: pickle.loads(pickle.dumps(clf))],
    ids=["deep", "pickle"],
)
def test_copy_keeps_the_normalisation(fit, noisy_blobs, correction, copy):
    X = noisy_blobs[0]
    clf = fit(correction)
    expected = clf.predict_proba(X)
    assert_array_equal(copy(clf).predict_proba(X), expected)
    assert_array_equal(clone(clf).fit(X, noisy_blobs[1]).predict_proba(X), expected)


class Probabilities(torch.nn.Sequential):
    """Ends in a softmax."""

    def __init__(self, n_features, n_classes):
        super().__init__(torch.nn.Linear(n_features, n_classes), torch.nn.Softmax(dim=1))


class LogProbabilities(torch.nn.Sequential):
    """The same, of which the logarithm is taken already."""

    def __init__(self, n_features, n_classes):
        log_softmax = torch.nn.LogSoftmax(dim=1)
        super().__init__(torch.nn.Linear(n_features, n_classes), log_softmax)


class WithFeatures(torch.nn.Linear):
    """Gives features too."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)

    def forward(self, X):
        return super().forward(X).log_softmax(dim=1), X


def with_module(net, module):
    net = clone(net).set_params(module=module)
    del net.module__hidden
    return net


@pytest.mark.parametrize("correction", NORMALIZED)
@pytest.mark.parametrize("module", [Probabilities, WithFeatures])
def test_other_outputs_are_normalised_like_logits(
    fit, quick_net, noisy_blobs, correction, module
):
    X = noisy_blobs[0]
    logits = fit(correction, with_module(quick_net, LogProbabilities))
    other = fit(correction, with_module(quick_net, module))
    assert_allclose(other.predict_proba(X), logits.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("correction", NORMALIZED)
def test_minibatches_of_one_row_are_survived(fit, quick_net, noisy_blobs, correction):
    net = clone(quick_net).set_params(batch_size=239, max_epochs=2)
    assert np.isfinite(fit(correction, net).predict_proba(noisy_blobs[0])).all()


@pytest.mark.parametrize("loss", [UnhingedLoss, SigmoidLoss])
def test_class_and_instance_are_normalised_like_the_name(fit, noisy_blobs, loss):
    X = noisy_blobs[0]
    name = next(name for name in NORMALIZED if CORRECTIONS[name] is loss)
    expected = fit(name).predict_proba(X)
    for correction in (loss, loss(), partial(loss)):
        assert_array_equal(fit(correction).predict_proba(X), expected)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.parametrize(("loss", "params"), WITH_PARAMETERS)
def test_parameters_given_by_partial_equal_those_of_an_instance(
    fit, noisy_blobs, loss, params
):
    X = noisy_blobs[0]
    by_partial, by_instance = fit(partial(loss, **params)), fit(loss(**params))
    assert_array_equal(by_partial.predict_proba(X), by_instance.predict_proba(X))
    assert np.abs(by_partial.predict_proba(X) - fit(loss).predict_proba(X)).max() > 1e-4


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.parametrize(("loss", "params"), WITH_PARAMETERS)
def test_correction_keeps_the_parameters_given_by_partial(fit, loss, params):
    fitted = fit(partial(loss, **params)).correction_
    assert type(fitted) is loss
    assert {name: getattr(fitted, name) for name in params} == params


@pytest.mark.parametrize("q", [0, 2])
def test_bad_parameter_given_by_partial_is_the_losss_own_error(fit, q):
    with pytest.raises(ValueError, match="q must be above 0"):
        fit(partial(GeneralizedCrossEntropyLoss, q=q))


def test_normalised_base_loss_can_start_from_the_first_pass(quick_net, noisy_blobs):
    X, y_noisy, y, _ = noisy_blobs
    clf = NoiseRobustClassifier(
        quick_net,
        correction=partial(BackwardLoss, base_loss=SigmoidLoss()),
        transition=ConfidentJointEstimator(),
        refit="first-pass",
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IllConditionedTransitionWarning)
        assert clf.fit(X, y_noisy).score(X, y) > 0.8


def test_misspelt_parameter_of_a_partial_is_named(quick_net, noisy_blobs):
    clf = NoiseRobustClassifier(
        quick_net, correction=partial(GeneralizedCrossEntropyLoss, Q=0.5)
    )
    with pytest.raises(TypeError, match="'Q'"):
        clf.fit(*noisy_blobs[:2])


@pytest.mark.filterwarnings('ignore:dtype="bfloat16" is float32 here')
@pytest.mark.parametrize("correction", NORMALIZED)
def test_normalised_logits_bear_mixed_precision(fit, noisy_blobs, correction):
    X = noisy_blobs[0]
    single, half = (
        fit(correction, dtype=dtype).predict_proba(X.astype(np.float32))
        for dtype in ("float32", "bfloat16")
    )
    assert_allclose(half, single, atol=0.1)
