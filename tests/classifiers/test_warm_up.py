"""What the refit learns before the correction sets in."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.datasets import make_blobs
from torch.nn.functional import cross_entropy

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._refit import LikelyLabelsLoss
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.losses import ForwardLoss
from sklnoise.transition import AnchorEstimator

DOMINANT = [np.eye(3), make_transition_matrix("random", 3, 0.4, random_state=0)]
SWAPPING = np.array([[0.4, 0.6, 0], [0.7, 0.3, 0], [0, 0, 1.0]])


def batch(n_classes=3):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(30, n_classes, generator=generator, dtype=torch.float64)
    return logits, torch.arange(30) % n_classes


@pytest.mark.parametrize("T", DOMINANT)
def test_cross_entropy_is_learned_where_labels_mostly_keep_their_class(T):
    logits, y = batch()
    expected = cross_entropy(logits, y, reduction="none")
    torch.testing.assert_close(LikelyLabelsLoss(T)(logits, y), expected)


def test_label_that_mostly_comes_from_elsewhere_is_shared_by_where_it_comes_from():
    labels = LikelyLabelsLoss(SWAPPING).labels.numpy()
    assert_allclose(labels, [[4 / 11, 7 / 11, 0], [6 / 9, 3 / 9, 0], [0, 0, 1]])


def test_label_that_is_never_given_stays_itself():
    T = [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]]
    labels = LikelyLabelsLoss(np.array(T)).labels.numpy()
    assert_allclose(labels, np.eye(3))


def test_loss_is_the_mean_cross_entropy_over_the_likely_labels():
    logits, y = batch()
    loss = LikelyLabelsLoss(SWAPPING)
    of_each = torch.stack(
        [cross_entropy(logits, torch.full_like(y, i), reduction="none") for i in range(3)]
    )
    expected = (loss.labels[y] * of_each.T).sum(dim=1)
    torch.testing.assert_close(loss(logits, y), expected)


@pytest.fixture
def swapped_blobs():
    """Blobs of which two swap most of their labels, by a T that is known."""
    X, y = make_blobs(300, centers=[[0, 0], [7, 0], [0, 7]], random_state=0)
    T = np.array([[0.3, 0.7, 0.0], [0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    return X, make_noisy_labels(y, T, random_state=0), y, T


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.DominatedClassWarning")
@pytest.mark.parametrize(
    "params",
    [
        lambda T: {"transition": T},
        lambda T: {"correction": ForwardLoss(T)},
        lambda T: {"correction": partial(ForwardLoss, T)},
        lambda T: {"correction": partial(ForwardLoss, transition_matrix=T)},
    ],
    ids=["transition", "instance", "positional", "keyword"],
)
def test_warm_up_teaches_the_names_of_a_known_transition(
    quick_net, swapped_blobs, params
):
    X, y_noisy, y, T = swapped_blobs
    clf = NoiseRobustClassifier(quick_net, warm_up=0.999, random_state=0, **params(T))
    assert clf.fit(X, y_noisy).score(X, y) > 0.95


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_warm_up_follows_the_labels_where_transition_is_estimated(
    quick_net, swapped_blobs
):
    X, y_noisy, y, T = swapped_blobs
    clf = NoiseRobustClassifier(
        quick_net, transition=Known(T), warm_up=0.999, random_state=0
    )
    assert clf.fit(X, y_noisy).score(X, y) < 0.5


class Known(AnchorEstimator):
    """Estimates the T that it is told."""

    def __init__(self, T=None):
        self.T = T

    _parameter_constraints: dict = {"T": ["array-like"]}

    def _estimate(self, y_proba, y, sample_weight):
        return self.T, np.zeros_like(self.T)


def test_momentum_of_a_matrix_that_is_learned_later_starts_later(noisy_blobs):
    X, y_noisy, _, T = noisy_blobs
    clf = NoiseRobustClassifier(correction="adaptation", transition=T, warm_up=0.5)
    clf.set_params(
        estimator__optimizer=torch.optim.SGD,
        estimator__optimizer__momentum=0.9,
        estimator__max_epochs=20,
        random_state=0,
    )
    clf.fit(X, y_noisy)
    assert (clf.transition_matrix_ != T).any()
