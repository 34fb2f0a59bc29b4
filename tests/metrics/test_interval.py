"""The intervals of the scores on noisy labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import (
    noise_corrected_accuracy_score,
    noise_corrected_calibration_error,
    noise_corrected_roc_auc_score,
)
from sklnoise.transition import draw_transition_matrices
from tests.metrics._family import MULTICLASS, predictions

T = make_transition_matrix("pair", 3, 0.2)
N_SEEDS = 25
MEMBERS = {
    name: MULTICLASS[name]
    for name in (
        "accuracy",
        "f1 macro",
        "calibration error",
    )
}
each = pytest.mark.parametrize(
    ("kind", "score", "clean"), MEMBERS.values(), ids=list(MEMBERS)
)


def estimate_rows(rng, n_each=150):
    """Count labels of samples whose clean class is known, and draw around the shares."""
    counts = np.stack([rng.multinomial(n_each, row) for row in T])
    share = counts / n_each
    return share, draw_transition_matrices(
        share, np.sqrt(share * (1 - share) / n_each), 200, random_state=0
    )


@pytest.mark.parametrize("is_known", [True, False], ids=["T known", "T estimated"])
@each
def test_interval_covers_the_clean_score(kind, score, clean, is_known):
    covered = []
    for seed in range(N_SEEDS):
        y, predicted = predictions(150, 3, seed)
        rng = np.random.default_rng(seed)
        y_noisy = make_noisy_labels(y, T, random_state=seed)
        matrix, draws = (T, None) if is_known else estimate_rows(rng)
        _, low, high = score(
            y_noisy,
            predicted[kind],
            matrix,
            transition_draws=draws,
            return_interval=True,
            random_state=seed,
        )
        covered.append(low <= clean(y, predicted[kind]) <= high)
    # The chance of fewer at 95 % is below a hundredth.
    assert np.sum(covered) >= N_SEEDS * 0.8


def interval_of(score, y_noisy, prediction, matrix=T, **options):
    return score(
        y_noisy, prediction, matrix, return_interval=True, random_state=0, **options
    )


@pytest.fixture(scope="module")
def scored():
    """Noisy labels, and predictions of each kind."""
    y, predicted = predictions(120, 3)
    return make_noisy_labels(y, T, random_state=0), predicted


@each
def test_same_seed_gives_the_same_interval(kind, score, clean, scored):
    y_noisy, predicted = scored
    first, second = (interval_of(score, y_noisy, predicted[kind]) for _ in range(2))
    assert first == second
    assert first[0] == score(y_noisy, predicted[kind], T)
    assert first[1] < first[2]


@each
def test_error_of_the_transition_widens_the_interval(kind, score, clean, scored):
    y_noisy, predicted = scored
    draws = draw_transition_matrices(T, np.where(T > 0, 0.15, 0), 200, random_state=0)
    value, low, high = interval_of(score, y_noisy, predicted[kind])
    drawn = interval_of(score, y_noisy, predicted[kind], transition_draws=draws)
    assert drawn[0] == value
    assert drawn[2] - drawn[1] > high - low


@each
def test_lower_level_gives_a_narrower_interval(kind, score, clean, scored):
    y_noisy, predicted = scored
    _, low, high = interval_of(score, y_noisy, predicted[kind])
    half = interval_of(score, y_noisy, predicted[kind], confidence_level=0.5)
    assert low < half[1] < half[2] < high


@each
def test_draws_of_the_matrix_itself_are_no_draws(kind, score, clean, scored):
    y_noisy, predicted = scored
    found = interval_of(score, y_noisy, predicted[kind], transition_draws=T[None])
    assert found == interval_of(score, y_noisy, predicted[kind])


@each
def test_singular_draws_widen_the_interval_up_to_the_bounds(kind, score, clean, scored):
    y_noisy, predicted = scored
    singular, draws = np.full((3, 3), 1 / 3), np.repeat(T[None], 100, axis=0)
    plain = interval_of(score, y_noisy, predicted[kind], transition_draws=draws)
    draws[:2] = singular
    some = interval_of(score, y_noisy, predicted[kind], transition_draws=draws)
    draws[:10] = singular
    many = interval_of(score, y_noisy, predicted[kind], transition_draws=draws)
    assert np.isfinite(some).all()
    assert some[2] - some[1] > plain[2] - plain[1]
    assert_allclose(many, [plain[0], 0, 1])


@each
def test_ends_stay_within_the_bounds_of_the_score(kind, score, clean, scored):
    y_noisy, predicted = scored
    draws = np.repeat(T[None], 100, axis=0)
    draws[:20] = 0.999 / 3 + 0.001 * np.eye(3)  # whose inverse is huge
    value, low, high = interval_of(
        score, y_noisy, predicted[kind], transition_draws=draws
    )
    assert min(0, value) <= low <= high <= max(1, value)


def test_scores_of_the_classes_have_an_interval_each(scored):
    y_noisy, predicted = scored
    found = noise_corrected_roc_auc_score(
        y_noisy,
        predicted["proba"],
        T,
        multi_class="ovr",
        average=None,
        return_interval=True,
        random_state=0,
    )
    assert [part.shape for part in found] == [(3,)] * 3
    assert (found[1] < found[0]).all()
    assert (found[0] < found[2]).all()


def test_interval_of_repeats_is_that_of_weights():
    y, predicted = predictions(150, 3)
    y_noisy, y_pred = make_noisy_labels(y, T, random_state=0), predicted["label"]
    weight = np.random.default_rng(0).integers(1, 6, size=150)
    score = noise_corrected_accuracy_score
    weighted = interval_of(score, y_noisy, y_pred, sample_weight=weight)
    repeated = interval_of(score, y_noisy.repeat(weight), y_pred.repeat(weight))
    assert_allclose(weighted, repeated, atol=0.02)


def test_interval_of_the_accuracy_is_that_of_its_standard_error():
    y, predicted = predictions(1000, 3)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    score, error = noise_corrected_accuracy_score(
        y_noisy, predicted["label"], T, return_std=True
    )
    _, low, high = interval_of(
        noise_corrected_accuracy_score, y_noisy, predicted["label"]
    )
    assert_allclose([low, high], [score - 1.96 * error, score + 1.96 * error], atol=0.01)


def test_standard_error_and_interval_exclude_each_other():
    with pytest.raises(ValueError, match="return_interval"):
        noise_corrected_accuracy_score(
            [0, 1], [0, 1], np.eye(2), return_std=True, return_interval=True
        )


def test_calibration_error_does_not_grow_with_the_noise():
    """Some of what the noise adds to the plain formula stays, but less than half."""
    found, plain, expected = [], [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.5, 1, 600)
        y = (rng.random(600) > p).astype(int)  # calibrated
        matrix = make_transition_matrix("symmetric", 2, 0.3)
        y_noisy, y_proba = make_noisy_labels(y, matrix, random_state=seed), 1 - p
        found.append(noise_corrected_calibration_error(y_noisy, y_proba, matrix))
        expected.append(noise_corrected_calibration_error(y, y_proba, np.eye(2)))
        hits = np.linalg.inv(matrix)[y_noisy, 0]
        bins = np.array_split(np.argsort(p), 15)
        plain.append(np.mean([abs(np.mean(hits[b] - p[b])) for b in bins]))
    bias, plain_bias = (
        np.mean(found) - np.mean(expected),
        np.mean(plain) - np.mean(expected),
    )
    assert abs(bias) < plain_bias / 2
