"""The nets we train: the default one sized from the data, and those of users."""

import inspect
import math

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler

from sklnoise.engine._callbacks import KeepBest
from sklnoise.engine._data import WIDE_SPARSE, HoldOut
from sklnoise.nn import MLP

FEATURE_NAMES = ("n_features", "n_features_in", "in_features", "input_dim")
CLASS_NAMES = ("n_classes", "num_classes", "out_features", "output_dim")
AMBIGUOUS = {"in_features", "input_dim", "out_features", "output_dim"}
"""Names that may mean an inner width: they are filled in only without a default."""


QUIET = {"valid_acc", "print_log"}
"""Callbacks of skorch that cost time in each epoch and tell nothing unless asked."""

FULL_BATCH_STEPS = 200
LEAST_PATIENCE = 10
"""Epochs: a schedule that is stopped early has not yet lowered the learning rate."""
LEAST_EPOCHS = 20
MOST_STEPS_OF_FOLD = 1500
"""Nets of the first pass only have to rank the rows."""

LEAST_EPOCHS_OF_FOLD = 8
"""Passes of such a net, however many steps they take."""

VALIDATION_SHARE = 0.1


class AutoSizedNet(NeuralNetClassifier):
    """A skorch classifier that is sized from the data when it is fitted.

    What is None here is chosen by `size_net`: the number of epochs, and for `MLP` the
    width and the dropout. All parameters of skorch can be set.

    Parameters
    ----------
    module : type, default=MLP
        Torch module class that gives logits.

    optimizer : type, default=torch.optim.AdamW
        Class of the optimizer.

    lr : float, default=0.002
        Learning rate at the start; it decays to 0 along a cosine.

    batch_size : int, default=256
        Rows of a step; up to this many rows a step sees all of them.

    max_epochs : int, default=None
        Number of passes through the data.

    train_split : callable, default="auto"
        Validation split of skorch; "auto" holds rows out for early stopping when there
        are more than `batch_size` of them.

    verbose : int, default=0
        Whether skorch prints its table.

    **kwargs : dict
        Any other parameter of `skorch.NeuralNetClassifier`.
    """

    def __init__(
        self,
        module=MLP,
        *,
        optimizer=torch.optim.AdamW,
        lr=2e-3,
        batch_size=256,
        max_epochs=None,
        train_split="auto",
        verbose=0,
        **kwargs,
    ):
        super().__init__(
            module,
            optimizer=optimizer,
            lr=lr,
            batch_size=batch_size,
            max_epochs=max_epochs,
            train_split=train_split,
            verbose=verbose,
            **kwargs,
        )

    @property
    def _default_callbacks(self):
        named = super()._default_callbacks
        return [(name, cb) for name, cb in named if self.verbose or name not in QUIET]


def as_net(estimator):
    """Turn what a user may pass as `estimator` into a skorch classifier."""
    if estimator is None:
        return AutoSizedNet()
    if isinstance(estimator, type) and issubclass(estimator, torch.nn.Module):
        return AutoSizedNet(estimator)
    if is_net(estimator):
        return estimator
    raise TypeError(
        "estimator must be None, a torch.nn.Module class or a skorch "
        f"NeuralNetClassifier; got {estimator!r}. Pass the class of a module, not an "
        "instance; a scikit-learn classifier can be the first_pass."
    )


def is_net(estimator):
    """Tell whether an estimator is a skorch classifier."""
    return isinstance(estimator, NeuralNetClassifier)


def wants_floats(net):
    """Tell whether integers in X must be cast for this net: they must for our MLP."""
    return inspect.isclass(net.module) and issubclass(net.module, MLP)


def size_net(
    net,
    n_samples,
    n_features,
    n_classes,
    seed,
    *,
    sparse=False,
    of_fold=False,
):
    """Give a net the sizes that the data ask for."""
    minibatch = isinstance(net, AutoSizedNet) and n_samples > net.batch_size > 0
    taken = inspect.signature(net.module).parameters if callable(net.module) else ()
    wanted = dict.fromkeys(FEATURE_NAMES, n_features)
    wanted |= dict.fromkeys(CLASS_NAMES, n_classes)
    if wants_floats(net):
        width = min(512, max(64, 2 ** math.ceil(math.log2(2 * n_features))))
        linear = sparse and n_features >= WIDE_SPARSE
        hidden = vars(net).get("module__hidden", () if linear else (width, width // 2))
        widest = np.max(hidden, initial=0)
        dropout = (0.5 if widest > 128 else 0.25) if minibatch else 0.0
        wanted |= {"hidden": hidden, "dropout": dropout}
    for name, value in wanted.items():
        if name not in taken or f"module__{name}" in vars(net):
            continue
        if name not in AMBIGUOUS or taken[name].default is inspect.Parameter.empty:
            net.set_params(**{f"module__{name}": value})
    if isinstance(net, AutoSizedNet):
        set_budget(net, n_samples, minibatch, seed, of_fold)


def set_budget(net, n_samples, minibatch, seed, of_fold):
    """Set epochs, learning-rate schedule and early stopping of an `AutoSizedNet`."""
    if "iterator_train__shuffle" not in vars(net):
        net.set_params(iterator_train__shuffle=minibatch)
    if net.train_split == "auto":
        net.train_split = HoldOut(VALIDATION_SHARE, seed) if minibatch else None
    if net.max_epochs is None:
        n_train = rows_to_train(net, n_samples)
        batches = max(1, n_train / net.batch_size) if minibatch else 1
        budget = FULL_BATCH_STEPS * math.sqrt(batches)
        least_epochs = LEAST_EPOCHS
        if of_fold:
            budget, least_epochs = min(budget, MOST_STEPS_OF_FOLD), LEAST_EPOCHS_OF_FOLD
        net.max_epochs = max(least_epochs, round(budget / math.ceil(batches)))
    if net.callbacks == "disable":
        return
    schedule = LRScheduler("CosineAnnealingLR", T_max=net.max_epochs)
    callbacks = [*(net.callbacks or []), ("learning_rate", schedule)]
    if net.train_split:
        callbacks.append(
            ("keep_best", KeepBest(max(LEAST_PATIENCE, net.max_epochs // 4)))
        )
    net.callbacks = callbacks


def rows_to_train(net, n_samples):
    """Count the rows that are left by our validation split."""
    split = net.train_split
    return split.n_train(n_samples) if isinstance(split, HoldOut) else n_samples
