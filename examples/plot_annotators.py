"""
Several annotators: a network that learns from all answers
==========================================================

Twelve people have labelled the digits, two or three of them each digit; some are careful,
some guess, and one always takes an 8 for a 3. :class:`sklnoise.NoiseRobustClassifier`
takes their answers as they are, one column for each person.
"""

# %%
# Answers
# -------
# Nobody has answered most cells, which are NaN.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.annotators import DawidSkene, MajorityVote
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X / 16, y, train_size=900, random_state=0)
rng = np.random.RandomState(0)
names = ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay"]
names += ["Gil", "Hal", "Ida", "Jon", "Kim", "Lou"]
rates = dict(zip(names, [0.05, 0.1, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.6, 0.6, 0.8, 0.2]))
answers = pd.DataFrame(index=range(len(y)))
for name, rate in rates.items():
    T = make_transition_matrix("symmetric", 10, rate)
    if name == "Lou":
        T[8] = np.eye(10)[3]
    labels = make_noisy_labels(y, T, random_state=rng)
    answers[name] = np.where(rng.uniform(size=len(y)) < 0.8, np.nan, labels)
print(answers.iloc[:5, :6])
print(f"{answers.notna().sum(axis=1).mean():.1f} answers for each digit")

# %%
# Consensus with and without features
# -----------------------------------
# A vote, and the model of Dawid and Skene, see the answers only. The classifier sees the
# images too: networks that did not see an image say what to expect of it.

clf = NoiseRobustClassifier(random_state=0).fit(X, answers)
consensus = {
    "majority vote": MajorityVote().fit(answers).consensus_,
    "Dawid and Skene": DawidSkene().fit(answers).consensus_,
    "with features": clf.classes_[clf.consensus_proba_.argmax(axis=1)],
}
for name, labels in consensus.items():
    print(f"{name:16} {np.mean(labels == y):.1%} of the training labels are right")

# %%
# A network for the majority, and one for all answers
# ---------------------------------------------------

models = {
    "cross-entropy on the majority": NoiseRobustClassifier(
        correction="none", random_state=0
    ).fit(X, consensus["majority vote"]),
    "forward correction of the majority": NoiseRobustClassifier(random_state=0).fit(
        X, consensus["majority vote"]
    ),
    "all answers": clf,
}
for name, model in models.items():
    print(f"{name:35} {model.score(X_test, y_test):.1%} on new digits")

# %%
# What each person is worth
# -------------------------
# The bars are 95 % intervals of how often somebody is right, the crosses the truth.

summary = pd.DataFrame(clf.annotator_summary_)
truth = 1 - np.array(list(rates.values()))
truth[-1] -= 0.8 * np.mean(y == 8)
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
low = summary.accuracy - summary.accuracy_low
high = summary.accuracy_high - summary.accuracy
ax.errorbar(summary.annotator, summary.accuracy, [low, high], fmt="o", capsize=4)
ax.plot(summary.annotator, truth, "kx", label="truth")
ax.set(ylabel="share of right answers", ylim=(0, 1))
ax.legend()

# %%
# Lou's 8 is a 3:

lou = summary.iloc[-1]
print(f"most frequent mistake: {lou.confused_class:.0f} called {lou.confused_as:.0f}")
plt.show()
