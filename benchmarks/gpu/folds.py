"""Claim: five stacked folds take at most a third of the time of one after another.

The time of the folds is that of a whole fit less that of its refit, with our MLP, whose
folds are stacked, and with the same layers as a module of the user. A bare training step
is measured as it is and as a CUDA graph; a graph would be worth its code from 1.25 on.
"""

from functools import partial

import torch
from torch.nn.functional import cross_entropy

from benchmarks._rounds import race
from benchmarks.gpu._rivals import (
    BATCH,
    OwnNet,
    classifier,
    net_of,
    samples_of,
    shapes,
    summary,
    wait,
)

N_STEPS = 200


def cases(options):
    """Return the cases: the folds of each shape, and its step."""
    by_name = {}
    for shape in shapes(options):
        by_name[f"folds, {shape}"] = partial(measure_folds, options, shape)
        by_name[f"step, {shape}"] = partial(measure_step, options, shape)
    return by_name


def measure_folds(options, shape):
    """Race whole fits and refits; the folds are the difference."""
    X, y, T = samples_of(options, shape)
    rivals = {}
    for name, module in (("stacked", None), ("one after another", OwnNet)):
        net = net_of(options, shape, module)
        whole = classifier(options, net, cv=5)
        refit = classifier(options, net, transition=T)
        rivals[f"whole fit, {name}"] = partial(whole.fit, X, y)
        rivals[f"refit, {name}"] = partial(refit.fit, X, y)
    seconds = race(rivals, 2 if options.tiny else 5, clock="wall")
    for name in ("stacked", "one after another"):
        whole, refit = seconds[f"whole fit, {name}"], seconds[f"refit, {name}"]
        seconds[f"folds, {name}"] = whole - refit
    return summary(seconds)


def measure_step(options, shape):
    """Race steps with and, on CUDA, without a launch of each kernel."""
    (_, *sizes), _, hidden = shapes(options)[shape]
    X, y, _ = samples_of(options, shape)
    X = torch.from_numpy(X[:BATCH]).to(options.device)
    y = torch.from_numpy(y[:BATCH]).to(options.device)
    net = OwnNet(*sizes, hidden).to(options.device)
    on_cuda = options.device == "cuda"
    more = {"capturable": True} if on_cuda else {}
    optimizer = torch.optim.Adam(net.parameters(), fused=True, **more)

    def step():
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(net(X), y).backward()
        optimizer.step()

    rivals = {"step": partial(repeat, options, step)}
    if on_cuda:
        rivals["step, CUDA graph"] = partial(repeat, options, captured(step).replay)
    return summary(race(rivals, 2 if options.tiny else 15, clock="wall") / N_STEPS)


def captured(step):
    """Return a CUDA graph of a step."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):  # as torch asks for before a capture
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph


def repeat(options, step):
    """Take steps and wait for the last one."""
    for _ in range(N_STEPS):
        step()
    wait(options)
