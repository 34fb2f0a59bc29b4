"""Each net trained by the classifier, on toy data that it can learn."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels
from sklnoise.nn import ConvNet, ResNet, TextEmbeddingNet, TextLSTM

N_SAMPLES = 160
T = [[0.9, 0.1], [0.2, 0.8]]


def stripes(seed=0):
    """Horizontal and vertical stripes with noise: images without a channel axis."""
    rng = np.random.RandomState(seed)
    y = np.arange(N_SAMPLES) % 2
    X = rng.normal(0, 0.2, size=(N_SAMPLES, 8, 8)).astype(np.float32)
    X[y == 0, ::2] += 1
    X[y == 1, :, ::2] += 1
    return X, y


def colours(seed=0):
    """Images that are red or green."""
    rng = np.random.RandomState(seed)
    y = np.arange(N_SAMPLES) % 2
    X = rng.normal(0, 0.2, size=(N_SAMPLES, 3, 8, 8)).astype(np.float32)
    X[np.arange(N_SAMPLES), y] += 1
    return X, y


def topics(seed=0):
    """Texts of up to 12 tokens; those of class 1 prefer large ids."""
    rng = np.random.RandomState(seed)
    y = np.arange(N_SAMPLES) % 2
    X = rng.randint(1, 10, size=(N_SAMPLES, 12)) + 6 * y[:, None]
    X[np.arange(12) >= rng.randint(6, 13, size=(N_SAMPLES, 1))] = 0
    return X, y


def net_of(module, lr, **params):
    params = {f"module__{name}": value for name, value in params.items()}
    return NeuralNetClassifier(
        module,
        optimizer=torch.optim.Adam,
        lr=lr,
        max_epochs=6,
        batch_size=32,
        train_split=None,
        verbose=0,
        **params,
    )


SMALL_CONVNET = {"widths": (4, 8), "hidden": 16}
SMALL_RESNET = {"depth": 8, "width": 4}
SMALL_EMBEDDING = {"n_tokens": 16, "embedding_dim": 8, "dropout": 0.2}
SMALL_LSTM = {"n_tokens": 16, "embedding_dim": 8, "hidden": 16, "dense": 8}
CASES = {
    "ConvNet": (net_of(ConvNet, 0.005, **SMALL_CONVNET), "adaptation-complex", stripes),
    "ResNet": (net_of(ResNet, 0.005, **SMALL_RESNET), "forward", colours),
    "TextEmbeddingNet": (
        net_of(TextEmbeddingNet, 0.03, **SMALL_EMBEDDING),
        "forward",
        topics,
    ),
    "TextLSTM": (net_of(TextLSTM, 0.03, **SMALL_LSTM), "forward", topics),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def fitted(request):
    """A fitted classifier, samples that it has not seen, and their clean labels."""
    net, correction, make_data = request.param
    X, y = make_data(seed=0)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    clf = NoiseRobustClassifier(
        net, correction=correction, cv=2, device="cpu", random_state=0
    )
    return clf.fit(X, y_noisy), *make_data(seed=1)


def test_probabilities_of_a_fitted_net_sum_to_one(fitted):
    clf, X, _ = fitted
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


def test_net_learns_the_clean_classes_of_toy_data(fitted):
    clf, X, y = fitted
    assert clf.score(X, y) > 0.9


def test_net_is_sized_by_the_classes_of_the_data(fitted):
    clf, *_ = fitted
    assert clf.estimator_.get_params()["module__n_classes"] == 2


@pytest.mark.parametrize(
    ("module", "params", "make_data"),
    [
        (ConvNet, SMALL_CONVNET, stripes),
        (TextLSTM, SMALL_LSTM, topics),
    ],
)
def test_the_class_alone_is_an_estimator(module, params, make_data):
    X, y = make_data()
    clf = NoiseRobustClassifier(module, cv=2, device="cpu", random_state=0)
    clf.set_params(estimator__max_epochs=2)
    clf.set_params(**{f"estimator__module__{name}": v for name, v in params.items()})
    assert clf.fit(X, y).predict_proba(X).shape == (N_SAMPLES, 2)


def test_error_of_the_net_about_the_data_reaches_the_user():
    X, y = topics()
    clf = NoiseRobustClassifier(net_of(TextLSTM, 0.01, **SMALL_LSTM), correction="none")
    with pytest.raises(ValueError, match="n_tokens=17 or more"):
        clf.fit(X + 1, y)
