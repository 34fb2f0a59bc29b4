"""One net that several processes train, each on its share of every batch.

The net has skorch's `AccelerateMixin`, whose accelerator knows the processes and their
devices. Neither module nor criterion is wrapped: gradients are averaged after each
backward pass, so that a criterion may have parameters or none, and the names of the
weights and the shapes of predictions are those of one process.
"""

import hashlib

import numpy as np
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from skorch.hf import AccelerateMixin
from torch import distributed
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler

from sklnoise.training._batches import WholeBatches, collate, needs_no_loader
from sklnoise.training._config import resolve_device

# Kinds of processes that have a copy of the whole net each, by accelerate's names.
WITH_COPIES = "NO", "MULTI_CPU", "MULTI_GPU"

# Of the iterator, which say nothing about the order of the samples.
LOADER_PARAMETERS = {
    *("batch_size", "shuffle", "drop_last", "num_workers", "pin_memory"),
    *("prefetch_factor", "persistent_workers", "worker_init_fn", "timeout"),
}


def is_accelerated(net):
    """Return whether a net has an accelerator, maybe that of several processes."""
    return isinstance(net, AccelerateMixin)


def share_of(net):
    """Return which of how many processes that train a net this is."""
    if not is_accelerated(net):
        return 0, 1
    return net.accelerator.process_index, net.accelerator.num_processes


def is_shared(net):
    """Return whether several processes train a net."""
    return share_of(net)[1] > 1


def without_accelerator(net):
    """Return a clone of a net that has only the number of its processes."""
    net = clone(net)
    if is_accelerated(net):
        net.accelerator = share_of(net)[1]
    return net


def is_main_process(estimator):
    """Return whether this process may print and write what is common to all."""
    return share_of(estimator)[0] == 0


def resolve_device_of(net, device):
    """Resolve the device of a classifier with a net, which may have an accelerator."""
    if not is_accelerated(net):
        return resolve_device(device, net.device)
    found = net.accelerator.device
    found = torch.device("cpu") if found.type == "cpu" else found
    if device != "auto" and torch.device(device) != found:
        raise ValueError(
            f"device={device!r}, but the accelerator of the net has the device "
            f'{str(found)!r}. Leave it at "auto".'
        )
    return found


def check_accelerator(net):
    """Raise a ValueError if an accelerator asks for what our training does not do."""
    if not is_accelerated(net):
        return
    accelerator = net.accelerator
    kind = getattr(accelerator.distributed_type, "value", accelerator.distributed_type)
    if kind not in WITH_COPIES:
        raise ValueError(
            f"the accelerator distributes the net as {kind}, but each process must have "
            "a copy of it (MULTI_GPU or MULTI_CPU). For a net that is larger than a "
            "device write the training loop yourself, with sklnoise.losses.ForwardLoss."
        )
    if accelerator.mixed_precision != "no":
        raise ValueError(
            f"the accelerator has mixed_precision={accelerator.mixed_precision!r}. Leave "
            'it out, and set dtype="bfloat16" of the classifier.'
        )
    if accelerator.gradient_accumulation_steps != 1:
        raise ValueError(
            "the accelerator has gradient_accumulation_steps="
            f"{accelerator.gradient_accumulation_steps}, by which steps at the end of an "
            "epoch would be lost. Leave it out, and set batch_size, that of all "
            "processes together."
        )
    if is_shared(net):
        check_iterator(net)


def check_iterator(net):
    """Raise a ValueError if the batches of a net cannot be shared among processes."""
    iterators = "iterator_train", "iterator_valid"
    found = [name for name in iterators if getattr(net, name) is not DataLoader]
    for name in vars(net):
        iterator, _, parameter = name.partition("__")
        if iterator in iterators and parameter and parameter not in LOADER_PARAMETERS:
            found.append(name)
    if found:
        raise ValueError(
            f"{found[0]} is set, but {share_of(net)[1]} processes train the net, among "
            "which each batch is divided. Leave it out."
        )


def check_shared_loss(net, loss):
    """Raise a ValueError if the loss of a sample depends on those of other processes."""
    if not is_shared(net):
        return
    for part in loss.modules():
        if getattr(part, "wants_index", False) or getattr(
            part, "wants_normalized_logits", False
        ):
            raise ValueError(
                f"{type(part).__name__} remembers or normalises what the net says of "
                f"all samples, of which each of {share_of(net)[1]} processes sees only "
                'a share. Use correction="forward", or one process.'
            )


def refuse_shared(nets, owner):
    """Raise a ValueError if several processes train one of the nets of an estimator."""
    for net in nets:
        if is_shared(net):
            raise ValueError(
                f"{share_of(net)[1]} processes train {type(net).__name__} together, "
                f"which {type(owner).__name__} cannot do. Use NoiseRobustClassifier, or "
                "one process."
            )


def initialize(net, device):
    """Initialise a net; one with an accelerator stays as it is, on its device."""
    if not is_accelerated(net):
        net.initialize()
        return
    if net.callbacks__print_log__sink == "auto":
        # The accelerator would print the table of a net that is not verbose too.
        net.callbacks__print_log__sink = print if is_main_process(net) else print_nothing
    net._wrapped_with_accelerator = True  # or the mixin would wrap module and criterion
    net.initialize()
    net._wrapped_with_accelerator = False
    net.module_.to(device)
    net.criterion_.to(device)
    net.device = str(device)


def print_nothing(*args, **kwargs):
    """Leave the printing to the first process."""


