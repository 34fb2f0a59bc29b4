"""What holds for all scores on noisy labels."""

from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise import metrics
from sklnoise.datasets import make_noisy_labels
from tests.metrics._family import BINARY, MULTICLASS, UNBIASED, predictions

T = np.array([[0.7, 0.2, 0.1], [0.0, 0.6, 0.4], [0.1, 0.2, 0.7]])
T_BINARY = np.array([[0.9, 0.1], [0.3, 0.7]])
SEEDS = range(2)


def family(members):
    return pytest.mark.parametrize(
        ("kind", "score", "clean"), members.values(), ids=list(members)
    )


@pytest.mark.parametrize("seed", SEEDS)
@family(MULTICLASS)
def test_identity_gives_the_clean_score(kind, score, clean, seed):
    ties = score is not metrics.noise_corrected_calibration_error and seed > 0
    y, predicted = predictions(150, 3, seed, ties)
    expected = clean(y, predicted[kind])
    assert_allclose(score(y, predicted[kind], np.eye(3)), expected, rtol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
@family(BINARY)
def test_identity_gives_the_clean_score_of_two_classes(kind, score, clean, seed, ties):
    y, predicted = predictions(150, 2, seed, ties)
    expected = clean(y, predicted[kind])
    assert_allclose(score(y, predicted[kind], np.eye(2)), expected, rtol=1e-12)


@family({k: v for k, v in MULTICLASS.items() if k[:7] not in ("auc ovo", "calibra")})
def test_identity_gives_the_weighted_clean_score(kind, score, clean):
    y, predicted = predictions(150, 3)
    weight = np.random.default_rng(0).uniform(0.5, 3, 150)
    expected = clean(y, predicted[kind], sample_weight=weight)
    found = score(y, predicted[kind], np.eye(3), sample_weight=weight)
    assert_allclose(found, expected, rtol=1e-12)


@family(UNBIASED)
def test_expected_score_is_the_clean_score(kind, score, clean):
    y, predicted = predictions(6, 3)
    labels = {"labels": range(3)} if kind == "proba" else {}
    expected = expectation(
        lambda y_noisy: score(y_noisy, predicted[kind], T, labels=range(3)), y, T
    )
    assert_allclose(expected, clean(y, predicted[kind], **labels), rtol=1e-10)


def expectation(function, y, transition):
    """Sum over all noisy labels that clean ones can get, by their probabilities."""
    return sum(
        np.prod(transition[y, y_noisy]) * function(np.array(y_noisy))
        for y_noisy in product(range(len(transition)), repeat=len(y))
    )


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", ["auc", "average precision"])
def test_numerator_of_a_ranking_is_unbiased(name, ties):
    """The score times its denominator has the clean product as its expectation."""
    y, predicted = predictions(6, 2, ties=ties)
    kind, score, clean = BINARY[name]
    inverse = np.linalg.inv(T_BINARY)

    def denominator(y_noisy, inverse):
        inside, outside = inverse[y_noisy, 1], inverse[y_noisy, 0]
        if name == "auc":
            return inside.sum() * outside.sum() - inside @ outside
        return inside.sum()

    def numerator(y_noisy):
        size = denominator(y_noisy, inverse)
        try:
            found = score(y_noisy, predicted[kind], T_BINARY, labels=range(2))
        except ValueError:  # undefined, as the denominator is negative
            return np.nan
        return found * size

    numerators = {
        y_noisy: numerator(np.array(y_noisy)) for y_noisy in product((0, 1), repeat=6)
    }
    defined = {k for k, value in numerators.items() if not np.isnan(value)}
    # Bilinear in the indicators: complete it where the ratio itself is undefined.
    for y_noisy in set(numerators) - defined:
        numerators[y_noisy] = direct_numerator(
            name, np.array(y_noisy), predicted[kind], inverse
        )
    for y_noisy in defined:
        direct = direct_numerator(name, np.array(y_noisy), predicted[kind], inverse)
        assert numerators[y_noisy] == pytest.approx(direct, rel=1e-10)
    expected = expectation(lambda y_noisy: numerators[tuple(y_noisy)], y, T_BINARY)
    found = clean(y, predicted[kind]) * denominator(y, np.eye(2))
    assert_allclose(expected, found, rtol=1e-10)


def direct_numerator(name, y_noisy, y_score, inverse):
    """Sum over pairs of samples, one by one."""
    inside, outside = inverse[y_noisy, 1], inverse[y_noisy, 0]
    total = 0
    for s, t in product(range(len(y_noisy)), repeat=2):
        if name == "auc":
            above = (y_score[s] > y_score[t]) + (y_score[s] == y_score[t]) / 2
            total += (s != t) * inside[s] * outside[t] * above
        else:
            weight = inside[s] if s == t else inside[s] * inside[t]
            total += weight * (y_score[t] >= y_score[s]) / (y_score >= y_score[s]).sum()
    return total


@pytest.mark.parametrize("name", ["auc ovr", "auc ovo", "average precision", "f1 macro"])
def test_consistent_score_comes_near_the_clean_one(name):
    kind, score, clean = MULTICLASS[name]
    y, predicted = predictions(40_000, 3)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    found = score(y_noisy, predicted[kind], T)
    assert found == pytest.approx(clean(y, predicted[kind]), abs=0.02)
    assert abs(clean(y_noisy, predicted[kind]) - found) > 0.1


@family(MULTICLASS)
def test_permuting_classes_permutes_the_score(kind, score, clean):
    y, predicted = predictions(150, 3)
    y_noisy, order = make_noisy_labels(y, T, random_state=0), np.array([2, 0, 1])
    prediction = predicted[kind]
    found = score(y_noisy, prediction, T)
    permuted = score(
        y_noisy,
        prediction if kind == "label" else prediction[:, order],
        T[np.ix_(order, order)],
        labels=order,
    )
    assert_allclose(permuted, found[order] if np.ndim(found) else found, rtol=1e-10)


@family(MULTICLASS)
def test_weights_equal_repeats(kind, score, clean):
    y, predicted = predictions(90, 3)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    weight = np.random.default_rng(1).integers(4, size=90)
    weighted = score(y_noisy, predicted[kind], T, sample_weight=weight)
    repeated = score(y_noisy.repeat(weight), predicted[kind].repeat(weight, axis=0), T)
    assert_allclose(weighted, repeated, rtol=1e-10)


@family(MULTICLASS)
def test_names_and_containers_do_not_matter(kind, score, clean):
    y, predicted = predictions(90, 3)
    names, order = np.array(["ant", "bee", "cat"]), [1, 2, 0]
    y_noisy, prediction = make_noisy_labels(y, T, random_state=0), predicted[kind]
    expected = score(y_noisy, prediction, T)
    matrix = pd.DataFrame(T, names, names).iloc[order, order]
    if kind == "label":
        frames = [pd.Series(names[prediction]), pl.Series(names[prediction].tolist())]
    else:
        frame = pd.DataFrame(prediction, columns=names)[names[order]]
        frames = [frame, pl.DataFrame(frame.to_dict("list"))]
    for frame, series in zip(frames, (pd.Series, pl.Series), strict=True):
        found = score(series(names[y_noisy].tolist()), frame, matrix)
        assert_allclose(found, expected, rtol=1e-12)


@family(MULTICLASS)
def test_arguments_are_not_changed(kind, score, clean):
    y, predicted = predictions(90, 3)
    arrays = [make_noisy_labels(y, T, random_state=0), predicted[kind], T.copy()]
    for array in arrays:
        array.setflags(write=False)
    draws = np.repeat(T[None], 2, axis=0)
    before = np.random.mtrand._rand.get_state()[1].copy()
    score(*arrays, transition_draws=draws, return_interval=True)
    assert_array_equal(np.random.mtrand._rand.get_state()[1], before)


@family(MULTICLASS)
@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"confidence_level": 1}, "confidence_level"),
        ({"confidence_level": "high"}, "confidence_level"),
        ({"transition_draws": T}, "transition_draws"),
        ({"transition_draws": T[None] - 0.1}, "transition_draws"),
        ({"transition_draws": np.full((1, 3, 3), np.nan)}, "transition_draws"),
        ({"sample_weight": np.ones(3)}, "sample_weight"),
        ({"labels": [0, 1]}, "labels"),
    ],
)
def test_bad_option_is_refused(kind, score, clean, options, name):
    y, predicted = predictions(30, 3)
    with pytest.raises(ValueError, match=name):
        score(y, predicted[kind], T, **options)


