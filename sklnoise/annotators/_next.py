"""Which samples to ask again, and whom."""

from numbers import Integral

import numpy as np
from scipy.sparse import csr_array
from scipy.special import xlogy
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklnoise._blocks import sample_blocks
from sklnoise._compat import HasMethods, Interval, validate_params
from sklnoise._containers import innermost, innermost_with_input
from sklnoise._text import list_some


@validate_params(
    {
        "estimator": [HasMethods(["fit"])],
        "y": ["array-like", HasMethods(["columns"])],
        "X": "no_validation",
        "n_suggestions": [Interval(Integral, 1, None, closed="left")],
        "annotators": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def suggest_next(estimator, y, *, X=None, n_suggestions=10, annotators=None):
    r"""Suggest which samples to ask about next, and whom.

    The value of an answer is the information about the clean class that it is expected to
    add to the answers there are,

    .. math::
        I = H\left(\sum_k q_k T_a[k, \cdot]\right) - \sum_k q_k H(T_a[k, \cdot]),

    with the posterior `q` of the sample and the transition matrix of the annotator.

    Parameters
    ----------
    estimator : DawidSkene, MajorityVote, NoiseRobustClassifier or Pipeline
        A fitted estimator, of a classifier one that was fitted to answers.

    y : {array-like, dataframe} of shape (n_samples, n_annotators)
        The answers so far.

    X : array-like of shape (n_samples, ...), default=None
        The samples, for a classifier, which knows them before anybody answers.

    n_suggestions : int, default=10
        Number of samples at most.

    annotators : array-like of shape (n_available,), default=None
        The names of those who can be asked, out of `annotators_`; None: all.

    Returns
    -------
    suggestions : :class:`~sklearn.utils.Bunch`
        With one entry per suggestion in each array, most information first. Each sample
        comes once, with the best annotator who has not answered it:

        - `sample`: the position of the sample
        - `annotator`: whom to ask
        - `information`: expected information of the answer, in bits

    Raises
    ------
    ValueError
        If an annotator is not one of the fit, or X is missing or not needed.

    Examples
    --------
    >>> from sklnoise.annotators import DawidSkene, suggest_next
    >>> y = [[0, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1], [0, 1, None], [1, 1, None]]
    >>> suggestions = suggest_next(DawidSkene().fit(y), y, n_suggestions=1)
    >>> suggestions.sample.tolist(), suggestions.annotator.tolist()
    ([4], [2])
    """
    model = innermost(estimator)
    if not hasattr(model, "predict_proba"):
        raise ValueError(
            "estimator must predict probabilities; got "
            f"{type(model).__name__}. Fit NoiseRobustClassifier with a refit."
        )
    check_is_fitted(model, "transition_matrices_")
    needs_X = hasattr(model, "predict_noisy_proba")
    if needs_X != (X is not None):
        raise ValueError(
            f"X must be given for a classifier, and for no other estimator; got "
            f"{type(model).__name__} {'without' if needs_X else 'with'} X."
        )
    answers = model._check_answers(y)
    asked = place_available(annotators, model.annotators_)
    of_samples = innermost_with_input(estimator, X)[1:] if needs_X else ()
    if needs_X:
        check_consistent_length(X, y)
    T, q = model.transition_matrices_[asked], model._posterior(answers, *of_samples)
    best = np.zeros(len(q), dtype=np.int64)
    information = np.full(len(q), -np.inf)
    # Who repeats another one's answers adds nothing to them.
    leader = getattr(model, "_leader", np.arange(len(model.annotators_)))
    has_led = csr_array(
        (np.ones(len(answers), bool), (answers.sample, leader[answers.annotator])),
        shape=(answers.n_samples, len(leader)),
    )
    for block in sample_blocks(len(q), len(asked) * T.shape[1]):
        gain = expected_information(q[block], T)
        gain[has_led[block][:, leader[asked]].toarray()] = -np.inf
        best[block], information[block] = gain.argmax(axis=1), gain.max(axis=1)
    order = np.argsort(-information, kind="stable")[:n_suggestions]
    order = order[np.isfinite(information[order])]
    return Bunch(
        sample=order,
        annotator=model.annotators_[asked[best[order]]],
        information=information[order],
    )


def expected_information(q, transition_matrices):
    """Return the mutual information of each sample's class and each one's answer."""
    T = transition_matrices
    answer = np.tensordot(q, T, axes=(1, 1))  # sample, annotator, answer
    noise = -xlogy(T, T).sum(axis=2)  # annotator, clean class
    gain = -xlogy(answer, answer).sum(axis=2) - q @ noise.T
    return gain.clip(min=0) / np.log(2)


def place_available(annotators, fitted):
    """Return the positions of those who can be asked."""
    if annotators is None:
        return np.arange(len(fitted))
    position = {name: at for at, name in enumerate(fitted.tolist())}
    names = np.asarray(annotators).ravel().tolist()
    unknown = [name for name in names if name not in position]
    if unknown or not names:
        raise ValueError(
            f"annotators must name some of {list_some(fitted)}; got {list_some(names)}."
        )
    return np.array(sorted({position[name] for name in names}))
