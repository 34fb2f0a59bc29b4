"""What a fit shows: bars on a terminal, lines elsewhere, nothing unless asked."""

import multiprocessing
import os
import pickle
import re
import sys
import threading
from functools import partial
from types import SimpleNamespace

import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from skorch.callbacks import Callback

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers import _progress, _progress_bars, _progress_display
from sklnoise.classifiers._progress import Following
from sklnoise.classifiers._progress_bars import Clock, in_minutes
from sklnoise.classifiers._progress_display import can_draw, is_terminal

pty = pytest.importorskip("pty", reason="a pseudo-terminal needs POSIX")

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)

N_EPOCHS = 6
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"
LINE = "[NoiseRobustClassifier]"


class Terminal:
    """A pseudo-terminal, and what is written to it."""

    def __init__(self):
        self.master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w")
        self.bytes = b""
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        try:
            while more := os.read(self.master, 4096):
                self.bytes += more
        except OSError:  # so Linux says that nobody writes any more
            pass

    def wait_for(self, text):
        """Wait until something has been written to it, for a minute at most."""
        for _ in range(6000):
            if text in self.bytes.decode(errors="ignore"):
                return
            threading.Event().wait(0.01)
        raise TimeoutError(text)

    def read(self):
        """Close the terminal and return all that was written to it."""
        if not self.stream.closed:
            self.stream.close()
            self.reader.join()
            os.close(self.master)
        return self.bytes.decode()

    def lines(self):
        """Return what was written, without the control sequences, a line each."""
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.read())
        return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]


@pytest.fixture
def terminal(monkeypatch):
    for name, value in {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    terminal = Terminal()
    yield terminal
    terminal.read()


@pytest.fixture
def at_terminal(terminal, monkeypatch):
    """Call a function with the terminal in the place of the standard streams."""

    def at_terminal(function, **params):
        with monkeypatch.context() as patch:  # pytest has its own streams for each phase
            for name in ("stdout", "stderr"):
                patch.setattr(sys, name, terminal.stream)
            try:
                return function(**params)
            finally:
                assert sys.stdout is sys.stderr is terminal.stream

    return at_terminal


@pytest.fixture
def show(fit, at_terminal):
    """Fit at the terminal."""
    return partial(at_terminal, fit)


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    quick_net.set_params(max_epochs=N_EPOCHS)

    def fit(**params):
        params = {"cv": 3, "random_state": 0, "verbose": 1} | params
        return NoiseRobustClassifier(quick_net, **params).fit(X, y_noisy)

    return fit


def test_bars_count_the_epochs_of_folds_and_refit(show, terminal):
    show()
    *_, first_pass, refit = terminal.lines()
    assert re.fullmatch(r"first pass on 3 folds \S+ 18/18 epochs \d:\d\d", first_pass)
    assert re.fullmatch(r"refit on 240 rows +\S+ 6/6 epochs +\d:\d\d", refit)
    assert not any(LINE in line for line in terminal.lines())


def test_bar_shows_how_far_it_is_and_the_time_that_is_left(
    show, quick_net, terminal, monkeypatch
):
    monkeypatch.setattr(_progress_bars, "LEAST_SECONDS", 0)

    class Waits(Callback):
        def on_epoch_end(self, net, **kwargs):
            terminal.wait_for(f"{len(net.history) - 1}/6 epochs")

    quick_net.set_params(callbacks=[Waits()])
    show(transition=0.4)
    shown = [re.search(r"(\d+)/6 epochs +(\d:\d\d left)?", x) for x in terminal.lines()]
    shown = [found for found in shown if found]
    counts = [int(found[1]) for found in shown]
    assert counts == sorted(counts)
    assert set(counts) >= set(range(1, 7))
    assert any(found[2] for found in shown)


def test_epochs_that_are_stopped_early_are_not_waited_for(show, quick_net, terminal):
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 4:
                raise KeyboardInterrupt

    quick_net.set_params(callbacks=[Stop()])
    assert show(transition=0.4).n_iter_ == 4
    assert "4/4 epochs" in terminal.lines()[-1]


def test_folds_are_counted_where_no_net_has_epochs(show, terminal):
    show(first_pass=LogisticRegression())
    assert "3/3 folds" in terminal.lines()[-2]


def test_first_pass_from_memory_has_a_full_bar(show, terminal, tmp_path):
    for _ in range(2):
        show(memory=str(tmp_path))
    assert "from memory" in terminal.lines()[-2]


def test_further_trainings_lengthen_the_bar(show, terminal):
    clf = show(transition=0.4, correction="em")
    rounds = [line for line in terminal.lines() if "EM round" in line]
    total = N_EPOCHS * (1 + len(rounds))
    assert f"{total}/{total} epochs" in terminal.lines()[-1]
    assert clf.n_iter_ == N_EPOCHS


def test_choice_of_the_correction_has_a_bar(show, terminal):
    show(correction="auto", transition=0.4)
    choice = next(x for x in reversed(terminal.lines()) if "choice of the" in x)
    assert "36/36 epochs" in choice  # two candidates on three folds
    assert any("is chosen" in line for line in terminal.lines())


def test_table_of_the_refit_takes_the_place_of_its_bar(show, terminal):
    show(verbose=2)
    lines = terminal.lines()
    assert any("18/18 epochs" in line for line in lines)
    assert f"{LINE} refit on 240 rows" in lines
    assert any("train_loss" in line for line in lines)
    assert not any("6/6 epochs" in line for line in lines)


def test_bar_is_left_out_where_there_is_no_room(show, terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    show()
    last = terminal.lines()[-1]
    assert re.fullmatch(r"refit on 240 rows +6/6 epochs +\d:\d\d", last)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_terminal_is_given_back_after_an_error(show, quick_net, terminal, error):
    def fails():
        raise error

    class Fails(Callback):
        def on_epoch_end(self, net, **kwargs):
            fails()  # it is not the callback itself, which would stop the training

    threads = set(threading.enumerate())
    quick_net.set_params(callbacks=[Fails()])
    with pytest.raises(error):
        show(transition=0.4)
    for thread in set(threading.enumerate()) - threads:
        thread.join(5)
        assert not thread.is_alive()
    written = terminal.read()
    assert written.rfind(SHOW_CURSOR) > written.rfind(HIDE_CURSOR) >= 0


def test_nothing_is_drawn_before_the_input_is_checked(show, terminal):
    with pytest.raises(ValueError, match="transition"):
        show(transition=[[1.0]])
    assert terminal.read() == ""


def test_quiet_fit_shows_nothing_on_a_terminal(show, terminal):
    show(verbose=0)
    assert terminal.read() == ""


LINES = [
    f"{LINE} first pass on 3 folds",
    *(f"{LINE} fold {number} of 3 done" for number in (1, 2, 3)),
    f"{LINE} refit on 240 rows",
]


def test_there_are_lines_where_there_is_no_terminal(fit, capsys):
    fit()
    assert capsys.readouterr().out.splitlines() == LINES


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (_progress_display, "find_spec", lambda name: None),
        (multiprocessing, "parent_process", object),
        (threading, "current_thread", object),
    ],
    ids=["no rich", "worker process", "thread"],
)
def test_there_are_lines_where_no_bar_can_be_drawn(
    at_terminal, show, terminal, monkeypatch, owner, name, value
):
    assert at_terminal(can_draw)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, value)
        assert not at_terminal(can_draw)
    monkeypatch.setattr(_progress, "can_draw", lambda: False)
    show()
    assert terminal.lines() == LINES


