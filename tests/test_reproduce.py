"""The command that runs the papers' tables: cells, networks and augmentation."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from benchmarks.reproduce import _cells, cifar10, goldberger, imdb, mnist, tabular, tune
from benchmarks.reproduce._cells import Cell, read_results, run_missing
from benchmarks.reproduce._machine import machine, versions

CELLS = [
    Cell("net", "symmetric .2", ("plain", "forward"), seed=0),
    Cell("net", "symmetric .2", ("plain", "forward"), seed=1),
    Cell("net", "none", ("plain",), seed=0),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own for the results of each test."""
    monkeypatch.setattr(_cells, "RESULTS", tmp_path)
    return tmp_path


class Runs:
    """A table's `run` that keeps the cells it was given, and may be interrupted."""

    def __init__(self, interrupted_at=None):
        self.cells, self.interrupted_at = [], interrupted_at

    def __call__(self, cell):
        if len(self.cells) == self.interrupted_at:
            raise KeyboardInterrupt
        self.cells.append(cell)
        for number, system in enumerate(cell.systems):
            yield {"system": system, "accuracy": 90.0 + number}


def run_again(cells, interrupted_at=None):
    """Run what is missing, and return the cells that were run."""
    runs = Runs(interrupted_at)
    run_missing("table", cells, runs, jobs=1)
    return runs.cells


def test_all_cells_are_run_where_there_are_no_results():
    assert run_again(CELLS) == CELLS
    assert len(read_results("table")) == 5


def test_a_finished_cell_is_not_run_again():
    run_again(CELLS[:2])
    assert run_again(CELLS) == CELLS[2:]
    assert run_again(CELLS) == []
    assert len(read_results("table")) == 5


def test_of_a_cell_with_a_finished_system_only_the_others_are_run():
    run_again([CELLS[0]._replace(systems=("plain",))])
    assert run_again(CELLS[:1]) == [CELLS[0]._replace(systems=("forward",))]
    assert read_results("table").system.tolist() == ["plain", "forward"]


def test_another_seed_model_or_noise_is_another_cell():
    run_again(CELLS[:1])
    others = [
        CELLS[0]._replace(seed=7),
        CELLS[0]._replace(model="other net"),
        CELLS[0]._replace(noise="none"),
    ]
    assert run_again(others) == others


def test_an_interrupt_leaves_the_finished_cells():
    with pytest.raises(KeyboardInterrupt):
        run_again(CELLS, interrupted_at=1)
    frame = read_results("table")
    assert frame.seed.tolist() == [0, 0]
    assert frame.system.tolist() == ["plain", "forward"]
    assert run_again(CELLS) == CELLS[1:]


def test_rows_come_in_the_order_of_the_columns_that_are_there(folder):
    path = folder / "table.csv"
    _cells.append(path, [{"a": 1, "b": 2}])
    _cells.append(path, [{"b": 4, "a": 3}])
    assert pd.read_csv(path).to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_rows_with_other_columns_are_refused(folder):
    path = folder / "table.csv"
    _cells.append(path, [{"a": 1, "b": 2}])
    with pytest.raises(ValueError, match=r"columns \['a', 'b'\]; got \['a', 'c'\]"):
        _cells.append(path, [{"a": 3, "c": 4}])
    assert len(pd.read_csv(path)) == 1


def test_a_row_holds_its_cell_its_result_and_what_it_was_run_on():
    run_again(CELLS)
    row = read_results("table").iloc[3]
    cell = (row.model, row.noise, row.system, row.seed)
    assert cell == ("net", "symmetric .2", "forward", 1)
    assert (row.accuracy, row.versions, row.machine) == (
        91.0,
        versions(),
        machine(),
    )
    assert row.seconds >= 0
    assert f"torch=={torch.__version__}" in row.versions
    assert "commit=" in row.versions


