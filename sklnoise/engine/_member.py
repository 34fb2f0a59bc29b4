"""One net of a stack in training, with its rows and its callbacks."""

import torch
from skorch.callbacks import LRScheduler

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._callbacks import check_finite, raised_by_callback
from sklnoise.engine._device import seeded
from sklnoise.engine._lean import judge_epoch, record
from sklnoise.engine._snapshot import mean_loss
from sklnoise.engine._stack import let_go


class Member:
    """One net of a stack in training, with its rows and its callbacks."""

    def __init__(self, training):
        self.net = net = training.net
        self.dataset = training.dataset
        self.data = {"X": training.dataset, "y": training.y}
        with seeded(training.seed, training.setting.device):
            train, valid = net.get_split_datasets(training.dataset, training.y)
        self.splits = {"dataset_train": train, "dataset_valid": valid}
        self.batches = net.get_iterator(train, training=True)
        self.held_out = None if valid is None else net.get_iterator(valid)
        self.training = training
        self.error = None

    def generator(self):
        """Make the generator that the dropout of this net draws from."""
        device = self.training.setting.device
        return torch.Generator(device).manual_seed(self.training.seed)

    def begin(self, event):
        """Tell the callbacks that the training, or an epoch of it, begins."""
        if self.net.callbacks_:
            kwargs = self.data if event == "on_train_begin" else self.splits
            self.net.notify(event, **kwargs)
        self.tell(event)

    def end_epoch(self, losses, sizes, number):
        """Tell the callbacks of the losses of an epoch, and whether to go on."""
        try:
            check_finite(losses, number)
            if not self.net.callbacks_:
                self.net.history.new_epoch()
                self.net.history.record("epoch", number)
                self.net.history.record("train_loss", mean_loss(losses, sizes))
            else:
                record(self.net, losses, sizes, "train")
                if isinstance(self.held_out, BatchIterator):
                    record(self.net, *judge_epoch(self.net, self.held_out), "valid")
                elif self.held_out is not None:
                    step = self.net.validation_step
                    self.net.run_single_epoch(self.held_out, False, "valid", step)
                self.net.notify("on_epoch_end", **self.splits)
        except KeyboardInterrupt as interrupt:
            if not raised_by_callback(interrupt):
                raise
            self.tell("on_epoch_end")
            return False
        except Exception as error:
            self.error = error
            return False
        return not self.tell("on_epoch_end")

    def end(self):
        """Give the net its own parameters, and tell the callbacks that it is trained."""
        let_go(self.net.module_)
        if self.net.callbacks_:
            self.net.notify("on_train_end", **self.data)
        self.tell("on_train_end")

    def tell(self, event):
        """Tell who watches the training, if anybody does."""
        watch = self.training.watch
        return watch is not None and bool(watch(event, self.net, self.net.max_epochs))


def is_schedule(callback):
    """Tell whether a callback sets learning rates by the number of the epoch."""
    return (
        type(callback) is LRScheduler
        and callback.step_every == "epoch"
        and callback.policy_ is not torch.optim.lr_scheduler.ReduceLROnPlateau
    )
