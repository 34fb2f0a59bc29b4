"""Many samples are judged in little memory."""

import tracemalloc

import numpy as np
import pytest

from sklnoise import find_label_issues
from sklnoise.datasets import make_transition_matrix

N_SAMPLES, N_CLASSES = 200_000, 50
PAIR, SYMMETRIC = (
    make_transition_matrix(k, N_CLASSES, 0.2) for k in ("pair", "symmetric")
)
CASES = {
    "known": (N_SAMPLES, 0.5, {"transition_matrix": PAIR}),
    "symmetric": (N_SAMPLES, 0.5, {"transition_matrix": SYMMETRIC}),
    # The estimator of T copies the probabilities of sixteen classes at a time.
    "estimated": (N_SAMPLES // 2, 1.0, {}),
    "confident-learning": (N_SAMPLES, 0.5, {"filter_by": "confident-learning"}),
}


@pytest.fixture(scope="module")
def many_samples():
    """Labels of which a fifth is that of the next class, and their probabilities."""
    rng = np.random.default_rng(0)
    clean = rng.integers(N_CLASSES, size=N_SAMPLES)
    y = (clean + (rng.random(N_SAMPLES) < 0.2)) % N_CLASSES
    y_proba = rng.random((N_SAMPLES, N_CLASSES), dtype=np.float32)
    y_proba /= 5 * N_CLASSES
    samples = np.arange(N_SAMPLES)
    y_proba[samples, clean] += 0.7
    y_proba[samples, (clean + 1) % N_CLASSES] += 0.2
    y_proba /= y_proba.sum(axis=1, keepdims=True)
    return y, y_proba


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_samples", "share", "options"), CASES.values(), ids=list(CASES)
)
def test_memory_is_a_share_of_that_of_the_probabilities(
    many_samples, n_samples, share, options
):
    y, y_proba = (array[:n_samples] for array in many_samples)
    tracemalloc.start()
    try:
        found = find_label_issues(y, y_proba, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.shape == (n_samples,)
    assert peak < share * y_proba.nbytes
