"""Tables of Patrini et al. (2017) on CIFAR-10 and CIFAR-100: one fit is one case.

The networks are ResNet-14 and -32, and -44 for the hundred classes, with the training of
`benchmarks.reproduce.cifar10`; for the latter 150 epochs, whose learning rate falls after
80 and 120. A T̂ is estimated from the network of the cross-entropy and kept next to the
CSV, for the systems that use it.
"""

from functools import cache, partial
from itertools import product

import numpy as np
import torch
from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import MultiStepLR

from benchmarks.reproduce import cifar10
from benchmarks.reproduce._patrini import (
    ESTIMATED_T,
    TRUE_T,
    identity_weight,
    papers_training,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import (
    fetch_cifar100,
    make_noisy_labels,
    make_transition_matrix,
)
from sklnoise.losses import BackwardLoss
from sklnoise.transition import AnchorEstimator

SEEDS = 3
SYSTEMS = "cross-entropy", *TRUE_T, *ESTIMATED_T
RESNET_44 = "ResNet-44, CIFAR-100"
NOISES_100 = {
    "none": np.eye(100),
    "symmetric .2": make_transition_matrix("symmetric", 100, 0.2),
    "asymmetric .2": make_transition_matrix("cifar100-superclass", 100, 0.2),
    "asymmetric .6": make_transition_matrix("cifar100-superclass", 100, 0.6),
}
TINY, TINY_NOISE = "ResNet-8, made images", "symmetric .2"
# Of the probabilities of each class, whose sample is its anchor: of all 500 of
# CIFAR-100 the largest.
PERCENTILES = {RESNET_44: 100}


def cases(options):
    """Return a case per fit, seed by seed; a T̂ is estimated before it is used."""
    noises = dict.fromkeys((cifar10.RESNET_14, cifar10.RESNET_32), cifar10.NOISES)
    noises[RESNET_44] = NOISES_100
    if options.tiny:
        noises = {TINY: {TINY_NOISE: cifar10.NOISES[TINY_NOISE]}}
    return {
        f"{model}; {noise}; {system}; {seed}": partial(
            fit, options, model, of_model[noise], noise, system, seed
        )
        for seed in range(1 if options.tiny else SEEDS)
        for model, of_model in noises.items()
        for noise, system in product(of_model, SYSTEMS)
    }


@cache
def data(model):
    """Load the images of a model, less the mean of the training images."""
    if model == TINY:
        return (*make_images(0, 256), *make_images(1, 256))
    if model != RESNET_44:
        return cifar10.data()
    X, y = fetch_cifar100(return_X_y=True)
    X_test, y_test = fetch_cifar100(subset="test", return_X_y=True)
    mean = X.mean(axis=0)
    return X - mean, y, X_test - mean, y_test


def make_images(seed, n_samples):
    """Make noise around a colour for each of ten classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(10, size=n_samples)
    colours = np.stack([y % 3, y // 3 % 3, y // 9], axis=1)[:, :, None, None] - 1
    X = rng.normal(size=(n_samples, 3, 16, 16)) + 2 * colours
    return X.astype(np.float32), y


def training(options, model, seed):
    """Make the network of a model, with its training."""
    if model in cifar10.DEPTHS:
        return cifar10.training(model, seed)
    depth, epochs, falls = (8, 4, (3,)) if options.tiny else (44, 150, (80, 120))
    schedule = LRScheduler(policy=MultiStepLR, milestones=falls, gamma=0.1)
    return papers_training(
        cifar10.AugmentedResNet,
        seed,
        epochs=epochs,
        callbacks=[("learning_rate", schedule)],
        module__depth=depth,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.9,
        optimizer__weight_decay=1e-4,
    )


def fit(options, model, T, noise, system, seed):
    """Fit a system by the protocol of the paper; return its row."""
    X, y, X_test, y_test = data(model)
    y_noisy = make_noisy_labels(y, T, random_state=seed)
    estimate = options.results / f"gpu_cifar_T; {model}; {noise}; {seed}.npy"
    correction, transition = "none", T
    if system != "cross-entropy":
        transition = np.load(estimate) if system in ESTIMATED_T else T
        correction = "forward"
    if system.startswith("backward"):
        weight = identity_weight(transition) if system in ESTIMATED_T else 0.0
        correction = partial(BackwardLoss, identity_weight=weight)
    clf = NoiseRobustClassifier(
        training(options, model, seed),
        correction=correction,
        transition=transition,
        warm_up=0.0,
        device=options.device,
        random_state=seed,
    ).fit(X, y_noisy)
    error = np.abs(transition - T).sum() / T.sum()
    if system == "cross-entropy":
        error = np.nan
        anchor = AnchorEstimator(percentile=PERCENTILES.get(model, 97))
        found = anchor.fit(clf.predict_proba(X), y_noisy).transition_matrix_
        np.save(estimate, found)
    return [
        {
            "model": model,
            "noise": noise,
            "system": system,
            "seed": seed,
            "accuracy": 100 * clf.score(X_test, y_test),
            "transition_error": error,
            "epochs": clf.n_iter_,
        }
    ]
