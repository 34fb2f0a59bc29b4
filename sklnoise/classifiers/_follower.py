"""What those who follow a fit are told of."""

from typing import NamedTuple


class Step(NamedTuple):
    """A step of a fit."""

    name: str
    words: str
    n_trainings: int | None = 1
    fitted: object = None


class Follower:
    """Follows a fit and keeps silent; what it is told of, others show."""

    watches_epochs = False
    """Whether `watch` is called, for which the trainings must be observed."""

    def say(self, words):
        """Tell something in words."""

    def begin_fit(self, n_steps):
        """Begin."""

    def begin(self, step):
        """Begin a step."""

    def done(self, number):
        """Count a training that has given what was wanted of it."""

    def watch(self, number, event, net, n_epochs):
        """Look at a training."""
        return False

    def end(self):
        """End a step."""

    def end_fit(self):
        """End: the classifier is fitted."""

    def close(self):
        """Leave everything as it was, also after an error."""
