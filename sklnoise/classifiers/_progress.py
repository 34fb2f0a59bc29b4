"""The steps of a fit, and who follows them: lines or bars for the eye, callbacks."""

from contextlib import contextmanager
from typing import NamedTuple

from sklnoise._compat import has_callbacks
from sklnoise.classifiers._fit_tasks import FitTasks
from sklnoise.classifiers._progress_display import can_draw, display, tables_of_nets


class Step(NamedTuple):
    """A step of a fit.

    Attributes
    ----------
    name : {"first pass", "selection", "refit", "fine-tuning"}
        Which one.

    words : str
        What is done, for the user.

    n_trainings : int or None
        Trainings that it takes; None where that shows only later.

    fitted : callable or None
        `fitted(net)` gives the attributes that the classifier would have, were the fit
        over with this net; None where such a net could not be that of the classifier.
    """

    name: str
    words: str
    n_trainings: int | None = 1
    fitted: object = None


class Following:
    """Those who follow a step of a fit; in another process, nobody.

    Parameters
    ----------
    followers : list of Lines, Bars or FitTasks
        They are told of all that happens.
    """

    def __init__(self, followers):
        self.followers = followers
        self.number = -1

    def __reduce__(self):
        return Following, ([],)

    def done(self, number):
        """Tell that a training has given what was wanted of it.

        Parameters
        ----------
        number : int
            Of the training.
        """
        for follower in self.followers:
            follower.done(number)

    def watch(self, number, event, net, n_epochs):
        """Tell of the epochs of one of several trainings.

        Parameters
        ----------
        number : int
            Of the training.

        event : {"on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"}
            What has happened.

        net : skorch.NeuralNetClassifier
            In training.

        n_epochs : int
            That it will take, unless it is stopped.

        Returns
        -------
        stop : bool
            Whether the training shall end.
        """
        watchers = [f for f in self.followers if hasattr(f, "watch")]
        stops = [f.watch(number, event, net, n_epochs) for f in watchers]  # all are told
        return any(stops)

    def watch_next(self, event, net, n_epochs):
        """Tell of the epochs of trainings that follow each other.

        Parameters
        ----------
        event : {"on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"}
            What has happened.

        net : skorch.NeuralNetClassifier
            In training.

        n_epochs : int
            That it will take, unless it is stopped.

        Returns
        -------
        stop : bool
            Whether the training shall end.
        """
        self.number += event == "on_train_begin"
        return self.watch(self.number, event, net, n_epochs)


class Progress:
    """A fit as its followers are told of it.

    Parameters
    ----------
    followers : list of Lines, Bars or FitTasks
        Whom to tell.
    """

    def __init__(self, followers):
        self.followers = followers
        self.is_watched = any(hasattr(follower, "watch") for follower in followers)

    def say(self, words):
        """Tell something in words.

        Parameters
        ----------
        words : str
            For the user.
        """
        for follower in self.followers:
            follower.say(words)

    def begin(self, n_steps):
        """Tell how many steps there will be.

        Parameters
        ----------
        n_steps : int
            Calls of `step`.
        """
        for follower in self.followers:
            follower.begin_fit(n_steps)

    @contextmanager
    def step(self, *args, **kwargs):
        """Tell of a step, from its begin to its end.

        Parameters
        ----------
        *args, **kwargs
            Those of `Step`.

        Yields
        ------
        done : callable
            `done(number)` tells of a training that is over.

        watch, watch_next : callable or None
            See `Following`; None where nobody wants to hear of epochs.
        """
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
    """Let those follow a fit who shall.

    Parameters
    ----------
    classifier : NoiseRobustClassifier
        About to be fitted; its `verbose` and its callbacks decide.

    X, y, sample_weight : array-like
        What `fit` was given, for the callbacks.

    Yields
    ------
    progress : Progress
        To be told of the steps.
    """
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
