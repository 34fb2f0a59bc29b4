"""
A few trusted samples identify swapped classes
==============================================

If more than half of the labels of two classes are swapped, the labels look exactly as
if the classes were exchanged and the noise were mild. No method can distinguish these
cases from noisy labels alone. Samples with checked labels can.
"""

# %%
# Swapped classes
# ---------------
# Seven in ten 3s are labelled 8, and seven in ten 8s are labelled 3.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels
from sklnoise.inspection import TransitionMatrixDisplay

T = np.eye(10)
T[np.ix_([3, 8], [3, 8])] = [[0.3, 0.7], [0.7, 0.3]]
X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    (X / 16).astype("float32"), y, test_size=0.3, random_state=0
)
y_noisy = make_noisy_labels(y, T, random_state=0)

# %%
# Increasing number of checked samples
# ------------------------------------
# `trusted` is a boolean mask. In `y`, the marked samples have the right label. Here
# none, one, three and ten samples per class have been checked, drawn at random. Without
# any, `fit` warns that the two classes may be swapped; the warning is caught, to show
# it.

rng = np.random.default_rng(0)
order = rng.permutation(len(y))
counts, fits = [0, 1, 3, 10], []
for count in counts:
    trusted = np.zeros(len(y), dtype=bool)
    for label in range(10):
        trusted[order[y[order] == label][:count]] = True
    y_known = np.where(trusted, y, y_noisy)
    clf = NoiseRobustClassifier(random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fits.append(clf.fit(X, y_known, trusted=trusted))
    for warning in caught:
        print(f"{count} trusted: {str(warning.message)[:95]} …")

# %%
# Results
# -------
# The figure shows the block of `T` for 3 and 8, and the accuracy on these two and on
# the other digits.

pair = np.isin(y_test, [3, 8])
of_pair = [clf.score(X_test[pair], y_test[pair]) for clf in fits]
of_others = [clf.score(X_test[~pair], y_test[~pair]) for clf in fits]

fig = plt.figure(figsize=(10, 3.6), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=(1, 1.3))
ax = left.subplots()
ax.plot(range(4), of_others, "s--", color="0.5", label="the other digits")
ax.plot(range(4), of_pair, "o-", label="3 and 8")
ax.set(xlabel="trusted samples per class", ylabel="accuracy on clean test labels")
ax.set(xticks=range(4), xticklabels=counts, ylim=(0, 1.05))
ax.legend(loc="lower right")
for ax, matrix, title in zip(
    right.subplots(1, 3, sharey=True),
    (T, fits[0].transition_matrix_, fits[-1].transition_matrix_),
    ("true", "no trusted sample", "ten per class"),
):
    block = matrix[np.ix_([3, 8], [3, 8])]
    TransitionMatrixDisplay(block, display_labels=[3, 8]).plot(ax=ax, colorbar=False)
    ax.set_title(title)
    ax.label_outer()
plt.show()

# %%
# One sample per class identifies the classes, and more of them improve `T`. They are
# too few to train the network by themselves. And they must be drawn at random: if only
# easy samples were checked, the noise would be underestimated.
