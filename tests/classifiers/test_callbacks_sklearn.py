"""Callbacks of scikit-learn follow a fit, score it, stop it, and change nothing else."""

import importlib.util
import pickle
import sys
from contextlib import suppress

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from skorch import NeuralNetClassifier

import sklnoise._compat
from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP

callback = pytest.importorskip("sklearn.callback", reason="new in scikit-learn 1.9")

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)

N_EPOCHS = 4
WITHOUT_FOLDS = ("fit", "refit")
KINDS = {
    "forward": {},
    "learned T": {"correction": "adaptation", "transition": 0.4},
    "T of each row": {"correction": "adaptation-complex", "transition": 0.4},
    "EM": {"correction": "em", "transition": 0.4},
    "choice": {"correction": "auto", "transition": 0.4},
    "no T": {"correction": "gce"},
    "from the first pass": {"refit": "first-pass"},
    "fine-tuned": {"fine_tune_epochs": 2, "transition": 0.4},
}
REPRESENTATIVES = ["forward", "T of each row", "EM", "fine-tuned"]
N_SCORED = {"T of each row": 2 * N_EPOCHS, "fine-tuned": N_EPOCHS + 2}


def path_of(context):
    """Return the names of a task and of those above it."""
    above = () if context.parent is None else path_of(context.parent)
    return (*above, context.task_name)


class Notes:
    """Notes what it is told, in order; may stop a task by its name."""

    def __init__(self, stop_at=None, fail_at=None):
        self.heard, self.stop_at, self.fail_at = [], stop_at, fail_at

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(("begin", path_of(context), context.task_id))

    def on_fit_task_end(self, estimator, context):
        self.heard.append(("end", path_of(context), context.task_id))
        task = context.task_name, context.task_id
        if task == self.fail_at:
            raise ZeroDivisionError
        return task == self.stop_at

    def ended(self):
        """List the tasks that have ended."""
        return [told[1] for told in self.heard if told[0] == "end"]


