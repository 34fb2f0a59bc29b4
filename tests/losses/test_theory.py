"""What the papers prove about the losses, and where a proof needs more than it says."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn.functional import cross_entropy

from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import BackwardLoss, ForwardLoss, SimpleAdaptationLoss

TRANSITIONS = {
    "uniform": make_transition_matrix("uniform", 4, 0.6),
    "pair": make_transition_matrix("pair", 4, 0.3),
    "random": make_transition_matrix("random", 4, 0.4, random_state=0),
    "mostly-wrong": make_transition_matrix("pair", 4, 0.7),
}
each_transition = pytest.mark.parametrize(
    "T", TRANSITIONS.values(), ids=TRANSITIONS.keys()
)


def minimise(value, weights):
    """Run LBFGS to convergence."""
    optimizer = torch.optim.LBFGS(
        weights,
        max_iter=2000,
        tolerance_grad=1e-10,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        loss = value()
        loss.backward()
        return loss

    optimizer.step(closure)


def expected_loss(loss, logits, noisy_posterior):
    """Average the loss over the exact distribution of the noisy label of each sample."""
    n_samples, n_classes = logits.shape
    every_label = torch.arange(n_classes).repeat(n_samples)
    losses = loss(logits.repeat_interleave(n_classes, dim=0), every_label)
    return (noisy_posterior.flatten() * losses).sum() / n_samples


def clean_posterior(seed, n_samples=6, n_classes=4):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(n_samples, n_classes, generator=generator, dtype=torch.float64)
    return scores.softmax(dim=1)


@each_transition
def test_theorem_2_free_logits_find_the_clean_posterior(T):
    clean = clean_posterior(0)
    noisy, loss = clean @ torch.tensor(T), ForwardLoss(T, reduction="none")
    logits = torch.zeros_like(clean, requires_grad=True)
    minimise(lambda: expected_loss(loss, logits, noisy), [logits])
    torch.testing.assert_close(logits.softmax(dim=1), clean, rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))  # the problem is not convex
def test_theorem_2_large_net_finds_the_clean_posterior(seed):
    clean, T = clean_posterior(seed), TRANSITIONS["random"]
    noisy, loss = clean @ torch.tensor(T), ForwardLoss(T, reduction="none")
    net = make_net(seed, sizes=[6, 30, 4], activation=nn.Tanh)
    samples = torch.eye(6, dtype=torch.float64)
    minimise(lambda: expected_loss(loss, net(samples), noisy), list(net.parameters()))
    torch.testing.assert_close(net(samples).softmax(dim=1), clean, rtol=0, atol=1e-3)


def test_cross_entropy_finds_the_noisy_posterior_instead():
    clean, T = clean_posterior(0), TRANSITIONS["random"]
    noisy = clean @ torch.tensor(T)
    logits = torch.zeros_like(clean, requires_grad=True)
    minimise(lambda: cross_entropy(logits, noisy), [logits])
    torch.testing.assert_close(logits.softmax(dim=1), noisy, rtol=0, atol=1e-3)


def make_net(seed, sizes, activation=nn.ReLU):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [nn.Linear(*pair) for pair in pairwise(sizes)]
    stack = [part for layer in layers for part in (layer, activation())][:-1]
    return nn.Sequential(*stack).double()


def curvatures(seed, sizes):
    """Compute the Hessians of backward correction and of cross-entropy.

    Both are of the same weights, as blocks by the names of two weights. T is any
    invertible matrix: a random one, far from the identity.
    """
    rng = np.random.default_rng(seed)
    net = make_net(seed, sizes)
    T = rng.dirichlet(np.ones(sizes[-1]), size=sizes[-1])
    inputs = torch.tensor(rng.normal(size=(8, sizes[0])))
    y = torch.tensor(rng.integers(sizes[-1], size=8))
    weights = {name: w.detach() for name, w in net.named_parameters()}

    def hessian(loss):
        value = lambda w: loss(functional_call(net, w, (inputs,)), y)  # noqa: E731
        return jacrev(jacrev(value))(weights)

    return hessian(BackwardLoss(T)), hessian(cross_entropy)


def layer_of(name):
    return name.split(".")[0]


each_net = pytest.mark.parametrize("sizes", [[3, 5, 3], [3, 5, 4, 3]])


@each_net
def test_theorem_4_holds_within_each_layer(sizes):
    backward, plain = curvatures(0, sizes)
    for first in plain:
        for second in plain:
            if layer_of(first) == layer_of(second):
                torch.testing.assert_close(
                    backward[first][second], plain[first][second], rtol=1e-8, atol=1e-8
                )


@each_net
def test_theorem_4_does_not_hold_across_layers(sizes):
    backward, plain = curvatures(0, sizes)
    first, last = "0.weight", f"{2 * (len(sizes) - 2)}.weight"
    difference = (backward[first][last] - plain[first][last]).abs().max()
    assert difference > 0.1 * plain[first][last].abs().max()


@each_transition
@pytest.mark.parametrize("make_loss", [ForwardLoss, SimpleAdaptationLoss])
def test_gradient_is_that_of_the_objective_of_em(T, make_loss):
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 2, (12, 4)), requires_grad=True)
    y = torch.tensor(rng.integers(4, size=12))
    loss = make_loss(T, reduction="none")
    log_joint = logits.log_softmax(dim=1) + loss.transition_matrix.T[y].log()
    c = log_joint.detach().softmax(dim=1)
    likelihood = loss(logits, y)
    objective = -(c * logits.log_softmax(dim=1)).sum()
    torch.testing.assert_close(
        torch.autograd.grad(objective, logits),
        torch.autograd.grad(likelihood.sum(), logits),
        rtol=1e-10,
        atol=1e-12,
    )
    surprise = -torch.special.xlogy(c, log_joint.exp()).sum(dim=1)
    entropy = -torch.special.xlogy(c, c).sum(dim=1)
    torch.testing.assert_close(likelihood, surprise - entropy, rtol=1e-10, atol=1e-12)
