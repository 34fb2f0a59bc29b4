"""The only place that imports names which scikit-learn keeps private or has moved."""

from functools import wraps

from sklearn.base import _fit_context as fit_context
from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.metrics._scorer import _BaseScorer as BaseScorer
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._metadata_requests import _routing_enabled as routing_enabled
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
)
from sklearn.utils._param_validation import validate_params as sklearn_validate_params
from sklearn.utils.validation import _check_method_params as check_method_params

from sklnoise._hints import CallCheck, explain_estimator, explain_parameter

try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar
except ImportError:  # scikit-learn < 1.9
    ProgressBar = None

    class CallbackSupportMixin:
        """Replace the mixin of a later scikit-learn, and do nothing."""


def validate_params(constraints, *, prefer_skip_nested_validation):
    """Validate the arguments of a function, with errors that say what was meant."""
    decorate = sklearn_validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def validate(function):
        validated, check = decorate(function), CallCheck(function)
        arrays = {name for name, c in constraints.items() if c[0] == "array-like"}

        @wraps(validated)
        def checked(*args, **kwargs):
            placed = args[check.n_bound :]
            given = dict(zip(check.placed, placed)) | kwargs
            for name in arrays & given.keys():
                if hasattr(given[name], "fit"):
                    raise TypeError(explain_estimator(function, name, given[name]))
            problem = check.explain(function.__name__, placed, kwargs)
            if problem is not None:
                raise TypeError(problem)
            try:
                return validated(*args, **kwargs)
            except InvalidParameterError as error:
                message = explain_parameter(error, function.__name__, given, constraints)
                if message is None:
                    raise
                raise InvalidParameterError(message) from None

        return checked

    return validate


# Attributes by which scikit-learn tears callbacks down at the end of a fit.
CALLBACK_STATE = "_callback_fit_ctx", "_skl_callbacks_to_teardown"


def callbacks_of(estimator):
    """Return the callbacks of scikit-learn that are set on an estimator."""
    return list(getattr(estimator, "_skl_callbacks", ()))


def is_part_of_other_fit(estimator):
    """Return whether callbacks of a meta-estimator follow the fit of an estimator."""
    return hasattr(estimator, "_parent_callback_ctx")


__all__ = [
    "CALLBACK_STATE",
    "BaseScorer",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Options",
    "ProgressBar",
    "StrOptions",
    "callbacks_of",
    "check_method_params",
    "fit_context",
    "is_part_of_other_fit",
    "routing_enabled",
    "safe_indexing",
    "set_random_states",
    "validate_params",
]
