"""The progress of a fit: lines on stdout, and tasks for scikit-learn's callbacks."""

import sys
from contextlib import contextmanager, nullcontext
from functools import partial

from sklnoise._compat import ProgressBar, callbacks_of, is_part_of_other_fit
from sklnoise.classifiers._fit_bar import DelayedBar, can_draw_on
from sklnoise.training import is_main_process, isolated, keeps_to_epochs


@contextmanager
def report_fit(classifier, X, y, sample_weight):
    """Report a fit, with a progress bar for this fit alone where one can be drawn."""
    own_callbacks = callbacks_of(classifier)
    has_bar = any(isinstance(callback, ProgressBar or ()) for callback in own_callbacks)
    is_alone = not has_bar and not is_part_of_other_fit(classifier)
    is_alone = is_alone and is_main_process(classifier.estimator)
    draws = (
        classifier.verbose
        and ProgressBar is not None
        and is_alone
        and can_draw_on(sys.stdout)
    )
    bar = None
    if classifier.verbose is None and is_alone and can_draw_on(sys.stderr):
        bar = DelayedBar(type(classifier).__name__)
    if draws:
        classifier.set_callbacks(*own_callbacks, ProgressBar())
    metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
    task_data = {"estimator": classifier, "X": X, "y": y, "metadata": metadata}
    progress = FitProgress(classifier, task_data, bar, prints_steps=not draws)
    try:
        with bar or nullcontext():
            yield progress
        progress.end()
    finally:
        if draws:
            classifier.set_callbacks(*own_callbacks)


class FitProgress:
    """Prints or draws the steps of a fit, and reports them to callbacks."""

    def __init__(self, classifier, task_data, bar, prints_steps):
        self.classifier = classifier
        self.task_data = task_data
        self.bar = bar
        self.prints_steps = prints_steps
        self.root = None

    def begin(self, n_steps):
        """Set the callbacks up: the input is valid."""
        if callbacks_of(self.classifier):
            self.root = self.classifier._init_callback_context(max_subtasks=n_steps)
            self.root.call_on_fit_task_begin(**self.task_data)

    def end(self):
        """End the task of the whole fit."""
        if self.root is not None:
            self.root.call_on_fit_task_end(**self.task_data, reconstruction_attributes={})

    def say(self, message):
        """Print a line."""
        if self.classifier.verbose and is_main_process(self.classifier.estimator):
            print(f"[{type(self.classifier).__name__}] {message}", flush=True)

    def say_step(self, message, n_parts=None):
        """Print a line, unless a bar shows the step."""
        if self.bar is not None:
            self.bar.show(message, n_parts)
        if self.prints_steps:
            self.say(message)

    def say_fold(self, number, n_folds):
        """Print a line, unless a bar shows the folds."""
        if self.bar is not None:
            self.bar.advance()
        if self.prints_steps:
            self.say(f"fold {number + 1} of {n_folds} done")

    @contextmanager
    def step(self, name, message):
        """Report a step that has no parts."""
        self.say_step(message)
        if self.root is None:
            yield
            return
        task = self.root.subcontext(task_name=name)
        task.call_on_fit_task_begin(**self.task_data)
        yield
        task.call_on_fit_task_end(**self.task_data)

    @contextmanager
    def folds(self, name, message, n_folds):
        """Report a step of folds; yields what is to be called at the end of each."""
        self.say_step(message, n_folds)
        if self.root is None:
            yield partial(self.say_fold, n_folds=n_folds)
            return
        step = self.root.subcontext(
            task_name=name, max_subtasks=n_folds, sequential_subtasks=False
        )
        step.call_on_fit_task_begin(**self.task_data)
        # Folds may run together, and end in any order.
        running = {
            k: step.subcontext(task_name="fold", task_id=k) for k in range(n_folds)
        }
        for fold in running.values():
            fold.call_on_fit_task_begin(**self.task_data)

        def on_fold_end(k):
            self.say_fold(k, n_folds)
            running.pop(k).call_on_fit_task_end(**self.task_data)

        yield on_fold_end
        for k in [*running]:  # those that a cache has spared
            running.pop(k).call_on_fit_task_end(**self.task_data)
        step.call_on_fit_task_end(**self.task_data)

    @contextmanager
    def training(self, name, message, fitted_attributes, *, one_training):
        """Report a step of epochs; yields the `on_epoch` of a `Trainer`."""
        self.say_step(message)
        if self.root is None:
            yield None
            return
        epochs = EpochTasks(
            partial(self.root.subcontext, task_name=name),
            self.task_data,
            fitted_attributes,
            one_training,
        )
        yield epochs.on_epoch
        epochs.step.call_on_fit_task_end(**self.task_data)


class EpochTasks:
    """Tasks of the epochs of a step, below a task that the first training begins."""

    def __init__(self, make_step, task_data, fitted_attributes, one_training):
        self.make_step = make_step
        self.task_data = task_data
        self.fitted_attributes = fitted_attributes
        self.one_training = one_training
        self.step = None

    def on_epoch(self, event, net, n_epochs):
        """Begin or end the task of an epoch; True ends the training."""
        # A callback may predict and draw: the bits of the training must not change.
        with isolated(net.device):
            if event == "on_train_begin" and self.step is None:
                is_known = self.one_training and keeps_to_epochs(net)
                self.step = self.make_step(max_subtasks=n_epochs if is_known else None)
                self.step.call_on_fit_task_begin(**self.task_data)
            elif event == "on_epoch_begin":
                self.epoch = self.step.subcontext(task_name="epoch")
                self.epoch.call_on_fit_task_begin(**self.task_data)
            elif event == "on_epoch_end":
                attributes = partial(self.fitted_attributes, net)
                return self.epoch.call_on_fit_task_end(
                    **self.task_data, reconstruction_attributes=attributes
                )
        return False
