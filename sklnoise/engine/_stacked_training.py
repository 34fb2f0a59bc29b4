"""Training of several nets as one stack, each as if it were alone."""

import numpy as np
import torch

from sklnoise.engine._lean import to_device
from sklnoise.engine._member import is_schedule
from sklnoise.engine._stack import point_to
from sklnoise.engine._workers import stop_if_told


def train_stack(members, stack):
    """Train nets as one."""
    running, lead = members, members[0].net
    unused, lead.optimizer_ = lead.optimizer_, optimizer_for(lead, stack)
    optimizer = lead.optimizer_
    schedules = [callback for _, callback in lead.callbacks_ if is_schedule(callback)]
    for member in members:
        named = member.net.callbacks_
        member.net.callbacks_ = [(n, cb) for n, cb in named if not is_schedule(cb)]
        member.begin("on_train_begin")
    for schedule in schedules:
        schedule.on_train_begin(lead)
    point_to(stack, [member.net.module_ for member in members])
    for number in range(1, lead.max_epochs + 1):
        for member in running:
            member.begin("on_epoch_begin")
        losses, sizes = stacked_epoch(running, stack, optimizer)
        goes_on = [
            member.end_epoch(*of_member, number)
            for member, *of_member in zip(running, losses, sizes)
        ]
        for schedule in schedules:
            schedule.lr_scheduler_.step()
        if not all(goes_on):
            running = keep_running(running, goes_on, stack, optimizer)
        if not running:
            break
    for member in running:
        member.end()
    lead.optimizer_ = unused  # and let go of what the optimizer of the stack has kept
    return [member.error for member in members]


def optimizer_for(net, stack):
    """Make the optimizer that a net asks for, over the parameters of a stack."""
    named = list(stack.named_parameters())
    args, kwargs = net.get_params_for_optimizer("optimizer", named)
    return net.optimizer(*args, **kwargs)


def stacked_epoch(members, stack, optimizer):
    """Train a stack for one epoch; the losses are read once, at its end."""
    dataset, net = members[0].dataset, members[0].net
    size = max(member.batches.batch_size for member in members)  # -1 is all of its own
    rows, codes, shares, sizes = draw_epoch(members, size)
    device = torch.device(net.device)
    codes, shares = to_device(codes, device), to_device(shares, device)
    at_once = size * max(1, members[0].batches.batches_at_once() // len(members))
    loss_of_row = net.criterion_.loss
    stack.train()
    parameters = list(stack.named_parameters())
    # In one piece: what is left of each step would break up the memory between them.
    losses = shares.new_empty(max(map(len, sizes)), len(members))
    n_steps = 0
    for start in range(0, rows.shape[1], at_once):
        some_rows = rows[:, start : start + at_once]
        batches = dataset.take_rows(some_rows.ravel())
        batches = to_device(batches.view(*some_rows.shape, *batches.shape[1:]), device)
        parts = slice(start, start + at_once)
        for X, y, share in zip(
            batches.split(size, dim=1),
            codes[:, parts].split(size, dim=1),
            shares[:, parts].split(size, dim=1),
        ):
            stop_if_told()
            stack.draws.sizes = [of_member[n_steps] for of_member in sizes]
            for _, parameter in parameters:
                parameter.grad = None
            row_losses = loss_of_row(stack(X).flatten(0, 1), y.flatten().long())
            row_losses.backward(share.flatten())  # the gradient of their weighted sum
            optimizer.step()
            weighted = row_losses.detach().view(y.shape) * share
            torch.sum(weighted, dim=1, out=losses[n_steps])
            n_steps += 1
    return losses.t().tolist(), sizes


def draw_epoch(members, size):
    """Draw the order of the rows of each net."""
    shape = len(members), max(member.batches.n_rows for member in members)
    rows = np.empty(shape, dtype=np.int64)
    codes = torch.empty(shape, dtype=torch.int32)
    shares = torch.zeros(shape, dtype=members[0].dataset.dtype)
    sizes = []
    for k, member in enumerate(members):
        dataset, order = member.dataset, member.batches.order()
        n_rows = len(order)
        rows[k, :n_rows] = dataset.rows[order.numpy()]
        rows[k, n_rows:] = rows[k, 0]
        codes[k, :n_rows] = dataset.codes[order]
        codes[k, n_rows:] = codes[k, 0]
        n_full, rest = divmod(n_rows, size)
        shares[k, :n_rows] = dataset.sample_weight[order]
        shares[k, : n_full * size] /= size
        shares[k, n_full * size : n_rows] /= max(1, rest)
        sizes.append([size] * n_full + [rest] * bool(rest))
    longest = max(map(sum, sizes))
    return rows[:, :longest], codes[:, :longest], shares[:, :longest], sizes


def keep_running(members, goes_on, stack, optimizer):
    """Take nets that have stopped out of their stack."""
    for member, stays in zip(members, goes_on):
        if not stays:
            member.end()
    kept = torch.tensor(goes_on)
    for _, parameter in stack.named_parameters():
        state = optimizer.state[parameter]
        for name, value in state.items():
            if torch.is_tensor(value) and value.shape == parameter.shape:
                state[name] = value[kept.to(value.device)]
        parameter.grad = None
        parameter.data = parameter.data[kept.to(parameter.device)]
    for part in (*stack.modules(), stack.draws):
        if hasattr(part, "keep"):
            part.keep(goes_on)
    members = [member for member, stays in zip(members, goes_on) if stays]
    point_to(stack, [member.net.module_ for member in members])
    return members
