"""The samples whose label is probably wrong."""

import numpy as np
import pytest
from cleanlab import filter as cleanlab
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise import find_label_issues, label_quality_scores
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

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


@pytest.mark.parametrize("n_classes", [3, 6])
@pytest.mark.parametrize("seed", SEEDS)
def test_as_many_labels_are_issues_as_T_calls_wrong(seed, n_classes):
    T = make_transition_matrix("pair", n_classes, 0.3)
    y_proba, y, _ = simulated(seed, T)
    found = find_label_issues(y, y_proba, transition_matrix=T)
    frequencies = np.bincount(y, minlength=n_classes) / len(y)
    expected = len(y) * (1 - np.linalg.solve(T.T, frequencies) @ T.diagonal())
    spread = np.sqrt(len(y) * 0.3 * 0.7)
    quality = label_quality_scores(y, y_proba, transition_matrix=T)
    at_least = min(expected, (quality < 0.7).sum())  # no surer label is an issue
    assert at_least - 1 <= found.sum() <= expected + 2 * spread + 1


@pytest.mark.parametrize("kind", ["pair", "symmetric"])
@pytest.mark.parametrize("seed", SEEDS)
def test_issues_are_the_labels_of_lowest_quality(seed, kind):
    T = make_transition_matrix(kind, 4, 0.3)
    y_proba, y, _ = simulated(seed, T)
    found = find_label_issues(y, y_proba, transition_matrix=T)
    quality = label_quality_scores(y, y_proba, transition_matrix=T)
    assert quality[found].max() < min(quality[~found].min(), 0.7)


@pytest.mark.parametrize("threshold", [0, 0.2, 0.5, 1])
@everywhere
def test_threshold_flags_by_the_quality_alone(filter_by, threshold):
    y_proba, y, _ = noisy_pairs(0)
    options = {"filter_by": filter_by, "threshold": threshold}
    found = find_label_issues(y, y_proba, **options)
    method = "posterior" if filter_by == "posterior" else "self-confidence"
    quality = label_quality_scores(y, y_proba, method=method)
    assert_array_equal(found, quality < threshold)


@pytest.mark.parametrize("threshold", [-0.1, 1.5, np.nan, "half"])
def test_threshold_must_be_a_probability(threshold):
    y_proba, y, _ = noisy_pairs(0)
    with pytest.raises(ValueError, match="threshold"):
        find_label_issues(y, y_proba, threshold=threshold)


def tied(seed):
    """Return probabilities of which many are equal, in a sample and between samples."""
    rng = np.random.default_rng(seed)
    y_proba = rng.integers(1, 4, size=(300, 4)) / 1.0
    return y_proba / y_proba.sum(axis=1, keepdims=True), rng.integers(4, size=300)


@pytest.mark.parametrize("seed", SEEDS)
@everywhere
def test_order_of_classes_and_samples_does_not_matter_for_ties(filter_by, seed):
    y_proba, y = tied(seed)
    rng = np.random.default_rng(seed)
    places, rows = rng.permutation(4), rng.permutation(300)
    found = find_label_issues(y, y_proba, filter_by=filter_by)
    # Class k is column `places[k]` of the permuted probabilities.
    permuted = find_label_issues(
        places[y][rows], y_proba[:, np.argsort(places)][rows], filter_by=filter_by
    )
    assert_array_equal(permuted, found[rows])


@pytest.mark.parametrize("seed", SEEDS)
def test_classes_that_no_sample_can_have_change_nothing(seed):
    y_proba, y, _ = noisy_pairs(seed)
    padded = np.c_[y_proba, np.zeros((len(y), 300))]
    assert_array_equal(find_label_issues(y, padded), find_label_issues(y, y_proba))


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


@pytest.mark.parametrize("seed", SEEDS)
def test_issues_are_no_fewer_than_confident_learning_finds(seed):
    y_proba, y, wrong = noisy_pairs(seed)
    low = make_transition_matrix("pair", 4, 0.1)  # a T that calls too few labels wrong
    known = {"y": y, "y_proba": y_proba, "transition_matrix": low}
    n_confident = find_label_issues(y, y_proba, filter_by="confident-learning").sum()
    assert n_confident > 0.2 * len(y)
    quality = label_quality_scores(**known)
    expected = (quality <= np.sort(quality)[n_confident - 1]) & (quality < 0.9)
    issues = find_label_issues(**known)
    assert_array_equal(issues, expected)
    assert wrong[issues].mean() > 0.9


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_that_say_nothing_are_no_issues(dtype):
    """T has equal rows, up to rounding."""
    votes = np.array([[1, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2], [2, 0, 0, 0]], dtype)
    T = np.full((4, 4), 0.25)
    T[range(4), range(4)] += 1e-16
    frame = find_label_issues(
        np.arange(4), votes / 2, transition_matrix=T, return_type="frame"
    )
    assert np.isfinite(frame["quality"]).all()


@pytest.mark.parametrize("n_samples", [1, 2, 5, 40])
@pytest.mark.parametrize("n_classes", [1, 2, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_classes_does_not_matter_for_few_samples(seed, n_classes, n_samples):
    """Then T may be singular, and many clean priors explain the labels."""
    rng = np.random.default_rng(seed)
    y_proba = rng.multinomial(3, np.full(n_classes, 1 / n_classes), n_samples) / 3
    y, order = rng.integers(n_classes, size=n_samples), rng.permutation(n_classes)
    columns = np.arange(n_classes)
    frame = find_label_issues(y, y_proba, labels=columns, return_type="frame")
    permuted = find_label_issues(
        y, y_proba[:, order], labels=columns[order], return_type="frame"
    )
    assert np.isfinite(frame["quality"]).all()
    assert_allclose(permuted.pop("quality"), frame.pop("quality"), atol=1e-6)
    assert_array_equal(permuted, frame)


@everywhere
def test_another_class_is_suggested_for_each_issue(filter_by):
    y_proba, y, _ = noisy_pairs(0)
    frame = find_label_issues(
        y, y_proba, filter_by=filter_by, threshold=0.9, return_type="frame"
    )
    found = frame[frame["is_issue"]]
    assert len(found)
    assert (found["label"] != found["suggested_label"]).all()


@pytest.mark.parametrize("n_samples", [1, 3])
def test_one_label_that_cannot_be_right_is_an_issue(n_samples):
    T = make_transition_matrix("symmetric", 3, 0.2)
    y_proba = np.tile([0.9, 0.05, 0.05], (n_samples, 1))
    y = np.zeros(n_samples, dtype=int)
    y[0] = 1
    issues = find_label_issues(y, y_proba, labels=range(3), transition_matrix=T)
    assert_array_equal(issues, y == 1)


def test_labels_that_are_all_wrong_are_all_issues():
    y_proba = np.eye(3)[np.arange(9) % 3]
    T = np.roll(np.eye(3), 1, axis=1)
    found = find_label_issues(np.arange(1, 10) % 3, y_proba @ T, transition_matrix=T)
    assert found.all()


def test_sample_of_weight_zero_does_not_count():
    y_proba, y, _ = noisy_pairs(0)
    weight = np.r_[np.ones(300), np.zeros(300)]
    found = find_label_issues(y, y_proba, sample_weight=weight)
    alone = find_label_issues(y[:300], y_proba[:300])
    assert_array_equal(found[:300], alone)
