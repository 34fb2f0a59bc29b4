"""
Images: a network of your own, and a pretrained one
===================================================

Three in ten images of digits have the label of a digit that looks like them. A network
of your own learns these mistakes as well as the digits, unless its loss is corrected.
"""

# %%
# Load
# ----
# The shape is (n_samples, height, width), with values from 0 to 1. `target` has the
# noisy labels; `clean_target` is only used to judge.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from torch import nn

import sklnoise
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import load_noisy_digits
from sklnoise.inspection import LabelIssuesDisplay

digits = load_noisy_digits(noise_rate=0.3, random_state=0)
X, X_test, y_noisy, _, y, y_test = train_test_split(
    digits.data.astype("float32").reshape(-1, 8, 8),
    digits.target,
    digits.clean_target,
    random_state=0,
)

# %%
# A network
# ---------
# Any module that takes a batch of images and returns logits.
# :class:`sklnoise.nn.ConvNet` would do, too. A class of your own must be importable
# wherever the model is loaded, so keep it in a file.


class SmallNet(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self, width=32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Unflatten(1, (1, 8)),  # one channel
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * 16, 10),
        )

    def forward(self, X):
        return self.layers(X)


# %%
# Fit
# ---
# Parameters of skorch and of the module are set by name. `T` is estimated from the
# networks of five folds.

models = {}
for name, correction in {"plain": "none", "corrected": "default"}.items():
    clf = NoiseRobustClassifier(SmallNet, correction=correction, random_state=0)
    clf.set_params(estimator__max_epochs=15, estimator__module__width=16)
    models[f"SmallNet, {name}"] = clf.fit(X, y_noisy)
    default = NoiseRobustClassifier(correction=correction, random_state=0)
    models[f"default network, {name}"] = default.fit(X, y_noisy)

# %%
# Believe it or not
# -----------------

summary = clf.noise_summary_
low, high = summary.noise_rate_interval
print(f"verdict: {summary.verdict}")
print(f"noise rate {summary.noise_rate:.2f}, between {low:.2f} and {high:.2f}")
print(f"in truth {np.mean(y_noisy != y):.2f}")
LabelIssuesDisplay.from_estimator(clf, X, y_noisy, n_shown=8)
plt.show()

# %%
# Result
# ------

scores = {name: model.score(X_test, y_test) for name, model in models.items()}
fig, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
bars = ax.barh(list(scores), list(scores.values()), color=["0.6", "0.6", "C0", "C0"])
ax.bar_label(bars, fmt=" {:.1%}")
ax.set(xlim=(0.5, 1.08), title="Accuracy on clean test labels")
ax.invert_yaxis()
plt.show()

# %%
# A pretrained network
# --------------------
# With few photographs, features of a network that others have trained are better than a
# network of your own. They are computed once, and the default network learns from
# them::
#
#     import torch, torchvision
#     weights = torchvision.models.ResNet18_Weights.DEFAULT
#     backbone = torchvision.models.resnet18(weights=weights).eval()
#     backbone.fc = torch.nn.Identity()
#     images = torch.stack([weights.transforms()(image) for image in images])
#     with torch.inference_mode():
#         X = backbone(images).numpy()
#     clf = NoiseRobustClassifier(random_state=0).fit(X, y_noisy)
#
# See :doc:`/guide/embeddings` for other encoders, and what to expect with labels of
# people.
#
# Save
# ----

path = Path(tempfile.mkdtemp()) / "digits.skops"
default.save(path)
same = np.array_equal(sklnoise.load(path).predict(X_test), default.predict(X_test))
print("the same predictions:", same)
