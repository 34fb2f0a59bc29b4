"""Rows whose label is known to be right: they name the classes and are not corrected."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch.dataset import ValidSplit

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.datasets import make_noisy_labels
from sklnoise.losses import ForwardLoss, GeneralizedCrossEntropyLoss
from sklnoise.transition import AnchorEstimator, TrustedEstimator

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning"),
    pytest.mark.filterwarnings(
        "ignore::sklnoise.exceptions.IllConditionedTransitionWarning"
    ),
]

ROWS = np.arange(240)
TRUSTED = ROWS % 8 == 0
# Of each kind of training: once, in turns with T, twice, with normalised logits, no T.
REPRESENTATIVES = ["forward", "em", "adaptation-complex", "unhinged", "gce"]
# Corrections after which the net is that of "none" if nothing is left to correct.
TRAINED_ONCE = ["forward", "backward", "adaptation-sparse", "gce"]


@pytest.fixture
def half_trusted(noisy_blobs):
    """X, and labels that are right where TRUSTED."""
    X, y_noisy, y, _ = noisy_blobs
    return X, np.where(TRUSTED, y, y_noisy)


@pytest.fixture
def fit(quick_net, half_trusted):
    quick_net.set_params(max_epochs=10)

    def fit(trusted=TRUSTED, sample_weight=None, y=half_trusted[1], **params):
        clf = NoiseRobustClassifier(quick_net, random_state=0, **params)
        return clf.fit(half_trusted[0], y, sample_weight, trusted=trusted)

    return fit


class Spy(LogisticRegression):
    """Notes the rows that it is fitted to and the rows that it is asked about."""

    seen = []

    def fit(self, X, y, sample_weight=None):
        Spy.seen.append({"train": X})
        return super().fit(X, y, sample_weight)

    def predict_proba(self, X):
        Spy.seen[-1]["test"] = X
        return super().predict_proba(X)


def positions(X, rows):
    """Find rows of X, all of which differ."""
    return np.flatnonzero((X[:, None] == rows).all(axis=2).any(axis=1))


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.WeakFirstPassWarning")
@pytest.mark.parametrize("cv", [3, StratifiedKFold(4), [(ROWS[60:], ROWS[:60])]])
def test_no_fold_learns_from_trusted_rows_and_each_holds_them_out(fit, half_trusted, cv):
    X, _ = half_trusted
    Spy.seen.clear()
    fit(first_pass=Spy(), cv=cv)
    assert Spy.seen
    for fold in Spy.seen:
        assert not TRUSTED[positions(X, fold["train"])].any()
        assert np.isin(ROWS[TRUSTED], positions(X, fold["test"])).all()


def test_trusted_rows_get_the_mean_prediction_of_all_folds(fit, half_trusted):
    X, y = half_trusted
    Spy.seen.clear()
    clf = fit(first_pass=Spy(), cv=3)
    models = []
    for fold in Spy.seen:
        train = positions(X, fold["train"])
        models.append(LogisticRegression().fit(X[train], y[train]))
    expected = np.mean([model.predict_proba(X[TRUSTED]) for model in models], axis=0)
    assert len(models) == 3
    assert_allclose(clf.out_of_fold_proba_[TRUSTED], expected)


@pytest.mark.parametrize("transition", ["auto", "trusted", TrustedEstimator()])
def test_transition_is_that_of_the_trusted_estimator(fit, half_trusted, transition):
    clf = fit(transition=transition)
    estimator = clone(clf.transition_estimator_)
    assert isinstance(estimator, TrustedEstimator)
    estimator.fit(clf.out_of_fold_proba_, half_trusted[1], trusted=TRUSTED)
    assert_array_equal(clf.transition_matrix_, estimator.transition_matrix_)


@pytest.mark.parametrize(
    "transition",
    ["anchor", "frequency", "confident-joint", "confusion", "dual", AnchorEstimator()],
)
def test_other_estimators_see_the_rows_that_are_not_trusted(
    fit, half_trusted, transition
):
    clf = fit(transition=transition)
    estimator = clone(clf.transition_estimator_)
    estimator.fit(clf.out_of_fold_proba_[~TRUSTED], half_trusted[1][~TRUSTED])
    assert_allclose(clf.transition_matrix_, estimator.transition_matrix_)


@pytest.mark.parametrize("correction", TRAINED_ONCE)
@pytest.mark.parametrize("transition", ["auto", 0.3])
def test_with_all_rows_trusted_nothing_is_corrected(
    fit, half_trusted, correction, transition
):
    X, everything = half_trusted[0], np.ones(240, dtype=bool)
    expected = fit(None, correction="none").predict_proba(X)
    clf = fit(everything, correction=correction, transition=transition, warm_up=0)
    assert_allclose(clf.predict_proba(X), expected, atol=1e-9)


@pytest.mark.parametrize("correction", ["em", "adaptation-complex", "unhinged"])
def test_with_all_rows_trusted_the_labels_are_learned(fit, half_trusted, correction):
    everything = np.ones(240, dtype=bool)
    clf = fit(everything, correction=correction, fine_tune_epochs=20)
    assert clf.score(*half_trusted) > 0.6


@pytest.mark.parametrize("correction", REPRESENTATIVES)
def test_mask_without_a_trusted_row_changes_nothing(fit, half_trusted, correction):
    X = half_trusted[0]
    with_mask = fit(np.zeros(240, dtype=bool), correction=correction)
    without = fit(None, correction=correction)
    assert_array_equal(with_mask.predict_proba(X), without.predict_proba(X))
    assert_array_equal(with_mask.transition_matrix_, without.transition_matrix_)


def swapped_blobs(seed):
    """Two classes that are mostly called by each other's name; one trusted row each."""
    X, y = make_blobs(900, centers=[[0, 0], [7, 0], [0, 7]], random_state=seed)
    T = np.array([[0.35, 0.65, 0], [0.65, 0.35, 0], [0, 0, 1]])
    y_noisy = make_noisy_labels(y, T, random_state=seed)
    trusted = np.isin(np.arange(900), [np.argmax(y == i) for i in range(3)])
    return X, np.where(trusted, y, y_noisy), y, trusted


