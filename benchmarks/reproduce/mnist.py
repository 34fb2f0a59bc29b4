"""MNIST, Table 2 of Patrini et al. (2017), and the same columns with our defaults."""

from functools import cache

import numpy as np

from benchmarks.reproduce._cells import Cell
from benchmarks.reproduce._papers_code import (
    NORMALIZED,
    PapersCodeMLP,
    floored_cross_entropy,
    losses_of_raw_logits,
)
from benchmarks.reproduce._patrini import (
    NEEDS_NO_T,
    SYSTEMS,
    fit_papers,
    judge,
    papers_cells,
    papers_training,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import fetch_mnist, make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP

SEEDS = 5
NOISES = {
    "none": np.eye(10),
    "symmetric .2": make_transition_matrix("symmetric", 10, 0.2),
    "asymmetric .2": make_transition_matrix("mnist-asymmetric", 10, 0.2),
    "asymmetric .6": make_transition_matrix("mnist-asymmetric", 10, 0.6),
    "asymmetric .4": make_transition_matrix("mnist-asymmetric", 10, 0.4),
    "symmetric .5": make_transition_matrix("symmetric", 10, 0.5),
}
OF_THE_PAPER = "none", "symmetric .2", "asymmetric .2", "asymmetric .6"
PAPER, DEFAULTS, SMALL = "paper's protocol", "defaults", "paper's net, our training"
CODE, FLOORED = "dropout of the paper's code", "the same with floored probabilities"
CODES_NET = "the same with the net of the paper's code"
DROPOUT = {PAPER: 0.5, CODE: 0.2, FLOORED: 0.2, CODES_NET: 0.2}
OF_FLOORED = "cross-entropy", "backward, T", "backward, T̂"
OF_CODE = *OF_FLOORED, "forward, T", "forward, T̂"
OTHERS = tuple(system for system in SYSTEMS if system not in OF_CODE)

PAPERS_NUMBERS = {  # mean and standard deviation, in the order of OF_THE_PAPER
    "cross-entropy": [(97.9, 0.0), (96.9, 0.1), (97.5, 0.0), (53.0, 0.6)],
    "unhinged": [(97.6, 0.0), (96.9, 0.1), (97.0, 0.1), (71.2, 1.0)],
    "sigmoid": [(97.2, 0.1), (93.1, 0.2), (96.7, 0.1), (71.4, 1.3)],
    "Savage": [(97.3, 0.0), (96.9, 0.0), (97.0, 0.1), (51.3, 0.4)],
    "bootstrap soft": [(97.9, 0.0), (96.9, 0.0), (97.5, 0.0), (53.0, 0.4)],
    "bootstrap hard": [(97.9, 0.0), (96.8, 0.0), (97.4, 0.0), (55.0, 1.3)],
    "backward, T": [(97.9, 0.0), (96.3, 0.1), (96.6, 1.1), (93.0, 0.9)],
    "backward, T̂": [(97.9, 0.0), (96.9, 0.0), (96.7, 0.1), (67.4, 1.5)],
    "forward, T": [(97.9, 0.0), (97.3, 0.0), (97.7, 0.0), (97.3, 0.0)],
    "forward, T̂": [(97.9, 0.0), (96.9, 0.0), (97.7, 0.0), (64.9, 4.4)],
}
TRUSTED = 10
OURS = {
    "none": {"correction": "none"},
    "forward, T̂": {},
    "forward, T̂, 10 trusted rows a class": {},
    "forward, T": {"transition": "true"},
}


def cells(seeds):
    """List all cells."""
    columns = {column: range(seeds) for column in our_columns()}
    columns |= {(DEFAULTS, "none", system): range(3) for system in ("forward, T̂", "none")}
    ours = [
        Cell(model, noise, (system,), seed)
        for (model, noise, system), drawn in columns.items()
        for seed in drawn
    ]
    ours.sort(key=urgency)
    papers = papers_cells(PAPER, OF_THE_PAPER, seeds)
    code = papers_cells(CODE, OF_THE_PAPER, 1, OF_CODE)
    code += papers_cells(CODE, OF_THE_PAPER[-1:], 1, OTHERS)
    floored = papers_cells(FLOORED, OF_THE_PAPER, 1, OF_FLOORED)
    codes_net = papers_cells(CODES_NET, OF_THE_PAPER[-1:], min(seeds, 3))
    return [*ours, *papers, *code, *floored, *codes_net]


def urgency(cell):
    """Sort our cells: the default first, then the small network, seed by seed."""
    compared = cell.noise == "none" or cell.systems != ("forward, T̂",)
    return compared, cell.model == SMALL, cell.seed


def our_columns():
    """List what our defaults are tried on."""
    for noise in list(NOISES)[1:]:
        yield DEFAULTS, noise, "forward, T̂"
    yield DEFAULTS, "asymmetric .6", "forward, T̂, 10 trusted rows a class"
    yield DEFAULTS, "asymmetric .6", "forward, T"
    for noise in ("symmetric .2", "asymmetric .2"):
        yield SMALL, noise, "forward, T̂"


@cache
def data():
    """Load the rows."""
    return *fetch_mnist(return_X_y=True), *fetch_mnist(subset="test", return_X_y=True)


def run(cell):
    """Fit the systems of a cell."""
    X, y, X_test, y_test = data()
    T = NOISES[cell.noise]
    y_noisy = make_noisy_labels(y, T, random_state=cell.seed)
    if cell.model in DROPOUT:
        fitted = fit_papers_rows(cell, X, y_noisy, T)
    else:
        fitted = fit_ours(cell, X, y, y_noisy, T)
    yield from judge(fitted, X_test, y_test)


def fit_papers_rows(cell, X, y_noisy, T):
    """Fit the systems of a cell by the protocol of the paper, or that of its code."""
    params = {"module__hidden": (128, 128), "module__dropout": DROPOUT[cell.model]}
    others = {}
    if cell.model in (FLOORED, CODES_NET):
        others["base_loss"] = floored_cross_entropy()
    if cell.model == CODES_NET:
        params["module__normalized"] = cell.systems[0] in NORMALIZED
        others["needs_no_t"] = NEEDS_NO_T | losses_of_raw_logits()
    module = PapersCodeMLP if cell.model == CODES_NET else MLP
    net = papers_training(module, cell.seed, epochs=40, **params)
    return fit_papers(cell, net, X, y_noisy, T, **others)


def fit_ours(cell, X, y, y_noisy, T):
    """Fit our classifier as a user would call it."""
    for system in cell.systems:
        params = dict(OURS[system])
        if "transition" in params:
            params["transition"] = T
        clf = NoiseRobustClassifier(**params, device="cpu", random_state=cell.seed)
        if cell.model == SMALL:
            clf.set_params(estimator__module__hidden=(128, 128))
        if "trusted" in system:
            trusted = trusted_rows(y, TRUSTED, cell.seed)
            clf.fit(X, np.where(trusted, y, y_noisy), trusted=trusted)
        else:
            clf.fit(X, y_noisy)
        error = np.abs(clf.transition_matrix_ - T).sum() / T.sum()
        yield system, clf, error


def trusted_rows(y, n_each, seed):
    """Draw some rows of each class."""
    rng = np.random.default_rng(seed)
    trusted = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        trusted[rng.choice(np.flatnonzero(y == label), n_each, replace=False)] = True
    return trusted
