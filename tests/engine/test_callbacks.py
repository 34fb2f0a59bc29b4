"""Logs that print nothing take no time, and none that prints is lost."""

import pytest
from skorch.callbacks import EarlyStopping, EpochScoring, PrintLog
from skorch.dataset import ValidSplit

LOUD = {"verbose=1": {"verbose": 1}, "own sink": {"callbacks__print_log__sink": str}}


@pytest.fixture
def tables(monkeypatch):
    """Note the tables that skorch makes."""
    made, table = [], PrintLog.table

    def noting(log, row):
        made.append(row)
        return table(log, row)

    monkeypatch.setattr(PrintLog, "table", noting)
    return made


def test_log_that_prints_nothing_makes_no_table(make_net, fit, table, tables):
    net = fit(make_net(), table)
    assert tables == []
    assert any(type(callback) is PrintLog for _, callback in net.callbacks_)


@pytest.mark.parametrize("params", LOUD.values(), ids=LOUD)
def test_log_that_somebody_reads_is_made(make_net, fit, table, tables, params):
    net = fit(make_net(**params), table)
    assert len(tables) == len(net.history)


@pytest.mark.parametrize("monitor", ["my_score", "my_score_best", "valid_loss"])
def test_score_that_another_callback_looks_at_is_there_in_the_folds(
    make_net, fit, table, monitor
):
    score = EpochScoring("f1_macro", name="my_score", lower_is_better=False)
    unseen = EpochScoring("accuracy", name="unseen")
    stop = EarlyStopping(monitor=monitor, patience=9, sink=str)
    callbacks = [("any", score), ("other", unseen), ("stop", stop)]
    net = fit(
        make_net(callbacks=callbacks, train_split=ValidSplit(3)), table, observed=False
    )
    assert "unseen" not in net.history[-1]
    assert monitor in net.history[-1]
