"""Warnings and errors that sklnoise defines."""


class AnnotatorWarning(UserWarning):
    """Answers of annotators are missing, constant, copied, or of a class of their own."""


class ClassCollapseWarning(UserWarning):
    """A class that the labels imply is hardly ever predicted."""


class DominatedClassWarning(UserWarning):
    """A given transition matrix says that a class is mostly labelled as another one."""


class FittedSamplesWarning(UserWarning):
    """Labels are judged by a classifier that was fitted to them."""


class IllConditionedTransitionWarning(UserWarning):
    """An estimated transition matrix is too close to singular to be inverted."""


class RareClassWarning(UserWarning):
    """A class has fewer samples than there are folds, or than T must rest on."""


class PermutedClassesWarning(UserWarning):
    """The rows of a learned transition matrix are permuted."""


class RescaledWeightsWarning(UserWarning):
    """Weights are too small to be counts of samples, and are scaled to mean 1."""


class SwappableClassesWarning(UserWarning):
    """Two classes flip into each other so often that their names may be swapped."""


class UncorrectedSetsWarning(UserWarning):
    """Prediction sets are those of the noisy labels: T does not support smaller ones."""


class WeakFirstPassWarning(UserWarning):
    """The first pass cannot tell label noise from its own errors."""


class FoldFitError(RuntimeError):
    """The first pass failed in one fold; the cause is chained."""


class NonFiniteLossError(FloatingPointError):
    """The training loss became NaN or infinite."""
