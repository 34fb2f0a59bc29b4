"""T for a scorer, estimated on the samples that are scored."""

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from sklnoise._compat import safe_indexing
from sklnoise._text import list_some, shorten
from sklnoise._validation import check_transition_matrix
from sklnoise.transition import AutoEstimator

N_FOLDS = 5

# Estimates of T that are kept, at least one for each split of a search.
MAX_KEPT = 64


def check_transition_estimator(transition, first_pass):
    """Return the estimator of T that is meant, or None for a matrix."""
    by_name = isinstance(transition, str)
    if by_name and transition != "auto":
        raise ValueError(
            'transition_matrix must be a matrix, an estimator of T or "auto"; got '
            f"{transition!r}."
        )
    if not by_name and not hasattr(transition, "fit"):
        if first_pass is not None:
            raise ValueError(
                "first_pass estimates T, but transition_matrix gives it. Leave "
                'first_pass out, or pass transition_matrix="auto".'
            )
        return None
    if isinstance(first_pass, type) or not hasattr(first_pass, "predict_proba"):
        raise TypeError(
            "first_pass must be a classifier with predict_proba, such as "
            "LogisticRegression(), by which T is estimated on the samples that are "
            f"scored; got {shorten(repr(first_pass))}."
        )
    if isinstance(transition, type):
        raise TypeError(
            "transition_matrix must be an instance of an estimator of T, such as "
            f"{transition.__name__}(); got the class."
        )
    return AutoEstimator() if by_name else clone(transition)


class HeldOutTransition:
    """An estimator of T that gives the same T for the same samples, whoever asks."""

    def __init__(self, estimator, first_pass):
        self.estimator = estimator
        self.first_pass = clone(first_pass)
        # An unseeded model would judge each candidate by another T.
        unseeded = {
            name: 0
            for name, value in self.first_pass.get_params().items()
            if name.rpartition("__")[2] == "random_state" and value is None
        }
        self.first_pass.set_params(**unseeded)
        self._kept = {}

    def __call__(self, X, codes, classes, sample_weight):
        """Return T, from probabilities that are out of fold among these samples."""
        key = joblib.hash((X, codes, sample_weight, len(classes)))
        if key not in self._kept:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = self._estimate(X, codes, classes, sample_weight)
        return self._kept[key]

    def _estimate(self, X, codes, classes, sample_weight):
        """Fit the first pass and the estimator of T."""
        kept = np.flatnonzero(sample_weight > 0)
        X, codes = safe_indexing(X, kept), codes[kept]
        counts = np.bincount(codes, minlength=len(classes))
        if counts.min() < 2:
            raise ValueError(
                "the samples that are scored must have at least 2 of each class, to "
                f"estimate T on; of {list_some(classes[counts < 2])} there are "
                f"{counts.min()}. Use fewer or stratified splits, or pass T."
            )
        n_folds = min(N_FOLDS, counts.min())
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
        y_proba = cross_val_predict(
            self.first_pass, X, codes, cv=folds, method="predict_proba"
        )
        estimator = clone(self.estimator).fit(y_proba, codes, sample_weight[kept])
        return check_transition_matrix(estimator.transition_matrix_, len(classes))

    def __repr__(self):
        return shorten(repr(self.estimator))
