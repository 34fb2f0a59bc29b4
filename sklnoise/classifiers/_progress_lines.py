"""The progress of a fit as a line a step."""


class Lines:
    """Prints a line for each step of a fit.

    Parameters
    ----------
    name : str
        Of the classifier, at the start of each line.
    """

    def __init__(self, name):
        self.name = name

    def say(self, words):
        """Print a line.

        Parameters
        ----------
        words : str
            What it says.
        """
        print(f"[{self.name}] {words}", flush=True)

    def begin_fit(self, n_steps):
        """Print nothing: the steps come soon enough.

        Parameters
        ----------
        n_steps : int
            Of the fit.
        """

    def begin(self, step):
        """Print what is done in a step.

        Parameters
        ----------
        step : Step
            That begins.
        """
        self.step = step
        self.say(step.words)

    def done(self, number):
        """Print that a training is over.

        Parameters
        ----------
        number : int
            Of the training.
        """
        self.say(f"fold {number + 1} of {self.step.n_trainings} done")

    def end(self):
        """Print nothing: the next step does."""

    def end_fit(self):
        """Print nothing: the fit returns."""

    def close(self):
        """Leave everything as it is."""
