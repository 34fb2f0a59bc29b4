"""What the criterion of a user's net says reaches the corrected loss, or is an error."""

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.datasets import make_noisy_labels
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    LabelSmoothingLoss,
    ReweightedLoss,
)
from sklnoise.nn import MLP

# Weights of up to 5 lose classes of 40 overlapping samples.
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.ClassCollapseWarning"
)

T = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])
WEIGHT = torch.tensor([1.0, 2.0, 5.0])
PER_CLEAN_CLASS = [
    "none", "backward", "reweight", "em", "bootstrap-soft", "bootstrap-hard", "unhinged",
    "sigmoid", "savage", "gce", "mae", "label-smoothing", "clipped",
]  # fmt: skip


@pytest.fixture
def problem(rng):
    """Overlapping classes, whose weights matter: X, y, noisy labels."""
    y = np.arange(120) % 3
    X = rng.normal(size=(120, 2))
    X[np.arange(120), y % 2] += 1.5 * (y < 2)
    return X, y, make_noisy_labels(y, T, random_state=0)


def make_net(**params):
    """Make a net that takes 40 steps on all samples."""
    defaults = {
        "module": MLP,
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "lr": 0.02,
        "max_epochs": 40,
        "batch_size": -1,
        "train_split": None,
        "verbose": 0,
    }
    return NeuralNetClassifier(**(defaults | params))


@pytest.fixture
def fit(problem):
    X, _, y_noisy = problem

    def fit(correction, weight=None, y=y_noisy, trusted=None, net_params=None, **params):
        net_params = dict(net_params or {})
        if weight is not None:
            net_params["criterion__weight"] = weight
        defaults = {"transition": T, "random_state": 0, "device": "cpu"}
        clf = NoiseRobustClassifier(
            make_net(**net_params), correction=correction, **(defaults | params)
        )
        return clf.fit(X, y, trusted=trusted)

    return fit


def with_criterion(criterion):
    return {"net_params": {"criterion": criterion}}


def shares(clf, X):
    return clf.predict_proba(X).mean(axis=0)


@pytest.mark.parametrize("correction", PER_CLEAN_CLASS)
def test_weights_reach_each_loss_of_a_clean_class(fit, problem, correction):
    plain, weighted = (
        fit(correction, w).predict_proba(problem[0]) for w in (None, WEIGHT)
    )
    assert np.abs(weighted - plain).max() > 0.01


@pytest.mark.parametrize("correction", ["none", "backward", "reweight", "em", "gce"])
@pytest.mark.parametrize("trusts", [False, True])
def test_heavier_class_is_predicted_more_often(fit, problem, correction, trusts):
    trusted = np.arange(120) < 30 if trusts else None
    plain, weighted = (fit(correction, w, trusted=trusted) for w in (None, WEIGHT))
    assert shares(weighted, problem[0])[2] > shares(plain, problem[0])[2] + 0.02


@pytest.mark.parametrize("correction", PER_CLEAN_CLASS)
def test_equal_weights_change_nothing(fit, problem, correction):
    X = problem[0]
    plain, weighted = fit(correction), fit(correction, torch.full((3,), 4.0))
    assert_allclose(weighted.predict_proba(X), plain.predict_proba(X), atol=1e-6)


EQUIVALENT = {
    "none": "none",
    "backward": "backward",
    "reweight": "reweight",
    "BackwardLoss(I)": BackwardLoss(np.eye(3)),
    "clipped": partial(ClippedCrossEntropyLoss, max_loss=np.inf),
    "label smoothing": LabelSmoothingLoss(smoothing=0),
}


@pytest.mark.parametrize("correction", EQUIVALENT.values(), ids=EQUIVALENT)
def test_without_noise_it_is_the_weighted_cross_entropy_of_torch(
    fit, problem, correction
):
    X, y, _ = problem
    net_params = {
        "module": nn.Linear(2, 3).double(),
        "criterion__weight": WEIGHT.double(),
    }
    clf = fit(correction, y=y, transition=np.eye(3), net_params=net_params)
    alone = make_net(**deepcopy(net_params)).fit(X, y)
    expected = alone.forward(X).softmax(dim=1)
    assert_allclose(clf.predict_proba(X), expected, atol=1e-9)


def weighted_cross_entropy(logits, y):
    weight = WEIGHT.double() / WEIGHT[y].mean()
    return weight * -logits.log_softmax(dim=1)


