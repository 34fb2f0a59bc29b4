"""Warnings that point at the line of the user, however deep they are raised."""

import sys
import warnings

# A fit passes through scikit-learn's wrappers and skorch's loop before it reaches the
# code that warns, so that no fixed number of frames leads back to the caller.
SKIPPED_PACKAGES = {"sklnoise", "sklearn", "joblib", "skorch", "torch", "contextlib"}


def warn_caller(message, category):
    """Warn at the nearest frame outside the skipped packages."""
    frame, stacklevel = sys._getframe(1), 2
    while frame.f_back is not None and is_skipped(frame):
        frame, stacklevel = frame.f_back, stacklevel + 1
    warnings.warn(message, category, stacklevel=stacklevel)


def is_skipped(frame):
    """Return whether a frame belongs to this package or to one that it runs in."""
    return frame.f_globals.get("__name__", "").partition(".")[0] in SKIPPED_PACKAGES
