"""The label issues of the samples that a classifier was fitted on."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklnoise._hints import with_checked_call
from sklnoise._text import shorten
from sklnoise.classifiers._annotator_answers import find_answer_issues
from sklnoise.issues._find import make_frame
from sklnoise.issues._judgement import judge_fitted

RETURN_TYPES = "mask", "indices", "frame"

REASON = (
    "no fold was fitted: T is known, or the correction needs none. Fit with "
    'transition="auto" and a correction that uses T, such as "forward", or with '
    "refit=False, which fits folds and nothing else."
)
NO_REFIT = 'refit=False ends fit before the refit. Set refit="scratch" and fit again.'
OF_REFIT = (
    *("correction_", "estimator_", "estimators_", "history_", "n_iter_"),
    *("class_weight_", "temperature_"),
)

# Why a fitted classifier has not all of its attributes.
ABSENT_ATTRIBUTES = dict.fromkeys(OF_REFIT, NO_REFIT) | {
    "first_pass_history_": f"It is that of the nets of the folds, but {REASON}",
    "out_of_fold_proba_": f"It comes from folds, but {REASON}",
    "selection_": 'It is what correction="auto" was selected by.',
}


class FittedIssuesMixin:
    """Find the label issues of the training samples by out-of-fold probabilities."""

    @property
    def label_issues_(self):
        """Mask of the training samples whose label is probably wrong."""
        check_is_fitted(self)
        found = "annotators_", "out_of_fold_proba_"
        if not any(hasattr(self, name) for name in found):
            raise AttributeError(self._explain_no_fold())
        return self.find_label_issues()

    @with_checked_call(
        "It judges the samples of fit. The labels of others are judged by "
        "label_quality(X, y)."
    )
    def find_label_issues(self, *, return_type="mask"):
        """Find the training samples whose label is probably wrong.

        They are judged by `out_of_fold_proba_` and T, as
        :func:`~sklnoise.find_label_issues` does. Samples that no fold held out are no
        issues, nor are trusted ones. Of several annotators, an answer is an issue if
        another class is more probable by `consensus_proba_`.

        Parameters
        ----------
        return_type : {"mask", "indices", "frame"}, default="mask"
            "mask": bool for each sample of `fit`. "indices": positions of the issues, the
            worst first. "frame": a pandas.DataFrame of `label`, `suggested_label`,
            `quality` and `is_issue` for each sample that was judged, by its position.
            With several annotators each answer is judged: the mask has shape (n_samples,
            n_annotators), positions are pairs of sample and annotator, and the frame has
            a line for each answer with the columns `sample` and `annotator` too.

        Returns
        -------
        issues : ndarray or pandas.DataFrame
            As `return_type` says.

        Raises
        ------
        ValueError
            If no fold was fitted, as with a known T or a loss that needs none, or
            `return_type` is another one.

        ModuleNotFoundError
            If a frame is asked for and pandas is not installed.

        See Also
        --------
        label_quality : Quality of the labels of new samples.
        """
        check_is_fitted(self)
        if not isinstance(return_type, str) or return_type not in RETURN_TYPES:
            raise ValueError(
                f"return_type must be one of {RETURN_TYPES}; got "
                f"{shorten(return_type)!r}."
            )
        if hasattr(self, "annotators_"):
            return find_answer_issues(self, return_type)
        if not hasattr(self, "out_of_fold_proba_"):
            raise ValueError(self._explain_no_fold())
        codes, trusted = self._fitted_labels
        labels = self.classes_[codes]
        judged = judge_fitted(self, None, labels, trusted=trusted)
        if return_type == "indices":
            return judged.rows[judged.worst_issues()]
        if return_type == "frame":
            return make_frame(
                judged.labels,
                judged.suggested_labels,
                judged.quality,
                judged.is_issue,
                index=judged.rows,
            )
        mask = np.zeros(len(codes), dtype=bool)
        mask[judged.rows] = judged.is_issue
        return mask

    def _explain_no_fold(self):
        """Return why there is nothing to find label issues by."""
        reason = self._absent_attributes["out_of_fold_proba_"]
        return f"label issues are found by out_of_fold_proba_, which is absent. {reason}"
