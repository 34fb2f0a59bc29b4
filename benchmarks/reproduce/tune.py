"""Ideas for the defaults, tried on MNIST one at a time; the verdicts are in LOG.md."""

from collections import deque
from functools import cache

import numpy as np
import torch
from skorch.callbacks import Callback

from benchmarks.reproduce._cells import Cell
from benchmarks.reproduce.mnist import NOISES, data
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels
from sklnoise.transition import LabelFrequencyEstimator


class KeepLastWeights(Callback):
    """Keeps the weights at the ends of the last five epochs."""

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.states_ = deque(maxlen=5)

    def on_epoch_end(self, net, **kwargs):
        """Keep the weights of an epoch."""
        state = net.module_.state_dict()
        self.states_.append({name: weight.clone() for name, weight in state.items()})


SEEDS = 1
MODEL, COLUMNS = "defaults", ("symmetric .2", "asymmetric .2", "symmetric .5")
AS_THEY_ARE, AVERAGED = "as they are", "weights averaged over the last 5 epochs"
# What is tried with the T̂ of the defaults, so that only the refit differs.
FROM_ESTIMATE = {
    "the same T̂, given": {},
    AVERAGED: {"estimator__callbacks": [("last", KeepLastWeights())]},
    "adaptation": {"correction": "adaptation"},
    "adaptation with a volume penalty": {"correction": "adaptation-volume"},
    "NAdam": {"estimator__optimizer": torch.optim.NAdam},
    "SGD, Nesterov, learning rate .1": {
        "estimator__optimizer": torch.optim.SGD,
        "estimator__optimizer__momentum": 0.9,
        "estimator__optimizer__nesterov": True,
        "estimator__lr": 0.1,
    },
}

OTHER_ESTIMATES = {
    "label frequency of the top 1 %": LabelFrequencyEstimator(share=0.01),
    "label frequency of the top 6 %": LabelFrequencyEstimator(share=0.06),
}
IDEAS = AS_THEY_ARE, *FROM_ESTIMATE, *OTHER_ESTIMATES


def average_weights(net):
    """Put the mean of the last weights into a net."""
    states = dict(net.callbacks_)["last"].states_
    mean = {name: sum(s[name] for s in states) / len(states) for name in states[0]}
    net.module_.load_state_dict(mean)


def cells(seeds):
    """List all cells."""
    return [Cell(MODEL, noise, IDEAS, seed) for seed in range(seeds) for noise in COLUMNS]


@cache
def fit_defaults(noise, seed):
    """Fit the defaults."""
    X, y, *_ = data()
    y_noisy = make_noisy_labels(y, NOISES[noise], random_state=seed)
    return new_classifier(seed).fit(X, y_noisy), y_noisy


def new_classifier(seed, **params):
    """Make a classifier."""
    clf = NoiseRobustClassifier(device="cpu", random_state=seed)
    return clf.set_params(**params)


def run(cell):
    """Try ideas."""
    X, _, X_test, y_test = data()
    T = NOISES[cell.noise]
    defaults, y_noisy = fit_defaults(cell.noise, cell.seed)
    for idea in cell.systems:
        clf, estimate = defaults, defaults.transition_matrix_
        if idea in FROM_ESTIMATE:
            clf = new_classifier(cell.seed, transition=estimate, **FROM_ESTIMATE[idea])
            clf.fit(X, y_noisy)
            if idea == AVERAGED:
                average_weights(clf.estimator_)
        elif idea in OTHER_ESTIMATES:
            # The first pass is that of the defaults: the labels' frequency needs no more.
            frequency = OTHER_ESTIMATES[idea].fit(defaults.out_of_fold_proba_, y_noisy)
            estimate = frequency.transition_matrix_
            clf = new_classifier(cell.seed, transition=estimate).fit(X, y_noisy)
        yield {
            "system": idea,
            "accuracy": 100 * clf.score(X_test, y_test),
            "transition_error": np.abs(estimate - T).sum() / T.sum(),
            "epochs": clf.n_iter_,
        }
