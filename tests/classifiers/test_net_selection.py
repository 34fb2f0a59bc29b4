"""The default network: what the data choose of it, and what the user has set."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import make_blobs, make_moons
from sklearn.exceptions import ConvergenceWarning

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

CENTERS = 3 * np.eye(3, 4)


def default_net(correction="none", **params):
    """Return a classifier with the default network, and some of its parameters set."""
    clf = NoiseRobustClassifier(correction=correction, device="cpu", random_state=0)
    return clf.set_params(**params)


def blobs(n_samples=240, seed=0, **params):
    """Make blobs in four columns."""
    return make_blobs(n_samples, centers=CENTERS, random_state=seed, **params)


@pytest.fixture(scope="module")
def moons():
    """Two moons, which no line separates, and the classifier of them."""
    X, y = make_moons(300, noise=0.15, random_state=0)
    return X, y, default_net(cv=3).fit(X, y)


def test_curved_border_is_learned_by_a_net_that_is_not_linear(moons):
    X, y, clf = moons
    chosen = clf.net_selection_.candidates[clf.net_selection_.chosen]
    assert chosen["module__hidden"] or chosen["module__encoding"] != "RobustScaling"
    assert clf.score(X, y) > 0.9


def test_choice_is_the_first_that_is_as_good_as_the_best(moons):
    found = moons[2].net_selection_
    gain, error = found.log_likelihood_gain, found.log_likelihood_gain_error
    best = found.log_likelihood.argmax()
    n_candidates = len(found.candidates)
    assert n_candidates > 1
    for values in (found.n_steps, found.log_likelihood, found.log_likelihood_error):
        assert len(values) == n_candidates
    assert (np.array(found.n_steps) > 0).all()
    assert (found.log_likelihood < 0).all()
    assert_allclose(gain, found.log_likelihood - found.log_likelihood[best])
    assert gain[best] == error[best] == 0
    assert found.chosen == np.flatnonzero(gain >= -error / 2)[0]


def test_net_is_that_of_the_choice(moons):
    X, _, clf = moons
    found, net = clf.net_selection_, clf.estimator_
    chosen = found.candidates[found.chosen]
    assert net.lr == chosen["lr"]
    assert net.module__hidden == chosen["module__hidden"]
    assert type(net.module__encoding).__name__ == chosen["module__encoding"]
    n_batches = -(-len(X) // net.batch_size)
    assert clf.n_iter_ == pytest.approx(found.n_steps[found.chosen] / n_batches, abs=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("module__hidden", (5,)),
        ("lr", 0.03),
        ("max_epochs", 7),
        ("n_steps", 8),
        ("averages_weights", False),
    ],
)
def test_what_the_user_has_set_stays(name, value):
    X, y = blobs(120)
    clf = default_net(cv=2, **{f"estimator__{name}": value}).fit(X, y)
    assert getattr(clf.estimator_, name) == value
    candidates = clf.net_selection_.candidates
    assert len(candidates) > 1
    assert not any(name in params for params in candidates)
    free = {"module__hidden", "lr", "module__encoding"} - {name}
    assert all(free <= set(params) for params in candidates)


@pytest.mark.parametrize("correction", ["none", "forward"])
def test_steps_of_the_user_are_taken(correction):
    X, y = blobs(120)
    clf = default_net(correction, transition=0.2, cv=2)
    assert clf.fit(X, y, epochs=8).n_iter_ == 8
    clf.set_params(estimator__n_steps=8)
    assert clf.fit(X, y).n_iter_ == 8
    assert set(clf.net_selection_.n_steps) == {8}
    clf.set_params(estimator__averages_weights=True, transition="auto")
    assert clf.fit(X, y).n_iter_ == 8
    assert clf.fit(X, y, epochs=3).n_iter_ == 3


@pytest.mark.parametrize(
    ("params", "n_nets"),
    [
        ({"estimator__module__hidden": (64,)}, 5),
        ({"estimator__module__hidden": np.array([64, 128])}, 5),
        ({"estimator__module__hidden": (256,)}, 1),
        ({"estimator__module__hidden": ()}, 1),
        ({"estimator__module__hidden": (64,), "estimator__n_steps": 9}, 1),
        ({"estimator__module__hidden": (64,), "correction": "adaptation"}, 1),
        ({"estimator__module__hidden": (64,), "refit": "first-pass"}, 1),
        ({"estimator__module__hidden": (64,), "n_estimators": 2}, 2),
    ],
)
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.WeakFirstPassWarning")
def test_deep_nets_for_small_tables_are_averaged(params, n_nets):
    X, y = blobs(60)
    y = make_noisy_labels(y, make_transition_matrix("symmetric", 3, 0.3), random_state=0)
    clf = default_net("forward", cv=2).set_params(**params).fit(X, y)
    assert len(clf.estimators_) == n_nets


def test_table_of_skorch_changes_no_bits(capsys):
    X, y = blobs(300)
    clf = default_net(cv=2, estimator__module__hidden=(32,), estimator__max_epochs=3)
    silent = clf.set_params(n_estimators=3).fit(X, y).predict_proba(X)
    assert_array_equal(clf.set_params(verbose=2).fit(X, y).predict_proba(X), silent)
    assert capsys.readouterr().out.count("train_loss") == 1


def test_folds_have_the_dropout_of_the_refit():
    X, y = blobs(300)  # the folds have no more samples than a batch
    clf = default_net(cv=3, estimator__module__hidden=(64,)).fit(X, y)
    assert {params["module__dropout"] for params in clf.net_selection_.candidates} == {
        clf.estimator_.module__dropout
    }


def test_nothing_is_chosen_where_everything_is_set():
    X, y = blobs(120)
    clf = default_net(
        cv=2,
        estimator__module__hidden=(5,),
        estimator__module__encoding=None,
        estimator__module__dropout=0.0,
        estimator__lr=0.01,
        estimator__max_epochs=30,
    ).fit(X, y)
    assert clf.net_selection_ is None
    assert clf.n_iter_ == 30


def with_a_large_value(X):
    """Put a wrong unit into one cell."""
    X[0, 0] = 1e10
    return X


def with_a_long_tail(X):
    """Add a column of log-normal noise."""
    tail = np.exp(4 * np.random.RandomState(1).normal(size=(len(X), 1)))
    return np.hstack([X, tail])


def with_a_code_for_missing(X):
    """Put -999 where a value is missing."""
    X[np.random.RandomState(2).uniform(size=X.shape) < 0.02] = -999
    return X


@pytest.mark.parametrize(
    "change", [with_a_large_value, with_a_long_tail, with_a_code_for_missing]
)
def test_columns_of_odd_scales_cost_no_accuracy(change):
    X, y = blobs(360)
    X_test, y_test = blobs(300, seed=1)
    plain = default_net(cv=2).fit(X, y).score(X_test, y_test)
    X_test = with_a_long_tail(X_test) if change is with_a_long_tail else X_test
    odd = default_net(cv=2).fit(change(X.copy()), y).score(X_test, y_test)
    assert plain > 0.9
    assert odd > plain - 0.03


def test_correction_and_known_t_do_not_change_the_choice():
    X, y = blobs(150)
    T = make_transition_matrix("pair", 3, 0.2)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    plain = default_net(cv=2).fit(X, y_noisy).net_selection_
    corrected = default_net("forward", transition=T, cv=2).fit(X, y_noisy)
    corrected = corrected.net_selection_
    assert plain.candidates == corrected.candidates
    assert plain.chosen == corrected.chosen
    assert_array_equal(plain.log_likelihood, corrected.log_likelihood)


def weights_of(net):
    """Return all weights of a net."""
    return torch.cat([w.flatten() for w in net.module_.parameters()])


@pytest.mark.parametrize("kind", ["default", "skorch"])
def test_mean_of_several_nets_is_predicted(kind, quick_net):
    X, y = blobs(120)
    several = default_net(n_estimators=3, cv=2)
    if kind == "skorch":
        several.set_params(estimator=quick_net)
    several.fit(X, y)
    nets = several.estimators_
    assert len(nets) == 3
    assert nets[0] is several.estimator_
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        assert not torch.equal(weights_of(nets[i]), weights_of(nets[j]))
    X = X.astype(next(nets[0].module_.parameters()).detach().numpy().dtype)
    mean = np.mean([net.predict_proba(X) for net in nets], axis=0)
    assert_allclose(several.predict_proba(X), mean, atol=1e-6)


@pytest.mark.parametrize("n_estimators", [0, -1, 1.5])
def test_number_of_nets_must_be_positive(n_estimators):
    X, y = blobs(30)
    with pytest.raises(ValueError, match="n_estimators"):
        default_net(n_estimators=n_estimators).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
def test_net_that_has_hardly_learned_is_told():
    X, y = blobs(120)
    clf = default_net(cv=2, estimator__lr=1e-9, estimator__max_epochs=1)
    with pytest.warns(ConvergenceWarning, match="learn"):
        clf.fit(X, y)


class Linear(torch.nn.Module):
    """A linear module of a user."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.out = torch.nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.out(X)


