"""The nets that are trained: the default one sized from the data, and those of users."""

import inspect
import math
from typing import NamedTuple

import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import LRScheduler

from sklnoise._text import shorten
from sklnoise.nn import MLP
from sklnoise.nn._images import ImageModule
from sklnoise.nn._mlp import check_widths
from sklnoise.training._batches import batch_sizes
from sklnoise.training._callbacks import KeepBest
from sklnoise.training._data import MIN_LINEAR_COLUMNS, HoldOut
from sklnoise.training._net_checks import check_module_parameters

FEATURE_NAMES = ("n_features", "n_features_in", "in_features", "input_dim")
CLASS_NAMES = ("n_classes", "num_classes", "out_features", "output_dim")
# These may mean an inner width: they are filled in only where they have no default.
AMBIGUOUS_NAMES = {"in_features", "input_dim", "out_features", "output_dim"}

MAX_REPR_LENGTH = 200  # of an estimator in a message

# Callbacks of skorch that take time in each epoch and are of use only when printed.
QUIET = {"valid_acc", "print_log"}

DEFAULT_LEARNING_RATE = 2e-3
FULL_BATCH_STEPS = 200
MIN_PATIENCE = 10  # epochs: a schedule stopped earlier has not lowered the learning rate
MIN_EPOCHS = 20
VALIDATION_SHARE = 0.1
MIN_DROPOUT_WIDTH = 32  # a narrower net learns little by heart
# Nets of the first pass only have to rank the samples: they take fewer steps.
MAX_FOLD_STEPS = 1500
MIN_FOLD_EPOCHS = 8


class AutoSizedNet(NeuralNetClassifier):
    """A skorch classifier that is sized from the data when it is fitted.

    What is None here is chosen from the data: the learning rate, the number of steps and,
    for `MLP`, the widths, the dropout and the encoding of the columns. All parameters of
    skorch can be set.

    Parameters
    ----------
    module : type, default=MLP
        Torch module class that gives logits.

    optimizer : type, default=torch.optim.AdamW
        Class of the optimizer.

    lr : float, default=None
        Learning rate at the start.

    batch_size : int, default=256
        Samples of a step; up to this many samples a step sees all of them.

    max_epochs : int, default=None
        Number of passes through the data.

    n_steps : int, default=None
        Number of steps of the optimizer, rounded to whole epochs, where `max_epochs` is
        None.

    averages_weights : bool, default=None
        Whether the weights are averaged over the latest steps, at a constant learning
        rate. Otherwise the learning rate decays to 0 along a cosine. None means True
        for an `MLP` of which the data choose anything, unless `n_steps` is set.

    train_split : callable, default="auto"
        Validation split of skorch; "auto" holds samples out for early stopping when
        there are more than `batch_size` of them.

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
        lr=None,
        batch_size=256,
        max_epochs=None,
        n_steps=None,
        averages_weights=None,
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
        self.n_steps = n_steps
        self.averages_weights = averages_weights

    # That of skorch lists all parameters.
    __repr__ = BaseEstimator.__repr__

    def get_params(self, deep=True, **kwargs):
        """Get the parameters, without what skorch only notes of them."""
        params = super().get_params(deep=deep, **kwargs)
        return {name: v for name, v in params.items() if not name.startswith("_")}

    @property
    def _default_callbacks(self):
        named = super()._default_callbacks
        return [(name, cb) for name, cb in named if self.verbose or name not in QUIET]


def full_signature(net_class):
    """Return the signature of a class of nets with the parameters that skorch adds."""
    found = {}
    for cls in reversed(net_class.__mro__[: net_class.__mro__.index(NeuralNet) + 1]):
        found |= inspect.signature(cls.__init__).parameters
    variadic = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    first, by_name = {"self", "module"}, inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [found[name] for name in found if name in first]
        + [
            p.replace(kind=by_name)
            for name, p in found.items()
            if name not in first and p.kind not in variadic
        ]
        + [found["kwargs"]]
    )


# By it scikit-learn tells which parameters were changed, and shows these.
AutoSizedNet.__init__.__signature__ = full_signature(AutoSizedNet)


def as_net(estimator, name="estimator"):
    """Turn what a user may pass as `estimator` into a skorch classifier."""
    if estimator is None:
        return AutoSizedNet()
    if is_module_class(estimator):
        return AutoSizedNet(estimator)
    if is_net(estimator):
        return estimator
    if isinstance(estimator, type):
        found, remedy = f"the class {estimator.__name__}", "Pass an instance of a net."
    else:
        found = shorten(repr(estimator), MAX_REPR_LENGTH)
        remedy = "Pass the class of a module, not an instance."
    raise TypeError(
        f"{name} must be None, a torch.nn.Module class or a skorch NeuralNetClassifier; "
        f"got {found}. {remedy} A scikit-learn classifier can be the first_pass."
    )


def net_parameters(estimator):
    """List the parameters of a net that a user may set, also of its module."""
    if not (estimator is None or is_module_class(estimator) or is_net(estimator)):
        return []
    net = as_net(estimator)
    parts = {"module": net.module, "optimizer": net.optimizer}
    names = [
        f"{part}__{name}"
        for part, value in parts.items()
        if inspect.isclass(value)
        for name in inspect.signature(value).parameters
    ]
    return [*net.get_params(), *names]


def is_module_class(estimator):
    """Return whether an estimator is a class of torch modules."""
    return isinstance(estimator, type) and issubclass(estimator, torch.nn.Module)


def is_net(estimator):
    """Return whether an estimator is a skorch classifier."""
    return isinstance(estimator, NeuralNetClassifier)


def is_stock(net):
    """Return whether a net is of a class whose steps are known."""
    return type(net) in (NeuralNetClassifier, AutoSizedNet)


def keeps_to_epochs(net):
    """Return whether a net is trained for at most as many epochs as it is given."""
    return type(net).fit_loop is NeuralNetClassifier.fit_loop


def wants_floats(net):
    """Return whether integers in X must be cast: a user's module may want token ids."""
    return inspect.isclass(net.module) and issubclass(net.module, MLP)


