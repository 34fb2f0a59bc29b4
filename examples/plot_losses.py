"""
Losses of improbable labels
===========================

The network usually assigns a low probability to a wrong label. How much does such a
sample contribute to the training? The curves show it for ten classes.
"""

# %%
# A sample and its label
# ----------------------
# The network predicts the probability `p` for the label, and the same probability for
# each of the other nine classes. The norm of the gradient with respect to the logits
# measures the influence of the sample.

import matplotlib.pyplot as plt
import torch

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    MeanAbsoluteErrorLoss,
)

T = make_transition_matrix("symmetric", 10, 0.3)
losses = {
    "cross-entropy": torch.nn.CrossEntropyLoss(reduction="none"),
    "forward, T": ForwardLoss(T, reduction="none"),
    "backward, T": BackwardLoss(T, reduction="none"),
    "generalised, q = 0.7": GeneralizedCrossEntropyLoss(reduction="none"),
    "mean absolute error": MeanAbsoluteErrorLoss(reduction="none"),
    "clipped": ClippedCrossEntropyLoss(reduction="none"),
}
p = torch.logspace(-4, -0.001, 300, dtype=torch.float64)
target = torch.zeros(300, dtype=torch.long)

# %%
# Value and gradient
# ------------------

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
styles = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 2)))
for (name, loss), style in zip(losses.items(), styles):
    others = ((1 - p) / 9)[:, None].expand(-1, 9)
    logits = torch.cat([p[:, None], others], dim=1).log().requires_grad_()
    values = loss(logits, target)
    (gradient,) = torch.autograd.grad(values.sum(), logits)
    left.plot(p, values.detach(), linestyle=style, label=name)
    right.plot(p, gradient.norm(dim=1), linestyle=style)
left.set(xlabel="probability of the label", ylabel="loss", xscale="log")
right.set(
    xlabel="probability of the label", ylabel="length of the gradient", xscale="log"
)
fig.legend(loc="outside lower center", ncols=3)
plt.show()

# %%
# With cross-entropy, improbable labels have the largest gradient, and so networks
# memorise wrong labels. Forward correction is bounded: a very improbable label is
# explained by the noise. Backward correction has even larger gradients, which cancel
# only on average over samples: its mean is right and its variance is large. The robust
# losses down-weight improbable labels, right or wrong, so they learn slowly from
# samples that are only hard.
