"""Make a skorch net ready to be trained with a loss of ours on some samples."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone
from skorch import NeuralNetClassifier
from torch.utils.data import DataLoader

from sklnoise.nn import MLP
from sklnoise.training._callbacks import leave_out_observers
from sklnoise.training._config import TrainingConfig, seeded
from sklnoise.training._criterion import (
    LogitNormalization,
    NormalizedLogits,
    WeightedCriterion,
    first_output,
)
from sklnoise.training._data import (
    BatchDataset,
    SampleDataset,
    make_batches,
    sample_shape,
)
from sklnoise.training._net import (
    DataSize,
    count_training_samples,
    size_net,
    wants_floats,
)
from sklnoise.training._optimizers import (
    cast_state,
    fuse_optimizer,
    has_sparse_gradients,
)


@dataclass
class PreparedNet:
    """An initialised net with the samples that it is to be trained on."""

    net: NeuralNetClassifier
    dataset: SampleDataset
    config: TrainingConfig
    seed: int
    fit_params: dict
    on_epoch: object = None

    @property
    def y(self):
        """Label codes, for a validation split."""
        return self.dataset.codes.numpy()

    def batch_shape(self):
        """Return the shape of a full batch."""
        n_samples = full_batch(self.net, len(self.dataset))
        return n_samples, *self.dataset.probe().shape[1:]


def prepare(trainer, rows, loss, *, start_from=None, warm_up=0.0, warm_up_loss=None):
    """Initialise a clone of the net of a trainer for some samples and a loss."""
    data, config, seed = trainer.data, trainer.config, trainer.seed
    net = clone(trainer.net).set_params(
        device=str(config.device), verbose=max(trainer.net.verbose, trainer.verbose)
    )
    n_features = int(np.prod(sample_shape(data.X)))
    size = DataSize(len(rows), n_features, config.n_classes, issparse(data.X))
    size_net(net, size, seed, of_fold=trainer.of_fold)
    is_fused = fuse_optimizer(net, config.device)
    n_train = count_training_samples(net, len(rows))
    kind = BatchDataset if use_whole_batches(net, seed) else SampleDataset
    dataset = kind(data, rows, config.dtype, cast_integers=wants_floats(net))
    if warm_up_loss is not None:
        warm_up_loss = warm_up_loss.to(config.dtype)
    net = with_criterion(
        net,
        loss=loss.to(config.dtype),
        warm_up_loss=warm_up_loss,
        warm_up_steps=count_warm_up_steps(
            net, n_train, count_epochs(net, trainer), warm_up
        ),
        weighted=dataset.weighted,
    )
    with seeded(seed, config.device):
        net.initialize()
        net.module_.to(config.dtype)
        cast_state(net.optimizer_)
        if is_fused and has_sparse_gradients(net.module_):
            net.set_params(optimizer__fused=False)
        dataset.keep_sparse = type(net.module_) is MLP and config.device.type == "cpu"
        recognize_output(net, dataset, config.n_classes)
        if getattr(loss, "wants_normalized_logits", False):
            append_normalization(net, config)
        if start_from is not None:
            load_weights(net.module_, start_from)
    if not trainer.observed:
        leave_out_observers(net)
    fit_params = trainer.fit_params or {}
    # Another seed than that of the initial weights, for orders and dropout.
    return PreparedNet(net, dataset, config, seed + 1, fit_params, trainer.on_epoch)


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
        net.set_params(**dict.fromkeys(names, make_batches), iterator_train__seed=seed)
    return is_plain


def full_batch(net, n_samples):
    """Count the samples of a full batch; a batch size of -1 means all."""
    return n_samples if net.batch_size == -1 else min(n_samples, net.batch_size)


def count_epochs(net, trainer):
    """Count the epochs of a training, which its parameters may set."""
    epochs = (trainer.fit_params or {}).get("epochs")
    return net.max_epochs if epochs is None else epochs


def count_warm_up_steps(net, n_samples, n_epochs, share):
    """Count the steps in the first `share` of the epochs, at least one of them."""
    n_steps = np.ceil(n_samples / full_batch(net, n_samples))
    return int(np.ceil(share * n_epochs * n_steps))


def recognize_output(net, dataset, n_classes):
    """Apply the module to a few samples, to see whether it gives logits or probabilities.

    Raises a ValueError if the module fails or has another number of outputs.
    """
    batch = dataset.probe()
    # A compiled module would take long to compile for these samples alone.
    compiled = net.module_
    net.module_ = getattr(compiled, "_orig_mod", compiled)
    name = type(net.module_).__name__
    try:
        output = first_output(net.evaluation_step((batch, None)))
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{name} cannot be applied to a batch of X of shape {tuple(batch.shape)} and "
            f"type {batch.dtype}: {error}"
        ) from error
    finally:
        net.module_ = compiled
    if output.ndim != 2 or output.shape[1] != n_classes:
        raise ValueError(
            f"{name} must give one logit for each of the {n_classes} classes, shape "
            f"(n_samples, {n_classes}); got shape {tuple(output.shape)}. Give its "
            "__init__ a parameter n_classes, which is filled in, or set module__..."
        )
    sums = output.sum(dim=1)
    is_proba = output.min() >= 0 and torch.allclose(sums, sums.new_ones(1), atol=1e-3)
    net.criterion_.from_probabilities = bool(is_proba)
    net.set_params(predict_nonlinearity=identity if is_proba else softmax)


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
    net.predict_nonlinearity = softmax


def load_weights(module, weights):
    """Load weights into a module; those of a plain one into what is normalised."""
    is_plain = "normalization.n_batches" not in weights
    if isinstance(module, NormalizedLogits) and is_plain:
        module = module.module
    module.load_state_dict({name: torch.as_tensor(w) for name, w in weights.items()})


def softmax(logits):
    """Turn logits into probabilities."""
    return logits.softmax(dim=1)


def identity(proba):
    """Leave probabilities as they are."""
    return proba
