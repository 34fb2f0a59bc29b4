"""The log-likelihood of noisy labels as a scorer."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier, losses
from sklnoise.metrics import noisy_log_likelihood_scorer as scorer

T = np.array([[0.7, 0.2, 0.1], [0.0, 0.6, 0.4], [0.1, 0.2, 0.7]])
NAMES = np.array(["ant", "bee", "cat"])
WITH_LIKELIHOOD = [
    torch.nn.CrossEntropyLoss(),
    losses.ForwardLoss(T),
    losses.AnnotatorForwardLoss([T, T]),
    losses.BackwardLoss(T),
    losses.BackwardLoss(T, base_loss="squared-error"),
    losses.BackwardLoss(T, base_loss=torch.nn.CrossEntropyLoss()),
    losses.ReweightedLoss(T),
    losses.SimpleAdaptationLoss(T),
    losses.ComplexAdaptationLoss(T, n_features=2),
    losses.SparseAdaptationLoss(T),
]
WITHOUT_LIKELIHOOD = [
    losses.GeneralizedCrossEntropyLoss(),
    losses.MeanAbsoluteErrorLoss(),
    losses.SoftBootstrappingLoss(),
    losses.HardBootstrappingLoss(),
    losses.UnhingedLoss(),
    losses.SigmoidLoss(),
    losses.SavageLoss(),
    losses.LabelSmoothingLoss(),
    losses.ClippedCrossEntropyLoss(),
    losses.EarlyLearningLoss(),
    losses.EarlyLearningLoss(T),
    losses.BackwardLoss(T, base_loss="mean-absolute-error"),
    losses.BackwardLoss(T, base_loss=losses.SavageLoss()),
    torch.nn.CrossEntropyLoss(label_smoothing=0.1),
    torch.nn.CrossEntropyLoss(weight=torch.ones(3)),
    torch.nn.MultiMarginLoss(),
]


class Own(torch.nn.Module):
    """Somebody's loss."""


class OwnWithLikelihood(Own):
    """Somebody's loss that fits probabilities."""

    has_likelihood = True


class OwnForward(losses.ForwardLoss):
    """Somebody's loss that no longer fits probabilities."""

    has_likelihood = False


class SaysProba(ClassifierMixin, BaseEstimator):
    """A classifier that predicts its columns."""

    def __init__(self, correction_=None):
        self.correction_ = correction_
        self.classes_ = NAMES

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return X


class SaysNoisyProba(SaysProba):
    """A classifier that knows T."""

    def predict_noisy_proba(self, X):
        return X @ T


def proba_and_labels(seed=0, n_samples=200):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3), n_samples), NAMES[rng.integers(3, size=n_samples)]


def test_score_is_the_negative_log_loss():
    y_proba, y = proba_and_labels()
    weight = np.random.default_rng(1).random(len(y))
    score = scorer(SaysProba(), y_proba, y, sample_weight=weight)
    assert score == pytest.approx(-log_loss(y, y_proba, sample_weight=weight))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_impossible_label_is_clipped_as_in_log_loss(dtype):
    y_proba = np.eye(3, dtype=dtype)
    y = NAMES[[0, 1, 0]]
    score = scorer(SaysProba(), y_proba, y)
    assert score == pytest.approx(-log_loss(y, y_proba, labels=NAMES), rel=1e-6)


def test_noisy_posterior_is_scored_where_there_is_one():
    y_proba, y = proba_and_labels()
    score = scorer(SaysNoisyProba(), y_proba, y)
    assert score == pytest.approx(-log_loss(y, y_proba @ T))


def test_no_posterior_scores_above_the_true_one():
    rng = np.random.default_rng(0)
    true, others = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 50)
    weight = true * 1000  # the labels as they are expected
    scores = [
        scorer(SaysProba(), np.tile(p, (3, 1)), NAMES, sample_weight=weight)
        for p in (true, *others)
    ]
    assert np.argmax(scores) == 0


def test_weights_equal_repeats():
    y_proba, y = proba_and_labels()
    weight = np.random.default_rng(1).integers(4, size=len(y))
    weighted = scorer(SaysNoisyProba(), y_proba, y, sample_weight=weight)
    repeated = scorer(SaysNoisyProba(), y_proba.repeat(weight, axis=0), y.repeat(weight))
    assert weighted == pytest.approx(repeated)


def test_labels_of_a_fold_may_lack_a_class():
    y_proba, y = proba_and_labels()
    kept = y != "bee"
    expected = -log_loss(y[kept], y_proba[kept], labels=NAMES)
    assert scorer(SaysProba(), y_proba[kept], y[kept]) == pytest.approx(expected)


def test_output_for_a_class_that_was_not_seen_keeps_its_column():
    y_proba, _ = proba_and_labels()
    y = np.random.default_rng(2).choice([0, 2], size=len(y_proba))
    net = SaysProba()
    net.classes_ = np.array([0, 2])
    expected = -log_loss(y, y_proba, labels=range(3))
    assert scorer(net, y_proba, y) == pytest.approx(expected)


