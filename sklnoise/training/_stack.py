"""Several MLPs of one shape whose steps are taken together."""

from itertools import compress

import numpy as np
import torch
from torch import nn

from sklnoise.nn._mlp import Linear, has_known_layers, set_generator
from sklnoise.training._averages import average_of
from sklnoise.training._batches import BatchIterator, groups
from sklnoise.training._callbacks import acts_alone, is_of_table
from sklnoise.training._config import n_weights
from sklnoise.training._data import to_device
from sklnoise.training._optimizers import ELEMENTWISE, make_eager
from sklnoise.training._trajectory import skips_validation
from sklnoise.training._workers import raise_if_cancelled

# Bytes of the weights and moments of all nets up to which a stack is at least 1.25 times
# as fast as its nets one after another: on a CPU they must stay in the cache.
MAX_STACK_BYTES = {"cpu": 2**21, "mps": 2**27, "cuda": 2**29}


def can_stack(prepared, n_nets):
    """Return whether steps of such nets can be taken together, and gain by it.

    The optimizer of each net must treat each value alone, and its callbacks act on it or
    on the learning rate of all nets alike.
    """
    net, device = prepared.net, prepared.config.device
    criterion = net.criterion_
    n_bytes = 3 * n_nets * n_weights(net.module_) * prepared.config.dtype.itemsize
    return (
        has_known_layers(net.module_)
        and isinstance(prepared.dataset.all_X, np.ndarray)
        and n_bytes <= MAX_STACK_BYTES.get(device.type, 0)
        and type(net.optimizer_) in ELEMENTWISE
        and not criterion.from_probabilities
        and criterion.normalization is None
        and not getattr(criterion.loss, "wants_features", False)
        and next(criterion.parameters(), None) is None
        and all(
            acts_alone(callback) or (net.train_split is None and is_of_table(callback))
            for _, callback in net.callbacks_
        )
    )


def group_alike(members):
    """Group nets by what their steps must have in common; return lists of indices."""
    groups = {}
    for index, member in enumerate(members):
        held_out = member.held_out
        if held_out is not None and not isinstance(held_out, BatchIterator):
            groups[index] = [index]  # validated by skorch
            continue
        n_validated = 0 if held_out is None else len(held_out)
        shape = len(member.batches), n_validated, member.net.max_epochs
        groups.setdefault(shape, []).append(index)
    return list(groups.values())


