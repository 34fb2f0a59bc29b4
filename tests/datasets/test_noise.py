"""Transition matrices, by kind and from papers, and labels flipped by them."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.datasets import make_noisy_labels, make_transition_matrix

SEEDS = range(3)
KINDS = ["uniform", "symmetric", "pair", "permutation", "random"]
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
SHIFT = {2: (1, 0), 3: (1, 2, 0), 10: (7, 9, 0, 4, 2, 1, 3, 5, 6, 8)}


def make(kind, n_classes, noise_rate):
    permutation = SHIFT[n_classes] if kind == "permutation" else None
    return make_transition_matrix(
        kind, n_classes, noise_rate, permutation=permutation, random_state=0
    )


def make_named(name, noise_rate):
    return make_transition_matrix(name, N_CLASSES[name], noise_rate)


def flips_of(T):
    return {(int(i), int(j)) for i, j in np.argwhere(T) if i != j}


@pytest.mark.parametrize(
    ("kind", "n_classes"), [*product(KINDS, [2, 10]), *N_CLASSES.items()]
)
@pytest.mark.parametrize("noise_rate", [0.3, 1])
def test_rows_are_distributions(kind, n_classes, noise_rate):
    T = make(kind, n_classes, noise_rate)
    assert T.shape == (n_classes, n_classes)
    assert T.min() >= 0
    assert_allclose(T.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_no_noise_is_the_identity(kind):
    assert_array_equal(make(kind, 3, 0), np.eye(3))


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "uniform"])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_noise_rate_is_what_leaves_the_diagonal(kind, n_classes):
    assert_allclose(make(kind, n_classes, 0.3).diagonal(), 0.7)


@pytest.mark.parametrize(("n_classes", "wrong"), [(2, 0.15), (10, 0.27)])
def test_uniform_noise_may_draw_the_right_label_again(n_classes, wrong):
    assert_allclose(1 - make("uniform", n_classes, 0.3).diagonal(), wrong)


def test_pair_noise_goes_to_the_next_class():
    T = make("pair", 4, 0.3)
    assert_allclose(T, 0.7 * np.eye(4) + 0.3 * np.roll(np.eye(4), 1, axis=1))


def test_permutation_gives_the_class_that_each_class_flips_to():
    T = make("permutation", 10, 0.3)
    assert_allclose(T[range(10), SHIFT[10]], 0.3)


def test_class_that_flips_to_itself_keeps_its_labels():
    T = make_transition_matrix("permutation", 3, 0.3, permutation=[1, 0, 2])
    assert_allclose(T[2], [0, 0, 1])


def test_same_seed_gives_the_same_random_noise():
    def draw(seed):
        return make_transition_matrix("random", 3, 0.3, random_state=seed)

    assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).any()


@pytest.mark.parametrize(
    ("kind", "noise_rate", "permutation", "message"),
    [
        ("asymmetric", 0.3, None, "kind"),
        (np.array(["pair", "pair"]), 0.3, None, "kind"),
        ("pair", 1.5, None, "noise_rate"),
        ("pair", -0.1, None, "noise_rate"),
        ("pair", float("nan"), None, "noise_rate"),
        ("pair", float("inf"), None, "noise_rate"),
        ("pair", [0.3], None, "noise_rate"),
        ("permutation", 0.3, None, "permutation"),
        ("permutation", 0.3, [0, 1], "permutation"),
        ("permutation", 0.3, [0, 1, 1], "permutation"),
        ("permutation", 0.3, [0, "1", None], "permutation"),
        ("permutation", 0.3, [[0], [1, 2]], "permutation"),
        ("permutation", 0.3, 2, "permutation"),
    ],
)
def test_bad_noise_is_refused(kind, noise_rate, permutation, message):
    with pytest.raises(ValueError, match=message):
        make_transition_matrix(kind, 3, noise_rate, permutation=permutation)


@pytest.mark.parametrize("name", AT_THE_RATE)
def test_no_noise_of_a_paper_is_the_identity(name):
    assert_array_equal(make_named(name, 0), np.eye(N_CLASSES[name]))


@pytest.mark.parametrize("name", AT_THE_RATE)
def test_class_flips_at_the_rate_or_keeps_its_labels(name):
    T = make_named(name, 0.3)
    flips = np.any(T - np.diag(T.diagonal()), axis=1)
    assert_allclose(T.diagonal(), np.where(flips, 0.7, 1))


@pytest.mark.parametrize("name", N_CLASSES)
def test_class_flips_to_at_most_one_other_class(name):
    assert (np.count_nonzero(make_named(name, 0.3), axis=1) <= 2).all()


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
def test_labels_flip_as_in_the_paper(name, classes, arrows):
    flips = {f"{classes[i]}>{classes[j]}" for i, j in flips_of(make_named(name, 0.3))}
    assert flips == set(arrows.split())


def test_cifar100_classes_form_cycles_of_five():
    T = make_named("cifar100-superclass", 1)
    rounds = [np.linalg.matrix_power(T, n).trace() for n in range(1, 6)]
    assert rounds == [0, 0, 0, 0, 100]


def test_cifar100_beaver_dolphin_otter_seal_and_whale_form_a_cycle():
    whales = {(4, 30), (30, 55), (55, 72), (72, 95), (95, 4)}
    assert whales <= flips_of(make_named("cifar100-superclass", 0.3))


@pytest.mark.parametrize("noise_rate", [0, 0.4, 1])
def test_negative_reviews_of_imdb_flip_at_their_own_rate(noise_rate):
    T = make_named("imdb-asymmetric", noise_rate)
    assert_allclose(T, [[0.95, 0.05], [noise_rate, 1 - noise_rate]])


def test_goldberger_permutation_is_a_permutation_by_name():
    permutation = (7, 9, 0, 4, 2, 1, 3, 5, 6, 8)
    T = make_transition_matrix("permutation", 10, 0.46, permutation=permutation)
    assert_array_equal(make_named("goldberger-permutation", 0.46), T)


@pytest.mark.parametrize("name", ["mnist-asymmetric", "imdb-asymmetric"])
def test_wrong_number_of_classes_is_refused_with_the_right_one(name):
    message = f"must be {N_CLASSES[name]} for the kind '{name}'; got 3. Pass n_classes="
    with pytest.raises(ValueError, match=message):
        make_transition_matrix(name, 3, 0.3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_noisy_labels_reproduce_the_transition_matrix(kind, seed):
    n_samples, T = 5000, make(kind, 3, 0.4)
    y_noisy = make_noisy_labels(np.arange(3).repeat(n_samples), T, random_state=seed)
    shares = [np.bincount(row, minlength=3) / n_samples for row in y_noisy.reshape(3, -1)]
    assert (np.abs(shares - T) <= 4.5 * np.sqrt(T * (1 - T) / n_samples) + 1e-12).all()


@pytest.mark.parametrize(
    "classes",
    [
        np.array(["ant", "bee", "cat"]),
        np.array(["ant", "bee", "cat"], dtype=object),
        np.array([-10, 20, 30]),
        np.array([0, 100, 200], dtype=np.uint8),
        np.array([0.5, 1.5, 2.5]),
        np.array([False, True]),
    ],
    ids=lambda classes: classes.dtype.name,
)
def test_noisy_labels_are_of_the_same_kind_in_sorted_order(classes):
    T = np.roll(np.eye(len(classes)), 1, axis=1)
    codes = np.random.default_rng(0).permutation(len(classes)).repeat(2)
    y_noisy = make_noisy_labels(classes[codes], T)
    assert y_noisy.dtype == classes.dtype
    assert_array_equal(y_noisy, classes[(codes + 1) % len(classes)])


def test_same_seed_gives_the_same_labels():
    y, T = np.arange(3).repeat(50), make("symmetric", 3, 0.5)
    first, again, other = (make_noisy_labels(y, T, random_state=s) for s in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()


def test_seeded_noise_leaves_the_global_generator_alone():
    y, before = np.arange(3), np.random.get_state()[1:3]  # noqa: NPY002
    T = make_transition_matrix("random", 3, 0.5, random_state=0)
    make_noisy_labels(y, T, random_state=0)
    after = np.random.get_state()[1:3]  # noqa: NPY002
    assert_array_equal(after[0], before[0])
    assert after[1] == before[1]


def test_clean_labels_are_left_alone():
    y = np.arange(3).repeat(50)
    assert (make_noisy_labels(y, make("pair", 3, 0.9), random_state=0) != y).any()
    assert_array_equal(y, np.arange(3).repeat(50))


@pytest.mark.parametrize(
    ("T", "message"),
    [
        (np.eye(2), r"of shape \(3, 3\).*got shape \(2, 2\)"),
        (np.eye(4), r"of shape \(3, 3\).*got shape \(4, 4\)"),
        (np.full((3, 3), 0.5), "rows summing to 1"),
    ],
)
def test_labels_are_not_flipped_by_a_matrix_that_does_not_fit(T, message):
    with pytest.raises(ValueError, match=message):
        make_noisy_labels([0, 1, 2], T)


@pytest.mark.parametrize("n_classes", [0, 2.5, "3"])
def test_number_of_classes_is_a_count(n_classes):
    with pytest.raises((ValueError, TypeError), match="n_classes"):
        make_transition_matrix("pair", n_classes, 0.2)


def test_missing_clean_label_is_refused():
    with pytest.raises(ValueError, match="sample 2"):
        make_noisy_labels([0.0, 1.0, np.nan], np.eye(3))


@pytest.mark.parametrize("n_classes", [0, -1, 2.0, "3", None, 10**400])
def test_number_of_classes_that_is_none_is_refused(n_classes):
    with pytest.raises(ValueError, match="n_classes"):
        make_transition_matrix("uniform", n_classes, 0.3)


@pytest.mark.parametrize("random_state", [-1, 0.5, "seed"])
def test_random_state_that_is_none_is_refused(random_state):
    with pytest.raises(ValueError, match="random_state"):
        make_transition_matrix("random", 3, 0.3, random_state=random_state)
    with pytest.raises(ValueError, match="random_state"):
        make_noisy_labels([0, 1], np.eye(2), random_state=random_state)


@pytest.mark.parametrize(
    "missing", [None, float("nan"), pd.NA, np.datetime64("NaT")], ids=repr
)
@pytest.mark.parametrize("container", [list, pd.Series, lambda y: np.array(y, object)])
def test_missing_labels_are_refused(missing, container):
    labels = [np.datetime64("2020")] if isinstance(missing, np.datetime64) else [1, 2]
    with pytest.raises(ValueError, match="sample 0"):
        make_noisy_labels(container([missing, *labels, *labels]), np.eye(2))


@pytest.mark.parametrize("y", [[], 1, None, [[0, 1], [1, 0]], np.zeros((2, 1, 1))])
def test_what_is_no_list_of_labels_is_refused(y):
    with pytest.raises(ValueError, match="label"):
        make_noisy_labels(y, np.eye(2))
