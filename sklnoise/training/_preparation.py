"""Make a skorch net ready to be trained with a loss of ours on some samples."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone
from skorch import NeuralNetClassifier
from torch.utils.data import DataLoader, Dataset

from sklnoise._tensors import as_numpy
from sklnoise.nn import MLP
from sklnoise.training._batches import batch_sizes, make_batches
from sklnoise.training._callbacks import (
    leave_out_observers,
    may_replace_module,
    reads_data,
)
from sklnoise.training._config import TrainingConfig, full_precision, seeded
from sklnoise.training._criterion import (
    LogitNormalization,
    NormalizedLogits,
    WeightedCriterion,
)
from sklnoise.training._data import (
    N_PROBE_SAMPLES,
    BatchDataset,
    LabelledData,
    SampleDataset,
    count_values,
    make_dataset,
)
from sklnoise.training._net import (
    DataSize,
    count_training_samples,
    size_net,
    wants_floats,
)
from sklnoise.training._net_checks import (
    check_classes_of_net,
    check_count,
    makes_datasets,
)
from sklnoise.training._optimizers import (
    cast_state,
    eager,
    fuse_optimizer,
    has_sparse_gradients,
)
from sklnoise.training._output import identity, recognize_output, softmax
from sklnoise.training._processes import (
    check_shared_loss,
    initialize,
    is_accelerated,
    is_shared,
    share_batches,
    share_of,
)
from sklnoise.training._trajectory import HeldOutRest, KeepTrajectory

# Share of a training before the memory of a loss is used: what the network does not know
# by then it would not learn any more.
MEMORY_DELAY = 0.5


@dataclass
class PreparedNet:
    """An initialised net with the samples that it is to be trained on."""

    net: NeuralNetClassifier
    dataset: SampleDataset
    config: TrainingConfig
    seed: int
    fit_params: dict
    on_epoch: object = None
    start_from: dict | None = None
    finished: object = None  # the module that was last made ready

    @property
    def y(self):
        """Label codes, for a validation split."""
        return self.dataset.codes.numpy()

    def begin(self):
        """Notify the callbacks that the training begins, then look at the module."""
        self.net.notify("on_train_begin", **self.data_of_events())
        if self.net.module_ is not self.finished:
            self.finish()
        if self.on_epoch is not None:
            self.on_epoch("on_train_begin", self.net, count_epochs(self.net, self))

    def end(self):
        """Notify the callbacks that the training has ended."""
        self.net.notify("on_train_end", **self.data_of_events())

    def data_of_events(self):
        """Return the X and y that callbacks get; X is a copy where one may read it."""
        reads = any(reads_data(callback) for _, callback in self.net.callbacks_)
        reads = reads or reads_data(self.net)
        return {"X": self.dataset.X if reads else self.dataset, "y": self.y}

    def finish(self):
        """Make the module ready, which a callback may have replaced."""
        net, config = self.net, self.config
        net.module_.to(config.dtype)
        cast_state(net.optimizer_)
        with full_precision(config.device):
            recognize_output(net, self.dataset.probe(), config.n_classes)
        if getattr(net.criterion_.loss, "wants_normalized_logits", False):
            append_normalization(net, config)
        if self.start_from is not None:
            load_weights(net.module_, self.start_from)
        self.finished = net.module_

    def batch_shape(self):
        """Return the shape of a full batch."""
        n_samples, probe = full_batch(self.net, len(self.dataset)), self.dataset.probe()
        parts = probe.values() if isinstance(probe, dict) else [probe]
        return n_samples, *max((part.shape[1:] for part in parts), key=len)


def prepare(
    trainer,
    rows,
    loss,
    *,
    held_out=None,
    least_steps=None,
    start_from=None,
    warm_up=0.0,
    warm_up_loss=None,
):
    """Initialise a clone of the net of a trainer for some samples and a loss.

    With `least_steps` the net keeps its trajectory on the samples `held_out`, which may
    end it after so many steps.
    """
    data, config, seed = trainer.data, trainer.config, trainer.seed
    check_shared_loss(trainer.net, loss)
    net = clone(trainer.net).set_params(
        device=None if is_accelerated(trainer.net) else str(config.device),
        verbose=max(trainer.net.verbose, trainer.verbose),
    )
    check_classes_of_net(net, config.n_classes)
    if net.classes is not None:
        net.set_params(classes=list(range(config.n_classes)))
    if makes_datasets(net) and not isinstance(data.X, Dataset):
        data, rows = data_of_user(net, data, rows, config.dtype)
    size = DataSize(len(rows), count_values(data.X), config.n_classes, issparse(data.X))
    size_net(net, size, seed, of_fold=trainer.of_fold)
    n_train = count_training_samples(net, len(rows))
    keeps_trajectory = least_steps is not None
    if keeps_trajectory:
        rows = np.concatenate([rows, held_out])
        keep_trajectory(net, n_train, least_steps)
    is_fused = fuse_optimizer(net, config.device)
    kind = BatchDataset if use_whole_batches(net, seed) else SampleDataset
    dataset = kind(
        data,
        rows,
        config.dtype,
        cast_integers=wants_floats(net),
        n_train=n_train if keeps_trajectory else None,
        is_indexed=getattr(loss, "wants_index", False),
    )
    if warm_up_loss is not None:
        warm_up_loss = warm_up_loss.to(config.dtype)
    count_steps = partial(count_warm_up_steps, net, n_train, count_epochs(net, trainer))
    net = with_criterion(
        net,
        loss=loss.to(config.dtype),
        warm_up_loss=warm_up_loss,
        warm_up_steps=count_steps(warm_up),
        memory_delay=count_steps(MEMORY_DELAY),
        weighted=dataset.weighted or is_shared(net),
    )
    fit_params = trainer.fit_params or {}
    # Another seed than that of the initial weights, for orders and dropout.
    prepared = PreparedNet(
        net, dataset, config, seed + 1, fit_params, trainer.on_epoch, start_from
    )
    with seeded(seed, config.device), eager(net):
        initialize(net, config.device)
        net.criterion_.forget(len(dataset))
        if not trainer.observed:
            leave_out_observers(net)
        if is_fused and has_sparse_gradients(net.module_):
            net.set_params(optimizer__fused=False)
        dataset.keep_sparse = type(net.module_) is MLP and config.device.type == "cpu"
        if not any(may_replace_module(callback) for _, callback in net.callbacks_):
            prepared.finish()
    return prepared


def keep_trajectory(net, n_train, least_steps):
    """Let a net be trained on its first samples and keep its trajectory on the others."""
    n_batches = len(batch_sizes(n_train, full_batch(net, n_train)))
    trajectory = KeepTrajectory(n_batches, least_steps)
    callbacks = [*(net.callbacks or []), ("trajectory", trajectory)]
    net.set_params(train_split=HeldOutRest(n_train), callbacks=callbacks)


def data_of_user(net, data, rows, dtype):
    """Let a class of the user make the samples; return data of them and their rows."""
    plain = SampleDataset(data, rows, dtype, cast_integers=wants_floats(net))
    samples = make_dataset(net, plain.X, plain.y)
    for position, code in enumerate(plain.y[:N_PROBE_SAMPLES].tolist()):
        item = samples[position]
        if isinstance(item, tuple) and not np.array_equal(as_numpy(item[1]), code):
            raise ValueError(
                f"{type(samples).__name__} gives another label than it was given, "
                f"{item[1]!r} for {code!r}. Labels must stay as they are: they are "
                "weighted and corrected by the loss."
            )
    extra = None if data.extra is None else data.extra[rows]
    data = LabelledData(samples, plain.y, data.sample_weight[rows], extra)
    return data, np.arange(len(rows))


def with_criterion(net, **criterion_params):
    """Return a net like `net` whose criterion, whatever it was, is one of ours."""
    params = {
        name: clone(value, safe=False)
        for name, value in net.get_params(deep=False).items()
        if name.split("__")[0] != "criterion"
    }
    return type(net)(
        **params,
        criterion=WeightedCriterion,
        **{f"criterion__{name}": value for name, value in criterion_params.items()},
    )


def use_whole_batches(net, seed):
    """Let a net take whole batches, unless the user has set up other iterators."""
    names = ("iterator_train", "iterator_valid")
    is_plain = all(
        getattr(net, name) is DataLoader and f"{name}__collate_fn" not in vars(net)
        for name in names
    )
    if is_plain:
        make = share_batches if is_shared(net) else make_batches
        net.set_params(**dict.fromkeys(names, make), iterator_train__seed=seed)
    if is_plain and is_shared(net):
        # All validate on all samples, so that all stop at the same epoch.
        net.set_params(iterator_train__share=share_of(net), iterator_valid__share=(0, 1))
    return is_plain


def full_batch(net, n_samples):
    """Count the samples of a full batch; a batch size of -1 means all."""
    batch_size = vars(net).get("iterator_train__batch_size", net.batch_size)
    return n_samples if batch_size == -1 else min(n_samples, batch_size)


def count_epochs(net, trainer):
    """Count the epochs of a training, which its parameters may set."""
    epochs = (trainer.fit_params or {}).get("epochs")
    if epochs is None:
        return net.max_epochs
    check_count("epochs", epochs, "an integer from 1 on")
    return epochs


def count_warm_up_steps(net, n_samples, n_epochs, share):
    """Count the steps in the first `share` of the epochs, at least one of them."""
    n_steps = len(batch_sizes(n_samples, full_batch(net, n_samples)))
    return int(np.ceil(share * n_epochs * n_steps))


def append_normalization(net, config):
    """Append a batch normalisation of the logits to the module of a net.

    It has no parameters that the optimizer would have to know.
    """
    normalization = LogitNormalization(config.n_classes)
    normalization.to(config.device, config.dtype)
    net.module_ = NormalizedLogits(
        net.module_,
        normalization,
        from_probabilities=net.criterion_.from_probabilities,
    )
    net.criterion_.normalization = normalization
    net.criterion_.from_probabilities = False
    if net.predict_nonlinearity is identity:
        net.predict_nonlinearity = softmax


def load_weights(module, weights):
    """Load weights into a module; those of a plain one into what is normalised."""
    is_plain = "normalization.n_batches" not in weights
    if isinstance(module, NormalizedLogits) and is_plain:
        module = module.module
    module.load_state_dict({name: torch.as_tensor(w) for name, w in weights.items()})
