"""What those who follow a fit are told of."""

from typing import NamedTuple


class Step(NamedTuple):
    """A step of a fit.

    Attributes
    ----------
    name : {"first pass", "selection", "refit", "fine-tuning"}
        Which one.

    words : str
        What is done, for the user.

    n_trainings : int or None
        Trainings that it takes; 0 for a step that is left out, None where that shows
        only later.

    fitted : callable or None
        `fitted(net)` gives the attributes that the classifier would have, were the fit
        over with this net; None where such a net could not be that of the classifier.
    """

    name: str
    words: str
    n_trainings: int | None = 1
    fitted: object = None


class Follower:
    """Follows a fit and keeps silent; what it is told of, others show."""

    watches_epochs = False
    """Whether `watch` is called, for which the trainings must be observed."""

    def say(self, words):
        """Tell something in words.

        Parameters
        ----------
        words : str
            For the user.
        """

    def begin_fit(self, n_steps):
        """Begin.

        Parameters
        ----------
        n_steps : int
            Steps that the fit will take.
        """

    def begin(self, step):
        """Begin a step.

        Parameters
        ----------
        step : Step
            That begins.
        """

    def done(self, number):
        """Count a training that has given what was wanted of it.

        Parameters
        ----------
        number : int
            Of the training, in the step.
        """

    def watch(self, number, event, net, n_epochs):
        """Look at a training.

        Parameters
        ----------
        number : int
            Of the training, in the step.

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
        return False

    def end(self):
        """End a step."""

    def end_fit(self):
        """End: the classifier is fitted."""

    def close(self):
        """Leave everything as it was, also after an error."""
