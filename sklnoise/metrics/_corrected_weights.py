"""Noisy labels as weighted pseudo-samples of every clean class, by the inverse of T.

A sample of noisy label y counts for each clean class k, with the weight `T⁻¹[y, k]`. The
expectation of this weight over the noise is 1 for the clean class and 0 for any other
(Natarajan et al., 2013). A score that is linear in these weights is thus free of bias.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import check_labels, encode_labels, resolve_classes
from sklnoise._names import align_columns, frame_classes
from sklnoise._tensors import as_numpy
from sklnoise._validation import (
    check_invertible,
    check_numbers,
    check_proba,
    check_transition_matrix,
    check_weight,
)


class UndefinedScoreError(ValueError):
    """A score that some weights leave without a value."""


@dataclass(frozen=True)
class CorrectedWeights:
    """The weights of the pseudo-samples, from samples or from a resample of them."""

    noisy: np.ndarray
    weight: np.ndarray
    inverse: np.ndarray
    # Sum over the copies of a sample of the products of each copy's weight with itself.
    self_weight: np.ndarray
    # Draws what a resample cannot show; None for the estimate itself.
    rng: np.random.RandomState | None = None

    @property
    def of_classes(self):
        """Return the weight of each sample as one of each clean class."""
        return self.weight[:, np.newaxis] * self.inverse[self.noisy]

    def mean(self, scores):
        """Average over samples what each scores as a sample of each clean class."""
        corrected = np.einsum("nk,nk->n", self.inverse[self.noisy], scores)
        return self.weight @ corrected / self.weight.sum()

    def mean_of(self, predicted):
        """Average over samples whether the clean class is the predicted one."""
        return np.average(self.inverse[self.noisy, predicted], weights=self.weight)

    def confusion(self, predicted):
        """Return the counts of clean classes (rows) and predictions (columns)."""
        n_classes = len(self.inverse)
        pairs = self.noisy * n_classes + predicted
        counts = np.bincount(pairs, self.weight, minlength=n_classes**2)
        return self.inverse.T @ counts.reshape(n_classes, n_classes)


@dataclass(frozen=True)
class NoisySamples:
    """Validated samples: codes of the noisy labels, weights, T and the classes."""

    noisy: np.ndarray
    weight: np.ndarray
    transition_matrix: np.ndarray
    inverse: np.ndarray
    classes: np.ndarray

    def corrected(self):
        """Return the corrected weights of the samples themselves."""
        return CorrectedWeights(self.noisy, self.weight, self.inverse, self.weight)

    def resampled(self, inverse, rng):
        """Draw a resample, by the Bayesian bootstrap (Rubin, 1981), and correct it."""
        # A weight of 2 draws as two samples of weight 1 do.
        weight = rng.standard_gamma(self.weight)
        self_weight = np.divide(
            weight**2, self.weight, out=np.zeros_like(weight), where=self.weight > 0
        )
        return CorrectedWeights(self.noisy, weight, inverse, self_weight, rng)

    def encode(self, y_pred):
        """Return the codes of predicted labels."""
        check_consistent_length(self.noisy, y_pred)
        return encode_labels(check_labels(y_pred, "y_pred"), self.classes, "y_pred")

    def check_proba(self, y_proba):
        """Validate probabilities, those of the second of two classes alone too."""
        y_proba = as_numpy(y_proba)
        if np.ndim(y_proba) == 1 and len(self.classes) == 2:
            second = check_numbers(y_proba, "y_proba", ensure_2d=False)
            y_proba = np.stack([1 - second, second], axis=1)
        y_proba = check_proba(y_proba, self.classes)
        return self._check_columns(y_proba, "y_proba")

    def check_scores(self, y_score):
        """Validate a score of each class, or of the second of two classes alone."""
        frame = as_numpy(y_score)
        y_score = check_numbers(frame, "y_score", dtype=np.float64, ensure_2d=False)
        if y_score.ndim == 2 and y_score.shape[1] == 1:
            y_score = y_score[:, 0]
        if y_score.ndim == 1 and len(self.classes) == 2:
            check_consistent_length(self.noisy, y_score)
            return y_score
        if y_score.ndim == 2:
            y_score = align_columns(y_score, frame, self.classes, "y_score")
        return self._check_columns(y_score, "y_score")

    def check_sets(self, y_set):
        """Validate sets of classes, one boolean for each sample and class."""
        y_set = np.asarray(align_columns_of_sets(y_set, self.classes))
        if y_set.dtype != bool and not np.isin(y_set, (0, 1)).all():
            raise ValueError(
                "y_set must hold True for each class in the set of a sample; got entries "
                f"of dtype {y_set.dtype} that are neither 0 nor 1. Compare probabilities "
                "with a threshold first."
            )
        return self._check_columns(y_set.astype(bool), "y_set")

    def _check_columns(self, array, name):
        """Raise a ValueError unless there is one row a sample and one column a class."""
        check_consistent_length(self.noisy, array)
        n_classes = len(self.classes)
        if array.ndim != 2 or array.shape[1] != n_classes:
            raise ValueError(
                f"{name} must have one column for each of the {n_classes} rows of T, "
                f"shape (n_samples, {n_classes}); got shape {array.shape}."
            )
        return array


def align_columns_of_sets(y_set, classes):
    """Return the columns of a frame of sets in the order of the classes."""
    frame = as_numpy(y_set)
    return align_columns(np.asarray(frame), frame, classes, "y_set")


def check_samples(
    y_noisy, transition_matrix, labels, sample_weight, *, y_pred=(), frame=None
):
    """Validate noisy labels, T and weights; predictions help to name the classes."""
    y_noisy = check_labels(y_noisy, "y_noisy")
    occurring = [y_noisy, *(check_labels(y, "y_pred") for y in y_pred)]
    for named in transition_matrix, frame:
        if labels is None:
            labels = frame_classes(named, *occurring)
    T = check_transition_matrix(transition_matrix, classes=labels)
    inverse = invert(T)
    check_consistent_length(*occurring)
    weight = check_weight(sample_weight, len(y_noisy))
    classes = resolve_classes(labels, len(T), *occurring)
    noisy = encode_labels(y_noisy, classes, "y_noisy")
    return NoisySamples(noisy, weight, T, inverse, classes)


def invert(transition_matrix):
    """Invert a valid T, or say why it has no inverse."""
    check_invertible(
        transition_matrix,
        "Merge classes with the same row, or score on samples whose labels are known to "
        "be right.",
    )
    return np.linalg.inv(transition_matrix)
