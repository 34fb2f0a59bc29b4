"""A process that is forked after a fit can predict and fit."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

# Waits for a child, which exits with 0 if it gets as far, and kills one that hangs.
PROGRAM = """
import multiprocessing, sys, threading, time, warnings
import numpy as np, torch
from sklnoise import NoiseRobustClassifier
from sklnoise.training._config import seeded

warnings.simplefilter("ignore")
torch.set_num_threads(2)
X = np.random.RandomState(0).normal(size=(3000, 10))
y = (X[:, 0] > 0).astype(int)
clf = NoiseRobustClassifier(correction="forward", n_estimators=1, random_state=0)
expected = clf.fit(X, y).predict_proba(X)

def predict():
    np.testing.assert_allclose(clf.predict_proba(X), expected, rtol=1e-5)

def fit():
    clf.fit(X[:200], y[:200]).predict(X)

def hold_the_lock():
    with seeded(0, torch.device("cpu")):
        held.set()
        time.sleep(60)

held = threading.Event()
if sys.argv[2] == "while another thread trains":
    threading.Thread(target=hold_the_lock, daemon=True).start()
    held.wait()
fork = multiprocessing.get_context("fork")
child = fork.Process(target={"predict": predict, "fit": fit}[sys.argv[1]])
child.start()
child.join(60)
hangs = child.is_alive()
child.kill()
sys.exit("hangs" if hangs else child.exitcode)
"""


def test_fork_before_anything_is_computed_keeps_its_threads():
    program = """
import multiprocessing, sys, torch, sklnoise.training
torch.set_num_threads(2)
child = multiprocessing.get_context("fork").Process(
    target=lambda: sys.exit(torch.get_num_threads())
)
child.start()
child.join(60)
sys.exit(child.exitcode)
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=300)
    assert done.returncode == 2


@pytest.mark.parametrize("when", ["at rest", "while another thread trains"])
@pytest.mark.parametrize("action", ["predict", "fit"])
def test_forked_process_can(action, when):
    arguments = [sys.executable, "-c", PROGRAM, action, when]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
