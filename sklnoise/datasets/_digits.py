"""Real handwritten digits with wrong labels, small enough to be embedded."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from sklnoise.datasets._noise import make_noisy_labels, make_transition_matrix

# Where each digit flips to: 0→6→5→8→3→9→4→1→7→2→0, no two into each other.
LOOK_ALIKES = (6, 7, 0, 9, 1, 8, 5, 2, 3, 4)


def load_noisy_digits(*, noise_rate=0.4, random_state=None):
    """Load scikit-learn's handwritten digits with labels flipped to a look-alike.

    Each digit flips to one other digit that looks like it, around the circle
    0→6→5→8→3→9→4→1→7→2→0.

    Parameters
    ----------
    noise_rate : float, default=0.4
        Probability that a label is wrong, in [0, 1].

    random_state : int, RandomState instance or None, default=None
        Decides which labels flip.

    Returns
    -------
    digits : Bunch
        `data` of shape (1797, 64), pixels between 0 and 1; `target`, the noisy labels;
        `clean_target`; `transition_matrix` of shape (10, 10).

    Examples
    --------
    >>> from sklnoise.datasets import load_noisy_digits
    >>> digits = load_noisy_digits(random_state=0)
    >>> print(f"{(digits.target != digits.clean_target).mean():.2f}")
    0.43
    """
    X, y = load_digits(return_X_y=True)
    T = make_transition_matrix("permutation", 10, noise_rate, permutation=LOOK_ALIKES)
    return Bunch(
        data=X / X.max(),
        target=make_noisy_labels(y, T, random_state=random_state),
        clean_target=y,
        transition_matrix=T,
        target_names=np.unique(y),
    )