def test_a_row_names_the_warnings_of_its_system_alone():
    def run(cell):
        warnings.warn("twice", RuntimeWarning, stacklevel=1)
        warnings.warn("is once", RuntimeWarning, stacklevel=1)
        yield {"system": "plain"}
        warnings.warn("another", UserWarning, stacklevel=1)
        yield {"system": "forward"}

    rows = _cells.run_cell(run, CELLS[0])
    assert [row["warnings"] for row in rows] == ["RuntimeWarning", "UserWarning"]


def gpu(monkeypatch, there):
    """Let torch say whether there is a GPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)


def columns(cells):
    """List model, noise, system and seed of each row that the cells will give."""
    return [
        (cell.model, cell.noise, system, cell.seed)
        for cell in cells
        for system in cell.systems
    ]


def test_without_a_gpu_only_the_reduced_network_learns_cifar(monkeypatch):
    gpu(monkeypatch, False)
    assert columns(cifar10.cells(3)) == [
        (cifar10.REDUCED, "symmetric .2", system, 0)
        for system in ("cross-entropy", "forward, T")
    ]


def test_with_a_gpu_each_number_of_the_paper_is_run_with_each_seed(monkeypatch):
    gpu(monkeypatch, True)
    rows = columns(cifar10.cells(3))
    assert len(rows) == len(set(rows))
    assert set(rows) == {
        (model, noise, system, seed)
        for model, numbers in cifar10.PAPERS_NUMBERS.items()
        for system, of_system in numbers.items()
        for noise, _ in zip(cifar10.NOISES, of_system, strict=True)
        for seed in range(3)
    }


@pytest.mark.parametrize("table", [goldberger, imdb, mnist, tabular, tune])
@pytest.mark.parametrize("seeds", [1, 4])
def test_no_row_of_a_table_is_run_twice(table, seeds):
    rows = columns(table.cells(seeds))
    assert len(rows) == len(set(rows))


def test_all_of_permuted_mnist_is_run_with_each_seed_its_shares_with_one():
    seeds = pd.DataFrame(goldberger.cells(3)).groupby("model").seed.unique()
    assert {model: list(of_model) for model, of_model in seeds.items()} == {
        "all data": [0, 1, 2],
        "50 % of the data": [0],
        "20 % of the data": [0],
    }


def test_one_column_of_permuted_mnist_starts_from_the_confusion():
    rows = columns(goldberger.cells(1))
    assert [row for row in rows if "confusion" in row[2]] == [
        ("all data", "permutation .46", "simple, from the confusion", 0)
    ]


def test_the_figure_needs_no_results_of_the_shares(folder):
    rows = [
        (*column, accuracy, accuracy - 1, accuracy + 1)
        for column, accuracy in zip(columns(goldberger.cells(1)), np.linspace(98, 20, 61))
    ]
    names = ["model", "noise", "system", "seed", "accuracy", "low", "high"]
    frame = pd.DataFrame(rows, columns=names)
    widths = []
    for some in (frame[frame.model == "all data"], frame):
        goldberger.plot(some, folder / "figure.png")
        header = (folder / "figure.png").read_bytes()[:20]
        assert header.startswith(b"\x89PNG")
        widths.append(int.from_bytes(header[16:20]))
    assert widths[0] < widths[1]


@pytest.fixture
def images():
    """Images in which each pixel of each channel is another number, none of them 0."""
    return torch.arange(1.0, 1 + 40 * 3 * 6 * 5).reshape(40, 3, 6, 5)


@pytest.fixture
def augmented(images):
    torch.manual_seed(0)
    return cifar10.augment(images)


def crops(image, border=4):
    """List all crops of an image, and of its mirror image."""
    height, width = image.shape[1:]
    padded = torch.zeros(len(image), height + 2 * border, width + 2 * border)
    padded[:, border:-border, border:-border] = image
    steps = range(2 * border + 1)
    plain = [padded[:, i : i + height, j : j + width] for i in steps for j in steps]
    return [*plain, *(crop.flip(2) for crop in plain)]


def test_augmentation_keeps_shape_and_type(images, augmented):
    assert (augmented.shape, augmented.dtype) == (images.shape, images.dtype)


def test_an_augmented_image_is_a_crop_of_it_or_of_its_mirror_image(images, augmented):
    for image, new in zip(images, augmented):
        assert any(torch.equal(new, crop) for crop in crops(image))


def test_each_image_has_a_flip_and_a_crop_of_its_own():
    image = torch.arange(1.0, 1 + 3 * 6 * 5).reshape(1, 3, 6, 5)
    possible = crops(image[0])
    torch.manual_seed(0)
    new = cifar10.augment(image.expand(4000, -1, -1, -1))
    drawn = {tuple(one) for one in new.unique(dim=0).flatten(1).tolist()}
    assert drawn == {tuple(crop.flatten().tolist()) for crop in possible}
    assert len(drawn) == len(possible)
    mirrored = torch.stack(possible[81:])
    is_mirrored = (new[:, None] == mirrored).all(dim=(2, 3, 4)).any(dim=1)
    assert is_mirrored.float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_the_border_of_a_shifted_image_is_zero(images, augmented):
    missing = (augmented == 0).sum(dim=(1, 2, 3))
    assert missing.max() > 0
    assert set(augmented.unique().tolist()) <= {0.0, *images.unique().tolist()}


def test_augmentation_follows_the_generator_of_torch(images, augmented):
    assert not torch.equal(cifar10.augment(images), augmented)
    torch.manual_seed(0)
    torch.testing.assert_close(cifar10.augment(images), augmented)


def test_in_evaluation_mode_the_network_is_that_of_the_package():
    net, images = cifar10.AugmentedResNet(10, depth=8, width=2), torch.randn(5, 3, 8, 8)
    net.eval()
    torch.testing.assert_close(net(images), net.net(images))


def test_in_training_mode_the_network_sees_augmented_images():
    net, images = cifar10.AugmentedResNet(10, depth=8, width=2), torch.randn(5, 3, 8, 8)
    torch.manual_seed(0)
    logits = net(images)
    torch.manual_seed(0)
    torch.testing.assert_close(logits, net.net(cifar10.augment(images)))
    assert not torch.allclose(logits, net.net(images))


def test_the_learning_rate_of_cifar_falls_twice(rng):
    net = cifar10.training("ResNet-14", seed=0)
    net.set_params(module__n_classes=2, module__depth=8, module__width=1)
    net.set_params(criterion=torch.nn.CrossEntropyLoss)
    X, y = rng.randn(10, 3, 1, 1).astype(np.float32), np.arange(10) % 2
    net.fit(X, y)
    expected = np.repeat([1e-2, 1e-3, 1e-4], [40, 40, 40])
    np.testing.assert_allclose(net.history[:, "event_lr"], expected)


def test_ideas_for_the_defaults_run(monkeypatch):
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32) / 16
    monkeypatch.setattr(tune, "data", lambda: (X[:200], y[:200], X, y))
    [cell] = [cell for cell in tune.cells(1) if cell.noise == "symmetric .2"]
    rows = {row["system"]: row for row in tune.run(cell)}
    tune.fit_defaults.cache_clear()
    assert tuple(rows) == tune.IDEAS
    assert min(row["accuracy"] for row in rows.values()) > 70
    # Each idea but one makes a difference: the same T̂ gives the same network.
    accuracies = [row["accuracy"] for row in rows.values()]
    assert accuracies[0] == accuracies[1]
    assert len(set(accuracies)) > len(accuracies) / 2


def test_weights_are_averaged_over_the_last_five_epochs():
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append(net.module_.weight.detach().clone())

    net = NeuralNetClassifier(
        nn.Linear,
        module__in_features=2,
        module__out_features=2,
        criterion=nn.CrossEntropyLoss,
        callbacks=[("last", tune.KeepLastWeights()), ("watch", Watch())],
        max_epochs=7,
        train_split=None,
        verbose=0,
    ).fit(np.eye(2, dtype=np.float32), np.arange(2))
    tune.average_weights(net)
    torch.testing.assert_close(net.module_.weight, torch.stack(seen[-5:]).mean(dim=0))
