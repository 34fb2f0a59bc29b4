"""The parts that are to be run on a GPU, on little made data on the CPU."""

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.gpu import checks, cifar, clothing, folds, human, samples, speed
from benchmarks.gpu._cases import Options, run_part

pytestmark = pytest.mark.filterwarnings("ignore")  # of nets that are hardly trained


@pytest.fixture
def options(tmp_path):
    return Options("cpu", True, tmp_path)


class Clock:
    """A clock that only cases move."""

    def __init__(self, monkeypatch):
        self.now, self.run = 0.0, []
        monkeypatch.setattr("benchmarks.gpu._cases.time.perf_counter", lambda: self.now)

    def cases(self, *durations):
        """Make cases that take so many seconds."""
        return {f"case {i}": partial(self.take, i, s) for i, s in enumerate(durations)}

    def take(self, number, seconds):
        """Take some seconds, and return two rows."""
        self.run.append(number)
        self.now += seconds
        return [{"value": number}, {"value": -number}]


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_case_that_would_end_too_late_is_left(clock, options):
    assert run_part("checks", clock.cases(100, 300, 100), options, 600) == 1
    assert clock.run == [0, 1]


def test_the_first_case_is_run_whatever_it_takes(clock, options):
    assert run_part("checks", clock.cases(900, 10), options, 600) == 1


def test_what_is_left_is_run_by_the_next_command(clock, options):
    cases = clock.cases(300, 300, 300)
    assert run_part("checks", cases, options, 600) == 1
    assert run_part("checks", cases, options, 600) == 0
    assert clock.run == [0, 1, 2]
    assert run_part("checks", cases, options, 600) == 0
    assert clock.run == [0, 1, 2]


def test_rows_of_all_cases_are_in_the_csv_with_their_seconds(clock, options):
    run_part("checks", clock.cases(1, 2), options, 600)
    frame = pd.read_csv(options.path_of("checks"))
    assert frame["value"].tolist() == [0, 0, 1, -1]
    assert frame["seconds"].tolist() == [1, 1, 2, 2]
    assert set(frame["device"]) == {"cpu"}


def test_a_case_that_fails_leaves_no_row(clock, options):
    cases = clock.cases(1) | {"fails": lambda: 1 / 0}
    with pytest.raises(ZeroDivisionError):
        run_part("checks", cases, options, 600)
    assert set(pd.read_csv(options.path_of("checks"))["case"]) == {"case 0"}


CHECKS = checks.cases(Options("cpu", True, None))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_checks_hold_on_the_cpu(name):
    (row,) = CHECKS[name]()
    assert row["holds"], row["found"]


def test_a_value_that_is_read_in_each_step_is_found(monkeypatch):
    step = torch.optim.Adam.step

    def reads(self, *args, **kwargs):
        self.param_groups[0]["params"][0].detach().sum().item()
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.Adam, "step", reads)
    holds, found = checks.check_waiting("forward", "cpu", "MLP")
    assert not holds, found


def test_bits_that_differ_are_found(monkeypatch):
    seeds = iter(range(2))
    make = checks.make_clf

    def other(*args):
        return make(*args, random_state=next(seeds))

    monkeypatch.setattr(checks, "make_clf", other)
    assert not checks.check_bits("cpu", "MLP")[0]


@pytest.mark.slow
@pytest.mark.parametrize("part", [samples, folds, speed])
def test_parts_about_time_give_seconds_of_each_rival(part, options):
    for case in part.cases(options).values():
        rows = pd.DataFrame(case()).set_index("rival")
        timed = rows[~rows.index.str.startswith("folds")]  # a difference
        assert len(rows) >= 1
        assert (timed["median"] > 0).all()


@pytest.mark.slow
def test_cifar_estimates_t_from_the_net_of_the_cross_entropy(options):
    cases = cifar.cases(options)
    before, after = (
        cases[f"{cifar.TINY}; {cifar.TINY_NOISE}; {system}; 0"]
        for system in ("cross-entropy", "forward, T̂")
    )
    with pytest.raises(FileNotFoundError):
        after()
    before()
    (row,) = after()
    assert row["transition_error"] > 0
    (path,) = options.results.glob("*.npy")
    assert np.allclose(np.load(path).sum(axis=1), 1)


def test_cifar_has_a_case_for_each_system_noise_and_seed_of_both_data(tmp_path):
    names = [name.split("; ") for name in cifar.cases(Options("cuda", False, tmp_path))]
    frame = pd.DataFrame(names, columns=["model", "noise", "system", "seed"])
    assert len(frame) == 3 * 4 * 5 * 3
    assert not frame.duplicated().any()
    order = frame.index[frame["system"] == "cross-entropy"]
    assert (frame.index[frame["system"].str.contains("T̂")][::2] > order).all()


@pytest.mark.slow
def test_clothing_reads_a_folder_with_a_clean_part(options, monkeypatch):
    few = {"noisy": 90, "clean": 30, "test": 30}
    monkeypatch.setattr(clothing, "TINY_PARTS", few)
    cases = clothing.cases(options)
    (row,) = cases["forward, fine-tuned"]()
    assert (row["noisy"], row["clean"]) == (90, 30)


def test_images_of_clothing_are_channels_first(tmp_path):
    folder = clothing.make_folder(tmp_path)
    paths, labels = clothing.list_images(folder / "clean")
    image = clothing.Images(paths, 8)[0]
    assert image.shape == (3, 8, 8)
    assert -1 <= image.min() < image.max() <= 1
    assert sorted(set(labels)) == list(clothing.TINY_CLASSES)


@pytest.mark.slow
def test_human_fits_the_labels_of_people(options):
    (row,) = human.cases(options)["worse_label; forward; 0"]()
    assert 0.1 < row["wrong"] < 0.3


def test_labels_of_people_must_be_in_the_order_of_the_images(tmp_path, monkeypatch):
    y = np.arange(10)
    labels = dict.fromkeys(("clean_label", *human.KINDS), y[::-1])
    np.savez(tmp_path / "labels.npz", **labels)
    monkeypatch.setattr(human.cifar10, "data", lambda: (None, y, None, y))
    options = Options("cuda", False, tmp_path, labels=tmp_path / "labels.npz")
    with pytest.raises(ValueError, match="must be the labels of fetch_cifar10"):
        human.data(options)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--part", "6", "--device", "cpu"], "add --tiny"),
        (["--part", "9"], "invalid choice"),
    ],
)
def test_command_says_what_is_wrong(arguments, message):
    command = [sys.executable, "-m", "benchmarks.gpu", *arguments]
    completed = subprocess.run(command, capture_output=True, text=True)
    assert completed.returncode == 2
    assert message in completed.stderr


GPU_CHECKS = checks.cases(Options("cuda", False, None))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", GPU_CHECKS)
def test_checks_hold_on_the_gpu(name):
    (row,) = GPU_CHECKS[name]()
    assert row["holds"], row["found"]
