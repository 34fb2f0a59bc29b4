"""
Which labels are wrong? With any classifier
===========================================

:func:`sklnoise.find_label_issues` needs no network, only probabilities by models that
have not seen the sample. Here these come from logistic regression. What does knowing `T`
add to the probability of the label itself?
"""

# %%
# Held-out probabilities
# ----------------------
# A quarter of the labels of each digit are flipped to one that looks like it.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from sklnoise import find_label_issues, label_quality_scores
from sklnoise.datasets import load_noisy_digits

digits = load_noisy_digits(noise_rate=0.25, random_state=0)
X, y_noisy = digits.data, digits.target
wrong = y_noisy != digits.clean_target
y_proba = cross_val_predict(
    LogisticRegression(C=0.1, max_iter=200),
    X,
    y_noisy,
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
    method="predict_proba",
)

# %%
# Issues
# ------
# An issue is a label than which another class is more likely, by Bayes' rule with `T`
# estimated from the same samples.

issues = find_label_issues(y_noisy, y_proba)
print(f"{wrong.sum()} labels are wrong, {issues.sum()} are suspected")
print(f"{wrong[issues].mean():.0%} of the suspected are wrong (precision)")
print(f"{issues[wrong].mean():.0%} of the wrong are suspected (recall)")

# %%
# How far down the list does it pay to look?
# ------------------------------------------
# Labels are checked in the order of their quality, the worst first. The curves show how
# many of those checked so far were wrong, for the quality with `T` and for the
# probability of the label alone.

looked_at = np.arange(1, len(wrong) + 1)
fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 3.8), width_ratios=(1.2, 1), layout="constrained"
)
for method, style in (("posterior", "-"), ("self-confidence", "--")):
    order = label_quality_scores(y_noisy, y_proba, method=method).argsort()
    left.plot(looked_at, wrong[order].cumsum() / looked_at, style, label=method)
left.axhline(wrong.mean(), color="0.6", linestyle=":", label="in any order")
left.axvline(issues.sum(), color="0.85", zorder=0)
left.annotate("issues", (issues.sum(), 0.02), color="0.4", ha="right", rotation=90)
left.set(xlabel="labels looked at", ylabel="share of them that is wrong", ylim=(0, 1.05))
left.legend()

quality = label_quality_scores(y_noisy, y_proba)
right.hist([quality[~wrong], quality[wrong]], 20, stacked=True, color=["0.75", "C3"])
right.set(xlabel="quality of the label", ylabel="samples", yscale="log")
right.legend(["right labels", "wrong labels"], loc="upper center")
plt.show()

# %%
# The curves stay above chance for as long as suspects are left, and then fall towards
# the share of all wrong labels. On the right: some wrong labels have a quality
# near 1. No score will find those with this model; a better model might.
