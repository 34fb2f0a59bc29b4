"""The progress of a fit as bars on a terminal, one a step; needs rich."""

import threading
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

from sklnoise.classifiers._follower import Follower

LEAST_SECONDS = 0.1
"""Between two changes of a bar: an epoch may take less than to write of it."""

LEAST_WIDTH = 64
"""Characters of a terminal that leave room for a bar between the words."""


class Clock(ProgressColumn):
    """Shows the time that is left, if all epochs of a step take the same."""

    def render(self, task):
        """Show the time of one bar."""
        if task.finished:
            return Text(in_minutes(task.finished_time))
        if not task.completed or task.total is None:
            return Text("")
        at = task.fields["at"]
        left = at * (task.total / task.completed - 1) - (task.elapsed - at)
        return Text(f"{in_minutes(max(0, left))} left")


def in_minutes(seconds):
    """Write a time."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"


class Bars(Follower):
    """Draws a bar for each step of a fit."""

    watches_epochs = True

    def __init__(self, name, tables=False):
        self.name, self.tables = name, tables
        self.lock = threading.Lock()  # folds are trained on several threads
        console = Console()
        columns = [
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}", markup=False),
            Clock(table_column=Column(no_wrap=True)),
        ]
        if console.width < LEAST_WIDTH:
            del columns[1]
        self.progress = Progress(*columns, console=console, refresh_per_second=4)

    def say(self, words):
        """Print a line above the bars."""
        console = self.progress.console
        console.print(f"[{self.name}] {words}", markup=False, highlight=False)

    def begin(self, step):
        """Draw a bar."""
        self.bar = None
        if step.n_trainings == 0 or (self.tables and step.fitted is not None):
            self.close()
            self.say(step.words)
            return
        self.expected = step.n_trainings or 1
        self.epochs, self.folds, self.changed = {}, set(), 0.0
        self.bar = self.progress.add_task(step.words, total=None, count="", at=0.0)
        self.progress.start()

    def done(self, number):
        """Count a fold."""
        with self.lock:
            self.folds.add(number)
            self._change()

    def watch(self, number, event, net, n_epochs):
        """Count an epoch."""
        if event == "on_epoch_begin" or self.bar is None:
            return False
        with self.lock:
            if event == "on_train_begin":
                self.epochs[number] = [0, n_epochs]
            elif event == "on_epoch_end":
                self.epochs[number][0] += 1
            else:  # perhaps stopped early
                self.epochs[number][1] = self.epochs[number][0]
            if event != "on_epoch_end" or monotonic() - self.changed > LEAST_SECONDS:
                self._change()
        return False

    def _change(self):
        """Draw what has been counted."""
        self.changed = monotonic()
        if self.epochs:
            unit, known = "epochs", list(self.epochs.values())
            completed = sum(n_done for n_done, _ in known)
            to_come = max(0, self.expected - len(known)) * max(n for _, n in known)
            total = sum(n_epochs for _, n_epochs in known) + to_come
        else:  # in other processes, or no net
            unit, completed, total = "folds", len(self.folds), self.expected
        self.progress.update(
            self.bar,
            completed=completed,
            total=total,
            count=f"{completed}/{total} {unit}",
            at=self.progress.tasks[self.bar].elapsed,
        )

    def end(self):
        """Fill the bar."""
        if self.bar is None:
            return
        with self.lock:
            if self.epochs or self.folds:
                self._change()
            else:
                self.progress.update(self.bar, completed=1, total=1, count="from memory")

    def close(self):
        """Give the terminal back, also after an error."""
        self.progress.stop()
