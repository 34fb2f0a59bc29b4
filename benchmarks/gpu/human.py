"""CIFAR-10 with labels of people: ResNet-32 under several corrections.

The file that `--labels` names is an .npz whose arrays hold 50 000 labels each, in the
order of the original training images, and `clean_label` among them, which is compared
with the labels that are loaded. "CIFAR-10N" has such arrays under the names below.
"""

from functools import cache, partial

import numpy as np

from benchmarks.gpu.cifar import TINY, make_images, training
from benchmarks.reproduce import cifar10
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels

KINDS = "aggre_label", "random_label1", "worse_label"
SYSTEMS = "none", "gce", "elr", "forward", "forward-elr"
SEEDS = 3


def cases(options):
    """Return a case per kind of labels, correction and seed."""
    if options.labels is None and not options.tiny:
        raise ValueError("pass --labels, an .npz file with the labels of people")
    seeds, kinds = (1, ("worse_label",)) if options.tiny else (SEEDS, KINDS)
    return {
        f"{kind}; {system}; {seed}": partial(fit, options, kind, system, seed)
        for seed in range(seeds)
        for kind in kinds
        for system in SYSTEMS
    }


@cache
def data(options):
    """Load the images, the clean test labels and the labels of people."""
    if options.tiny:
        X, y = make_images(0, 256)
        drawn = make_noisy_labels(y, cifar10.NOISES["symmetric .2"], random_state=0)
        return X, {"clean_label": y, "worse_label": drawn}, *make_images(1, 256)
    X, y, X_test, y_test = cifar10.data()
    with np.load(options.labels) as arrays:
        labels = {name: arrays[name] for name in ("clean_label", *KINDS)}
    if not np.array_equal(labels["clean_label"], y):
        raise ValueError(
            f"clean_label of {options.labels} must be the labels of fetch_cifar10 in "
            "their order. That of cifar10_jpeg.npz may be another one; without "
            "SKLNOISE_DATA the original order is loaded from OpenML."
        )
    return X, labels, X_test, y_test


def fit(options, kind, system, seed):
    """Fit a correction; return its row."""
    X, labels, X_test, y_test = data(options)
    net = training(options, TINY if options.tiny else cifar10.RESNET_32, seed)
    clf = NoiseRobustClassifier(
        net, correction=system, cv=2, device=options.device, random_state=seed
    ).fit(X, labels[kind])
    return [
        {
            "labels": kind,
            "wrong": (labels[kind] != labels["clean_label"]).mean(),
            "system": system,
            "seed": seed,
            "accuracy": 100 * clf.score(X_test, y_test),
        }
    ]
