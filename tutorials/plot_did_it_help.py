"""
Did it help? Without clean labels
=================================

The labels of the test samples are as wrong as those for training, and a model that
learns the mistakes scores best on them. Two ways to tell which model is better: `T`,
and 200 labels that a person has looked at.
"""

# %%
# Load
# ----
# Half of the 3s are labelled 8, half of the 1s 7, and half of the 9s 4. `truth` is kept
# for the end.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import sklnoise
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels
from sklnoise.metrics import compare_models, noise_corrected_accuracy_score

X, y = load_digits(return_X_y=True)
T = np.eye(10)
for clean, noisy in ((3, 8), (1, 7), (9, 4)):
    T[clean, [clean, noisy]] = 0.5
y_noisy = make_noisy_labels(y, T, random_state=0)
X, X_test, y_noisy, y_test, _, truth = train_test_split(
    (X / 16).astype("float32"), y_noisy, y, test_size=700, random_state=0
)

# %%
# Fit, and look at the score
# --------------------------

plain = NoiseRobustClassifier(correction="none", random_state=0).fit(X, y_noisy)
corrected = NoiseRobustClassifier(random_state=0).fit(X, y_noisy)
predictions = {"plain": plain.predict(X_test), "corrected": corrected.predict(X_test)}
for name, y_pred in predictions.items():
    print(f"{name}: {np.mean(y_pred == y_test):.3f} of the noisy test labels")

# %%
# With T
# ------
# The scores that are corrected by `T` estimate the accuracy on clean labels. `draw`
# tells them how uncertain `T` is. The verdict comes first: the intervals assume that
# `T` is right up to its draws.

summary, estimator = corrected.noise_summary_, corrected.transition_estimator_
low, high = summary.noise_rate_interval
print(f"verdict: {summary.verdict}, noise rate between {low:.2f} and {high:.2f}")
known = {
    "transition_matrix": corrected.transition_matrix_,
    "transition_draws": estimator.draw(random_state=0),
    "random_state": 0,
}
by_T = {
    name: noise_corrected_accuracy_score(y_test, y_pred, return_interval=True, **known)
    for name, y_pred in predictions.items()
}
gain_by_T = compare_models(
    y_test, predictions["corrected"], predictions["plain"], **known
)
for name, (value, low, high) in by_T.items():
    print(f"{name}: {value:.3f}, between {low:.3f} and {high:.3f}")
print(f"gain between {gain_by_T.low:.3f} and {gain_by_T.high:.3f}")

# %%
# With a review
# -------------
# A person labels 200 test samples again, drawn at random. Nothing is assumed of the
# noise: these labels are clean, and their `T` is the identity. This can be done before
# any model is fitted.

rows = np.random.default_rng(0).choice(len(X_test), 200, replace=False)
reviewed = truth[rows]
known = {"transition_matrix": np.eye(10), "random_state": 0}
by_review = {
    name: noise_corrected_accuracy_score(
        reviewed, y_pred[rows], return_interval=True, **known
    )
    for name, y_pred in predictions.items()
}
gain_by_review = compare_models(
    reviewed, predictions["corrected"][rows], predictions["plain"][rows], **known
)
for name, (value, low, high) in by_review.items():
    print(f"{name}: {value:.3f}, between {low:.3f} and {high:.3f}")
print(f"gain between {gain_by_review.low:.3f} and {gain_by_review.high:.3f}")

# %%
# Let it choose
# -------------
# `correction="auto"` compares the corrections on held-out noisy labels, and takes
# "none" unless another gains more than chance explains.

auto = NoiseRobustClassifier(correction="auto", random_state=0).fit(X, y_noisy)
print("chosen:", auto.correction_)

# %%
# The truth
# ---------

accuracy = {name: np.mean(y_pred == truth) for name, y_pred in predictions.items()}
print(f"gain in truth: {accuracy['corrected'] - accuracy['plain']:.3f}")

rows = {f"{name}, by T": score for name, score in by_T.items()}
rows |= {f"{name}, by the review": score for name, score in by_review.items()}
value, low, high = np.transpose(list(rows.values()))
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
ax.errorbar(value, list(rows), xerr=[value - low, high - value], fmt="o", capsize=4)
ax.plot([*accuracy.values()] * 2, list(rows), "kx", markersize=9, label="truth")
ax.set(
    title="Accuracy on clean labels, estimated without them",
    xlim=(0.7, 1.05),
    ylim=(3.5, -0.5),
)
ax.legend()
plt.show()

# %%
# The noisy labels rank the models wrongly. The scores by `T` depend on the estimate of
# `T`: noise that it misses is counted as mistakes of the better model, and their
# intervals may then leave out the truth, whatever the verdict. 200 labels of a person
# need no `T`.
#
# Save
# ----

path = Path(tempfile.mkdtemp()) / "digits.skops"
corrected.save(path)
same = np.array_equal(sklnoise.load(path).predict(X_test), predictions["corrected"])
print("the same predictions:", same)
