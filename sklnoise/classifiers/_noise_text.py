"""The noise summary of a fit in sentences, for its HTML and for the report."""

import numpy as np

from sklnoise._text import enumerate_names, percent, shorten

# Verdicts on an estimated noise rate.
ESTIMATED, BOUND, NOTHING = "estimated", "upper bound only", "nothing can be said"

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
    caution = "; more if hard samples are mislabelled more often" if estimated else ""
    return f"{kind}: {percent(summary.noise_rate)} of the labels{interval}{caution}."


def format_interval(interval):
    """Return an interval of shares as text, which is empty where it has no width."""
    low, high = map(percent, interval)
    return f"{low} to {high}" if low != high else ""


def caution_sentences(summary):
    """List the reasons to distrust a noise summary."""
    cautions = []
    if summary.weak_first_pass:
        cautions.append(weakness_sentence(summary))
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


def weakness_sentence(summary):
    """Return why the noise that was found may be the model's own error."""
    rate = percent(summary.noise_rate)
    if summary.verdict == NOTHING:
        gain = summary.diagnostics.accuracy_over_majority
        side = "below" if gain < 0 else "above"
        return (
            f"Cross-validated accuracy is only {100 * abs(gain):.2g} points {side} "
            "always predicting the most frequent label; the estimated noise of "
            f"{rate} may be the model's own error."
        )
    return (
        f"The estimated noise of {rate} may be the model's own error: apart from noise, "
        f"it is wrong on {percent(summary.diagnostics.impurity)} of the samples. The "
        f"labels show that at most {percent(summary.noise_rate_interval[1])} of them are "
        "wrong, not that any are."
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
