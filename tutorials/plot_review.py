"""
Find, review, repair, and fit again
===================================

A model suspects labels, a person looks at them, and the next model learns from what was
corrected. Which of the labels that were looked at may be called `trusted` is easily
done wrong.
"""

# %%
# Load
# ----
# A fifth of the digits have a label that looks like them. The clean labels play the
# person who reviews.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

import sklnoise
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import load_noisy_digits
from sklnoise.inspection import LabelIssuesDisplay
from sklnoise.issues import apply_decisions, noise_rate_from_review, sample_for_review

digits = load_noisy_digits(noise_rate=0.2, random_state=0)
X, X_test, y_noisy, _, y, y_test = train_test_split(
    digits.data, digits.target, digits.clean_target, train_size=700, random_state=0
)

# %%
# Fit, and find
# -------------

clf = NoiseRobustClassifier(random_state=0).fit(X, y_noisy)
frame = clf.find_label_issues(return_type="frame")
low, high = clf.noise_summary_.noise_rate_interval
print(
    f"verdict: {clf.noise_summary_.verdict}, noise rate between {low:.2f} and {high:.2f}"
)
print(f"{frame.is_issue.sum()} of {len(X)} labels are issues; the worst:")
print(frame.sort_values("quality").head(4))
LabelIssuesDisplay.from_estimator(clf, X.reshape(-1, 8, 8), y_noisy, n_shown=8)
plt.show()

# %%
# Review
# ------
# All issues are looked at, where most wrong labels are, and a random part of all
# others, which shows how many were missed. Write the sample to a file, mix the lines,
# and let somebody fill in `decision` and `corrected`.

review = sample_for_review(
    frame.quality, n_suspicious=int(frame.is_issue.sum()), n_random=150, random_state=0
)
sheet = pd.DataFrame(
    {"row": review.rows, "label": y_noisy[review.rows], "part": review.part}
)
seen = y[review.rows]  # what the person says
sheet["decision"] = np.where(sheet.label == seen, "right", "wrong")
sheet["corrected"] = np.where(sheet.label == seen, None, seen)
print(pd.crosstab(sheet.part, sheet.decision))

# %%
# What the review says of all labels needs no model to be right. Where too many are
# left, review more: a model that learns from labels of which half of the mistakes are
# repaired can be worse than one with a corrected loss that learns from all of them, as
# what is left looks like a class.

result = noise_rate_from_review(sheet.decision == "wrong", sheet.part, n_samples=len(X))
repaired = apply_decisions(y_noisy, sheet)
print(f"{repaired.n_changed} labels are corrected")
print(f"wrong before: {result.noise_rate:.3f}, in truth {np.mean(y_noisy != y):.3f}")
print(f"wrong now: at most {result.error_rate_left_high:.3f}", end=", ")
print(f"in truth {np.mean(repaired.y != y):.3f}")

# %%
# Fit again
# ---------
# Samples that were drawn at random, here from those that are no issues, may be
# `trusted`.

at_random = np.isin(np.arange(len(X)), review.random)
again = NoiseRobustClassifier(random_state=0).fit(X, repaired.y, trusted=at_random)

# %%
# `repaired.trusted` marks the suspicious ones, too: **do not pass it to** `fit`. They
# were reviewed because a model doubted them, so that they are no sample of the data,
# and `T` is biased. Nor does `T` tell how much noise is left once the worst labels are
# repaired, trusted or not: the review does. This shows where less is reviewed, 100
# labels.

checked = {
    "worst": frame.quality.nsmallest(100).index,
    "at random": np.random.default_rng(0).choice(len(X), 100, replace=False),
}
for name, rows in checked.items():
    trusted = np.isin(np.arange(len(X)), rows)
    y_known = np.where(trusted, y, y_noisy)
    model = NoiseRobustClassifier(refit=False, random_state=0)
    model.fit(X, y_known, trusted=trusted)
    print(f"{name}: noise rate {model.noise_summary_.noise_rate:.3f}", end=", ")
    print(f"in truth {np.mean((y_known != y)[~trusted]):.3f}")

# %%
# Result
# ------

plain = NoiseRobustClassifier(correction="none", random_state=0)
scores = {
    "plain": plain.fit(X, y_noisy).score(X_test, y_test),
    "default": clf.score(X_test, y_test),
    "default, repaired": again.score(X_test, y_test),
}
fig, ax = plt.subplots(figsize=(7, 2), layout="constrained")
bars = ax.barh(list(scores), list(scores.values()), color=["0.6", "C1", "C0"])
ax.bar_label(bars, fmt=" {:.1%}")
ax.set(xlim=(0.5, 1.08), title="Accuracy on clean test labels")
ax.invert_yaxis()
plt.show()

# %%
# Save, and serve
# ---------------
# `predict_proba` tells which new samples a person should see.

path = Path(tempfile.mkdtemp()) / "digits.skops"
again.save(path)
served = sklnoise.load(path)
sure = served.predict_proba(X_test).max(axis=1) > 0.9
right = served.predict(X_test) == y_test
print(f"sure of {sure.mean():.0%} of the new samples: {right[sure].mean():.1%} are right")
print(f"the others, for a person: {right[~sure].mean():.0%} are right")
