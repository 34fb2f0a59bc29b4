"""How likely each noisy label is right."""

import numpy as np

from sklnoise._blocks import sample_blocks
from sklnoise._compat import StrOptions, validate_params
from sklnoise._transition_matrix import is_identity
from sklnoise._validation import check_weight
from sklnoise.issues._clean_posterior import is_symmetric_noise, make_solver
from sklnoise.issues._fitted_rows import warn_of_fitted_proba
from sklnoise.issues._transition import (
    check_samples,
    drop_absent_classes,
    resolve_transition,
)
from sklnoise.transition._base import TIE

# To go on until all samples are solved takes much longer, and hardly changes a flag.
MAX_POSTERIOR_STEPS = 30

# What is left of a label that is impossible given the sample, so that such labels too
# are ranked: by how far they are from being possible.
SLOPE_SHARE = 1e-4


@validate_params(
    {
        "y": ["array-like"],
        "y_proba": ["array-like"],
        "method": [StrOptions({"posterior", "self-confidence"})],
    },
    prefer_skip_nested_validation=True,
)
def label_quality_scores(
    y,
    y_proba,
    *,
    transition_matrix=None,
    labels=None,
    sample_weight=None,
    method="posterior",
):
    """Score how likely the label of each sample is right.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Noisy labels.

    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities of the noisy labels, by models that have not seen the samples, such
        as the `out_of_fold_proba_` of a classifier or those of
        :func:`sklearn.model_selection.cross_val_predict`.

    transition_matrix : array-like of shape (n_classes, n_classes), default=None
        T[i, j] = P(noisy = j | clean = i). None estimates it from the samples,
        by :class:`~sklnoise.transition.AutoEstimator`, see the notes.

    labels : array-like of shape (n_classes,), default=None
        The class of each column. None takes the names of a frame of probabilities or
        of T, or else the sorted labels of y, or codes from 0 if 0 occurs.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples where T is estimated.

    method : {"posterior", "self-confidence"}, default="posterior"
        "posterior" is P(clean = y | noisy = y, x), from T and the clean posterior.
        "self-confidence" is the probability of the label itself, which knows nothing of
        which classes are mistaken for which.

    Returns
    -------
    quality : ndarray of shape (n_samples,)
        Between 0 and 1; low is suspect.

    Raises
    ------
    ValueError
        If the labels, the probabilities or T are not valid, or do not fit.

    See Also
    --------
    find_label_issues : The samples whose label is probably wrong.
    sklnoise.issues.clean_posterior : The clean posterior given the sample alone.

    Notes
    -----
    With q the :func:`~sklnoise.issues.clean_posterior` of a sample x, `P(clean = i |
    noisy = j, x) = q_i T[i, j] / Σ_k q_k T[k, j]`.

    A clean posterior of 0 says no more than "impossible". So that such labels can still
    be ranked, 0.0001 times the slope of the likelihood is added, which is 1 where the
    label is possible, and all is divided by 1.0001.

    An estimate of T is shrunk towards even flips at the same noise rate as far as its
    errors, by sampling and by model, explain the difference (James and Stein 1961). With
    few samples little can be said of which classes are mistaken for which, and the score
    ranks nearly as "self-confidence".
    Rows of the estimate in which another class leads are shrunk towards the identity
    until it leads no more: pass T where a class is labelled more often as another than
    as itself.

    Examples
    --------
    >>> from sklnoise import label_quality_scores
    >>> T = [[0.9, 0.1], [0.3, 0.7]]
    >>> y_proba = [[0.8, 0.2], [0.4, 0.6], [0.8, 0.2]]
    >>> label_quality_scores([0, 1, 1], y_proba, transition_matrix=T).round(2)
    array([0.94, 0.97, 0.58])
    """
    samples = check_samples(y, y_proba, labels, transition_matrix)
    warn_of_fitted_proba(samples.y_proba)
    if method == "self-confidence":
        return self_confidence(samples.y_proba, samples.y)
    weight = check_weight(sample_weight, len(samples.y))
    if transition_matrix is None:
        samples = drop_absent_classes(samples)
    T = resolve_transition(transition_matrix, samples, weight)
    return judge(samples.y_proba, samples.y, T)[0]