@family({k: v for k, v in MULTICLASS.items() if v[0] != "label"})
def test_prediction_of_another_shape_is_refused(kind, score, clean):
    y, predicted = predictions(30, 3)
    wrong = np.full((30, 2), 0.5) > 0.2 if kind == "set" else np.full((30, 2), 0.5)
    for prediction in wrong, predicted[kind][:20], predicted[kind][:, 0]:
        with pytest.raises(ValueError, match=r"y_|inconsistent|2D"):
            score(y, prediction, T)


@pytest.mark.parametrize(
    ("function", "options", "name"),
    [
        (metrics.noise_corrected_f1_score, {}, "average"),
        (metrics.noise_corrected_f1_score, {"average": "samples"}, "average"),
        (metrics.noise_corrected_roc_auc_score, {}, "multi_class"),
        (metrics.noise_corrected_roc_auc_score, {"multi_class": "all"}, "multi_class"),
        (metrics.noise_corrected_average_precision_score, {"pos_label": 1}, "pos_label"),
        (metrics.noise_corrected_top_k_accuracy_score, {"k": 0}, "k must"),
        (metrics.noise_corrected_calibration_error, {"n_bins": 0}, "n_bins"),
    ],
)
def test_unknown_option_is_refused(function, options, name):
    y, predicted = predictions(30, 3)
    kind = "label" if function is metrics.noise_corrected_f1_score else "proba"
    with pytest.raises(ValueError, match=name):
        function(y, predicted[kind], T, **options)


@pytest.mark.parametrize("name", ["auc", "average precision"])
def test_class_without_clean_samples_is_refused(name):
    with pytest.raises(ValueError, match="clean samples of each class"):
        BINARY[name][1]([0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], T_BINARY, labels=[0, 1])


@pytest.mark.parametrize("name", ["f1", "average precision"])
def test_positive_class_may_be_the_first(name):
    kind, score, _ = BINARY[name]
    y, predicted = predictions(60, 2)
    prediction = predicted[kind]
    flipped = 1 - prediction if kind == "label" else -prediction
    found = score(y, prediction, T_BINARY, pos_label=0)
    order = np.ix_([1, 0], [1, 0])
    assert found == pytest.approx(score(1 - y, flipped, T_BINARY[order]))
