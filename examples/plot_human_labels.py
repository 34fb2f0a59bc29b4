"""
Labels of people, who mistake what is hard to read
==================================================

No matrix describes the mistakes of people: they take an image for what it looks like.
How can one tell, and what does it mean for a correction by `T`?
"""

# %%
# Readers without their glasses
# -----------------------------
# The readers of this example see digits at half the resolution, and give a label with
# the probability that a model of the blurred images gives to it.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from sklnoise import NoiseRobustClassifier
from sklnoise.metrics import instance_dependence_test

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
blurred = X.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(len(X), -1)
p = cross_val_predict(LogisticRegression(C=3), blurred, y, method="predict_proba")
p = p**0.7 / (p**0.7).sum(axis=1, keepdims=True)

rng = np.random.default_rng(0)
y_noisy = (p.cumsum(axis=1) < rng.random((len(y), 1))).sum(axis=1).clip(max=9)
train = rng.permutation(len(y)) < 1200
print(f"{np.mean(y_noisy != y):.0%} of the labels are wrong")

# %%
# Do the mistakes depend on the sample?
# -------------------------------------
# Noisy labels alone cannot tell whether the labels of hard samples are wrong more often
# or the classes overlap there. Where somebody has looked at some samples again, a test
# can: it compares the labels of samples that the first pass is certain of with others.

clf = NoiseRobustClassifier(random_state=0).fit(X[train], y_noisy[train])
again = np.arange(300)
test = instance_dependence_test(
    y[train][again], y_noisy[train][again], clf.out_of_fold_proba_[again], random_state=0
)
print(f"p-value {test.p_value:.3f}")

# %%
# What it means for the estimate and the correction
# -------------------------------------------------
# The estimate of `T` rests on the samples that the network is certain of, whose labels
# are mostly right: the noise rate is too low, and the verdict says so. As a correction by
# it does not gain on held-out labels, the default drops it. What remains is a network
# that does not learn the wrong labels by heart.

summary = clf.noise_summary_
print(f"noise rate {summary.noise_rate:.0%}, verdict: {summary.verdict}")
print(f"share of the estimate that is dropped: {summary.identity_share:.0%}")

linear = LogisticRegression(C=1, max_iter=1000).fit(X[train], y_noisy[train])
accuracy = {
    "noisy labels": np.mean(y == y_noisy),
    "logistic regression": linear.score(X[~train], y[~train]),
    "NoiseRobustClassifier": clf.score(X[~train], y[~train]),
}

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.bar(["most certain", "middle", "least certain"], test.noise_rates, color="0.6")
left.set(title="Share of wrong labels", ylim=(0, 1))
bars = right.barh(list(accuracy), list(accuracy.values()), color=["0.8", "0.6", "C0"])
right.bar_label(bars, fmt="{:.1%}", padding=3)
right.set(title="Accuracy", xlim=(0, 1.15))
plt.show()
