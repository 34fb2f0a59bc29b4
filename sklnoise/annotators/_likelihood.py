"""The likelihood of the answers of annotators under a fitted classifier."""

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklnoise._containers import innermost
from sklnoise.annotators._copies import without_duplicates
from sklnoise.annotators._em import expect


def annotator_log_likelihood(estimator, X, y):
    r"""Score a classifier by the likelihood of the answers of several annotators.

    .. math:: \frac{1}{n} \sum_i \log \sum_k p_k(x_i) \prod_a T_a[k, y_{ia}]

    over the n answers, of which repeated ones count once: the likelihood of all answers
    to a sample under the clean posterior p that is predicted for it and the matrices
    `T_a` of the fit. It needs no clean label, and is a scorer, as `scoring` of
    :class:`~sklearn.model_selection.GridSearchCV` and
    :func:`~sklearn.model_selection.cross_val_score` takes it.

    Parameters
    ----------
    estimator : NoiseRobustClassifier, Pipeline or search
        Fitted to the answers of annotators.

    X : array-like of shape (n_samples, ...)
        Samples that it was not fitted to.

    y : {array-like, dataframe} of shape (n_samples, n_annotators)
        Answers of the annotators of the fit to these, missing where somebody did not
        answer.

    Returns
    -------
    log_likelihood : float
        The mean log-likelihood of an answer, in nats; higher is better.

    Raises
    ------
    ValueError
        If the estimator was not fitted to several annotators, an annotator or a class is
        not one of the fit, X and y differ in length, or there is no answer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.model_selection import KFold, cross_val_score
    >>> from sklnoise import NoiseRobustClassifier
    >>> from sklnoise.annotators import annotator_log_likelihood
    >>> from sklnoise.datasets import make_noisy_labels
    >>> X, y = make_blobs(300, centers=2, random_state=0)
    >>> T = [[0.8, 0.2], [0.3, 0.7]]
    >>> answers = np.stack(
    ...     [make_noisy_labels(y, T, random_state=seed) for seed in range(3)], axis=1
    ... )
    >>> scores = cross_val_score(
    ...     NoiseRobustClassifier(random_state=0),
    ...     X,
    ...     answers,
    ...     scoring=annotator_log_likelihood,
    ...     cv=KFold(2, shuffle=True, random_state=0),
    ... )
    >>> print(f"{scores.mean():.1f}")
    -0.6
    """
    classifier = innermost(estimator)
    check_is_fitted(classifier)
    if not hasattr(classifier, "transition_matrices_") or not hasattr(
        estimator, "predict_proba"
    ):
        raise ValueError(
            "estimator must be a NoiseRobustClassifier, or end in one, that was fitted "
            f"to the answers of several annotators; got {type(classifier).__name__}. Fit "
            "it with y of shape (n_samples, n_annotators), and with a refit."
        )
    answers = classifier._check_answers(y)
    y_proba = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    check_consistent_length(y_proba, y)
    if not len(answers):
        raise ValueError("y must hold answers to score by; all are missing.")
    answers = without_duplicates(answers, classifier._leader)
    T = classifier.transition_matrices_
    return expect(answers, T, None, y_proba)[1] / len(answers)
