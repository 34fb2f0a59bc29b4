"""A training whose number of epochs is chosen afterwards, by its held-out loss."""

import numpy as np
from skorch.callbacks import Callback
from torch.utils.data import Subset

# Steps after which a net is first looked at, and how much later each time after that.
FIRST_CHECKPOINT, CHECKPOINT_GROWTH = 12, 1.3
# A training ends once it is this much longer than it was when the held-out loss last
# fell by a share of what is left of it, or of its fall where that is less, as it is if
# labels are noisy. What is below `MIN_FALL` is chance, and the first steps tell nothing.
PATIENCE, MIN_GAIN, MIN_FALL, MIN_STEPS = 1.6, 0.03, 0.001, 60
# Weights that are kept of one training: those of the last sixfold of its epochs.
MAX_KEPT = 8


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

    It stops once the held-out loss has hardly fallen for as many steps as it took before.
    """

    def __init__(self, n_batches):
        self.n_batches = n_batches  # of an epoch

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.epochs_, self.losses_, self.weights_ = [], [], []
        self.next_epoch_ = max(1, FIRST_CHECKPOINT // self.n_batches)

    def is_due(self, net):
        """Return whether the held-out loss of the running epoch is wanted."""
        return len(net.history) >= min(self.next_epoch_, net.max_epochs)

    def on_epoch_end(self, net, **kwargs):
        """Keep the state at a checkpoint, and stop once patience is exhausted."""
        if not self.is_due(net):
            return
        epoch, loss = net.history[-1, "epoch"], float(net.history[-1, "valid_loss"])
        self.next_epoch_ = max(epoch + 1, round(epoch * CHECKPOINT_GROWTH))
        self.epochs_.append(epoch)
        self.losses_.append(loss)
        if len(self.losses_) == 1:
            self.lowest_loss_, self.lowest_epoch_ = loss, epoch
        state = net.module_.state_dict()
        self.weights_.append({name: value.clone() for name, value in state.items()})
        if len(self.weights_) > MAX_KEPT:
            self.weights_[-MAX_KEPT - 1] = None
        share = MIN_GAIN * min(self.losses_[0] - self.lowest_loss_, abs(loss))
        if loss < self.lowest_loss_ - max(share, MIN_FALL):
            self.lowest_loss_, self.lowest_epoch_ = loss, epoch
        is_long = epoch * self.n_batches >= MIN_STEPS
        if is_long and epoch >= PATIENCE * self.lowest_epoch_:
            raise KeyboardInterrupt  # skorch's way to end a training

    def load(self, net, number):
        """Give a net the weights of a checkpoint, or of the nearest one that is kept."""
        number = min(max(number, len(self.weights_) - MAX_KEPT), len(self.weights_) - 1)
        net.module_.load_state_dict(self.weights_[number])


def skips_validation(net):
    """Return whether nobody wants the held-out loss of the running epoch of a net."""
    trajectory = trajectory_of(net)
    return trajectory is not None and not trajectory.is_due(net)


def trajectory_of(net):
    """Return the trajectory that a net has kept, or None."""
    kept = [cb for _, cb in net.callbacks_ if isinstance(cb, KeepTrajectory)]
    return kept[0] if kept else None


def best_checkpoint(trajectories, sizes):
    """Return the number and the epoch of the lowest mean loss of several trainings.

    A net that has stopped before has its last loss from then on.
    """
    longest = max(trajectories, key=lambda kept: len(kept.epochs_)).epochs_
    losses = [
        [kept.losses_[min(k, len(kept.losses_) - 1)] for k in range(len(longest))]
        for kept in trajectories
    ]
    best = int(np.average(losses, axis=0, weights=sizes).argmin())
    return best, longest[best]