class StackedMLP:
    """MLPs as one whose parameters have an axis for the nets.

    While they are trained, the parameters of each net are views into those of the stack.
    """

    def __init__(self, members, generator):
        self.members = members
        self.dataset = members[0].dataset  # all X, of which each net has its rows
        lead = members[0].net
        self.layers, self.criterion = lead.module_.layers, lead.criterion_
        set_generator(self.layers, generator)
        self.parameters = {
            name: nn.Parameter(
                torch.stack([m.net.module_.get_parameter(name).detach() for m in members])
            )
            for name, _ in lead.module_.named_parameters()
        }
        args, kwargs = lead.get_params_for_optimizer(
            "optimizer", list(self.parameters.items())
        )
        self.optimizer = make_eager(lead.optimizer, *args, **kwargs)
        self._make_views()
        self.average = average_of(lead, self.parameters.values())
        self.n_epochs = 0
        self.drawn = {}
        self.numbers = torch.arange(len(members))
        if getattr(self.criterion.loss, "wants_index", False):
            self.n_places = 1 + max(len(member.dataset) for member in members)
            n_samples = len(members) * self.n_places
            self.criterion.forget(n_samples, n_of_each=self.n_places)

    def forward(self, X):
        """Apply each net to its own part of X of shape (n_nets, n_samples, ...)."""
        X = X.flatten(2)
        for name, layer in self.layers.named_children():
            if isinstance(layer, Linear):
                weight = self.parameters[f"layers.{name}.weight"]
                bias = self.parameters[f"layers.{name}.bias"]
                X = torch.baddbmm(bias[:, None], X, weight)
            elif name == "encoding":
                own = [member.net.module_.layers.encoding for member in self.members]
                X = torch.stack([encode(x) for encode, x in zip(own, X, strict=True)])
            elif name != "flatten":
                X = layer(X)
        return X

    @torch.enable_grad()
    def train_epoch(self):
        """Train all nets for one epoch; the losses are read once, at its end."""
        self._copy_learning_rates()
        self.layers.train()
        self.criterion.train()
        self.average.begin_epoch()
        parameters = list(self.parameters.values())
        iterators = [member.batches for member in self.members]

        def step(losses, shares):
            for parameter in parameters:
                parameter.grad = None
            (losses * shares).sum().backward()
            self.optimizer.step()
            self.criterion.count_step()
            self.average.count_step()

        trained = self._run(iterators, step)
        self.average.end_epoch()
        return trained

    @torch.no_grad()
    def validate_epoch(self):
        """Compute the losses of all nets on the samples that are held out."""
        lead = self.members[0]
        if lead.held_out is None or skips_validation(lead.net):
            return [None] * len(self.members)
        self.layers.eval()
        self.criterion.eval()
        return self._run([member.held_out for member in self.members])

    def _run(self, iterators, step=None):
        """Pass through the batches of all nets; return losses and sizes of each."""
        lead = self.members[0]
        rows, targets, shares, sizes = self._draw(iterators)
        if step is not None and getattr(self.criterion.loss, "wants_index", False):
            targets = [*targets[:-1], self._places(targets[-1], shares)]  # they are kept
        device, dataset = torch.device(lead.net.device), self.dataset
        targets = [to_device(target, device) for target in targets]
        shares = to_device(shares, device)
        n_together = max(1, iterators[0].n_gathered() // len(iterators))
        # In one piece: what is left of each step would fragment the memory.
        totals = shares.new_empty(max(map(len, sizes)), len(iterators))
        n_done = 0
        for start, some in groups(max(sizes, key=sum), n_together):
            part = slice(start, start + sum(some))
            some_rows = rows[:, part]
            batches = dataset.gather_batches(some_rows.ravel())
            batches = batches.view(*some_rows.shape, *batches.shape[1:])
            for X, share, *batch_targets in zip(
                to_device(batches, device).split(some, dim=1),
                shares[:, part].split(some, dim=1),
                *(target[:, part].split(some, dim=1) for target in targets),
            ):
                raise_if_cancelled()
                codes, *extra = (target.flatten(0, 1) for target in batch_targets)
                logits = self.forward(X).flatten(0, 1)
                weight = share.flatten()
                losses = self.criterion.sample_losses(logits, codes, weight, *extra)
                if step is not None:
                    step(losses, weight)
                weighted = losses.detach().view(share.shape) * share
                torch.sum(weighted, dim=1, out=totals[n_done])
                n_done += 1
        of_each_net = totals[:n_done].t().tolist()
        return [(loss[: len(n)], n) for loss, n in zip(of_each_net, sizes, strict=True)]

    def _draw(self, iterators):
        """Draw an epoch, or take the last one where the order is always the same."""
        if any(iterator.shuffle for iterator in iterators):
            return draw_epoch(iterators)
        drawn = self.drawn.get(id(iterators[0]))
        if drawn is None or len(drawn[0]) != len(iterators):
            drawn = self.drawn[id(iterators[0])] = draw_epoch(iterators)
        return drawn

    def _places(self, index, shares):
        """Give each net places of its own in a memory of the samples, and padding one."""
        index = index.where(shares > 0, self.n_places - 1)
        return index + self.n_places * self.numbers[:, None]

    def _copy_learning_rates(self):
        """Take over what the schedules have set in the optimizers of the nets."""
        if not self.n_epochs:
            # An empty step, as torch's schedules warn if no step came first.
            for member in self.members:
                member.net.optimizer_.step()
        self.n_epochs += 1
        lead_groups = self.members[0].net.optimizer_.param_groups
        for group, own in zip(self.optimizer.param_groups, lead_groups, strict=True):
            group.update({name: own[name] for name in own if name != "params"})

    def drop_stopped(self, goes_on):
        """Release the nets that have stopped, with weights of their own."""
        for member, stays in zip(self.members, goes_on, strict=True):
            if not stays:
                for parameter in member.net.module_.parameters():
                    parameter.data = parameter.data.clone()
        self.members = list(compress(self.members, goes_on))
        if not self.members:
            return
        kept = torch.tensor(goes_on)
        self.numbers = self.numbers[kept]
        self.average.keep(kept)
        for parameter in self.parameters.values():
            for name, value in self.optimizer.state[parameter].items():
                if torch.is_tensor(value) and value.shape == parameter.shape:
                    self.optimizer.state[parameter][name] = value[kept.to(value.device)]
            parameter.grad = None
            parameter.data = parameter.data[kept.to(parameter.device)]
        self._make_views()

    def _make_views(self):
        """Let the parameters of the nets be views into those of the stack."""
        for name, parameter in self.parameters.items():
            for member, view in zip(self.members, parameter.detach(), strict=True):
                member.net.module_.get_parameter(name).data = view


def draw_epoch(iterators):
    """Draw the order of the samples of each net.

    Returns indices into all the data, targets, the share of each sample in the mean loss
    of its batch, all of shape (n_nets, n_samples), and the batch sizes of each net. A
    shorter order is padded with its first sample, whose share is then 0.
    """
    orders = [iterator.draw_order() for iterator in iterators]
    n_longest = max(map(len, orders))
    rows, targets, shares, sizes = [], [], [], []
    for iterator, order in zip(iterators, orders, strict=True):
        dataset = iterator.dataset
        own_sizes = torch.tensor(iterator.sizes(), dtype=torch.int64)
        share = torch.zeros(n_longest, dtype=dataset.dtype)
        weight = dataset.sample_weight[order]
        share[: len(order)] = weight / own_sizes.repeat_interleave(own_sizes)
        padded = torch.cat([order, order[:1].expand(n_longest - len(order))])
        rows.append(dataset.rows[padded.numpy()])
        targets.append([dataset.codes[padded], *(t[padded] for t in dataset.targets[2:])])
        shares.append(share)
        sizes.append(iterator.sizes())
    targets = [torch.stack(kind) for kind in zip(*targets, strict=True)]
    return np.stack(rows), targets, torch.stack(shares), sizes
