"""
How many samples do I need?
===========================

A transition matrix has many entries, and each is estimated from the samples of one
class. So a correction needs more samples than a plain network, and the more, the more
labels are wrong.
"""

# %%
# Load
# ----
# Each noisy label is the next digit, with the probability that the noise rate says.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import SwappableClassesWarning, WeakFirstPassWarning
from sklnoise.nn import MLP

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    (X / 16).astype("float32"), y, train_size=1200, random_state=0
)

# %%
# Fit a grid
# ----------
# A small network and three folds keep this fast. The default network is more accurate
# everywhere.

warnings.simplefilter("ignore", SwappableClassesWarning)  # the figure shows what they say
warnings.simplefilter("ignore", WeakFirstPassWarning)
sizes, rates = [150, 400, 1200], [0.0, 0.2, 0.4]
accuracy = {"none": np.empty((3, 3)), "forward": np.empty((3, 3))}
width = np.empty((3, 3))
print("rate    n  plain  corrected  noise rate, verdict")
for i, rate in enumerate(rates):
    y_noisy = make_noisy_labels(
        y, make_transition_matrix("pair", 10, rate), random_state=0
    )
    for j, n in enumerate(sizes):
        for correction, values in accuracy.items():
            clf = NoiseRobustClassifier(MLP, correction=correction, cv=3, random_state=0)
            clf.set_params(estimator__max_epochs=25, estimator__module__hidden=(64,))
            values[i, j] = clf.fit(X[:n], y_noisy[:n]).score(X_test, y_test)
        low, high = clf.noise_summary_.noise_rate_interval
        width[i, j] = high - low
        print(
            f"{rate:.1f} {n:7} {accuracy['none'][i, j]:6.1%} {values[i, j]:10.1%}",
            end="  ",
        )
        print(f"{low:.2f} to {high:.2f}, {clf.noise_summary_.verdict}")

# %%
# Learning curves
# ---------------

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for i, rate in enumerate(rates):
    left.plot(sizes, accuracy["none"][i], f"s--C{i}", label=f"{rate:.0%} wrong, plain")
    left.plot(
        sizes, accuracy["forward"][i], f"o-C{i}", label=f"{rate:.0%} wrong, corrected"
    )
    right.plot(sizes, width[i], f"o-C{i}")
left.set(title="Accuracy on clean test labels", xlabel="samples", xscale="log")
right.set(title="Width of the interval of the noise rate", xlabel="samples", xscale="log")
for ax in (left, right):
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.grid(axis="y", alpha=0.4)
fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# A rule of thumb
# ---------------
# What can be seen is a matter of samples per class and of what is wrong among them. How
# many have to be wrong until the correction gains more than two points, in this grid?

gain = accuracy["forward"] - accuracy["none"]
for i, rate in enumerate(rates):
    for j, n in enumerate(sizes):
        print(
            f"{n // 10:3} samples per class, {rate * n / 10:2.0f} of them wrong:", end=" "
        )
        print(f"{100 * gain[i, j]:+.1f} points")

# %%
# Without noise nothing is lost, as the default then corrects nothing. With about ten
# wrong labels per class it is a matter of chance whether a correction gains, and from a
# few dozen on it does. With fewer, check labels: a random sample that is `trusted`
# tells more than all the others.
