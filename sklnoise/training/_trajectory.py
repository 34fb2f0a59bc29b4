"""A training whose number of epochs is chosen afterwards, by its held-out loss."""

import numpy as np
from skorch.callbacks import Callback
from torch.utils.data import Subset

from sklnoise.training._held_out_losses import is_within_error, validation_batches

# Steps after which a net is first looked at, and how much later each time after that:
# in steps, as folds of 256 and of 257 samples have epochs of one and of two.
FIRST_CHECKPOINT, CHECKPOINT_GROWTH = 12, 1.3
# A training ends once it is this much longer than it was when the held-out loss last
# fell by a share of what is left of it, or of its fall where that is less, as it is if
# labels are noisy. What is below `MIN_FALL` is chance.
PATIENCE, MIN_GAIN, MIN_FALL = 1.6, 0.03, 0.001
# Weights that are kept of one training: those of the last sixfold of its epochs.
MAX_KEPT = 8
# Held-out batches, of all folds, that a standard error is computed from.
MIN_BATCHES = 3


class HeldOutRest:
    """A validation split: all samples behind the first `n_train` are held out."""

    def __init__(self, n_train):
        self.n_train = n_train

    def __call__(self, dataset, y, **fit_params):
        """Return the training and the validation subset."""
        parts = np.split(np.arange(len(y)), [self.n_train])
        return tuple(Subset(dataset, part) for part in parts)


class KeepTrajectory(Callback):
    """Keep the weights and the held-out loss at growing distances along a training.

    It stops once the held-out loss has hardly fallen for as many steps as it took before,
    but not within the first `least_steps`, which may tell nothing.
    """

    def __init__(self, n_batches, least_steps):
        self.n_batches = n_batches  # of an epoch
        self.least_steps = least_steps

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.epochs_, self.losses_, self.weights_ = [], [], []
        self.batches_ = []  # losses and sizes of the held-out batches

    def next_epoch(self, net):
        """Return the epoch that ends nearest to the next checkpoint."""
        n_steps = FIRST_CHECKPOINT * CHECKPOINT_GROWTH ** len(self.epochs_)
        return min(max(1, round(n_steps / self.n_batches)), net.max_epochs)

    def is_due(self, net):
        """Return whether the held-out loss of the running epoch is wanted."""
        return len(net.history) >= self.next_epoch(net)

    def on_epoch_end(self, net, **kwargs):
        """Keep the state at a checkpoint, and stop once patience is exhausted."""
        if not self.is_due(net):
            return
        epoch, loss = net.history[-1, "epoch"], float(net.history[-1, "valid_loss"])
        if not self.losses_:
            self.lowest_loss_, self.lowest_epoch_ = loss, epoch
        state = net.module_.state_dict()
        state = {name: value.clone() for name, value in state.items()}
        is_last = epoch == net.max_epochs
        while self.next_epoch(net) <= epoch:  # a long epoch ends at several of them
            self.epochs_.append(epoch)
            self.losses_.append(loss)
            self.weights_.append(state)
            self.batches_.append(validation_batches(net.history[-1]))
            if is_last:
                break
        for number in range(len(self.weights_) - MAX_KEPT):
            self.weights_[number] = None
        share = MIN_GAIN * min(self.losses_[0] - self.lowest_loss_, abs(loss))
        if loss < self.lowest_loss_ - max(share, MIN_FALL):
            self.lowest_loss_, self.lowest_epoch_ = loss, epoch
        is_long = epoch * self.n_batches >= self.least_steps
        if is_long and epoch >= PATIENCE * self.lowest_epoch_:
            raise KeyboardInterrupt  # skorch's way to end a training

    def n_steps(self, number):
        """Return the steps before a checkpoint, or before the last one."""
        return self.epochs_[min(number, len(self.epochs_) - 1)] * self.n_batches

    def set_back(self, net, number):
        """Set a net back to a checkpoint, or to the nearest one that is kept."""
        last = len(self.weights_) - 1
        weights = self.weights_[min(max(number, last + 1 - MAX_KEPT), last)]
        net.module_.load_state_dict(weights)
        net.history = net.history[: self.epochs_[min(number, last)]]


def skips_validation(net):
    """Return whether nobody wants the held-out loss of the running epoch of a net."""
    trajectory = trajectory_of(net)
    return trajectory is not None and not trajectory.is_due(net)


def trajectory_of(net):
    """Return the trajectory that a net has kept, or None."""
    kept = [cb for _, cb in net.callbacks_ if isinstance(cb, KeepTrajectory)]
    return kept[0] if kept else None


def best_checkpoint(trajectories, sizes, *, takes_last=False):
    """Return the number of the checkpoint of the lowest mean loss of several trainings.

    With `takes_last` it is the last one that is within a standard error of it. A net that
    has stopped before has its last loss from then on.
    """
    n_checkpoints = max(len(kept.losses_) for kept in trajectories)
    numbers = [
        [min(k, len(kept.losses_) - 1) for kept in trajectories]
        for k in range(n_checkpoints)
    ]
    losses = [
        [kept.losses_[k] for kept, k in zip(trajectories, own, strict=True)]
        for own in numbers
    ]
    lowest = int(np.average(losses, axis=1, weights=sizes).argmin())
    if not takes_last:
        return lowest
    parts = [
        [kept.batches_[k] for kept, k in zip(trajectories, own, strict=True)]
        for own in numbers
    ]
    batches = [np.concatenate([loss for loss, _ in own]) for own in parts]
    n_samples = np.concatenate([size for _, size in parts[lowest]])
    within = [
        k
        for k in range(lowest, n_checkpoints)
        if is_within_error(batches[k], batches[lowest], n_samples, MIN_BATCHES)
    ]
    return max(within, default=lowest)
