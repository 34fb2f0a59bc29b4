"""Values of a table in few characters, and its columns with the types that they have."""

import numpy as np

LARGEST_WHOLE = 1e15
"""Up to which floats hold all whole numbers."""


def value_text(value):
    """Write one value."""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        whole = abs(value) < LARGEST_WHOLE and value == np.round(value)
        return f"{value:.0f}" if whole else f"{value:.4g}"
    missing = value is None or str(value) in ("<NA>", "NaT")
    return None if missing else str(value)


def frame_columns(frame, most):
    """Return the first columns of a data frame."""
    by_position = getattr(frame, "iloc", None)
    return [
        list(frame[name] if by_position is None else by_position[:, j])
        for j, name in enumerate(list(frame.columns)[:most])
    ]
