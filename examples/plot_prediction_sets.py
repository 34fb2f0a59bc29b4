"""
How sure can I be? Sets of classes from noisy labels
====================================================

A set of classes that contains the right one in 90 % of the samples says how sure a
prediction is. Calibrated on noisy labels, such sets are far too large, since they have to
contain the wrong labels too. With the transition matrix `T` they need not.
"""

# %%
# Digits, of which a fifth is labelled at random
# ----------------------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustConformalClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.inspection import PredictionSetDisplay

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X / 16, y, train_size=1000, random_state=0)
T = make_transition_matrix("symmetric", 10, 0.2)
y_noisy = make_noisy_labels(y, T, random_state=0)

# %%
# Three ways to calibrate
# -----------------------
# `transition=0.0` takes the labels as they are. That is split-conformal prediction, with
# folds instead of a split. By default `T` is estimated, and its errors make the sets
# larger than those of a known `T`.

fitted = {}
for name, transition in {"no correction": 0.0, "T estimated": None, "T known": T}.items():
    clf = NoiseRobustConformalClassifier(
        LogisticRegression(max_iter=200), transition=transition, random_state=0
    )
    fitted[name] = clf.fit(X, y_noisy)
    y_set = clf.predict_set(X_test)
    covered = y_set[np.arange(len(y_test)), y_test].mean()
    size = y_set.sum(axis=1).mean()
    print(f"{name}: {covered:.3f} of the clean labels covered by {size:.2f} classes")

# %%
# Coverage and size
# -----------------
# Without clean labels the display shows the coverage that is estimated, with its
# interval. Here there are clean labels to compare with. The predicted class is always in
# the set, so that no set is empty and low levels are exceeded.

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, name in zip(axes, ["no correction", "T estimated"]):
    PredictionSetDisplay.from_estimator(fitted[name], X_test, y_test, ax=ax)
    ax.set(title=name)
plt.show()

# %%
# The curve without correction is below the clean labels: it estimates the coverage of the
# noisy ones.
#
# Samples with several classes
# ----------------------------
# The sets point at the digits that are hard to tell.

clf = fitted["T estimated"]
y_set = clf.predict_set(X_test)
hardest = np.argsort(-y_set.sum(axis=1), kind="stable")[:6]
fig, axes = plt.subplots(1, 6, figsize=(9, 1.9), layout="constrained")
for ax, sample in zip(axes, hardest):
    ax.imshow(X_test[sample].reshape(8, 8), cmap="gray_r")
    ax.set(xticks=[], yticks=[])
    ax.set_title(", ".join(map(str, clf.classes_[y_set[sample]])), fontsize=9)
plt.show()
