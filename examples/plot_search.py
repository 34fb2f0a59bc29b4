"""
A grid search on noisy labels
=============================

The score of a search is computed on the given labels. If these are noisy, a candidate
that makes the mistakes of the annotators may get the best score. A scorer that uses `T`
corrects for this.
"""

# %%
# Data on which accuracy misleads
# -------------------------------
# Six in ten of the 3s are labelled 8, and six in ten of the 1s are labelled 7.
# Everything else is right.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels
from sklnoise.exceptions import ClassCollapseWarning
from sklnoise.metrics import make_noise_corrected_scorer
from sklnoise.nn import MLP

T = np.eye(10)
for clean, noisy in ((3, 8), (1, 7)):
    T[clean, [clean, noisy]] = 0.4, 0.6
X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    (X / 16).astype("float32"), y, train_size=900, random_state=0
)
y_noisy = make_noisy_labels(y, T, random_state=0)

# %%
# One search, two scores
# ----------------------
# The same candidates are scored by the accuracy on noisy labels and by its unbiased
# estimate of the clean accuracy. `T` is known here; where it is estimated, use the one
# estimate for all candidates. A small network keeps the search short.

corrections = ["none", "gce", "bootstrap-hard", "forward", "backward"]
clf = NoiseRobustClassifier(MLP, transition=T, random_state=0)
search = GridSearchCV(
    clf.set_params(estimator__max_epochs=20),
    {"correction": corrections},
    scoring={"noisy": "accuracy", "unbiased": make_noise_corrected_scorer(T)},
    refit="unbiased",
    cv=3,
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ClassCollapseWarning)  # they are shown further down
    search.fit(X, y_noisy)
noisy = search.cv_results_["mean_test_noisy"]
unbiased = search.cv_results_["mean_test_unbiased"]
print("chosen by noisy accuracy:   ", corrections[noisy.argmax()])
print("chosen by unbiased accuracy:", corrections[unbiased.argmax()])

# %%
# Scores on clean labels
# ----------------------
# Each candidate is fitted once more to all training samples, and scored on clean test
# labels.

clean = []
for correction in corrections:
    candidate = search.estimator.set_params(correction=correction)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        clean.append(accuracy_score(y_test, candidate.fit(X, y_noisy).predict(X_test)))
    for warning in caught:
        print(f"{correction} warns: {str(warning.message)[:48]}")

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
rows = np.arange(len(corrections))
for scores, marker, colour, label in (
    (noisy, "s", "C1", "noisy accuracy"),
    (unbiased, "o", "C0", "unbiased accuracy, from the same noisy labels"),
    (clean, "x", "black", "accuracy on clean test labels"),
):
    ax.plot(scores, rows, marker, color=colour, label=label, markersize=8)
ax.set(yticks=rows, yticklabels=corrections, xlabel="score", ylim=(4.5, -0.5))
ax.grid(axis="x", alpha=0.4)
fig.legend(loc="outside upper center", ncols=3, fontsize="small")
plt.show()

# %%
# The unbiased accuracy is close to the clean one, up to its sampling error, which is
# increased by the inverse of `T`. The noisy accuracy ranks the two best candidates
# last. The robust losses do not help here: if most labels of a class are wrong, only
# knowledge of `T` does. And with a wrong `T` the unbiased accuracy would be wrong too.