@pytest.mark.parametrize("seed", range(3))
def test_one_trusted_row_a_class_resolves_a_swap(quick_net, seed):
    X, y_noisy, y, trusted = swapped_blobs(seed)
    clf = NoiseRobustClassifier(quick_net, cv=3, random_state=seed)
    assert clf.fit(X, y_noisy).score(X, y) < 0.6
    assert clf.fit(X, y_noisy, trusted=trusted).score(X, y) > 0.9


@pytest.mark.parametrize("correction", sorted(CORRECTIONS))
def test_each_correction_works_with_trusted_rows(fit, noisy_blobs, correction):
    X, _, y, _ = noisy_blobs
    clf = fit(correction=correction, transition=0.3, fine_tune_epochs=30)
    assert_allclose(clf.transition_matrix_.sum(axis=1), 1)
    assert clf.score(X, y) > 0.7
    assert not hasattr(clf.correction_, "loss")


@pytest.mark.parametrize("loss", [ForwardLoss, partial(ForwardLoss), torch.nn.NLLLoss])
def test_loss_of_trusted_rows_is_cross_entropy(fit, noisy_blobs, loss):
    X, _, y, _ = noisy_blobs
    weight = TRUSTED.astype(float)
    clf = fit(y=y, correction=loss, transition=0.3, sample_weight=weight, warm_up=0)
    expected = fit(None, y=y, correction="none", sample_weight=weight)
    assert_allclose(clf.predict_proba(X), expected.predict_proba(X), atol=1e-9)


def test_known_transition_is_kept_with_trusted_rows(fit, noisy_blobs):
    clf = fit(transition=noisy_blobs[3])
    assert_array_equal(clf.transition_matrix_, noisy_blobs[3])
    assert not hasattr(clf, "out_of_fold_proba_")
    unaware = fit(None, transition=noisy_blobs[3])
    X = noisy_blobs[0]
    assert np.abs(clf.predict_proba(X) - unaware.predict_proba(X)).max() > 1e-3


@pytest.mark.parametrize("correction", REPRESENTATIVES)
def test_fine_tuning_lowers_the_cross_entropy_of_the_trusted_rows(
    fit, half_trusted, correction
):
    X, y = (part[TRUSTED] for part in half_trusted)
    losses = [
        log_loss(y, fit(correction=correction, fine_tune_epochs=n).predict_proba(X))
        for n in (0, 3, 30)
    ]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("correction", ["forward", "em"])
def test_no_fine_tuning_without_trusted_rows(fit, half_trusted, correction):
    X = half_trusted[0]
    proba = [
        fit(None, correction=correction, fine_tune_epochs=n).predict_proba(X)
        for n in (0, 30)
    ]
    assert_array_equal(*proba)


