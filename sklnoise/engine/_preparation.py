"""Make a skorch net ready to be trained with a loss of ours on some rows."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone
from torch.utils.data import DataLoader

from sklnoise.engine._batches import BatchDataset, RowDataset, make_batches
from sklnoise.engine._callbacks import (
    StopAtNonFiniteLoss,
    leave_out_observers,
)
from sklnoise.engine._criterion import WeightedCriterion
from sklnoise.engine._data import row_shape
from sklnoise.engine._device import (
    Setting,
    seeded,
)
from sklnoise.engine._net import rows_to_train, size_net, wants_floats
from sklnoise.engine._normalization import NormalizedLogits, TellWeights
from sklnoise.engine._optimizers import (
    cast_state,
    fuse_optimizer,
    has_sparse_gradients,
)
from sklnoise.engine._probe import check_output, softmax
from sklnoise.engine._sparse import layer_for_sparse_rows


class Training(NamedTuple):
    """A net that is ready to be trained."""

    net: object
    dataset: RowDataset
    y: np.ndarray
    seed: int
    setting: Setting
    fit_params: dict
    watch: object = None

    def batch_shape(self):
        """Compute the shape of a full batch."""
        n_rows = batch_rows(self.net, len(self.dataset))
        return n_rows, *self.dataset.probe().shape[1:]


def prepare(
    net,
    data,
    rows,
    loss,
    setting,
    *,
    seed,
    warm_up=0.0,
    warm_up_loss=None,
    start_from=None,
    verbose=0,
    fit_params=None,
    observed=True,
    of_fold=False,
    watch=None,
):
    """Make a clone of a net ready to be trained on some rows."""
    n_features = int(np.prod(row_shape(data.X)))
    net = clone(net).set_params(
        device=str(setting.device), verbose=max(net.verbose, verbose)
    )
    sizes = len(rows), n_features, setting.n_classes
    sparse = issparse(data.X)
    size_net(net, *sizes, seed, sparse=sparse, of_fold=of_fold)
    fused = fuse_optimizer(net, setting.device)
    steps = warm_up_steps(net, rows_to_train(net, len(rows)), warm_up)
    if warm_up_loss is not None:
        warm_up_loss = warm_up_loss.to(setting.dtype)
    batched = feed_batches(net, seed)
    dataset = (BatchDataset if batched else RowDataset)(
        data, rows, setting.dtype, cast_integers=wants_floats(net)
    )
    net = with_criterion(
        net,
        loss=loss.to(setting.dtype),
        warm_up_loss=warm_up_loss,
        warm_up_steps=steps,
        weighted=dataset.weighted,
    )
    with seeded(seed, setting.device):
        net.initialize()
        net.module_.to(setting.dtype)
        cast_state(net.optimizer_)
        if fused and has_sparse_gradients(net.module_):
            net.set_params(optimizer__fused=False)
        check_output(net, dataset, setting.n_classes)
        if getattr(loss, "wants_normalized_logits", False):
            append_normalization(net, setting)
        if start_from is not None:
            load_weights(net.module_, start_from)
        if not observed:
            leave_out_observers(net)
        fit_params = fit_params or {}
        dataset.first_layer = layer_for_sparse_rows(net, dataset, fit_params)
    y = dataset.codes.numpy()
    return Training(net, dataset, y, seed + 1, setting, fit_params, watch)


def load_weights(module, weights):
    """Load weights into a module; those of a plain one into what is normalised."""
    if isinstance(module, NormalizedLogits) and "running_mean" not in weights:
        module = module.module
    module.load_state_dict({name: torch.as_tensor(w) for name, w in weights.items()})


def append_normalization(net, setting):
    """Append a batch normalisation of the logits to the module of a net."""
    normalized = NormalizedLogits(
        net.module_,
        setting.n_classes,
        from_probabilities=net.criterion_.from_probabilities,
    )
    net.module_ = normalized.to(setting.device, setting.dtype)
    net.criterion_.from_probabilities = False
    net.predict_nonlinearity = softmax
    net.callbacks_.append(("tell_weights", TellWeights().initialize()))


def with_criterion(net, **criterion_params):
    """Return a net like `net` whose criterion, whatever it was, is one of ours."""
    params = {
        name: clone(value, safe=False)
        for name, value in net.get_params(deep=False).items()
        if name.split("__")[0] != "criterion"
    }
    callbacks = params.get("callbacks")
    if callbacks != "disable":
        stop = ("stop_at_non_finite_loss", StopAtNonFiniteLoss())
        params["callbacks"] = [*(callbacks or []), stop]
    return type(net)(
        **params,
        criterion=WeightedCriterion,
        **{f"criterion__{name}": value for name, value in criterion_params.items()},
    )


def warm_up_steps(net, n_samples, share):
    """Count the steps in the first `share` of the epochs, at least one of them."""
    steps = np.ceil(n_samples / batch_rows(net, n_samples))
    return int(np.ceil(share * net.max_epochs * steps))


def batch_rows(net, n_samples):
    """Count the rows of a full batch."""
    return n_samples if net.batch_size == -1 else min(n_samples, net.batch_size)


def feed_batches(net, seed):
    """Let a net take whole batches, unless the user has set up another way."""
    names = ("iterator_train", "iterator_valid")
    plain = all(
        getattr(net, name) is DataLoader and f"{name}__collate_fn" not in vars(net)
        for name in names
    )
    if plain:
        net.set_params(**dict.fromkeys(names, make_batches), iterator_train__seed=seed)
    return plain
