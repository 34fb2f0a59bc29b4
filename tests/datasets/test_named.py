"""Transition matrices of the papers, by name."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.datasets import make_transition_matrix
from sklnoise.datasets._noise import CIFAR100_SUPERCLASSES, TARGETS

N_CLASSES = {
    "mnist-asymmetric": 10,
    "cifar10-asymmetric": 10,
    "cifar100-superclass": 100,
    "imdb-asymmetric": 2,
    "goldberger-permutation": 10,
}
AT_THE_RATE = sorted(set(N_CLASSES) - {"imdb-asymmetric"})
CIFAR10 = {0: "airplane", 1: "automobile", 2: "bird", 3: "cat", 4: "deer"}
CIFAR10 |= {5: "dog", 6: "frog", 7: "horse", 8: "ship", 9: "truck"}
DIGITS = "0123456789"


def make(name, noise_rate):
    return make_transition_matrix(name, N_CLASSES[name], noise_rate)


def flips_of(T):
    return {(int(i), int(j)) for i, j in np.argwhere(T) if i != j}


def test_every_name_is_tested():
    assert set(TARGETS) == set(N_CLASSES)


@pytest.mark.parametrize("name", N_CLASSES)
@pytest.mark.parametrize("noise_rate", [0, 0.3, 1])
def test_rows_are_distributions(name, noise_rate):
    T = make(name, noise_rate)
    assert T.shape == (N_CLASSES[name], N_CLASSES[name])
    assert T.min() >= 0
    assert_allclose(T.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("name", AT_THE_RATE)
def test_no_noise_is_the_identity(name):
    assert_array_equal(make(name, 0), np.eye(N_CLASSES[name]))


@pytest.mark.parametrize("name", AT_THE_RATE)
def test_class_flips_at_the_rate_or_keeps_its_labels(name):
    T = make(name, 0.3)
    flips = np.any(T - np.diag(T.diagonal()), axis=1)
    assert_allclose(T.diagonal(), np.where(flips, 0.7, 1))


@pytest.mark.parametrize("name", N_CLASSES)
def test_class_flips_to_one_other_class_at_most(name):
    assert (np.count_nonzero(make(name, 0.3), axis=1) <= 2).all()


@pytest.mark.parametrize(
    ("name", "classes", "arrows"),
    [
        ("mnist-asymmetric", DIGITS, "2>7 3>8 5>6 6>5 7>1"),
        (
            "cifar10-asymmetric",
            CIFAR10,
            "truck>automobile bird>airplane deer>horse cat>dog dog>cat",
        ),
        ("imdb-asymmetric", DIGITS[:2], "0>1 1>0"),
        (
            "goldberger-permutation",
            DIGITS,
            "0>7 1>9 2>0 3>4 4>2 5>1 6>3 7>5 8>6 9>8",
        ),
    ],
)
def test_labels_go_where_the_paper_says(name, classes, arrows):
    flips = {f"{classes[i]}>{classes[j]}" for i, j in flips_of(make(name, 0.3))}
    assert flips == set(arrows.split())


def test_cifar100_has_twenty_superclasses_of_five():
    assert_array_equal(np.bincount(CIFAR100_SUPERCLASSES), np.full(20, 5))


def test_cifar100_label_stays_in_its_superclass():
    groups = np.array(CIFAR100_SUPERCLASSES)
    assert all(
        groups[i] == groups[j] for i, j in flips_of(make("cifar100-superclass", 1))
    )


def test_cifar100_label_returns_after_a_round_of_its_superclass():
    T = make("cifar100-superclass", 1)
    rounds = [np.linalg.matrix_power(T, n).trace() for n in range(1, 6)]
    assert rounds == [0, 0, 0, 0, 100]


def test_cifar100_beaver_dolphin_otter_seal_and_whale_form_a_ring():
    whales = {(4, 30), (30, 55), (55, 72), (72, 95), (95, 4)}
    assert whales <= flips_of(make("cifar100-superclass", 0.3))


@pytest.mark.parametrize("noise_rate", [0, 0.4, 1])
def test_negative_reviews_of_imdb_flip_at_their_own_rate(noise_rate):
    T = make("imdb-asymmetric", noise_rate)
    assert_allclose(T, [[0.95, 0.05], [noise_rate, 1 - noise_rate]])


def test_goldberger_permutation_is_a_permutation_by_name():
    permutation = (7, 9, 0, 4, 2, 1, 3, 5, 6, 8)
    T = make_transition_matrix("permutation", 10, 0.46, permutation=permutation)
    assert_array_equal(make("goldberger-permutation", 0.46), T)


@pytest.mark.parametrize("name", N_CLASSES)
def test_wrong_number_of_classes_is_refused_with_the_right_one(name):
    message = f"must be {N_CLASSES[name]} for the kind '{name}'; got 3. Pass n_classes="
    with pytest.raises(ValueError, match=message):
        make_transition_matrix(name, 3, 0.3)


@pytest.mark.parametrize("name", N_CLASSES)
def test_rate_that_is_no_probability_is_refused(name):
    with pytest.raises(ValueError, match=r"must be a probability; got 1\.5"):
        make(name, 1.5)


def test_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'cifar100-superclass'.*got 'cifar100'"):
        make_transition_matrix("cifar100", 100, 0.3)
