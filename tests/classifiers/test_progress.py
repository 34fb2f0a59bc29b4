"""What a verbose fit shows: a bar on a terminal, lines elsewhere."""

import io
import re
import sys
import threading
import warnings

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers import _fit_bar, _fit_callbacks
from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)

LINE = "[NoiseRobustClassifier]"
LINES = [
    f"{LINE} first pass on 3 folds",
    *(f"{LINE} fold {number} of 3 done" for number in (1, 2, 3)),
    f"{LINE} refit on 240 samples",
]
BAR = "NoiseRobustClassifier - "
BAR_OF_DEFAULT = "NoiseRobustClassifier: "


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def terminal():
    pytest.importorskip("sklearn.callback", reason="new in scikit-learn 1.9")
    pytest.importorskip("rich")
    return Terminal()


@pytest.fixture
def show(fit, terminal, monkeypatch):
    """Fit with a terminal as stdout."""

    def show(function=fit, *args, **params):
        with monkeypatch.context() as patch:  # pytest has its own for each phase
            patch.setattr(sys, "stdout", terminal)
            try:
                return function(*args, **params)
            finally:
                assert sys.stdout is terminal

    return show


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    quick_net.set_params(max_epochs=4)

    def fit(**params):
        params = {"cv": 3, "random_state": 0, "verbose": 1} | params
        return NoiseRobustClassifier(quick_net, **params).fit(X, y_noisy)

    return fit


def test_a_line_per_step_is_printed_where_there_is_no_terminal(fit, capsys):
    fit()
    assert capsys.readouterr().out.splitlines() == LINES


def test_quiet_fit_shows_nothing(show, terminal):
    show(verbose=0)
    assert terminal.getvalue() == ""


def test_very_verbose_fit_shows_the_table_of_the_refit(fit, capsys):
    fit(verbose=2)
    assert capsys.readouterr().out.count("train_loss") == 1


def test_choice_and_rounds_have_lines_of_their_own(fit, capsys):
    fit(correction="auto", transition=0.4)
    assert f"{LINE} choice of the correction" in capsys.readouterr().out
    fit(correction="em", transition=0.4)
    assert f"{LINE} EM round 1: mean log-likelihood" in capsys.readouterr().out


def test_bar_takes_the_place_of_lines_on_a_terminal(show, terminal):
    clf = show()
    shown = terminal.getvalue()
    for step in ("fit", "first pass", "refit"):
        assert BAR + step in shown
    assert LINE not in shown
    assert not hasattr(clf, "_skl_callbacks")


def test_bar_is_added_to_the_callbacks_of_the_user_for_one_fit(
    show, noisy_blobs, fit, terminal
):
    callback = pytest.importorskip("sklearn.callback")
    monitor = callback.ScoringMonitor(scoring="accuracy")
    clf = fit(verbose=0, transition=0.4).set_params(verbose=1).set_callbacks(monitor)
    show(clf.fit, *noisy_blobs[:2])
    assert BAR + "refit" in terminal.getvalue()
    assert clf._skl_callbacks == [monitor]


class Fails(MLP):
    """Raises an error in its first step."""

    error = None

    def forward(self, X):
        if self.training:
            raise self.error
        return super().forward(X)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_bar_is_removed_after_an_error(quick_net, noisy_blobs, show, monkeypatch, error):
    monkeypatch.setattr(Fails, "error", error)
    net = quick_net.set_params(module=Fails)
    clf = NoiseRobustClassifier(net, transition=0.4, random_state=0, verbose=1)
    before = vars(clf).copy()
    with pytest.raises(error):
        show(clf.fit, *noisy_blobs[:2])
    assert vars(clf) == before


def test_nothing_is_drawn_before_the_input_is_checked(show, terminal):
    with pytest.raises(ValueError, match="transition"):
        show(transition=[[1.0]])
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("missing", ["rich", "scikit-learn 1.9"])
def test_lines_are_printed_where_there_is_no_bar(show, terminal, monkeypatch, missing):
    if missing == "rich":
        monkeypatch.setattr(_fit_bar, "find_spec", lambda name: None)
    else:
        monkeypatch.setattr(_fit_callbacks, "ProgressBar", None)
    show()
    assert terminal.getvalue().splitlines() == LINES


def test_lines_are_printed_in_a_thread(fit, show, terminal):
    def fit_in_a_thread():
        thread = threading.Thread(target=fit)
        thread.start()
        thread.join()

    show(fit_in_a_thread)
    assert terminal.getvalue().splitlines() == LINES


def test_bar_of_a_search_is_not_drawn_twice(quick_net, noisy_blobs, show, terminal):
    callback = pytest.importorskip("sklearn.callback")
    quick_net.set_params(max_epochs=2)
    clf = NoiseRobustClassifier(quick_net, transition=0.4, random_state=0, verbose=1)
    search = GridSearchCV(clf, {"correction": ["none", "forward"]}, cv=2)
    show(search.set_callbacks(callback.ProgressBar()).fit, *noisy_blobs[:2])
    shown = terminal.getvalue()
    assert "GridSearchCV" in shown
    assert LINE in shown


