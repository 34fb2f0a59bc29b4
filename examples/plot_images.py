"""
Images with a ConvNet
=====================

`NoiseRobustClassifier` takes arrays of images, and any torch module class as its
network. A network designed for images learns more from the same number of samples,
including the mistakes in their labels. So the better network needs the correction more.
"""

# %%
# Images
# ------
# The shape is (n_samples, height, width). Three in ten labels are wrong.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import load_noisy_digits
from sklnoise.nn import ConvNet

digits = load_noisy_digits(noise_rate=0.3, random_state=0)
X = digits.data.astype("float32").reshape(-1, 8, 8)
X, X_test, y_noisy, _, _, y_test = train_test_split(
    X, digits.target, digits.clean_target, random_state=0
)

# %%
# Two networks, with and without correction
# -----------------------------------------
# `T` is given, so that no fold is fitted and the example runs fast. Without
# `transition`, it is estimated.

mlp = NoiseRobustClassifier(transition=digits.transition_matrix, random_state=0)
convnet = NoiseRobustClassifier(
    ConvNet, transition=digits.transition_matrix, random_state=0
).set_params(estimator__max_epochs=20, estimator__module__widths=(16, 32))
predictions = {
    (network, correction): clf.set_params(correction=correction)
    .fit(X, y_noisy)
    .predict(X_test)
    for network, clf in (("MLP", mlp), ("ConvNet", convnet))
    for correction in ("none", "forward")
}
accuracy = {key: np.mean(y_pred == y_test) for key, y_pred in predictions.items()}

# %%
# Comparison
# ----------

fig = plt.figure(figsize=(10, 3.6), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=(1, 1.2))
ax = left.subplots()
places = np.arange(2)
for shift, correction, colour in ((-0.2, "none", "0.6"), (0.2, "forward", "C0")):
    heights = [accuracy[network, correction] for network in ("MLP", "ConvNet")]
    bars = ax.bar(places + shift, heights, 0.38, color=colour, label=correction)
    ax.bar_label(bars, fmt="{:.1%}")
ax.set(title="Accuracy on clean test labels", ylim=(0, 1.3), yticks=[])
ax.set_xticks(places, ["MLP", "ConvNet"])
ax.legend(ncols=2, loc="upper center")

wrong = predictions["MLP", "forward"] != y_test
solved = np.flatnonzero(wrong & (predictions["ConvNet", "forward"] == y_test))
for ax, row in zip(right.subplots(2, 5).flat, solved):
    ax.imshow(X_test[row], cmap="gray_r")
    ax.set_title(f"{predictions['MLP', 'forward'][row]} for a {y_test[row]}", fontsize=9)
for ax in right.axes:
    ax.set_axis_off()
right.suptitle("Forward: wrong with the MLP, right with the ConvNet")
plt.show()

# %%
# Without correction the ConvNet is worse than the MLP, whose dropout and early stopping
# prevent it from learning all mistakes. With the correction it is better. With an
# estimated `T` a better network would help twice, as its first pass also yields a
# better `T`.
