"""The ten rows of the tables of Patrini et al. (2017), for any network and data."""

from functools import partial

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit

from benchmarks.reproduce._cells import Cell
from sklnoise import NoiseRobustClassifier
from sklnoise.losses import BackwardLoss
from sklnoise.transition import AnchorEstimator

NEEDS_NO_T = {
    "cross-entropy": "none",
    "unhinged": "unhinged",
    "sigmoid": "sigmoid",
    "Savage": "savage",
    "bootstrap soft": "bootstrap-soft",
    "bootstrap hard": "bootstrap-hard",
}
TRUE_T = "backward, T", "forward, T"
ESTIMATED_T = "backward, T̂", "forward, T̂"
SYSTEMS = *NEEDS_NO_T, "backward, T", "backward, T̂", "forward, T", "forward, T̂"
# Systems of one cell: T is estimated from the network of the cross-entropy.
TOGETHER = "cross-entropy", *ESTIMATED_T

# Of a T̂ that is inverted as it is; the paper mixes others with the identity.
MAX_CONDITION = 5


def papers_cells(model, noises, seeds, systems=SYSTEMS):
    """List the cells of a table, seed by seed."""
    together = tuple(system for system in systems if system in TOGETHER)
    groups = [together, *((system,) for system in systems if system not in TOGETHER)]
    return [
        Cell(model, noise, group, seed)
        for seed in range(seeds)
        for noise in noises
        for group in groups
    ]


def papers_training(module, seed, *, epochs, patience=None, callbacks=(), **params):
    """Make a network with the validation and the checkpoint of the paper."""
    best = EarlyStopping(
        patience=patience or epochs + 1,
        threshold=0,
        threshold_mode="abs",
        load_best=True,
    )
    params = {"optimizer": torch.optim.Adagrad, "lr": 0.01, **params}
    return NeuralNetClassifier(
        module,
        batch_size=128,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=ValidSplit(0.1, stratified=False, random_state=seed),
        callbacks=[("best", best), *callbacks],
        callbacks__valid_acc=None,
        verbose=0,
        **params,
    )


def fit_papers(
    cell,
    net,
    X,
    y_noisy,
    T,
    *,
    base_loss="cross-entropy",
    needs_no_t=NEEDS_NO_T,
    device="cpu",
):
    """Fit the systems of a cell by the protocol of the paper.

    T is estimated from the network of the cross-entropy, on all rows that it was
    trained and validated on.
    """

    def fit(correction, transition):
        clf = NoiseRobustClassifier(
            net,
            correction=correction,
            transition=transition,
            warm_up=0.0,
            device=device,
            random_state=cell.seed,
        )
        return clf.fit(X, y_noisy)

    estimate = None
    if not set(cell.systems).isdisjoint(ESTIMATED_T):
        plain = fit("none", T)
        anchor = AnchorEstimator(percentile=97)
        estimate = anchor.fit(plain.predict_proba(X), y_noisy).transition_matrix_
        error = np.abs(estimate - T).sum() / T.sum()
    backward = partial(BackwardLoss, base_loss=base_loss)
    for system in cell.systems:
        if system == "backward, T̂":
            weight = identity_weight(estimate)
            mixed = partial(backward, identity_weight=weight)
            yield system, fit(mixed, estimate), error
        elif system == "forward, T̂":
            yield system, fit("forward", estimate), error
        elif system in TRUE_T:
            yield system, fit(backward if "backward" in system else "forward", T), 0.0
        elif system == "cross-entropy" and estimate is not None:
            yield system, plain, np.nan
        else:
            yield system, fit(needs_no_t[system], T), np.nan


def identity_weight(transition_matrix):
    """Find the smallest share of the identity that makes an estimate safe to invert."""
    identity = np.eye(len(transition_matrix))
    for weight in np.linspace(0, 1, 21):
        mixed = (1 - weight) * transition_matrix + weight * identity
        if np.linalg.cond(mixed) <= MAX_CONDITION:
            return weight


def judge(fitted, X_test, y_test):
    """Make the rows of a table from fitted systems."""
    for system, clf, transition_error in fitted:
        yield {
            "system": system,
            "accuracy": 100 * clf.score(X_test, y_test),
            "transition_error": transition_error,
            "epochs": clf.n_iter_,
        }
