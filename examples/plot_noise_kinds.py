"""
Kinds of noise, and noise that depends on the sample
====================================================

To evaluate a correction, known noise is needed. These are the matrices that
:func:`sklnoise.datasets.make_transition_matrix` makes, and one kind of noise that no
matrix describes.
"""

# %%
# Noise that depends on the class
# -------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, make_blobs

from sklnoise.datasets import (
    make_instance_dependent_labels,
    make_noisy_labels,
    make_transition_matrix,
)
from sklnoise.inspection import TransitionMatrixDisplay

kinds = [
    "symmetric",
    "uniform",
    "pair",
    "random",
    "mnist-asymmetric",
    "goldberger-permutation",
]
fig, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
for ax, kind in zip(axes.flat, kinds):
    T = make_transition_matrix(kind, 10, 0.4, random_state=0)
    TransitionMatrixDisplay.from_matrix(T, ax=ax, include_values=False, colorbar=False)
    ax.set_title(kind)
    ax.label_outer()
fig.colorbar(axes[0, 0].images[0], ax=axes, label="P(noisy | clean)", shrink=0.6)
plt.show()

# %%
# Noise that depends on the sample
# --------------------------------
# Three clouds, a quarter of the labels flipped: by a matrix on the left, by the
# features of each sample on the right. Where `T` holds, wrong labels lie anywhere in
# their class. On the right each kind of mistake tends to one side of its class, and a
# network can learn the mistakes as if they were part of the problem. A correction by
# one `T` removes only a part of that damage.

X, y = make_blobs(600, centers=[[0, 0], [5, 0], [2.5, 4.5]], random_state=0)
T = make_transition_matrix("symmetric", 3, 0.25)
by_class = make_noisy_labels(y, T, random_state=0)
by_sample = make_instance_dependent_labels(X, y, 0.25, random_state=0)

fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, y_noisy, title in zip(axes, (by_class, by_sample), ("by class", "by sample")):
    wrong = y_noisy != y
    for label, marker in enumerate("os^"):
        rows = (y_noisy == label) & ~wrong
        ax.scatter(*X[rows].T, s=14, marker=marker, color=f"C{label}", alpha=0.25)
        rows = (y_noisy == label) & wrong
        ax.scatter(*X[rows].T, s=26, marker=marker, color=f"C{label}", edgecolor="black")
    ax.set(title=f"Noise {title}: {wrong.mean():.0%} wrong", xticks=[], yticks=[])
plt.show()

# %%
# Colours and markers are noisy labels; those that are wrong have a black edge. The mean
# of the matrices of the samples is the best `T` for the digits:

X, y = load_digits(return_X_y=True)
_, y_proba = make_instance_dependent_labels(X, y, 0.3, random_state=0, return_proba=True)
best = np.array([y_proba[y == label].mean(axis=0) for label in range(10)])
spread = np.array([y_proba[y == label].std(axis=0) for label in range(10)])
print(f"largest off-diagonal entry {(best - np.diag(best.diagonal())).max():.2f}")
print(f"largest standard deviation among the samples of a class {spread.max():.2f}")
