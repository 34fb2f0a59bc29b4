"""The only place that imports names which scikit-learn keeps private or has moved."""

from functools import wraps
from inspect import signature

from sklearn.base import _fit_context as fit_context
from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.metrics._scorer import _BaseScorer as BaseScorer
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._metadata_requests import _routing_enabled as routing_enabled
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from sklearn.utils._param_validation import validate_params as sklearn_validate_params
from sklearn.utils.validation import _check_method_params as check_method_params

try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar
except ImportError:  # scikit-learn < 1.9
    ProgressBar = None

    class CallbackSupportMixin:
        """Replace the mixin of a later scikit-learn, and do nothing."""


def validate_params(constraints, *, prefer_skip_nested_validation):
    """Validate the parameters of a function, and name those that need their name."""
    decorate = sklearn_validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def validate(function):
        validated = decorate(function)
        parameters = signature(function).parameters.values()
        placed = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]

        @wraps(validated)
        def checked(*args, **kwargs):
            if len(args) > len(placed):
                raise TypeError(
                    f"{function.__name__}() takes {', '.join(placed)} without their "
                    f"names, and got {len(args)} such arguments. Name the others, as in "
                    f"{function.__name__}({', '.join(placed)}, name=value)."
                )
            return validated(*args, **kwargs)

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