@pytest.mark.parametrize("first_pass", [None, LogisticRegression()])
def test_bits_do_not_depend_on_what_is_shown(show, noisy_blobs, terminal, first_pass):
    X = noisy_blobs[0]
    quiet, shown = (show(verbose=v, first_pass=first_pass) for v in (0, 1))
    assert BAR in terminal.getvalue()
    assert_array_equal(shown.predict_proba(X), quiet.predict_proba(X))
    assert_array_equal(shown.out_of_fold_proba_, quiet.out_of_fold_proba_)


@pytest.fixture
def show_on_stderr(fit, terminal, monkeypatch):
    """Fit with a terminal as stderr and the default of `verbose`."""

    def show(delay=0.0, **params):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal)
            patch.setattr(_fit_bar, "DELAY", delay)
            return fit(verbose=None, **params)

    return show


def threads_of_bar():
    """Return the threads of bars that do not end; those of others may live on."""
    found = [
        thread
        for thread in threading.enumerate()
        if isinstance(thread, threading.Timer)
        or type(thread).__module__.startswith("rich.")
    ]
    for thread in found:
        thread.join(timeout=5)  # rich tells them to end and does not wait
    return [thread for thread in found if thread.is_alive()]


def test_long_fit_shows_its_steps_on_stderr_by_default(show_on_stderr, terminal, capsys):
    show_on_stderr()
    shown = terminal.getvalue()
    assert "NoiseRobustClassifier: refit on 240 samples" in shown
    assert shown.endswith("\x1b[2K")  # the line of the bar is erased
    assert capsys.readouterr().out == ""


def test_short_fit_shows_nothing_by_default(show_on_stderr, terminal):
    show_on_stderr(delay=60.0)
    assert terminal.getvalue() == ""
    assert not threads_of_bar()


def test_default_shows_nothing_in_a_pipe(fit, capsys, monkeypatch):
    monkeypatch.setattr(_fit_bar, "DELAY", 0.0)
    fit(verbose=None)
    assert capsys.readouterr() == ("", "")


def test_default_shows_nothing_beside_a_bar_of_the_user(
    quick_net, noisy_blobs, terminal, monkeypatch
):
    callback = pytest.importorskip("sklearn.callback")
    quick_net.set_params(max_epochs=2)
    clf = NoiseRobustClassifier(quick_net, transition=0.4, random_state=0)
    clf.set_callbacks(callback.ProgressBar())
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_fit_bar, "DELAY", 0.0)
    clf.fit(*noisy_blobs[:2])
    assert terminal.getvalue() == ""


def test_bar_by_default_disappears_after_an_error(
    quick_net, noisy_blobs, terminal, monkeypatch
):
    monkeypatch.setattr(Fails, "error", KeyboardInterrupt)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_fit_bar, "DELAY", 0.0)
    net = quick_net.set_params(module=Fails)
    with pytest.raises(KeyboardInterrupt):
        NoiseRobustClassifier(net, transition=0.4).fit(*noisy_blobs[:2])
    assert not threads_of_bar()


class Warns(MLP):
    """Warns in each step of a training."""

    def forward(self, X):
        if self.training:
            warnings.warn("careful", UserWarning, stacklevel=1)
        return super().forward(X)


@pytest.mark.filterwarnings("always:careful")
def test_warnings_have_lines_of_their_own_above_the_bar(
    quick_net, noisy_blobs, terminal, monkeypatch
):
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_fit_bar, "DELAY", 0.0)
    monkeypatch.setattr(warnings, "showwarning", show_on_stderr_alone)
    net = quick_net.set_params(module=Warns, max_epochs=20)
    NoiseRobustClassifier(net, transition=0.4, random_state=0).fit(*noisy_blobs[:2])
    assert sys.stderr is terminal
    lines = re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", terminal.getvalue()).splitlines()
    warned = [line for line in lines if "careful" in line]
    assert warned
    assert not any(BAR_OF_DEFAULT in line for line in warned)


def show_on_stderr_alone(message, category, filename, lineno, file=None, line=None):
    """Write a warning as Python does outside of pytest."""
    sys.stderr.write(f"{category.__name__}: {message}\n")


def test_fit_within_a_fit_has_no_bar_of_its_own(fit, show_on_stderr, terminal, quick_net):
    inner = NoiseRobustClassifier(clone(quick_net), transition=0.4, random_state=0)
    show_on_stderr(first_pass=inner)
    shown = terminal.getvalue()
    assert "refit on 240 samples" in shown
    assert "refit on 160 samples" not in shown  # that of the folds


def test_bits_do_not_depend_on_the_bar_of_the_default(fit, show_on_stderr, noisy_blobs):
    X = noisy_blobs[0]
    assert_array_equal(show_on_stderr().predict_proba(X), fit().predict_proba(X))
