"""
Trees and wrong labels: pruning around any classifier
=====================================================

:class:`sklnoise.ConfidentLearningClassifier` takes any scikit-learn classifier, finds
the labels that are probably wrong, and refits the classifier without them. This example
compares a pruned random forest with the plain forest and a network with a corrected
loss.
"""

# %%
# Increasing noise
# ----------------
# A share of the labels is flipped to the next digit, with three draws of the noise.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import SwappableClassesWarning

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    (X / 16).astype("float32"), y, train_size=600, random_state=0
)
rates, draws = [0.0, 0.2, 0.4], range(3)
forest = RandomForestClassifier(30, random_state=0)
models = {
    "forest": forest,
    "forest, pruned": ConfidentLearningClassifier(forest, random_state=0),
    "network, default": NoiseRobustClassifier(random_state=0),
}
accuracy = {name: np.empty((len(rates), len(draws))) for name in models}
for i, rate in enumerate(rates):
    T = make_transition_matrix("pair", 10, rate)
    for draw in draws:
        y_noisy = make_noisy_labels(y, T, random_state=draw)
        for name, model in models.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SwappableClassesWarning)
                accuracy[name][i, draw] = model.fit(X, y_noisy).score(X_test, y_test)

# %%
# Comparison
# ----------

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for (name, values), style in zip(accuracy.items(), ("s:", "o-", "^--")):
    mean, deviation = values.mean(axis=1), values.std(axis=1)
    ax.errorbar(rates, mean, deviation, fmt=style, capsize=4, label=name)
    print(f"{name:18}", "  ".join(f"{m:.1%} ± {d:.1%}" for m, d in zip(mean, deviation)))
ax.set(
    xlabel="share of wrong labels", ylabel="accuracy on clean test labels", xticks=rates
)
ax.grid(axis="y", alpha=0.4)
ax.legend()
plt.show()

# %%
# With noise the pruned forest is better than the plain one, and about as good as the
# network on these 600 samples. Without noise pruning gains nothing. With 40 % wrong
# labels, both depend on the draw: `T` is estimated from few samples per class, and if
# it is wrong, the wrong samples are pruned or corrected. Pruned samples are lost, and
# issues that were not found are learned.
