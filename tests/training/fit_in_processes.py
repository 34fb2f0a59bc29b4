"""Fits of one net by as many processes as start this file, for test_processes.py."""

import sys
from pathlib import Path

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Checkpoint
from skorch.hf import AccelerateMixin
from torch.utils.data import TensorDataset

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.transition import ClusterabilityEstimator

N_SAMPLES, N_CLASSES = 501, 3


class AcceleratedNet(AccelerateMixin, NeuralNetClassifier):
    """A net that several processes train."""


class SmallModule(torch.nn.Module):
    """A hidden layer, with batch normalisation or not, and dropout."""

    def __init__(self, n_features, n_classes, dropout=0.0, normalizes=False):
        super().__init__()
        self.hidden = torch.nn.Linear(n_features, 16)
        self.between = torch.nn.BatchNorm1d(16) if normalizes else torch.nn.Identity()
        self.dropout = torch.nn.Dropout(dropout)
        self.last = torch.nn.Linear(16, n_classes)
        self.unused = torch.nn.Linear(2, 2)

    def forward(self, X):
        """Return logits."""
        return self.last(self.dropout(self.between(self.hidden(X)).relu()))


def make_data():
    """Make separable classes of which a fifth of the labels is wrong."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(N_SAMPLES, 10)).astype(np.float32)
    y = X[:, :N_CLASSES].argmax(axis=1)
    return X, np.where(rng.uniform(size=len(y)) < 0.2, (y + 1) % N_CLASSES, y)


def fit(make_net, folder=None, *, as_dataset=False, weighted=False, **params):
    """Fit a classifier; return what it found as arrays."""
    X, y = make_data()
    net = {name: params.pop(name) for name in list(params) if "__" in name}
    if folder is not None:
        params["memory"] = str(folder / "memory")
        net["callbacks"] = [Checkpoint(dirname=folder / "checkpoints")]
    net = make_net(
        SmallModule,
        max_epochs=3,
        batch_size=64,
        optimizer=torch.optim.Adam,
        lr=0.01,
        iterator_train__shuffle=True,
        **{"verbose": 0} | net,
    )
    weight = np.linspace(0.5, 2, len(y)) if weighted else None
    samples = TensorDataset(torch.from_numpy(X)) if as_dataset else X
    model = NoiseRobustClassifier(net, cv=3, random_state=0, **params)
    model.fit(samples, y, sample_weight=weight)
    return {
        "out_of_fold": model.out_of_fold_proba_,
        "transition": model.transition_matrix_,
        "train_loss": [epoch["train_loss"] for epoch in model.history_],
        "valid_loss": [epoch["valid_loss"] for epoch in model.history_],
        "y_proba": model.predict_proba(samples),
    }


# What several processes find as one does.
SAME = {
    "forward": {},
    "adaptation": {"correction": "adaptation"},
    "adaptation-complex": {"correction": "adaptation-complex"},
    "adaptation-volume": {"correction": "adaptation-volume"},
    "em": {"correction": "em"},
    "hidden": {"transition": ClusterabilityEstimator()},
    "warm": {"refit": "first-pass"},
    "weighted": {"weighted": True},
    "dataset": {"as_dataset": True},
}

# What depends on the share of a batch that a process sees.
CLOSE = {
    "dropout": {"module__dropout": 0.2},
    "normalized": {"module__normalizes": True},
}

REFUSED = {
    "memory of samples": lambda net: fit(net, correction="elr"),
    "normalized logits": lambda net: fit(net, correction="unhinged"),
    "sampler": lambda net: fit(net, iterator_train__sampler=[0, 1]),
    "other classifier": lambda net: ConfidentLearningClassifier(
        net(SmallModule, module__n_features=10, module__n_classes=3)
    ).fit(*make_data()),
}


def main(folder):
    """Fit in all ways, and save what this process has found."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    rank = accelerator.process_index

    def make_net(module, **params):
        return AcceleratedNet(module, accelerator=accelerator, **params)

    found = {}
    for name, how in (SAME | CLOSE).items():
        found |= {f"{name}/{k}": v for k, v in fit(make_net, **how).items()}
    for name in ("written", "read"):
        arrays = fit(make_net, folder, verbose=1)
        found |= {f"{name}/{key}": value for key, value in arrays.items()}
    for name, refused in REFUSED.items():
        try:
            refused(make_net)
            message = ""
        except ValueError as error:
            message = str(error)
        found[f"refused/{name}"] = message
    np.savez(folder / f"{rank}.npz", **found)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
