"""
Digits with wrong labels, from the first fit to the label issues
================================================================

Four in ten labels of scikit-learn's digits are flipped to a digit that looks like them.
Here a network is trained without a correction, with the default correction, and with
the true transition matrix. At the end, the labels that are most likely wrong are shown.
"""

# %%
# The data
# --------
# `target` holds the noisy labels, on which the classifier is fitted. `clean_target` is
# only used for evaluation.

import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier, find_label_issues
from sklnoise.datasets import load_noisy_digits
from sklnoise.inspection import (
    LabelIssuesDisplay,
    TrainingHistoryDisplay,
    TransitionMatrixDisplay,
)

digits = load_noisy_digits(noise_rate=0.4, random_state=0)
T = digits.transition_matrix
X = digits.data.astype("float32")
X, X_test, y_noisy, _, y_clean, y_test = train_test_split(
    X, digits.target, digits.clean_target, random_state=0
)
print(f"{(y_noisy != y_clean).mean():.0%} of {len(X)} labels are wrong")

# %%
# Three fits
# ----------
# The default estimates `T[i, j] = P(noisy = j | clean = i)` from held-out
# probabilities, and trains the network again with a loss corrected by `T`.

plain = NoiseRobustClassifier(correction="none", random_state=0).fit(X, y_noisy)
forward = NoiseRobustClassifier(random_state=0).fit(X, y_noisy)
known = NoiseRobustClassifier(transition=T, random_state=0).fit(X, y_noisy)
fits = {"plain": plain, "T estimated": forward, "T known": known}
accuracies = {name: clf.score(X_test, y_test) for name, clf in fits.items()}

# %%
# Results
# -------
# The estimate uses a few dozen samples per class. So its entries are rough, and the
# gain varies between seeds.

fig, (left, middle, right) = plt.subplots(
    1, 3, figsize=(11, 3.6), width_ratios=(0.8, 1, 1), layout="constrained"
)
bars = left.bar(accuracies.keys(), accuracies.values(), color=["0.6", "C0", "C2"])
left.bar_label(bars, fmt="{:.0%}")
left.set(title="Accuracy on clean test labels", ylim=(0, 1.1), yticks=[])
left.spines[["left", "right", "top"]].set_visible(False)
for ax, matrix, title in (
    (middle, T, "True T"),
    (right, forward.transition_matrix_, "Estimated T"),
):
    TransitionMatrixDisplay.from_matrix(
        matrix, ax=ax, include_values=False, colorbar=ax is right
    )
    ax.set_title(title)

# %%
# Uncertainty
# -----------
# `noise_summary_` has the share of wrong labels with a 95 % interval, and a verdict on
# whether it can be told from errors of the model.

summary = forward.noise_summary_
low, high = summary.noise_rate_interval
print(f"noise rate {summary.noise_rate:.2f}, between {low:.2f} and {high:.2f}")
print(f"verdict: {summary.verdict}")

# %%
# Label issues
# ------------
# The out-of-fold probabilities are predicted by networks that were not trained on the
# sample, so they can be used to check its label. These are the samples with the most
# suspicious labels, and the suggested label. Looking at them is the best check.

LabelIssuesDisplay.from_estimator(forward, X.reshape(-1, 8, 8), y_noisy)
suspects = find_label_issues(y_noisy, forward.out_of_fold_proba_)
wrong = y_noisy != y_clean
print(f"{wrong[suspects].mean():.0%} of the suspects are wrong (precision)")
print(f"{suspects[wrong].mean():.0%} of the wrong labels are suspects (recall)")

# %%
# The training
# ------------
# The losses are computed on noisy labels, so even a perfect network does not reach 0.
# The bend in the refit is the end of the warm-up with cross-entropy, where the
# corrected loss starts.

TrainingHistoryDisplay.from_estimator(forward)
plt.show()
