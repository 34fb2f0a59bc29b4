"""A small convolutional network on the images themselves, with labels as people err.

No list says which image a row of the features with people's labels is, so that labels
are drawn here: by the T of annotators, or by what a network mistakes, which is close to
what people mistake.
"""

import warnings
from functools import cache
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import fetch_cifar10, make_noisy_labels
from sklnoise.nn import ConvNet

N_TRAIN, N_TEST, N_EPOCHS = 10_000, 5000, 15
IMAGE_NOISES = (
    "T of the worst",
    "a network's mistakes",
    "T of an annotator",
    "a network's mistakes, half",
    "none",
)
IMAGE_SYSTEMS = "none", "gce", "elr", "forward", "forward-elr"
RATE_OF = {"T of an annotator": 0.17, "T of the worst": 0.4}


def make_net():
    """Return a network whose training does not depend on the labels."""
    return NeuralNetClassifier(
        ConvNet,
        module__n_classes=10,
        module__n_channels=3,
        module__widths=(16, 32, 64),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=1e-3,
        max_epochs=N_EPOCHS,
        batch_size=128,
        train_split=None,
        verbose=0,
    )


@cache
def load_photographs():
    """Load training and test images, less the mean and over the deviation."""
    X, y = fetch_cifar10(return_X_y=True)
    X_test, y_test = fetch_cifar10(subset="test", return_X_y=True)
    mean, scale = X.mean(), X.std()
    return (X - mean) / scale, y, (X_test - mean) / scale, y_test


def draw_images(seed):
    """Draw training images, others for the network that errs, and test images."""
    X, y, X_test, y_test = load_photographs()
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(y))
    train, others = rows[:N_TRAIN], rows[N_TRAIN : 2 * N_TRAIN]
    test = rng.permutation(len(y_test))[:N_TEST]
    return (X[train], y[train]), (X[others], y[others]), (X_test[test], y_test[test])


def annotator_matrix(of_people, y, wrong_share):
    """Return the frequencies of the labels of people, at a share of wrong ones."""
    T = np.zeros((10, 10))
    for labels in of_people.T:
        np.add.at(T, (y, labels), 1)
    T /= T.sum(axis=1, keepdims=True)
    wrong = T * (1 - np.eye(10))
    wrong *= wrong_share / wrong.sum(axis=1).mean()
    return wrong + np.diag(1 - wrong.sum(axis=1))


def mistake_by_network(train, others, share, seed):
    """Draw labels from what a network, fitted to other images, takes the samples for.

    Only a share of the mistakes is left.
    """
    (X, y), rng = train, np.random.default_rng(seed)
    net = NoiseRobustClassifier(make_net(), correction="none", random_state=seed)
    y_proba = net.fit(*others).predict_proba(X)
    drawn = (y_proba.cumsum(axis=1) < rng.random((len(y), 1))).sum(axis=1).clip(max=9)
    return np.where(rng.random(len(y)) < share, drawn, y)


def draw_noise(noise, train, others, of_people, y_people, seed):
    """Draw the noisy labels of the training images."""
    kind, _, share = noise.partition(", ")
    if kind == "none":
        return train[1]
    if kind == "a network's mistakes":
        return mistake_by_network(train, others, 0.5 if share else 1.0, seed)
    T = annotator_matrix(of_people, y_people, RATE_OF[noise])
    return make_noisy_labels(train[1], T, random_state=seed)


def fit_images(noise, of_people, y_people, seed):
    """Fit all systems to one cell; yield system, rate of wrong labels, accuracy."""
    train, others, (X_test, y_test) = draw_images(seed)
    (X, y) = train
    y_noisy = draw_noise(noise, train, others, of_people, y_people, seed)
    with warnings.catch_warnings(), TemporaryDirectory() as memory:
        warnings.simplefilter("ignore")
        for system in IMAGE_SYSTEMS:
            clf = NoiseRobustClassifier(
                make_net(),
                correction=system,
                cv=3,
                device="cpu",
                memory=memory,
                random_state=seed,
            )
            start = process_time()
            clf.fit(X, y_noisy)
            seconds = process_time() - start
            accuracy = 100 * clf.score(X_test, y_test)
            yield system, (y_noisy != y).mean(), accuracy, seconds