def self_confidence(y_proba, y):
    """Return the probability of the label of each sample."""
    return y_proba[np.arange(len(y)), y]


def judge(y_proba, y, transition_matrix):
    """Compute the quality of each label, and the most likely class besides it."""
    quality, other = np.empty(len(y), y_proba.dtype), np.empty(len(y), np.int64)
    solve = make_solver(transition_matrix, y_proba.dtype, MAX_POSTERIOR_STEPS)
    slope = make_slope(transition_matrix, y_proba.dtype)
    T, frequency = (
        transition_matrix.astype(y_proba.dtype),
        y_proba.mean(axis=0, dtype=np.float64),
    )
    for block in sample_blocks(*y_proba.shape):
        p, labels = y_proba[block], y[block]
        clean = solve(p)
        posterior = label_posterior(clean, labels, T)
        quality[block] = self_confidence(posterior, labels)
        quality[block] += SLOPE_SHARE * slope(clean, p, labels)
        other[block] = best_other(posterior, labels, frequency)
    return (quality / (1 + SLOPE_SHARE)).clip(max=1), other


def quality_of(clean_proba, y, transition_matrix):
    """Compute the posterior of the label where the clean posterior is known."""
    if not is_identity(transition_matrix):
        clean_proba = label_posterior(clean_proba, y, transition_matrix)
    return self_confidence(clean_proba, y).clip(max=1)  # of rounding


def make_slope(transition_matrix, dtype):
    """Return how the likelihood of a sample changes with the share of its label."""
    T = transition_matrix.astype(dtype)
    flips, is_symmetric = T[0, -1], is_symmetric_noise(transition_matrix)

    def slope(clean_proba, y_proba, y):
        if is_symmetric:  # the same without products of matrices
            noisy = flips + (T[0, 0] - flips) * clean_proba if len(T) > 1 else clean_proba
        else:
            noisy = clean_proba @ T
        ratio = np.divide(y_proba, noisy, out=np.zeros_like(noisy), where=noisy > 0)
        return np.minimum(np.einsum("ij,ij->i", ratio, T[y]), 1)

    return slope


def order_issues(is_issue, quality):
    """Return the positions of the issues, the most suspect first."""
    found = np.flatnonzero(is_issue)
    return found[np.argsort(np.asarray(quality)[found], kind="stable")]


def best_other(posterior, y, frequency):
    """Return the most likely class besides the label; in ties the more frequent one.

    Where these are as frequent, too, it is the label, so that the order of the classes
    never decides.
    """
    samples, others = np.arange(len(y)), posterior.copy()
    others[samples, y] = -1
    best = others.argmax(axis=1)
    is_best = others >= others[samples, best, np.newaxis] - TIE
    tied = np.flatnonzero(np.count_nonzero(is_best, axis=1) > 1)
    share = np.where(is_best[tied], frequency, -1)
    is_most = share >= share.max(axis=1, keepdims=True) - TIE
    best[tied] = np.where(is_most.sum(axis=1) > 1, y[tied], is_most.argmax(axis=1))
    return best


def label_posterior(clean_proba, y, transition_matrix):
    """Compute P(clean | noisy label, sample) by Bayes' rule."""
    columns = transition_matrix.T.astype(clean_proba.dtype, copy=False)
    joint = columns[y]
    joint *= clean_proba
    mass = joint.sum(axis=1)
    # No class that is possible for the sample gives its label: T alone decides.
    excluded = np.flatnonzero(mass == 0)
    joint[excluded] = columns[y[excluded]]
    # No class at all gives the label: the sample alone decides.
    impossible = excluded[~joint[excluded].any(axis=1)]
    joint[impossible] = clean_proba[impossible]
    mass[excluded] = joint[excluded].sum(axis=1)
    joint /= mass[:, np.newaxis]
    return joint