def test_fine_tuning_leaves_what_the_refit_found(fit):
    plain, tuned = fit(), fit(fine_tune_epochs=7)
    assert_array_equal(tuned.transition_matrix_, plain.transition_matrix_)
    assert tuned.n_iter_ == plain.n_iter_
    assert tuned.history_[:, "train_loss"] == plain.history_[:, "train_loss"]


@pytest.mark.parametrize("correction", REPRESENTATIVES)
@pytest.mark.parametrize("n_epochs", [0, 5])
def test_weights_count_as_repeats_with_trusted_rows(
    quick_net, half_trusted, rng, correction, n_epochs
):
    X, y = half_trusted
    weight, fold = rng.randint(4, size=240), rng.randint(3, size=240)
    fitted = []
    quick_net.set_params(max_epochs=8, batch_size=-1)
    for rows, sample_weight in ((ROWS, weight), (np.repeat(ROWS, weight), None)):
        clf = NoiseRobustClassifier(
            quick_net,
            correction=correction,
            cv=[
                (np.flatnonzero(fold[rows] != f), np.flatnonzero(fold[rows] == f))
                for f in range(3)
            ],
            fine_tune_epochs=n_epochs,
            random_state=0,
        )
        fitted.append(clf.fit(X[rows], y[rows], sample_weight, trusted=TRUSTED[rows]))
    weighted, repeated = fitted
    assert_allclose(weighted.transition_matrix_, repeated.transition_matrix_, atol=1e-7)
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)


def test_trusted_row_of_weight_zero_is_left_out(fit, half_trusted):
    X, y = half_trusted
    kept = ROWS % 16 > 0
    clf = fit(sample_weight=kept.astype(float))
    assert_array_equal(np.isnan(clf.out_of_fold_proba_).any(axis=1), ~kept)
    spoilt = np.where(kept, y, (y + 1) % 3)
    other = fit(sample_weight=kept.astype(float), y=spoilt)
    assert_array_equal(other.predict_proba(X), clf.predict_proba(X))


def test_mask_passes_through_a_pipeline(fit, quick_net, half_trusted):
    X, y = half_trusted
    scaled = StandardScaler().fit_transform(X)
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    pipeline = Pipeline([("scale", StandardScaler()), ("clf", clone(clf))])
    pipeline.fit(X, y, clf__trusted=TRUSTED)
    expected = clf.fit(scaled, y, trusted=TRUSTED).predict_proba(scaled)
    assert_allclose(pipeline.predict_proba(X), expected)


@pytest.fixture(params=[False, True], ids=["without-routing", "with-routing"])
def routing(request):
    with sklearn.config_context(enable_metadata_routing=request.param):
        yield request.param


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_search_slices_the_mask_like_a_weight(
    quick_net, half_trusted, routing, in_pipeline
):
    X, y = half_trusted
    quick_net.set_params(max_epochs=3)
    Spy.seen.clear()
    clf = NoiseRobustClassifier(quick_net, first_pass=Spy(), cv=2, random_state=0)
    if routing:
        clf.set_fit_request(trusted=True)
    prefix = "clf__" if in_pipeline else ""
    model = Pipeline([("same", "passthrough"), ("clf", clf)]) if in_pipeline else clf
    search = GridSearchCV(model, {f"{prefix}correction": ["forward"]}, cv=2)
    search.fit(X, y, **{"trusted" if routing else f"{prefix}trusted": TRUSTED})
    assert len(Spy.seen) == 2 * 2 + 2
    halves = [test for _, test in StratifiedKFold(2).split(X, y)][::-1]
    for number, fold in enumerate(Spy.seen):
        learned_from = ROWS if number >= 4 else halves[number // 2]
        trusted_here = learned_from[TRUSTED[learned_from]]
        assert not TRUSTED[positions(X, fold["train"])].any()
        assert np.isin(trusted_here, positions(X, fold["test"])).all()
        assert np.isin(positions(X, fold["test"]), learned_from).all()


def test_mask_needs_no_request_when_fit_is_called_directly(fit, half_trusted):
    expected = fit().predict_proba(half_trusted[0])
    with sklearn.config_context(enable_metadata_routing=True):
        assert_array_equal(fit().predict_proba(half_trusted[0]), expected)


BAD_MASKS = [
    (np.flatnonzero(TRUSTED), r"shape \(240,\); got shape \(30,\)"),
    (ROWS, "entry 2 is 2"),
    (TRUSTED[:-1], r"got shape \(239,\)"),
    (TRUSTED[:, None], r"got shape \(240, 1\)"),
    (True, r"got shape \(\)"),
    (np.where(TRUSTED, "yes", "no"), "entry 0 is 'yes'"),
    (np.where(TRUSTED, 1.0, np.nan), "entry 1 is nan"),
    (np.where(TRUSTED, True, None), "entry 1 is None"),
    (pd.Series(TRUSTED, dtype="boolean").mask(~TRUSTED), "entry 1 is <NA>"),
    (0.5 * TRUSTED, "entry 0 is 0.5"),
]


@pytest.mark.parametrize(("mask", "message"), BAD_MASKS)
def test_bad_mask_is_explained_and_leaves_nothing_fitted(
    quick_net, half_trusted, mask, message
):
    clf = NoiseRobustClassifier(quick_net)
    with pytest.raises(ValueError, match=f"trusted must be a boolean mask.*{message}"):
        clf.fit(*half_trusted, trusted=mask)
    with pytest.raises(NotFittedError):
        clf.predict(half_trusted[0])
    assert vars(clf) == vars(NoiseRobustClassifier(quick_net))


@pytest.mark.parametrize(
    "mask",
    [
        pd.Series(TRUSTED),
        pd.Series(TRUSTED, dtype="boolean", index=ROWS[::-1]),
        TRUSTED.tolist(),
        TRUSTED.astype(int),
        TRUSTED.astype(float),
    ],
    ids=["series", "nullable", "list", "integers", "floats"],
)
def test_mask_may_be_anything_that_holds_truth_values(fit, half_trusted, mask):
    expected = fit().predict_proba(half_trusted[0])
    assert_array_equal(fit(mask).predict_proba(half_trusted[0]), expected)


@pytest.fixture
def never_said(noisy_blobs):
    """The last class is always called by the name of the first, but where trusted."""
    X, _, y, _ = noisy_blobs
    return X, np.where(TRUSTED, y, np.where(y == 2, 0, y)), y


NEVER_SAID = np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])


