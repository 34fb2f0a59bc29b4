"""The protocol of Clothing1M on a folder of images of which a part is labelled cleanly.

The folder has `noisy`, `clean` and `test`, each with a folder of images per class. The
network is fitted to the noisy images with cross-entropy; with forward correction by the T
that the clean images, as trusted samples, give; and so again with epochs on the clean
images at the end. Clothing1M's licence does not let it be downloaded here.
"""

from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch.utils.data import Dataset

from benchmarks.reproduce.cifar10 import AugmentedResNet
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

PARTS = "noisy", "clean", "test"
SIZE, DEPTH, BATCH, EPOCHS, FINE_TUNE_EPOCHS = 64, 32, 128, 10, 5
TINY_PARTS = {"noisy": 1500, "clean": 250, "test": 250}  # made images
TINY_CLASSES, TINY_SIZE = ("coat", "dress", "shirt"), 16


class Images(Dataset):
    """Images of a list of files, resized to a square.

    Parameters
    ----------
    paths : list of Path
        The files.

    size : int
        Pixels a side.
    """

    def __init__(self, paths, size):
        self.paths, self.size = paths, size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        from PIL import Image

        with Image.open(self.paths[index]) as image:
            pixels = image.convert("RGB").resize((self.size, self.size))
        pixels = np.asarray(pixels, dtype=np.float32).transpose(2, 0, 1)
        return torch.from_numpy(pixels / 127.5 - 1)


def cases(options):
    """Return a case per system."""
    folder = options.images
    if options.tiny and folder is None:
        folder = make_folder(Path(mkdtemp(prefix="clothing-")))
    if folder is None:
        raise ValueError(f"pass --images, a folder with {', '.join(PARTS)}")
    systems = {
        "cross-entropy": {"correction": "none"},
        "forward, T of the clean": {"correction": "forward"},
        "forward, fine-tuned": {
            "correction": "forward",
            "fine_tune_epochs": 1 if options.tiny else FINE_TUNE_EPOCHS,
        },
    }
    return {
        system: partial(fit, options, folder, system, params)
        for system, params in systems.items()
    }


def make_folder(folder):
    """Write 2000 small images, a colour for each class; labels of `noisy` are flipped."""
    from PIL import Image

    rng = np.random.default_rng(0)
    T = make_transition_matrix("pair", len(TINY_CLASSES), 0.3)
    for part, n_samples in TINY_PARTS.items():
        y = rng.integers(len(TINY_CLASSES), size=n_samples)
        pixels = rng.integers(160, size=(n_samples, TINY_SIZE, TINY_SIZE, 3))
        pixels[np.arange(n_samples), :, :, y] += 95
        labels = make_noisy_labels(y, T, random_state=0) if part == "noisy" else y
        for name in TINY_CLASSES:
            (folder / part / name).mkdir(parents=True)
        for number, (image, label) in enumerate(zip(pixels.astype(np.uint8), labels)):
            path = folder / part / TINY_CLASSES[label] / f"{number}.png"
            Image.fromarray(image).save(path)
    return folder


def list_images(folder):
    """List the images of a folder with one per class: paths and names of the classes."""
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    if not paths:
        raise ValueError(f"{folder} must have a folder of images for each class")
    return paths, np.array([path.parent.name for path in paths])


def fit(options, folder, system, params):
    """Fit a system; return its row."""
    size = TINY_SIZE if options.tiny else SIZE
    noisy, clean, test = (list_images(folder / part) for part in PARTS)
    paths, labels, trusted = *noisy, None
    if system != "cross-entropy":
        paths, labels = noisy[0] + clean[0], np.concatenate([noisy[1], clean[1]])
        trusted = np.arange(len(paths)) >= len(noisy[0])
        params = {"transition": "trusted", **params}
    net = NeuralNetClassifier(
        AugmentedResNet,
        module__n_classes=len(set(labels)),
        module__depth=8 if options.tiny else DEPTH,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.9,
        optimizer__weight_decay=1e-3,
        lr=0.01,
        batch_size=BATCH,
        max_epochs=2 if options.tiny else EPOCHS,
        iterator_train__shuffle=True,
        iterator_train__num_workers=0 if options.tiny else 8,
        train_split=None,
        verbose=0,
    )
    clf = NoiseRobustClassifier(
        net, cv=2, device=options.device, random_state=0, **params
    ).fit(Images(paths, size), labels, trusted=trusted)
    return [
        {
            "system": system,
            "accuracy": 100 * clf.score(Images(test[0], size), test[1]),
            "noisy": len(noisy[0]),
            "clean": len(clean[0]),
        }
    ]