@pytest.mark.parametrize("correction", ["backward", BackwardLoss, BackwardLoss(T)])
def test_backward_correction_is_unbiased_for_the_weighted_loss(fit, problem, correction):
    loss = fit(correction, WEIGHT).correction_.double()
    logits = torch.randn(3, dtype=torch.float64).expand(3, 3)
    expected = weighted_cross_entropy(logits, problem[2])[0]
    given = torch.from_numpy(T) @ loss(logits, torch.arange(3))
    torch.testing.assert_close(given, expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("correction", ["reweight", ReweightedLoss(T)])
def test_reweighting_is_unbiased_where_the_net_has_the_weighted_posterior(
    fit, problem, correction
):
    loss = fit(correction, WEIGHT).correction_.double()
    posterior = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    logits = (WEIGHT * posterior).log().expand(3, 3)
    expected = posterior @ weighted_cross_entropy(logits, problem[2])[0]
    given = (posterior @ torch.from_numpy(T)) @ loss(logits, torch.arange(3))
    torch.testing.assert_close(given, expected, atol=1e-6, rtol=1e-6)


OF_LABELS = {
    "by name": ("gce", GeneralizedCrossEntropyLoss()),
    "instance": (GeneralizedCrossEntropyLoss(q=0.5), GeneralizedCrossEntropyLoss(q=0.5)),
    "loss of torch": (nn.MultiMarginLoss, nn.MultiMarginLoss()),
}


@pytest.mark.parametrize(("correction", "plain"), OF_LABELS.values(), ids=OF_LABELS)
def test_loss_without_a_matrix_is_weighted_by_the_label(fit, problem, correction, plain):
    loss = fit(correction, WEIGHT).correction_.double()
    logits, y = torch.randn(3, 3, dtype=torch.float64), torch.arange(3)
    weight = WEIGHT.double() / WEIGHT[problem[2]].mean()
    plain.reduction = "none"
    torch.testing.assert_close(
        loss(logits, y), weight * plain(logits, y), atol=1e-6, rtol=1e-6
    )


def test_em_learns_the_same_matrix_with_weights(fit):
    plain, weighted = fit("em"), fit("em", WEIGHT)
    assert_allclose(weighted.transition_matrix_, plain.transition_matrix_, atol=0.1)


def test_first_pass_stays_unweighted(fit):
    plain, weighted = (fit("backward", w, transition="frequency") for w in (None, WEIGHT))
    assert_array_equal(weighted.out_of_fold_proba_, plain.out_of_fold_proba_)
    summaries = plain.noise_summary_, weighted.noise_summary_
    assert summaries[0].noise_rate == summaries[1].noise_rate


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.FittedSamplesWarning")
def test_weights_are_taken_out_where_the_posterior_is_needed(fit, problem):
    X, _, y_noisy = problem
    clf = fit("backward", WEIGHT)
    posterior = clf.predict_proba(X) / WEIGHT.numpy()
    posterior /= posterior.sum(axis=1, keepdims=True)
    assert_allclose(clf.predict_noisy_proba(X), posterior @ T, atol=1e-6)
    joint = posterior[np.arange(120), y_noisy] * T[y_noisy, y_noisy]
    expected = joint / (posterior @ T)[np.arange(120), y_noisy]
    assert_allclose(clf.label_quality(X, y_noisy), expected, atol=1e-6)


@pytest.mark.parametrize(
    "criterion",
    [
        nn.CrossEntropyLoss(WEIGHT),
        partial(nn.CrossEntropyLoss, weight=WEIGHT),
        partial(nn.NLLLoss, WEIGHT),
    ],
    ids=["instance", "partial", "positional"],
)
def test_criterion_may_have_its_weights_already(fit, problem, criterion):
    X = problem[0]
    expected = fit("backward", WEIGHT).predict_proba(X)
    assert_array_equal(
        fit("backward", **with_criterion(criterion)).predict_proba(X), expected
    )


@pytest.mark.parametrize(
    "weight", [[1, 2, 5], (1, 2, 5), np.array([1, 2, 5]), WEIGHT.bfloat16(),
               WEIGHT.clone().requires_grad_()],
)  # fmt: skip
def test_weights_may_be_any_array(fit, problem, weight):
    X = problem[0]
    expected = fit("backward", WEIGHT).predict_proba(X)
    assert_array_equal(fit("backward", weight).predict_proba(X), expected)


NEED_POSITIVE = ["em", "reweight"]


@pytest.mark.parametrize("correction", ["none", "backward", "gce"])
def test_class_of_weight_0_is_learned_from_no_sample(fit, problem, correction):
    clf = fit(correction, torch.tensor([1.0, 1.0, 0.0]))
    assert np.isfinite(clf.predict_noisy_proba(problem[0])).all()
    assert shares(clf, problem[0])[2] < shares(fit(correction), problem[0])[2]


@pytest.mark.parametrize("correction", sorted(CORRECTIONS.keys() - {*PER_CLEAN_CLASS}))
def test_weights_without_a_loss_per_clean_class_are_refused(fit, correction):
    with pytest.raises(ValueError, match="criterion__weight"):
        fit(correction, WEIGHT)


@pytest.mark.parametrize("correction", ["auto", ForwardLoss, ForwardLoss(T)], ids=str)
def test_weights_of_a_choice_or_of_forward_losses_are_refused(fit, correction):
    with pytest.raises(ValueError, match="criterion__weight"):
        fit(correction, WEIGHT)


INVALID = {
    "too few": [1.0, 2.0],
    "a column": [[1.0], [2.0], [3.0]],
    "one number": 2.0,
    "negative": [1.0, -1.0, 1.0],
    "all zero": [0.0, 0.0, 0.0],
    "not finite": [1.0, np.nan, 1.0],
    "words": ["a", "b", "c"],
    "a mapping": {0: 1.0, 1: 2.0, 2: 3.0},
    "complex": [1j, 1j, 1j],
}


@pytest.mark.parametrize("weight", INVALID.values(), ids=INVALID)
def test_invalid_weights_are_refused(fit, weight):
    with pytest.raises((ValueError, TypeError), match="criterion__weight"):
        fit("none", weight)


@pytest.mark.parametrize("correction", NEED_POSITIVE)
def test_weight_of_0_is_refused_where_it_divides(fit, correction):
    with pytest.raises(ValueError, match="criterion__weight"):
        fit(correction, torch.tensor([1.0, 1.0, 0.0]))


class FocalLoss(nn.CrossEntropyLoss):
    def __init__(self, gamma=1.0):
        super().__init__()
        self.gamma = gamma


LOST = {
    "ignore_index": nn.CrossEntropyLoss(ignore_index=1),
    "reduction": partial(nn.CrossEntropyLoss, reduction="sum"),
    "gamma": partial(FocalLoss, gamma=2.0),
    "margin": partial(nn.MultiMarginLoss, margin=2.0),
}


@pytest.mark.parametrize(("name", "criterion"), LOST.items(), ids=LOST)
@pytest.mark.parametrize("correction", ["none", "forward"])
def test_other_parameters_of_the_criterion_are_refused(fit, name, criterion, correction):
    with pytest.raises(ValueError, match=f"criterion__{name}"):
        fit(correction, **with_criterion(criterion))


@pytest.mark.parametrize(
    "criterion",
    [
        partial(nn.CrossEntropyLoss, weight=None, ignore_index=-100, label_smoothing=0.0),
        nn.CrossEntropyLoss(),
        nn.NLLLoss,
        nn.MultiMarginLoss,
    ],
)
def test_criterion_without_parameters_is_replaced(fit, problem, criterion):
    X = problem[0]
    assert_array_equal(
        fit("forward", **with_criterion(criterion)).predict_proba(X),
        fit("forward").predict_proba(X),
    )


SMOOTH = partial(nn.CrossEntropyLoss, label_smoothing=0.2)


def test_label_smoothing_is_that_of_torch(fit, problem):
    X = problem[0]
    smooth = fit("none", **with_criterion(SMOOTH))
    expected = fit(LabelSmoothingLoss(smoothing=0.2))
    assert_allclose(smooth.predict_proba(X), expected.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("correction", ["forward", "backward", "em", "gce", "auto"])
def test_label_smoothing_of_other_losses_is_refused(fit, correction):
    with pytest.raises(ValueError, match="label_smoothing"):
        fit(correction, **with_criterion(SMOOTH))


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, np.nan, "a"])
def test_invalid_label_smoothing_is_refused(fit, smoothing):
    criterion = partial(nn.CrossEntropyLoss, label_smoothing=smoothing)
    with pytest.raises(ValueError, match="label_smoothing"):
        fit("none", **with_criterion(criterion))


@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss(WEIGHT), SMOOTH])
def test_net_of_the_first_pass_must_not_be_weighted(fit, criterion):
    first_pass = make_net(criterion=criterion)
    with pytest.raises(ValueError, match="first_pass"):
        fit("backward", transition="frequency", first_pass=first_pass)


def test_loss_that_would_ignore_a_class_is_refused(fit):
    with pytest.raises(ValueError, match="ignore_index"):
        fit(GeneralizedCrossEntropyLoss(ignore_index=1))
