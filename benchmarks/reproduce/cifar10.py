"""CIFAR-10, Table 2 of Patrini et al. (2017): residual networks, and a reduced one."""

from functools import cache

import numpy as np
import torch
from skorch.callbacks import LRScheduler
from torch import nn
from torch.nn import functional
from torch.optim.lr_scheduler import MultiStepLR

from benchmarks.reproduce._patrini import fit_papers, judge, papers_cells, papers_training
from sklnoise.datasets import fetch_cifar10, make_noisy_labels, make_transition_matrix
from sklnoise.nn import ResNet

SEEDS = 3
NOISES = {
    "none": np.eye(10),
    "symmetric .2": make_transition_matrix("symmetric", 10, 0.2),
    "asymmetric .2": make_transition_matrix("cifar10-asymmetric", 10, 0.2),
    "asymmetric .6": make_transition_matrix("cifar10-asymmetric", 10, 0.6),
}
RESNET_14, RESNET_32 = "ResNet-14", "ResNet-32"
REDUCED = "ResNet-14, reduced"
DEPTHS = {RESNET_14: 14, RESNET_32: 32, REDUCED: 14}
PAPERS_NUMBERS = {  # one run each, in the order of NOISES; no deviations
    RESNET_14: {
        "cross-entropy": [(87.8, None), (83.7, None), (85.0, None), (57.6, None)],
        "backward, T": [(87.6, None), (81.5, None), (83.8, None), (75.2, None)],
        "backward, T̂": [(87.7, None), (80.4, None), (83.8, None), (66.7, None)],
        "forward, T": [(87.8, None), (85.6, None), (86.3, None), (84.5, None)],
        "forward, T̂": [(87.4, None), (83.4, None), (87.0, None), (74.8, None)],
    },
    RESNET_32: {
        "cross-entropy": [(90.1, None), (86.6, None), (89.0, None), (53.6, None)],
        "backward, T": [(90.1, None), (83.0, None), (84.4, None), (74.3, None)],
        "backward, T̂": [(90.8, None), (86.9, None), (86.4, None), (66.7, None)],
        "forward, T": [(91.2, None), (87.7, None), (89.9, None), (87.6, None)],
        "forward, T̂": [(90.5, None), (87.9, None), (90.1, None), (77.6, None)],
    },
}
SYSTEMS = tuple(PAPERS_NUMBERS[RESNET_14])
OF_REDUCED = "cross-entropy", "forward, T"
EPOCHS, LR_FALLS = 120, (40, 80)
REDUCED_ROWS, REDUCED_EPOCHS = 2000, 10
BORDER = 4


class AugmentedResNet(nn.Module):
    """Residual network that sees flipped and shifted images while it is trained.

    Parameters
    ----------
    n_classes : int
        Number of logits.

    depth : int
        Number of layers with weights.

    width : int, default=16
        Channels of the first stage.
    """

    def __init__(self, n_classes, *, depth, width=16):
        super().__init__()
        self.net = ResNet(n_classes, depth=depth, width=width)

    def forward(self, X):
        """Compute the logits."""
        return self.net(augment(X) if self.training else X)


def augment(images, border=BORDER):
    """Flip half of the images, and crop each from a border of zeros.

    The draws, one flip and one crop for each image, are those of torch's generator of
    the device.
    """
    n_samples, n_channels, height, width = images.shape
    device = images.device
    top, left = torch.randint(2 * border + 1, (2, n_samples, 1), device=device)
    rows = top + torch.arange(height, device=device)
    columns = left + torch.arange(width, device=device)
    flipped = torch.rand(n_samples, 1, device=device) < 0.5
    columns = torch.where(flipped, columns.flip(1), columns)
    return functional.pad(images, (border,) * 4)[
        torch.arange(n_samples, device=device)[:, None, None, None],
        torch.arange(n_channels, device=device)[:, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]


def cells(seeds):
    """List all cells.

    On a CPU the table would take weeks. So a machine without CUDA runs the reduced
    model alone: 10 epochs on 2000 images, drawn at random, one kind of noise, two
    systems, one seed and 2000 test images. That shows that it runs, not what it
    reaches, and the paper has no number for it.
    """
    if not torch.cuda.is_available():
        return papers_cells(REDUCED, ("symmetric .2",), 1, OF_REDUCED)
    return [
        cell
        for model in PAPERS_NUMBERS
        for cell in papers_cells(model, NOISES, seeds, SYSTEMS)
    ]


@cache
def data():
    """Load the photographs, less the mean of the training images at each pixel."""
    X, y = fetch_cifar10(return_X_y=True)
    X_test, y_test = fetch_cifar10(subset="test", return_X_y=True)
    mean = X.mean(axis=0)
    X -= mean
    X_test -= mean
    return X, y, X_test, y_test


def draw_rows(X, y, rng):
    """Draw the images of the reduced model; the first ones might be of one class."""
    rows = rng.permutation(len(y))[:REDUCED_ROWS]
    return X[rows], y[rows]


def training(model, seed):
    """Make the network of a model, with the training of the paper."""
    schedule = LRScheduler(policy=MultiStepLR, milestones=LR_FALLS, gamma=0.1)
    return papers_training(
        AugmentedResNet,
        seed,
        epochs=REDUCED_EPOCHS if model == REDUCED else EPOCHS,
        callbacks=[("learning_rate", schedule)],
        module__depth=DEPTHS[model],
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.9,
        optimizer__weight_decay=1e-4,
    )


def run(cell):
    """Fit the systems of a cell, on the GPU if there is one."""
    X, y, X_test, y_test = data()
    T = NOISES[cell.noise]
    if cell.model == REDUCED:
        rng = np.random.default_rng(cell.seed)
        (X, y), (X_test, y_test) = draw_rows(X, y, rng), draw_rows(X_test, y_test, rng)
    y_noisy = make_noisy_labels(y, T, random_state=cell.seed)
    net = training(cell.model, cell.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    fitted = fit_papers(cell, net, X, y_noisy, T, device=device)
    yield from judge(fitted, X_test, y_test)
