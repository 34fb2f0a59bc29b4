"""Whether hard samples are mislabelled more often than easy ones."""

from numbers import Integral

import numpy as np
from scipy.special import entr
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import Interval, validate_params
from sklnoise._labels import check_labels, encode_labels, sort_classes
from sklnoise._names import frame_classes
from sklnoise._validation import check_proba, check_rng


@validate_params(
    {
        "y_true": ["array-like"],
        "y_noisy": ["array-like"],
        "y_proba": ["array-like"],
        "n_groups": [Interval(Integral, 2, None, closed="left")],
        "n_permutations": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def instance_dependence_test(
    y_true, y_noisy, y_proba, *, n_groups=3, n_permutations=999, random_state=None
):
    """Test whether label noise depends on how hard a sample is.

    A transition matrix says that the mistakes of a class are alike for all its samples.
    Those of people are not: they grow with the difficulty, and an estimate of T from
    noisy labels, which rests on the samples that a model is certain of, is then too low.
    The samples are split into groups by the entropy of held-out probabilities. If there
    is one T, the noisy labels of a class are distributed alike in all groups, which
    Pearson's χ² compares. Its distribution is that over permutations of the groups
    within each class, so that the test is exact.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Clean labels, as those of samples that somebody has looked at again.

    y_noisy : array-like of shape (n_samples,)
        Noisy labels of the same samples.

    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities from a model that has not learned the labels of these samples, such
        as `out_of_fold_proba_`. Only the entropy of a row matters.

    n_groups : int, default=3
        Number of groups, of equal size.

    n_permutations : int, default=999
        Number of permutations. The least p-value is `1 / (n_permutations + 1)`.

    random_state : int, RandomState instance or None, default=None
        Draws the permutations.

    Returns
    -------
    test : Bunch
        `p_value`, for all classes together; `noise_rates`, ndarray of shape (n_groups,)
        with the share of wrong labels from the most certain to the least certain
        samples; `classes`, those of `y_true`, and `p_value_per_class`, corrected for
        their number by Holm's method.

    Raises
    ------
    ValueError
        If labels are missing, the probabilities are not valid, the arguments differ in
        length, or there are fewer samples than groups.

    Notes
    -----
    Noisy labels alone cannot answer the question: whether a model disagrees with more
    labels of hard samples because these are wrong, or because the classes overlap there,
    makes no difference to the distribution of noisy labels.

    References
    ----------
    Chen, Ye, Chen, Zhao, Heng. Beyond class-conditional assumption: a primary attempt to
    combat instance-dependent label noise. AAAI 2021.

    Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6(2), 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.metrics import instance_dependence_test
    >>> rng = np.random.default_rng(0)
    >>> y, score = np.arange(600) % 2, rng.uniform(0.5, 1, 600)
    >>> y_proba = np.where(y[:, None] == [0, 1], score[:, None], 1 - score[:, None])
    >>> y_noisy = np.where(rng.random(600) < 0.8 * (1 - score), 1 - y, y)
    >>> test = instance_dependence_test(y, y_noisy, y_proba, random_state=0)
    >>> test.noise_rates
    array([0.09 , 0.16 , 0.305])
    >>> print(test.p_value)
    0.001
    """
    y_true, y_noisy = check_labels(y_true, "y_true"), check_labels(y_noisy, "y_noisy")
    named, y_proba = frame_classes(y_proba, y_true, y_noisy), check_proba(y_proba)
    check_consistent_length(y_true, y_noisy, y_proba)
    if len(y_true) < n_groups:
        raise ValueError(
            f"n_groups must be at most the number of samples, {len(y_true)}; got "
            f"{n_groups}. Pass more samples, or fewer groups."
        )
    labels = sort_classes(y_true, y_noisy) if named is None else named
    clean, noisy = (
        encode_labels(y, labels, name)
        for y, name in ((y_true, "y_true"), (y_noisy, "y_noisy"))
    )
    order = entr(y_proba).sum(axis=1).argsort(kind="stable")
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.arange(len(order)) * n_groups // len(order)
    classes, rng = np.unique(clean), check_rng(random_state)
    statistics = np.array(
        [
            permuted_chi2(group[clean == k], noisy[clean == k], n_permutations, rng)
            for k in classes
        ]
    )
    wrong = np.bincount(group, weights=clean != noisy) / np.bincount(group)
    return Bunch(
        p_value=float(p_values(statistics.sum(axis=0))),
        noise_rates=wrong,
        classes=labels[classes],
        p_value_per_class=holm(p_values(statistics)),
    )


def permuted_chi2(group, y, n_permutations, rng):
    """Return Pearson's χ² of groups and labels, as it is and with permuted groups."""
    group, y = (np.unique(codes, return_inverse=True)[1] for codes in (group, y))
    shape = group.max() + 1, y.max() + 1
    expected = np.outer(np.bincount(group), np.bincount(y)) / len(y)

    def chi2(group):
        counts = np.bincount(group * shape[1] + y, minlength=expected.size)
        return np.sum((counts.reshape(shape) - expected) ** 2 / expected)

    permuted = [chi2(rng.permutation(group)) for _ in range(n_permutations)]
    return np.array([chi2(group), *permuted])


def p_values(statistics):
    """Return the share of all statistics that are at least the first one."""
    # Those of equal tables may differ in their last digits.
    is_least = statistics >= statistics[..., :1] * (1 - 1e-9)
    return is_least.mean(axis=-1)


def holm(p_values):
    """Correct p-values for their number."""
    order = p_values.argsort(kind="stable")
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.maximum.accumulate(scaled).clip(max=1)
    return corrected
