"""Whether X is far from the scale that networks are made for."""

import numpy as np

# Samples that are looked at.
MAX_SAMPLES = 1000

# Largest values of columns, of which the highest and the lowest differ by more, or whose
# median is higher, are those of no scaled X.
MAX_RATIO, MAX_VALUE = 1e3, 30

# Of the largest value, below which a column is constant but for rounding.
ROUNDING = 1e-8


def scale_sentence(X):
    """Return how X is not scaled and what to do, or an empty text."""
    if not isinstance(X, np.ndarray) or not len(X) or X.dtype.kind not in "fiub":
        return ""
    rows = np.linspace(0, len(X) - 1, min(len(X), MAX_SAMPLES)).astype(int)
    largest = np.abs(X[rows].reshape(len(rows), -1).astype(np.float64)).max(axis=0)
    largest = largest[largest > ROUNDING * largest.max(initial=0)]
    if not len(largest):
        return ""
    low, high = largest.min(), largest.max()
    if X.ndim > 2:
        if np.median(largest) <= MAX_VALUE:
            return ""
        found, remedy = f"values up to {high:.3g}", f"pass X / {high:.3g}"
    else:
        if high <= MAX_RATIO * low and np.median(largest) <= MAX_VALUE:
            return ""
        found = f"values up to {high:.3g} in one column and {low:.3g} in another"
        if high <= MAX_RATIO * low:
            found = f"values up to {high:.3g}"
        remedy = "fit make_pipeline(StandardScaler(), clf)"
    return f" A likely cause is that X is not scaled, with {found}: {remedy}."


def scale_of_first_pass(first_pass, X):
    """Return the sentence for a first pass whose network does not scale X itself."""
    is_net = first_pass is not None and first_pass.histories is not None
    if not is_net or "module__encoding" in first_pass.choice.params:
        return ""
    has_encoding = any(".encoding." in name for name in first_pass.weights or ())
    return "" if has_encoding else scale_sentence(X)


def scale_of_refit(net, X):
    """Return the sentence for a network that does not scale X itself."""
    return "" if "module__encoding" in vars(net) else scale_sentence(X)
