"""Label noise that depends on the features of the sample, not on its class alone."""

import numpy as np
from scipy.sparse import issparse
from scipy.special import ndtr, ndtri, softmax
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import validate_params
from sklnoise._validation import check_numbers
from sklnoise.datasets._noise import PROBABILITY, encode_clean_labels

# Standard deviation of the flip rates, before the distribution is truncated.
RATE_SPREAD = 0.1

# Samples that are converted to floats at a time, to standardise integer features.
BATCH_SIZE = 1000

# Squares of larger values, or of smaller ones, may leave the range of float64.
MAX_MAGNITUDE, MIN_MAGNITUDE = 1e100, 1e-100


@validate_params(
    {
        "noise_rate": [PROBABILITY],
        "random_state": ["random_state"],
        "return_proba": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_instance_dependent_labels(
    X, y, noise_rate, *, random_state=None, return_proba=False
):
    """Flip clean labels at random, to classes that depend on the features.

    Each sample has a flip rate of its own, drawn at random, and its features decide
    which of the other classes it is mistaken for. No transition matrix describes such
    noise, so it violates the assumption that the corrections rest on.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, ...)
        Samples with any number of axes, images for instance; each is flattened.

    y : array-like of shape (n_samples,)
        Clean labels of any kind.

    noise_rate : float
        Mean probability that a label flips, in [0, 1].

    random_state : int, RandomState instance or None, default=None
        Decides the rates, the projections and the flips.

    return_proba : bool, default=False
        Whether to return the probabilities that the labels were drawn from, too.

    Returns
    -------
    y_noisy : ndarray of shape (n_samples,)
        Noisy labels of the same kind.

    y_proba : ndarray of shape (n_samples, n_classes)
        P(noisy = j | sample, clean label), columns in the sorted order of the labels.
        Only if `return_proba` is True.

    Raises
    ------
    ValueError
        If the rate is not a probability, X has entries that are missing or not finite,
        a label is missing, or X and y differ in length.

    Notes
    -----
    This is the generator of [1]_. A sample x of class i flips with probability q, drawn
    from a normal distribution around `noise_rate` with standard deviation 0.1, and then
    to class j ≠ i in proportion to `exp(x @ W_i)[j]`, where the entries of the projection
    W_i are standard normal. Two things differ:

    - The features are standardised and the scores divided by the square root of their
      number. Neither the scale of X nor its number of features changes how sharp the
      preferences of the samples are. On raw images, one class takes nearly all the
      flips of a sample.
    - The normal distribution is truncated symmetrically, at a distance of
      `min(noise_rate, 1 - noise_rate)`, and not at 0 and 1. The mean of q is then
      `noise_rate`, also near 0 and 1.

    With two classes there is only one to flip to, so the features have no effect. With a
    single class no label changes.

    References
    ----------
    .. [1] Xia, Liu, Han, Wang, Gong, Liu, Niu, Tao, Sugiyama. Part-dependent label noise:
       towards instance-dependent label noise. NeurIPS 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklnoise.datasets import make_instance_dependent_labels
    >>> X, y = load_digits(return_X_y=True)
    >>> y_noisy, y_proba = make_instance_dependent_labels(
    ...     X, y, 0.3, random_state=0, return_proba=True
    ... )
    >>> print(f"{(y_noisy != y).mean():.2f}")
    0.29
    >>> y_proba.shape
    (1797, 10)
    """
    X = check_numbers(X, "X", accept_sparse="csr", allow_nd=True)
    codes, classes = encode_clean_labels(y)
    check_consistent_length(X, codes)
    rng = check_random_state(random_state)
    rates = flip_rates(float(noise_rate), len(codes), rng)
    X = limit_magnitude(X.reshape(len(codes), -1))
    y_proba = spread_flips(X, codes, rates, rng)
    draws = rng.random_sample((len(codes), 1))
    noisy = (y_proba.cumsum(axis=1) <= draws).sum(axis=1)
    y_noisy = classes[noisy.clip(max=len(classes) - 1)]
    return (y_noisy, y_proba) if return_proba else y_noisy


def limit_magnitude(X):
    """Divide features by their largest value where their squares could overflow."""
    if X.dtype.kind != "f":
        return X
    low, high = X.min(axis=0), X.max(axis=0)
    if issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    peak = np.maximum(-low, high).astype(np.float64)
    extreme = (peak > MAX_MAGNITUDE) | ((peak < MIN_MAGNITUDE) & (peak > 0))
    if not extreme.any():
        return X
    scale = np.where(extreme, peak, 1)
    if not issparse(X):
        return X / scale
    X = X.copy()
    X.data = X.data / scale[X.indices]
    return X


def flip_rates(noise_rate, n_samples, rng):
    """Draw the probability that the label flips, for each sample."""
    reach = min(noise_rate, 1 - noise_rate) / RATE_SPREAD
    # By the inverse distribution function, as truncnorm refuses a width of zero.
    draws = ndtri(rng.uniform(ndtr(-reach), ndtr(reach), n_samples))
    return (noise_rate + RATE_SPREAD * draws).clip(0, 1)


def spread_flips(X, codes, rates, rng):
    """Spread each flip rate over the other classes, by random projections."""
    n_features, n_classes = X.shape[1], codes.max() + 1
    if n_classes == 1:
        return np.ones((len(codes), 1))
    scaler = StandardScaler(with_mean=False)
    for batch in gen_batches(len(codes), BATCH_SIZE):
        scaler.partial_fit(X[batch])
    scale = scaler.scale_[:, np.newaxis] * np.sqrt(n_features)
    y_proba = np.empty((len(codes), n_classes))
    for i in range(n_classes):
        members = codes == i
        projection = rng.standard_normal((n_features, n_classes)) / scale
        # The mean is subtracted from the scores, not from X, which may be sparse.
        scores = X[members] @ projection - scaler.mean_ @ projection
        scores[:, i] = -np.inf
        y_proba[members] = rates[members, np.newaxis] * softmax(scores, axis=1)
        y_proba[members, i] = 1 - rates[members]
    return y_proba
