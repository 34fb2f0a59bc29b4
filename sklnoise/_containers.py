"""What is inside of pipelines, searches and other containers of estimators."""

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline

THRESHOLD_CLASSIFIERS = FixedThresholdClassifier, TunedThresholdClassifierCV


def innermost(estimator):
    """Follow the last steps of pipelines and the best estimators of searches."""
    while (inner := contained(estimator)) is not None:
        estimator = inner
    return estimator


def innermost_with_input(estimator, X):
    """Find the innermost estimator, and transform X as it is on the way to it."""
    while (inner := contained(estimator)) is not None:
        if isinstance(estimator, Pipeline):
            X = transform_before_last(estimator, X)
        estimator = inner
    return estimator, X


def contained(estimator):
    """Return the estimator whose probabilities a container passes on, or None."""
    if isinstance(estimator, Pipeline):
        last = estimator.steps[-1][1] if len(estimator.steps) else None
        return None if last == "passthrough" else last
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    if isinstance(estimator, THRESHOLD_CLASSIFIERS):
        return getattr(estimator, "estimator_", None)
    if is_search(estimator):
        return getattr(estimator, "best_estimator_", None)
    return None


def is_search(estimator):
    """Return whether an estimator is a search over parameters, by its attributes."""
    # Searches of other libraries, such as dask's, derive from nothing in common.
    names = ("fit", "estimator", "scoring", "refit", "cv", "return_train_score")
    return not isinstance(estimator, type) and all(hasattr(estimator, n) for n in names)


def transform_before_last(pipeline, X):
    """Transform X by all steps but the last, as a pipeline does when it predicts."""
    for _, step in pipeline.steps[:-1]:
        if step is not None and step != "passthrough" and not is_sampler(step):
            X = step.transform(X)
    return X


def is_sampler(step):
    """Return whether a step adds or drops samples in `fit`, as imbalanced-learn's do."""
    return hasattr(step, "fit_resample")


def has_sampler(pipeline):
    """Return whether a pipeline fits its last step to other samples than it is given."""
    return any(is_sampler(step) for _, step in pipeline.steps[:-1])
