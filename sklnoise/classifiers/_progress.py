"""The steps of a fit, and who follows them: lines or bars for the eye, callbacks."""

from contextlib import contextmanager

from sklnoise._compat import has_callbacks
from sklnoise.classifiers._fit_tasks import FitTasks
from sklnoise.classifiers._follower import Follower, Step
from sklnoise.classifiers._progress_display import can_draw, display, tables_of_nets


class Following(Follower):
    """All who follow a step of a fit; in another process, nobody."""

    def __init__(self, followers):
        self.followers = followers
        self.number = -1

    def __reduce__(self):
        return Following, ([],)

    def done(self, number):
        """Tell them of a training that is over."""
        for follower in self.followers:
            follower.done(number)

    def watch(self, number, event, net, n_epochs):
        """Tell them of one of several trainings."""
        stops = [f.watch(number, event, net, n_epochs) for f in self.followers]
        return any(stops)  # not a generator: all are told

    def watch_next(self, event, net, n_epochs):
        """Tell them of one of trainings that follow each other, see `watch`."""
        self.number += event == "on_train_begin"
        return self.watch(self.number, event, net, n_epochs)


class Progress:
    """A fit as its followers are told of it."""

    def __init__(self, followers):
        self.followers = followers
        self.is_watched = any(follower.watches_epochs for follower in followers)

    def say(self, words):
        """Tell something in words."""
        for follower in self.followers:
            follower.say(words)

    def begin(self, n_steps):
        """Tell how many steps there will be."""
        for follower in self.followers:
            follower.begin_fit(n_steps)

    @contextmanager
    def step(self, *args, **kwargs):
        """Tell of a step, from its begin to its end."""
        step = Step(*args, **kwargs)
        for follower in self.followers:
            follower.begin(step)
        told = Following(self.followers)
        watched = (told.watch, told.watch_next) if self.is_watched else (None, None)
        yield told.done, *watched
        for follower in self.followers:
            follower.end()


@contextmanager
def follow(classifier, X, y, sample_weight):
    """Let those follow a fit who shall."""
    followers = []
    if has_callbacks(classifier):
        followers.append(FitTasks(classifier, X, y, sample_weight))
    if classifier.verbose:
        # Bars of scikit-learn and ours would be drawn over each other.
        draws = not followers and not tables_of_nets(classifier) and can_draw()
        followers.append(display(type(classifier).__name__, classifier.verbose, draws))
    try:
        yield Progress(followers)
        for follower in followers:
            follower.end_fit()
    finally:
        for follower in followers:
            follower.close()
