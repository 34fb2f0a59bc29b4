"""Our MLP multiplies sparse samples as they are."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP

X = sparse.random(400, 1200, 0.05, format="csr", random_state=0)
y = np.asarray(X[:, :600].sum(axis=1) > X[:, 600:].sum(axis=1)).astype(int).ravel()


def test_output_and_gradients_equal_those_of_dense_samples():
    module = MLP(1200, 2, hidden=(8,)).double()
    results = []
    for samples in (X, torch.from_numpy(X.toarray())):
        output = module(samples)
        gradients = torch.autograd.grad(output.square().sum(), [*module.parameters()])
        results.append((output, *gradients))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("convert", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("hidden", [(), (8,)])
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_fit_and_prediction_equal_those_of_dense_samples(convert, hidden):
    net = NeuralNetClassifier(
        MLP, module__hidden=hidden, max_epochs=3, lr=0.1, batch_size=64, verbose=0
    )
    clf = NoiseRobustClassifier(net, cv=2, correction="auto", random_state=0)
    dense = clf.fit(X.toarray(), y)
    expected = dense.out_of_fold_proba_, dense.predict_proba(X.toarray())
    clf.fit(convert(X), y)
    assert_allclose(clf.out_of_fold_proba_, expected[0], atol=1e-9)
    assert_allclose(clf.predict_proba(convert(X)), expected[1], atol=1e-9)


def test_samples_are_not_changed():
    before = X.copy()
    NoiseRobustClassifier(transition=0.2, random_state=0).fit(X, y)
    assert_array_equal(X.data, before.data)