class Estimators(Notes):
    """Keeps the estimator of each task that has one."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        super().on_fit_task_end(estimator, context)
        if fitted_estimator is not None:
            self.kept.append(fitted_estimator)


@pytest.fixture
def make(quick_net):
    net = quick_net.set_params(max_epochs=N_EPOCHS, module__dropout=0.2)

    def make(*callbacks, **params):
        params = {"estimator": net, "cv": 3, "random_state": 0} | params
        clf = NoiseRobustClassifier(**params)
        return clf.set_callbacks(*callbacks) if callbacks else clf

    return make


@pytest.fixture
def fit(make, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs

    def fit(*callbacks, **params):
        trusted = np.arange(240) < 30 if "fine_tune_epochs" in params else None
        return make(*callbacks, **params).fit(X, y_noisy, trusted=trusted)

    return fit


def test_tasks_are_folds_and_epochs(fit):
    notes = Notes()
    fit(notes)
    assert notes.ended() == [
        *[("fit", "first pass", "fold")] * 3,
        ("fit", "first pass"),
        *[("fit", "refit", "epoch")] * N_EPOCHS,
        WITHOUT_FOLDS,
        ("fit",),
    ]


class Announced(Notes):
    """Keeps how many tasks below the root are announced."""

    def on_fit_task_begin(self, estimator, context):
        super().on_fit_task_begin(estimator, context)
        if context.parent is None:
            self.n_steps = context.max_subtasks


@pytest.mark.parametrize("noise_rate", [0.0, 0.4])
def test_as_many_steps_come_as_are_announced_where_nothing_can_be_chosen(fit, noise_rate):
    notes = Announced()
    fit(notes, correction="auto", transition=noise_rate)
    steps = [path for path in notes.ended() if len(path) == 2]
    assert ("fit", "selection") in steps
    assert len(steps) == notes.n_steps


@pytest.mark.parametrize("kind", KINDS)
def test_what_begins_ends_between_setup_and_teardown(fit, kind):
    notes = Notes()
    fit(notes, **KINDS[kind])
    first, *told, last = notes.heard
    assert (first, last) == ("setup", "teardown")
    tasks = [task for _, *task in told]
    begun = [task for event, *task in told if event == "begin"]
    assert sorted(begun * 2) == sorted(tasks)
    assert told[0][1] == told[-1][1] == ("fit",)


def test_loop_of_the_users_own_may_take_more_epochs_than_announced(fit):
    class Twice(NeuralNetClassifier):
        def fit_loop(self, X, y=None, epochs=None, **fit_params):
            for _ in range(2):
                super().fit_loop(X, y, epochs=N_EPOCHS - 1, **fit_params)
            return self

    notes = Notes()
    net = Twice(MLP, max_epochs=N_EPOCHS, train_split=None, verbose=0)
    fit(notes, estimator=net, transition=0.4)
    n_epochs = notes.ended().count(("fit", "refit", "epoch"))
    assert n_epochs == 2 * (N_EPOCHS - 1)


def test_what_a_callback_writes_into_its_copy_is_not_fitted(fit):
    class Writes(Estimators):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "epoch":
                fitted_estimator.transition_matrix_[:] = 7

    expected = fit(transition=0.4).transition_matrix_
    assert_array_equal(fit(Writes(), transition=0.4).transition_matrix_, expected)


def test_steps_that_are_skipped_have_no_task(fit):
    notes = Notes()
    fit(notes, correction="gce")
    assert {path[1] for path in notes.ended() if len(path) > 1} == {"refit"}


def test_folds_of_another_model_are_tasks(fit):
    notes = Notes()
    fit(notes, first_pass=LogisticRegression())
    assert notes.ended().count(("fit", "first pass", "fold")) == 3


def test_folds_from_memory_end_as_others_do(fit, tmp_path):
    heard = []
    for _ in range(2):
        notes = Notes()
        fit(notes, memory=str(tmp_path))
        heard.append(sorted(map(str, notes.heard)))
    assert heard[0] == heard[1]


@pytest.mark.parametrize("kind", REPRESENTATIVES)
def test_bits_do_not_depend_on_callbacks(fit, noisy_blobs, kind):
    class Draws(Estimators):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            torch.rand(7)

    X = noisy_blobs[0]
    followed = fit(Draws(), callback.ScoringMonitor(scoring="accuracy"), **KINDS[kind])
    alone = fit(**KINDS[kind])
    assert_array_equal(followed.predict_proba(X), alone.predict_proba(X))
    assert_array_equal(followed.transition_matrix_, alone.transition_matrix_)


@pytest.mark.parametrize("several", [1, 3])
def test_bits_of_default_nets_do_not_depend_on_callbacks(make, noisy_blobs, several):
    X, y_noisy, _, _ = noisy_blobs
    net = make(estimator=None).set_params(estimator__max_epochs=20).estimator
    params = {"estimator": net, "n_estimators": several, "transition": 0.4}
    kept = Estimators()
    followed = make(kept, **params).fit(X, y_noisy)
    alone = make(**params).fit(X, y_noisy)
    assert_array_equal(followed.predict_proba(X), alone.predict_proba(X))
    assert len(kept.kept) == 21  # one net reports its epochs


def test_callback_stops_all_nets_of_the_refit(make, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = make(Notes(stop_at=("epoch", 1)), estimator=None, n_estimators=3)
    clf.fit(X, y_noisy)
    assert [len(net.history) for net in clf.estimators_] == [2, 2, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_monitor_scores_each_epoch_and_the_fit(fit, noisy_blobs, kind):
    X, y_noisy, _, _ = noisy_blobs
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = fit(monitor, **KINDS[kind])
    rows = monitor.get_logs().data
    of_fit = [row for row in rows if row["task_name"] == "fit"]
    of_epochs = [row for row in rows if row["task_name"] == "epoch"]
    assert len(of_fit) + len(of_epochs) == len(rows)
    assert of_fit[0]["accuracy"] == clf.score(X, y_noisy)
    if kind == "EM":
        assert len(of_epochs) % N_EPOCHS == 0
    else:
        assert len(of_epochs) == N_SCORED.get(kind, N_EPOCHS)
        assert of_epochs[-1]["accuracy"] == of_fit[0]["accuracy"]


@pytest.mark.parametrize("kind", REPRESENTATIVES)
def test_estimator_of_the_last_epoch_is_what_the_fit_gives(fit, noisy_blobs, kind):
    X = noisy_blobs[0]
    kept = Estimators()
    clf = fit(kept, **KINDS[kind])
    *_, last, _ = kept.kept
    if kind != "EM":  # which may reject the net of its last round
        assert_array_equal(last.predict_proba(X), clf.predict_proba(X))
        assert_array_equal(last.transition_matrix_, clf.transition_matrix_)
    first, fitted = kept.kept[0], kept.kept[-1]
    assert np.abs(first.predict_proba(X) - last.predict_proba(X)).max() > 0
    assert first.n_iter_ == len(first.history_) == 1
    assert first.predict_noisy_proba(X).shape == (240, 3)
    assert type(last.correction_) is type(fitted.correction_)


@pytest.mark.parametrize("kind", ["learned T", "no T"])
def test_estimator_of_an_epoch_is_what_a_fit_that_stops_there_gives(
    fit, noisy_blobs, kind
):
    X = noisy_blobs[0]
    kept = Estimators()
    fit(kept, **KINDS[kind])
    stopped = fit(Notes(stop_at=("epoch", 1)), **KINDS[kind])
    assert_array_equal(kept.kept[1].predict_proba(X), stopped.predict_proba(X))
    assert_array_equal(kept.kept[1].transition_matrix_, stopped.transition_matrix_)
    assert kept.kept[1].n_iter_ == stopped.n_iter_


def test_transition_of_an_epoch_is_the_one_that_was_learned_by_then(fit):
    kept = Estimators()
    fit(kept, **KINDS["learned T"])
    first, last = kept.kept[0].transition_matrix_, kept.kept[-1].transition_matrix_
    assert np.abs(first - last).max() > 0


def test_estimator_of_an_epoch_is_pickled(fit, noisy_blobs):
    kept = Estimators()
    fit(kept)
    first = kept.kept[0].set_callbacks()
    again = pickle.loads(pickle.dumps(first))
    X = noisy_blobs[0]
    assert_array_equal(again.predict_proba(X), first.predict_proba(X))


def test_weights_reach_the_scorer(make, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    weight = 1.0 + (y_noisy == 0) * 9
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = make(monitor).fit(X, y_noisy, weight)
    last = max(monitor.get_logs().data, key=lambda row: row["task_name"] == "fit")
    assert last["accuracy"] == clf.score(X, y_noisy, weight)
    assert last["accuracy"] != clf.score(X, y_noisy)


def test_callback_may_stop_the_refit(fit):
    notes = Notes(stop_at=("epoch", 1))
    clf = fit(notes)
    assert clf.n_iter_ == len(clf.history_) == 2
    assert notes.ended()[-2:] == [WITHOUT_FOLDS, ("fit",)]


def test_error_of_a_callback_ends_the_fit_and_all_are_taken_down(make, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    notes = Notes(fail_at=("epoch", 1))
    clf = make(notes)
    with pytest.raises(ZeroDivisionError):
        clf.fit(X, y_noisy)
    assert notes.heard[-1] == "teardown"
    assert vars(clf).keys() == vars(make(notes)).keys()


def test_callbacks_are_taken_down_where_a_loss_turns_nan(make, quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    notes = Notes()
    quick_net.set_params(optimizer=torch.optim.SGD, lr=1e300)
    with suppress(ArithmeticError, ValueError, RuntimeError):
        make(notes, transition=0.4).fit(X, y_noisy)
        pytest.fail("the fit succeeded")
    assert notes.heard[-1] == "teardown"


def test_invalid_input_is_rejected_before_any_callback_is_set_up(make):
    notes = Notes()
    with pytest.raises(ValueError, match="inconsistent"):
        make(notes).fit(np.zeros((4, 2)), [0, 1])
    assert notes.heard == []


def test_fit_leaves_no_trace_of_its_callbacks(fit):
    assert vars(fit(Notes())).keys() - vars(fit()).keys() == {"_skl_callbacks"}


def test_bars_of_scikit_learn_show_folds_and_refit(fit, capsys):
    fit(callback.ProgressBar(), verbose=1)
    shown = capsys.readouterr().out
    for name in ("fit", "first pass", "refit"):
        assert f"NoiseRobustClassifier - {name}" in shown
    assert "[NoiseRobustClassifier] refit on 240 samples" in shown


def test_callbacks_follow_a_grid_search(make, noisy_blobs, capsys):
    X, y_noisy, _, _ = noisy_blobs
    monitor = callback.ScoringMonitor(scoring="accuracy")
    grid = {"correction": ["none", "forward"]}
    search = GridSearchCV(make(monitor, transition=0.4), grid, cv=2)
    search.set_callbacks(callback.ProgressBar()).fit(X, y_noisy)
    n_fits = 2 * 2 + 1
    assert len(monitor.get_logs().data) == n_fits * (N_EPOCHS + 1)
    assert "NoiseRobustClassifier - refit" in capsys.readouterr().out.replace("\n", "")


@pytest.mark.slow  # processes start slowly
def test_monitor_hears_of_fits_in_other_processes(make, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = make(monitor, transition=0.4)
    search = GridSearchCV(clf, {"correction": ["none"]}, cv=2, n_jobs=2, refit=False)
    search.fit(X, y_noisy)
    assert len(monitor.get_logs().data) == 2 * (N_EPOCHS + 1)


def test_callbacks_follow_cross_validation(make, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    monitor = callback.ScoringMonitor(scoring="accuracy")
    cross_validate(make(monitor, transition=0.4), X, y_noisy, cv=2)
    assert len(monitor.get_logs(select="all")) == 2


def test_callbacks_are_no_parameters(make):
    plain, followed = make(), make(Notes())
    assert plain.get_params().keys() == followed.get_params().keys()
    assert clone(followed).get_params().keys() == plain.get_params().keys()
    assert "Notes" not in repr(clone(followed))


def test_classifier_with_callbacks_is_pickled(fit, noisy_blobs):
    X = noisy_blobs[0]
    clf = fit(callback.ScoringMonitor(scoring="accuracy"))
    again = pickle.loads(pickle.dumps(clf))
    assert_array_equal(again.predict_proba(X), clf.predict_proba(X))


def test_older_scikit_learn_goes_without(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("older", sklnoise._compat.__file__)
    older = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(older)
    estimator = type("Estimator", (older.CallbackSupportMixin,), {})()
    assert not hasattr(estimator, "set_callbacks")
    assert older.callbacks_of(estimator) == []
    assert older.ProgressBar is None
