"""The fitted classifier inside a pipeline or a search."""

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklnoise.classifiers._noise_robust import NoiseRobustClassifier


def fitted_classifier(estimator, kinds=NoiseRobustClassifier):
    """Return the fitted classifier that an estimator ends in."""
    classifier = innermost(estimator)
    if isinstance(classifier, kinds):
        check_is_fitted(classifier)
        return classifier
    if is_search(classifier):
        check_is_fitted(classifier)
        raise TypeError(
            f"estimator must keep the classifier that it fitted; got {classifier!r}, "
            "which has no best_estimator_. Let the search refit the best one: refit=True."
        )
    names = [kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
    raise TypeError(
        f"estimator must be a fitted {' or '.join(names)}, or a Pipeline or search that "
        f"ends in one; got {estimator!r}"
        + ("." if classifier is estimator else f", which ends in {classifier!r}.")
        + " Pass the estimator that was fitted, not its class, labels or probabilities."
    )


def innermost(estimator):
    """Follow the last steps of pipelines and the best estimators of searches."""
    while True:
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif is_search(estimator) and hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator


def is_search(estimator):
    """Return whether an estimator is a search over parameters, by its attributes."""
    names = ("fit", "estimator", "scoring", "refit", "cv", "return_train_score")
    return not isinstance(estimator, type) and all(hasattr(estimator, n) for n in names)
