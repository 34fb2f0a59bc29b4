"""The samples whose label is probably wrong."""

import numpy as np
import pytest
from cleanlab import filter as cleanlab
from numpy.testing import assert_array_equal

from sklnoise import find_label_issues, label_quality_scores
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.issues import clean_posterior

SEEDS = range(3)
FILTERS = ["posterior", "confident-learning", "self-confidence"]
everywhere = pytest.mark.parametrize("filter_by", FILTERS)


def simulated(seed, T, n_samples=600, certainty=4):
    """Return noisy posteriors, labels, and the mask of those that are wrong."""
    rng = np.random.default_rng(seed)
    clean = rng.integers(len(T), size=n_samples)
    logits = rng.normal(size=(n_samples, len(T))) + certainty * np.eye(len(T))[clean]
    clean_proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = make_noisy_labels(clean, T, random_state=seed)
    return clean_proba @ T, y, y != clean


def noisy_pairs(seed, n_classes=4, noise_rate=0.3, **options):
    return simulated(
        seed, make_transition_matrix("pair", n_classes, noise_rate), **options
    )


@pytest.mark.parametrize("n_classes", [2, 3, 5, 8])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("filter_by", "theirs"),
    [
        ("confident-learning", "confident_learning"),
        ("self-confidence", "low_self_confidence"),
    ],
)
def test_issues_are_those_of_cleanlab(seed, n_classes, filter_by, theirs):
    T = make_transition_matrix("symmetric", n_classes, 0.3)
    y_proba, y, _ = simulated(seed, T)
    expected = cleanlab.find_label_issues(y, y_proba, filter_by=theirs, n_jobs=1)
    assert expected.any()
    assert_array_equal(find_label_issues(y, y_proba, filter_by=filter_by), expected)


@pytest.mark.parametrize("n_classes", [3, 6])
@pytest.mark.parametrize("seed", SEEDS)
def test_confident_issues_are_off_the_diagonal_of_the_confident_joint(seed, n_classes):
    """Here samples reach several thresholds, of which none need be that of the argmax."""
    rng = np.random.default_rng(seed)
    y_proba = rng.dirichlet(np.ones(n_classes), 400)
    y = rng.integers(n_classes, size=400)
    thresholds = [y_proba[y == j, j].mean() for j in range(n_classes)]
    expected = []
    for p, label in zip(y_proba, y):
        reached = [j for j in range(n_classes) if p[j] >= thresholds[j]]
        best = max(reached, key=lambda j: p[j], default=label)
        expected.append(best != label and p.argmax() != label)
    found = find_label_issues(y, y_proba, filter_by="confident-learning")
    assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_posterior_flags_where_another_class_is_likelier(seed):
    T = np.random.default_rng(seed).dirichlet(np.ones(4), 4) / 2 + np.eye(4) / 2
    y_proba, y, _ = simulated(seed, T, certainty=2)
    joint = clean_posterior(y_proba, T) * T[:, y].T
    expected = joint.max(axis=1) > joint[np.arange(len(y)), y]
    assert expected.any()
    assert_array_equal(find_label_issues(y, y_proba, transition_matrix=T), expected)


def test_tie_is_no_issue():
    T = [[0.6, 0.4], [0.4, 0.6]]
    issues = find_label_issues([0, 1], [[0.4, 0.6], [0.6, 0.4]], transition_matrix=T)
    assert not find_label_issues([0, 1], np.full((2, 2), 0.5), transition_matrix=T).any()
    assert issues.all()


@pytest.mark.parametrize("zeros", [False, True])
def test_identity_finds_no_issue(zeros):
    y_proba, y, _ = noisy_pairs(0)
    y_proba = np.eye(4)[y_proba.argmax(axis=1)] if zeros else y_proba
    assert not find_label_issues(y, y_proba, transition_matrix=np.eye(4)).any()


@everywhere
@pytest.mark.parametrize("seed", SEEDS)
def test_most_of_what_is_found_is_wrong(seed, filter_by):
    y_proba, y, wrong = noisy_pairs(seed, n_classes=10, noise_rate=0.2, n_samples=2000)
    found = find_label_issues(y, y_proba, filter_by=filter_by)
    assert wrong[found].mean() > 0.7
    assert found[wrong].mean() > 0.7


