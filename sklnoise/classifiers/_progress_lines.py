"""The progress of a fit as a line a step."""

from sklnoise.classifiers._follower import Follower


class Lines(Follower):
    """Prints a line for each step of a fit."""

    def __init__(self, name):
        self.name = name

    def say(self, words):
        """Print a line."""
        print(f"[{self.name}] {words}", flush=True)

    def begin(self, step):
        """Print what is done in a step."""
        self.step = step
        self.say(step.words)

    def done(self, number):
        """Print that a training is over."""
        self.say(f"fold {number + 1} of {self.step.n_trainings} done")
