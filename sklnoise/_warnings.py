"""Warnings that point to the line of the user."""

import sys
import warnings

# Packages between the caller and us: a search calls `fit` on behalf of its user.
LIBRARIES = {"sklnoise", "sklearn", "joblib", "contextlib", "skorch", "torch"}


def warn_caller(message, category=UserWarning):
    """Warn at the first line outside of this package and the libraries that call it."""
    frame, level = sys._getframe(1), 2
    while frame is not None:
        if frame.f_globals.get("__name__", "").split(".")[0] not in LIBRARIES:
            break
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