def test_known_transition_finds_what_confident_learning_does_not():
    T = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.0, 0.1, 0.9]])
    y_proba, y, wrong = simulated(0, T, 2000)
    known = find_label_issues(y, y_proba, transition_matrix=T)
    plain = find_label_issues(y, y_proba, filter_by="confident-learning")
    assert wrong[known].mean() > 0.9
    assert known[wrong].mean() > 0.9
    assert plain[wrong].mean() < 0.4


# What is returned


@everywhere
@pytest.mark.parametrize("seed", SEEDS)
def test_mask_indices_and_frame_agree(seed, filter_by):
    y_proba, y, _ = noisy_pairs(seed)
    mask, indices, frame = (
        find_label_issues(y, y_proba, filter_by=filter_by, return_type=kind)
        for kind in ("mask", "indices", "frame")
    )
    assert mask.dtype == bool
    assert_array_equal(np.sort(indices), np.flatnonzero(mask))
    assert_array_equal(frame["is_issue"], mask)


@everywhere
@pytest.mark.parametrize("seed", SEEDS)
def test_indices_are_sorted_by_quality(seed, filter_by):
    y_proba, y, _ = noisy_pairs(seed)
    method = "posterior" if filter_by == "posterior" else "self-confidence"
    quality = label_quality_scores(y, y_proba, method=method)
    indices = find_label_issues(y, y_proba, filter_by=filter_by, return_type="indices")
    assert (np.diff(quality[indices]) >= 0).all()
    frame = find_label_issues(y, y_proba, filter_by=filter_by, return_type="frame")
    assert_array_equal(frame["quality"], quality)


def test_self_confidence_flags_the_samples_of_lowest_quality():
    y_proba, y, _ = noisy_pairs(0)
    found = find_label_issues(y, y_proba, filter_by="self-confidence")
    quality = y_proba[np.arange(len(y)), y]
    assert quality[found].max() <= quality[~found].min()


# Weights


@pytest.mark.parametrize("filter_by", ["posterior", "confident-learning"])
@pytest.mark.parametrize("seed", SEEDS)
def test_weights_equal_repeats(seed, filter_by):
    y_proba, y, _ = noisy_pairs(seed)
    weight = np.random.default_rng(seed).integers(4, size=len(y))
    weighted = find_label_issues(y, y_proba, sample_weight=weight, filter_by=filter_by)
    repeated = find_label_issues(
        y.repeat(weight), y_proba.repeat(weight, axis=0), filter_by=filter_by
    )
    assert_array_equal(weighted.repeat(weight), repeated)


@pytest.mark.parametrize("seed", SEEDS)
def test_self_confidence_flags_no_more_weight_than_confident_learning(seed):
    y_proba, y, _ = noisy_pairs(seed)
    weight = np.random.default_rng(seed).integers(1, 4, size=len(y))
    mass, most = (
        weight[find_label_issues(y, y_proba, sample_weight=weight, filter_by=f)].sum()
        for f in ("self-confidence", "confident-learning")
    )
    assert most - 3 < mass <= most


@everywhere
def test_labels_that_are_all_the_most_probable_class_are_no_issues(filter_by):
    y_proba, _, _ = noisy_pairs(0)
    found = find_label_issues(y_proba.argmax(axis=1), y_proba, filter_by=filter_by)
    assert not found.any()


def test_single_class_has_no_issue():
    for filter_by in FILTERS:
        found = find_label_issues(["a", "a"], [[1.0], [1.0]], filter_by=filter_by)
        assert not found.any()


@everywhere
def test_arguments_are_not_changed(filter_by):
    y_proba, y, _ = noisy_pairs(0)
    weight, T = np.ones(len(y)), make_transition_matrix("pair", 4, 0.3)
    arguments = [y, y_proba, weight, T]
    copies = [argument.copy() for argument in arguments]
    for argument in arguments:
        argument.setflags(write=False)
    find_label_issues(
        y, y_proba, transition_matrix=T, sample_weight=weight, filter_by=filter_by
    )
    find_label_issues(y, y_proba, sample_weight=weight, filter_by=filter_by)
    for argument, copy in zip(arguments, copies):
        assert_array_equal(argument, copy)


def test_sample_of_weight_zero_is_no_issue_by_self_confidence():
    y_proba = np.tile([[0.9, 0.1], [0.1, 0.9]], (10, 1))
    y, weight = np.arange(20) % 2, np.ones(20)
    y_proba[3], weight[3] = [0.6, 0.4], 0
    issues = find_label_issues(
        y, y_proba, sample_weight=weight, filter_by="self-confidence"
    )
    assert not issues.any()