class TestReach:
    """Pipelines and searches around a classifier that knows T."""

    @pytest.fixture
    def fitted(self, noisy_blobs, quick_net):
        """A classifier on scaled features, with the blobs as they were."""
        X, y, _, T = noisy_blobs
        X_scaled = StandardScaler().fit_transform(X)
        clf = NoiseRobustClassifier(quick_net, transition=T, random_state=0)
        return X, NAMES[y], clf, clf.fit(X_scaled, NAMES[y]).predict_noisy_proba(X_scaled)

    def expected(self, fitted):
        _, y, _, y_proba = fitted
        return pytest.approx(-log_loss(y, y_proba, labels=NAMES), rel=1e-5)

    def test_pipeline(self, fitted):
        X, y, clf, _ = fitted
        pipeline = make_pipeline(StandardScaler(), clf).fit(X, y)
        assert scorer(pipeline, X, y) == self.expected(fitted)

    def test_pipeline_in_a_pipeline(self, fitted):
        X, y, clf, _ = fitted
        inner = make_pipeline("passthrough", make_pipeline(clf))
        pipeline = make_pipeline(StandardScaler(), inner).fit(X, y)
        assert scorer(pipeline, X, y) == self.expected(fitted)

    def test_search_in_a_pipeline_in_a_search(self, fitted):
        X, y, clf, _ = fitted
        inner = GridSearchCV(clf, {"warm_up": [0.125]}, cv=2, scoring=scorer)
        outer = make_pipeline(StandardScaler(), inner)
        search = GridSearchCV(outer, {"standardscaler__with_mean": [True]}, cv=2)
        assert scorer(search.fit(X, y), X, y) == self.expected(fitted)

    def test_frozen_estimator(self, fitted):
        X, y, clf, _ = fitted
        X_scaled = StandardScaler().fit_transform(X)
        assert scorer(FrozenEstimator(clf), X_scaled, y) == self.expected(fitted)

    def test_pipeline_of_other_classifiers(self, fitted):
        X, y, _, _ = fitted
        pipeline = make_pipeline(StandardScaler(), PCA(1), LogisticRegression()).fit(X, y)
        expected = -log_loss(y, pipeline.predict_proba(X))
        assert scorer(pipeline, X, y) == pytest.approx(expected)


@pytest.mark.parametrize("loss", [*WITH_LIKELIHOOD, OwnWithLikelihood()], ids=repr)
def test_loss_that_fits_probabilities_is_scored(loss):
    y_proba, y = proba_and_labels()
    assert np.isfinite(scorer(SaysProba(loss), y_proba, y))


@pytest.mark.parametrize("loss", [*WITHOUT_LIKELIHOOD, Own(), OwnForward(T)], ids=repr)
def test_loss_without_likelihood_is_refused_by_its_name(loss):
    y_proba, y = proba_and_labels()
    with pytest.raises(ValueError, match=rf"(?s){type(loss).__name__}.*noise_corrected"):
        scorer(SaysProba(loss), y_proba, y)


def test_every_loss_is_known_to_have_a_likelihood_or_not():
    tried = {type(loss).__name__ for loss in WITH_LIKELIHOOD + WITHOUT_LIKELIHOOD}
    assert set(losses.__all__) <= tried


def test_classifier_that_was_fitted_without_likelihood_is_refused(noisy_blobs, quick_net):
    X, y, _, T = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, transition=T, random_state=0, cv=2)
    assert np.isfinite(scorer(clf.set_params(correction="em").fit(X, y), X, y))
    with pytest.raises(ValueError, match="GeneralizedCrossEntropyLoss"):
        scorer(clf.set_params(correction="gce").fit(X, y), X, y)


def test_refusal_reaches_through_a_pipeline():
    y_proba, y = proba_and_labels()
    pipeline = make_pipeline("passthrough", SaysProba(losses.SavageLoss())).fit(
        y_proba, y
    )
    with pytest.raises(ValueError, match="SavageLoss"):
        scorer(pipeline, y_proba, y)


def test_logits_are_refused():
    with pytest.raises(ValueError, match="one probability distribution per sample"):
        scorer(SaysProba(), np.array([[2.0, 0.0, -1.0]]), NAMES[:1])


def test_label_of_no_class_is_refused():
    y_proba, _ = proba_and_labels(n_samples=2)
    with pytest.raises(ValueError, match=r"y_noisy must hold .* got \['dog'\] too"):
        scorer(SaysProba(), y_proba, np.array(["ant", "dog"]))


def test_labels_of_other_length_are_refused():
    y_proba, y = proba_and_labels()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        scorer(SaysProba(), y_proba, y[:-1])


def test_transition_and_identity_score_alike_where_both_fit():
    """The likelihood sees `p @ T` alone: it cannot tell T from the identity."""
    y_proba, y = proba_and_labels()
    assert_allclose(
        scorer(SaysNoisyProba(), y_proba, y), scorer(SaysProba(), y_proba @ T, y)
    )
