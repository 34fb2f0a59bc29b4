"""What a fit knows of the noise, in words: for its representation and for the report."""

import math

import numpy as np

from sklnoise.classifiers._noise_summary import MAX_WEAKNESS

MOST_NAMED = 8
"""Classes, or pairs of them, that a sentence names before it counts the rest."""

LONGEST_NAME = 40

TIE = 1e-6
"""Shares that are no further apart, as in a T of float32, are alike."""


def rate_words(summary, *, estimated):
    """Tell the noise rate and its interval."""
    if summary.noise_rate is None:
        return "Nothing is known of the noise rate: no transition matrix was estimated."
    kind = "Estimated noise rate" if estimated else "Noise rate by the given T"
    interval = interval_words(summary.noise_rate_interval)
    interval = f" (95% interval {interval})" if interval else ""
    return f"{kind}: {percent(summary.noise_rate)} of the labels{interval}."


def interval_words(interval):
    """Tell an interval of shares."""
    low, high = map(percent, interval)
    return f"{low} to {high}" if low != high else ""


def caution_words(clf):
    """List the reasons to distrust what is known of the noise."""
    summary, cautions = clf.noise_summary_, []
    if summary.weak_first_pass:
        diagnostics = summary.diagnostics
        gain = diagnostics.accuracy_over_majority
        more = "fewer" if gain < 0 else "more"
        cautions.append(
            "Weak first pass: it cannot tell label noise from its own errors (doubt "
            f"{diagnostics.weakness:.2f}, noise of a strong one stays below "
            f"{MAX_WEAKNESS}; it meets {percent(abs(gain))} {more} labels than the most "
            "frequent label does). Clean but hard data look the same."
        )
    if summary.indistinguishable_classes:
        pairs = [
            " / ".join(map(short_name, pair))
            for pair in summary.indistinguishable_classes
        ]
        cautions.append(
            f"Noisy labels alone cannot tell these classes apart: {enumerated(pairs)}. "
            "Their names may even be swapped. Rows whose label is known to be right, "
            "passed as trusted, settle it."
        )
    if summary.dominated_classes:
        names = enumerated(map(short_name, summary.dominated_classes))
        cautions.append(
            f"More often labelled as another class than as themselves: {names}. A "
            "correction by such a T rests on knowledge from elsewhere, or on chance."
        )
    return cautions


def worst_pairs(transition_matrix, n_pairs, least=0.005):
    """Find the largest entries of T off its diagonal."""
    T = np.array(transition_matrix)
    others = T[~np.eye(len(T), dtype=bool)]
    if len(others) > n_pairs and np.ptp(others) < TIE:
        return []
    np.fill_diagonal(T, -1)
    order = np.argsort(-T, axis=None, kind="stable")[:n_pairs]
    pairs = zip(*np.unravel_index(order, T.shape))
    return [(int(i), int(j)) for i, j in pairs if T[i, j] >= least]


def percent(share):
    """Write a share as a percentage."""
    return f"{100 * share:.1f}%"


def short_name(label):
    """Write a class label, shortened where it is long."""
    return shortened(label, LONGEST_NAME)


def shortened(value, most):
    """Write a value in one line, with its middle left out where it is long."""
    text = " ".join(text_of(value).split())
    if len(text) <= most:
        return text
    head = math.ceil((most - 1) / 2)
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def text_of(value):
    """Write a value as text that every file can hold."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def enumerated(names):
    """Write the first few names, and how many there are besides."""
    names = list(names)
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
