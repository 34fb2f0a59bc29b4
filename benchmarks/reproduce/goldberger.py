"""Permuted MNIST, Figure 2 of Goldberger and Ben-Reuven (2017), and the figure itself."""

from pathlib import Path

import numpy as np
import torch
from skorch import NeuralNetClassifier

from benchmarks.reproduce._cells import Cell
from benchmarks.reproduce.mnist import data
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP

FIGURE = Path(__file__).parents[2] / "docs" / "goldberger.png"
SEEDS = 3
RATES = {
    "permutation .30": 0.30,
    "permutation .40": 0.40,
    "permutation .46": 0.46,
    "permutation .50": 0.50,
}
NOISES = {
    noise: make_transition_matrix("goldberger-permutation", 10, rate)
    for noise, rate in RATES.items()
}
ALL_DATA = "all data"
SHARES = {ALL_DATA: 1.0, "50 % of the data": 0.5, "20 % of the data": 0.2}
EPOCHS, FIRST_PASS_EPOCHS, MAX_TIMES_EPOCHS, BOOTSTRAPS = 15, 8, 3, 1000
FROM_THE_CONFUSION = "simple, from the confusion"
# Model and noise of the only column in which T starts as the paper's does.
OF_THE_CONFUSION = ALL_DATA, "permutation .46"

SYSTEMS = {
    "baseline": {"correction": "none"},
    "bootstrap soft": {"correction": "bootstrap-soft"},
    "bootstrap hard": {"correction": "bootstrap-hard"},
    "simple": {"correction": "adaptation", "transition": "frequency"},
    FROM_THE_CONFUSION: {"correction": "adaptation", "transition": "confusion"},
    "complex": {"correction": "adaptation-complex", "transition": "frequency"},
}
PAPERS_NUMBERS = {  # all data, read off the figure; no deviations
    "baseline": [None, (92.3, None), (72.6, None), (51.2, None)],
    "bootstrap soft": [None, (92.6, None), (73.5, None), (55.2, None)],
    "bootstrap hard": [None, (95.3, None), (81.8, None), (48.3, None)],
    "simple": [None, (98.1, None), (96.2, None), (58.9, None)],
    "complex": [None, (98.1, None), (98.0, None), (64.7, None)],
}
STYLES = dict(zip(SYSTEMS, ("o:", "s:", "^:", "D--", "v-.", "P-")))


def cells(seeds):
    """List all cells."""
    return [
        Cell(model, noise, systems_of(model, noise), seed)
        for model in SHARES
        for seed in range(seeds if model == ALL_DATA else 1)
        for noise in NOISES
    ]


def systems_of(model, noise):
    """List what is fitted in a column."""
    is_full = (model, noise) == OF_THE_CONFUSION
    return tuple(name for name in SYSTEMS if is_full or name != FROM_THE_CONFUSION)


def times_epochs(share):
    """Return by how much the epochs are multiplied for a share of the samples."""
    # As many steps as with all samples, up to a limit: a fifth takes 3 / 5 of them.
    return min(MAX_TIMES_EPOCHS, 1 / share)


def papers_net(epochs):
    """Make the network of the paper."""
    return NeuralNetClassifier(
        MLP,
        module__hidden=(500, 300),
        module__dropout=0.5,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=1e-3,
        batch_size=256,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def interval(correct, seed):
    """Bootstrap a 95 % interval of the accuracy over the test rows."""
    draws = np.random.default_rng(seed).binomial(len(correct), correct.mean(), BOOTSTRAPS)
    return np.percentile(draws / len(correct), [2.5, 97.5])


def run(cell):
    """Fit the systems of a cell."""
    X, y, X_test, y_test = data()
    share, T = SHARES[cell.model], NOISES[cell.noise]
    y_noisy = make_noisy_labels(y, T, random_state=cell.seed)
    if share < 1:
        rows = np.random.default_rng(cell.seed).permutation(len(y))
        rows = rows[: round(share * len(y))]
        X, y_noisy = X[rows], y_noisy[rows]
    times = times_epochs(share)
    for system in cell.systems:
        clf = NoiseRobustClassifier(
            papers_net(round(times * EPOCHS)),
            first_pass=papers_net(round(times * FIRST_PASS_EPOCHS)),
            cv=2,
            random_state=cell.seed,
            device="cpu",
            **SYSTEMS[system],
        ).fit(X, y_noisy)
        correct = clf.predict(X_test) == y_test
        low, high = interval(correct, cell.seed)
        yield {
            "system": system,
            "accuracy": 100 * correct.mean(),
            "low": 100 * low,
            "high": 100 * high,
            "transition_error": np.abs(clf.transition_matrix_ - T).sum() / T.sum(),
            "epochs": clf.n_iter_,
        }


def draw(frame):
    """Draw the figure of the docs."""
    plot(frame, FIGURE)


def plot(frame, path):
    """Draw accuracy against noise, as the paper does, with the paper's numbers."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    models = [model for model in reversed(SHARES) if model in set(frame.model)]
    figure, panels = plt.subplots(
        1, len(models), figsize=(4 * len(models) + 2.6, 4.2), sharey=True, squeeze=False
    )
    for panel, model in zip(panels.flat, models):
        plot_ours(panel, frame[frame.model == model])
        if model == ALL_DATA:
            plot_papers(panel)
        panel.set(title=model, xlabel="noise rate", xticks=list(RATES.values()))
    panels[0, 0].set_ylabel("test accuracy (%)")
    # The panel of all data has all the systems, and the paper's numbers.
    figure.legend(*panel.get_legend_handles_labels(), loc="outside right center")
    figure.set_layout_engine("constrained")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def plot_ours(panel, frame):
    """Draw our accuracies, with the bootstrap intervals of all seeds as a band."""
    for number, (system, style) in enumerate(STYLES.items()):
        of_system = frame[frame.system == system]
        by_rate = of_system.groupby(of_system.noise.map(RATES))
        mean, low, high = by_rate.accuracy.mean(), by_rate.low.min(), by_rate.high.max()
        if len(mean):
            panel.plot(mean.index, mean, style, color=f"C{number}", label=system)
            panel.fill_between(mean.index, low, high, alpha=0.2, color=f"C{number}")


def plot_papers(panel):
    """Draw the numbers of the paper, hollow."""
    for number, (system, style) in enumerate(STYLES.items()):
        numbers = zip(RATES.values(), PAPERS_NUMBERS.get(system, []))
        points = [(rate, pair[0]) for rate, pair in numbers if pair]
        if points:
            label = f"{system}, paper"
            hollow = {"markerfacecolor": "none", "markersize": 10, "label": label}
            panel.plot(*zip(*points), style[0], color=f"C{number}", **hollow)