def share_batches(
    dataset, *, share, batch_size, shuffle=False, drop_last=False, seed=None, **params
):
    """Make the iterator of a net over the share of each batch of one of the processes."""
    orders, others = (
        None if seed is None else torch.Generator().manual_seed(seed) for _ in range(2)
    )
    # The order is that of one process, where a loader draws from the same generator.
    others = others if needs_no_loader(dataset, params) else orders
    sampler = (
        RandomSampler(dataset, generator=orders)
        if shuffle
        else SequentialSampler(dataset)
    )
    batches = SharedBatches(sampler, batch_size, drop_last, share)
    loader = DataLoader(
        dataset, batch_sampler=batches, collate_fn=collate, generator=others, **params
    )
    return ShareOfBatches(loader)


class SharedBatches(WholeBatches):
    """A sampler of the share of each batch of one of several processes."""

    def __init__(self, sampler, batch_size, drop_last, share):
        super().__init__(sampler, batch_size, drop_last)
        self.share = share

    def __iter__(self):
        rank, n_processes = self.share
        for positions in super().__iter__():
            # A process must take part in each step: a sample without weight stands in.
            yield positions[rank::n_processes] or positions[:1]

    def factors(self):
        """Return what weights are multiplied by, so that means of means are means."""
        rank, n_processes = self.share
        shares = ((len(range(rank, size, n_processes)), size) for size in self.sizes())
        return [n_processes * n_here / size for n_here, size in shares]


class ShareOfBatches:
    """The share of each batch of one of several processes, with its weights."""

    def __init__(self, loader):
        self.loader = loader

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        factors = self.loader.batch_sampler.factors()
        for factor, (X, targets) in zip(factors, self.loader, strict=True):
            codes, weight, *rest = targets
            yield X, (codes, weight * factor, *rest)


class AverageOverProcesses(Callback):
    """Average gradients, and the losses in the history, over the processes."""

    def __init__(self, rank):
        self.rank = rank
        self.has_begun = False

    def on_epoch_begin(self, net, **kwargs):
        """Let each process draw its own dropout, once the orders are drawn from seeds."""
        if not self.has_begun:
            torch.manual_seed(torch.initial_seed() + self.rank)
            self.has_begun = True

    def on_grad_computed(self, net, named_parameters, **kwargs):
        """Average the gradients."""
        named = [(name, p) for name, p in named_parameters if p.requires_grad]
        sparse = [name for name, p in named if p.grad is not None and p.grad.is_sparse]
        if sparse:
            raise ValueError(
                f"the gradient of {sparse[0]} is sparse, which cannot be averaged over "
                "processes. Use torch.nn.Embedding(sparse=False)."
            )
        unused = [p.grad is None for _, p in named]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for _, p in named]
        n_used = torch.tensor([not u for u in unused], dtype=torch.float32)
        n_used = n_used.to(grads[0].device)
        average([*grads, n_used])
        if any(unused):
            for (_, p), grad, is_used in zip(named, grads, n_used.tolist()):
                p.grad = grad if is_used else None

    def on_batch_end(self, net, training=False, **kwargs):
        """Take running statistics over from the first process."""
        if training:
            broadcast(list(net.module_.buffers()))

    def on_epoch_end(self, net, **kwargs):
        """Average the losses, and add up the sizes of batches."""
        batches = [b for b in net.history[-1]["batches"] if "train_loss" in b]
        if not batches:
            return
        names = "train_loss", "train_batch_size"
        values = torch.tensor(
            [[batch[name] for name in names] for batch in batches],
            dtype=torch.float64,
            device=net.accelerator.device,
        )
        average([values])
        n_processes = share_of(net)[1]
        for batch, (loss, size) in zip(batches, values.tolist()):
            batch["train_loss"] = loss
            batch["train_batch_size"] = round(size * n_processes)


def begin_together(net):
    """Let all processes begin with the weights of the first one."""
    parts = net.module_, net.criterion_
    broadcast([t for part in parts for t in (*part.parameters(), *part.buffers())])


@torch.no_grad()
def average(tensors):
    """Replace tensors by their means over the processes."""
    n_processes = distributed.get_world_size()
    for flat in flattened(tensors):
        distributed.all_reduce(flat)
        flat /= n_processes


@torch.no_grad()
def broadcast(tensors):
    """Replace tensors by those of the first process."""
    for flat in flattened(tensors):
        distributed.broadcast(flat, src=0)


def flattened(tensors):
    """Yield the tensors of each type as one, and take over what it becomes."""
    of_type = {}
    for tensor in tensors:
        of_type.setdefault(tensor.dtype, []).append(tensor)
    for alike in of_type.values():
        flat = torch.cat([tensor.reshape(-1) for tensor in alike])
        yield flat
        parts = flat.split([tensor.numel() for tensor in alike])
        for tensor, part in zip(alike, parts, strict=True):
            tensor.copy_(part.view_as(tensor))


def compute_together(net, function, rows):
    """Compute an array with a row per sample, of which each process does its share."""
    rank, n_processes = share_of(net)
    if n_processes == 1:
        return function(rows)
    parts = gather_objects(function(rows[rank::n_processes]))
    whole = np.empty((len(rows), *parts[0].shape[1:]), parts[0].dtype)
    for start, part in enumerate(parts):
        whole[start::n_processes] = part
    return whole


def gather_objects(value):
    """Return the objects of all processes, by rank."""
    values = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, value)
    return values


def of_main_process(net, value):
    """Return what the first process has, in all that train a net."""
    if not is_shared(net):
        return value
    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]


def check_same_data(net, data):
    """Raise a ValueError if the processes that train a net have other labels each."""
    if not is_shared(net):
        return
    digest = hashlib.sha256(data.y.tobytes() + data.sample_weight.tobytes()).hexdigest()
    if len(set(gather_objects(digest))) > 1:
        raise ValueError(
            f"the {share_of(net)[1]} processes that train the net have different y or "
            "sample_weight. Pass all samples in the same order to each; the batches are "
            "divided among them. Seed what splits or shuffles them before."
        )
