"""Warnings point at the line of the user's code."""

import inspect
import warnings

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.parallel import Parallel, delayed

INSIDE = {"__name__": "sklnoise.inside"}
exec(
    "from sklnoise._warnings import warn_caller\n"
    "def warn(X):\n    warn_caller('a message', UserWarning)\n    return X",
    INSIDE,
)


def line_of_warning(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    (warning,) = caught
    assert warning.filename == __file__
    return warning.lineno


def test_warning_points_at_the_call_behind_any_wrapper():
    pipeline = make_pipeline(FunctionTransformer(INSIDE["warn"]))
    calls = (
        lambda: INSIDE["warn"]([[0]]),
        lambda: pipeline.fit_transform([[0]]),
        lambda: Parallel()(delayed(INSIDE["warn"])(X) for X in [[[0]]]),
    )
    assert [line_of_warning(call) for call in calls] == [
        inspect.getsourcelines(call)[1] for call in calls
    ]
