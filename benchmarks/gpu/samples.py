"""Claim: samples that stay on the device are trained on at least as fast as pinned ones.

A refit with a known T, and a bare loop, with X on the device and with batches that are
gathered on the CPU and copied from pinned memory.
"""

from functools import partial
from unittest.mock import patch

from benchmarks._rounds import race
from benchmarks.gpu._rivals import (
    bare_fit,
    classifier,
    net_of,
    samples_of,
    shapes,
    summary,
)


def cases(options):
    """Return a case per shape."""
    return {shape: partial(measure, options, shape) for shape in shapes(options)}


def measure(options, shape):
    """Race both places of X."""
    X, y, T = samples_of(options, shape)

    def fit():
        classifier(options, net_of(options, shape), transition=T).fit(X, y)

    def fit_pinned():
        with patch("sklnoise.training._resident.MAX_SHARE", 0.0):
            fit()

    rivals = {
        "refit, on the device": fit,
        "refit, pinned": fit_pinned,
        "bare loop, on the device": lambda: bare_fit(options, shape, X, y),
        "bare loop, pinned": lambda: bare_fit(options, shape, X, y, resident=False),
    }
    return summary(race(rivals, 2 if options.tiny else 7, clock="wall"))
