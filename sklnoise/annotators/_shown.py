"""Whom of many annotators to show."""

import numpy as np


def shown_annotators(summary, n_shown):
    """Return the positions of annotators, the most accurate first.

    Of more than `n_shown`, half are the most active ones, and half those of the others
    with the lowest upper end of their accuracy. Those without an answer come last.
    """
    n_answers = summary.n_answers
    chosen = np.arange(len(n_answers))
    if len(chosen) > n_shown:
        by_answers = np.argsort(-n_answers, kind="stable")
        active, others = np.split(by_answers, [(n_shown + 1) // 2])
        others = others[n_answers[others] > 0]
        worst = np.argsort(summary.accuracy_high[others], kind="stable")
        chosen = np.r_[active, others[worst][: n_shown // 2]]
    keys = -summary.accuracy[chosen], n_answers[chosen] == 0
    return chosen[np.lexsort(keys)]
