"""The choice between corrections by held-out noisy labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from skorch.callbacks import EpochScoring
from torch import nn

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._selection import CANDIDATES, choose, expected_loss, judge
from sklnoise.datasets import make_transition_matrix
from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss
from sklnoise.metrics import noise_corrected_accuracy_score

PAIR = make_transition_matrix("pair", 3, 0.3)
NOBODY = np.zeros(60, dtype=bool)
THREE, WITH_MEMORY = ("none", "forward", "adaptation"), ("none", "forward", "forward-elr")


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs

    def fit(y=y_noisy, X=X, **params):
        params = {"correction": "auto", "cv": 3, "random_state": 0} | params
        fit_params = {
            k: params.pop(k) for k in ("sample_weight", "trusted") if k in params
        }
        return NoiseRobustClassifier(quick_net, **params).fit(X, y, **fit_params)

    return fit


@pytest.fixture
def predictions(rng):
    """Labels of 60 rows and the clean posterior that a candidate gives them."""
    return rng.randint(3, size=60), rng.dirichlet(np.ones(3), size=60)


def scores(log_likelihood_gains, accuracy_gains, n_samples=400, seed=0):
    """Make row scores of the candidates with these mean gains over the first."""
    rng = np.random.RandomState(seed)
    noise = rng.standard_normal((3, 2, n_samples))
    noise -= noise.mean(axis=2, keepdims=True)
    noise[0] = 0
    gains = np.array([[0, 0], *zip(log_likelihood_gains, accuracy_gains)])
    return gains[..., np.newaxis] + 0.1 * noise


def chosen(*gains, lost_by_error=0.0, candidates=THREE):
    return choose(candidates, scores(*gains), np.ones(400), lost_by_error).correction


def test_gain_beyond_chance_is_chosen():
    assert chosen((0, 0), (0.1, 0.05)) == "forward"
    assert chosen((0, 0), (0.05, 0.1)) == "adaptation"


def test_gain_within_chance_is_not():
    assert chosen((0, 0), (0.009, 0.009)) == "none"  # two errors are 0.01


def test_gain_within_chance_is_chosen_if_the_likelihood_gains_too():
    assert chosen((0, 0.1), (0.009, 0.008)) == "adaptation"
    assert chosen((0, 0.1), (-0.009, -0.008)) == "none"


def test_candidate_of_low_likelihood_is_ruled_out():
    assert chosen((-0.1, 0), (0.2, 0.1)) == "adaptation"


@pytest.mark.parametrize("candidates", [WITH_MEMORY, ("none", "forward", "elr")])
def test_likelihood_of_a_loss_with_a_memory_counts_for_nothing(candidates):
    assert chosen((0, -0.1), (0, 0.1), candidates=candidates) == candidates[2]
    assert chosen((0, 0.1), (0, 0.009), candidates=candidates) == "none"


def test_proof_that_t_is_of_use_holds_for_both_losses_with_it():
    assert chosen((0.1, 0), (0.008, 0.009), candidates=WITH_MEMORY) == "forward-elr"
    without_T = chosen((0.1, 0), (0.008, 0.009), candidates=("none", "forward", "elr"))
    assert without_T == "forward"


def test_likelihood_lost_by_the_error_of_the_transition_rules_nothing_out():
    assert chosen((-0.1, 0), (0.2, 0.1), lost_by_error=0.1) == "forward"


def test_selection_tells_gains_and_errors_of_all_candidates():
    selection = choose(THREE, scores((0.1, 0.2), (0.3, 0.4)), np.ones(400), 0.0)
    assert selection.candidates == ["none", "forward", "adaptation"]
    assert_allclose(selection.log_likelihood_gain, [0, 0.1, 0.2])
    assert_allclose(selection.accuracy_gain, [0, 0.3, 0.4])
    assert_allclose(selection.accuracy_gain_error[1:], 0.1 / np.sqrt(400), rtol=0.1)


def test_weights_of_the_selection_equal_repeats():
    values, weight = scores((0, 0.1), (0.1, 0)), np.arange(400) % 3
    weighted = choose(THREE, values[..., weight > 0], weight[weight > 0], 0.0)
    repeated = np.repeat(values, weight, axis=2)
    repeated = choose(THREE, repeated, np.ones(weight.sum()), 0.0)
    for name in ("accuracy_gain", "accuracy_gain_error", "log_likelihood"):
        assert_allclose(weighted[name], repeated[name])


def test_accuracy_of_a_candidate_is_the_unbiased_one(predictions):
    y, y_proba = predictions
    _, accuracy = judge([(np.arange(60), y_proba, PAIR)], y, NOBODY, np.linalg.inv(PAIR))
    expected = noise_corrected_accuracy_score(y, y_proba.argmax(axis=1), PAIR)
    assert_allclose(accuracy.mean(), expected)


def test_likelihood_of_a_candidate_is_that_of_its_own_transition(predictions):
    y, y_proba = predictions
    likelihood, _ = judge([(np.arange(60), y_proba, PAIR)], y, NOBODY, np.eye(3))
    assert_allclose(likelihood.mean(), -log_loss(y, y_proba @ PAIR))


def test_trusted_rows_are_judged_as_clean(predictions):
    y, y_proba = predictions
    everybody = ~NOBODY
    likelihood, accuracy = judge(
        [(np.arange(60), y_proba, PAIR)], y, everybody, np.linalg.inv(PAIR)
    )
    assert_allclose(accuracy.mean(), accuracy_score(y, y_proba.argmax(axis=1)))
    assert_allclose(likelihood.mean(), -log_loss(y, y_proba))


def test_rows_of_several_splits_are_judged_by_their_mean_prediction(predictions):
    y, y_proba = predictions
    first, both = np.arange(30), np.arange(60)
    parts = [(first, y_proba[:30], PAIR), (both, y_proba[::-1], PAIR)]
    mean = y_proba[::-1].copy()
    mean[:30] = (mean[:30] + y_proba[:30]) / 2
    inverse = np.linalg.inv(PAIR)
    found = judge(parts, y, NOBODY, inverse)
    assert_allclose(found, judge([(both, mean, PAIR)], y, NOBODY, inverse))


def test_rows_that_no_split_holds_out_are_nan(predictions):
    y, y_proba = predictions
    found = judge([(np.arange(30), y_proba[:30], PAIR)], y, NOBODY, np.eye(3))
    assert_array_equal(np.isnan(found), np.tile(np.arange(60) >= 30, (2, 1)))


def test_expected_loss_is_that_of_resampled_transitions(rng):
    n_rows, y = 200, np.arange(60) % 3
    error = np.sqrt(PAIR * (1 - PAIR) / n_rows)
    draws = np.stack([rng.multinomial(n_rows, row, size=4000) for row in PAIR], axis=1)
    estimates = draws / n_rows
    divergence = np.where(
        PAIR > 0, PAIR * np.log(PAIR.clip(1e-9) / estimates.clip(1e-9)), 0
    )
    found = expected_loss(PAIR, error, y, np.ones(60))
    assert_allclose(found, divergence.sum(axis=2).mean(), rtol=0.1)


def test_auto_finds_a_correction_that_is_needed(fit, noisy_blobs):
    X, _, y, T = noisy_blobs
    clf = fit(transition=T)
    assert clf.selection_.correction in ("forward", "adaptation")
    assert isinstance(clf.correction_, ForwardLoss | SimpleAdaptationLoss)
    plain = fit(correction="none")
    assert clf.score(X, y) > plain.score(X, y)


def test_auto_on_clean_labels_equals_none_bit_for_bit(fit, noisy_blobs):
    X, _, y, _ = noisy_blobs
    clf, plain = fit(y), fit(y, correction="none")
    assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))
    assert isinstance(clf.correction_, nn.CrossEntropyLoss)
    assert_array_equal(clf.transition_matrix_, np.eye(3))


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.WeakFirstPassWarning")
def test_auto_corrects_nothing_where_nothing_can_be_learned(rng, fit):
    X, y = rng.standard_normal((600, 2)), (rng.random_sample(600) < 0.3).astype(int)
    clf = fit(y, X)
    assert clf.selection_.correction == "none"
    assert clf.noise_summary_.identity_share == 1
    assert isinstance(clf.correction_, nn.CrossEntropyLoss)


@pytest.mark.parametrize("transition", ["auto", 0.01])
def test_auto_always_says_why(fit, noisy_blobs, transition):
    clf = fit(noisy_blobs[2], transition=transition)
    assert clf.selection_.correction == "none"
    assert "below" in clf.selection_.reason


def test_other_corrections_do_not_shrink_a_transition_to_the_identity(fit):
    clf = fit(correction="forward", transition="frequency")
    assert clf.noise_summary_.identity_share == 0
    estimate = clf.transition_estimator_.transition_matrix_
    assert_array_equal(clf.transition_matrix_, estimate)


def test_known_transition_is_inverted_as_it_is(fit, noisy_blobs):
    _, y_noisy, _, _ = noisy_blobs
    T = np.array([[0.55, 0.45, 0.0], [0.45, 0.55, 0.0], [0.0, 0.0, 1.0]])
    clf = fit(transition=T)
    y_pred = clf.out_of_fold_proba_.argmax(axis=1)
    expected = noise_corrected_accuracy_score(y_noisy, y_pred, T)
    assert clf.selection_.identity_weight == 0
    assert_allclose(clf.selection_.accuracy[0], expected)


def test_singular_transition_is_mixed_with_the_identity(fit):
    selection = fit(transition=np.full((3, 3), 1 / 3)).selection_
    assert selection.identity_weight > 0
    assert np.isfinite(selection.accuracy).all()


def test_callbacks_hear_only_of_the_refit(fit, quick_net, noisy_blobs):
    heard = []

    class Listener(EpochScoring):
        def on_train_end(self, net, **kwargs):
            heard.append(net)

    listener = Listener("accuracy", on_train=True)
    quick_net.set_params(callbacks=[("listener", listener)])
    fit(transition=noisy_blobs[3])
    assert len(heard) == 1


def test_plain_candidate_is_the_first_pass(fit, noisy_blobs):
    _, y_noisy, _, T = noisy_blobs
    clf = fit(transition=T)
    expected = -log_loss(y_noisy, clf.out_of_fold_proba_)
    assert_allclose(clf.selection_.log_likelihood[0], expected, rtol=1e-6)


def test_plain_candidate_is_fitted_if_the_first_pass_is_another_model(fit, noisy_blobs):
    _, y_noisy, _, T = noisy_blobs
    clf = fit(transition=T, first_pass=LogisticRegression())
    of_first_pass = -log_loss(y_noisy, clf.out_of_fold_proba_)
    assert clf.selection_.log_likelihood[0] != pytest.approx(of_first_pass)


def test_auto_is_reproducible_and_leaves_its_parameter(fit, noisy_blobs):
    X, _, _, T = noisy_blobs
    one, two = fit(transition=T), fit(transition=T)
    assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    assert clone(one).correction == one.correction == "auto"


def test_auto_may_start_from_the_first_pass(fit, noisy_blobs):
    clf = fit(transition=noisy_blobs[3], refit="first-pass")
    assert clf.selection_.correction in CANDIDATES


def test_auto_takes_trusted_rows_weights_and_strings(fit, noisy_blobs):
    _, y_noisy, y, _ = noisy_blobs
    trusted = np.arange(240) % 6 == 0
    labels = np.array(["ant", "bee", "cat"])[np.where(trusted, y, y_noisy)]
    weight = 1.0 + np.arange(240) % 2
    clf = fit(labels, trusted=trusted, sample_weight=weight)
    assert set(clf.predict(noisy_blobs[0])) <= {"ant", "bee", "cat"}


@pytest.mark.parametrize("y", [np.zeros(20), np.arange(20) % 2])
def test_auto_without_folds_is_none(fit, y):
    rows = np.arange(20.0)[:, np.newaxis]
    weight = np.arange(20) < (1 if y.any() else 20)
    clf = fit(y, rows, sample_weight=weight)
    assert clf.selection_.candidates == ["none"]
    assert "held out" in clf.selection_.reason
    assert clf.noise_summary_.noise_rate is None


def test_auto_in_a_grid_search(quick_net, noisy_blobs):
    X, y_noisy, _, T = noisy_blobs
    quick_net.set_params(max_epochs=5)
    clf = NoiseRobustClassifier(quick_net, transition=T, cv=2, random_state=0)
    search = GridSearchCV(clf, {"correction": ["none", "auto"]}, cv=StratifiedKFold(2))
    assert search.fit(X, y_noisy).best_params_["correction"] in ("none", "auto")