def takes_any_number(net):
    """Return whether the module of a fitted net computes with integers as with floats."""
    return isinstance(net.module_, MLP | ImageModule)


class DataSize(NamedTuple):
    """The sizes of the data that a net is sized from."""

    n_samples: int
    n_features: int
    n_classes: int
    is_sparse: bool = False


def size_net(net, size, seed, *, of_fold=False):
    """Give a net that is not initialised yet the sizes that the data ask for.

    Every net gets `n_features` and `n_classes` where the `__init__` of its module takes
    them (or, without a default, their other names) and the user has not set them. An
    `AutoSizedNet` also gets its epochs.
    """
    has_batches = isinstance(net, AutoSizedNet) and size.n_samples > net.batch_size > 0
    taken = inspect.signature(net.module).parameters if callable(net.module) else ()
    wanted = dict.fromkeys(FEATURE_NAMES, size.n_features)
    wanted |= dict.fromkeys(CLASS_NAMES, size.n_classes)
    if wants_floats(net):
        width = min(512, max(64, 2 ** math.ceil(math.log2(2 * size.n_features))))
        # A linear model of many word weights is better than any hidden layer.
        is_linear = size.is_sparse and size.n_features >= MIN_LINEAR_COLUMNS
        default = () if is_linear else (width, width // 2)
        hidden = vars(net).get("module__hidden", default)
        dropout = default_dropout(hidden) if has_batches else 0.0
        wanted |= {"hidden": hidden, "dropout": dropout}
    for name, value in wanted.items():
        if name not in taken or f"module__{name}" in vars(net):
            continue
        if name not in AMBIGUOUS_NAMES or taken[name].default is inspect.Parameter.empty:
            net.set_params(**{f"module__{name}": value})
    check_module_parameters(net)
    if isinstance(net, AutoSizedNet):
        if net.lr is None:
            net.set_params(lr=DEFAULT_LEARNING_RATE)
        set_budget(net, size.n_samples, seed, has_batches=has_batches, of_fold=of_fold)


def default_dropout(hidden):
    """Return the dropout of an `MLP` with so wide layers."""
    widest = max(check_widths(hidden), default=0)
    return 0.5 if widest > 128 else 0.25 if widest >= MIN_DROPOUT_WIDTH else 0.0


def set_budget(net, n_samples, seed, *, has_batches, of_fold):
    """Set epochs, learning-rate schedule and early stopping of an `AutoSizedNet`.

    A budget of optimizer steps: 256 and 257 samples are trained alike.
    """
    orders = {f"iterator_train__{n}" for n in ("shuffle", "sampler", "batch_sampler")}
    if not orders & vars(net).keys():
        net.set_params(iterator_train__shuffle=has_batches)
    if net.train_split == "auto":
        holds_out = has_batches and not net.averages_weights
        net.train_split = HoldOut(VALIDATION_SHARE, seed) if holds_out else None
    n_train = count_training_samples(net, n_samples)
    n_steps = len(batch_sizes(n_train, net.batch_size)) if has_batches else 1
    if net.max_epochs is None and net.n_steps is not None:
        net.max_epochs = max(1, round(net.n_steps / n_steps))
    if net.max_epochs is None:
        n_batches = max(1, n_train / net.batch_size) if has_batches else 1
        budget = FULL_BATCH_STEPS * math.sqrt(n_batches)
        min_epochs = MIN_EPOCHS
        if of_fold:
            budget, min_epochs = min(budget, MAX_FOLD_STEPS), MIN_FOLD_EPOCHS
        net.max_epochs = max(min_epochs, round(budget / n_steps))
    if net.callbacks == "disable" or net.averages_weights:
        return
    schedule = LRScheduler("CosineAnnealingLR", T_max=net.max_epochs)
    callbacks = [*(net.callbacks or []), ("learning_rate", schedule)]
    if net.train_split:
        patience = max(MIN_PATIENCE, net.max_epochs // 4)
        callbacks.append(("keep_best", KeepBest(patience)))
    net.callbacks = callbacks


def count_training_samples(net, n_samples):
    """Count the samples that are left by our validation split."""
    split = net.train_split
    return split.n_train(n_samples) if isinstance(split, HoldOut) else n_samples