def test_there_are_lines_on_a_terminal_that_cannot_go_back(show, terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    show()
    assert terminal.lines() == LINES


def test_there_are_lines_beside_a_net_that_prints_its_own(show, quick_net, terminal):
    quick_net.set_params(verbose=1)
    show(transition=0.4)
    assert f"{LINE} refit on 240 rows" in terminal.lines()
    assert not any("epochs" in line for line in terminal.lines())


@pytest.mark.parametrize("stream", [None, SimpleNamespace()])
def test_stream_that_is_none_is_no_terminal(stream):
    assert not is_terminal(stream)


def test_closed_stream_is_no_terminal(tmp_path):
    stream = (tmp_path / "out").open("w")
    stream.close()
    assert not is_terminal(stream)


def test_bits_do_not_depend_on_what_is_shown(show, noisy_blobs, terminal):
    X = noisy_blobs[0]
    quiet, shown = show(verbose=0), show(verbose=1)
    assert_array_equal(shown.predict_proba(X), quiet.predict_proba(X))
    assert_array_equal(shown.out_of_fold_proba_, quiet.out_of_fold_proba_)
    assert shown.first_pass_history_ == quiet.first_pass_history_


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3661, "1:01:01")]
)
def test_times_are_in_minutes(seconds, text):
    assert in_minutes(seconds) == text


def test_time_left_takes_all_epochs_for_equal_and_runs_between_them():
    task = SimpleNamespace(
        finished=False, completed=2, total=6, elapsed=25.0, fields={"at": 20.0}
    )
    assert Clock().render(task).plain == "0:35 left"  # 10 each, 4 to come, 5 gone


def test_nobody_follows_in_another_process():
    watch = pickle.loads(pickle.dumps(Following([threading.Lock()]).watch))
    assert watch(0, "on_epoch_end", None, 6) is False
