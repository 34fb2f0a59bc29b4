"""
Compare estimators of T
=======================

All estimators use the same held-out probabilities, and differ in what they assume.
Where they agree, that is no proof; where they disagree, at least one assumption fails.
"""

# %%
# A first pass
# ------------
# Logistic regression on digits, three in ten labels flipped to a similar one.

import matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from sklnoise.datasets import load_noisy_digits
from sklnoise.inspection import TransitionMatrixDisplay
from sklnoise.metrics import transition_error
from sklnoise.transition import AutoEstimator, compare_transition_estimators

digits = load_noisy_digits(noise_rate=0.3, random_state=0)
T = digits.transition_matrix
y_proba = cross_val_predict(
    LogisticRegression(C=0.1, max_iter=200),
    digits.data,
    digits.target,
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
    method="predict_proba",
)

# %%
# The comparison
# --------------
# `disagreement` is the median distance to the others. The error needs the truth, which
# you will not have.

table = compare_transition_estimators(y_proba, digits.target, features=digits.data)
errors = [transition_error(T, matrix) for matrix in table.transition_matrix]
for name, disagreement, error in zip(table.estimator, table.disagreement, errors):
    print(f"{name:16} disagreement {disagreement:.2f}, error {error:.2f}")
picked = AutoEstimator().fit(y_proba, digits.target).estimator_
print("the default picks", picked)

# %%
# The matrices
# ------------

matrices = {"truth": T, **dict(zip(table.estimator, table.transition_matrix))}
fig, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
for ax, (name, matrix) in zip(axes.flat, matrices.items()):
    TransitionMatrixDisplay.from_matrix(
        matrix, ax=ax, include_values=False, colorbar=False
    )
    ax.set_title(
        name if name == "truth" else f"{name}, error {transition_error(T, matrix):.2f}"
    )
    ax.label_outer()
fig.colorbar(axes[0, 0].images[0], ax=axes, label="P(noisy | clean)", shrink=0.6)
plt.show()

# %%
# The label frequency counts labels of the most confident samples, the confident joint
# those of nearly all: less variance, more bias. The anchor uses single samples, and needs
# calibrated probabilities; the dual one counts the noise twice where they are.
# Which of them is best depends on the first pass: with another one the order may
# differ.