def test_module_of_the_user_gets_the_better_learning_rate():
    X, y = blobs()
    clf = NoiseRobustClassifier(Linear, correction="none", cv=2, random_state=0)
    clf.fit(X, y)
    found = clf.net_selection_
    assert all(set(params) == {"lr"} for params in found.candidates)
    assert clf.estimator_.lr == found.candidates[found.chosen]["lr"]
    assert clf.score(X, y) > 0.8


class Embedding(torch.nn.Module):
    """A module of a user that takes token ids."""

    def __init__(self, n_classes):
        super().__init__()
        self.embed = torch.nn.EmbeddingBag(3, n_classes)

    def forward(self, X):
        return self.embed(X.long())


def test_module_for_token_ids_gets_no_choice():
    X, y = np.eye(3, dtype=np.int64)[[0, 1, 2] * 20], np.arange(60) % 3
    clf = NoiseRobustClassifier(Embedding, correction="none", random_state=0)
    assert clf.fit(X, y).net_selection_ is None


def test_steps_of_a_linear_net_for_texts_are_chosen(rng):
    n_samples, n_words = 200, 1200
    y = rng.randint(2, size=n_samples)
    # Each class prefers one half of the words.
    prefers = (np.arange(n_words) < n_words // 2) == (y[:, np.newaxis] == 0)
    counts = rng.poisson(np.where(prefers, 0.03, 0.01))
    tf_idf = counts / np.log(2 + counts.sum(axis=0))
    norm = np.linalg.norm(tf_idf, axis=1, keepdims=True)
    X = sparse.csr_array(tf_idf / np.where(norm > 0, norm, 1))
    clf = default_net(cv=3).fit(X, y)
    found = clf.net_selection_
    assert {params["module__hidden"] for params in found.candidates} == {()}
    assert clf.n_iter_ == found.n_steps[found.chosen] > 0
    assert clf.score(X, y) > 0.8


@pytest.fixture(scope="module")
def counts():
    """Counts of words in texts of two kinds, each of which prefers one half of them."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=300)
    prefers = (np.arange(1200) < 600) == (y[:, np.newaxis] == 0)
    return sparse.csr_array(rng.poisson(np.where(prefers, 0.05, 0.02)).astype(float)), y


@pytest.mark.parametrize("scale", [0.3, 1, 10])
def test_scale_of_texts_costs_no_accuracy(counts, scale):
    X, y = counts
    clf = default_net(cv=3).fit(scale * X[:200], y[:200])
    assert clf.score(scale * X[200:], y[200:]) > 0.9


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_integer_counts_of_texts_are_learned_as_floats(counts, dtype):
    X, y = 16 * counts[0], counts[1]
    params = [
        default_net(cv=3).fit(kept, y).estimator_.get_params()["lr"]
        for kept in (X, X.astype(dtype))
    ]
    assert_allclose(*params, rtol=1e-5)


def test_hidden_layer_of_the_user_is_trained_for_texts(counts):
    X, y = counts
    clf = default_net(cv=3).set_params(estimator__module__hidden=(64,)).fit(X, y)
    assert clf.score(X, y) > 0.9


def test_steps_that_the_held_out_loss_has_chosen_are_no_fault():
    X, y = blobs()
    rng = np.random.default_rng(0)
    default_net(cv=2).fit(X, rng.permutation(y))  # a warning would be an error


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", 0.01), ("optimizer", torch.optim.Adam), ("optimizer__weight_decay", 0.1)],
)
def test_optimizer_of_the_user_stays_for_texts(counts, name, value):
    X, y = counts
    clf = default_net(cv=3).set_params(**{f"estimator__{name}": value}).fit(X, y)
    assert clf.estimator_.get_params()[name] == value
    assert isinstance(clf.estimator_.optimizer_, torch.optim.Adam | torch.optim.AdamW)


def test_seed_decides_the_choice_whatever_n_jobs():
    X, y = blobs(90)
    one, other = (default_net(cv=2, n_jobs=n).fit(X, y) for n in (None, 2))
    assert_array_equal(
        one.net_selection_.log_likelihood, other.net_selection_.log_likelihood
    )
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("correction", ["none", "forward"])
def test_choice_is_kept_in_memory(correction, tmp_path):
    X, y = blobs(90)
    clf = default_net(correction, cv=2, memory=str(tmp_path))
    first, again = clf.fit(X, y).predict_proba(X), clf.fit(X, y).predict_proba(X)
    fresh = clf.set_params(memory=None).fit(X, y).predict_proba(X)
    assert_array_equal(first, again)
    assert_array_equal(first, fresh)
