"""
Comparison of estimators of T
=============================

All estimators use the same held-out probabilities, but make different assumptions.
Agreement is no proof that they are right. If they disagree, at least one assumption
does not hold.
"""

# %%
# A first pass
# ------------
# The first pass is logistic regression on digits. Three in ten labels are flipped to a
# similar digit.

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
# `disagreement` is the median distance to the other estimates. The error needs the true
# `T`, which is unknown in practice.

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
# The label frequency counts the labels of the most confident samples. The confident
# joint counts those of nearly all samples, with less variance and more bias. The anchor
# estimator uses single samples and needs calibrated probabilities. The dual estimator
# counts the noise twice if the probabilities are calibrated. Which estimator is best
# depends on the first pass.
