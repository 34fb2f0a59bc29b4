"""The noise summary of a fit in sentences, for its HTML and for the report."""

import numpy as np

from sklnoise._text import enumerate_names, percent, shorten
from sklnoise.classifiers._noise_summary import MAX_WEAKNESS

# Entries of T that differ by less are equal, as those of a T of float32 may be.
MIN_DIFFERENCE = 1e-6

# Smaller entries of T are not worth a mention.
MIN_FLIP_RATE = 0.005


def rate_sentence(summary, *, estimated):
    """Return a sentence on the noise rate and its interval."""
    if summary.noise_rate is None:
        return "Nothing is known of the noise rate: no transition matrix was estimated."
    kind = "Estimated noise rate" if estimated else "Noise rate by the given T"
    interval = format_interval(summary.noise_rate_interval)
    interval = f" (95% interval {interval})" if interval else ""
    return f"{kind}: {percent(summary.noise_rate)} of the labels{interval}."


def format_interval(interval):
    """Return an interval of shares as text, which is empty where it has no width."""
    low, high = map(percent, interval)
    return f"{low} to {high}" if low != high else ""


def caution_sentences(summary):
    """List the reasons to distrust a noise summary."""
    cautions = []
    if summary.weak_first_pass:
        cautions.append(weakness_sentence(summary.diagnostics))
    if summary.indistinguishable_classes:
        pairs = [
            " / ".join(map(shorten, pair)) for pair in summary.indistinguishable_classes
        ]
        cautions.append(
            "Noisy labels alone cannot tell these classes apart: "
            f"{enumerate_names(pairs)}. Their names may even be swapped. Samples whose "
            "label is known to be right, passed as trusted, settle it."
        )
    if summary.dominated_classes:
        names = enumerate_names(map(shorten, summary.dominated_classes))
        cautions.append(
            f"More often labelled as another class than as themselves: {names}. Correct "
            "by such a T only if it is known from elsewhere."
        )
    return cautions


def weakness_sentence(diagnostics):
    """Return why a first pass counts as weak."""
    gain = diagnostics.accuracy_over_majority
    more = "fewer" if gain < 0 else "more"
    return (
        "Weak first pass: it cannot tell label noise from its own errors. Its weakness "
        f"is {diagnostics.weakness:.2f} (noise with a strong one: below {MAX_WEAKNESS}), "
        f"and it predicts {percent(abs(gain))} {more} of the labels than the most "
        "frequent label does. Clean but hard data look the same."
    )


def largest_flips(transition_matrix, n_pairs):
    """Return the clean and noisy class of the largest entries of T off its diagonal."""
    T = np.array(transition_matrix)
    others = T[~np.eye(len(T), dtype=bool)]
    if len(others) > n_pairs and np.ptp(others) < MIN_DIFFERENCE:
        return []
    np.fill_diagonal(T, -1)
    order = np.argsort(-T, axis=None, kind="stable")[:n_pairs]
    pairs = zip(*np.unravel_index(order, T.shape))
    return [(int(i), int(j)) for i, j in pairs if T[i, j] >= MIN_FLIP_RATE]
