"""
"About 30 % of my labels are wrong"
===================================

Often only the noise rate is known. `transition=0.3` means that each label is wrong with
probability 0.3, and that a wrong label is any other class with equal probability. No
fold is fitted then, so the fit is fast. What if the rate is slightly wrong, or the
noise is not symmetric?
"""

# %%
# Two kinds of noise at the same rate
# -----------------------------------

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    (X / 16).astype("float32"), y, train_size=800, random_state=0
)
kinds = {"spread evenly": "symmetric", "always the next digit": "pair"}
labels = {
    name: make_noisy_labels(y, make_transition_matrix(kind, 10, 0.3), random_state=0)
    for name, kind in kinds.items()
}

# %%
# Assumed rates
# -------------
# A rate of 0 is the plain network. "Estimated" is the default, which estimates `T`.

claims = [0.0, 0.15, 0.3, 0.45]
accuracy, estimated = {}, {}
for name, y_noisy in labels.items():
    fits = [
        NoiseRobustClassifier(transition=claim, random_state=0).fit(X, y_noisy)
        for claim in claims
    ]
    accuracy[name] = [clf.score(X_test, y_test) for clf in fits]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = NoiseRobustClassifier(random_state=0).fit(X, y_noisy)
    estimated[name] = found.score(X_test, y_test)
    print(f"{name}: estimated noise rate {found.noise_summary_.noise_rate:.2f}")
    for warning in caught:
        print(f"  it warns that {str(warning.message)[:66]} …")

# %%
# How exact must the rate be?
# ---------------------------

fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
for ax, name in zip(axes, labels):
    ax.plot(claims, accuracy[name], "o-", label="claimed rate")
    ax.axhline(estimated[name], color="C1", linestyle="--", label="T estimated")
    ax.axvline(0.3, color="0.7", zorder=0, label="true rate")
    ax.set(title=f"Wrong labels: {name}", xlabel="assumed share of wrong labels")
    ax.grid(axis="y", alpha=0.4)
axes[0].set_ylabel("accuracy on clean test labels")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# On the left the noise is symmetric, as assumed, and the rate need not be exact: any
# rate above 0 is as good as the right one. On the right the noise is not symmetric,
# since a wrong label is always the next digit. There an assumed rate recovers a small
# part of the lost accuracy, and the estimated `T` recovers most of it.

for name in labels:
    right_claim, plain = (accuracy[name][claims.index(claim)] for claim in (0.3, 0.0))
    print(
        f"{name}: a claim of 0.3 gains {100 * (right_claim - plain):.1f} points,", end=" "
    )
    print(f"the estimate {100 * (estimated[name] - plain):.1f}")
