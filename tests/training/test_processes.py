"""Several processes that train one net find what one process finds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skorch import NeuralNetClassifier

from tests.training.fit_in_processes import CLOSE, REFUSED, SAME, fit

pytest.importorskip("accelerate")
pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("fit_in_processes.py")


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """What each of two processes has found, what they printed, and their folder."""
    folder = tmp_path_factory.mktemp("processes")
    command = [*("-m", "torch.distributed.run"), "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, *command, SCRIPT, folder],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [np.load(folder / f"{rank}.npz") for rank in range(2)], done.stdout, folder


@pytest.fixture(scope="module")
def alone():
    """What one process finds without an accelerator."""
    return {name: fit(NeuralNetClassifier, **how) for name, how in SAME.items()}


@pytest.mark.parametrize("name", SAME)
def test_processes_find_what_one_process_finds(launched, alone, name):
    (first, _), *_ = launched
    for key, expected in alone[name].items():
        np.testing.assert_allclose(first[f"{name}/{key}"], expected, atol=2e-5)


@pytest.mark.parametrize("name", [*SAME, *CLOSE, "written", "read"])
def test_all_processes_find_the_same(launched, name):
    (first, second), *_ = launched
    keys = [key for key in first if key.startswith(f"{name}/")]
    assert len(keys) == 5
    for key in keys:
        np.testing.assert_array_equal(first[key], second[key])


@pytest.mark.parametrize("name", CLOSE)
def test_processes_learn_with_layers_that_see_a_share(launched, alone, name):
    (first, _), *_ = launched
    distance = np.abs(first[f"{name}/y_proba"] - alone["forward"]["y_proba"])
    assert 0 < distance.mean() < 0.1


def test_only_the_first_process_writes_and_prints(launched):
    (first, _), printed, folder = launched
    assert printed.count("refit on") == 2  # of two fits
    assert len(list(folder.glob("memory/**/output.pkl"))) == 1
    assert any(folder.glob("checkpoints/*"))
    for key in ("out_of_fold", "y_proba"):
        np.testing.assert_array_equal(first[f"written/{key}"], first[f"read/{key}"])


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shared_is_an_error(launched, name):
    (first, second), *_ = launched
    assert "2 processes" in str(first[f"refused/{name}"])
    assert str(first[f"refused/{name}"]) == str(second[f"refused/{name}"])
