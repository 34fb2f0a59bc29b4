"""
Hard data look noisy
====================

In this example no label is wrong. But if classes overlap, an uncertain sample looks
like a mislabelled one, and every estimator of `T` overestimates the noise. When does
`fit` warn, and how much accuracy does it cost?
"""

# %%
# Overlapping classes
# -------------------
# There are four classes of three clusters each. The smaller `class_sep`, the more they
# overlap.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier

separations = [0.4, 0.7, 1.0, 1.5, 2.2]
summaries, accuracy = [], []
for separation in separations:
    X, y = make_classification(
        3000,
        n_informative=6,
        n_classes=4,
        n_clusters_per_class=3,
        class_sep=separation,
        flip_y=0,
        random_state=1,
    )
    X, X_test, y, y_test = train_test_split(
        X.astype("float32"), y, train_size=1000, random_state=0
    )
    clf = NoiseRobustClassifier(random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        clf.fit(X, y)
    for warning in caught:
        print(f"separation {separation}: {str(warning.message)[:66]} …")
    plain = NoiseRobustClassifier(correction="none", random_state=0).fit(X, y)
    summaries.append(clf.noise_summary_)
    accuracy.append((clf.score(X_test, y_test), plain.score(X_test, y_test)))

# %%
# Estimated noise, and its cost
# -----------------------------

rates = np.array([summary.noise_rate for summary in summaries])
weak = np.array([summary.weak_first_pass for summary in summaries])
low, high = np.transpose([summary.noise_rate_interval for summary in summaries])

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.fill_between(separations, low, high, alpha=0.15, label="its interval")
left.plot(separations, rates, color="C0")
separations = np.array(separations)
left.plot(separations[weak], rates[weak], "C0X", ms=9, label="first pass called weak")
left.plot(separations[~weak], rates[~weak], "C0o", ms=8, label="not called weak")
left.axhline(0, color="C3", linestyle="--", label="truth")
left.set(title="Estimated share of wrong labels", xlabel="separation of the classes")
left.legend()
right.plot(separations, [default for default, _ in accuracy], "o-", label="default")
right.plot(separations, [none for _, none in accuracy], "s--", label="none")
right.set(title="Accuracy on test labels", xlabel="separation of the classes")
right.grid(axis="y", alpha=0.4)
right.legend()
plt.show()

# %%
# The closer the classes, the higher the estimated noise rate, and `fit` warns. On these
# data the accuracy does not suffer; on others it does. An estimated noise rate includes
# the errors of the model: check the `verdict` first, compare with
# `correction="none"` or use `correction="auto"`, and keep some checked labels.
