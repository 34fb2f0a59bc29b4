"""Data, nets and bare loops that the parts about time share."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks._rounds import make_net, make_samples
from sklnoise import NoiseRobustClassifier

BATCH = 128
SHAPES = {  # samples, features, classes; epochs; hidden units
    "100 000 x 50": ((100_000, 50, 10), 5, (128, 64)),
    "50 000 x 784": ((50_000, 784, 10), 5, (512, 256)),
}
TINY_SHAPES = {"600 x 8": ((600, 8, 3), 2, (16, 8))}


class OwnNet(nn.Sequential):
    """The layers of our MLP as a module of the user, whose folds are not stacked."""

    def __init__(self, n_features, n_classes, hidden):
        layers, widths = [], (n_features, *hidden)
        for n_in, n_out in zip(widths, hidden):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        super().__init__(*layers, nn.Linear(widths[-1], n_classes))


def shapes(options):
    """Return the shapes to measure."""
    return TINY_SHAPES if options.tiny else SHAPES


def samples_of(options, shape):
    """Make samples of a shape: X, noisy y, T."""
    return make_samples(*shapes(options)[shape][0])


def net_of(options, shape, module=None):
    """Make the skorch net for a shape, without callbacks."""
    (_, *sizes), epochs, hidden = shapes(options)[shape]
    net = make_net(*sizes, epochs, hidden, callbacks="disable")
    net.set_params(device=options.device)
    return net if module is None else net.set_params(module=module)


def classifier(options, net, **params):
    """Make our classifier on the device."""
    return NoiseRobustClassifier(net, device=options.device, random_state=0, **params)


def bare_fit(options, shape, X, y, samples=None, *, resident=True):
    """Train with a loop that does nothing else; X is on the device, or pinned."""
    (_, *sizes), epochs, hidden = shapes(options)[shape]
    device = torch.device(options.device)
    net = OwnNet(*sizes, hidden).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    samples = torch.arange(len(X)) if samples is None else torch.from_numpy(samples)
    if resident:
        X, y = X.to(device), y.to(device)
    for _ in range(epochs):
        order = samples[torch.randperm(len(samples))]
        for rows in (order.to(device) if resident else order).split(BATCH):
            X_batch, y_batch = X[rows], y[rows]
            if not resident and device.type == "cuda":
                X_batch, y_batch = X_batch.pin_memory(), y_batch.pin_memory()
            X_batch = X_batch.to(device, non_blocking=True)
            y_batch = y_batch.to(device, non_blocking=True)
            optimizer.zero_grad()
            cross_entropy(net(X_batch), y_batch).backward()
            optimizer.step()
    wait(options)
    return net


@torch.inference_mode()
def bare_proba(options, net, X):
    """Predict probabilities in chunks."""
    chunks = torch.from_numpy(X).split(4096)
    parts = [net(chunk.to(options.device)).softmax(dim=1) for chunk in chunks]
    return torch.cat(parts).cpu().numpy()


def wait(options):
    """Wait for the device."""
    if options.device == "cuda":
        torch.cuda.synchronize()


def summary(seconds):
    """Return a row per rival of a race: the median and the quartiles of its seconds."""
    return [
        {
            "rival": name,
            "median": float(np.median(of_rival)),
            "q1": float(np.quantile(of_rival, 0.25)),
            "q3": float(np.quantile(of_rival, 0.75)),
            "rounds": len(of_rival),
        }
        for name, of_rival in seconds.items()
    ]
