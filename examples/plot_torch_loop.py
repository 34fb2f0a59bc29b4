"""
Your own torch loop with our losses
===================================

The losses are torch modules called as `loss(logits, target)`. They replace
`CrossEntropyLoss` without any other change of the loop. This example also shows how
networks learn wrong labels: they first learn the classes, and memorise the mistakes
afterwards.
"""

# %%
# Data
# ----

import matplotlib.pyplot as plt
import torch
from sklearn.model_selection import train_test_split
from torch import nn

from sklnoise.datasets import load_noisy_digits
from sklnoise.losses import ForwardLoss, GeneralizedCrossEntropyLoss

digits = load_noisy_digits(noise_rate=0.3, random_state=0)
X, X_test, y_noisy, _, _, y_test = (
    torch.tensor(a)
    for a in train_test_split(
        digits.data.astype("float32"), digits.target, digits.clean_target, random_state=0
    )
)

# %%
# The loop
# --------
# Start with a few epochs of cross-entropy. From random weights, a corrected loss can
# lose whole classes permanently.


def train(loss, n_epochs=60, warm_up=3):
    """Train a network, and return its accuracy on clean test labels after each epoch."""
    plain = nn.CrossEntropyLoss()
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    accuracy = []
    for epoch in range(n_epochs):
        criterion = plain if epoch < warm_up else loss
        for rows in torch.randperm(len(X), generator=generator).split(64):
            optimizer.zero_grad()
            criterion(model(X[rows]), y_noisy[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            hits = model(X_test).argmax(dim=1) == y_test
        accuracy.append(hits.double().mean().item())
    return accuracy


losses = {
    "cross-entropy": nn.CrossEntropyLoss(),
    "generalised cross-entropy": GeneralizedCrossEntropyLoss(),
    "forward correction, T known": ForwardLoss(digits.transition_matrix),
}
curves = {}
for name, loss in losses.items():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        curves[name] = train(loss)
    print(f"{name}: best {max(curves[name]):.1%}, at the end {curves[name][-1]:.1%}")

# %%
# Learning and memorising
# -----------------------

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for (name, accuracy), style in zip(curves.items(), ("-", "--", "-.")):
    ax.plot(range(1, len(accuracy) + 1), accuracy, style, label=name)
ax.axvspan(0.5, 3.5, color="0.92", label="cross-entropy for all")
ax.set(xlabel="epoch", ylabel="accuracy on clean test labels", xlim=(0.5, 60.5))
ax.grid(axis="y", alpha=0.4)
fig.legend(loc="outside lower center", ncols=2)
plt.show()

# %%
# With cross-entropy the accuracy rises for a few epochs, and falls slowly as the
# network learns the wrong labels. In practice there are no clean labels to decide when
# to stop. With the right `T` the loss is not reduced by memorising wrong labels. The
# robust loss does not use `T`, and reaches a part of the gain.
#
# Here `T` is known. Its estimation needs held-out probabilities, which
# :class:`sklnoise.NoiseRobustClassifier` computes for any torch module.
