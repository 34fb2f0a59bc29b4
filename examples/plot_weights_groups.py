"""
Samples that belong together, and weights
=========================================

Each handwritten digit was copied three times with a little blur, and the label was
copied with it, right or wrong. The model of a fold has seen other copies of the
samples that it holds out, with their labels: its probabilities are not held out. Folds
that keep groups together solve this.
"""

# %%
# Copies of samples
# -----------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedGroupKFold

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = X[:800] / 16, X[800:] / 16, y[:800], y[800:]
T = make_transition_matrix("pair", 10, 0.3)
y_noisy = make_noisy_labels(y, T, random_state=0)

rng = np.random.default_rng(0)
groups = np.repeat(np.arange(800), 3)
X_copies = (X[groups] + rng.normal(scale=0.05, size=(2400, 64))).astype("float32")
y_copies = y_noisy[groups]

# %%
# Folds with and without groups
# -----------------------------
# A splitter that takes groups gets them from `fit`.

together = StratifiedGroupKFold(5, shuffle=True, random_state=0)
fits = {
    "copies split between folds": NoiseRobustClassifier(random_state=0).fit(
        X_copies, y_copies
    ),
    "copies kept together": NoiseRobustClassifier(cv=together, random_state=0).fit(
        X_copies, y_copies, groups=groups
    ),
}
wrong = (y_noisy != y).mean()

# %%
# A weight is a frequency
# -----------------------
# Three copies of a sample count as three samples, also in the standard errors of `T`. A
# weight of 1/3 each means that there are really 800 samples, and the standard errors of
# `T` become those of 800 samples.

weighted = NoiseRobustClassifier(cv=together, random_state=0)
fits["kept together, weight 1/3"] = weighted.fit(
    X_copies, y_copies, sample_weight=np.full(2400, 1 / 3), groups=groups
)
# %%
# The estimates
# -------------

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 3), sharey=True, width_ratios=(1.4, 1), layout="constrained"
)
for place, (name, clf) in enumerate(fits.items()):
    summary = clf.noise_summary_
    error = clf.transition_estimator_.standard_error_
    left.plot(summary.noise_rate_interval, [place, place], "C0", linewidth=3, alpha=0.4)
    left.plot(summary.noise_rate, place, "oC0", markersize=8)
    right.barh(place, clf.score(X_test, y_test), color="C0", height=0.5)
    print(f"{name}: mean standard error of T {np.nanmean(error[T > 0]):.3f}")
left.axvline(wrong, color="C3", linestyle="--", label="truly wrong labels")
left.set(yticks=range(3), yticklabels=fits, ylim=(2.5, -0.6), xlim=(0, 0.6))
left.set(xlabel="estimated share of wrong labels, with interval")
left.legend(loc="lower right")
right.bar_label(right.containers[0], fmt="{:.0%}")
for bars in right.containers[1:]:
    right.bar_label(bars, fmt="{:.0%}")
right.set(xlabel="accuracy on clean test labels", xlim=(0, 1.1))
plt.show()

# %%
# With copies on both sides of a split, the first pass finds the wrong labels confirmed,
# and the estimate says that there is too little noise. With copies kept together it
# says a little too much here, as it tends to where the first pass errs on its own. The
# accuracy gains less than one might think: the refit learns from all samples either way.
