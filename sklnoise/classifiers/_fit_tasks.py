"""The callbacks of scikit-learn: the tasks of a fit, as it tells them."""

from functools import partial

from sklnoise.classifiers._follower import Follower
from sklnoise.engine import keeps_to_epochs, undisturbed


class FitTasks(Follower):
    """Tells the callbacks of scikit-learn of the tasks of a fit."""

    watches_epochs = True

    def __init__(self, classifier, X, y, sample_weight):
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.classifier = classifier
        self.given = {"estimator": classifier, "X": X, "y": y, "metadata": weights}

    def begin_fit(self, n_steps):
        """Set the callbacks up and begin the root of the tree."""
        self.root = self.classifier._init_callback_context(max_subtasks=n_steps)
        self.root.call_on_fit_task_begin(**self.given)

    def begin(self, step):
        """Begin the task of a step; with one a fold, or one an epoch later on."""
        self.step, self.task, self.folds = step, None, {}
        if step.name == "first pass":
            n_folds = step.n_trainings
            self._open(max_subtasks=n_folds, sequential_subtasks=False)
            self.folds = {
                number: self.task.subcontext(task_name="fold", task_id=number)
                for number in range(n_folds)
            }
            for fold in self.folds.values():
                fold.call_on_fit_task_begin(**self.given)
        elif step.fitted is None:
            self._open()

    def _open(self, **kwargs):
        """Begin a task below the root."""
        self.task = self.root.subcontext(task_name=self.step.name, **kwargs)
        self.task.call_on_fit_task_begin(**self.given)

    def done(self, number):
        """End the task of a fold."""
        self.folds.pop(number).call_on_fit_task_end(**self.given)

    def watch(self, number, event, net, n_epochs):
        """Begin and end the tasks of epochs whose net may be that of the classifier."""
        if self.step.fitted is None:
            return False
        with undisturbed(net.device):
            if event == "on_train_begin" and self.task is None:
                known = self.step.n_trainings == 1 and keeps_to_epochs(net)
                self._open(max_subtasks=n_epochs if known else None)
            elif event == "on_epoch_begin":
                self.epoch = self.task.subcontext(task_name="epoch")
                self.epoch.call_on_fit_task_begin(**self.given)
            elif event == "on_epoch_end":
                return self.epoch.call_on_fit_task_end(
                    **self.given, reconstruction_attributes=partial(self.step.fitted, net)
                )
        return False

    def end(self):
        """End the task of a step, with those folds that a cache has spared."""
        for number in list(self.folds):
            self.done(number)
        self.task.call_on_fit_task_end(**self.given)

    def end_fit(self):
        """End the root of the tree: the classifier is fitted."""
        self.root.call_on_fit_task_end(**self.given, reconstruction_attributes={})
