"""The fits of the demo: six ways to learn digits from wrong labels, seed by seed."""

import warnings
from collections import namedtuple
from tempfile import TemporaryDirectory

from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import load_noisy_digits

NOISE_RATE = 0.4
TEST_SHARE = 0.3

PLAIN, FORWARD = "plain network, noisy labels", "forward, estimated T"
CLEAN, TRUE_T = "plain network, clean labels", "forward, true T"
BLIND = {
    FORWARD: "forward",
    "backward, estimated T": "backward",
    "adaptation, T learned": "adaptation",
}
"""Rows that correct for the noise and have seen nothing but noisy labels."""

ROWS = (PLAIN, *BLIND, TRUE_T, CLEAN)

Outcome = namedtuple("Outcome", "seed accuracies found_T true_T warnings")
"""What a seed gives: accuracies by row, T found by forward, (row, warning) pairs."""


def study_seed(seed):
    """Fit all rows of the table on one draw of noise and one split."""
    digits = load_noisy_digits(noise_rate=NOISE_RATE, random_state=seed)
    X, X_test, y_noisy, _, y_clean, y_test = train_test_split(
        digits.data,
        digits.target,
        digits.clean_target,
        test_size=TEST_SHARE,
        stratify=digits.clean_target,
        random_state=seed,
    )
    runs = {
        PLAIN: ({"correction": "none"}, y_noisy),
        **{name: ({"correction": value}, y_noisy) for name, value in BLIND.items()},
        TRUE_T: ({"transition": digits.transition_matrix}, y_noisy),
        CLEAN: ({"correction": "none"}, y_clean),
    }
    fitted, caught = {}, []
    with TemporaryDirectory(prefix="sklnoise-demo-") as folder:
        for name, (params, y) in runs.items():
            clf = NoiseRobustClassifier(memory=folder, random_state=seed, **params)
            with warnings.catch_warnings(record=True) as raised:
                warnings.simplefilter("always")
                fitted[name] = clf.fit(X, y)
            caught += [
                (name, warning.category, str(warning.message)) for warning in raised
            ]
    return Outcome(
        seed,
        {name: clf.score(X_test, y_test) for name, clf in fitted.items()},
        fitted[FORWARD].transition_matrix_,
        digits.transition_matrix,
        caught,
    )
