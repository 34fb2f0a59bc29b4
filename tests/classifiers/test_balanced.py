"""`class_weight` weights the clean classes in what is predicted, and nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels

T = np.array([[0.8, 0.2], [0.1, 0.9]])
NAMES = np.array(["no", "yes"])


@pytest.fixture(scope="module")
def rare():
    """Overlapping classes, 10 % of them "yes", and 28 % of their noisy labels."""
    rng = np.random.default_rng(0)
    y = (np.arange(2000) % 10 == 0).astype(int)
    X = rng.normal(size=(2000, 2)) + 1.5 * y[:, np.newaxis]
    return X, NAMES[y], make_noisy_labels(NAMES[y], T, random_state=0)


@pytest.fixture(scope="module")
def make(rare):
    X, _, y_noisy = rare

    def make(**params):
        params = {"transition": T, "n_estimators": 1, "random_state": 0} | params
        return NoiseRobustClassifier(**params).fit(X, y_noisy)

    return make


@pytest.fixture(scope="module")
def plain(make):
    return make(correction="forward")


@pytest.fixture(scope="module")
def balanced(make):
    return make(class_weight="balanced")


def test_balanced_weights_are_those_of_the_clean_labels(rare, balanced):
    clean = compute_class_weight("balanced", classes=NAMES, y=rare[1])
    assert_allclose(balanced.class_weight_, clean, rtol=0.25)


def test_balanced_weights_of_trusted_samples_are_those_of_their_labels(rare):
    X, y, _ = rare
    trusted = np.ones(len(y), dtype=bool)
    clf = NoiseRobustClassifier(transition=T, class_weight="balanced", random_state=0)
    clf.fit(X, y, trusted=trusted)
    expected = compute_class_weight("balanced", classes=NAMES, y=y)
    assert_allclose(clf.class_weight_, expected)


def test_probabilities_are_the_posterior_times_the_weights(rare, plain, balanced):
    X = rare[0]
    product = plain.predict_proba(X) * balanced.class_weight_
    expected = product / product.sum(axis=1, keepdims=True)
    assert_allclose(balanced.predict_proba(X), expected, rtol=1e-5)


def test_balanced_weights_raise_the_mean_recall(rare, plain, balanced):
    X, y, _ = rare
    before, after = (balanced_accuracy_score(y, c.predict(X)) for c in (plain, balanced))
    assert after > before + 0.05


def test_what_is_known_of_the_labels_does_not_depend_on_weights(rare, plain, balanced):
    X, _, y_noisy = rare
    assert_array_equal(balanced.predict_noisy_proba(X), plain.predict_noisy_proba(X))
    assert_array_equal(
        balanced.label_quality(X[:50], y_noisy[:50]),
        plain.label_quality(X[:50], y_noisy[:50]),
    )


def test_weights_of_a_dict_are_those_of_labels(rare, balanced, make):
    no, yes = balanced.class_weight_
    by_label = make(class_weight={"yes": yes / no})
    assert_allclose(by_label.class_weight_, balanced.class_weight_)


def test_weights_as_far_apart_as_floats_give_probabilities(rare, make):
    clf = make(class_weight={"no": 1e-200, "yes": 1e100})
    assert_array_equal(clf.predict(rare[0]), "yes")


def test_weights_count_samples_with_their_weights(rare):
    X, _, y_noisy = (part[:200] for part in rare)
    clf = NoiseRobustClassifier(
        correction="none", class_weight="balanced", n_estimators=1, random_state=0
    )
    weight = np.where(y_noisy == "yes", 3.0, 1.0)
    weighted = clone(clf).fit(X, y_noisy, sample_weight=weight)
    rows = np.repeat(np.arange(200), weight.astype(int))
    repeated = clf.fit(X[rows], y_noisy[rows])
    assert_allclose(weighted.class_weight_, repeated.class_weight_)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"maybe": 2.0}, "maybe"),
        ({"yes": 0.0}, "above 0"),
        ({"yes": np.nan}, "above 0"),
        ({"yes": "much"}, "much"),
        ("even", "class_weight"),
        ([1.0, 2.0], "class_weight"),
    ],
)
def test_invalid_weights_are_refused(make, class_weight, message):
    with pytest.raises(ValueError, match=message):
        make(class_weight=class_weight)


def test_classes_are_not_weighted_twice(rare, quick_net):
    X, _, y_noisy = rare
    net = quick_net.set_params(criterion=nn.CrossEntropyLoss, criterion__weight=[1, 2.0])
    clf = NoiseRobustClassifier(net, correction="none", class_weight="balanced")
    with pytest.raises(ValueError, match="twice"):
        clf.fit(X, y_noisy)