@pytest.mark.parametrize("first_pass", [None, LogisticRegression()], ids=["net", "lr"])
@pytest.mark.parametrize("correction", ["forward", "em", "adaptation", "gce"])
def test_class_that_only_trusted_rows_name_is_learned(
    quick_net, never_said, first_pass, correction
):
    X, y_noisy, y = never_said
    clf = NoiseRobustClassifier(
        quick_net,
        correction=correction,
        first_pass=first_pass,
        random_state=0,
        fine_tune_epochs=60,
    )
    clf.fit(X, y_noisy, trusted=TRUSTED)
    assert_array_equal(clf.classes_, [0, 1, 2])
    assert clf.score(X, y) > 0.9


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.DominatedClassWarning")
@pytest.mark.parametrize("correction", ["forward", "adaptation"])
def test_class_that_a_known_transition_never_names_is_learned_from_trusted_rows(
    quick_net, never_said, correction
):
    X, y_noisy, y = never_said
    clf = NoiseRobustClassifier(
        quick_net,
        correction=correction,
        transition=NEVER_SAID,
        warm_up=0,
        random_state=0,
    )
    clf.fit(X, y_noisy, trusted=TRUSTED)
    assert clf.score(X, y) > 0.9


@pytest.mark.parametrize("mask", [None, np.zeros(240, dtype=bool)])
@pytest.mark.parametrize("transition", ["trusted", TrustedEstimator()])
def test_trusted_estimator_without_trusted_rows_is_explained(fit, mask, transition):
    with pytest.raises(ValueError, match="TrustedEstimator needs samples"):
        fit(mask, transition=transition)


def test_robust_loss_is_for_the_rows_that_are_not_trusted(fit, half_trusted):
    X = half_trusted[0]
    clf = fit(correction=GeneralizedCrossEntropyLoss(q=0.5))
    assert isinstance(clf.correction_, GeneralizedCrossEntropyLoss)
    unaware = fit(None, correction=GeneralizedCrossEntropyLoss(q=0.5))
    assert np.abs(clf.predict_proba(X) - unaware.predict_proba(X)).max() > 1e-3


def test_fine_tuning_needs_no_more_rows_than_are_trusted(quick_net, noisy_blobs):
    X, y_noisy, y, _ = noisy_blobs
    trusted = np.zeros(len(y), dtype=bool)
    trusted[[np.argmax(y == i) for i in range(3)]] = True
    quick_net.set_params(train_split=ValidSplit(5))
    clf = NoiseRobustClassifier(quick_net, fine_tune_epochs=2, cv=2, random_state=0)
    clf.fit(X, np.where(trusted, y, y_noisy), trusted=trusted)
    assert len(clf.estimator_.history) == 2
