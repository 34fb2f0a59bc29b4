"""The paired comparison of two models on noisy labels."""

import numpy as np
import pytest

from sklnoise import metrics
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import compare_models
from tests.metrics._family import predictions

T = make_transition_matrix("pair", 3, 0.3)
NAMES = {
    "accuracy": ("label", "accuracy_score", {}, 1),
    "f1_macro": ("label", "f1_score", {"average": "macro"}, 1),
    "roc_auc_ovo": ("proba", "roc_auc_score", {"multi_class": "ovo"}, 1),
    "neg_log_loss": ("proba", "log_loss", {}, -1),
    "neg_calibration_error": ("proba", "calibration_error", {}, -1),
}


@pytest.fixture(scope="module")
def models():
    """Noisy labels, and two predictions of each kind that differ in a tenth."""
    y, a = predictions(120, 3)
    _, other = predictions(120, 3, seed=1)
    b = {kind: part.copy() for kind, part in a.items()}
    for kind in b:
        b[kind][:12] = other[kind][:12]
    return make_noisy_labels(y, T, random_state=0), a, b


@pytest.mark.parametrize("metric", list(NAMES))
def test_difference_is_that_of_the_scores(metric, models):
    y_noisy, a, b = models
    kind, name, options, sign = NAMES[metric]
    found = compare_models(y_noisy, a[kind], b[kind], T, metric=metric, random_state=0)
    score = getattr(metrics, f"noise_corrected_{name}")
    values = [sign * score(y_noisy, part[kind], T, **options) for part in (a, b)]
    assert [found.value_a, found.value_b] == pytest.approx(values)
    assert found.difference == pytest.approx(values[0] - values[1])
    assert found.low < found.difference < found.high


def test_pairing_narrows_the_interval(models):
    y_noisy, a, b = models
    found = compare_models(y_noisy, a["label"], b["label"], T, random_state=0)
    _, low, high = metrics.noise_corrected_accuracy_score(
        y_noisy, a["label"], T, return_interval=True, random_state=0
    )
    assert found.high - found.low < (high - low) / 1.5


def test_model_does_not_differ_from_itself(models):
    y_noisy, a, _ = models
    draws = np.stack([T, make_transition_matrix("pair", 3, 0.2)])
    found = compare_models(y_noisy, a["label"], a["label"], T, transition_draws=draws)
    assert found.difference == found.low == found.high == 0


def test_order_of_the_models_changes_the_sign(models):
    y_noisy, a, b = models
    there, back = (
        compare_models(y_noisy, *pair, T, random_state=0, labels=range(3))
        for pair in ((a["label"], b["label"]), (b["label"], a["label"]))
    )
    assert [there.low, there.high] == pytest.approx([-back.high, -back.low])


@pytest.mark.parametrize("metric", ["log_loss", None, len])
def test_unknown_metric_is_refused(metric, models):
    y_noisy, a, b = models
    with pytest.raises(ValueError, match="metric"):
        compare_models(y_noisy, a["label"], b["label"], T, metric=metric)
