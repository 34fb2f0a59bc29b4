"""Logits and probabilities are told apart for good, whatever a module starts at."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


class Head(nn.Module):
    """A linear model, whose logits subclasses turn into something else."""

    def __init__(self, n_features=4, n_classes=3):
        super().__init__()
        self.layer = nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.turn(self.layer(X))

    def turn(self, logits):
        return logits


class EvenStart(Head):
    """Gives logits that start at one over the number of classes."""

    def __init__(self, n_features=4, n_classes=3):
        super().__init__(n_features, n_classes)
        nn.init.zeros_(self.layer.weight)
        nn.init.constant_(self.layer.bias, 1 / n_classes)


class EvenConstant(Head):
    """Adds one over the number of classes to logits that start at zero."""

    def __init__(self, n_features=4, n_classes=3):
        super().__init__(n_features, n_classes)
        nn.init.zeros_(self.layer.weight)
        nn.init.zeros_(self.layer.bias)

    def turn(self, logits):
        return logits + 1 / 3


class EvenMLP(MLP):
    """An MLP of ours that starts there."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, hidden=(8,))
        nn.init.zeros_(self.layers.logits.weight)
        nn.init.constant_(self.layers.logits.bias, 1 / n_classes)


class Softmax(Head):
    def turn(self, logits):
        return logits.softmax(dim=1)


class LogSoftmax(Head):
    def turn(self, logits):
        return logits.log_softmax(dim=1)


class HalfPrecision(Head):
    def turn(self, logits):
        return logits.bfloat16()


class InMapping(Head):
    """Names its outputs, as the models of transformers do."""

    def turn(self, logits):
        return OrderedDict(hidden=2 * logits, logits=logits)


class SoftmaxInTuple(Head):
    def turn(self, logits):
        return logits.softmax(dim=1), logits


HEADS = [
    Head,
    EvenStart,
    EvenConstant,
    EvenMLP,
    Softmax,
    LogSoftmax,
    InMapping,
    HalfPrecision,
    SoftmaxInTuple,
]
LBFGS = {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2}


@pytest.mark.parametrize("correction", ["forward", "unhinged"])
@pytest.mark.parametrize("optimizer", ["Adam", "LBFGS"])
@pytest.mark.parametrize("head", HEADS)
def test_rows_sum_to_one_in_every_route(
    table, make_net, make_clf, head, optimizer, correction
):
    X, y = table
    params = LBFGS if optimizer == "LBFGS" else {}
    net = make_net(head, lr=0.3, max_epochs=8, **params)
    clf = make_clf(net, correction=correction).fit(X, y)
    tables = [clf.predict_proba(X), clf.estimator_.predict_proba(X)]
    if correction == "forward":
        tables.append(clf.out_of_fold_proba_)
    for y_proba in tables:
        assert y_proba.min() >= 0
        assert_allclose(y_proba.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("head", [EvenStart, Softmax, LogSoftmax, InMapping])
def test_heads_learn_what_logits_learn(table, make_net, make_clf, head):
    X, y = table

    def start(module):
        module = module().double()
        nn.init.zeros_(module.layer.weight)
        nn.init.constant_(module.layer.bias, 1 / 3)
        return module

    fits = [make_clf(make_net(start(kind), lr=0.3)).fit(X, y) for kind in (Head, head)]
    assert_allclose(fits[1].predict_proba(X), fits[0].predict_proba(X), atol=1e-6)


class StartsAsSoftmax(Head):
    """Cannot be copied, and gives probabilities only before it is trained."""

    def __init__(self, n_features=4, n_classes=3):
        super().__init__(n_features, n_classes)
        self.factor = nn.Parameter(torch.ones(n_classes))

    def turn(self, logits):
        return self.factor * logits.softmax(dim=1)

    def __deepcopy__(self, memo):
        raise TypeError("not to be copied")


class SoftmaxInEvaluation(Head):
    def turn(self, logits):
        return logits if self.training else logits.softmax(dim=1)


class OtherMapping(Head):
    def turn(self, logits):
        return {"scores": logits}


class Nothing(Head):
    def turn(self, logits):
        return None


class OneOutput(Head):
    def turn(self, logits):
        return logits[:, :1]


class Scalars(Head):
    def turn(self, logits):
        return logits[:, 0]


class NotFinite(Head):
    def turn(self, logits):
        return logits / 0


@pytest.mark.parametrize(
    "head",
    [
        StartsAsSoftmax,
        SoftmaxInEvaluation,
        OtherMapping,
        Nothing,
        OneOutput,
        Scalars,
        NotFinite,
    ],
)
def test_outputs_that_cannot_be_used_are_errors(table, make_net, make_clf, head):
    X, y = table
    with pytest.raises(ValueError, match=head.__name__):
        make_clf(make_net(head, lr=0.3), transition=0.2).fit(X, y)


def halved(logits):
    return (logits / 2).softmax(dim=1)


@pytest.mark.parametrize(
    ("head", "nonlinearity"),
    [
        (Head, halved),
        (LogSoftmax, torch.exp),
        (Softmax, None),
        (InMapping, lambda output: output["logits"].softmax(dim=1)),
    ],
)
def test_nonlinearity_of_the_user_makes_the_probabilities(
    table, make_net, make_clf, head, nonlinearity
):
    X, y = table
    net = make_net(head, predict_nonlinearity=nonlinearity)
    clf = make_clf(net).fit(X, y)
    assert clf.estimator_.predict_nonlinearity is nonlinearity
    with torch.no_grad():
        output = clf.estimator_.module_(torch.from_numpy(X))
    expected = output if nonlinearity is None else nonlinearity(output)
    assert_allclose(clf.predict_proba(X), expected)


@pytest.mark.parametrize(
    ("nonlinearity", "error"),
    [
        (None, ValueError),
        (torch.sigmoid, ValueError),
        (lambda logits: logits.argmax(dim=1), ValueError),
        ("softmax", TypeError),
    ],
)
def test_nonlinearity_that_makes_no_probabilities_is_an_error(
    table, make_net, make_clf, nonlinearity, error
):
    X, y = table
    net = make_net(Head, predict_nonlinearity=nonlinearity)
    with pytest.raises(error, match="probabilit"):
        make_clf(net, transition=0.2).fit(X, y)


@pytest.mark.parametrize("module", [MLP, Head])
def test_prediction_that_is_not_finite_is_an_error(table, make_net, make_clf, module):
    X, y = table
    clf = make_clf(make_net(module), dtype="float32").fit(X, y)
    with pytest.raises(ValueError, match="NaN or infinity"):
        clf.predict_proba(np.where(np.arange(60)[:, None] == 7, 1e300 * X, X))
